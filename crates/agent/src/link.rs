//! The MQTT connection: bytes in, bytes out.

use crate::home::Home;
use crate::tls;
use core::time::Duration;
use jiff::Timestamp;
use sekimori_device::{CredentialSlot, Input, ServerCheck};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::sync::mpsc;
use tokio::task::AbortHandle;

/// How long what is still to be sent may take when the connection is left.
const FLUSH_WITHIN: Duration = Duration::from_secs(2);
/// How much is read at once, in bytes.
const CHUNK: usize = 16 * 1024;

/// What happened on which connection.
pub(crate) struct LinkInput {
    /// The number of the connection; what an older one still says is not heard.
    pub(crate) number: u64,
    pub(crate) input: Input,
}

enum Order {
    Send(Vec<u8>),
    Leave,
}

/// A connection that is being opened or is open.
pub(crate) struct Link {
    number: u64,
    orders: mpsc::UnboundedSender<Order>,
    task: AbortHandle,
}

impl Link {
    /// Opens connection `number`; what happens goes to `inputs`.
    pub(crate) fn open(
        number: u64,
        home: Home,
        address: String,
        credential: CredentialSlot,
        at: Timestamp,
        inputs: mpsc::Sender<LinkInput>,
    ) -> Self {
        let (orders, received) = mpsc::unbounded_channel();
        let task = tokio::spawn(async move {
            let teller = Teller { number, inputs };
            let check = ServerCheck::At(at);
            match tls::connect(&home, &address, b"mqtt", check, Some(credential)).await {
                Ok(stream) => {
                    teller.tell(Input::Opened(Ok(()))).await;
                    let why = carry(stream, received, &teller).await;
                    teller.tell(Input::Closed(why)).await;
                }
                Err(failure) => teller.tell(Input::Opened(Err(failure))).await,
            }
        });
        Self {
            number,
            orders,
            task: task.abort_handle(),
        }
    }

    /// The number of the connection.
    pub(crate) fn number(&self) -> u64 {
        self.number
    }

    /// Sends bytes. The device bounds them: it waits for acknowledgements.
    pub(crate) fn send(&self, bytes: Vec<u8>) {
        // A connection that is gone says so by itself.
        let _ = self.orders.send(Order::Send(bytes));
    }

    /// Sends what is still to be sent, then closes; nothing more is heard from it.
    pub(crate) fn leave(self) {
        if self.orders.send(Order::Leave).is_err() {
            self.task.abort();
        }
    }
}

struct Teller {
    number: u64,
    inputs: mpsc::Sender<LinkInput>,
}

impl Teller {
    async fn tell(&self, input: Input) {
        let number = self.number;
        // Nobody listens any more when the process ends.
        let _ = self.inputs.send(LinkInput { number, input }).await;
    }
}

async fn carry(
    stream: impl tokio::io::AsyncRead + tokio::io::AsyncWrite,
    mut orders: mpsc::UnboundedReceiver<Order>,
    teller: &Teller,
) -> String {
    let (mut reader, mut writer) = tokio::io::split(stream);
    let write = async {
        while let Some(Order::Send(bytes)) = orders.recv().await {
            if let Err(error) = writer.write_all(&bytes).await {
                return Some(tls::cause(&error).to_string());
            }
        }
        // Left on purpose: the peer need not take what is left, and need not answer.
        let _ = tokio::time::timeout(FLUSH_WITHIN, writer.shutdown()).await;
        None
    };
    let read = async {
        let mut chunk = vec![0; CHUNK];
        loop {
            match reader.read(&mut chunk).await {
                Ok(0) => return "the gateway closed the connection".to_string(),
                Ok(length) => {
                    let bytes = chunk.get(..length).unwrap_or_default().to_vec();
                    teller.tell(Input::Received(bytes)).await;
                }
                Err(error) => return tls::cause(&error).to_string(),
            }
        }
    };
    tokio::pin!(write, read);
    tokio::select! {
        why = &mut read => why,
        failed = &mut write => match failed {
            // A refusal of the gateway is often still waiting to be read behind a broken write.
            Some(why) => tokio::time::timeout(FLUSH_WITHIN, read).await.unwrap_or(why),
            None => "left".to_string(),
        },
    }
}
