//! The witness of a second organization: it cosigns a ledger's checkpoint only when that extends
//! everything it has seen of the ledger before.
//!
//! Standard: C2SP tlog-witness, over HTTPS. The rules are in `sekimori_ledger::witness`; here are
//! the files and the socket. What was cosigned is on disk before the answer goes out, so that no
//! crash makes the witness sign two histories.

mod history;
mod serve;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use rcgen::{CertificateParams, KeyPair, SanType};
use sekimori_ledger::Hash;
use sekimori_ledger::note::{CosignerKey, VerifierKey};
use sekimori_ledger::witness::Witness;
use sekimori_server::files;
use serde_json::json;

use crate::cli::WitnessCommand;
use crate::config::WitnessLine;
use crate::diagnostic::{Diagnostic, Exit, Outcome};
use crate::failure::server_failure;
use crate::language::Language;
use crate::output::print_line;

use history::History;

/// Runs `sekimori witness …` in the witness's own home.
pub(crate) async fn run(
    command: &WitnessCommand,
    home: &Path,
    language: Language,
    json: bool,
) -> Outcome<ExitCode> {
    match command {
        WitnessCommand::Init { name, listen } => init(home, name, *listen, language, json)?,
        WitnessCommand::Run { log, listen } => serve(home, log, *listen, language, json).await?,
    }
    Ok(ExitCode::SUCCESS)
}

/// The files of a witness.
struct Files {
    seed: PathBuf,
    name: PathBuf,
    listen: PathBuf,
    tls_key: PathBuf,
    tls_certificate: PathBuf,
    history: PathBuf,
}

impl Files {
    fn of(home: &Path) -> Self {
        Files {
            seed: home.join("keys").join("cosigner.pem"),
            name: home.join("name"),
            listen: home.join("listen"),
            tls_key: home.join("keys").join("tls.key"),
            tls_certificate: home.join("keys").join("tls.crt"),
            history: home.join("history"),
        }
    }
}

fn init(home: &Path, name: &str, listen: SocketAddr, language: Language, json: bool) -> Outcome {
    let paths = Files::of(home);
    for folder in [home.to_owned(), home.join("keys"), paths.history.clone()] {
        files::make_folder(&folder).map_err(server_failure)?;
    }
    if read_text(&paths.name)?.is_some_and(|existing| existing != name) {
        return Err(Diagnostic::new(
            Exit::Conflict,
            "SK-WIT-001",
            language.text("error-witness-exists", &[]),
        )
        .observed(home.display())
        .fix(language.text("fix-witness-exists", &[])));
    }
    let seed = files::load_or_make_seed(&paths.seed).map_err(server_failure)?;
    let cosigner = cosigner(name, &seed)?;
    if files::read_if_present(&paths.tls_certificate)
        .map_err(server_failure)?
        .is_none()
    {
        make_certificate(&paths, listen)?;
    }
    write(&paths.name, name)?;
    write(&paths.listen, &listen.to_string())?;
    let line = WitnessLine {
        url: format!("https://{listen}"),
        certificate: certificate_digest(&paths)?,
        key: cosigner.verifier_key().to_string(),
    };
    if json {
        print_line(&json!({ "witness": line.to_string(), "key": line.key, "url": line.url }))
    } else {
        print_line(&line)
    }
}

async fn serve(
    home: &Path,
    logs: &[String],
    listen: Option<SocketAddr>,
    language: Language,
    json: bool,
) -> Outcome {
    let paths = Files::of(home);
    let (Some(name), Some(saved)) = (read_text(&paths.name)?, read_text(&paths.listen)?) else {
        return Err(Diagnostic::new(
            Exit::Failed,
            "SK-WIT-002",
            language.text("error-witness-missing", &[]),
        )
        .observed(home.display())
        .fix("sekimori witness init --name NAME"));
    };
    let logs = logs
        .iter()
        .map(|key| parse_log(key))
        .collect::<Outcome<Vec<VerifierKey>>>()?;
    let seed = files::load_or_make_seed(&paths.seed).map_err(server_failure)?;
    let witness = Witness {
        cosigner: cosigner(&name, &seed)?,
        logs,
    };
    let listen = match listen {
        Some(address) => address,
        None => saved.parse().map_err(|error| {
            Diagnostic::new(
                Exit::Failed,
                "SK-WIT-003",
                "the saved address cannot be used",
            )
            .observed(format!("{saved}: {error}"))
            .fix("give one:  --listen 127.0.0.1:7444")
        })?,
    };
    let history = History::open(&paths.history)?;
    let server = serve::Server::bind(
        listen,
        &paths.tls_certificate,
        &paths.tls_key,
        witness,
        history,
    )
    .await?;
    let address = server.address();
    if json {
        print_line(&json!({ "url": format!("https://{address}") }))?;
    } else {
        let url = format!("https://{address}");
        print_line(&language.text("witness-ready", &[("name", &name), ("url", &url)]))?;
    }
    server.run().await;
    Ok(())
}

fn cosigner(name: &str, seed: &[u8; 32]) -> Outcome<CosignerKey> {
    CosignerKey::from_seed(name, seed).map_err(|error| {
        Diagnostic::new(
            Exit::Usage,
            "SK-WIT-004",
            "this cannot be the name of a witness",
        )
        .observed(format!("{name}: {error}"))
        .expected("a name without spaces or '+', such as partner.example/w1")
    })
}

fn parse_log(key: &str) -> Outcome<VerifierKey> {
    VerifierKey::parse(key).map_err(|error| {
        Diagnostic::new(Exit::Usage, "SK-WIT-005", "this is not the key of a ledger")
            .observed(format!("{key}: {error}"))
            .expected("NAME+HASH+KEY: the ledger key that  sekimori status  prints")
    })
}

/// The servers that ask pin this certificate by its digest, so nobody has to sign it.
fn make_certificate(paths: &Files, listen: SocketAddr) -> Outcome {
    let failed = |error: rcgen::Error| {
        Diagnostic::new(Exit::Failed, "SK-WIT-006", "the certificate cannot be made")
            .observed(error)
    };
    let key = KeyPair::generate().map_err(failed)?;
    let mut parameters = CertificateParams::new(vec!["localhost".to_owned()]).map_err(failed)?;
    parameters
        .subject_alt_names
        .push(SanType::IpAddress(listen.ip()));
    let certificate = parameters.self_signed(&key).map_err(failed)?;
    files::write_private(&paths.tls_key, key.serialize_pem().as_bytes()).map_err(server_failure)?;
    files::write_private(&paths.tls_certificate, certificate.pem().as_bytes())
        .map_err(server_failure)
}

fn certificate_digest(paths: &Files) -> Outcome<String> {
    let bytes = files::read_if_present(&paths.tls_certificate).map_err(server_failure)?;
    let certificate = pem::parse(bytes.unwrap_or_default()).map_err(|error| {
        Diagnostic::new(Exit::Failed, "SK-WIT-007", "the certificate cannot be read")
            .observed(format!("{}: {error}", paths.tls_certificate.display()))
            .fix("remove the file and run  sekimori witness init  again")
    })?;
    Ok(hex::encode(Hash::of(&[certificate.contents()]).0))
}

fn read_text(path: &Path) -> Outcome<Option<String>> {
    let bytes = files::read_if_present(path).map_err(server_failure)?;
    Ok(bytes.map(|bytes: Vec<u8>| String::from_utf8_lossy(&bytes).trim().to_owned()))
}

fn write(path: &Path, text: &str) -> Outcome {
    files::write_private(path, text.as_bytes()).map_err(server_failure)
}
