//! The running server, reached through its control socket.

use std::path::{Path, PathBuf};

use http::{Method, Request, StatusCode, header};
use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::UnixStream;

use crate::diagnostic::{Diagnostic, Exit, Notes, Outcome};
use crate::language::Language;

/// An answer larger than this is not ours.
const MAX_ANSWER: usize = 64 * 1024 * 1024;

/// Talks to the server of one home with the rights of the local operator.
pub(crate) struct Client {
    socket: PathBuf,
    language: Language,
}

impl Client {
    /// A client for the server whose home this is; connects with each request.
    pub(crate) fn new(home: &Path, language: Language) -> Self {
        Client {
            socket: socket_path(home),
            language,
        }
    }

    /// Reads a resource.
    pub(crate) async fn get(&self, path: &str) -> Outcome<Value> {
        parse(&self.get_bytes(path).await?)
    }

    /// Reads a resource that is not JSON.
    pub(crate) async fn get_bytes(&self, path: &str) -> Outcome<Bytes> {
        let response = self
            .send(Method::GET, path, Bytes::new(), "application/json")
            .await?;
        collect(response).await
    }

    /// Asks for something to be done.
    pub(crate) async fn post(&self, path: &str, body: &Value) -> Outcome<Value> {
        let bytes = Bytes::from(body.to_string());
        let response = self
            .send(Method::POST, path, bytes, "application/json")
            .await?;
        parse(&collect(response).await?)
    }

    /// Sends bytes and reads what came of it.
    pub(crate) async fn post_bytes(&self, path: &str, bytes: Vec<u8>) -> Outcome<Value> {
        let response = self
            .send(Method::POST, path, Bytes::from(bytes), "application/json")
            .await?;
        parse(&collect(response).await?)
    }

    /// Stores bytes under a name.
    pub(crate) async fn put(&self, path: &str, bytes: Vec<u8>) -> Outcome {
        let response = self
            .send(
                Method::PUT,
                path,
                Bytes::from(bytes),
                "application/octet-stream",
            )
            .await?;
        collect(response).await.map(drop)
    }

    /// Reads a stream of server-sent events until `on_data`, which gets the data of each, says `false`.
    pub(crate) async fn follow(
        &self,
        path: &str,
        mut on_data: impl FnMut(&str) -> Outcome<bool>,
    ) -> Outcome {
        let mut response = self
            .send(Method::GET, path, Bytes::new(), "text/event-stream")
            .await?;
        let mut pending = Vec::new();
        while let Some(frame) = response.body_mut().frame().await {
            let frame = frame.map_err(|error| self.unreachable(&error))?;
            let Some(bytes) = frame.data_ref() else {
                continue;
            };
            pending.extend_from_slice(bytes);
            // Whole lines only: a frame may end within a character.
            while let Some(end) = pending.iter().position(|byte| *byte == b'\n') {
                let line: Vec<u8> = pending.drain(..=end).collect();
                let line = String::from_utf8_lossy(&line);
                if let Some(data) = line.trim_end().strip_prefix("data:")
                    && !on_data(data.trim_start())?
                {
                    return Ok(());
                }
            }
        }
        Ok(())
    }

    async fn send(
        &self,
        method: Method,
        path: &str,
        body: Bytes,
        accept: &str,
    ) -> Outcome<http::Response<Incoming>> {
        let stream = UnixStream::connect(&self.socket)
            .await
            .map_err(|error| self.unreachable(&error))?;
        let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream))
            .await
            .map_err(|error| self.unreachable(&error))?;
        // The connection must be driven while the answer is read; it ends with the answer.
        tokio::spawn(connection);
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::HOST, "localhost")
            .header(header::ACCEPT, accept)
            .header(header::ACCEPT_LANGUAGE, self.language.tag())
            .header(header::CONTENT_TYPE, "application/json")
            .body(Full::new(body))
            .expect("our paths are valid addresses");
        let response = sender
            .send_request(request)
            .await
            .map_err(|error| self.unreachable(&error))?;
        if response.status().is_success() {
            return Ok(response);
        }
        let status = response.status();
        let bytes = collect(response).await?;
        Err(refusal(status, &bytes))
    }

    fn unreachable(&self, error: &dyn std::error::Error) -> Diagnostic {
        let language = self.language;
        let socket = self.socket.display().to_string();
        Diagnostic::new(
            Exit::Unreachable,
            "SK-CTL-001",
            language.text("error-server-unreachable", &[]),
        )
        .observed(match self.socket.try_exists() {
            Ok(false) => format!("{socket}: {}", language.text("file-missing", &[])),
            _ => format!("{socket}: {error}"),
        })
        .fix(language.text("fix-server-unreachable", &[]))
    }
}

/// Where the server of this home listens for the command line.
pub(crate) fn socket_path(home: &Path) -> PathBuf {
    home.join("run").join("control.sock")
}

async fn collect(response: http::Response<Incoming>) -> Outcome<Bytes> {
    let limited = http_body_util::Limited::new(response.into_body(), MAX_ANSWER);
    let collected = limited.collect().await.map_err(|error| {
        Diagnostic::new(
            Exit::Unreachable,
            "SK-CTL-002",
            "the server's answer broke off",
        )
        .observed(error)
    })?;
    Ok(collected.to_bytes())
}

fn parse(bytes: &[u8]) -> Outcome<Value> {
    if bytes.is_empty() {
        return Ok(Value::Null);
    }
    serde_json::from_slice(bytes).map_err(|error| {
        Diagnostic::new(
            Exit::Failed,
            "SK-CTL-003",
            "the server's answer is not JSON",
        )
        .observed(error)
    })
}

/// The server's own words for why it did not do what was asked.
fn refusal(status: StatusCode, bytes: &[u8]) -> Diagnostic {
    let body: Value = serde_json::from_slice(bytes).unwrap_or_default();
    let error = &body["error"];
    let text = |name: &str| error[name].as_str().map(str::to_owned);
    let exit = match status {
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => Exit::NotAuthorized,
        StatusCode::CONFLICT => Exit::Conflict,
        StatusCode::UNPROCESSABLE_ENTITY => Exit::Problems,
        StatusCode::SERVICE_UNAVAILABLE | StatusCode::GATEWAY_TIMEOUT => Exit::Unreachable,
        _ => Exit::Failed,
    };
    Diagnostic {
        exit,
        code: text("code").unwrap_or_else(|| format!("HTTP-{}", status.as_u16())),
        message: text("message").unwrap_or_else(|| String::from_utf8_lossy(bytes).into_owned()),
        notes: Box::new(Notes {
            observed: text("observed"),
            expected: text("expected"),
            fix: text("fix"),
            from_below: true,
        }),
    }
}
