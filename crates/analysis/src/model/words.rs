//! The closed vocabularies of the model.

use crate::vocabulary::vocabulary;

vocabulary! {
    /// How much something matters, or how large a risk is.
    Level {
        /// Does not matter.
        None = "none",
        /// Little.
        Low = "low",
        /// Some.
        Medium = "medium",
        /// Much.
        High = "high",
        /// Everything depends on it.
        Critical = "critical",
    }
}

impl Level {
    /// So many levels less, but not less than low where something matters at all.
    pub(crate) fn lowered(self, steps: u32) -> Self {
        (0..steps).fold(self, |level, _| match level {
            Level::Critical => Level::High,
            Level::High => Level::Medium,
            Level::Medium | Level::Low => Level::Low,
            Level::None => Level::None,
        })
    }
}

vocabulary! {
    /// Requirement sets.
    Regime {
        /// EU Cyber Resilience Act, annex I.
        Cra = "EU-CRA",
        /// ETSI EN 303 645.
        Etsi = "ETSI-EN-303-645",
        /// JC-STAR, one star.
        JcStar = "JC-STAR-1",
        /// Japan's terminal facilities ordinance, article 34-10.
        Mic = "JP-MIC-34-10",
        /// NIST IR 8259A, the core baseline of device capabilities.
        Ir8259a = "NIST-IR-8259A",
        /// NIST Cybersecurity Framework 2.0.
        Csf = "NIST-CSF-2.0",
        /// NIST SP 800-171, revision 3.
        Sp800171 = "NIST-SP-800-171",
        /// IEC 62443-4-2, components of industrial control systems.
        Iec62443 = "IEC-62443-4-2",
        /// METI's Cyber/Physical Security Framework.
        Cpsf = "METI-CPSF",
        /// OWASP's ten of 2018 for connected devices.
        OwaspIot = "OWASP-IOT-2018",
    }
}

vocabulary! {
    /// Where a product is used.
    Sector {
        /// By people at home.
        Consumer = "consumer",
        /// In care.
        Health = "health",
        /// In plants.
        Industrial = "industrial",
        /// In public space.
        SmartCity = "smart-city",
    }
}

vocabulary! {
    /// Who may attack (CSA guide of 2016, table 15).
    Actor {
        /// A state.
        NationState = "nation-state",
        /// Someone who wants fear.
        CyberTerrorist = "cyber-terrorist",
        /// Someone with a cause.
        Hacktivist = "hacktivist",
        /// Someone with skill and curiosity.
        Hacker = "hacker",
        /// Crime as a business.
        CriminalOrganization = "criminal-organization",
        /// Anyone on their own.
        Individual = "individual",
        /// Someone who wants a thrill.
        ThrillSeeker = "thrill-seeker",
        /// Someone who steals.
        Thief = "thief",
        /// Someone who belongs there.
        Insider = "insider",
    }
}

vocabulary! {
    /// Who shares the network of a zone.
    Network {
        /// Anyone: the internet, open radio.
        Public = "public",
        /// Others who are known: a campus, a guest network, a carrier's private network.
        Shared = "shared",
        /// Nobody else.
        Closed = "closed",
    }
}

vocabulary! {
    /// How hard it is to lay hands on things in a zone.
    Physical {
        /// Anyone can touch them.
        Exposed = "exposed",
        /// Known people can touch them.
        Restricted = "restricted",
        /// A key is needed.
        Locked = "locked",
    }
}

vocabulary! {
    /// What a component is.
    ComponentKind {
        /// A product in the field; its id is the role of its units.
        Device = "device",
        /// The checkpoint between devices and services.
        Gateway = "gateway",
        /// A program on a server.
        Service = "service",
        /// A database or a file store.
        Store = "store",
        /// An application that people use.
        App = "app",
        /// A person.
        Human = "human",
        /// A system of someone else.
        External = "external",
    }
}

vocabulary! {
    /// Device classes of the JNSA matrix.
    DeviceClass {
        /// Smart TV.
        SmartTv = "smart-tv",
        /// Wearable.
        Wearable = "wearable",
        /// Network camera.
        NetworkCamera = "network-camera",
        /// General-purpose microcontroller board.
        McuBoard = "mcu-board",
    }
}

vocabulary! {
    /// Phases of a product's life.
    Phase {
        /// Start of use.
        P1 = "P1",
        /// Normal operation.
        P2 = "P2",
        /// When something is wrong.
        P3 = "P3",
        /// Left alone.
        P4 = "P4",
        /// Replacement or disposal.
        P5 = "P5",
    }
}

vocabulary! {
    /// Where random numbers come from.
    Randomness {
        /// A hardware generator.
        Hardware = "hw",
        /// Software with a seed.
        Software = "sw",
        /// No source.
        None = "none",
        /// Nobody knows; counts as no source.
        Unknown = "unknown",
    }
}

vocabulary! {
    /// Ways into a component beside its declared flows.
    Interface {
        /// Bluetooth Low Energy.
        Ble = "ble",
        /// Camera port.
        Camera = "camera",
        /// Mobile network.
        Cellular = "cellular",
        /// Wired network.
        Ethernet = "ethernet",
        /// Pins.
        Gpio = "gpio",
        /// Debug port by JTAG or SWD.
        Jtag = "jtag",
        /// LoRa.
        Lora = "lora",
        /// Near-field communication.
        Nfc = "nfc",
        /// Removable memory.
        SdCard = "sd-card",
        /// Serial line.
        Uart = "uart",
        /// Serial debug console.
        UartDebug = "uart-debug",
        /// USB.
        Usb = "usb",
        /// Wireless network.
        Wifi = "wifi",
        /// Zigbee, Thread and other IEEE 802.15.4 networks.
        Zigbee = "zigbee",
        /// Something else.
        Other = "other",
    }
}

impl Interface {
    /// Whether it is a debug port.
    pub const fn is_debug(self) -> bool {
        matches!(self, Interface::Jtag | Interface::UartDebug)
    }

    /// Whether it is a radio of any range.
    pub const fn is_radio(self) -> bool {
        matches!(
            self,
            Interface::Ble
                | Interface::Cellular
                | Interface::Lora
                | Interface::Nfc
                | Interface::Wifi
                | Interface::Zigbee
        )
    }

    /// Whether it is a short-range radio.
    pub const fn is_short_range_radio(self) -> bool {
        matches!(self, Interface::Ble | Interface::Nfc | Interface::Zigbee)
    }
}

vocabulary! {
    /// Protocols of a flow. The gateway enforces MQTT so far.
    Protocol {
        /// MQTT 3.1.1 or 5.
        Mqtt = "mqtt",
        /// HTTP.
        Https = "https",
        /// CoAP.
        Coap = "coap",
        /// Bluetooth Low Energy.
        Ble = "ble",
        /// LoRaWAN.
        Lorawan = "lorawan",
        /// Zigbee.
        Zigbee = "zigbee",
        /// Modbus.
        Modbus = "modbus",
        /// OPC UA.
        Opcua = "opcua",
        /// Serial line.
        Serial = "serial",
        /// Carried by people: screens, paper, words.
        Human = "human",
        /// Something else.
        Other = "other",
    }
}

vocabulary! {
    /// Protection of a flow on the way, of the protocol itself.
    Security {
        /// None.
        None = "none",
        /// Nobody knows; counts as none.
        Unknown = "unknown",
        /// TLS 1.3.
        Tls13 = "tls13",
        /// DTLS 1.2.
        Dtls12 = "dtls12",
        /// DTLS 1.3.
        Dtls13 = "dtls13",
        /// OSCORE.
        Oscore = "oscore",
    }
}

vocabulary! {
    /// Whether messages of a flow carry a sequence number.
    Sequence {
        /// Replay is refused, a resend is not stored twice.
        Required = "required",
        /// A plain client may send.
        None = "none",
    }
}

vocabulary! {
    /// The four ways in which a control action is unsafe.
    UnsafeKind {
        /// Needed and not given.
        NotProvided = "not-provided",
        /// Given although it does harm.
        Provided = "provided",
        /// Too early, too late or out of order.
        WrongTime = "wrong-time",
        /// Ended too soon or applied too long.
        StoppedTooSoon = "stopped-too-soon",
    }
}

vocabulary! {
    /// The six kinds of threat of STRIDE.
    Stride {
        /// Pretending to be someone.
        Spoofing = "spoofing",
        /// Changing something.
        Tampering = "tampering",
        /// Denying that it happened.
        Repudiation = "repudiation",
        /// Reading what is not meant for the reader.
        InformationDisclosure = "information-disclosure",
        /// Keeping others from using it.
        DenialOfService = "denial-of-service",
        /// Doing more than is allowed.
        ElevationOfPrivilege = "elevation-of-privilege",
    }
}

vocabulary! {
    /// A part of the HTTPS listener that can be open to a peer without certificate.
    Opening {
        /// The operators' pages with their sign-in, and whatever is not named here.
        Console = "console",
        /// Joining.
        Enrollment = "enrollment",
        /// The ledger's proofs.
        Ledger = "ledger",
        /// What a device trusts.
        TrustBundle = "trust-bundle",
    }
}

vocabulary! {
    /// What was decided about a risk.
    DecisionStatus {
        /// Taken as it is.
        Accepted = "accepted",
        /// Carried by someone else.
        Transferred = "transferred",
        /// Judged not to come about in this system.
        Dismissed = "dismissed",
    }
}

vocabulary! {
    /// What a component's programs run on.
    OperatingSystem {
        /// No operating system.
        None = "none",
        /// A real-time kernel.
        Rtos = "rtos",
        /// Linux.
        Linux = "linux",
        /// Android.
        Android = "android",
        /// Windows.
        Windows = "windows",
        /// Something else.
        Other = "other",
    }
}

vocabulary! {
    /// What a component's programs are written in.
    ProgrammingLanguage {
        /// C.
        C = "c",
        /// C++.
        Cpp = "c++",
        /// Rust.
        Rust = "rust",
        /// Java and its relatives on the same machine.
        Java = "java",
        /// Python.
        Python = "python",
        /// JavaScript and TypeScript.
        JavaScript = "javascript",
        /// Go.
        Go = "go",
        /// Something else.
        Other = "other",
    }
}

vocabulary! {
    /// What an asset is.
    AssetKind {
        /// Information that the system is about.
        Data = "data",
        /// A cryptographic key.
        Key = "key",
        /// A secret that proves who someone is, other than a key.
        Credential = "credential",
        /// Programs.
        Firmware = "firmware",
        /// Records of what happened.
        Log = "log",
        /// Settings.
        Configuration = "configuration",
    }
}

vocabulary! {
    /// Why personal data may be collected.
    Consent {
        /// The person agreed before.
        OptIn = "opt-in",
        /// The person may object.
        OptOut = "opt-out",
        /// A contract with the person needs it.
        Contract = "contract",
        /// A law asks for it.
        Law = "law",
        /// Nobody asked.
        None = "none",
    }
}

vocabulary! {
    /// Where a key comes from.
    KeyOrigin {
        /// Made where it is used.
        Device = "device",
        /// Made elsewhere and put in.
        Injected = "injected",
        /// Computed from another key.
        Derived = "derived",
        /// Someone else's.
        External = "external",
    }
}

vocabulary! {
    /// Where a key is kept.
    KeyStorage {
        /// A TPM.
        Tpm = "tpm",
        /// A chip of its own for keys.
        SecureElement = "secure-element",
        /// Memory that keeps its content.
        Flash = "flash",
        /// Memory that forgets.
        Ram = "ram",
        /// A server.
        Server = "server",
    }
}

vocabulary! {
    /// What kind of harm a loss is.
    LossCategory {
        /// To life and health.
        Safety = "safety",
        /// To what the system is for.
        Mission = "mission",
        /// To money.
        Finance = "finance",
        /// To what people keep to themselves.
        Privacy = "privacy",
        /// To nature.
        Environment = "environment",
        /// To trust in whoever runs it.
        Reputation = "reputation",
    }
}

vocabulary! {
    /// What an author states about a control or an item of a requirement set.
    StatementStatus {
        /// People do it, by a written process.
        Process = "process",
        /// A document shows it.
        Document = "document",
        /// A test shows it.
        Test = "test",
        /// It does not concern this system.
        NotApplicable = "not-applicable",
    }
}

vocabulary! {
    /// What the gateway does with a device that a detector points at.
    Contain {
        /// Tells people.
        Alert = "alert",
        /// Suspends the device, and tells people.
        Suspend = "suspend",
    }
}
