//! The words of the command line. English help stands here; Japanese help in `locales/ja.ftl`.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::language::Language;

/// Heading of the options that every command has.
pub(crate) const GLOBAL: &str = "Options of every command";

/// Secures fleets of connected devices over their whole life.
#[derive(Debug, Parser)]
#[command(name = "sekimori", version, max_term_width = 100)]
pub(crate) struct Cli {
    /// Language of messages and reports; the locale decides when it is not given
    #[arg(long, global = true, value_enum, env = "SEKIMORI_LANG", help_heading = GLOBAL)]
    pub(crate) lang: Option<Language>,

    /// Folder with keys, database and ledger [default: $XDG_DATA_HOME/sekimori]
    #[arg(long, global = true, env = "SEKIMORI_HOME", value_name = "DIR", help_heading = GLOBAL)]
    pub(crate) home: Option<PathBuf>,

    /// Print JSON on standard output instead of text for people
    #[arg(long, global = true, help_heading = GLOBAL)]
    pub(crate) json: bool,

    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Start the server; the first run makes keys, database and ledger
    Up(UpArguments),
    /// Show the whole loop on this machine with real agent processes
    Demo(DemoArguments),
    /// Check the installation and say what to do about what is wrong
    Doctor,
    /// Write, check and analyze system models
    #[command(subcommand)]
    Model(ModelCommand),
    /// Make a model's policy active on every gateway; shows the difference first
    Apply {
        /// The model: a file, or a folder of files
        #[arg(default_value = "model.toml")]
        file: PathBuf,
        /// A file or folder of rules and countermeasures that several models share
        #[arg(long, value_name = "PATH")]
        rules: Vec<PathBuf>,
        /// Only show what would change
        #[arg(long)]
        dry_run: bool,
    },
    /// Invite, look at and revoke devices
    #[command(subcommand)]
    Device(DeviceCommand),
    /// Sign and publish software for devices
    #[command(subcommand)]
    Release(ReleaseCommand),
    /// Offer a release to devices
    #[command(subcommand)]
    Campaign(CampaignCommand),
    /// Read the security events and check their chain
    #[command(subcommand)]
    Events(EventsCommand),
    /// Show devices, ledger and gateway at a glance
    Status,
    /// Show what was required, what was observed, when, and by which probe
    Prove {
        /// Only the requirements of this set: cra, etsi, jc-star, nist, csf, 800-171, 62443, mic, cpsf or owasp
        #[arg(long, value_name = "NAME")]
        standard: Option<String>,
        /// Form of the report
        #[arg(long, value_enum, default_value_t = ReportFormat::Text)]
        format: ReportFormat,
        /// Write the report here instead of to standard output
        #[arg(long, short, value_name = "FILE")]
        output: Option<PathBuf>,
    },
    /// Attach documents and test results to what nobody can observe
    #[command(subcommand)]
    Evidence(EvidenceCommand),
    /// Look into the ledger and check it
    #[command(subcommand)]
    Ledger(LedgerCommand),
    /// Run the witness of a second organization, which cosigns ledgers
    #[command(subcommand)]
    Witness(WitnessCommand),
    /// Open the console
    #[command(subcommand)]
    Console(ConsoleCommand),
    /// Show the settings in force
    #[command(subcommand)]
    Config(ConfigCommand),
    /// The device agent, for machines that carry only this program
    #[command(hide = true, disable_help_flag = true)]
    Agent {
        /// Words for the agent
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<std::ffi::OsString>,
    },
}

#[derive(Debug, Args)]
pub(crate) struct UpArguments {
    /// Address of console, API and enrollment (HTTPS) [default: 127.0.0.1:8443]
    #[arg(long, value_name = "ADDR")]
    pub(crate) listen: Option<SocketAddr>,
    /// Address of MQTT over TLS [default: 127.0.0.1:8883, or the address of --listen]
    #[arg(long, value_name = "ADDR")]
    pub(crate) mqtt: Option<SocketAddr>,
    /// Address of the metrics, loopback only [default: 127.0.0.1:9464]
    #[arg(long, value_name = "ADDR")]
    pub(crate) metrics: Option<SocketAddr>,
    /// Name of the organization, written into the trust bundle by the first run
    #[arg(long, value_name = "NAME")]
    pub(crate) organization: Option<String>,
    /// A witness to ask for cosignatures: the line that `sekimori witness init` printed
    #[arg(long, value_name = "LINE")]
    pub(crate) witness: Vec<String>,
    /// Names and addresses for the server certificate, beside localhost
    #[arg(long, value_name = "NAME")]
    pub(crate) name: Vec<String>,
}

#[derive(Debug, Args)]
pub(crate) struct DemoArguments {
    /// End when every step was shown; exit 0 only if every step held
    #[arg(long)]
    pub(crate) once: bool,
    /// Make a step's precondition fail, to see that the demo notices
    #[arg(long, value_name = "STEP", hide = true)]
    pub(crate) sabotage: Option<String>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ModelCommand {
    /// Write a model to start from
    Init {
        /// File to write; it must not exist yet
        #[arg(default_value = "model.toml")]
        file: PathBuf,
        /// Which template to start from
        #[arg(long, value_name = "NAME", default_value = "sensor-gateway")]
        template: String,
        /// Only list the templates
        #[arg(long)]
        list: bool,
    },
    /// Name every problem of a model; exit 3 if there is one
    Check {
        /// The model: a file, or a folder of files
        #[arg(default_value = "model.toml")]
        file: PathBuf,
        /// A file or folder of rules and countermeasures that several models share
        #[arg(long, value_name = "PATH")]
        rules: Vec<PathBuf>,
    },
    /// Bring models into canonical layout; comments stay
    Fmt {
        /// Files, or folders of files
        #[arg(default_value = "model.toml")]
        files: Vec<PathBuf>,
        /// Change nothing; exit 3 if something would change
        #[arg(long)]
        check: bool,
    },
    /// Print the JSON Schema of models, for editors
    Schema,
    /// Compare two models in terms of threats, countermeasures and requirements
    Diff {
        /// The model before: a file, or a folder of files
        old: PathBuf,
        /// The model after
        new: PathBuf,
        /// A file or folder of rules and countermeasures that both share
        #[arg(long, value_name = "PATH")]
        rules: Vec<PathBuf>,
        /// Exit 3 on this: something is no longer covered, a high or critical risk appeared, the
        /// cost rose, or anything changed
        #[arg(long, value_enum, value_name = "WHAT", value_delimiter = ',')]
        fail_on: Vec<FailOn>,
    },
    /// Say what an id of a report stands for, and what it hangs on: threat, countermeasure, requirement, clause of the
    /// policy, probe, item of a regulation
    Explain {
        /// As a report shows it: CM-ENC, CSA-4.7, IPA-O1, SR-F1, JT05, ETSI-5.1-1; of a model also telemetry:SR-F2,
        /// sensor:JT04:P2, CM-ENC@sensor, REQ-ENC-sensor, sensor/telemetry/rate
        id: String,
        /// The model that the id is of: a file, or a folder of files; model.toml when it is there
        file: Option<PathBuf>,
        /// A file or folder of rules and countermeasures that several models share
        #[arg(long, value_name = "PATH")]
        rules: Vec<PathBuf>,
    },
    /// Make a model of a file of another tool; tells what could not be carried over
    Import {
        /// File of the other tool
        file: PathBuf,
        /// Its format; told by its first words when not given
        #[arg(long, value_enum, value_name = "FORMAT")]
        from: Option<ImportFormat>,
        /// Write the model here instead of to standard output; the file must not exist yet
        #[arg(long, short, value_name = "FILE")]
        output: Option<PathBuf>,
    },
    /// Write a model in the format of another tool; tells what that format has no place for
    Export {
        /// The model
        #[arg(default_value = "model.toml")]
        file: PathBuf,
        /// The format
        #[arg(long, value_enum, value_name = "FORMAT")]
        to: ExportFormat,
        /// For MUD: the device component that the description is of
        #[arg(long, value_name = "ID")]
        component: Option<String>,
        /// For MUD: where its maker publishes the description
        #[arg(long, value_name = "URL")]
        url: Option<String>,
        /// Write here instead of to standard output; the file must not exist yet
        #[arg(long, short, value_name = "FILE")]
        output: Option<PathBuf>,
    },
    /// Compare a model with what the running server saw; exit 3 where they differ
    Drift {
        /// The model [default: the one in force]
        file: Option<PathBuf>,
        /// How far to look back
        #[arg(long, default_value_t = 30, value_name = "DAYS", value_parser = clap::value_parser!(u64).range(1..=400))]
        days: u64,
    },
    /// Show the threats, countermeasures and requirements of a model
    Analyze {
        /// The model: a file, or a folder of files
        #[arg(default_value = "model.toml")]
        file: PathBuf,
        /// A file or folder of rules and countermeasures that several models share
        #[arg(long, value_name = "PATH")]
        rules: Vec<PathBuf>,
        /// Form of the report
        #[arg(long, value_enum, default_value_t = ReportFormat::Text)]
        format: ReportFormat,
        /// Write the report here instead of to standard output
        #[arg(long, short, value_name = "FILE")]
        output: Option<PathBuf>,
        #[command(flatten)]
        what_if: WhatIf,
        /// Exit 3 on this: something is not covered, or is not and has a high or critical risk; with
        /// another choice, on what that one leaves open
        #[arg(long, value_enum, value_name = "WHAT")]
        fail_on: Option<FailOnOpen>,
    },
}

/// Another choice to compare with, instead of the report.
#[derive(Debug, Clone, Default, PartialEq, Eq, clap::Args)]
pub(crate) struct WhatIf {
    /// What if this countermeasure were there: `CM-ENC`, or `CM-ENC@sensor` at one place
    #[arg(long, value_name = "CM")]
    pub(crate) with: Vec<String>,
    /// What if this countermeasure could not be had
    #[arg(long, value_name = "CM")]
    pub(crate) without: Vec<String>,
    /// What if so many points were all there is to spend: closes as much risk as they can
    #[arg(long, value_name = "POINTS", allow_negative_numbers = true)]
    pub(crate) budget: Option<u64>,
}

/// Formats that models are imported from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ImportFormat {
    Threagile,
    ThreatDragon,
    Otm,
    TmBom,
    Pasta,
    Mud,
}

/// Formats that models are exported to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ExportFormat {
    ThreatDragon,
    Otm,
    Mud,
}

/// What makes a comparison fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum FailOn {
    /// Something is no longer covered.
    Open,
    /// A risk of at least this level appeared, or rose to it.
    High,
    /// A critical risk appeared.
    Critical,
    /// The choice costs more.
    Cost,
    /// Anything changed.
    Any,
}

/// What a model may not leave open.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum FailOnOpen {
    /// Anything.
    Open,
    /// A risk that is high or critical.
    High,
    /// A critical risk.
    Critical,
}

#[derive(Debug, Subcommand)]
pub(crate) enum DeviceCommand {
    /// Print the one line to run on a new device
    Invite {
        /// Name of the device: a-z, 0-9 and '-'
        name: String,
        /// Id of the model's component that the device is one of
        #[arg(long)]
        role: String,
        /// Do not wait until the device has joined
        #[arg(long)]
        no_wait: bool,
    },
    /// List all devices
    List,
    /// Show everything known about one device
    Show {
        /// Name of the device
        name: String,
    },
    /// Stop a device for now; it keeps its key
    Suspend {
        /// Name of the device
        name: String,
    },
    /// Let a suspended device in again
    Resume {
        /// Name of the device
        name: String,
    },
    /// Shut a device out for good: closes its sessions and refuses its key
    Revoke {
        /// Name of the device
        name: String,
        /// Why, for the ledger: unspecified, key-compromised, lost, misbehaved, clone-suspected or
        /// superseded
        #[arg(long, default_value = "unspecified")]
        reason: String,
    },
    /// Send a command of the model to a device and wait for its answer
    Command {
        /// Name of the device
        name: String,
        /// Id of the flow that carries the command
        flow: String,
        /// JSON payload, such as '{"locked":true}'
        payload: String,
        /// How long to wait for the answer, in milliseconds
        #[arg(long, default_value_t = 5000, value_name = "MS")]
        timeout: u64,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum ReleaseCommand {
    /// Make a release key; with --trust, tell the server that releases carry its signature
    Keys {
        /// Folder for the private key; keep it away from the server
        #[arg(long, default_value = "release-keys", value_name = "DIR")]
        dir: PathBuf,
        /// Also record the public key on the ledger of the running server
        #[arg(long)]
        trust: bool,
    },
    /// Sign a folder of files as a release; works without a server
    Sign {
        /// Folder with the files of the release
        folder: PathBuf,
        /// Product that the release is for: the id of the component
        #[arg(long)]
        product: String,
        /// Version, such as 1.2.0
        #[arg(long)]
        version: String,
        /// Security counter; devices refuse a lower one than they have confirmed
        #[arg(long)]
        counter: u64,
        /// Folder of the private key
        #[arg(long, default_value = "release-keys", value_name = "DIR")]
        keys: PathBuf,
        /// Where to write the signed metadata
        #[arg(long, short, default_value = "targets.json", value_name = "FILE")]
        output: PathBuf,
        /// Days until the metadata expires
        #[arg(long, default_value_t = 365)]
        days: u16,
    },
    /// Send a signed release and its files to the server
    Publish {
        /// Folder with the files of the release
        folder: PathBuf,
        /// The signed metadata
        #[arg(long, default_value = "targets.json", value_name = "FILE")]
        targets: PathBuf,
    },
    /// Check signed metadata, and the files if their folder is given
    Verify {
        /// The signed metadata
        #[arg(default_value = "targets.json")]
        targets: PathBuf,
        /// Folder of the public key
        #[arg(long, default_value = "release-keys", value_name = "DIR")]
        keys: PathBuf,
        /// Folder with the files
        #[arg(long, value_name = "DIR")]
        folder: Option<PathBuf>,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum CampaignCommand {
    /// Offer a published release to all devices of a role
    Create {
        /// Version of the release
        #[arg(long)]
        release: String,
        /// Product of the release, and role of the devices
        #[arg(long)]
        role: String,
    },
    /// Show which device runs what, and how its last update ended
    Status,
}

#[derive(Debug, Subcommand)]
pub(crate) enum EventsCommand {
    /// Print the newest events; with --follow, those to come
    Tail {
        /// How many
        #[arg(long, short = 'n', default_value_t = 20)]
        lines: u32,
        /// Stay and print what comes
        #[arg(long, short)]
        follow: bool,
    },
    /// Print the events of a device or with a code
    Search {
        /// Name of the device
        #[arg(long)]
        device: Option<String>,
        /// Code, such as message.refused
        #[arg(long)]
        code: Option<String>,
        /// At most so many
        #[arg(long, default_value_t = 100)]
        limit: u32,
    },
    /// Check the chain of events and name the place where it breaks
    Verify,
}

#[derive(Debug, Subcommand)]
pub(crate) enum EvidenceCommand {
    /// Keep a file as evidence, without reading it
    Attach {
        /// The file
        file: PathBuf,
        #[command(flatten)]
        paper: PaperArguments,
        /// What it is: document, or test when it is the result of one
        #[arg(long, default_value = "document", value_name = "KIND", value_parser = ["document", "test"])]
        kind: String,
    },
    /// Read the result of a test and keep it; one that failed counts against what it is about
    Import {
        /// The file: SARIF, JUnit XML, LCOV, Cobertura XML or CycloneDX
        file: PathBuf,
        #[command(flatten)]
        paper: PaperArguments,
        /// Its format: sarif, junit, lcov, cobertura or cyclonedx; what it looks like when not given
        #[arg(long, value_name = "NAME", value_parser = ["sarif", "junit", "lcov", "cobertura", "cyclonedx"])]
        format: Option<String>,
        /// For coverage: the least percentage of lines that must have run
        #[arg(long, value_name = "PERCENT", value_parser = clap::value_parser!(u8).range(0..=100))]
        at_least: Option<u8>,
    },
    /// List what is attached and what it is worth today
    List,
    /// Let a document count no more; it stays in the list with the reason
    Withdraw {
        /// Its id, such as DOC-7
        id: String,
        /// Why
        #[arg(long)]
        why: String,
    },
}

/// What is said of every attached file.
#[derive(Debug, Args)]
pub(crate) struct PaperArguments {
    /// What it is about: a control (CSA-4.7), an item (ETSI-5.1-1) or a requirement (REQ-…); repeatable
    #[arg(long = "for", value_name = "ITEM", required = true, num_args = 1..)]
    pub(crate) items: Vec<String>,
    /// Who answers for it
    #[arg(long, value_name = "NAME")]
    pub(crate) owner: String,
    /// Last day on which it counts, such as 2027-12-31
    #[arg(long, value_name = "DATE")]
    pub(crate) until: String,
    /// What to call it; the name of the file when not given
    #[arg(long)]
    pub(crate) title: Option<String>,
    /// Id of the document that it replaces
    #[arg(long, value_name = "ID")]
    pub(crate) replaces: Option<String>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum LedgerCommand {
    /// Print the newest checkpoint: size, root and signatures
    Show,
    /// Derive the whole ledger again and check every signature; exit 3 names the place
    Fsck,
}

#[derive(Debug, Subcommand)]
pub(crate) enum WitnessCommand {
    /// Make the witness's keys and print the line for `sekimori up --witness`
    Init {
        /// Name of the witness in its signatures, such as partner.example/w1
        #[arg(long)]
        name: String,
        /// Address that it will serve (HTTPS)
        #[arg(long, default_value = "127.0.0.1:7444", value_name = "ADDR")]
        listen: SocketAddr,
    },
    /// Cosign every checkpoint that extends what was seen before
    Run {
        /// Key of a ledger to cosign: the ledger key that `sekimori up` and `sekimori status` print
        #[arg(long, value_name = "KEY", required = true)]
        log: Vec<String>,
        /// Serve this address instead of the one given to init
        #[arg(long, value_name = "ADDR")]
        listen: Option<SocketAddr>,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum ConsoleCommand {
    /// Print a new one-time link to the console
    Link,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ConfigCommand {
    /// List every setting in force
    Show {
        /// Where each comes from: flag, environment, file or default
        #[arg(long)]
        origin: bool,
    },
}

/// Form of the evidence report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ReportFormat {
    /// Lines for the terminal
    Text,
    /// One self-contained page with pictures
    Html,
    /// One sheet of A4 for management
    Management,
    /// The page with its pictures on sheets of A4
    Pdf,
    /// For programs
    Json,
    /// Targets and requirements as one table of comma-separated values
    Csv,
    /// The whole report for a pull request
    Markdown,
    /// A workbook with the life-cycle matrix
    Xlsx,
    /// What stays open, for code hosts (SARIF 2.1.0)
    Sarif,
    /// Requirements and observations as OSCAL assessment results
    Oscal,
    /// The threat model for other tools (OWASP Threat Model Library)
    TmBom,
    /// Parts, data flows, requirements and what shows them, as a bill of materials (CycloneDX 1.7)
    #[value(name = "cyclonedx")]
    CycloneDx,
}

impl ReportFormat {
    /// What the report crate calls it; the option of every command that asks for JSON comes first.
    pub(crate) const fn or_json(self, json: bool) -> sekimori_report::Format {
        use sekimori_report::Format;
        match self {
            _ if json => Format::Json,
            Self::Text => Format::Text,
            Self::Html => Format::Html,
            Self::Management => Format::Management,
            Self::Pdf => Format::Pdf,
            Self::Json => Format::Json,
            Self::Csv => Format::Csv,
            Self::Markdown => Format::Markdown,
            Self::Xlsx => Format::Xlsx,
            Self::Sarif => Format::Sarif,
            Self::Oscal => Format::Oscal,
            Self::TmBom => Format::TmBom,
            Self::CycloneDx => Format::CycloneDx,
        }
    }
}
