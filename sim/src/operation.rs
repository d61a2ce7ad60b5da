//! What happens to the world: a list of operations, one line each.

use crate::words::{
    Act, Cut, Direction, Half, Harm, Intruder, Moment, Order, PolicyKind, Reading, ReleaseKind,
    Side, Target,
};
use core::fmt;
use core::str::FromStr;

/// One thing that somebody does, or that goes wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Operation {
    /// Nothing but time passes, in milliseconds.
    Advance(u64),
    /// An operator invites the device, and its owner makes it join.
    Invite(usize),
    /// Somebody guesses the device's one-time code.
    Guess(usize),
    /// The next reading of the device is this.
    Read(usize, Reading),
    /// Nothing gets through between the device and the rest.
    Part(usize),
    /// It gets through again.
    Mend(usize),
    /// The device's connection ends.
    Cut(usize, Side),
    /// The device's link takes this much longer for a while, in milliseconds.
    Slow(usize, u64),
    /// A piece of the device's stream is harmed.
    Harm(usize, Direction, Harm),
    /// A piece of the device's stream is lost, and sent again a second later.
    Drop(usize, Direction),
    /// Half of the device's next HTTPS exchange is lost.
    Lose(usize, Half),
    /// The device's clock is set by so many seconds.
    Clock(usize, i64),
    /// Power fails in the middle of the device's n-th write from now (at once for 0), for milliseconds.
    Crash(usize, u32, Cut, u64),
    /// The device's disk is full for so many milliseconds.
    Full(usize, u64),
    /// Something on the device is changed.
    Tamper(usize, Target),
    /// The server dies, for so many milliseconds.
    ServerCrash(Moment, u64),
    /// The witness cannot be reached.
    WitnessDown,
    /// The witness can be reached.
    WitnessUp,
    /// The witness's next answer is lost.
    WitnessLosesAnswer,
    /// An operator revokes the device.
    Revoke(usize),
    /// An operator suspends the device.
    Suspend(usize),
    /// An operator lets a suspended device act again.
    Resume(usize),
    /// A release is published and offered to everybody.
    Publish(ReleaseKind),
    /// A policy is applied.
    Apply(PolicyKind),
    /// Something is asked of the device.
    Order(usize, Order),
    /// A second holder of the device's key connects.
    TakeOver(usize),
    /// The member that belongs to an attacker acts.
    Rogue(Act),
    /// Somebody without a place tries to get in.
    Stranger(Intruder),
    /// Time passes until this holds; a run in which it does not within so many milliseconds has failed.
    Await(u64, Predicate),
    /// This holds now.
    Expect(Predicate),
}

/// Something that may hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Predicate {
    /// The device is a member, with a plate.
    Enrolled(usize),
    /// The device is connected.
    Online(usize),
    /// The gateway holds no session of the device.
    Closed(usize),
    /// At least so many telemetry messages of the device are stored.
    Stored(usize, u64),
    /// The device's newest report says that nothing waits, and nothing was lost.
    Drained(usize),
    /// The device runs this version, confirmed.
    Runs(usize, String),
    /// The device's newest report says this of its last update.
    LastUpdate(usize, String),
    /// The gateway confines the device.
    Contained(usize),
    /// The device is whole, not confined, and says so.
    Whole(usize),
    /// At least so many events of this code, and of this reason unless it is `*`.
    Event(String, String, u64),
    /// No event of this code, and of this reason unless it is `*`.
    NoEvent(String, String),
    /// The newest case of the device is healed.
    Healed(usize),
    /// The newest command of the device was acknowledged.
    Acknowledged(usize),
    /// Everything in the ledger is cosigned and published.
    Cosigned,
    /// The ledger re-derives from its entries, and the event chain verifies.
    Verified,
    /// A byte flipped in a copy of each is found and named.
    FlipsFound,
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Advance(millis) => write!(f, "advance {millis}"),
            Self::Invite(unit) => write!(f, "invite {unit}"),
            Self::Guess(unit) => write!(f, "guess {unit}"),
            Self::Read(unit, reading) => write!(f, "read {unit} {reading}"),
            Self::Part(unit) => write!(f, "part {unit}"),
            Self::Mend(unit) => write!(f, "mend {unit}"),
            Self::Cut(unit, side) => write!(f, "cut {unit} {side}"),
            Self::Slow(unit, millis) => write!(f, "slow {unit} {millis}"),
            Self::Harm(unit, direction, harm) => write!(f, "harm {unit} {direction} {harm}"),
            Self::Drop(unit, direction) => write!(f, "drop {unit} {direction}"),
            Self::Lose(unit, half) => write!(f, "lose {unit} {half}"),
            Self::Clock(unit, seconds) => write!(f, "clock {unit} {seconds}"),
            Self::Crash(unit, writes, cut, millis) => {
                write!(f, "crash {unit} {writes} {cut} {millis}")
            }
            Self::Full(unit, millis) => write!(f, "full {unit} {millis}"),
            Self::Tamper(unit, target) => write!(f, "tamper {unit} {target}"),
            Self::ServerCrash(moment, millis) => write!(f, "server-crash {moment} {millis}"),
            Self::WitnessDown => f.write_str("witness-down"),
            Self::WitnessUp => f.write_str("witness-up"),
            Self::WitnessLosesAnswer => f.write_str("witness-loses-answer"),
            Self::Revoke(unit) => write!(f, "revoke {unit}"),
            Self::Suspend(unit) => write!(f, "suspend {unit}"),
            Self::Resume(unit) => write!(f, "resume {unit}"),
            Self::Publish(kind) => write!(f, "publish {kind}"),
            Self::Apply(kind) => write!(f, "apply {kind}"),
            Self::Order(unit, order) => write!(f, "order {unit} {order}"),
            Self::TakeOver(unit) => write!(f, "take-over {unit}"),
            Self::Rogue(act) => write!(f, "rogue {act}"),
            Self::Stranger(intruder) => write!(f, "stranger {intruder}"),
            Self::Await(millis, predicate) => write!(f, "await {millis} {predicate}"),
            Self::Expect(predicate) => write!(f, "expect {predicate}"),
        }
    }
}

impl fmt::Display for Predicate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Enrolled(unit) => write!(f, "enrolled {unit}"),
            Self::Online(unit) => write!(f, "online {unit}"),
            Self::Closed(unit) => write!(f, "closed {unit}"),
            Self::Stored(unit, count) => write!(f, "stored {unit} {count}"),
            Self::Drained(unit) => write!(f, "drained {unit}"),
            Self::Runs(unit, version) => write!(f, "runs {unit} {version}"),
            Self::LastUpdate(unit, result) => write!(f, "last-update {unit} {result}"),
            Self::Contained(unit) => write!(f, "contained {unit}"),
            Self::Whole(unit) => write!(f, "whole {unit}"),
            Self::Event(code, reason, count) => write!(f, "event {code} {reason} {count}"),
            Self::NoEvent(code, reason) => write!(f, "no-event {code} {reason}"),
            Self::Healed(unit) => write!(f, "healed {unit}"),
            Self::Acknowledged(unit) => write!(f, "acknowledged {unit}"),
            Self::Cosigned => f.write_str("cosigned"),
            Self::Verified => f.write_str("verified"),
            Self::FlipsFound => f.write_str("flips-found"),
        }
    }
}

/// The words of one line.
struct Words<'a>(core::str::SplitWhitespace<'a>);

impl Words<'_> {
    fn next<T: FromStr>(&mut self) -> Result<T, String>
    where
        T::Err: fmt::Display,
    {
        let word = self.0.next().ok_or("a word is missing at the end")?;
        word.parse().map_err(|error| format!("{word:?}: {error}"))
    }

    fn end(mut self) -> Result<(), String> {
        match self.0.next() {
            None => Ok(()),
            Some(word) => Err(format!("{word:?} is one word too many")),
        }
    }
}

impl FromStr for Operation {
    type Err = String;

    fn from_str(line: &str) -> Result<Self, String> {
        let mut words = Words(line.split_whitespace());
        let verb: String = words.next()?;
        let operation = match verb.as_str() {
            "advance" => Self::Advance(words.next()?),
            "invite" => Self::Invite(words.next()?),
            "guess" => Self::Guess(words.next()?),
            "read" => Self::Read(words.next()?, words.next()?),
            "part" => Self::Part(words.next()?),
            "mend" => Self::Mend(words.next()?),
            "cut" => Self::Cut(words.next()?, words.next()?),
            "slow" => Self::Slow(words.next()?, words.next()?),
            "harm" => Self::Harm(words.next()?, words.next()?, words.next()?),
            "drop" => Self::Drop(words.next()?, words.next()?),
            "lose" => Self::Lose(words.next()?, words.next()?),
            "clock" => Self::Clock(words.next()?, words.next()?),
            "crash" => Self::Crash(words.next()?, words.next()?, words.next()?, words.next()?),
            "full" => Self::Full(words.next()?, words.next()?),
            "tamper" => Self::Tamper(words.next()?, words.next()?),
            "server-crash" => Self::ServerCrash(words.next()?, words.next()?),
            "witness-down" => Self::WitnessDown,
            "witness-up" => Self::WitnessUp,
            "witness-loses-answer" => Self::WitnessLosesAnswer,
            "revoke" => Self::Revoke(words.next()?),
            "suspend" => Self::Suspend(words.next()?),
            "resume" => Self::Resume(words.next()?),
            "publish" => Self::Publish(words.next()?),
            "apply" => Self::Apply(words.next()?),
            "order" => Self::Order(words.next()?, words.next()?),
            "take-over" => Self::TakeOver(words.next()?),
            "rogue" => Self::Rogue(words.next()?),
            "stranger" => Self::Stranger(words.next()?),
            "await" => Self::Await(words.next()?, predicate(&mut words)?),
            "expect" => Self::Expect(predicate(&mut words)?),
            other => return Err(format!("{other:?} is no operation")),
        };
        words.end()?;
        Ok(operation)
    }
}

fn predicate(words: &mut Words<'_>) -> Result<Predicate, String> {
    let verb: String = words.next()?;
    Ok(match verb.as_str() {
        "enrolled" => Predicate::Enrolled(words.next()?),
        "online" => Predicate::Online(words.next()?),
        "closed" => Predicate::Closed(words.next()?),
        "stored" => Predicate::Stored(words.next()?, words.next()?),
        "drained" => Predicate::Drained(words.next()?),
        "runs" => Predicate::Runs(words.next()?, words.next()?),
        "last-update" => Predicate::LastUpdate(words.next()?, words.next()?),
        "contained" => Predicate::Contained(words.next()?),
        "whole" => Predicate::Whole(words.next()?),
        "event" => Predicate::Event(words.next()?, words.next()?, words.next()?),
        "no-event" => Predicate::NoEvent(words.next()?, words.next()?),
        "healed" => Predicate::Healed(words.next()?),
        "acknowledged" => Predicate::Acknowledged(words.next()?),
        "cosigned" => Predicate::Cosigned,
        "verified" => Predicate::Verified,
        "flips-found" => Predicate::FlipsFound,
        other => return Err(format!("{other:?} is nothing that may hold")),
    })
}
