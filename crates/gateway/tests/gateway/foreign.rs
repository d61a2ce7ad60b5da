//! Clients that others wrote: `mosquitto_pub`, `curl` and `openssl`.
//!
//! Where one is missing, its test says so and fails in continuous integration.

use std::path::PathBuf;
use std::process::{Output, Stdio};

use sekimori_audit::{Code, Event};
use sekimori_identity::Standing;

use crate::support::{Identity, Scene, soon};

/// Runs a program to its end; nothing when the machine lacks it.
async fn run(program: &str, arguments: &[&str]) -> Option<Output> {
    let mut command = tokio::process::Command::new(program);
    command
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    match soon(command.output()).await {
        Ok(output) => Some(output),
        Err(error) => {
            let ci = std::env::var_os("CI").is_some();
            assert!(!ci, "{program} is needed here: {error}");
            eprintln!("NOT TESTED against {program}, which is missing: {error}");
            None
        }
    }
}

/// Root, certificate and key as files.
struct Files {
    _folder: tempfile::TempDir,
    root: String,
    certificate: String,
    key: String,
}

fn files(scene: &Scene, identity: &Identity) -> Files {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, tag: &str, der: &[u8]| {
        let path: PathBuf = folder.path().join(name);
        std::fs::write(&path, pem::encode(&pem::Pem::new(tag, der))).unwrap();
        path.to_str().unwrap().to_owned()
    };
    Files {
        root: write("root.pem", "CERTIFICATE", &scene.authority.root),
        certificate: write("device.pem", "CERTIFICATE", &identity.certificate),
        key: write("device.key", "PRIVATE KEY", &identity.key),
        _folder: folder,
    }
}

async fn mosquitto_pub(scene: &Scene, files: &Files, version: &str, topic: &str) -> Option<Output> {
    let port = scene.mqtt.port().to_string();
    let arguments = [
        "-h",
        "localhost",
        "-p",
        &port,
        "-V",
        version,
        "-q",
        "1",
        "-i",
        "dev-0001",
        "--cafile",
        &files.root,
        "--cert",
        &files.certificate,
        "--key",
        &files.key,
        "-t",
        topic,
        "-m",
        "21",
    ];
    run("mosquitto_pub", &arguments).await
}

#[tokio::test]
async fn mosquitto_publishes_what_is_allowed_and_nothing_else() {
    for version in ["mqttv5", "mqttv311"] {
        let scene = Scene::start().await;
        let device = scene.device("dev-0001");
        let files = files(&scene, &device);
        let allowed = mosquitto_pub(&scene, &files, version, "sk/dev-0001/temperature").await;
        let Some(allowed) = allowed else { return };
        assert!(allowed.status.success(), "{allowed:?}");
        assert_eq!(scene.world.stored.lock().unwrap().len(), 1);
        let other = mosquitto_pub(&scene, &files, version, "sk/dev-0002/temperature").await;
        assert!(other.is_some());
        scene
            .world
            .event(Code::MessageRefused, "not-authorized")
            .await;
        assert_eq!(scene.world.stored.lock().unwrap().len(), 1);

        scene
            .world
            .change(&device, |record| record.standing = Standing::Revoked);
        let revoked = mosquitto_pub(&scene, &files, version, "sk/dev-0001/temperature").await;
        assert!(!revoked.unwrap().status.success());
        scene.world.event(Code::TlsRefused, "revoked").await;
    }
}

#[tokio::test]
async fn curl_comes_with_and_without_a_certificate() {
    let scene = Scene::start().await;
    let files = files(&scene, &scene.device("dev-0001"));
    let url = format!("https://localhost:{}/who", scene.https.port());
    let address = format!("localhost:{}:127.0.0.1", scene.https.port());
    let visitor = [
        "-sS",
        "--noproxy",
        "*",
        "--resolve",
        &address,
        "--cacert",
        &files.root,
        &url,
    ];
    let Some(output) = run("curl", &visitor).await else {
        return;
    };
    assert_eq!(
        String::from_utf8_lossy(&output.stdout),
        "nobody",
        "{output:?}"
    );
    let mut device = visitor.to_vec();
    device.extend(["--cert", &files.certificate, "--key", &files.key]);
    let output = run("curl", &device).await.unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(said, "dev-0001 expired=false contained=false", "{output:?}");
}

#[tokio::test]
async fn openssl_speaks_tls_1_3_with_a_certificate_and_not_without() {
    let scene = Scene::start().await;
    let files = files(&scene, &scene.device("dev-0001"));
    let address = scene.mqtt.to_string();
    let bare = [
        "s_client",
        "-tls1_3",
        "-connect",
        &address,
        "-CAfile",
        &files.root,
    ];
    let mut device = bare.to_vec();
    device.extend(["-cert", &files.certificate, "-key", &files.key]);
    let Some(output) = run("openssl", &device).await else {
        return;
    };
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(said.contains("Verify return code: 0 (ok)"), "{said}");
    let event = scene
        .world
        .find(|event| event.code == Code::TlsMutual)
        .await;
    assert_eq!(event.device.as_deref(), Some("dev-0001"));
    run("openssl", &bare).await.unwrap();
    scene.world.event(Code::TlsRefused, "no-certificate").await;
}

#[tokio::test]
async fn openssl_is_refused_with_tls_1_2() {
    let scene = Scene::start().await;
    for (listener, address) in [("mqtt", scene.mqtt), ("https", scene.https)] {
        let arguments = ["s_client", "-tls1_2", "-connect", &address.to_string()];
        let Some(output) = run("openssl", &arguments).await else {
            return;
        };
        assert!(!output.status.success());
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(said.contains("protocol version"), "{said}");
        let version = |event: &Event| {
            event.reason.as_deref() == Some("tls-version") && event.detail["listener"] == listener
        };
        scene.world.find(version).await;
    }
}
