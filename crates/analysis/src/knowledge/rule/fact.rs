//! What a condition of a rule can ask about: facts of a flow or of a component, each with the words that it may have.

use super::{Subject, Wanted};
use crate::language::Text;
use crate::model::{
    AssetKind, ComponentKind, DeviceClass, Interface, LinkProtection, Network, OperatingSystem,
    Physical, ProgrammingLanguage, Protocol, Proven, Randomness, Security,
};
use crate::vocabulary::vocabulary;

vocabulary! {
    /// A fact that the model states, or that follows from it.
    Fact {
        /// The flow crosses a trust boundary.
        Crosses = "crosses",
        /// Others can come to the flow: it crosses a trust boundary, or is a radio in a public zone.
        Reachable = "reachable",
        /// Others on the way can change or forge the flow, or nobody knows.
        Open = "open",
        /// Others on the way can read the flow, or nobody knows.
        Readable = "readable",
        /// Who is proven to the other end of the flow.
        Proven = "proven",
        /// The flow is sequenced.
        Sequenced = "sequenced",
        /// The flow has a rate.
        Rated = "rated",
        /// The flow has a schema or a range.
        Bounded = "bounded",
        /// The flow says how long to wait for an answer.
        Timed = "timed",
        /// The flow carries a control action.
        CarriesAction = "carries_action",
        /// The flow brings feedback to a controller.
        CarriesFeedback = "carries_feedback",
        /// The flow carries an asset that tells something about a person.
        CarriesPersonal = "carries_personal",
        /// The flow carries an asset of one of these kinds.
        Carries = "carries",
        /// A gateway stands between sender and receiver.
        Relayed = "relayed",
        /// One end belongs to another organization.
        Foreign = "foreign",
        /// The flow goes over the air: by its protocol, or because an end has radios and no wire.
        Radio = "radio",
        /// The sender is of one of these kinds.
        Sender = "sender",
        /// The receiver is of one of these kinds.
        Receiver = "receiver",
        /// The flow speaks one of these protocols.
        Protocol = "protocol",
        /// The protocol of the flow protects it in one of these ways.
        Security = "security",
        /// The flow is protected in one of these ways below or beside its protocol.
        Link = "link",
        /// People carry it: on screens, on paper, in words.
        ByPeople = "by_people",
        /// Who shares the network: of a flow, the most open of its ends; of a component, its zone.
        Network = "network",
        /// The component sends, receives or passes on.
        Speaks = "speaks",
        /// Others can come to a flow of the component.
        Reached = "reached",
        /// The component keeps an asset.
        KeepsAsset = "keeps_asset",
        /// The component keeps an asset that tells something about a person.
        KeepsPersonal = "keeps_personal",
        /// The component keeps an asset of one of these kinds.
        Keeps = "keeps",
        /// The component receives an asset.
        ReceivesAsset = "receives_asset",
        /// A person or an app speaks with the component.
        UsedByPeople = "used_by_people",
        /// The component runs a controller.
        Controls = "controls",
        /// The component is under control.
        Controlled = "controlled",
        /// The component does not work without another.
        Depends = "depends",
        /// The component is bought, and someone else builds it.
        Bought = "bought",
        /// There is more than one of the component.
        Many = "many",
        /// The component has one of these ways in.
        Interfaces = "interfaces",
        /// The component has a debug port.
        DebugPort = "debug_port",
        /// The component has a short-range radio.
        ShortRangeRadio = "short_range_radio",
        /// The component verifies what it starts.
        SecureBoot = "secure_boot",
        /// The component keeps keys in hardware of their own.
        Tpm = "tpm",
        /// The component lives on a battery.
        Battery = "battery",
        /// Where the component's random numbers come from; not stated counts as neither.
        Random = "random",
        /// The device is of one of these classes.
        Class = "class",
        /// The component's programs run on one of these.
        Os = "os",
        /// Some of the component's programs are written in one of these.
        Language = "language",
        /// How hard it is to lay hands on the component.
        PhysicalAccess = "physical",
    }
}

/// What values a fact can have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// It is so or it is not.
    YesNo,
    /// It is, or has, some of these words.
    Words(&'static [&'static str]),
}

impl Fact {
    /// What values it can have.
    pub const fn shape(self) -> Shape {
        match self {
            Fact::Carries | Fact::Keeps => Shape::Words(AssetKind::WORDS),
            Fact::Sender | Fact::Receiver => Shape::Words(ComponentKind::WORDS),
            Fact::Protocol => Shape::Words(Protocol::WORDS),
            Fact::Security => Shape::Words(Security::WORDS),
            Fact::Link => Shape::Words(LinkProtection::WORDS),
            Fact::Proven => Shape::Words(Proven::WORDS),
            Fact::Network => Shape::Words(Network::WORDS),
            Fact::Interfaces => Shape::Words(Interface::WORDS),
            Fact::Random => Shape::Words(Randomness::WORDS),
            Fact::Class => Shape::Words(DeviceClass::WORDS),
            Fact::Os => Shape::Words(OperatingSystem::WORDS),
            Fact::Language => Shape::Words(ProgrammingLanguage::WORDS),
            Fact::PhysicalAccess => Shape::Words(Physical::WORDS),
            _ => Shape::YesNo,
        }
    }

    /// Whether anything can be said of it for such a subject.
    pub const fn concerns(self, subject: Subject) -> bool {
        match self {
            Fact::Network => true,
            Fact::Crosses
            | Fact::Reachable
            | Fact::Open
            | Fact::Readable
            | Fact::Proven
            | Fact::Sequenced
            | Fact::Rated
            | Fact::Bounded
            | Fact::Timed
            | Fact::CarriesAction
            | Fact::CarriesFeedback
            | Fact::CarriesPersonal
            | Fact::Carries
            | Fact::Relayed
            | Fact::Foreign
            | Fact::Radio
            | Fact::Sender
            | Fact::Receiver
            | Fact::Protocol
            | Fact::Security
            | Fact::Link
            | Fact::ByPeople => {
                matches!(subject, Subject::Flow)
            }
            Fact::Class => matches!(subject, Subject::Device),
            Fact::Bought => !matches!(subject, Subject::Flow | Subject::Human | Subject::External),
            _ => !matches!(subject, Subject::Flow),
        }
    }

    /// What it says, for people.
    pub fn text(self) -> Text {
        let (en, ja) = self.said();
        Text::new(en, ja)
    }

    /// The same in English and Japanese.
    pub const fn said(self) -> (&'static str, &'static str) {
        match self {
            Fact::Crosses => (
                "The flow crosses a trust boundary.",
                "フローが信頼境界を越える。",
            ),
            Fact::Reachable => (
                "Others can come to the flow: it crosses a trust boundary, or is a radio in a zone whose network is public; what people carry is not reachable.",
                "部外者がフローに近づける（信頼境界を越える、またはネットワークが公開の区域での無線である）。人が運ぶものには近づけない。",
            ),
            Fact::Open => (
                "Others on the way can change or forge the flow, or nobody knows.",
                "フローを途中で改ざん・偽造できる、または分からない。",
            ),
            Fact::Readable => (
                "Others on the way can read the flow, or nobody knows.",
                "フローを途中で読める、または分からない。",
            ),
            Fact::Proven => (
                "Who is proven to the other end by the protection of the flow.",
                "フローの保護が、相手に対して身元を証明する者。",
            ),
            Fact::Sequenced => ("The flow is sequenced.", "フローに通番がある。"),
            Fact::Rated => ("The flow has a rate.", "フローに頻度の定めがある。"),
            Fact::Bounded => (
                "The flow has a schema or a range.",
                "フローに形か範囲の定めがある。",
            ),
            Fact::Timed => (
                "The flow says how long to wait for an answer.",
                "フローに待ち時間の定めがある。",
            ),
            Fact::CarriesAction => (
                "The flow carries a control action.",
                "フローが制御動作を運ぶ。",
            ),
            Fact::CarriesFeedback => (
                "The flow brings feedback to a controller.",
                "フローが制御器に状態を届ける。",
            ),
            Fact::CarriesPersonal => (
                "The flow carries an asset that tells something about a person.",
                "フローが個人に関する資産を運ぶ。",
            ),
            Fact::Carries => (
                "The flow carries an asset of one of these kinds.",
                "フローがこれらの種類の資産を運ぶ。",
            ),
            Fact::Relayed => (
                "A gateway stands between sender and receiver.",
                "送り手と受け手の間にゲートウェイがある。",
            ),
            Fact::Foreign => (
                "One end belongs to another organization.",
                "一方の端が別の組織のものである。",
            ),
            Fact::Radio => (
                "The flow goes over the air: by its protocol, or because an end has radios and no wire.",
                "フローが無線を通る（プロトコルによる、または端に無線しかない）。",
            ),
            Fact::Sender => (
                "The sender is of one of these kinds.",
                "送り手がこれらの種類である。",
            ),
            Fact::Receiver => (
                "The receiver is of one of these kinds.",
                "受け手がこれらの種類である。",
            ),
            Fact::Protocol => (
                "The flow speaks one of these protocols.",
                "フローのプロトコルがこれらのどれかである。",
            ),
            Fact::Security => (
                "The protocol of the flow protects it in one of these ways.",
                "フローのプロトコル自身の保護がこれらのどれかである。",
            ),
            Fact::Link => (
                "The flow is protected in one of these ways below or beside its protocol.",
                "フローのプロトコルの下や脇での保護がこれらのどれかである。",
            ),
            Fact::ByPeople => (
                "People carry the flow: on screens, on paper, in words.",
                "フローを人が運ぶ（画面、紙、言葉）。",
            ),
            Fact::Network => (
                "Who shares the network: of a flow, the most open of its ends; of a component, its zone.",
                "ネットワークを共用する者。フローでは両端のうち最も開いた方、部品ではその区域。",
            ),
            Fact::Speaks => (
                "The component sends, receives or passes on.",
                "部品が送る、受ける、または中継する。",
            ),
            Fact::Reached => (
                "Others can come to a flow of the component.",
                "部外者が部品のフローに近づける。",
            ),
            Fact::KeepsAsset => ("The component keeps an asset.", "部品が資産を持つ。"),
            Fact::KeepsPersonal => (
                "The component keeps an asset that tells something about a person.",
                "部品が個人に関する資産を持つ。",
            ),
            Fact::Keeps => (
                "The component keeps an asset of one of these kinds.",
                "部品がこれらの種類の資産を持つ。",
            ),
            Fact::ReceivesAsset => ("The component receives an asset.", "部品が資産を受け取る。"),
            Fact::UsedByPeople => (
                "A person or an app speaks with the component.",
                "人やアプリが部品とやり取りする。",
            ),
            Fact::Controls => ("The component runs a controller.", "部品が制御器を動かす。"),
            Fact::Controlled => (
                "The component is under control.",
                "部品が制御の対象である。",
            ),
            Fact::Depends => (
                "The component does not work without another.",
                "部品が他の部品なしでは働かない。",
            ),
            Fact::Bought => (
                "The component is bought, and someone else builds it.",
                "部品が購入品である。",
            ),
            Fact::Many => (
                "There is more than one of the component.",
                "部品が二つ以上ある。",
            ),
            Fact::Interfaces => (
                "The component has one of these ways in.",
                "部品にこれらの入口のどれかがある。",
            ),
            Fact::DebugPort => (
                "The component has a debug port.",
                "部品にデバッグ端子がある。",
            ),
            Fact::ShortRangeRadio => (
                "The component has a short-range radio.",
                "部品に近距離無線がある。",
            ),
            Fact::SecureBoot => (
                "The component verifies what it starts.",
                "部品が起動するものを検証する。",
            ),
            Fact::Tpm => (
                "The component keeps keys in hardware of their own.",
                "部品が鍵を専用の素子に持つ。",
            ),
            Fact::Battery => ("The component lives on a battery.", "部品が電池で動く。"),
            Fact::Random => (
                "Where the component's random numbers come from; not stated counts as neither.",
                "部品の乱数の源。書かれていなければどれでもない。",
            ),
            Fact::Class => (
                "The device is of one of these classes.",
                "機器がこれらの分類である。",
            ),
            Fact::Os => (
                "The component's programs run on one of these.",
                "部品のプログラムの土台がこれらのどれかである。",
            ),
            Fact::Language => (
                "Some of the component's programs are written in one of these.",
                "部品のプログラムの言語にこれらのどれかがある。",
            ),
            Fact::PhysicalAccess => (
                "How hard it is to lay hands on the component.",
                "部品への触れにくさ。",
            ),
        }
    }

    /// The words of `wanted` that this fact can never have; or all of it, when its shape is another.
    pub fn impossible(self, wanted: &Wanted) -> Vec<String> {
        match (self.shape(), wanted) {
            (Shape::YesNo, Wanted::Is(_)) => Vec::new(),
            (Shape::Words(known), Wanted::AnyOf(words)) if !words.is_empty() => words
                .iter()
                .filter(|word| !known.contains(&word.as_str()))
                .cloned()
                .collect(),
            (_, Wanted::Is(truth)) => vec![truth.to_string()],
            (_, Wanted::AnyOf(words)) => vec![format!("{words:?}")],
        }
    }
}
