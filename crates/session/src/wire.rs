//! What a refusal says on the wire: terse, and of use to the device.
//!
//! A device keeps a message that was refused for a reason that passes (no policy, contained, too
//! often), and gives up one that would be refused again.

use sekimori_policy::Reason;
use sekimori_proto::mqtt::{PublishResult, SubscribeResult};

/// The answer to a refused QoS 1 message.
///
/// Source: MQTT 5.0 section 3.4.2.1.
pub(crate) const fn publish_result(reason: &Reason) -> PublishResult {
    match reason {
        Reason::NoPolicy | Reason::Contained => PublishResult::ImplementationSpecific,
        Reason::NotAuthorized { .. } | Reason::RetainRefused | Reason::Replayed => {
            PublishResult::NotAuthorized
        }
        Reason::WildcardRefused { .. } => PublishResult::TopicNameInvalid,
        Reason::RateExceeded { .. } => PublishResult::QuotaExceeded,
        Reason::PayloadTooLarge { .. }
        | Reason::SequenceMissing
        | Reason::NotJson(_)
        | Reason::SchemaViolation { .. }
        | Reason::OutOfRange { .. } => PublishResult::PayloadInvalid,
    }
}

/// The answer to a refused filter.
///
/// Source: MQTT 5.0 section 3.9.3.
pub(crate) const fn subscribe_result(reason: &Reason) -> SubscribeResult {
    match reason {
        Reason::WildcardRefused { .. } => SubscribeResult::WildcardsRefused,
        Reason::NoPolicy => SubscribeResult::ImplementationSpecific,
        Reason::NotAuthorized { .. } | Reason::Contained => SubscribeResult::NotAuthorized,
        _ => SubscribeResult::Unspecified,
    }
}
