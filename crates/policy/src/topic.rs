//! The shapes of topics: `sk/<device>/<flow>`, `sk/<device>/cmd/<flow>` and `sk/<device>/cmd/<flow>/ack`.

use crate::reason::Unauthorized;
use crate::rules::is_identifier;

/// A topic of the session's own device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Topic<'a> {
    /// The device's state report or one of its events: `_state`, `_event`.
    Platform(&'a str),
    /// A flow of the model.
    Flow(&'a str),
    /// A command; the flow is `_platform` for the platform's own.
    Command(&'a str),
    /// The answer to a command.
    Acknowledgement(&'a str),
    /// All commands of the device, with the wildcard that says so.
    AllCommands(&'a str),
}

/// Flow of the platform's own commands.
pub(crate) const PLATFORM_COMMAND: &str = "_platform";

/// Reads a topic name or filter.
pub(crate) fn parse<'a>(device: &str, topic: &'a str) -> Result<Topic<'a>, Unauthorized> {
    let mut levels = topic.splitn(6, '/');
    if levels.next() != Some("sk") {
        return Err(Unauthorized::UnknownTopic);
    }
    let owner = levels.next().unwrap_or_default();
    if owner.is_empty() {
        return Err(Unauthorized::UnknownTopic);
    }
    if owner != device {
        return Err(Unauthorized::OtherDevice);
    }
    let rest = [levels.next(), levels.next(), levels.next(), levels.next()];
    match rest {
        [Some(own @ ("_state" | "_event")), None, None, None] => Ok(Topic::Platform(own)),
        [Some("cmd"), Some(all @ ("+" | "#")), None, None] => Ok(Topic::AllCommands(all)),
        [Some("cmd"), Some(flow), None, None] if is_flow(flow) || flow == PLATFORM_COMMAND => {
            Ok(Topic::Command(flow))
        }
        [Some("cmd"), Some(flow), Some("ack"), None]
            if is_flow(flow) || flow == PLATFORM_COMMAND =>
        {
            Ok(Topic::Acknowledgement(flow))
        }
        [Some(flow), None, None, None] if is_flow(flow) => Ok(Topic::Flow(flow)),
        _ => Err(Unauthorized::UnknownTopic),
    }
}

/// Whether the text may name a flow: an identifier that no other form of topic uses.
pub(crate) fn is_flow(text: &str) -> bool {
    is_identifier(text) && text != "cmd"
}

/// Whether the text has one of MQTT's wildcards anywhere.
pub(crate) fn has_wildcard(text: &str) -> bool {
    text.bytes().any(|byte| matches!(byte, b'+' | b'#'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn own_topics_have_five_forms() {
        let cases = [
            ("sk/d-1/temp", Ok(Topic::Flow("temp"))),
            ("sk/d-1/_state", Ok(Topic::Platform("_state"))),
            ("sk/d-1/_event", Ok(Topic::Platform("_event"))),
            ("sk/d-1/cmd/lock", Ok(Topic::Command("lock"))),
            ("sk/d-1/cmd/_platform", Ok(Topic::Command("_platform"))),
            ("sk/d-1/cmd/lock/ack", Ok(Topic::Acknowledgement("lock"))),
            (
                "sk/d-1/cmd/_platform/ack",
                Ok(Topic::Acknowledgement("_platform")),
            ),
            ("sk/d-1/cmd/#", Ok(Topic::AllCommands("#"))),
            ("sk/d-1/cmd/+", Ok(Topic::AllCommands("+"))),
            ("sk/d-2/temp", Err(Unauthorized::OtherDevice)),
            ("sk/d-1x/temp", Err(Unauthorized::OtherDevice)),
            ("sk/+/temp", Err(Unauthorized::OtherDevice)),
            ("sk//temp", Err(Unauthorized::UnknownTopic)),
            ("sk/d-1", Err(Unauthorized::UnknownTopic)),
            ("sk/d-1/", Err(Unauthorized::UnknownTopic)),
            ("sk/d-1/cmd", Err(Unauthorized::UnknownTopic)),
            ("sk/d-1/cmd/", Err(Unauthorized::UnknownTopic)),
            ("sk/d-1/cmd/lock/", Err(Unauthorized::UnknownTopic)),
            ("sk/d-1/cmd/lock/ack/", Err(Unauthorized::UnknownTopic)),
            ("sk/d-1/cmd/lock/ack/x", Err(Unauthorized::UnknownTopic)),
            ("sk/d-1/cmd/_other", Err(Unauthorized::UnknownTopic)),
            ("sk/d-1/_other", Err(Unauthorized::UnknownTopic)),
            ("sk/d-1/temp/x", Err(Unauthorized::UnknownTopic)),
            ("/sk/d-1/temp", Err(Unauthorized::UnknownTopic)),
            ("SK/d-1/temp", Err(Unauthorized::UnknownTopic)),
            ("$SYS/broker", Err(Unauthorized::UnknownTopic)),
            ("$share/g/sk/d-1/cmd/x", Err(Unauthorized::UnknownTopic)),
            ("", Err(Unauthorized::UnknownTopic)),
            ("sk/d-1/te\u{0}mp", Err(Unauthorized::UnknownTopic)),
        ];
        for (topic, expected) in cases {
            assert_eq!(parse("d-1", topic), expected, "{topic:?}");
        }
    }
}
