//! What the policy in force says to the control plane itself: how long certificates live, when detectors speak,
//! what they may do, and what is open to a peer without certificate.

use core::time::Duration;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use http::StatusCode;
use sekimori_audit::detect::{OnBurst, Pattern, Thresholds};
use sekimori_audit::{Code, Event};
use sekimori_policy::{Contain, Policy, Role, Ruling};
use sekimori_session::HttpsPeer;

use crate::api::problem::Problem;
use crate::operator::LocalOperator;
use crate::server::Server;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// What a rule says, if the platform is to see to it.
fn enforced<T>(rule: &Option<Ruling<T>>) -> Option<&T> {
    rule.as_ref()
        .filter(|rule| rule.enforced)
        .map(|rule| &rule.is)
}

/// The requirements that a rule serves, if the platform sees to it.
fn cited<T>(rule: &Option<Ruling<T>>) -> Vec<String> {
    let rule = rule.as_ref().filter(|rule| rule.enforced);
    rule.map_or_else(Vec::new, |rule| rule.requirement.clone())
}

/// The requirements that an alert speaks for.
pub(crate) fn cited_by_alert(policy: &Policy, pattern: Pattern) -> Vec<String> {
    let conduct = &policy.conduct;
    match pattern {
        Pattern::RefusalBurst => cited(&conduct.refusals_per_minute),
        Pattern::EnrollmentFailures => cited(&conduct.failed_enrollments),
        Pattern::Silence => cited(&conduct.silence_factor),
    }
}

/// The thresholds of the detectors under a policy.
pub(crate) fn thresholds(policy: &Policy) -> Thresholds {
    let usual = Thresholds::default();
    let conduct = &policy.conduct;
    Thresholds {
        refusals: enforced(&conduct.refusals_per_minute)
            .copied()
            .unwrap_or(usual.refusals),
        enrollments: enforced(&conduct.failed_enrollments)
            .copied()
            .unwrap_or(usual.enrollments),
        on_burst: match enforced(&conduct.contain) {
            Some(Contain::Suspend) => OnBurst::Suspend,
            Some(Contain::Alert) | None => usual.on_burst,
        },
        ..usual
    }
}

/// How long a device of a role may say nothing: the factor times the time between two messages of the flow that it
/// may send most often. [`None`] when the policy does not ask, or nothing of the role has a rate.
fn longest_silence(policy: &Policy, role: &str) -> Option<Duration> {
    let factor = enforced(&policy.conduct.silence_factor)?;
    let role = policy.roles.iter().find(|known| known.id == role)?;
    shortest_period(role).map(|period| period.saturating_mul(*factor))
}

fn shortest_period(role: &Role) -> Option<Duration> {
    let rates = role.publish.iter().filter_map(|clause| clause.rate);
    rates
        .map(|rate| Duration::from_secs(rate.per_seconds.into()) / rate.messages.max(1))
        .min()
}

impl Server {
    /// How long a certificate of a device is good for, from now on.
    pub(crate) fn certificate_life(&self) -> Duration {
        let policy = self.policy();
        let days = policy.and_then(|policy| enforced(&policy.conduct.credential_days).copied());
        days.map_or(self.settings().device_certificate_life, |days| {
            DAY.saturating_mul(days)
        })
    }

    /// The same in whole days, as events say it; a life of less than a day counts as one.
    pub(crate) fn certificate_days(&self) -> String {
        let days = self.certificate_life().as_secs().div_ceil(DAY.as_secs());
        days.to_string()
    }

    /// The requirements that the life of a certificate serves.
    pub(crate) fn cited_by_certificates(&self) -> Vec<String> {
        let policy = self.policy();
        policy.map_or_else(Vec::new, |policy| cited(&policy.conduct.credential_days))
    }

    /// The requirements that the suspension of a device by a detector serves.
    pub(crate) fn cited_by_suspension(&self) -> Vec<String> {
        let policy = self.policy();
        policy.map_or_else(Vec::new, |policy| cited(&policy.conduct.contain))
    }

    /// A message of a device was permitted.
    pub(crate) fn notice_voice(&self, device: &str) {
        let Some(policy) = self
            .policy()
            .filter(|policy| policy.conduct.silence_factor.is_some())
        else {
            return;
        };
        let Ok(record) = self.device_named(device) else {
            return;
        };
        if let Some(longest) = longest_silence(&policy, record.role.as_str()) {
            self.event_log().heard(device, longest);
        }
    }
}

/// The receive filter of the HTTPS listener: what is not open to a peer without certificate is not answered.
///
/// Health is always answered, and so are devices with a certificate and the operator at the machine itself.
pub(crate) async fn filter(State(server): State<Server>, request: Request, next: Next) -> Response {
    let stranger = request
        .extensions()
        .get::<HttpsPeer>()
        .is_some_and(|peer| peer.client.is_none())
        && request.extensions().get::<LocalOperator>().is_none();
    let Some(part) = part(request.uri().path()).filter(|_| stranger) else {
        return next.run(request).await;
    };
    let policy = server.policy();
    let receive = policy
        .as_ref()
        .and_then(|policy| enforced(&policy.conduct.receive));
    if receive.is_none_or(|receive| receive.opens(part)) {
        return next.run(request).await;
    }
    let source = request
        .extensions()
        .get::<HttpsPeer>()
        .map(|peer| peer.address.ip().to_string())
        .unwrap_or_default();
    server.record(
        Event::new(server.now(), Code::ProtocolViolation)
            .with_source(source)
            .with_reason("filtered")
            .with_detail("part", part)
            .citing(&policy.map_or_else(Vec::new, |policy| cited(&policy.conduct.receive))),
    );
    Problem::new(
        StatusCode::FORBIDDEN,
        "SK-API-007",
        format!("the policy in force does not open {part:?} to a peer without certificate"),
    )
    .into_response()
}

/// Which part of the listener a path belongs to; [`None`] for what is always answered.
fn part(path: &str) -> Option<&'static str> {
    if path == "/healthz" {
        None
    } else if path.starts_with("/.well-known/est/") {
        Some("enrollment")
    } else if path == "/api/v1/trust" {
        Some("trust-bundle")
    } else if path.starts_with("/ledger/") {
        Some("ledger")
    } else {
        Some("console")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn silence_is_measured_by_the_flow_that_is_sent_most_often() {
        let clause = |flow: &str, messages: u32, per_seconds: u32| {
            serde_json::json!({
                "flow": flow, "requirement": [], "schema": null, "range": {}, "max_bytes": 256,
                "rate": {"messages": messages, "per_seconds": per_seconds, "backlog": 0},
                "sequence": "none",
            })
        };
        let policy = |factor: serde_json::Value| {
            let policy = serde_json::json!({
                "version": 1, "model_id": "m",
                "conduct": {"silence_factor": factor},
                "roles": [
                    {"id": "sensor", "subscribe": [],
                     "publish": [clause("slow", 1, 600), clause("fast", 6, 60)]},
                    {"id": "mute", "subscribe": [], "publish": []},
                ],
            });
            Policy::parse(policy.to_string().as_bytes()).expect("a policy")
        };
        let rule = |enforced: bool| {
            policy(serde_json::json!({"is": 3, "requirement": [], "enforced": enforced}))
        };
        let longest = longest_silence(&rule(true), "sensor");
        assert_eq!(longest, Some(Duration::from_secs(30)));
        assert_eq!(longest_silence(&rule(true), "mute"), None);
        assert_eq!(longest_silence(&rule(true), "stranger"), None);
        assert_eq!(longest_silence(&rule(false), "sensor"), None);
    }
}
