//! The table itself.

use super::{Grammar, Key, MANY, Said, Section, Shape};
use crate::knowledge::{Fact, MeasureKind, Pillar, Place, Reach, Subject};
use crate::model::identifiers::Expected;
use crate::model::protection::LinkProtection;
use crate::model::words::{
    Actor, AssetKind, ComponentKind, Consent, Contain, DecisionStatus, DeviceClass, Interface,
    KeyOrigin, KeyStorage, Level, LossCategory, Network, Opening, OperatingSystem, Phase, Physical,
    ProgrammingLanguage, Protocol, Randomness, Regime, Sector, Security, Sequence, StatementStatus,
    Stride, UnsafeKind,
};

const fn key(name: &'static str, shape: Shape, en: &'static str, ja: &'static str) -> Key {
    Key {
        name,
        shape,
        needed: false,
        default: None,
        about: (en, ja),
    }
}

impl Key {
    const fn needed(mut self) -> Key {
        self.needed = true;
        self
    }

    const fn or(mut self, default: &'static str) -> Key {
        self.default = Some(default);
        self
    }
}

/// Device classes of the CSA's appendix A.
const CSA_CLASSES: &[&str] = &[
    "CSA-DC1", "CSA-DC2", "CSA-DC3", "CSA-DC4", "CSA-DC5", "CSA-DC6", "CSA-DC7", "CSA-DC8",
    "CSA-DC9", "CSA-DC10", "CSA-DC11", "CSA-DC12", "CSA-DC13",
];

const ID: Said = (
    "Short name, unique in the whole model; results are traced by it, so keep it when other things change.",
    "モデル全体で一意の短い名。結果はこの名でたどるので、他を変えても名は変えないこと。",
);
const TITLE: Key = key(
    "title",
    Shape::Said,
    "Name in reports; without it, the id.",
    "報告での名前。なければ id。",
);

const fn id() -> Key {
    key("id", Shape::Id, ID.0, ID.1).needed()
}

const fn text(en: &'static str, ja: &'static str) -> Key {
    key("text", Shape::Said, en, ja).needed()
}

const OWNER: Key = key(
    "owner",
    Shape::Text,
    "Who answers for it: a person or a role.",
    "責任を持つ人または役割。",
)
.needed();
const UNTIL: Key = key(
    "until",
    Shape::Date,
    "Last day on which it holds, to be reviewed by then; afterwards it counts as not there.",
    "有効な最後の日。この日までに見直す。過ぎるとないものとして扱う。",
)
.needed();

/// Every section, in the order in which a model is written.
pub(in crate::model) const SECTIONS: &[Section] = &[
    Section {
        name: "model",
        many: false,
        about: (
            "What the model as a whole is about. Exactly once.",
            "モデル全体について。必ず一度だけ書く。",
        ),
        keys: MODEL,
    },
    Section {
        name: "cost",
        many: false,
        about: (
            "What countermeasures cost beside their effort. The defaults are our own judgement.",
            "対策の手間以外の費用。既定値は当方の判断。",
        ),
        keys: COST,
    },
    Section {
        name: "policy",
        many: false,
        about: (
            "What the generated policy shall say beside its flows.",
            "生成するポリシーに、フローのほかに定めること。",
        ),
        keys: POLICY,
    },
    Section {
        name: "zone",
        many: true,
        about: (
            "An area with one level of trust; a trust boundary lies between any two.",
            "信頼の度合いが一様な区域。二つの区域の間には必ず信頼境界がある。",
        ),
        keys: ZONE,
    },
    Section {
        name: "component",
        many: true,
        about: (
            "A part of the system: a kind of device, a gateway, a service, a person.",
            "システムの部品。機器の種類、ゲートウェイ、サービス、人など。",
        ),
        keys: COMPONENT,
    },
    Section {
        name: "asset",
        many: true,
        about: ("Something worth protecting.", "守る価値のあるもの。"),
        keys: ASSET,
    },
    Section {
        name: "flow",
        many: true,
        about: (
            "Messages of one kind from one component to another; each becomes a clause of the policy.",
            "部品から部品への、一種類のメッセージ。一つずつポリシーの条項になる。",
        ),
        keys: FLOW,
    },
    Section {
        name: "loss",
        many: true,
        about: (
            "What the stakeholders must not lose (STPA).",
            "関係者が失ってはならないもの（STPA）。",
        ),
        keys: LOSS,
    },
    Section {
        name: "hazard",
        many: true,
        about: (
            "A state of the system that leads to a loss (STPA).",
            "損失につながるシステムの状態（STPA）。",
        ),
        keys: HAZARD,
    },
    Section {
        name: "controller",
        many: true,
        about: (
            "What controls a process, and where it runs (STPA).",
            "制御対象を制御するものと、それが動く場所（STPA）。",
        ),
        keys: CONTROLLER,
    },
    Section {
        name: "control_action",
        many: true,
        about: (
            "What a controller does to its process (STPA).",
            "制御器が制御対象に対して行うこと（STPA）。",
        ),
        keys: CONTROL_ACTION,
    },
    Section {
        name: "uca",
        many: true,
        about: (
            "A way in which a control action leads to a hazard (STPA).",
            "制御動作がハザードにつながる場合（STPA）。",
        ),
        keys: UCA,
    },
    Section {
        name: "scenario",
        many: true,
        about: (
            "How an unsafe control action may come about, in your own words, beside the ones that are derived.",
            "非安全制御動作が起きるシナリオを自分の言葉で書く。導かれるシナリオに加わる。",
        ),
        keys: SCENARIO,
    },
    Section {
        name: "assume",
        many: true,
        about: (
            "Something taken for granted until a date.",
            "期限付きで当然とみなすこと。",
        ),
        keys: ASSUME,
    },
    Section {
        name: "statement",
        many: true,
        about: (
            "What you state about a control of the checklist or an item of a requirement set that the running system cannot show.",
            "稼働中のシステムが示せない、チェックリストの管理策や要求項目についての表明。",
        ),
        keys: STATEMENT,
    },
    Section {
        name: "decision",
        many: true,
        about: (
            "A risk that is accepted, transferred or dismissed until a date; it then needs no countermeasure. Reports list it with its reason.",
            "期限付きで受容・移転・棄却するリスク。その間は対策を求めない。報告には理由とともに載る。",
        ),
        keys: DECISION,
    },
    Section {
        name: "rule",
        many: true,
        about: (
            "A STRIDE rule of your own (`X-…`), another text for one that ships (its id), or one that is off.",
            "自分の STRIDE 規則（`X-…`）、同梱の規則（その id）の差し替え、または無効化。",
        ),
        keys: RULE,
    },
    Section {
        name: "measure",
        many: true,
        about: (
            "A countermeasure of your own (`CM-X-…`), or what you judge differently about one that ships (its id). Absent keys stay as they ship.",
            "自分の対策（`CM-X-…`）、または同梱の対策（その id）について判断を変える点。書かないキーは同梱のまま。",
        ),
        keys: MEASURE,
    },
];

#[rustfmt::skip]
const MODEL: &[Key] = &[
    key("format", Shape::Format, "Format of this file.", "このファイルの形式。").needed(),
    key("id", Shape::Id, "Names the model in policies and reports.", "ポリシーと報告でのモデルの名。").needed(),
    TITLE,
    key("regimes", Shape::Words(Regime::WORDS), "Requirement sets to be proven; their mandatory items become targets of the choice.", "立証する要件集。必須項目は対策選択の対象になる。"),
    key("risk_threshold", Shape::Word(Level::WORDS), "Risks below this need no countermeasure.", "これ未満のリスクには対策を求めない。").or("\"medium\""),
    key("sector", Shape::Word(Sector::WORDS), "Where the product is used; proposes actors when you name none.", "製品を使う分野。攻撃者を挙げないときの候補を決める。"),
    key("actors", Shape::Words(Actor::WORDS), "Who may attack; raises or lowers the likelihood of threats.", "攻撃しうる者。脅威の起こりやすさを上下させる。"),
    key("security_level", Shape::Whole(1, 4), "Security level of IEC 62443: which of its items are mandatory.", "IEC 62443 のセキュリティレベル。どの項目が必須かを決める。").or("2"),
];

#[rustfmt::skip]
const COST: &[Key] = &[
    key("currency", Shape::Grammar(Grammar::Currency), "Currency by its three letters (ISO 4217).", "通貨の三文字（ISO 4217）。").or("\"JPY\""),
    key("effort_point", Shape::Whole(1, MANY), "Money for one effort point; the management page shows costs by it. Must be there beside a `currency` other than JPY.", "手間 1 点あたりの金額。経営向けの一枚はこれで費用を示す。円以外の `currency` では必須。").or("50000"),
    key("ram_kib", Shape::Points, "Effort points for one KiB of memory on each kind of device.", "機器の種類ごとの、メモリ 1 KiB あたりの点数。").or("0.02"),
    key("flash_kib", Shape::Points, "Effort points for one KiB of program storage on each kind of device.", "機器の種類ごとの、プログラム領域 1 KiB あたりの点数。").or("0.005"),
    key("cpu_percent", Shape::Points, "Effort points for one percent of processor time on each kind of device.", "機器の種類ごとの、処理時間 1 % あたりの点数。").or("0.1"),
    key("gateway_percent", Shape::Points, "Effort points for one percent of the gateway's load.", "ゲートウェイの負荷 1 % あたりの点数。").or("0.2"),
    key("unit", Shape::Points, "Factor for hardware in each unit, times the number of units.", "一台ごとの部品の点数に掛ける係数。台数倍になる。").or("1"),
];

#[rustfmt::skip]
const POLICY: &[Key] = &[
    key("credential_days", Shape::Whole(1, 3_650), "Life of a device's certificate, in days.", "機器の証明書の有効期間（日）。"),
    key("renew_at_percent", Shape::Whole(50, 90), "Part of that life after which the device renews it, in percent.", "その期間のうち、更新を始めるまでの割合（%）。"),
    key("handshake_seconds", Shape::Whole(1, 120), "Longest handshake, in seconds.", "接続確立にかけてよい時間（秒）。"),
    key("idle_seconds", Shape::Whole(5, 86_400), "Longest silence of a session, in seconds.", "接続が黙っていてよい時間（秒）。"),
    key("unauthenticated", Shape::Words(Opening::WORDS), "What the HTTPS listener opens to a peer without certificate; at least one. Without it, everything. Devices with a certificate and the operator at the machine itself are always answered; without `console`, operators reach it from there alone.", "証明書のない相手に HTTPS の待ち受けが開くもの。一つ以上。なければ全て。証明書のある機器と、そのマシン自体の操作者には常に応える。`console` がなければ、操作者はそのマシンからだけ使える。"),
    key("contain", Shape::Word(Contain::WORDS), "What happens to a device that a detector points at.", "検知器が指した機器の扱い。"),
    key("detect", Shape::Table(DETECT), "When detectors speak up.", "検知器が知らせる条件。"),
];

#[rustfmt::skip]
const DETECT: &[Key] = &[
    key("refusals_per_minute", Shape::Whole(1, 1_000_000), "Refusals of one device within a minute.", "一台の機器が一分間に受ける拒否の件数。"),
    key("silence_factor", Shape::Whole(2, 1_000), "How many times its period a flow may be silent.", "フローが周期の何倍まで黙っていてよいか。"),
];

#[rustfmt::skip]
const ZONE: &[Key] = &[
    id(),
    TITLE,
    key("physical", Shape::Word(Physical::WORDS), "How hard it is to lay hands on things there; decides the likelihood of physical threats.", "そこにある物への触れにくさ。物理的な脅威の起こりやすさを決める。").or("\"exposed\""),
    key("network", Shape::Word(Network::WORDS), "Who shares the network of the zone; decides the likelihood of threats from the network.", "区域のネットワークを共有する相手。ネットワーク越しの脅威の起こりやすさを決める。").or("\"public\""),
];

#[rustfmt::skip]
const COMPONENT: &[Key] = &[
    key("id", Shape::Id, "As everywhere; the id of a device is also the role of its units.", "他と同じ。機器の id は、その個体の役割名にもなる。").needed(),
    TITLE,
    key("kind", Shape::Word(ComponentKind::WORDS), "What it is; decides which STRIDE rules look at it, and devices get a JNSA matrix.", "何であるか。適用する STRIDE 規則を決める。機器には JNSA の行列が付く。").needed(),
    key("bought", Shape::Truth, "Whether it is bought and built by someone else, though it stands in this system: what would have to be built in is then asked of its supplier. Not for `human` and `external`.", "購入品（作るのは他者だが、このシステムの中にあるもの）か。組み込むべき対策は、供給者に求める要件になる。`human` と `external` には書けない。").or("false"),
    key("class", Shape::Word(DeviceClass::WORDS), "JNSA device class; chooses the matrix. Must be there for a device, unless it is bought.", "JNSA の機器分類。行列を選ぶ。機器では、購入品でなければ必須。"),
    key("csa_class", Shape::Word(CSA_CLASSES), "Device class of the CSA's appendix A; proposes actors and threats.", "CSA 付録 A の機器分類。攻撃者と脅威の候補を決める。"),
    key("zone", Shape::Reference(Expected::Zone), "Where it stands.", "置かれている区域。").needed(),
    key("count", Shape::Whole(1, MANY), "How many there are; multiplies the cost of hardware.", "台数。部品の費用に掛かる。").or("1"),
    key("phase", Shape::Word(Phase::WORDS), "Where most units are in their life now. The analysis covers every phase.", "大半の個体が今いる段階。分析は全段階を対象とする。").or("\"P2\""),
    key("caps", Shape::Table(CAPS), "What the hardware offers. What is absent counts as not there.", "ハードウェアが備えるもの。書かないものはないとみなす。"),
    key("interfaces", Shape::Words(Interface::WORDS), "Ways in beside the declared flows.", "宣言したフローのほかの入り口。"),
    key("depends_on", Shape::References(Expected::Component), "Components without which it does not do its work; harm travels along these.", "これがないと働けない部品。影響はこれを伝わる。"),
    key("hazards", Shape::References(Expected::Hazard), "Hazards to which its compromise or failure leads directly.", "侵害や故障が直接つながるハザード。"),
    key("hosts", Shape::Grammars(Grammar::Host), "Names, addresses or networks under which its peers know it; for the network policy (MUD).", "通信相手から見た名前・アドレス・ネットワーク。通信ポリシー（MUD）に使う。"),
    key("platform", Shape::Table(PLATFORM), "What its programs run on; chooses the guidance.", "プログラムの土台。手引きを選ぶ。"),
    key("budget", Shape::Table(BUDGET), "What is free for protection; the choice stays within. What is absent is not checked.", "保護に使える余地。選択はこの範囲で行う。書かないものは調べない。"),
];

#[rustfmt::skip]
const CAPS: &[Key] = &[
    key("ram_kib", Shape::Whole(0, u32::MAX), "Memory in KiB.", "メモリ（KiB）。"),
    key("flash_kib", Shape::Whole(0, u32::MAX), "Program storage in KiB.", "プログラム領域（KiB）。"),
    key("rng", Shape::Word(Randomness::WORDS), "Where random numbers come from.", "乱数の出どころ。"),
    key("secure_boot", Shape::Truth, "Whether the boot loader verifies what it starts.", "起動するものを検証して起動するか。"),
    key("tpm", Shape::Truth, "Whether keys are kept in hardware of their own.", "鍵を専用のハードウェアに置くか。"),
    key("battery", Shape::Truth, "Whether it runs on a battery.", "電池で動くか。"),
];

#[rustfmt::skip]
const PLATFORM: &[Key] = &[
    key("os", Shape::Word(OperatingSystem::WORDS), "Operating system.", "OS。"),
    key("languages", Shape::Words(ProgrammingLanguage::WORDS), "Languages of its programs.", "プログラムの言語。"),
];

#[rustfmt::skip]
const BUDGET: &[Key] = &[
    key("ram_kib", Shape::Whole(0, u32::MAX), "Memory in KiB.", "メモリ（KiB）。"),
    key("flash_kib", Shape::Whole(0, u32::MAX), "Program storage in KiB.", "プログラム領域（KiB）。"),
    key("cpu_percent", Shape::Whole(0, 100), "Processor time in percent.", "処理時間（%）。"),
];

#[rustfmt::skip]
const ASSET: &[Key] = &[
    id(),
    TITLE,
    key("c", Shape::Word(Level::WORDS), "Need for confidentiality; the impact of a threat that discloses it.", "機密性の必要度。漏えいの影響になる。").needed(),
    key("i", Shape::Word(Level::WORDS), "Need for integrity; the impact of a threat that changes it.", "完全性の必要度。改ざんの影響になる。").needed(),
    key("a", Shape::Word(Level::WORDS), "Need for availability; the impact of a threat that withholds it.", "可用性の必要度。使えなくなる影響になる。").needed(),
    key("personal", Shape::Truth, "Whether it tells something about a person; such assets get a privacy sheet.", "人に関する情報か。該当すればプライバシーシートに載る。").or("false"),
    key("stored_in", Shape::References(Expected::Component), "Components that keep it.", "保持する部品。"),
    key("kind", Shape::Word(AssetKind::WORDS), "What it is.", "種類。").or("\"data\""),
    key("fields", Shape::Texts, "Fields that are collected.", "収集する項目。"),
    key("purpose", Shape::Said, "What they are collected for.", "収集の目的。"),
    key("retention_days", Shape::Whole(0, 36_525), "Days after which they are deleted; 0 means at once.", "消去までの日数。0 は直ちに。"),
    key("consent", Shape::Word(Consent::WORDS), "Why they may be collected.", "収集してよい根拠。"),
    key("minimized", Shape::Truth, "Whether less would not do.", "必要最小限か。"),
    key("shared_with", Shape::References(Expected::Component), "Components of someone else that get them.", "提供先の（他者の）部品。"),
    key("key", Shape::Table(KEY), "Life of a key or credential; only beside kind = \"key\" or \"credential\".", "鍵や認証情報の扱い。kind が \"key\" か \"credential\" のときだけ書ける。"),
];

#[rustfmt::skip]
const KEY: &[Key] = &[
    key("algorithm", Shape::Text, "Algorithm, as \"P-256\".", "アルゴリズム。例: \"P-256\"。"),
    key("origin", Shape::Word(KeyOrigin::WORDS), "Where it comes from.", "どこで作られるか。"),
    key("storage", Shape::Word(KeyStorage::WORDS), "Where it is kept.", "どこに置くか。"),
    key("rotation_days", Shape::Whole(0, 36_525), "Days after which it is replaced; 0 means never.", "取り替えるまでの日数。0 は取り替えない。"),
    key("backup", Shape::Truth, "Whether there is a copy.", "控えがあるか。"),
];

#[rustfmt::skip]
const FLOW: &[Key] = &[
    key("id", Shape::Id, "As everywhere; also part of the topic. `cmd` and `ack` are reserved.", "他と同じ。トピックの一部にもなる。`cmd` と `ack` は予約。").needed(),
    TITLE,
    key("from", Shape::Reference(Expected::Component), "Sending component.", "送り手の部品。").needed(),
    key("to", Shape::Reference(Expected::Component), "Receiving component.", "受け手の部品。").needed(),
    key("via", Shape::Reference(Expected::Gateway), "Gateway in between, which then decides about each message.", "間に入るゲートウェイ。メッセージごとに可否を決める。"),
    key("assets", Shape::References(Expected::Asset), "Assets that it carries; they decide the impact of threats to it.", "運ぶ資産。フローへの脅威の影響を決める。"),
    key("proto", Shape::Word(Protocol::WORDS), "Protocol. The gateway enforces MQTT so far; the others become requirements for people.", "プロトコル。ゲートウェイが強制するのは今のところ MQTT。他は人への要件になる。").needed(),
    key("security", Shape::Word(Security::WORDS), "Protection on the way by the protocol itself. `unknown` counts as none.", "プロトコル自身による経路の保護。`unknown` は保護なしとみなす。").needed(),
    key("link", Shape::Word(LinkProtection::WORDS), "Protection below or beside the protocol: of the radio link, by a tunnel, by signatures. Write it only when it covers the whole way from sender to receiver.", "プロトコルの下や脇での保護（無線リンク、トンネル、署名）。送り手から受け手までの全体を守る場合にだけ書く。").or("\"none\""),
    key("sequence", Shape::Word(Sequence::WORDS), "Whether each message must carry a sequence number, so that replay is refused.", "各メッセージに通番を求めるか。求めれば再送攻撃を拒む。").or("\"none\""),
    key("schema", Shape::Schema, "Shape of the payload: the subset of JSON Schema that the gateway enforces.", "ペイロードの形。ゲートウェイが強制する JSON Schema の部分集合。"),
    key("range", Shape::Ranges, "Bounds of numbers, by the name of a field or a JSON Pointer: range = { temp_c = [-40, 60] }.", "数値の範囲。項目名か JSON Pointer で書く。例: range = { temp_c = [-40, 60] }。"),
    key("rate", Shape::Grammar(Grammar::Rate), "How often one device may send: messages, a slash, a period in s, m, h or d of at most one day.", "一台が送ってよい頻度。件数/期間（s・m・h・d、最長一日）。"),
    key("backlog", Shape::Whole(0, 10_000), "Messages that a device which was away may resend beyond the rate. Without it, one day's worth.", "離れていた機器が頻度を超えて再送してよい件数。なければ一日分。"),
    key("max_bytes", Shape::Whole(1, 262_144), "Largest payload in bytes.", "ペイロードの上限（バイト）。").or("4096"),
    key("port", Shape::Whole(1, 65_535), "Port at which the receiver listens; for the network policy (MUD).", "受け手が待ち受けるポート。通信ポリシー（MUD）に使う。"),
    key("timeout_seconds", Shape::Whole(1, 86_400), "Longest wait for an answer, in seconds.", "応答を待つ時間の上限（秒）。"),
];

#[rustfmt::skip]
const LOSS: &[Key] = &[
    id(),
    text("Statement: what is lost.", "何が失われるか。"),
    key("category", Shape::Word(LossCategory::WORDS), "What kind of harm it is; the safety assessment sorts by it.", "害の種類。安全影響の評価はこれで分ける。"),
    key("severity", Shape::Word(Level::WORDS), "How grave it is; the impact of everything that leads to it.", "重さ。これにつながる全てのものの影響になる。").or("\"high\""),
];

#[rustfmt::skip]
const HAZARD: &[Key] = &[
    id(),
    text("Statement: which state of the system is dangerous.", "どの状態が危険か。"),
    key("losses", Shape::References(Expected::Loss), "Losses it leads to.", "つながる損失。"),
];

#[rustfmt::skip]
const CONTROLLER: &[Key] = &[
    id(),
    TITLE,
    key("component", Shape::Reference(Expected::Component), "Component that runs the controller.", "制御器が動く部品。").needed(),
    key("process", Shape::Reference(Expected::Component), "Component under control.", "制御される部品。").needed(),
    key("process_model", Shape::Texts, "What the controller believes about its process; each belief can be false.", "制御器が制御対象について信じていること。それぞれが誤りうる。"),
];

#[rustfmt::skip]
const CONTROL_ACTION: &[Key] = &[
    id(),
    TITLE,
    key("controller", Shape::Reference(Expected::Controller), "Who acts.", "動作の主体。").needed(),
    key("flow", Shape::Reference(Expected::Flow), "Flow that carries the action; threats to it are threats to the action.", "動作を運ぶフロー。フローへの脅威は動作への脅威になる。").needed(),
    key("feedback", Shape::References(Expected::Flow), "Flows that bring back what happened.", "結果を持ち帰るフロー。"),
];

#[rustfmt::skip]
const UCA: &[Key] = &[
    id(),
    key("action", Shape::Reference(Expected::ControlAction), "Control action that is unsafe.", "非安全制御動作。").needed(),
    key("type", Shape::Word(UnsafeKind::WORDS), "Which of the four kinds.", "四つの種類のどれか。").needed(),
    text("Statement: when it is unsafe.", "どんなときに安全でないか。"),
    key("hazards", Shape::References(Expected::Hazard), "Hazards it leads to; their losses give the scenarios their impact.", "つながるハザード。その損失がシナリオの影響になる。"),
    key("stride", Shape::Words(Stride::WORDS), "How an attacker could bring it about; each word gives scenarios.", "攻撃者がどう引き起こすか。語ごとにシナリオができる。"),
];

#[rustfmt::skip]
const SCENARIO: &[Key] = &[
    id(),
    key("uca", Shape::Reference(Expected::UnsafeControlAction), "Unsafe control action that it leads to.", "つながる非安全制御動作。").needed(),
    text("Statement: how it comes about.", "どのように起きるか。"),
    key("element", Shape::Reference(Expected::Element), "Flow or component at which it happens; measures are put to work there.", "起きる場所（フローか部品）。対策はそこに置く。").needed(),
    key("stride", Shape::Word(Stride::WORDS), "Kind of attack; decides which countermeasures answer it.", "攻撃の種類。応じる対策を決める。").needed(),
];

#[rustfmt::skip]
const ASSUME: &[Key] = &[
    id(),
    text("Statement: what is taken for granted.", "当然とみなすこと。"),
    key("check", Shape::Text, "How it can be checked.", "確かめ方。"),
    key("review_by", Shape::Date, "Last day on which it may be taken for granted; afterwards reports show it as due.", "当然とみなしてよい最後の日。過ぎると報告に見直し時期と出る。").needed(),
];

#[rustfmt::skip]
const STATEMENT: &[Key] = &[
    key("item", Shape::Grammar(Grammar::Item), "Control of the checklist, or item of a requirement set, by its id.", "チェックリストの管理策か要求項目の id。").needed(),
    key("status", Shape::Word(StatementStatus::WORDS), "How it is met, or that it does not concern this system.", "満たし方、または該当しないこと。").needed(),
    key("why", Shape::Said, "Reason, or where to look. Must be there for `not-applicable` and `process`.", "理由、または見るべき場所。`not-applicable` と `process` では必須。"),
    OWNER,
    UNTIL,
    key("document", Shape::Text, "Name of an attached document (`sekimori evidence attach`). Must be there for `document`.", "添付した文書の名（`sekimori evidence attach`）。`document` では必須。"),
];

#[rustfmt::skip]
const DECISION: &[Key] = &[
    key("cell", Shape::Grammar(Grammar::Subject), "What is decided, by the id that `sekimori model analyze` shows: a cell `sensor:JT04:P2`, a STRIDE threat `telemetry:SR-F2`, a scenario `UCA1:spoofing@lock`, or a candidate `unlock:wrong-time`. A decision whose element is gone is kept with a warning.", "判断の対象。`sekimori model analyze` が示す id で書く。欄 `sensor:JT04:P2`、STRIDE の脅威 `telemetry:SR-F2`、シナリオ `UCA1:spoofing@lock`、候補 `unlock:wrong-time`。要素がなくなった判断は警告つきで残る。").needed(),
    key("status", Shape::Word(DecisionStatus::WORDS), "What was decided: `accepted`, taken as it is; `transferred`, carried by someone else; `dismissed`, judged not to come about in this system. A candidate can only be dismissed.", "判断。`accepted` はそのまま受け入れる、`transferred` は他者が負う、`dismissed` はこのシステムでは起きないと判断する。候補にできるのは `dismissed` だけ。").needed(),
    key("why", Shape::Said, "Reason.", "理由。").needed(),
    OWNER,
    UNTIL,
];

#[rustfmt::skip]
const RULE: &[Key] = &[
    key("id", Shape::Grammar(Grammar::Rule), "Id of a rule that ships, or a new one that starts with `X-`.", "同梱の規則の id、または `X-` で始まる新しい id。").needed(),
    key("disabled", Shape::Truth, "Whether the rule is off; then nothing else is needed.", "無効にするか。その場合ほかのキーは不要。").or("false"),
    key("stride", Shape::Word(Stride::WORDS), "Kind of threat.", "脅威の種類。").needed(),
    key("on", Shape::Words(Subject::WORDS), "Kinds of element that the rule looks at.", "規則が見る要素の種類。").needed(),
    key("when", Shape::Facts, "Conditions, all of which must hold. What is absent does not matter.", "条件。全て成り立つとき当てはまる。書かないものは問わない。"),
    key("reach", Shape::Word(Reach::WORDS), "How the attacker comes near; the base of the likelihood.", "攻撃者の近づき方。起こりやすさの基礎になる。").needed(),
    key("raise", Shape::Whole(0, 2), "How much a weakness named by the rule raises the likelihood.", "規則が指す弱点が起こりやすさを上げる量。").or("0"),
    key("skill", Shape::Whole(1, 3), "What it takes: 1 ready tools, 2 know-how and patience, 3 a laboratory or an organization. The more, the less likely.", "要するもの。1 は出来合いの道具、2 は知識と根気、3 は実験室や組織。多いほど起こりにくい。").or("1"),
    key("steps", Shape::Whole(0, 2), "How many further steps the harm takes after it; the impact counts one level less for each.", "害までにさらに要る手順の数。一つごとに影響を一段下げる。").or("0"),
    key("harms", Shape::Grammar(Grammar::Harms), "Which of confidentiality (c), integrity (i), availability (a) and proof of what happened (p) it harms, as \"ci\". Without it, what its kind of threat usually harms.", "機密性（c）・完全性（i）・可用性（a）・経緯の証明（p）のどれを害するか。例: \"ci\"。なければ脅威の種類から決まる。"),
    key("answers", Shape::Grammars(Grammar::Measure), "Countermeasures, any of which may answer it.", "応じうる対策。").needed(),
    text("Statement: what happens.", "何が起きるか。"),
    key("source", Shape::Said, "Which document it follows, in your own words. Without it, the rule counts as your judgement.", "依拠する文書を自分の言葉で。なければ自分の判断とみなす。"),
];

/// What each fact means, for the reference; a new fact does not compile without.
pub(in crate::model) const fn about_fact(fact: Fact) -> Said {
    fact.said()
}

#[rustfmt::skip]
const MEASURE: &[Key] = &[
    key("id", Shape::Grammar(Grammar::Measure), "Id of a countermeasure that ships, or a new one that starts with `CM-X-`.", "同梱の対策の id、または `CM-X-` で始まる新しい id。").needed(),
    key("excluded", Shape::Said, "Why it must not be chosen; takes it out of the choice.", "選ばない理由。書くと選択から外れる。"),
    key("pillar", Shape::Word(Pillar::WORDS), "Pillar. Must be there for a new one.", "柱。新しい対策では必須。"),
    key("place", Shape::Word(Place::WORDS), "Where it is put to work. Must be there for a new one.", "置く場所。新しい対策では必須。"),
    key("kind", Shape::Word(MeasureKind::WORDS), "What it is made of. Guidance, and only guidance, has strength 0. Must be there for a new one.", "対策の種類。guidance だけが強さ 0。新しい対策では必須。"),
    key("name", Shape::Said, "Name. Must be there for a new one.", "名前。新しい対策では必須。"),
    key("shall", Shape::Said, "What shall hold; becomes the requirement. Must be there for a new one.", "満たすべきこと。要件の文になる。新しい対策では必須。"),
    key("cost", Shape::Whole(0, 1_000), "Effort points from nothing. Must be there for a new one.", "何もない状態からの手間（点）。新しい対策では必須。"),
    key("provided", Shape::Whole(0, 1_000), "Effort points when platform or hardware already have it. A new one without it: the same as cost.", "土台やハードウェアに既にあるときの手間（点）。新しい対策で省くと cost と同じ。"),
    key("strength", Shape::Whole(0, 3), "0 guidance, 1 detection or people, 2 response or hurdle, 3 prevention. Must be there for a new one.", "0 手引き、1 検知または人手、2 対応または障壁、3 予防。新しい対策では必須。"),
    key("ram_kib", Shape::Whole(0, MANY), "Memory that it needs on each device, in KiB.", "各機器で要るメモリ（KiB）。"),
    key("flash_kib", Shape::Whole(0, MANY), "Program storage that it needs on each device, in KiB.", "各機器で要るプログラム領域（KiB）。"),
    key("cpu_percent", Shape::Whole(0, 100), "Processor time that it needs on each device, in percent.", "各機器で要る処理時間（%）。"),
    key("gateway_percent", Shape::Whole(0, 100), "Load of the gateway, in percent.", "ゲートウェイの負荷（%）。"),
    key("unit", Shape::Points, "Effort points of hardware in each unit.", "一台ごとの部品の点数。"),
    key("requires", Shape::Grammars(Grammar::Measure), "Countermeasures that it needs.", "前提となる対策。"),
    key("conflicts", Shape::Grammars(Grammar::Measure), "Countermeasures that cannot stand beside it.", "両立しない対策。"),
    key("answers", Shape::Grammars(Grammar::Answers), "What it answers beside what ships: rules `SR-F2` and cells `JT04:P2` (threat and phase).", "同梱の対応に加えて応じるもの。規則 `SR-F2` と、欄 `JT04:P2`（脅威と段階）。"),
];
