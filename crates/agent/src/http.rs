//! HTTP/1.1 over our own TLS: one request a connection, no redirects, bounded answers.

use crate::home::Home;
use crate::{certificate, files, keys, tls};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use core::time::Duration;
use http::{HeaderValue, Request, Response, StatusCode, header};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::{Bytes, Incoming};
use hyper_util::rt::TokioIo;
use sekimori_device::{
    CertificateRequest, CredentialSlot, HttpRequest, HttpResponse, IssuedCertificate, LinkFailure,
    Method, ServerCheck,
};
use std::io::{Seek as _, SeekFrom, Write as _};
use std::path::Path;

/// How long an answer may take, or pause in the middle.
const ANSWER_WITHIN: Duration = Duration::from_secs(30);
/// The largest answer to a certificate request, in bytes.
const MAX_CERTIFICATES: usize = 64 * 1024;
/// The largest text of an error that is read, in bytes.
const MAX_ERROR: usize = 16 * 1024;

/// Asks what the device wants to know.
pub(crate) async fn ask(
    home: &Home,
    url: &str,
    request: &HttpRequest,
) -> Result<HttpResponse, LinkFailure> {
    let method = match request.method {
        Method::Get => http::Method::GET,
        Method::Post => http::Method::POST,
    };
    let builder = Request::builder().method(method);
    let response = send(
        home,
        url,
        &request.path,
        request.server,
        request.credential,
        builder,
        Bytes::new(),
    )
    .await?;
    let status = response.status().as_u16();
    let limit = usize::try_from(request.limit).unwrap_or(usize::MAX);
    let body = read(response, limit).await?;
    Ok(HttpResponse { status, body })
}

/// Asks for a certificate by EST.
pub(crate) async fn certify(
    home: &Home,
    url: &str,
    request: &CertificateRequest,
) -> Result<IssuedCertificate, LinkFailure> {
    let (key, name, at) = match request {
        CertificateRequest::Enroll { key, name, at, .. }
        | CertificateRequest::Renew { key, name, at, .. } => (*key, name, *at),
    };
    let pkcs10 = keys::request(home, key, name).map_err(LinkFailure::Storage)?;
    let public_key = public_key_of(&pkcs10)?;
    let mut builder = Request::builder()
        .method(http::Method::POST)
        .header(header::CONTENT_TYPE, "application/pkcs10");
    let (path, credential) = match request {
        CertificateRequest::Enroll { name, code, .. } => {
            let basic = format!("Basic {}", STANDARD.encode(format!("{name}:{code}")));
            let mut value = HeaderValue::try_from(basic)
                .map_err(|error| LinkFailure::Malformed(error.to_string()))?;
            value.set_sensitive(true);
            builder = builder.header(header::AUTHORIZATION, value);
            ("/.well-known/est/simpleenroll", None)
        }
        CertificateRequest::Renew { credential, .. } => {
            ("/.well-known/est/simplereenroll", Some(*credential))
        }
    };
    let body = Bytes::from(STANDARD.encode(pkcs10));
    let response = send(
        home,
        url,
        path,
        ServerCheck::At(at),
        credential,
        builder,
        body,
    )
    .await?;
    let response = expect(response, &[StatusCode::OK]).await?;
    let body = read(response, MAX_CERTIFICATES).await?;
    certificate::issued(&body, &public_key).map_err(LinkFailure::Malformed)
}

/// Fetches a file by its digest into `part`, going on where an earlier attempt ended.
pub(crate) async fn fetch(
    home: &Home,
    url: &str,
    sha256: &[u8; 32],
    length: u64,
    server: ServerCheck,
    credential: CredentialSlot,
    part: &Path,
) -> Result<(), LinkFailure> {
    let mut have = std::fs::metadata(part).map_or(0, |metadata| metadata.len());
    if have > length {
        have = 0;
    }
    if have == length && length > 0 {
        return Ok(());
    }
    let path = format!("/api/v1/devices/self/blobs/{}", hex::encode(sha256));
    let mut builder = Request::builder().method(http::Method::GET);
    if have > 0 {
        builder = builder.header(header::RANGE, format!("bytes={have}-"));
    }
    let response = send(
        home,
        url,
        &path,
        server,
        Some(credential),
        builder,
        Bytes::new(),
    )
    .await?;
    let good = [StatusCode::OK, StatusCode::PARTIAL_CONTENT];
    let response = expect(response, &good).await?;
    if response.status() == StatusCode::OK {
        have = 0;
    }
    write_body(response, part, have, length).await
}

async fn write_body(
    response: Response<Incoming>,
    part: &Path,
    mut have: u64,
    length: u64,
) -> Result<(), LinkFailure> {
    let storage = |source| {
        let doing = format!("write {}", part.display());
        LinkFailure::Storage(files::FileError { doing, source }.into())
    };
    let mut file = std::fs::OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(false)
        .open(part)
        .map_err(storage)?;
    file.set_len(have).map_err(storage)?;
    file.seek(SeekFrom::Start(have)).map_err(storage)?;
    let mut body = response.into_body();
    loop {
        let frame = tokio::time::timeout(ANSWER_WITHIN, body.frame())
            .await
            .map_err(|_| {
                LinkFailure::Unreachable("the answer stopped in the middle".to_string())
            })?;
        let Some(frame) = frame else {
            break;
        };
        let frame = frame.map_err(|error| broken(&error))?;
        if let Ok(bytes) = frame.into_data() {
            have = have.saturating_add(bytes.len() as u64);
            if have > length {
                return Err(LinkFailure::Malformed(
                    "the file is longer than released".to_string(),
                ));
            }
            file.write_all(&bytes).map_err(storage)?;
        }
    }
    if have < length {
        return Err(LinkFailure::Unreachable(
            "the answer ended too early".to_string(),
        ));
    }
    Ok(())
}

async fn send(
    home: &Home,
    url: &str,
    path: &str,
    server: ServerCheck,
    credential: Option<CredentialSlot>,
    builder: http::request::Builder,
    body: Bytes,
) -> Result<Response<Incoming>, LinkFailure> {
    let authority = authority(url)?;
    let stream = tls::connect(home, &authority, b"http/1.1", server, credential).await?;
    let request = builder
        .uri(path)
        .header(header::HOST, &authority)
        .header(header::CONNECTION, "close")
        .body(Full::new(body))
        .map_err(|error| LinkFailure::Malformed(error.to_string()))?;
    let exchange = async {
        let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream))
            .await
            .map_err(|error| broken(&error))?;
        tokio::spawn(connection);
        sender
            .send_request(request)
            .await
            .map_err(|error| broken(&error))
    };
    tokio::time::timeout(ANSWER_WITHIN, exchange)
        .await
        .unwrap_or_else(|_| Err(LinkFailure::Unreachable("no answer in 30 s".to_string())))
}

/// Reads a whole body of at most `limit` bytes.
async fn read(response: Response<Incoming>, limit: usize) -> Result<Vec<u8>, LinkFailure> {
    let body = Limited::new(response.into_body(), limit).collect();
    let collected = tokio::time::timeout(ANSWER_WITHIN, body)
        .await
        .map_err(|_| LinkFailure::Unreachable("the answer stopped in the middle".to_string()))?
        .map_err(|error| LinkFailure::Malformed(format!("the answer cannot be read: {error}")))?;
    Ok(collected.to_bytes().to_vec())
}

/// Lets through a status that was hoped for; turns any other into a refusal with the server's words.
async fn expect(
    response: Response<Incoming>,
    good: &[StatusCode],
) -> Result<Response<Incoming>, LinkFailure> {
    let status = response.status();
    if good.contains(&status) {
        return Ok(response);
    }
    let body = read(response, MAX_ERROR).await.unwrap_or_default();
    let words: Option<serde_json::Value> = serde_json::from_slice(&body).ok();
    let word = |name: &str| {
        let word = words
            .as_ref()
            .and_then(|words| words.get("error")?.get(name)?.as_str());
        word.map(str::to_string)
    };
    Err(LinkFailure::Refused {
        status: status.as_u16(),
        code: word("code").unwrap_or_else(|| format!("HTTP {}", status.as_u16())),
        message: word("message").unwrap_or_default(),
    })
}

/// What broke an exchange: TLS alerts arrive here too, because in TLS 1.3 a refused client certificate is told late.
fn broken(error: &hyper::Error) -> LinkFailure {
    let mut source = core::error::Error::source(error);
    while let Some(inner) = source {
        if let Some(error) = inner.downcast_ref::<std::io::Error>() {
            return tls::cause(error);
        }
        source = inner.source();
    }
    LinkFailure::Unreachable(error.to_string())
}

fn public_key_of(pkcs10: &[u8]) -> Result<Vec<u8>, LinkFailure> {
    use x509_parser::prelude::FromDer as _;
    x509_parser::certification_request::X509CertificationRequest::from_der(pkcs10)
        .map(|(_, request)| request.certification_request_info.subject_pki.raw.to_vec())
        .map_err(|error| LinkFailure::Malformed(error.to_string()))
}

/// `host:port` of an `https` address.
pub(crate) fn authority(url: &str) -> Result<String, LinkFailure> {
    let rest = url
        .strip_prefix("https://")
        .ok_or_else(|| LinkFailure::Malformed(format!("{url} does not begin with https://")))?;
    let authority = rest.split('/').next().unwrap_or(rest);
    let has_port = authority
        .rsplit_once(':')
        .is_some_and(|(_, port)| port.parse::<u16>().is_ok());
    if authority.is_empty() {
        return Err(LinkFailure::Malformed(format!("{url} names no host")));
    }
    Ok(if has_port {
        authority.to_string()
    } else {
        format!("{authority}:443")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_https_with_a_host() {
        for (url, expected) in [
            ("https://127.0.0.1:8443", Some("127.0.0.1:8443")),
            ("https://server.example/", Some("server.example:443")),
            ("https://[::1]:8443/x", Some("[::1]:8443")),
            ("https://[::1]", Some("[::1]:443")),
            ("http://server.example", None),
            ("https://", None),
        ] {
            assert_eq!(authority(url).ok().as_deref(), expected, "{url}");
        }
    }
}
