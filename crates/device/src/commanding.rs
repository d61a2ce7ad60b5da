//! Commands: each is done once, and acknowledged with what came of it.

use crate::errand::{Errand, Outcome};
use alloc::collections::VecDeque;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use sekimori_proto::mqtt::{Message, PublishResult};

/// How many commands may wait.
const QUEUE: usize = 16;
/// How many acknowledgements are remembered, for commands that come again.
const REMEMBERED: usize = 32;
/// The flow of the platform's own commands.
const PLATFORM: &str = "_platform";

struct Command {
    flow: String,
    topic: String,
    payload: Vec<u8>,
    correlation: Option<Vec<u8>>,
}

/// What to tell the gateway about a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reception {
    /// Taken; the acknowledgement follows.
    Taken,
    /// The platform wants the device to look after itself now.
    Attend,
    /// The platform wants the device to renew its certificate now.
    Renew,
    /// Not taken.
    NotTaken(PublishResult),
}

/// The commands of one device.
#[derive(Default)]
pub(crate) struct Commanding {
    waiting: VecDeque<Command>,
    current: Option<Command>,
    acknowledgements: VecDeque<Message>,
    remembered: VecDeque<(Vec<u8>, Message)>,
}

impl Commanding {
    /// Takes a message of the gateway for the device `name`.
    pub(crate) fn receive(&mut self, name: &str, message: Message) -> Reception {
        let prefix = format!("sk/{name}/cmd/");
        let flow = match message.topic.strip_prefix(&prefix) {
            Some(flow) if !flow.is_empty() && !flow.contains('/') => flow.to_string(),
            _ => return Reception::NotTaken(PublishResult::TopicNameInvalid),
        };
        if let Some(again) = self.done_before(&message) {
            self.acknowledgements.push_back(again);
            return Reception::Taken;
        }
        let known = |command: &Command| {
            command.correlation.is_some() && command.correlation == message.correlation
        };
        if self.waiting.iter().chain(&self.current).any(known) {
            return Reception::Taken;
        }
        let command = Command {
            flow,
            topic: message.topic,
            payload: message.payload,
            correlation: message.correlation,
        };
        if command.flow == PLATFORM {
            return self.platform(&command);
        }
        if self.waiting.len() >= QUEUE {
            return Reception::NotTaken(PublishResult::QuotaExceeded);
        }
        self.waiting.push_back(command);
        Reception::Taken
    }

    /// The next errand.
    pub(crate) fn next(&mut self) -> Option<Errand> {
        if self.current.is_none() {
            self.current = self.waiting.pop_front();
        }
        let current = self.current.as_ref()?;
        Some(Errand::Actuate {
            flow: current.flow.clone(),
            payload: current.payload.clone(),
        })
    }

    /// Takes its outcome.
    pub(crate) fn done(&mut self, outcome: Outcome) {
        let Some(command) = self.current.take() else {
            return;
        };
        let result = match outcome {
            Outcome::Actuated(result) => result,
            _ => Err("the device did not do it".to_string()),
        };
        let payload = result.unwrap_or_else(|why| error(&why));
        self.acknowledge(&command, payload);
    }

    /// The next acknowledgement to send; call [`Self::acknowledged`] once it is out.
    pub(crate) fn acknowledgement(&self) -> Option<&Message> {
        self.acknowledgements.front()
    }

    /// It is out, or can never be sent.
    pub(crate) fn acknowledged(&mut self) {
        self.acknowledgements.pop_front();
    }

    fn platform(&mut self, command: &Command) -> Reception {
        #[derive(serde::Deserialize)]
        #[serde(tag = "do", rename_all = "kebab-case")]
        enum Word {
            Attend,
            Renew,
        }
        let done = b"{\"done\":true}".to_vec();
        match serde_json::from_slice(&command.payload) {
            Ok(Word::Attend) => {
                self.acknowledge(command, done);
                Reception::Attend
            }
            Ok(Word::Renew) => {
                self.acknowledge(command, done);
                Reception::Renew
            }
            Err(_) => {
                self.acknowledge(command, error("no such platform command"));
                Reception::Taken
            }
        }
    }

    fn acknowledge(&mut self, command: &Command, payload: Vec<u8>) {
        let mut message = Message::new(format!("{}/ack", command.topic), payload);
        message.correlation.clone_from(&command.correlation);
        if let Some(correlation) = &command.correlation {
            if self.remembered.len() >= REMEMBERED {
                self.remembered.pop_front();
            }
            self.remembered
                .push_back((correlation.clone(), message.clone()));
        }
        self.acknowledgements.push_back(message);
    }

    fn done_before(&self, message: &Message) -> Option<Message> {
        let correlation = message.correlation.as_ref()?;
        let remembered = self
            .remembered
            .iter()
            .find(|(known, _)| known == correlation);
        remembered.map(|(_, message)| message.clone())
    }
}

fn error(why: &str) -> Vec<u8> {
    serde_json::json!({ "error": why }).to_string().into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn command(topic: &str, payload: &str, correlation: u8) -> Message {
        let mut message = Message::new(topic.into(), payload.into());
        message.correlation = Some(std::vec![correlation]);
        message
    }

    #[test]
    fn a_command_is_done_once_however_often_it_comes() {
        let mut commanding = Commanding::default();
        let unlock = command("sk/door-1/cmd/lock", "{\"lock\":false}", 7);
        assert_eq!(
            commanding.receive("door-1", unlock.clone()),
            Reception::Taken
        );
        assert_eq!(
            commanding.receive("door-1", unlock.clone()),
            Reception::Taken
        );
        assert!(matches!(commanding.next(), Some(Errand::Actuate { flow, .. }) if flow == "lock"));
        assert_eq!(
            commanding.receive("door-1", unlock.clone()),
            Reception::Taken
        );
        commanding.done(Outcome::Actuated(Ok(b"{\"locked\":false}".to_vec())));
        assert!(commanding.next().is_none());
        assert_eq!(commanding.receive("door-1", unlock), Reception::Taken);
        assert!(commanding.next().is_none());
        for _ in 0..2 {
            let sent = commanding.acknowledgement().unwrap().clone();
            assert_eq!(sent.topic, "sk/door-1/cmd/lock/ack");
            assert_eq!(sent.payload, b"{\"locked\":false}");
            assert_eq!(sent.correlation, Some(std::vec![7]));
            commanding.acknowledged();
        }
        assert!(commanding.acknowledgement().is_none());
    }

    #[test]
    fn what_is_not_ours_is_not_taken() {
        let mut commanding = Commanding::default();
        for topic in [
            "sk/door-2/cmd/lock",
            "sk/door-1/cmd/",
            "sk/door-1/cmd/a/b",
            "x",
        ] {
            assert_eq!(
                commanding.receive("door-1", command(topic, "{}", 1)),
                Reception::NotTaken(PublishResult::TopicNameInvalid),
                "{topic}"
            );
        }
    }

    #[test]
    fn the_queue_is_bounded_and_says_so() {
        let mut commanding = Commanding::default();
        for number in 0..QUEUE {
            let number = u8::try_from(number).unwrap();
            let reception = commanding.receive("d", command("sk/d/cmd/lock", "{}", number));
            assert_eq!(reception, Reception::Taken);
        }
        assert_eq!(
            commanding.receive("d", command("sk/d/cmd/lock", "{}", 200)),
            Reception::NotTaken(PublishResult::QuotaExceeded)
        );
    }

    #[test]
    fn the_platform_may_ask_for_attention_and_nothing_else() {
        let mut commanding = Commanding::default();
        let topic = "sk/d/cmd/_platform";
        let attend = command(topic, "{\"do\":\"attend\"}", 1);
        assert_eq!(commanding.receive("d", attend), Reception::Attend);
        let other = command(topic, "{\"do\":\"shell\"}", 2);
        assert_eq!(commanding.receive("d", other), Reception::Taken);
        assert!(commanding.next().is_none());
        assert_eq!(
            commanding.acknowledgement().unwrap().payload,
            b"{\"done\":true}"
        );
    }
}
