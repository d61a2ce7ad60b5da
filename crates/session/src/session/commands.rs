//! Commands down, and their answers.

use super::{Session, State};
use crate::command::Outstanding;
use crate::words::{CommandFailure, Output};
use alloc::format;
use alloc::string::ToString;
use alloc::vec::Vec;
use core::num::NonZeroU16;
use core::time::Duration;
use jiff::Timestamp;
use sekimori_audit::{Code, Event};
use sekimori_policy::{Action, Decision, Freshness, Request, decide};
use sekimori_proto::mqtt::{Message, PublishResult};

impl Session {
    pub(super) fn command(
        &mut self,
        now: Duration,
        wall: Timestamp,
        mut command: Outstanding,
        payload: Vec<u8>,
    ) {
        match self.send(now, &command, payload) {
            Ok(packet_id) => {
                self.outputs.push_back(Output::CommandSent {
                    token: command.token,
                });
                let report = Event::new(wall, Code::CommandSent);
                self.report(report.with_detail("flow", command.flow.as_str()));
                command.packet_id = packet_id;
                self.commands.sent(command);
            }
            Err(why) => self.outputs.push_back(Output::CommandFailed {
                token: command.token,
                why,
            }),
        }
    }

    fn send(
        &mut self,
        now: Duration,
        command: &Outstanding,
        payload: Vec<u8>,
    ) -> Result<Option<NonZeroU16>, CommandFailure> {
        if self.state != State::Open {
            return Err(CommandFailure::NotConnected);
        }
        if command.deadline <= now {
            return Err(CommandFailure::TimedOut);
        }
        let name = self.device.name.as_str();
        let topic = format!("sk/{name}/cmd/{}", command.flow);
        let all = [format!("sk/{name}/cmd/+"), format!("sk/{name}/cmd/#")];
        let qos = all
            .iter()
            .chain([&topic])
            .filter_map(|filter| self.filters.get(filter.as_str()))
            .max()
            .ok_or(CommandFailure::NotSubscribed)?;
        if self.commands.len() >= self.limits.commands {
            return Err(CommandFailure::Busy);
        }
        let request = Request {
            device: name,
            role: self.device.role.as_str(),
            contained: self.device.contained,
            action: Action::Command {
                flow: &command.flow,
                payload: &payload,
            },
            freshness: Freshness::Absent,
        };
        if let Decision::Deny(reason) = decide(&self.policy, &mut self.budgets, now, &request) {
            return Err(CommandFailure::NotPermitted(reason.code()));
        }
        let mut message = Message::new(topic, payload);
        message.qos = *qos;
        message.correlation = Some(command.correlation.clone());
        self.connection
            .publish(&message)
            .map_err(CommandFailure::of)
    }

    /// An answer from the device; it is not stored, only handed to whoever waits for it.
    pub(super) fn answered(
        &mut self,
        now: Duration,
        wall: Timestamp,
        packet_id: Option<NonZeroU16>,
        flow: &str,
        message: Message,
    ) {
        self.count("message.permitted");
        let Some(command) = self.commands.answered(flow, message.correlation.as_deref()) else {
            // Too late, or never asked for: nobody waits, and the device may forget it.
            self.count("answer-unmatched");
            self.acknowledge(wall, packet_id, PublishResult::NoMatchingSubscribers);
            return;
        };
        let millis = now.saturating_sub(command.sent).as_millis().to_string();
        let report = Event::new(wall, Code::CommandAcknowledged);
        self.report(
            report
                .with_detail("flow", flow)
                .with_detail("millis", millis),
        );
        let (token, payload) = (command.token, message.payload);
        self.outputs
            .push_back(Output::CommandAcknowledged { token, payload });
        self.acknowledge(wall, packet_id, PublishResult::Accepted);
    }

    pub(super) fn failed(&mut self, wall: Timestamp, command: &Outstanding, why: CommandFailure) {
        if why == CommandFailure::TimedOut {
            let report = Event::new(wall, Code::CommandTimedOut);
            self.report(report.with_detail("flow", command.flow.as_str()));
        }
        self.outputs.push_back(Output::CommandFailed {
            token: command.token,
            why,
        });
    }
}
