//! Server, ledger and witness start; nothing answers in clear text.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::{Broken, Step, ensure};
use crate::demo::console;
use crate::demo::process;
use crate::demo::wait::until;
use crate::demo::world::World;

pub(super) async fn run(world: &mut World) -> Result<String, Broken> {
    let port = free_port().await?;
    let arguments = [
        "witness".into(),
        "init".into(),
        "--home".into(),
        world.witness_home().into_os_string(),
        "--name".into(),
        "partner.example/w1".into(),
        "--listen".into(),
        std::ffi::OsString::from(format!("127.0.0.1:{port}")),
    ];
    world.witness_line = process::output(world.program(), arguments)
        .await?
        .trim()
        .to_owned();
    world.start_server().await?;
    if !world.breaks(Step::Up) {
        world.start_witness().await?;
    }
    let size = until("the witness cosigns", Duration::from_secs(10), || {
        cosigned(world)
    })
    .await?;
    for listener in ["https", "mqtt"] {
        no_clear_text(&world.said(listener)?).await?;
    }
    console::setup_link_works_once(&world.said("setup")?, &world.server_home()).await?;
    let root = world.said("root")?;
    Ok(world.say(
        "demo-detail-up",
        &[
            ("https", &world.said("https")?),
            ("mqtt", &world.said("mqtt")?),
            ("root", &root.get(..16).unwrap_or_default()),
            ("entries", &size),
        ],
    ))
}

/// A port that was free a moment ago, for the one address that must be known in advance.
async fn free_port() -> Result<u16, Broken> {
    Ok(tokio::net::TcpListener::bind("127.0.0.1:0")
        .await?
        .local_addr()?
        .port())
}

async fn cosigned(world: &World) -> Result<u64, Broken> {
    let status = world.client().get("/api/v1/status").await?;
    let size = |name: &str| status["ledger"][name].as_u64().unwrap_or_default();
    let (recorded, published) = (size("recorded"), size("published"));
    let witnessed = status["ledger"]["threshold"].as_u64() >= Some(1);
    ensure(recorded > 0 && published == recorded && witnessed, || {
        format!("{recorded} entries, {published} cosigned")
    })?;
    Ok(recorded)
}

/// Plain HTTP on a TLS port gets 400 or a closed connection, never an answer.
async fn no_clear_text(address: &str) -> Result<(), Broken> {
    let address = address.trim_start_matches("https://");
    let mut stream = TcpStream::connect(address).await?;
    stream
        .write_all(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        .await?;
    let mut answer = Vec::new();
    // A reset connection is a closed one.
    let _ = stream.read_to_end(&mut answer).await;
    let text = String::from_utf8_lossy(&answer);
    let is_answer = text.starts_with("HTTP/1.1 ") && !text.starts_with("HTTP/1.1 400");
    ensure(!is_answer, || {
        format!("{address} answered in clear text: {text}")
    })
}
