//! Words of the case files: each is one variant of one enumeration.

/// Makes an enumeration whose variants are written as words.
macro_rules! words {
    ($(#[$about:meta])* $name:ident { $($(#[$variant_about:meta])* $variant:ident = $word:literal,)+ }) => {
        $(#[$about])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum $name {
            $($(#[$variant_about])* $variant,)+
        }

        impl $name {
            /// Every one of them.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// The word in case files.
            #[must_use]
            pub const fn word(self) -> &'static str {
                match self {
                    $(Self::$variant => $word,)+
                }
            }
        }

        impl core::fmt::Display for $name {
            fn fmt(&self, formatter: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                formatter.write_str(self.word())
            }
        }

        impl core::str::FromStr for $name {
            type Err = String;

            fn from_str(text: &str) -> Result<Self, String> {
                Self::ALL
                    .iter()
                    .copied()
                    .find(|word| word.word() == text)
                    .ok_or_else(|| {
                        let known: Vec<&str> = Self::ALL.iter().map(|word| word.word()).collect();
                        format!("{text:?} is none of {}", known.join(", "))
                    })
            }
        }
    };
}

words! {
    /// What the next reading of a sensor is.
    Reading {
        /// Outside of the policy's range.
        OutOfRange = "out-of-range",
        /// Not JSON at all.
        NotJson = "not-json",
        /// Longer than the policy allows.
        TooLarge = "too-large",
        /// The sensor does not answer.
        Broken = "broken",
    }
}

words! {
    /// Who notices that a connection is cut.
    Side {
        /// Both ends.
        Both = "both",
        /// The device; the gateway finds out by silence, or when the device comes again.
        Device = "device",
        /// The gateway; the device finds out by silence.
        Gateway = "gateway",
    }
}

words! {
    /// Which way bytes go.
    Direction {
        /// To the gateway.
        Up = "up",
        /// To the device.
        Down = "down",
    }
}

words! {
    /// What somebody on the path does to a piece of a TLS stream. TLS makes an end of the connection of each.
    Harm {
        /// Flips bits.
        Corrupt = "corrupt",
        /// Puts a later piece before it.
        Reorder = "reorder",
        /// Sends it twice.
        Duplicate = "duplicate",
    }
}

words! {
    /// Which half of an HTTPS exchange is lost.
    Half {
        /// The server never hears of it.
        Request = "request",
        /// The server did it, and the device never hears.
        Answer = "answer",
    }
}

words! {
    /// How much of a write a power cut leaves.
    Cut {
        /// Nothing.
        Before = "before",
        /// Half of it, where a file grows at its end; nothing, where it is replaced as a whole.
        Torn = "torn",
        /// All of it, but nobody was told.
        After = "after",
    }
}

words! {
    /// What is changed behind a device's back.
    Target {
        /// A setting of the running release.
        Settings = "settings",
        /// The program of the running release.
        Program = "program",
        /// Another file of the running release.
        Share = "share",
        /// A file that no release knows appears.
        Extra = "extra",
        /// A file of the running release goes away.
        Removed = "removed",
        /// A file in the other slot.
        Idle = "idle",
        /// The kept signed release of the running slot.
        SignedRelease = "signed-release",
    }
}

words! {
    /// When the server dies.
    Moment {
        /// At once.
        Now = "now",
        /// With messages in hand that are not durable.
        BeforeCommit = "before-commit",
        /// With messages durable that are not acknowledged.
        AfterCommit = "after-commit",
        /// With an entry durable that no witness has seen.
        BeforeCosignature = "before-cosignature",
        /// With a cosignature that the witness has given and the server has not written down.
        AfterCosignature = "after-cosignature",
    }
}

words! {
    /// A release, and what is wrong with it.
    ReleaseKind {
        /// Nothing.
        Good = "good",
        /// Its self-test fails.
        Sick = "sick",
        /// It ends right after its start.
        Crashing = "crashing",
        /// It starts and does nothing.
        Hanging = "hanging",
        /// Its settings cannot be read.
        Unreadable = "unreadable",
        /// Signed and approved, with a security counter below the newest good one's.
        Older = "older",
        /// The very first release again, as recorded then.
        Replayed = "replayed",
        /// Signed by a key that is not in the root.
        Forged = "forged",
        /// Well signed, with another release's approval.
        Unapproved = "unapproved",
        /// Signed and approved, and too late.
        Expired = "expired",
    }
}

words! {
    /// A policy.
    PolicyKind {
        /// What the devices need.
        Standard = "standard",
        /// The same with a rate that they exceed.
        Tight = "tight",
        /// Without the flow that sensors send.
        Narrow = "narrow",
    }
}

words! {
    /// What an operator or the platform asks of a device.
    Order {
        /// Lock the door.
        Lock = "lock",
        /// Look after yourself now.
        Attend = "attend",
        /// Renew your certificate now.
        Renew = "renew",
    }
}

words! {
    /// What a member does that belongs to an attacker.
    Act {
        /// Sends one good message, so that there is something to repeat.
        Report = "report",
        /// Sends its last message again as if it were new.
        Replay = "replay",
        /// Sends its last message again, as a resend.
        Resend = "resend",
        /// Goes back 100 numbers.
        GoBack = "go-back",
        /// Sends far more than it may.
        Flood = "flood",
        /// Speaks for another device.
        Foreign = "foreign",
        /// Subscribes to everything.
        Wildcard = "wildcard",
        /// Asks the broker to keep a message.
        Retain = "retain",
        /// Uses QoS 2.
        QosTwo = "qos-two",
        /// Uses packet identifier 0.
        Zero = "zero",
        /// Announces a packet of 256 MB.
        Oversize = "oversize",
        /// Sends bytes that mean nothing.
        Garbage = "garbage",
        /// Sends a good message with flipped bits.
        Corrupt = "corrupt",
        /// Sends the bytes of a good message twice.
        Duplicate = "duplicate",
        /// Publishes before it connects.
        Early = "early",
        /// Leaves boot count and sequence out.
        Bare = "bare",
        /// Reports a value outside of its range.
        OutOfRange = "out-of-range",
        /// Speaks MQTT 3.1.1, and wrongly.
        Old = "old",
        /// Connects and says nothing.
        Silent = "silent",
        /// Sends a state report that somebody else signed.
        FalseReport = "false-report",
        /// Reports, truly signed, that its files were changed.
        Deviating = "deviating",
    }
}

words! {
    /// How somebody without a place tries to get in.
    Intruder {
        /// Without a certificate.
        NoCertificate = "no-certificate",
        /// With one that another CA made.
        ForgedCertificate = "forged-certificate",
        /// With one whose key the ledger does not know.
        UnknownDevice = "unknown-device",
        /// With one that has expired.
        Expired = "expired",
    }
}

words! {
    /// A mistake built into the world, to see whether the invariants find it.
    Mistake {
        /// A message is acknowledged before it is durable.
        AcknowledgeBeforeStore = "acknowledge-before-store",
        /// No session learns what was sent before it, and the store takes everything.
        ReplayWindowOff = "replay-window-off",
        /// Devices forget the highest counter that they confirmed.
        FloorIgnored = "floor-ignored",
        /// A certificate goes out before its entry is cosigned.
        CertificateBeforeCosignature = "certificate-before-cosignature",
        /// A revoked device keeps its session.
        RevokedStaysConnected = "revoked-stays-connected",
        /// The gateway is not told of a containment.
        ContainmentUntold = "containment-untold",
        /// Every fifth refusal leaves no event.
        EventLost = "event-lost",
        /// A device does not write its boot count down.
        BootNotCounted = "boot-not-counted",
        /// New files are written over the running slot as well.
        UpdateInPlace = "update-in-place",
        /// Messages are stored in another order than they were accepted in.
        BatchReversed = "batch-reversed",
    }
}
