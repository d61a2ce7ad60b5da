//! Checking a device's proofs with nothing but the device's own files, as an auditor would.

use std::path::Path;

use base64::Engine as _;
use sekimori_identity::TrustBundle;
use sekimori_ledger::proof::TlogProof;
use serde_json::Value;

/// How many entries the ledger holds for the device of this home; each must be proven to be in a
/// checkpoint that the log signed and the witness cosigned.
///
/// # Errors
///
/// What is missing, unreadable or not proven.
pub(super) fn check(home: &Path) -> Result<usize, String> {
    let trust = TrustBundle::decode(&read(&home.join("trust.cbor"))?)
        .map_err(|error| format!("trust bundle: {error}"))?;
    if trust.ledger.witnesses.is_empty() || trust.ledger.threshold == 0 {
        return Err("the trust bundle asks for no witness".to_owned());
    }
    let folder = home.join("proof");
    let mut entries = 0;
    for file in
        std::fs::read_dir(&folder).map_err(|error| format!("{}: {error}", folder.display()))?
    {
        let path = file.map_err(|error| error.to_string())?.path();
        entries += check_file(&trust, &read(&path)?)?;
    }
    if entries == 0 {
        return Err(format!("no proof in {}", folder.display()));
    }
    Ok(entries)
}

fn check_file(trust: &TrustBundle, bytes: &[u8]) -> Result<usize, String> {
    let stored: Value = serde_json::from_slice(bytes).map_err(|error| error.to_string())?;
    let entries = stored["entries"]
        .as_array()
        .map(Vec::as_slice)
        .unwrap_or_default();
    for item in entries {
        let text = |name: &str| {
            item[name]
                .as_str()
                .ok_or_else(|| format!("an entry has no {name}"))
        };
        let entry = base64::engine::general_purpose::STANDARD
            .decode(text("entry")?)
            .map_err(|error| error.to_string())?;
        let proof = TlogProof::parse(text("proof")?).map_err(|error| format!("proof: {error}"))?;
        trust
            .ledger
            .verify(&entry, &proof)
            .map_err(|error| format!("proof: {error}"))?;
    }
    Ok(entries.len())
}

fn read(path: &Path) -> Result<Vec<u8>, String> {
    std::fs::read(path).map_err(|error| format!("{}: {error}", path.display()))
}
