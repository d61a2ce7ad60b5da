//! What can happen: the codes of events, which are also the probes of observations.

use core::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// How serious an event is. Source: RFC 5424 section 6.2.1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// System is unusable.
    Emergency = 0,
    /// Action must be taken immediately.
    Alert = 1,
    /// Critical condition.
    Critical = 2,
    /// Error condition.
    Error = 3,
    /// Warning condition.
    Warning = 4,
    /// Normal but significant.
    Notice = 5,
    /// Informational.
    Informational = 6,
    /// Debug-level message.
    Debug = 7,
}

impl Severity {
    /// The severity of a syslog number, 0 to 7.
    pub fn from_number(number: u8) -> Option<Self> {
        Some(match number {
            0 => Self::Emergency,
            1 => Self::Alert,
            2 => Self::Critical,
            3 => Self::Error,
            4 => Self::Warning,
            5 => Self::Notice,
            6 => Self::Informational,
            7 => Self::Debug,
            _ => return None,
        })
    }

    /// The syslog number, 0 (worst) to 7.
    pub fn number(self) -> u8 {
        self as u8
    }

    /// The severity in one lower-case word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Emergency => "emergency",
            Self::Alert => "alert",
            Self::Critical => "critical",
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Notice => "notice",
            Self::Informational => "informational",
            Self::Debug => "debug",
        }
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What an event of one code says about the control that it observes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sign {
    /// The control did what it should.
    Held,
    /// The control did what it should, unless the event carries a reason.
    HeldUnlessReason,
    /// An attempt was refused: a negative control.
    Refused,
    /// What should have held did not.
    Failed,
}

/// The minimum events that a product should log. Source: CSA Japan, 13 steps, chapter 12.
/// Which code belongs to which class is our own judgement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LogClass {
    /// CSA-LOG-1.
    ConnectionRequest,
    /// CSA-LOG-2: failures and successes.
    Authentication,
    /// CSA-LOG-3: misuse of privilege, and attempts to raise it.
    PrivilegeAbuse,
    /// CSA-LOG-4.
    MalformedMessage,
    /// CSA-LOG-5: success or failure of a firmware or software update.
    UpdateResult,
    /// CSA-LOG-6.
    LocalLogin,
    /// CSA-LOG-7.
    ConfigurationChange,
    /// CSA-LOG-8.
    AccountUpdate,
    /// CSA-LOG-10: changes of the device itself, as far as software can see them.
    Modification,
}

impl LogClass {
    /// The id in the list of minimum events.
    pub fn id(self) -> &'static str {
        match self {
            Self::ConnectionRequest => "CSA-LOG-1",
            Self::Authentication => "CSA-LOG-2",
            Self::PrivilegeAbuse => "CSA-LOG-3",
            Self::MalformedMessage => "CSA-LOG-4",
            Self::UpdateResult => "CSA-LOG-5",
            Self::LocalLogin => "CSA-LOG-6",
            Self::ConfigurationChange => "CSA-LOG-7",
            Self::AccountUpdate => "CSA-LOG-8",
            Self::Modification => "CSA-LOG-10",
        }
    }
}

/// Whether equal events of a code may become one with a count.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Equal {
    /// Peers can cause any number of them.
    Fold,
    /// Each is a fact of its own.
    Keep,
}

/// Everything that is said of one code, in one row.
struct Row {
    text: &'static str,
    severity: Severity,
    sign: Sign,
    equal: Equal,
    class: Option<LogClass>,
    meaning: &'static str,
    meaning_ja: &'static str,
}

macro_rules! codes {
    ($($name:ident $text:literal $severity:ident $sign:ident $equal:ident $class:expr,
       $meaning:literal, $meaning_ja:literal;)*) => {
        /// What happened, as `area.what`; also the id of the probe that observed it.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Code {
            $(#[doc = concat!("`", $text, "`: ", $meaning, ".")] $name,)*
        }

        impl Code {
            /// Every code.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];

            fn row(self) -> Row {
                use Equal::*;
                use LogClass::*;
                match self {
                    $(Self::$name => Row {
                        text: $text,
                        severity: Severity::$severity,
                        sign: Sign::$sign,
                        equal: $equal,
                        class: $class,
                        meaning: $meaning,
                        meaning_ja: $meaning_ja,
                    },)*
                }
            }

            /// The code with this text.
            pub fn parse(text: &str) -> Option<Self> {
                match text {
                    $($text => Some(Self::$name),)*
                    _ => None,
                }
            }
        }
    };
}

codes! {
    ServerStarted "server.started" Notice Held Keep Some(ConfigurationChange),
        "The server came up", "サーバーが起動した";
    ServerStopped "server.stopped" Notice Held Keep Some(ConfigurationChange),
        "The server was stopped in order", "サーバーが正常に停止した";
    OperatorSession "operator.session" Notice Held Keep Some(LocalLogin),
        "An operator opened a session", "運用者がセッションを開いた";
    PolicyApplied "policy.applied" Notice Held Keep Some(ConfigurationChange),
        "A signed policy became active", "署名済みポリシーが有効になった";
    EvidenceAttached "evidence.attached" Notice Held Keep Some(ConfigurationChange),
        "A document was attached as evidence", "文書が証拠として添付された";
    EvidenceWithdrawn "evidence.withdrawn" Notice Held Keep Some(ConfigurationChange),
        "A document was withdrawn as evidence", "証拠の文書が取り下げられた";
    DeviceInvited "device.invited" Notice Held Keep Some(AccountUpdate),
        "A device was invited", "機器が招待された";
    DeviceEnrolled "device.enrolled" Notice Held Keep Some(AccountUpdate),
        "A device joined with a key of its own", "機器が自身の鍵で登録された";
    EnrollRefused "enroll.refused" Warning Refused Fold Some(Authentication),
        "An enrollment was refused", "登録の要求が拒否された";
    DeviceProofVerified "device.proof-verified" Informational HeldUnlessReason Keep Some(Authentication),
        "A device checked its ledger proof offline", "機器が台帳の証明をオフラインで検証した";
    DeviceRenewed "device.renewed" Notice Held Keep Some(AccountUpdate),
        "A device renewed its certificate", "機器が証明書を更新した";
    SessionOpened "session.opened" Informational Held Fold Some(ConnectionRequest),
        "A device opened a session", "機器がセッションを開いた";
    SessionClosed "session.closed" Informational Held Fold Some(ConnectionRequest),
        "A session ended", "セッションが終了した";
    SessionTakenOver "session.taken-over" Notice Held Fold Some(ConnectionRequest),
        "A newer connection of the same device took its session over", "同じ機器の新しい接続がセッションを引き継いだ";
    TlsMutual "tls.mutual" Informational Held Fold Some(Authentication),
        "Both sides proved who they are over TLS 1.3", "TLS 1.3で相互に認証した";
    TlsRefused "tls.refused" Warning Refused Fold Some(Authentication),
        "A handshake was refused", "ハンドシェイクが拒否された";
    MessagePermitted "message.permitted" Informational Held Fold None,
        "A message passed every check of the policy", "メッセージがポリシーの検査を全て通過した";
    MessageRefused "message.refused" Warning Refused Fold Some(PrivilegeAbuse),
        "A message was refused by policy", "メッセージがポリシーにより拒否された";
    SubscribeRefused "subscribe.refused" Warning Refused Fold Some(PrivilegeAbuse),
        "A subscription was refused by policy", "購読がポリシーにより拒否された";
    CommandSent "command.sent" Notice Held Keep None,
        "A command went to a device", "機器に命令を送った";
    CommandAcknowledged "command.acknowledged" Notice Held Keep None,
        "A device acknowledged a command", "機器が命令に応答した";
    CommandTimedOut "command.timed-out" Warning Failed Keep None,
        "A device did not acknowledge a command in time", "機器が期限までに命令に応答しなかった";
    UpdateOffered "update.offered" Notice Held Keep Some(UpdateResult),
        "A release was offered to a device", "機器にリリースを提示した";
    UpdateConfirmed "update.confirmed" Notice Held Keep Some(UpdateResult),
        "A device runs a new release and confirmed it", "機器が新しいリリースを確定した";
    UpdateRolledBack "update.rolled-back" Error Held Keep Some(UpdateResult),
        "A device went back to its former release", "機器が以前のリリースへ戻った";
    UpdateRefused "update.refused" Warning Refused Keep Some(UpdateResult),
        "A device refused a release", "機器がリリースを拒否した";
    IntegrityMeasured "integrity.measured" Informational HeldUnlessReason Fold None,
        "A device's files are those of its release", "機器のファイルがリリースと一致した";
    IntegrityDeviation "integrity.deviation" Alert Failed Keep Some(Modification),
        "A device's files are not those of its release", "機器のファイルがリリースと異なる";
    IntegrityRestored "integrity.restored" Notice Held Keep Some(UpdateResult),
        "A device restored the files of its release", "機器がリリースのファイルを復元した";
    ContainmentBegun "containment.begun" Alert Held Keep Some(AccountUpdate),
        "A device was contained", "機器を隔離した";
    ContainmentLifted "containment.lifted" Notice Held Keep Some(AccountUpdate),
        "A containment was lifted", "隔離を解除した";
    DeviceRevoked "device.revoked" Notice Held Keep Some(AccountUpdate),
        "A device was revoked", "機器を失効させた";
    DeviceSuspended "device.suspended" Notice Held Keep Some(AccountUpdate),
        "A device may not act until it is resumed", "機器を一時停止した";
    DeviceResumed "device.resumed" Notice Held Keep Some(AccountUpdate),
        "A suspended device may act again", "一時停止した機器を再開した";
    SessionRevoked "session.revoked" Notice Held Keep Some(AccountUpdate),
        "A live session was closed because its device lost its standing", "資格を失った機器の接続を閉じた";
    LedgerCosigned "ledger.cosigned" Informational HeldUnlessReason Keep None,
        "A checkpoint was cosigned by enough witnesses", "チェックポイントに必要な数の連署が揃った";
    LedgerLagging "ledger.lagging" Error Failed Keep None,
        "A checkpoint lacks cosignatures", "チェックポイントの連署が不足している";
    AuditAnchored "audit.anchored" Informational Held Keep None,
        "The head of the event chain was recorded in the ledger", "事象の連鎖の先頭を台帳に記録した";
    AuditVerified "audit.verified" Informational HeldUnlessReason Keep None,
        "The event chain was verified", "事象の連鎖を検証した";
    ListenerChecked "listener.checked" Informational HeldUnlessReason Keep None,
        "A listener was checked from outside", "待ち受けを外側から検査した";
    BufferResent "buffer.resent" Informational Held Fold None,
        "A device resent what it had kept while the server was away", "機器が不通の間に蓄えた記録を再送した";
    ProtocolViolation "protocol.violation" Warning Refused Fold Some(MalformedMessage),
        "A peer broke the protocol and was cut off", "相手が規約に反したため切断した";
    BudgetExceeded "budget.exceeded" Warning Refused Fold None,
        "A budget was used up, and what came beyond it was shed", "上限を超えた分を受け付けなかった";
    AlertRaised "alert.raised" Alert Failed Keep Some(PrivilegeAbuse),
        "A detector saw a pattern that needs attention", "検知器が注意を要する兆候を捉えた";
}

impl Code {
    /// The stable text, `area.what`.
    pub fn as_str(self) -> &'static str {
        self.row().text
    }

    /// How serious an event of this code is unless its author says otherwise.
    pub fn severity(self) -> Severity {
        self.row().severity
    }

    /// What an event of this code says about the control that it observes.
    pub fn sign(self) -> Sign {
        self.row().sign
    }

    /// Whether equal events may be folded into one with a count.
    pub fn folds(self) -> bool {
        self.row().equal == Equal::Fold
    }

    /// The class among the minimum events to log, if any.
    pub fn log_class(self) -> Option<LogClass> {
        self.row().class
    }

    /// What it means, as a sentence without its full stop.
    pub fn meaning(self) -> &'static str {
        self.row().meaning
    }

    /// What it means, in Japanese.
    pub fn meaning_ja(self) -> &'static str {
        self.row().meaning_ja
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for Code {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for Code {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = alloc::string::String::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| serde::de::Error::custom("unknown event code"))
    }
}

#[cfg(test)]
mod tests {
    use alloc::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_code_reads_back_and_says_what_it_means() {
        let mut texts = BTreeSet::new();
        for code in Code::ALL {
            assert_eq!(Code::parse(code.as_str()), Some(*code));
            assert!(texts.insert(code.as_str()), "{code} is there twice");
            let (area, what) = code.as_str().split_once('.').expect("area.what");
            assert!(!area.is_empty() && !what.contains('.'), "{code}");
            assert!(!code.meaning().ends_with('.') && !code.meaning_ja().is_ascii());
        }
        assert_eq!(Code::ALL.len(), 44);
        assert_eq!(Code::parse("server.Started"), None);
    }

    #[test]
    fn whatever_a_stranger_can_cause_at_will_is_folded() {
        for code in Code::ALL.iter().filter(|code| code.sign() == Sign::Refused) {
            // A device reports a refused update in its own state report, which has a rate of its own.
            assert!(code.folds() || *code == Code::UpdateRefused, "{code}");
        }
    }

    #[test]
    fn severities_are_the_numbers_of_syslog() {
        for number in 0..8 {
            let severity = Severity::from_number(number).expect("0 to 7");
            assert_eq!(severity.number(), number);
        }
        assert_eq!(Severity::from_number(8), None);
    }
}
