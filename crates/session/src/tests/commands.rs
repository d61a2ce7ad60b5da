//! Commands down, and their answers.

use super::*;
use sekimori_proto::mqtt::PublishResult;

fn command(world: &mut World, token: Token, flow: &str) {
    let deadline = world.now + at(5_000);
    world.handle(Input::Command {
        token,
        flow: flow.to_string(),
        payload: b"{}".to_vec(),
        correlation: token.to_be_bytes().to_vec(),
        deadline,
    });
}

fn subscribed(version: Version) -> World {
    let mut world = World::open(version);
    world.subscribe("sk/dev-0001/cmd/+");
    world.outputs.clear();
    world
}

fn results(world: &World) -> Vec<&Output> {
    let results = world.outputs.iter().filter(|output| {
        matches!(
            output,
            Output::CommandSent { .. }
                | Output::CommandAcknowledged { .. }
                | Output::CommandFailed { .. }
        )
    });
    results.collect()
}

fn answer(flow: &str, correlation: Option<Vec<u8>>) -> Message {
    let mut message = Message::new(
        alloc::format!("sk/dev-0001/cmd/{flow}/ack"),
        b"{\"done\":true}".to_vec(),
    );
    message.correlation = correlation;
    message
}

#[test]
fn a_command_goes_down_and_its_answer_comes_back() {
    for version in VERSIONS {
        for flow in ["lock", "_platform"] {
            let mut world = subscribed(version);
            command(&mut world, 9, flow);
            assert_eq!(results(&world), [&Output::CommandSent { token: 9 }]);
            let Some(ClientEvent::Message {
                packet_id: Some(packet_id),
                message,
            }) = world.heard.pop()
            else {
                panic!("{:?}", world.heard);
            };
            assert_eq!(message.topic, alloc::format!("sk/dev-0001/cmd/{flow}"));
            world
                .client
                .acknowledge(world.now, packet_id, PublishResult::Accepted);
            world.flush();
            world.now += at(120);
            let packet_id = world.publish(&answer(flow, message.correlation)).unwrap();
            let payload = b"{\"done\":true}".to_vec();
            assert_eq!(
                results(&world).last(),
                Some(&&Output::CommandAcknowledged { token: 9, payload })
            );
            let taken = ClientEvent::Published {
                packet_id,
                result: PublishResult::Accepted,
            };
            assert_eq!(world.heard, [taken]);
            assert_eq!(
                world.events(),
                [Code::CommandSent, Code::CommandAcknowledged]
            );
            let millis = world.all_events()[1].detail.get("millis").cloned();
            assert_eq!(millis.as_deref(), Some("120"));
            assert_eq!(world.stores().len(), 0, "an answer is no message to keep");
        }
    }
}

#[test]
fn an_answer_belongs_to_its_command_by_correlation_and_else_to_the_oldest() {
    let mut world = subscribed(Version::V5);
    command(&mut world, 1, "lock");
    command(&mut world, 2, "lock");
    command(&mut world, 3, "lock");
    world.publish(&answer("lock", Some(2_u64.to_be_bytes().to_vec())));
    world.publish(&answer("lock", None));
    world.publish(&answer("lock", None));
    let tokens: Vec<Token> = results(&world)
        .into_iter()
        .filter_map(|output| match output {
            Output::CommandAcknowledged { token, .. } => Some(*token),
            _ => None,
        })
        .collect();
    assert_eq!(tokens, [2, 1, 3]);
}

#[test]
fn an_answer_that_nobody_waits_for_is_taken_and_counted() {
    let mut world = subscribed(Version::V5);
    command(&mut world, 1, "lock");
    world.heard.clear();
    for correlation in [Some(b"other".to_vec()), Some(Vec::new())] {
        let packet_id = world.publish(&answer("lock", correlation)).unwrap();
        let result = PublishResult::NoMatchingSubscribers;
        assert_eq!(
            world.heard.pop(),
            Some(ClientEvent::Published { packet_id, result })
        );
        assert_eq!(world.counts().last(), Some(&"answer-unmatched"));
    }
    world.publish(&answer("_platform", None));
    assert_eq!(
        world.counts().last(),
        Some(&"answer-unmatched"),
        "another flow"
    );
    assert_eq!(results(&world), [&Output::CommandSent { token: 1 }]);
}

#[test]
fn a_command_that_cannot_be_sent_says_why() {
    let check = |world: &mut World, flow: &str, expected: CommandFailure| {
        command(world, 4, flow);
        assert_eq!(
            results(world).last(),
            Some(&&Output::CommandFailed {
                token: 4,
                why: expected
            })
        );
    };
    let mut world = World::open(Version::V5);
    check(&mut world, "lock", CommandFailure::NotSubscribed);
    world.subscribe("sk/dev-0001/cmd/lock");
    check(&mut world, "_platform", CommandFailure::NotSubscribed);
    check(&mut world, "unlock", CommandFailure::NotSubscribed);

    let mut world = subscribed(Version::V5);
    check(
        &mut world,
        "unlock",
        CommandFailure::NotPermitted("not-authorized"),
    );
    world.handle(Input::DeviceChanged(DeviceRecord {
        contained: true,
        ..record()
    }));
    check(
        &mut world,
        "lock",
        CommandFailure::NotPermitted("contained"),
    );
    command(&mut world, 5, "_platform");
    assert_eq!(
        results(&world).last(),
        Some(&&Output::CommandSent { token: 5 })
    );

    let mut world = World::connecting(
        Version::V5,
        record(),
        SessionSeed::default(),
        policy(),
        SessionLimits::default(),
    );
    check(&mut world, "lock", CommandFailure::NotConnected);
}

#[test]
fn commands_on_their_way_are_bounded() {
    let limits = SessionLimits {
        commands: 2,
        ..SessionLimits::default()
    };
    let mut world = World::with(
        Version::V5,
        record(),
        SessionSeed::default(),
        policy(),
        limits,
    );
    world.subscribe("sk/dev-0001/cmd/#");
    for token in 0..3 {
        command(&mut world, token, "lock");
    }
    let busy = Output::CommandFailed {
        token: 2,
        why: CommandFailure::Busy,
    };
    assert_eq!(results(&world).last(), Some(&&busy));
}

#[test]
fn a_command_without_an_answer_times_out_once() {
    let mut world = subscribed(Version::V5);
    command(&mut world, 1, "lock");
    world.outputs.clear();
    assert_eq!(world.session.wake_at(), Some(world.now + at(5_000)));
    world.now += at(4_999);
    world.handle(Input::Wake);
    assert_eq!(results(&world), [] as [&Output; 0]);
    world.now += at(1);
    world.handle(Input::Wake);
    let why = CommandFailure::TimedOut;
    assert_eq!(results(&world), [&Output::CommandFailed { token: 1, why }]);
    assert_eq!(world.events(), [Code::CommandTimedOut]);
    world.outputs.clear();
    world.publish(&answer("lock", None));
    assert_eq!(
        world.counts(),
        ["message.permitted", "answer-unmatched"],
        "too late"
    );
}

#[test]
fn a_device_that_refuses_the_message_has_refused_the_command() {
    let mut world = subscribed(Version::V5);
    command(&mut world, 1, "lock");
    let Some(ClientEvent::Message {
        packet_id: Some(packet_id),
        ..
    }) = world.heard.pop()
    else {
        panic!("{:?}", world.heard);
    };
    world
        .client
        .acknowledge(world.now, packet_id, PublishResult::NotAuthorized);
    world.flush();
    let why = CommandFailure::Refused;
    assert_eq!(
        results(&world).last(),
        Some(&&Output::CommandFailed { token: 1, why })
    );
}

#[test]
fn the_end_of_the_session_is_the_end_of_its_commands() {
    let mut world = subscribed(Version::V5);
    command(&mut world, 1, "lock");
    command(&mut world, 2, "lock");
    world.outputs.clear();
    world.handle(Input::PeerClosed);
    let why = CommandFailure::NotConnected;
    let failed = |token| Output::CommandFailed {
        token,
        why: why.clone(),
    };
    assert_eq!(results(&world), [&failed(1), &failed(2)]);
    assert_eq!(world.closed(), Some(CloseReason::PeerClosed));
    command(&mut world, 3, "lock");
    assert_eq!(results(&world).last(), Some(&&failed(3)));
}
