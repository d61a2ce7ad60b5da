//! What the running server looks at by itself: that its listeners speak nothing in clear, and that
//! the newest part of the event chain holds.
//!
//! Both become observations, so that a requirement that asks for them can be met.

use core::time::Duration;

use sekimori_audit::{Code, Event, Severity};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::error::ServerError;
use crate::newest::Newest;
use crate::offline;
use crate::server::Server;

/// How long a listener may take to turn clear text away.
const DEADLINE: Duration = Duration::from_secs(5);

/// How much of an answer is read.
const ANSWER_LIMIT: u64 = 512;

/// How much of an answer in clear is put on record.
const EXCERPT: usize = 48;

/// What is said in clear: a request of a browser.
const HTTP: &[u8] = b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";

/// What is said in clear: CONNECT of MQTT 3.1.1 with an empty client identifier.
const MQTT: &[u8] = b"\x10\x0c\x00\x04MQTT\x04\x02\x00\x3c\x00\x00";

/// What became of clear text.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Reply {
    /// The connection was closed, with a TLS alert or status 400 at most.
    TurnedAway,
    /// Something was said in clear.
    Answered(String),
    /// Nobody was reached, or nothing came back in time: nothing was observed.
    Nothing(String),
}

async fn speak(address: &str, words: &[u8]) -> Reply {
    match tokio::time::timeout(DEADLINE, exchange(address, words)).await {
        Ok(Ok(answer)) => judge(&answer),
        Ok(Err(error)) => Reply::Nothing(error.to_string()),
        Err(_) => Reply::Nothing(format!("not closed within {} s", DEADLINE.as_secs())),
    }
}

async fn exchange(address: &str, words: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut stream = TcpStream::connect(address).await?;
    let mut answer = Vec::new();
    // A connection that is reset was closed as well; what came before it counts.
    if stream.write_all(words).await.is_ok() {
        drop(stream.take(ANSWER_LIMIT).read_to_end(&mut answer).await);
    }
    Ok(answer)
}

fn judge(answer: &[u8]) -> Reply {
    // A TLS record with an alert (RFC 8446 section 5.1) is no answer in clear.
    let turned_away = answer.is_empty()
        || answer.starts_with(&[21, 3])
        || answer.starts_with(b"HTTP/1.1 400 ")
        || answer.starts_with(b"HTTP/1.0 400 ");
    if turned_away {
        return Reply::TurnedAway;
    }
    let excerpt = answer.get(..EXCERPT).unwrap_or(answer);
    Reply::Answered(excerpt.escape_ascii().to_string())
}

/// Host and port of an address without a path.
fn host_and_port(https: &str) -> Option<String> {
    let uri: http::Uri = https.parse().ok()?;
    Some(format!("{}:{}", uri.host()?, uri.port_u16().unwrap_or(443)))
}

impl Server {
    /// Speaks in clear to the listeners as others reach them; each that turns it away is observed
    /// to do so, and one that answers raises an alert. Returns whether both were observed.
    pub async fn check_listeners(&self) -> bool {
        let addresses = self.addresses();
        let https = host_and_port(&addresses.https).unwrap_or_default();
        let mut observed = true;
        for (listener, address, words) in [("https", https, HTTP), ("mqtt", addresses.mqtt, MQTT)] {
            let event = Event::new(self.now(), Code::ListenerChecked)
                .with_source("server")
                .with_detail("listener", listener)
                .with_detail("address", address.as_str());
            match speak(&address, words).await {
                Reply::TurnedAway => self.record(event),
                Reply::Answered(answer) => self.record(
                    event
                        .with_reason("answers-in-clear")
                        .with_severity(Severity::Alert)
                        .with_detail("observed", answer),
                ),
                Reply::Nothing(why) => {
                    observed = false;
                    tracing::warn!(listener, address, why, "the listener was not checked");
                }
            }
        }
        observed
    }

    /// Verifies the newest part of the event chain: as many events as cost little, however long
    /// the chain is. The whole of it is verified on request.
    ///
    /// # Errors
    ///
    /// When the home cannot be read; what does not hold is put on record.
    pub async fn verify_recent_events(&self) -> Result<(), ServerError> {
        let newest = Newest::read(self.home())?;
        let report =
            offline::verify_recent(self.store_of(), &self.ledger_key(), newest.as_ref()).await?;
        self.record_verification(&report);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_closed_door_passes() {
        for passing in [
            &b""[..],
            b"HTTP/1.1 400 Bad Request\r\n\r\n",
            &[21, 3, 3, 0, 2, 2, 40],
        ] {
            assert_eq!(judge(passing), Reply::TurnedAway);
        }
        for (answer, shown) in [
            (&b"HTTP/1.1 200 OK\r\n"[..], r"HTTP/1.1 200 OK\r\n"),
            (b"HTTP/1.1 401 Unauthorized", "HTTP/1.1 401 Unauthorized"),
            (&[0x20, 2, 0, 0], r"\x20\x02\x00\x00"),
            (&[21], r"\x15"),
        ] {
            let shown = shown.replace(r"\x20", " ");
            assert_eq!(judge(answer), Reply::Answered(shown));
        }
    }

    #[test]
    fn the_address_is_found_in_the_url() {
        for (url, expected) in [
            ("https://127.0.0.1:8443", Some("127.0.0.1:8443")),
            ("https://[::1]:8443", Some("[::1]:8443")),
            ("https://maker.example", Some("maker.example:443")),
            ("", None),
        ] {
            assert_eq!(host_and_port(url).as_deref(), expected, "{url}");
        }
    }
}
