//! Invitations and the certificates that came of them.

use jiff::Timestamp;
use sekimori_identity::enrollment::Invitation;
use sekimori_identity::{DeviceName, RoleId, SpkiHash};

use super::{Fields, Store, micros, storable, unreadable};
use crate::error::StoreError;

/// A certificate that was signed, whether or not it was handed out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredCertificate {
    /// Its serial number.
    pub serial: [u8; 16],
    /// The device's id.
    pub device: [u8; 16],
    /// The device's number.
    pub number: u64,
    /// The device's name.
    pub name: String,
    /// The device's role.
    pub role: String,
    /// SHA-256 of the public key.
    pub spki: [u8; 32],
    /// Salts the serial number in the ledger.
    pub salt: [u8; 16],
    /// The certificate.
    pub der: Vec<u8>,
    /// From when it is valid.
    pub not_before: Timestamp,
    /// Until when it is valid.
    pub not_after: Timestamp,
}

impl Store {
    /// Keeps an invitation; a newer one for the same name takes its place.
    pub(crate) async fn invite(
        &self,
        invitation: &Invitation,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.change("keep an invitation", || {
            sqlx::query(
                "INSERT INTO invitation (name, role, salt, code_hash, created, expires, tries_left) \
                 VALUES ($1, $2, $3, $4, $5, $6, $7) \
                 ON CONFLICT (name) DO UPDATE SET role = excluded.role, salt = excluded.salt, \
                 code_hash = excluded.code_hash, created = excluded.created, \
                 expires = excluded.expires, tries_left = excluded.tries_left, used_spki = NULL",
            )
            .bind(invitation.name.to_string())
            .bind(invitation.role.to_string())
            .bind(invitation.salt.to_vec())
            .bind(invitation.code_hash.to_vec())
            .bind(micros(now))
            .bind(micros(invitation.expires))
            .bind(i64::from(invitation.tries_left))
        })
        .await
        .map(drop)
    }

    /// The invitation of a name.
    pub async fn invitation(&self, name: &DeviceName) -> Result<Option<Invitation>, StoreError> {
        let statement = sqlx::query(
            "SELECT name, role, salt, code_hash, expires, tries_left, used_spki \
             FROM invitation WHERE name = $1",
        )
        .bind(name.to_string());
        self.first("read an invitation", statement, |fields| {
            Ok(Invitation {
                name: parse("name", &fields.text("name")?, DeviceName::parse)?,
                role: parse("role", &fields.text("role")?, RoleId::parse)?,
                salt: fields.array("salt")?,
                code_hash: fields.array("code_hash")?,
                expires: fields.time("expires")?,
                tries_left: u8::try_from(fields.count("tries_left")?)
                    .map_err(|error| unreadable("tries_left", error))?,
                used_by: fields.array_if_any("used_spki")?.map(SpkiHash),
            })
        })
        .await
    }

    /// Invitations that nobody used yet and that still hold.
    pub async fn open_invitations(
        &self,
        now: Timestamp,
    ) -> Result<Vec<(String, String, Timestamp)>, StoreError> {
        let statement = sqlx::query(
            "SELECT name, role, expires FROM invitation \
             WHERE used_spki IS NULL AND tries_left > 0 AND expires >= $1 ORDER BY name LIMIT 1000",
        )
        .bind(micros(now));
        self.all("list invitations", statement, |fields| {
            Ok((
                fields.text("name")?,
                fields.text("role")?,
                fields.time("expires")?,
            ))
        })
        .await
    }

    /// Writes down how many wrong codes an invitation still survives.
    pub(crate) async fn set_tries(&self, name: &DeviceName, left: u8) -> Result<(), StoreError> {
        self.change("count a wrong code", || {
            sqlx::query("UPDATE invitation SET tries_left = $1 WHERE name = $2")
                .bind(i64::from(left))
                .bind(name.to_string())
        })
        .await
        .map(drop)
    }

    /// Ties an invitation to the key that joined with it.
    pub(crate) async fn use_invitation(
        &self,
        name: &DeviceName,
        spki: &SpkiHash,
    ) -> Result<(), StoreError> {
        self.change("mark an invitation as used", || {
            sqlx::query("UPDATE invitation SET used_spki = $1 WHERE name = $2")
                .bind(spki.0.to_vec())
                .bind(name.to_string())
        })
        .await
        .map(drop)
    }

    /// Keeps a certificate before its entry is recorded.
    pub(crate) async fn keep_certificate(
        &self,
        certificate: &StoredCertificate,
    ) -> Result<(), StoreError> {
        let number = storable("number", certificate.number)
            .map_err(|source| StoreError::new("keep a certificate", source))?;
        self.change("keep a certificate", || {
            sqlx::query(
                "INSERT INTO certificate (serial, device, number, name, role, spki, salt, der, \
                 not_before, not_after) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
            )
            .bind(certificate.serial.to_vec())
            .bind(certificate.device.to_vec())
            .bind(number)
            .bind(certificate.name.clone())
            .bind(certificate.role.clone())
            .bind(certificate.spki.to_vec())
            .bind(certificate.salt.to_vec())
            .bind(certificate.der.clone())
            .bind(micros(certificate.not_before))
            .bind(micros(certificate.not_after))
        })
        .await
        .map(drop)
    }

    /// The certificates over a key, newest first.
    pub async fn certificates_of_key(
        &self,
        spki: &SpkiHash,
    ) -> Result<Vec<StoredCertificate>, StoreError> {
        let statement = sqlx::query(
            "SELECT serial, device, number, name, role, spki, salt, der, not_before, not_after \
             FROM certificate WHERE spki = $1 ORDER BY not_before DESC, serial LIMIT 16",
        )
        .bind(spki.0.to_vec());
        self.all("read certificates", statement, certificate).await
    }

    /// Hashes of all keys that were ever certified for a device.
    pub(crate) async fn keys_of(&self, device: &[u8; 16]) -> Result<Vec<[u8; 32]>, StoreError> {
        let statement = sqlx::query("SELECT DISTINCT spki FROM certificate WHERE device = $1")
            .bind(device.to_vec());
        self.all("read the keys of a device", statement, |fields| {
            fields.array("spki")
        })
        .await
    }

    /// The newest certificate of a device.
    pub async fn newest_certificate(
        &self,
        device: &[u8; 16],
    ) -> Result<Option<StoredCertificate>, StoreError> {
        let statement = sqlx::query(
            "SELECT serial, device, number, name, role, spki, salt, der, not_before, not_after \
             FROM certificate WHERE device = $1 ORDER BY not_before DESC, serial LIMIT 1",
        )
        .bind(device.to_vec());
        self.first("read a certificate", statement, certificate)
            .await
    }
}

fn certificate(fields: &Fields<'_>) -> Result<StoredCertificate, sqlx::Error> {
    Ok(StoredCertificate {
        serial: fields.array("serial")?,
        device: fields.array("device")?,
        number: fields.count("number")?,
        name: fields.text("name")?,
        role: fields.text("role")?,
        spki: fields.array("spki")?,
        salt: fields.array("salt")?,
        der: fields.bytes("der")?,
        not_before: fields.time("not_before")?,
        not_after: fields.time("not_after")?,
    })
}

fn parse<T, E: core::fmt::Display>(
    column: &str,
    text: &str,
    parser: impl Fn(&str) -> Result<T, E>,
) -> Result<T, sqlx::Error> {
    parser(text).map_err(|error| unreadable(column, error))
}
