//! How a device joins: an invitation, a one-time code, and a registrar that decides.
//!
//! The code is the only shared secret there is. It has 80 bits, works once, for one name, for a
//! bounded time and a bounded number of tries. Everything here is pure: the server looks up the
//! invitation and writes down what the decision costs in the same transaction.

mod code;
mod refusal;
#[cfg(test)]
mod tests;

use core::fmt;

use jiff::{SignedDuration, Timestamp};
use sekimori_ledger::envelope::PublicKey;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use crate::id::{DeviceId, SpkiHash};
use crate::name::{DeviceName, RoleId};
use crate::registry::{DeviceRecord, KeyUse, Records, Standing};

pub use code::{Code, CodeError, JoinCode, JoinCodeError, new_code};
pub use refusal::{EnrollmentRefusal, InvitationRefusal, RenewalRefusal};

/// Most bytes of a public key as SubjectPublicKeyInfo that the registrar looks at.
pub const MAX_SPKI: usize = 256;

/// An operator's word that a device of this name may join once. The code itself is not in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invitation {
    /// The only name that it is for.
    pub name: DeviceName,
    /// What the device will be for.
    pub role: RoleId,
    /// Random; makes equal codes look different at rest.
    pub salt: [u8; 16],
    /// Salted hash of name and code.
    pub code_hash: [u8; 32],
    /// After this it is worth nothing.
    pub expires: Timestamp,
    /// Wrong codes that it survives.
    pub tries_left: u8,
    /// The key that joined with it.
    pub used_by: Option<SpkiHash>,
}

impl Invitation {
    /// An invitation for this code, not yet used.
    #[must_use]
    pub fn new(
        name: DeviceName,
        role: RoleId,
        code: &Code,
        salt: [u8; 16],
        expires: Timestamp,
        tries: u8,
    ) -> Self {
        let code_hash = hash(&salt, &name, code);
        Self {
            name,
            role,
            salt,
            code_hash,
            expires,
            tries_left: tries,
            used_by: None,
        }
    }

    /// Compares in constant time.
    fn opens_with(&self, code: &Code) -> bool {
        hash(&self.salt, &self.name, code)
            .ct_eq(&self.code_hash)
            .into()
    }
}

fn hash(salt: &[u8; 16], name: &DeviceName, code: &Code) -> [u8; 32] {
    Sha256::new()
        .chain_update(b"sekimori invitation v1\0")
        .chain_update(salt)
        .chain_update(name.as_str())
        .chain_update(b"\0")
        .chain_update(code.bits())
        .finalize()
        .into()
}

/// What a device that joins sends, after the server has read it. The code does not show itself.
#[derive(Clone, Copy)]
pub struct EnrollmentRequest<'a> {
    /// The name it gave (HTTP Basic user).
    pub name: &'a DeviceName,
    /// The code it gave (HTTP Basic password), as it was typed.
    pub code: &'a str,
    /// The public key of its certification request, SubjectPublicKeyInfo in DER.
    pub public_key_spki: &'a [u8],
    /// Whether the request's subject is the name and nothing else.
    pub subject_matches: bool,
    /// Whether the request is signed by its own key.
    pub possession_proven: bool,
}

impl fmt::Debug for EnrollmentRequest<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EnrollmentRequest")
            .field("name", self.name)
            .field("subject_matches", &self.subject_matches)
            .field("possession_proven", &self.possession_proven)
            .finish_non_exhaustive()
    }
}

/// What a device that renews sends, after the server has read it.
#[derive(Debug, Clone, Copy)]
pub struct RenewalRequest<'a> {
    /// Hash of the key it proved in the handshake.
    pub presented: &'a SpkiHash,
    /// Until when the certificate it showed is valid.
    pub not_after: Timestamp,
    /// The public key of its certification request, SubjectPublicKeyInfo in DER.
    pub public_key_spki: &'a [u8],
    /// Whether the request's subject and names are those of the certificate it showed.
    pub subject_matches: bool,
    /// Whether the request is signed by its own key.
    pub possession_proven: bool,
}

/// A device may join.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Admission {
    /// A new one: register it, record its certificate, mark the invitation as used by the key.
    Register {
        /// Follows from the key.
        id: DeviceId,
        /// The name of the invitation.
        name: DeviceName,
        /// The role of the invitation.
        role: RoleId,
        /// Its first key.
        public_key: PublicKey,
        /// Hash of that key.
        spki: SpkiHash,
    },
    /// The same key again, because the first answer was lost: only make a certificate again.
    Again {
        /// Who it is.
        device: DeviceRecord,
        /// Hash of its key.
        spki: SpkiHash,
    },
}

/// A device may have a new certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Renewal {
    /// Who it is.
    pub device: DeviceRecord,
    /// The key that the certificate is made for.
    pub public_key: PublicKey,
    /// Hash of that key.
    pub spki: SpkiHash,
    /// The key that the device proved, when the certificate is for another one: it works until
    /// the new one was used.
    pub replaces: Option<SpkiHash>,
}

/// Decides who joins and who stays.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Registrar {
    /// How long an invitation lives.
    pub invitation_lifetime: SignedDuration,
    /// Wrong codes that an invitation survives.
    pub tries: u8,
    /// How long after its end a certificate of a device in good standing may still be renewed.
    pub renewal_window: SignedDuration,
}

impl Default for Registrar {
    /// One day, 5 tries, 90 days.
    fn default() -> Self {
        Self {
            invitation_lifetime: SignedDuration::from_hours(24),
            tries: 5,
            renewal_window: SignedDuration::from_hours(24 * 90),
        }
    }
}

impl Registrar {
    /// Makes an invitation and its code. `random` is 32 fresh random bytes.
    ///
    /// # Errors
    ///
    /// [`InvitationRefusal`] when the name is held by a device that may still act.
    pub fn invite(
        &self,
        name: DeviceName,
        role: RoleId,
        random: [u8; 32],
        records: &dyn Records,
        now: Timestamp,
    ) -> Result<(Invitation, Code), InvitationRefusal> {
        if let Some(holder) = records
            .by_name(&name)
            .filter(|holder| !holder.standing.is_final())
        {
            return Err(InvitationRefusal { holder });
        }
        let (secret, salt) = halves(random);
        let code = new_code(secret);
        let expires = now
            .checked_add(self.invitation_lifetime)
            .unwrap_or(Timestamp::MAX);
        Ok((
            Invitation::new(name, role, &code, salt, expires, self.tries),
            code,
        ))
    }

    /// Decides one enrollment.
    ///
    /// Nothing about keys and devices is looked at before the code was right, so that a stranger
    /// learns nothing; [`EnrollmentRefusal::wire_is_terse`] says which refusals must look alike.
    ///
    /// # Errors
    ///
    /// [`EnrollmentRefusal`]: exactly one reason. For [`EnrollmentRefusal::WrongCode`] the caller
    /// writes `tries_left` down before it answers.
    pub fn evaluate(
        &self,
        invitation: Option<&Invitation>,
        request: &EnrollmentRequest<'_>,
        records: &dyn Records,
        now: Timestamp,
    ) -> Result<Admission, EnrollmentRefusal> {
        let invitation = invitation
            .filter(|invitation| invitation.name == *request.name)
            .ok_or_else(|| EnrollmentRefusal::UnknownName(request.name.clone()))?;
        if invitation.tries_left == 0 {
            return Err(EnrollmentRefusal::TriesUsedUp);
        }
        let typed = Code::parse(request.code);
        if !typed.is_ok_and(|code| invitation.opens_with(&code)) {
            let tries_left = invitation.tries_left.saturating_sub(1);
            return Err(EnrollmentRefusal::WrongCode { tries_left });
        }
        if now > invitation.expires {
            return Err(EnrollmentRefusal::Expired {
                expires: invitation.expires,
            });
        }
        let (public_key, spki) = key(request.public_key_spki).ok_or(EnrollmentRefusal::WeakKey)?;
        if invitation.used_by.is_some_and(|used_by| used_by != spki) {
            return Err(EnrollmentRefusal::UsedUp);
        }
        if !request.possession_proven {
            return Err(EnrollmentRefusal::PossessionNotProven);
        }
        if !request.subject_matches {
            return Err(EnrollmentRefusal::SubjectDiffers);
        }
        if let Some(known) = records.key(&spki) {
            let holder = records.by_id(&known.device);
            return match holder {
                Some(device)
                    if device.name == invitation.name
                        && device.standing == Standing::Active
                        && known.key_use == KeyUse::Current =>
                {
                    Ok(Admission::Again { device, spki })
                }
                _ => Err(EnrollmentRefusal::KeyAlreadyKnown {
                    device: known.device,
                }),
            };
        }
        if invitation.used_by.is_some() {
            return Err(EnrollmentRefusal::UsedUp);
        }
        if let Some(holder) = records.by_name(&invitation.name)
            && !holder.standing.is_final()
        {
            return Err(EnrollmentRefusal::NameHasActiveKey { holder });
        }
        Ok(Admission::Register {
            id: DeviceId::of_first_key(&spki),
            name: invitation.name.clone(),
            role: invitation.role.clone(),
            public_key,
            spki,
        })
    }

    /// Decides one renewal.
    ///
    /// # Errors
    ///
    /// [`RenewalRefusal`]: exactly one reason.
    pub fn evaluate_renewal(
        &self,
        request: &RenewalRequest<'_>,
        records: &dyn Records,
        now: Timestamp,
    ) -> Result<Renewal, RenewalRefusal> {
        let presented = *request.presented;
        let known = records.key(&presented).ok_or(RenewalRefusal::UnknownKey)?;
        if known.key_use == KeyUse::Former {
            return Err(RenewalRefusal::FormerKey {
                device: known.device,
            });
        }
        let device = records
            .by_id(&known.device)
            .ok_or(RenewalRefusal::UnknownKey)?;
        if device.standing != Standing::Active {
            return Err(RenewalRefusal::Standing(device.standing));
        }
        let window = self.renewal_window;
        let closes = request
            .not_after
            .checked_add(window)
            .unwrap_or(Timestamp::MAX);
        if now > closes {
            return Err(RenewalRefusal::TooLate {
                not_after: request.not_after,
                closed: closes,
            });
        }
        let (public_key, spki) = key(request.public_key_spki).ok_or(RenewalRefusal::WeakKey)?;
        if !request.possession_proven {
            return Err(RenewalRefusal::PossessionNotProven);
        }
        if !request.subject_matches {
            return Err(RenewalRefusal::SubjectDiffers);
        }
        match records.key(&spki) {
            Some(other) if other.device != device.id || other.key_use == KeyUse::Former => {
                return Err(RenewalRefusal::KeyAlreadyKnown {
                    device: other.device,
                });
            }
            _ => {}
        }
        let replaces = (spki != presented).then_some(presented);
        Ok(Renewal {
            device,
            public_key,
            spki,
            replaces,
        })
    }
}

/// A key that this platform takes: P-256 or Ed25519, a valid point, in its one encoding.
fn key(spki: &[u8]) -> Option<(PublicKey, SpkiHash)> {
    if spki.len() > MAX_SPKI {
        return None;
    }
    let public_key = PublicKey::from_spki_der(spki)
        .ok()
        .filter(PublicKey::is_valid)?;
    let usable = public_key.to_spki_der() == spki;
    usable.then(|| (public_key, SpkiHash::of_der(spki)))
}

fn halves(random: [u8; 32]) -> ([u8; 16], [u8; 16]) {
    let mut first = [0; 16];
    let mut second = [0; 16];
    let both = first.iter_mut().chain(second.iter_mut());
    both.zip(random).for_each(|(to, from)| *to = from);
    (first, second)
}
