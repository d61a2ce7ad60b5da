//! What the platform cannot enforce becomes a requirement for people: protocols that the gateway does not speak,
//! providers, people and their procedures, the network around a device, assumptions. Nothing is dropped.

use super::{Duty, Requirement};
use crate::knowledge::{Pillar, ProbeName};
use crate::language::Text;
use crate::model::{ComponentKind, Flow, LinkProtection, Model, Protocol};
use crate::policy::peers::PEERS;
use crate::policy::rules::Rule;
use crate::system::System;

/// All of them, in no particular order.
pub(super) fn all(system: &System<'_>) -> impl Iterator<Item = Requirement> {
    let mut out = unenforced_flows(system);
    out.extend(others(system.model));
    out.extend(networks(system));
    out.extend(assumptions(system.model));
    out.into_iter()
}

/// A requirement that belongs to no countermeasure.
fn plain(id: String, at: Option<&str>, title: Text, shall: Text, why: Text) -> Requirement {
    Requirement {
        id,
        measure: None,
        at: at.map(str::to_owned),
        title,
        shall,
        pillar: Pillar::None,
        duty: Duty::People,
        closes: Vec::new(),
        threats: Vec::new(),
        items: Vec::new(),
        clauses: Vec::new(),
        rules: Vec::new(),
        observed: Vec::new(),
        refused: Vec::new(),
        why,
    }
}

fn unenforced_flows(system: &System<'_>) -> Vec<Requirement> {
    let flows = system.model.flows.iter();
    flows
        .filter(|(id, _)| !system.way(id).enforced)
        .map(|(id, flow)| {
            let mut requirement = unenforced(id, flow, system.owner_of(flow));
            requirement.pillar = Pillar::Network;
            requirement
        })
        .collect()
}

fn unenforced(id: &str, flow: &Flow, at: &str) -> Requirement {
    let id = format!("REQ-FLOW-{id}");
    let ask = demand(flow.protocol);
    let (en, ja) = (&flow.title.en, &flow.title.ja);
    if flow.is_by_people() {
        return plain(
            id,
            Some(at),
            Text::new(
                format!("{en}, carried by people"),
                format!("人が運ぶフロー「{ja}」"),
            ),
            Text::new(
                format!("{} State who checks it.", ask.en),
                format!("{}誰が確かめるかを述べること。", ask.ja),
            ),
            Text::new(
                "What people say, show or enter does not pass the gateway.",
                "人が話し、見せ、入力するものは、ゲートウェイを通らない。",
            ),
        );
    }
    let mut words = vec![flow.protocol.word(), flow.security.word()];
    if flow.link != LinkProtection::None {
        words.push(flow.link.word());
    }
    plain(
        id,
        Some(at),
        Text::new(
            format!("Flow {en} outside the gateway"),
            format!("ゲートウェイの外のフロー「{ja}」"),
        ),
        Text::new(
            format!(
                "The gateway does not decide about this flow ({}). {} State who checks it.",
                words.join(", "),
                ask.en
            ),
            format!(
                "このフロー（{}）はゲートウェイが判定しない。{}誰が確かめるかを述べること。",
                words.join("、"),
                ask.ja
            ),
        ),
        Text::new(
            "Only MQTT over TLS 1.3 between a device and the gateway is enforced.",
            "強制できるのは、機器とゲートウェイの間の TLS 1.3 上の MQTT だけである。",
        ),
    )
}

/// What to ask of a protocol that the platform does not enforce (own judgement).
pub fn demand(protocol: Protocol) -> Text {
    match protocol {
        Protocol::Mqtt => Text::new(
            "Ask for MQTT over TLS 1.3, a certificate for each client, no anonymous access and topics limited for each client, or lead the flow through the gateway.",
            "TLS 1.3 上の MQTT、クライアントごとの証明書、匿名接続の禁止、クライアントごとのトピック制限を求めるか、ゲートウェイを通すこと。",
        ),
        Protocol::Https => Text::new(
            "Ask for TLS 1.3 with the server's name verified, clients that prove themselves by certificate or short-lived token, no answer over plain HTTP, and limits for requests of each client.",
            "サーバー名の検証を伴う TLS 1.3、証明書または短命なトークンによるクライアントの認証、平文 HTTP への無応答、クライアントごとの要求数の制限を求めること。",
        ),
        Protocol::Coap => Text::new(
            "Ask for DTLS 1.2 or later with certificates or raw public keys, or OSCORE with EDHOC; the mode without security is off, and no answer is larger than its request before the peer's address is proven.",
            "証明書または生の公開鍵による DTLS 1.2 以降、もしくは EDHOC を用いた OSCORE を求めること。無保護の方式は切り、相手のアドレスを確かめる前に要求より大きな応答を返さないこと。",
        ),
        Protocol::Ble => Text::new(
            "Ask for LE Secure Connections with authenticated pairing (security mode 1 level 4), no pairing without confirmation, pairing only while someone at the device allows it, and private addresses that change.",
            "認証付きペアリングによる LE Secure Connections（セキュリティモード 1 レベル 4）を求めること。確認なしのペアリングは禁じ、機器の前の人が許す間だけペアリングを受け付け、変化する私的アドレスを使うこと。",
        ),
        Protocol::Lorawan => Text::new(
            "Ask for activation over the air (OTAA) with root keys of each device, LoRaWAN 1.0.4 or 1.1, frame counters that never start over, separate network and application keys, and a join server that you trust; activation by personalization is off.",
            "機器ごとのルート鍵による無線アクティベーション（OTAA）、LoRaWAN 1.0.4 または 1.1、巻き戻らないフレームカウンター、ネットワークとアプリケーションで別々の鍵、信頼できる参加サーバーを求めること。固定鍵による有効化（ABP）は使わないこと。",
        ),
        Protocol::Zigbee => Text::new(
            "Ask for Zigbee 3.0 with an install code for each device, no joining by the well-known default key, a network key that is replaced, and joining that is open only while someone adds a device.",
            "機器ごとのインストールコードを用いる Zigbee 3.0 を求めること。よく知られた既定の鍵での参加を拒み、ネットワークの鍵を取り替え、機器を加える間だけ参加を受け付けること。",
        ),
        Protocol::Modbus => Text::new(
            "Modbus protects nothing by itself: ask for Modbus/TCP Security (TLS with certificates and roles) or a tunnel; else keep it in a closed segment and let a filter pass only declared function codes and registers.",
            "Modbus 自体に保護はない。Modbus/TCP Security（証明書と役割を用いる TLS）またはトンネルを求めること。できなければ閉じた区画に置き、宣言した機能コードとレジスターだけをフィルターで通すこと。",
        ),
        Protocol::Opcua => Text::new(
            "Ask for security mode SignAndEncrypt with a current security policy such as Aes256-Sha256-RsaPss, application certificates on trust lists, users who sign in; mode None, outdated policies and anonymous users are off.",
            "Aes256-Sha256-RsaPss など現行のセキュリティポリシーによる SignAndEncrypt、信頼リストによるアプリケーション証明書、利用者の認証を求めること。None モード、古いポリシー、匿名利用者は使わないこと。",
        ),
        Protocol::Serial => Text::new(
            "Keep the line where nobody can reach it (locked, sealed, inside the case); where it leaves the case ask for messages with a keyed checksum and a counter, and switch off consoles on it.",
            "線を人の手が届かない所（施錠、封印、筐体の内）に置くこと。筐体の外に出る場合は、鍵付きの検査値と計数を持つ電文を求め、コンソールを切ること。",
        ),
        Protocol::Human => Text::new(
            "Write down who reads or acts, how that person is recognized, and which acts need a second look.",
            "誰が読み、誰が操作するか、その人をどう確かめるか、どの操作に二人目の確認がいるかを書いておくこと。",
        ),
        Protocol::Other => Text::new(
            "Name the protocol and its secure mode: how both ends prove themselves, how it is encrypted, how a copy is refused, how keys are replaced; without such a mode lead it through a tunnel or a closed segment.",
            "プロトコルとその安全な方式を挙げ、両端の認証、暗号化、複製の拒否、鍵の取替えの仕方を述べること。そのような方式がなければ、トンネルまたは閉じた区画を通すこと。",
        ),
    }
}

/// Providers and people: what a contract or a procedure has to say.
fn others(model: &Model) -> Vec<Requirement> {
    let components = model.components.iter();
    components
        .filter_map(|(id, component)| match component.kind {
            _ if component.bought => Some(plain(
                format!("REQ-SUPPLIER-{id}"),
                Some(id),
                Text::new(
                    format!("Supplier of {}", component.title.en),
                    format!("「{}」の供給者", component.title.ja),
                ),
                Text::new(
                    "Before it is bought, and once a year, somebody obtains from the supplier: the parts list of its software (SBOM) for each version; until when and how soon weaknesses are mended, and how updates are proven genuine; where weaknesses are reported and told; which ports, accounts and defaults for maintenance there are and how they are closed. The contract holds the supplier to it.",
                    "購入の前と年に一度、供給者から次を得ること: 版ごとのソフトウェア部品表（SBOM）、弱点を直す期間と期限、更新が本物であることの示し方、弱点の届け先と知らせ方、保守用の端子・アカウント・既定値とその閉じ方。契約で供給者に約束させること。",
                ),
                Text::new(
                    "It is bought: what is inside can be asked for, not built.",
                    "購入品であり、中身は自分で作れず、求めることしかできない。",
                ),
            )),
            ComponentKind::External => Some(plain(
                format!("REQ-CONTRACT-{id}"),
                Some(id),
                Text::new(
                    format!("Contract with the provider of {}", component.title.en),
                    format!("「{}」の事業者との契約", component.title.ja),
                ),
                Text::new(
                    "The contract says which access the provider has and how it is proven and withdrawn, how soon weaknesses are mended, that incidents are told within 24 hours and to whom, what becomes of data and keys at its end, and that all of this may be checked; somebody reviews it once a year.",
                    "契約に、事業者に与えるアクセスとその証明・取消しの方法、弱点を直す期限、事故を 24 時間以内に知らせることと連絡先、終了時のデータと鍵の扱い、これらを検査できることを定め、年に一度見直すこと。",
                ),
                Text::new(
                    "A system of someone else: the platform can neither see into it nor command it.",
                    "他者のシステムであり、プラットフォームは中を見ることも命じることもできない。",
                ),
            )),
            ComponentKind::Human => Some(plain(
                format!("REQ-PROCEDURE-{id}"),
                Some(id),
                Text::new(
                    format!("Procedure for {}", component.title.en),
                    format!("「{}」の手順", component.title.ja),
                ),
                Text::new(
                    "A written procedure says who holds this role, how these people sign in for themselves, what they may do and what needs a second person, how they learned it, what they do in an incident, and that their rights end when they leave.",
                    "手順書に、この役割の人、本人としての認証の仕方、してよいことと二人目がいること、受けた訓練、事故のときにすること、離任時に権限を取り消すことを定めること。",
                ),
                Text::new(
                    "People act by what they know and are told; the platform sees only what reaches it.",
                    "人は知識と指示によって動く。プラットフォームに見えるのは、届いたものだけである。",
                ),
            )),
            _ => None,
        })
        .collect()
}

/// The network around each kind of device: nobody but the network can keep it from other peers.
fn networks(system: &System<'_>) -> Vec<Requirement> {
    let roles = crate::choose::devices(system.model);
    roles
        .filter(|role| !system.flows_of(role).is_empty())
        .map(|role| {
            let title = system.model.components.get(role).map(|c| c.title.clone());
            let title = title.unwrap_or_default();
            let mut requirement = plain(
                format!("REQ-PEERS-{role}"),
                Some(role),
                Text::new(
                    format!("Network around {}", title.en),
                    format!("「{}」の周りのネットワーク", title.ja),
                ),
                Text::new(
                    "The network lets this device speak only with the peers that its policy lists; a MUD file exported from the model tells routers and switches which those are.",
                    "ネットワークは、この機器に、ポリシーに挙げた相手との通信だけを許すこと。モデルから書き出す MUD ファイルで、ルーターやスイッチに相手を伝えられる。",
                ),
                Text::new(
                    "The gateway decides about what is sent to it, not about what a device sends elsewhere.",
                    "ゲートウェイが判定するのは自分に届いたものであり、機器が他所へ送るものではない。",
                ),
            );
            requirement.pillar = Pillar::Network;
            requirement.rules = vec![PEERS.to_owned()];
            requirement
        })
        .collect()
}

/// An assumption holds only as long as someone says so.
fn assumptions(model: &Model) -> Vec<Requirement> {
    let assumptions = model.assumptions.iter();
    assumptions
        .map(|(id, assumption)| {
            plain(
                format!("REQ-ASSUME-{id}"),
                None,
                Text::new(format!("Assumption {id}"), format!("前提 {id}")),
                assumption.text.clone(),
                Text::new(
                    format!(
                        "The model takes it for granted until {}.",
                        assumption.review_by
                    ),
                    format!("モデルが {} まで前提としている。", assumption.review_by),
                ),
            )
        })
        .collect()
}

/// A rule of the policy that no chosen countermeasure asks for has a requirement of its own.
pub(super) fn of_rule(rule: Rule, model: &Model) -> Requirement {
    let (title, shall) = rule.words(model);
    let why = Text::new(
        "The policy says so, for the platform or by the model's wish; no chosen countermeasure needs it.",
        "プラットフォームの定め、またはモデルの求めによりポリシーにある。選ばれた対策が必要とするものではない。",
    );
    let mut requirement = plain(rule.requirement_id(), None, title, shall, why);
    if rule.is_enforced(&model.policy) {
        requirement.duty = Duty::Platform;
        requirement.observed = vec![ProbeName {
            probe: "policy.applied".to_owned(),
            reason: None,
        }];
    }
    requirement.rules = vec![rule.key.to_owned()];
    requirement
}
