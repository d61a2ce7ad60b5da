//! The shape of TUF's `signed` for targets, with our extension.

use alloc::collections::BTreeMap;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use jiff::Timestamp;

use super::{MAX_FILES, Release, ReleaseError, ReleaseFile, malformed};
use crate::json::Value;

const SPEC_VERSION: &str = "1.0.31";
const EXTENSION: &str = "sekimori";
/// `2026-01-31T23:59:59Z`
const TIME_LENGTH: usize = 20;

/// A checked release as JSON.
pub(super) fn write(release: &Release) -> Value {
    let targets = release.files.iter().map(|file| {
        let hash = Value::String(hex::encode(file.sha256));
        let mut target = BTreeMap::from([
            ("hashes".to_string(), Value::object([("sha256", hash)])),
            ("length".to_string(), integer(file.length)),
        ]);
        if file.executable {
            let custom = Value::object([("executable", Value::Bool(true))]);
            target.insert("custom".to_string(), custom);
        }
        (file.path.clone(), Value::Object(target))
    });
    Value::object([
        ("_type", "targets".into()),
        ("expires", Value::String(release.expires.to_string())),
        (
            EXTENSION,
            Value::object([
                ("counter", integer(release.counter)),
                ("product", release.product.as_str().into()),
                ("version", release.version.as_str().into()),
            ]),
        ),
        ("spec_version", SPEC_VERSION.into()),
        ("targets", Value::Object(targets.collect())),
        ("version", integer(release.metadata_version)),
    ])
}

/// JSON as a release; its bounds are checked afterwards.
pub(super) fn read(signed: &Value) -> Result<Release, ReleaseError> {
    let fields = signed
        .as_object()
        .ok_or_else(|| malformed("signed is not an object"))?;
    if text(fields, "_type")? != "targets" {
        return Err(malformed("_type is not targets"));
    }
    // The specification promises that readers of 1.0 understand every 1.0.x.
    if !text(fields, "spec_version")?.starts_with("1.0.") {
        return Err(malformed("spec_version is not 1.0.x"));
    }
    if fields.contains_key("delegations") {
        return Err(malformed("delegations are not supported here"));
    }
    let expires = text(fields, "expires")?;
    let expires: Timestamp = Some(expires)
        .filter(|text| text.len() == TIME_LENGTH && text.ends_with('Z'))
        .and_then(|text| text.parse().ok())
        .ok_or_else(|| malformed("expires"))?;
    let extension = object(fields, EXTENSION)?;
    let targets = object(fields, "targets")?;
    if targets.len() > MAX_FILES {
        return Err(ReleaseError::OutOfBounds("targets"));
    }
    let files = targets.iter().map(|(path, target)| read_file(path, target));
    Ok(Release {
        metadata_version: unsigned(fields, "version")?,
        product: text(extension, "product")?.to_string(),
        version: text(extension, "version")?.to_string(),
        counter: unsigned(extension, "counter")?,
        expires,
        files: files.collect::<Result<Vec<_>, _>>()?,
    })
}

fn read_file(path: &str, target: &Value) -> Result<ReleaseFile, ReleaseError> {
    let fields = target
        .as_object()
        .ok_or_else(|| malformed("a target is not an object"))?;
    let mut sha256 = [0; 32];
    hex::decode_to_slice(text(object(fields, "hashes")?, "sha256")?, &mut sha256)
        .map_err(|_| malformed("hashes.sha256"))?;
    let custom = fields.get("custom").map(|custom| {
        custom
            .as_object()
            .ok_or_else(|| malformed("custom is not an object"))
    });
    let executable = match custom
        .transpose()?
        .and_then(|custom| custom.get("executable"))
    {
        None => false,
        Some(value) => value
            .as_bool()
            .ok_or_else(|| malformed("custom.executable"))?,
    };
    let length = unsigned(fields, "length")?;
    Ok(ReleaseFile {
        path: path.to_string(),
        length,
        sha256,
        executable,
    })
}

fn integer(value: u64) -> Value {
    Value::Integer(i64::try_from(value).expect("a checked release has small numbers"))
}

type Object = BTreeMap<String, Value>;

fn object<'a>(fields: &'a Object, name: &str) -> Result<&'a Object, ReleaseError> {
    fields
        .get(name)
        .and_then(Value::as_object)
        .ok_or_else(|| malformed(name))
}

fn text<'a>(fields: &'a Object, name: &str) -> Result<&'a str, ReleaseError> {
    fields
        .get(name)
        .and_then(Value::as_str)
        .ok_or_else(|| malformed(name))
}

fn unsigned(fields: &Object, name: &str) -> Result<u64, ReleaseError> {
    fields
        .get(name)
        .and_then(Value::as_unsigned)
        .ok_or_else(|| malformed(name))
}
