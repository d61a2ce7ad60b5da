//! The decision for one request.

use alloc::format;
use alloc::string::String;
use alloc::sync::Arc;
use core::time::Duration;

use crate::budget::Budgets;
use crate::json::{self, Value};
use crate::reason::{Reason, Unauthorized, bounded};
use crate::rules::{Clause, Policy, Rate, Role, Sequence};
use crate::schema::Mismatch;
use crate::topic::{self, PLATFORM_COMMAND, Topic, has_wildcard};

/// What a device (or an operator, for a command to it) wants to do.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// Name of the device whose session this is.
    pub device: &'a str,
    /// Its role.
    pub role: &'a str,
    /// Whether it is contained.
    pub contained: bool,
    /// What is to be done.
    pub action: Action<'a>,
    /// What the replay window says; [`Freshness::Absent`] for everything but a publication.
    pub freshness: Freshness,
}

/// The act that is to be decided.
#[derive(Clone, Copy, Debug)]
pub enum Action<'a> {
    /// The device sends a message.
    Publish {
        /// MQTT topic name.
        topic: &'a str,
        /// The payload as received.
        payload: &'a [u8],
        /// Whether it asks the broker to keep the message.
        retain: bool,
    },
    /// The device asks for messages.
    Subscribe {
        /// MQTT topic filter.
        filter: &'a str,
    },
    /// The platform sends a command to the device.
    Command {
        /// Id of the flow.
        flow: &'a str,
        /// The command's payload.
        payload: &'a [u8],
    },
}

/// Whether a message's boot count and sequence were seen before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Freshness {
    /// Never before.
    Fresh,
    /// Before, and the device says so (MQTT's DUP flag): it is acknowledged, and stored no second time.
    Resend,
    /// Before (or too old to tell), as if it were new.
    Replayed,
    /// The message has no envelope.
    Absent,
}

/// What is decided about one request.
#[derive(Clone, Debug, PartialEq)]
pub enum Decision {
    /// It may pass.
    Permit {
        /// Id of the flow; `+` or `#` for a subscription to all own commands.
        flow: Arc<str>,
        /// What kind of flow it is.
        kind: FlowKind,
    },
    /// It may not, for this one reason.
    Deny(Reason),
}

/// What kind of flow a permitted request belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FlowKind {
    /// A message that the model declares, from the device.
    Telemetry,
    /// The device's answer to a command.
    CommandAck,
    /// The platform's own: state report, device event, platform command.
    Platform,
    /// A command to the device, or its subscription to commands.
    Command,
}

/// What the platform's own flows may send, whatever the policy says: a state report each second at most.
const PLATFORM_RATE: Rate = Rate {
    messages: 60,
    per_seconds: 60,
    backlog: 120,
};
/// Longest message of the platform's own flows in bytes.
const PLATFORM_BYTES: u32 = 32 << 10;
/// Longest answer to a command in bytes, where the command itself may not be longer.
const ACKNOWLEDGEMENT_BYTES: u32 = 1 << 10;

/// Decides one request: authorize, budget, size, freshness, schema, range; the first that fails is the reason.
///
/// `now` is the time since boot; a message that is authorized costs its flow's bucket one message even
/// if it is refused afterward.
pub fn decide(
    policy: &Policy,
    budgets: &mut Budgets,
    now: Duration,
    request: &Request<'_>,
) -> Decision {
    let mut session = Session {
        policy,
        budgets,
        now,
        request,
    };
    if let Some(topic) = filtered(policy, &request.action) {
        return Decision::Deny(Reason::unauthorized(topic, Unauthorized::Filtered));
    }
    let judged = match request.action {
        Action::Publish {
            topic,
            payload,
            retain,
        } => session.publish(topic, payload, retain),
        Action::Subscribe { filter } => session.subscribe(filter),
        Action::Command { flow, payload } => session.command(flow, payload),
    };
    match judged {
        Ok((flow, kind)) => Decision::Permit {
            flow: Arc::from(flow),
            kind,
        },
        Err(reason) => Decision::Deny(reason),
    }
}

/// The requirements that the rule serves which decides about a request: the receive filter when it takes no such
/// packet, else the clause of the flow. Empty for the platform's own flows and for what no rule speaks of.
pub fn cited<'p>(policy: &'p Policy, request: &Request<'_>) -> &'p [String] {
    if filtered(policy, &request.action).is_some() {
        let receive = policy.conduct.receive.as_ref();
        return receive.map_or(&[], |receive| &receive.requirement);
    }
    let asked = match request.action {
        Action::Publish { topic, .. } => topic::parse(request.device, topic),
        Action::Subscribe { filter } => topic::parse(request.device, filter),
        Action::Command { flow, .. } => Ok(Topic::Command(flow)),
    };
    let mut roles = policy.roles.iter();
    let Some(role) = roles.find(|role| role.id == request.role) else {
        return &[];
    };
    let (flow, clauses) = match asked {
        Ok(Topic::Flow(flow)) => (flow, &role.publish),
        Ok(Topic::Command(flow) | Topic::Acknowledgement(flow)) => (flow, &role.subscribe),
        _ => return &[],
    };
    let clause = clauses.iter().find(|clause| clause.flow == flow);
    // A contained device is refused whatever its clauses say.
    let clause = clause.filter(|_| !request.contained);
    clause.map_or(&[], |clause| &clause.requirement)
}

/// The topic of a request of a kind that the policy's receive filter does not take.
fn filtered<'r>(policy: &Policy, action: &Action<'r>) -> Option<&'r str> {
    let receive = policy.conduct.receive.as_ref()?;
    let (topic, packet) = match action {
        Action::Publish { topic, .. } => (*topic, "publish"),
        Action::Subscribe { filter } => (*filter, "subscribe"),
        Action::Command { .. } => return None,
    };
    let taken = !receive.enforced || receive.is.takes(packet);
    (!taken).then_some(topic)
}

type Judged<'a> = Result<(&'a str, FlowKind), Reason>;

struct Session<'p, 's, 'r> {
    policy: &'p Policy,
    budgets: &'s mut Budgets,
    now: Duration,
    request: &'s Request<'r>,
}

impl<'p, 'r> Session<'p, '_, 'r> {
    fn publish(&mut self, topic: &'r str, payload: &[u8], retain: bool) -> Judged<'r> {
        if retain {
            return Err(Reason::RetainRefused);
        }
        if has_wildcard(topic) {
            return Err(wildcard(topic));
        }
        let target = topic::parse(self.request.device, topic)
            .map_err(|why| Reason::unauthorized(topic, why))?;
        match target {
            Topic::Platform(flow) => {
                self.pay(flow, &PLATFORM_RATE)?;
                fits(payload, PLATFORM_BYTES)?;
                self.fresh(Sequence::None)?;
                Ok((flow, FlowKind::Platform))
            }
            Topic::Acknowledgement(PLATFORM_COMMAND) => {
                self.pay("ack/_platform", &PLATFORM_RATE)?;
                fits(payload, PLATFORM_BYTES)?;
                self.fresh(Sequence::None)?;
                Ok((PLATFORM_COMMAND, FlowKind::Platform))
            }
            Topic::Flow(flow) => {
                let clause = self.clause(flow, topic, |role| &role.publish)?;
                if let Some(rate) = &clause.rate {
                    self.pay(flow, rate)?;
                }
                fits(payload, clause.max_bytes)?;
                // A resend is acknowledged and not stored again, so its content decides nothing.
                if self.fresh(clause.sequence)? != Freshness::Resend {
                    content(clause, payload)?;
                }
                Ok((flow, FlowKind::Telemetry))
            }
            Topic::Acknowledgement(flow) => {
                let clause = self.clause(flow, topic, |role| &role.subscribe)?;
                let rate = clause.rate.unwrap_or(PLATFORM_RATE);
                self.pay(&format!("ack/{flow}"), &rate)?;
                fits(payload, clause.max_bytes.max(ACKNOWLEDGEMENT_BYTES))?;
                // An answer belongs to its command by correlation, so it needs no sequence of its own.
                self.fresh(Sequence::None)?;
                if !payload.is_empty() {
                    json::parse(payload).map_err(Reason::NotJson)?;
                }
                Ok((flow, FlowKind::CommandAck))
            }
            // Only the platform sends commands.
            Topic::Command(_) | Topic::AllCommands(_) => {
                Err(Reason::unauthorized(topic, Unauthorized::UndeclaredFlow))
            }
        }
    }

    fn subscribe(&self, filter: &'r str) -> Judged<'r> {
        match topic::parse(self.request.device, filter) {
            Ok(Topic::Command(PLATFORM_COMMAND)) => Ok((PLATFORM_COMMAND, FlowKind::Platform)),
            // Each command is decided by itself, so this reaches nothing that the role does not allow.
            Ok(Topic::AllCommands(all)) if !self.request.contained => Ok((all, FlowKind::Command)),
            Ok(Topic::AllCommands(_)) => Err(Reason::Contained),
            _ if has_wildcard(filter) => Err(wildcard(filter)),
            Ok(Topic::Command(flow)) => {
                self.clause(flow, filter, |role| &role.subscribe)?;
                Ok((flow, FlowKind::Command))
            }
            Ok(_) => Err(Reason::unauthorized(filter, Unauthorized::UndeclaredFlow)),
            Err(why) => Err(Reason::unauthorized(filter, why)),
        }
    }

    fn command(&mut self, flow: &'r str, payload: &[u8]) -> Judged<'r> {
        if flow == PLATFORM_COMMAND {
            fits(payload, PLATFORM_BYTES)?;
            return Ok((flow, FlowKind::Platform));
        }
        let clause = self.clause(flow, flow, |role| &role.subscribe)?;
        if let Some(rate) = &clause.rate {
            self.pay(&format!("cmd/{flow}"), rate)?;
        }
        fits(payload, clause.max_bytes)?;
        content(clause, payload)?;
        Ok((flow, FlowKind::Command))
    }

    /// Finds the clause of a declared flow, which a contained device has none of.
    fn clause(
        &self,
        flow: &str,
        topic: &str,
        clauses: impl Fn(&'p Role) -> &'p [Clause],
    ) -> Result<&'p Clause, Reason> {
        if self.request.contained {
            return Err(Reason::Contained);
        }
        if self.policy.version == 0 {
            return Err(Reason::NoPolicy);
        }
        let mut roles = self.policy.roles.iter();
        let role = roles
            .find(|role| role.id == self.request.role)
            .ok_or_else(|| Reason::unauthorized(topic, Unauthorized::UnknownRole))?;
        clauses(role)
            .iter()
            .find(|clause| clause.flow == flow)
            .ok_or_else(|| Reason::unauthorized(topic, Unauthorized::UndeclaredFlow))
    }

    fn pay(&mut self, key: &str, rate: &Rate) -> Result<(), Reason> {
        if self.budgets.take(key, rate, self.now) {
            return Ok(());
        }
        Err(Reason::RateExceeded {
            messages: rate.messages,
            per_seconds: rate.per_seconds,
        })
    }

    fn fresh(&self, sequence: Sequence) -> Result<Freshness, Reason> {
        match (self.request.freshness, sequence) {
            (Freshness::Replayed, _) => Err(Reason::Replayed),
            (Freshness::Absent, Sequence::Required) => Err(Reason::SequenceMissing),
            (freshness, _) => Ok(freshness),
        }
    }
}

fn wildcard(filter: &str) -> Reason {
    Reason::WildcardRefused {
        filter: bounded(filter),
    }
}

fn fits(payload: &[u8], limit: u32) -> Result<(), Reason> {
    let size = payload.len();
    if u32::try_from(size).is_ok_and(|size| size <= limit) {
        return Ok(());
    }
    Err(Reason::PayloadTooLarge { size, limit })
}

/// Judges what is inside: parsed once, and only if the clause says anything about it.
fn content(clause: &Clause, payload: &[u8]) -> Result<(), Reason> {
    if clause.schema.is_none() && clause.range.is_empty() {
        return Ok(());
    }
    let value = json::parse(payload).map_err(Reason::NotJson)?;
    if let Some(schema) = &clause.schema {
        schema
            .check(&value)
            .map_err(|violation| Reason::SchemaViolation {
                pointer: violation.pointer,
                mismatch: violation.mismatch,
            })?;
    }
    if !clause.range.is_empty() && !matches!(value, Value::Object(_)) {
        return Err(of_type("", "object", &value));
    }
    for (field, [low, high]) in &clause.range {
        match value.at(field) {
            None => {}
            Some(Value::Number(number)) => {
                let observed = number.as_f64();
                if !(*low <= observed && observed <= *high) {
                    return Err(Reason::OutOfRange {
                        field: field.clone(),
                        observed,
                        low: *low,
                        high: *high,
                    });
                }
            }
            // A text "999" beside a range would be read as a number by somebody.
            Some(other) => return Err(of_type(field, "number", other)),
        }
    }
    Ok(())
}

fn of_type(field: &str, expected: &'static str, value: &Value) -> Reason {
    let pointer = match field {
        "" => String::new(),
        pointer if pointer.starts_with('/') => pointer.into(),
        name => format!("/{}", name.replace('~', "~0").replace('/', "~1")),
    };
    Reason::SchemaViolation {
        pointer,
        mismatch: Mismatch::Type {
            expected,
            found: value.kind(),
        },
    }
}
