//! RFC 7030 with curl and OpenSSL alone: no line of ours on the device.

use std::path::{Path, PathBuf};

use crate::support::{Said, World, foreign, run};

/// A key and a certificate request for `name`, made by OpenSSL.
fn request(folder: &Path, name: &str) -> (PathBuf, PathBuf) {
    let (key, csr) = (
        folder.join(format!("{name}.key")),
        folder.join(format!("{name}.csr")),
    );
    run(foreign("openssl", "openssl")
        .args([
            "req",
            "-new",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:P-256",
            "-nodes",
        ])
        .args(["-subj", &format!("/CN={name}"), "-outform", "DER"])
        .arg("-keyout")
        .arg(&key)
        .arg("-out")
        .arg(&csr))
    .ok();
    let text = folder.join(format!("{name}.b64"));
    run(foreign("openssl", "openssl")
        .args(["base64", "-in"])
        .arg(&csr)
        .arg("-out")
        .arg(&text))
    .ok();
    (key, text)
}

/// curl at an EST resource.
fn est(world: &World, resource: &str, arguments: &[&str]) -> Said {
    let url = format!("{}/.well-known/est/{resource}", world.text("https"));
    run(foreign("curl", "curl")
        .args([
            "--silent",
            "--show-error",
            "--fail-with-body",
            "--tlsv1.3",
            "--cacert",
        ])
        .arg(world.home().join("keys").join("ca.crt"))
        .args(arguments)
        .arg(url))
}

/// The certificates in an answer of EST, as PEM.
fn certificates(world: &World, answer: &str) -> String {
    let file = world.folder.path().join("answer.p7");
    let wrapped = format!(
        "-----BEGIN PKCS7-----\n{}\n-----END PKCS7-----\n",
        answer.trim()
    );
    std::fs::write(&file, wrapped).expect("the answer can be written");
    run(foreign("openssl", "openssl")
        .args(["pkcs7", "-print_certs", "-in"])
        .arg(&file))
    .ok()
}

fn post(csr: &Path) -> Vec<String> {
    [
        "--header",
        "Content-Type: application/pkcs10",
        "--header",
        "Content-Transfer-Encoding: base64",
        "--data-binary",
    ]
    .map(str::to_owned)
    .into_iter()
    .chain([format!("@{}", csr.display())])
    .collect()
}

fn words(owned: &[String]) -> Vec<&str> {
    owned.iter().map(String::as_str).collect()
}

#[test]
fn the_authorities_certificates_are_there_for_everybody() {
    let world = World::bare();
    let answer = est(&world, "cacerts", &[]).ok();
    let certificates = certificates(&world, &answer);
    let own = std::fs::read_to_string(world.home().join("keys").join("ca.crt")).expect("the root");
    let body: String = own
        .lines()
        .filter(|line| !line.starts_with("-----"))
        .collect();
    let given: String = certificates.lines().collect();
    assert!(given.contains(&body), "{certificates}");
}

#[test]
fn a_device_of_openssl_and_curl_enrolls_and_renews() {
    let world = World::new();
    let folder = world.folder.path();
    let (key, csr) = request(folder, "door-0007");
    let code = world.invite("door-0007", "door");
    let mut arguments = vec!["--user".to_owned(), code.clone()];
    arguments.extend(post(&csr));
    let first = certificates(
        &world,
        &est(&world, "simpleenroll", &words(&arguments)).ok(),
    );
    assert!(first.contains("CN = door-0007"), "{first}");
    let certificate = folder.join("door-0007.crt");
    std::fs::write(&certificate, &first).expect("the certificate can be written");
    run(foreign("openssl", "openssl")
        .args(["verify", "-purpose", "sslclient", "-CAfile"])
        .arg(world.home().join("keys").join("ca.crt"))
        .arg(&certificate))
    .ok();

    // A lost answer is asked for again with the same key and the same code.
    let again = certificates(
        &world,
        &est(&world, "simpleenroll", &words(&arguments)).ok(),
    );
    assert_eq!(first, again);

    let (_, next) = request(folder, "door-0007");
    // The first key was overwritten by the new request; the certificate needs the old one.
    let stale = est(
        &world,
        "simplereenroll",
        &words(
            &[
                vec!["--cert".to_owned(), certificate.display().to_string()],
                vec!["--key".to_owned(), key.display().to_string()],
                post(&next),
            ]
            .concat(),
        ),
    );
    assert_ne!(
        stale.code,
        Some(0),
        "a certificate worked with another key: {}",
        stale.stdout
    );
}

#[test]
fn renewal_with_a_new_key_gives_a_new_certificate_for_the_same_device() {
    let world = World::new();
    let folder = world.folder.path();
    let (key, csr) = request(folder, "door-0008");
    let old_key = folder.join("old.key");
    std::fs::rename(&key, &old_key).expect("the key can be put aside");
    let code = world.invite("door-0008", "door");
    let arguments = [vec!["--user".to_owned(), code], post(&csr)].concat();
    let first = certificates(
        &world,
        &est(&world, "simpleenroll", &words(&arguments)).ok(),
    );
    let certificate = folder.join("door-0008.crt");
    std::fs::write(&certificate, &first).expect("the certificate can be written");
    let before = world.json(["device", "show", "door-0008"]);

    let (_, next) = request(folder, "door-0008");
    let arguments = [
        vec!["--cert".to_owned(), certificate.display().to_string()],
        vec!["--key".to_owned(), old_key.display().to_string()],
        post(&next),
    ]
    .concat();
    let second = certificates(
        &world,
        &est(&world, "simplereenroll", &words(&arguments)).ok(),
    );
    assert!(second.contains("CN = door-0008"), "{second}");
    assert_ne!(first, second);
    let after = world.json(["device", "show", "door-0008"]);
    assert_eq!(before["id"], after["id"]);
    assert_eq!(before["number"], after["number"]);
}

#[test]
fn enrollment_without_a_certificate_for_renewal_is_refused() {
    let world = World::new();
    let (_, csr) = request(world.folder.path(), "door-0009");
    let said = est(&world, "simplereenroll", &words(&post(&csr)));
    assert_ne!(said.code, Some(0));
    assert!(said.stdout.contains("SK-"), "{}", said.stdout);
}
