//! HTTP/1.1 by hand.

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};

use super::soon;

pub(crate) fn request(method: &str, path: &str) -> String {
    format!("{method} {path} HTTP/1.1\r\nHost: localhost\r\n\r\n")
}

/// Sends a request and reads one answer with a `Content-Length`.
pub(crate) async fn ask(
    stream: &mut (impl AsyncRead + AsyncWrite + Unpin),
    request: &str,
) -> String {
    stream.write_all(request.as_bytes()).await.unwrap();
    stream.flush().await.unwrap();
    answer(stream).await
}

/// Reads one answer; what came when the connection ended before.
pub(crate) async fn answer(stream: &mut (impl AsyncRead + Unpin)) -> String {
    soon(async {
        let mut answer = Vec::new();
        loop {
            let text = String::from_utf8_lossy(&answer);
            if let Some((head, body)) = text.split_once("\r\n\r\n") {
                let length = head.lines().find_map(|line| {
                    line.to_lowercase()
                        .strip_prefix("content-length: ")?
                        .parse()
                        .ok()
                });
                if length == Some(body.len()) {
                    return text.into_owned();
                }
            }
            let mut octets = [0; 4096];
            match stream.read(&mut octets).await {
                Ok(0) | Err(_) => return text.into_owned(),
                Ok(count) => answer.extend_from_slice(&octets[..count]),
            }
        }
    })
    .await
}
