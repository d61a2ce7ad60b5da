//! The console as a browser would reach it: HTTPS, a one-time link, a session cookie.

use std::path::Path;
use std::sync::Arc;

use http::{Method, Request, StatusCode, header};
use http_body_util::{BodyExt, Empty};
use hyper::body::Bytes;
use hyper_util::rt::TokioIo;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};

use super::probe::handshake;
use super::steps::{Broken, ensure};

/// An answer of the console.
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) cookie: Option<String>,
    pub(super) body: String,
}

/// Opens the setup link, reads a page with the session it gave, and sees the second use refused.
pub(super) async fn setup_link_works_once(link: &str, server_home: &Path) -> Result<(), Broken> {
    let config = browser(server_home)?;
    let stranger = request(&config, Method::GET, &page(link, "/devices"), None).await?;
    ensure(stranger.status != StatusCode::OK, || {
        "the console is open to everybody".to_owned()
    })?;
    // A preview of the link in some chat must not use it up.
    let preview = request(&config, Method::GET, link, None).await?;
    ensure(preview.cookie.is_none(), || {
        "looking at the setup link used it up".to_owned()
    })?;
    let first = request(&config, Method::POST, link, None).await?;
    let cookie = first.cookie.ok_or_else(|| {
        Broken::new(format!(
            "the setup link gave no session: {} {}",
            first.status, first.body
        ))
    })?;
    let console = request(&config, Method::GET, &page(link, "/devices"), Some(&cookie)).await?;
    ensure(
        console.status == StatusCode::OK && console.body.contains("<html"),
        || {
            format!(
                "the console does not open: {} {}",
                console.status, console.body
            )
        },
    )?;
    let second = request(&config, Method::POST, link, None).await?;
    ensure(second.cookie.is_none(), || {
        "the setup link worked twice".to_owned()
    })
}

/// A client that trusts the server's own root and shows no certificate, as a browser does.
fn browser(server_home: &Path) -> Result<Arc<ClientConfig>, Broken> {
    let broken = |error: &dyn std::fmt::Display| Broken::new(error.to_string());
    let mut roots = RootCertStore::empty();
    let root = CertificateDer::from_pem_file(server_home.join("keys").join("ca.crt"))
        .map_err(|error| broken(&error))?;
    roots.add(root).map_err(|error| broken(&error))?;
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13])
        .map_err(|error| broken(&error))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(Arc::new(config))
}

fn page(link: &str, path: &str) -> String {
    let origin: String = link.splitn(4, '/').take(3).collect::<Vec<_>>().join("/");
    format!("{origin}{path}")
}

/// One request on a connection of its own, from the console's own pages.
async fn request(
    config: &Arc<ClientConfig>,
    method: Method,
    url: &str,
    cookie: Option<&str>,
) -> Result<Answer, Broken> {
    let broken = |error: &dyn std::fmt::Display| Broken::new(format!("{url}: {error}"));
    let (authority, path) = url
        .trim_start_matches("https://")
        .split_once('/')
        .ok_or_else(|| broken(&"not an address"))?;
    let stream = handshake(authority, config).await?;
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream))
        .await
        .map_err(|error| broken(&error))?;
    tokio::spawn(connection);
    let mut request = Request::builder()
        .method(method)
        .uri(format!("/{path}"))
        .header(header::HOST, authority)
        .header(header::ORIGIN, format!("https://{authority}"));
    if let Some(cookie) = cookie {
        request = request.header(header::COOKIE, cookie);
    }
    let request = request
        .body(Empty::<Bytes>::new())
        .map_err(|error| broken(&error))?;
    let response = sender
        .send_request(request)
        .await
        .map_err(|error| broken(&error))?;
    let status = response.status();
    let cookie = response
        .headers()
        .get(header::SET_COOKIE)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.split(';').next())
        .map(str::to_owned);
    let body = response
        .into_body()
        .collect()
        .await
        .map_err(|error| broken(&error))?
        .to_bytes();
    Ok(Answer {
        status,
        cookie,
        body: String::from_utf8_lossy(&body).into_owned(),
    })
}
