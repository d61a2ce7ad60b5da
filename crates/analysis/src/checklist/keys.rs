//! The questions of key management, asked of every key and credential.
//!
//! Source: CSA 13 steps, step 11 (pages 82 to 86, tables 13 and 14), in our own words. Which answers give
//! concern is our own judgement.

use std::collections::BTreeSet;

use jiff::civil::Date;
use serde::Serialize;

use crate::language::Text;
use crate::model::{Asset, AssetKind, KeyFacts, KeyOrigin, KeyStorage};
use crate::requirements::Requirement;
use crate::system::System;
use crate::vocabulary::vocabulary;

/// A key that lives longer than this gives concern, in days.
const LONG_LIFE: u32 = 825;

vocabulary! {
    /// What is asked of a key.
    Topic {
        /// Where and how it is made.
        Generation = "generation",
        /// How it gets to where it is used.
        Distribution = "distribution",
        /// Where it is kept.
        Storage = "storage",
        /// When it is replaced.
        Rotation = "rotation",
        /// How it is shut out.
        Revocation = "revocation",
        /// How it is erased.
        Destruction = "destruction",
        /// Whether there is a copy.
        Backup = "backup",
        /// Who answers for it.
        Owner = "owner",
    }
}

/// The questions about one key or credential.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct KeySheet {
    /// Asset.
    pub asset: String,
    /// Name of the asset.
    pub title: Text,
    /// The questions, always the same in the same order.
    pub questions: Vec<Question>,
}

/// One question and what the model answers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Question {
    /// `operator-key:KEY-rotation` and the like.
    pub id: String,
    /// What it is about.
    pub topic: Topic,
    /// The question.
    pub text: Text,
    /// The answer, when the model has one.
    pub answer: Option<Text>,
    /// Why the answer is no good one.
    pub concern: Option<Text>,
    /// Controls that ask it.
    pub controls: Vec<String>,
}

impl Question {
    /// Whether the model answers it, and the answer gives no concern.
    pub fn is_settled(&self) -> bool {
        self.answer.is_some() && self.concern.is_none()
    }
}

impl Topic {
    fn text(self) -> Text {
        match self {
            Topic::Generation => {
                Text::new("Where and how is it made?", "どこで、どのように作るか。")
            }
            Topic::Distribution => Text::new(
                "How does it get to where it is used?",
                "使う場所へどのように届けるか。",
            ),
            Topic::Storage => Text::new("Where is it kept?", "どこに保管するか。"),
            Topic::Rotation => Text::new("When is it replaced?", "いつ更新するか。"),
            Topic::Revocation => Text::new(
                "How is it shut out once others know it?",
                "他者に知られたとき、どのように失効させるか。",
            ),
            Topic::Destruction => Text::new(
                "How is it erased when it is used no more?",
                "不要になったとき、どのように消すか。",
            ),
            Topic::Backup => Text::new("Is there a copy?", "控えはあるか。"),
            Topic::Owner => Text::new("Who answers for it?", "誰が責任を持つか。"),
        }
    }

    const fn controls(self) -> &'static [&'static str] {
        match self {
            Topic::Generation => &["CSA-11.1", "CSA-11.2", "CSA-10.19"],
            Topic::Distribution => &["CSA-11.3", "CSA-11.11"],
            Topic::Storage => &["CSA-11.4", "CSA-11.16", "CSA-10.1"],
            Topic::Rotation => &["CSA-11.5", "CSA-11.9", "CSA-11.10"],
            Topic::Revocation => &["CSA-11.12", "CSA-11.21"],
            Topic::Destruction => &["CSA-11.6", "CSA-11.17"],
            Topic::Backup => &["CSA-11.4", "CSA-11.14"],
            Topic::Owner => &["CSA-11.13", "CSA-11.15"],
        }
    }
}

/// What the model says, and why that is no good answer.
type Answer = (Option<Text>, Option<Text>);

fn said(en: impl Into<String>, ja: impl Into<String>) -> Answer {
    (Some(Text::new(en, ja)), None)
}

fn doubtful(answer: Text, en: &str, ja: &str) -> Answer {
    (Some(answer), Some(Text::new(en, ja)))
}

/// The questions about every key and credential of a system.
pub(crate) fn of_system(
    system: &System<'_>,
    requirements: &[Requirement],
    today: Date,
) -> Vec<KeySheet> {
    let assets = system.model.assets.iter().filter(|(_, asset)| {
        matches!(asset.kind, AssetKind::Key | AssetKind::Credential) || asset.key.is_some()
    });
    assets
        .map(|(id, asset)| {
            let sheet = Asking {
                system,
                requirements,
                today,
                id,
                asset,
                facts: asset.key.clone().unwrap_or_default(),
            };
            KeySheet {
                asset: id.clone(),
                title: asset.title.clone(),
                questions: Topic::ALL.iter().map(|topic| sheet.ask(*topic)).collect(),
            }
        })
        .collect()
}

/// One key that is being asked about.
struct Asking<'s, 'm> {
    system: &'s System<'m>,
    requirements: &'s [Requirement],
    today: Date,
    id: &'m str,
    asset: &'m Asset,
    facts: KeyFacts,
}

impl Asking<'_, '_> {
    fn ask(&self, topic: Topic) -> Question {
        let (answer, concern) = match topic {
            Topic::Generation => self.generation(),
            Topic::Distribution => self.distribution(),
            Topic::Storage => self.storage(),
            Topic::Rotation => self.rotation(),
            Topic::Revocation => self.revocation(),
            Topic::Destruction => self.destruction(),
            Topic::Backup => self.backup(),
            Topic::Owner => self.owner(),
        };
        let controls = topic.controls().iter();
        Question {
            id: format!("{}:KEY-{}", self.id, topic.word()),
            topic,
            text: topic.text(),
            answer,
            concern,
            controls: controls.map(|id| (*id).to_owned()).collect(),
        }
    }

    fn generation(&self) -> Answer {
        let algorithm = self.facts.algorithm.as_deref();
        let with = |en: &str, ja: &str| match algorithm {
            Some(algorithm) => {
                Text::new(format!("{algorithm}, {en}"), format!("{algorithm}。{ja}"))
            }
            None => Text::new(en, ja),
        };
        match self.facts.origin {
            None => (None, None),
            Some(KeyOrigin::Device) => (
                Some(with(
                    "made on the device that uses it",
                    "使う機器の中で作る",
                )),
                None,
            ),
            Some(KeyOrigin::Derived) => (
                Some(with("derived from another key", "別の鍵から導出する")),
                None,
            ),
            Some(KeyOrigin::Injected) => doubtful(
                with("made elsewhere and put in", "別の場所で作って入れる"),
                "whoever puts it in can know it: keep a record of each, and let it be replaced in the field",
                "入れる者が鍵を知りうる。1 台ごとに記録を残し、運用中に更新できるようにする",
            ),
            Some(KeyOrigin::External) => doubtful(
                with("made by someone else", "他者が作る"),
                "its quality and its copies are in another's hands: ask for their statement",
                "品質と控えの管理が他者に委ねられる。相手の申告を求める",
            ),
        }
    }

    fn distribution(&self) -> Answer {
        let flows = self.system.model.flows.iter();
        let carrying = flows.filter(|(_, flow)| flow.assets.contains(self.id));
        let (open, closed): (Vec<_>, Vec<_>) = carrying.partition(|(_, flow)| flow.is_readable());
        let names = |list: &[(&String, &crate::model::Flow)]| {
            let names: Vec<&str> = list.iter().map(|(id, _)| id.as_str()).collect();
            names.join(", ")
        };
        if !open.is_empty() {
            let list = names(&open);
            return doubtful(
                Text::new(
                    format!("on the flows {list}"),
                    format!("フロー {list} で運ぶ"),
                ),
                "it travels unprotected",
                "保護されずに通る",
            );
        }
        if !closed.is_empty() {
            let list = names(&closed);
            return said(
                format!("on the protected flows {list}"),
                format!("保護されたフロー {list} で運ぶ"),
            );
        }
        match (self.facts.origin, self.asset.stored_in.len()) {
            (Some(KeyOrigin::Device | KeyOrigin::Derived), 0 | 1) => said(
                "it never leaves the place where it is made",
                "作られた場所から出ない",
            ),
            _ => (None, None),
        }
    }

    fn storage(&self) -> Answer {
        let places: Vec<&str> = self.asset.stored_in.iter().map(String::as_str).collect();
        let places = places.join(", ");
        let at = |en: &str, ja: &str| {
            if places.is_empty() {
                Text::new(en, ja)
            } else {
                Text::new(format!("{en} ({places})"), format!("{ja}（{places}）"))
            }
        };
        let has_tpm = || {
            self.asset.stored_in.iter().all(|id| {
                let component = self.system.model.components.get(id);
                component.is_some_and(|one| one.capabilities.tpm == Some(true))
            })
        };
        match self.facts.storage {
            None => (None, None),
            Some(KeyStorage::Tpm) if !has_tpm() => doubtful(
                at("in a TPM", "TPM の中"),
                "the model does not say that these components have one (caps.tpm)",
                "これらの部品に TPM があると書かれていない（caps.tpm）",
            ),
            Some(KeyStorage::Tpm) => (Some(at("in a TPM", "TPM の中")), None),
            Some(KeyStorage::SecureElement) => {
                (Some(at("in a chip of its own", "専用チップの中")), None)
            }
            Some(KeyStorage::Ram) => (
                Some(at("in memory that forgets", "電源を切ると消えるメモリー")),
                None,
            ),
            Some(KeyStorage::Server) => (Some(at("on a server", "サーバー")), None),
            Some(KeyStorage::Flash) => doubtful(
                at("in flash memory", "フラッシュメモリー"),
                "whoever takes the memory out can read it unless it is wrapped by a key in hardware",
                "ハードウェア内の鍵で包まない限り、記憶素子を取り出した者に読まれる",
            ),
        }
    }

    fn rotation(&self) -> Answer {
        match self.facts.rotation_days {
            None => (None, None),
            Some(days) if days > LONG_LIFE => doubtful(
                Text::new(format!("every {days} days"), format!("{days} 日ごと")),
                "that is longer than a certificate of our own may live (own judgement: 825 days)",
                "本製品の証明書より長い（825 日以内とするのは当方の判断）",
            ),
            Some(days) => said(format!("every {days} days"), format!("{days} 日ごと")),
        }
    }

    fn revocation(&self) -> Answer {
        let devices: Vec<&String> = self
            .asset
            .stored_in
            .iter()
            .filter(|id| self.system.is_device(id))
            .collect();
        let enforced = |id: &&String| self.system.around(id).connected;
        if devices.is_empty() || !devices.iter().all(enforced) {
            return (None, None);
        }
        said(
            "revoking the device shuts out at the gateway whatever the key opens there",
            "機器を失効させると、その鍵でゲートウェイから先に入ることはできなくなる",
        )
    }

    fn destruction(&self) -> Answer {
        let wiped: BTreeSet<&str> = self
            .requirements
            .iter()
            .filter(|requirement| requirement.measure.as_deref() == Some("CM-WIPE"))
            .filter_map(|requirement| requirement.at.as_deref())
            .collect();
        let mut places = self.asset.stored_in.iter();
        if self.asset.stored_in.is_empty() || !places.all(|id| wiped.contains(id.as_str())) {
            return match self.facts.storage {
                Some(KeyStorage::Ram) => {
                    said("it is gone when the power is", "電源が切れると消える")
                }
                _ => (None, None),
            };
        }
        said(
            "a requirement asks that it can be erased where it is kept (CM-WIPE)",
            "保管場所で消せることを要件が求めている（CM-WIPE）",
        )
    }

    fn backup(&self) -> Answer {
        let in_hardware = matches!(
            self.facts.storage,
            Some(KeyStorage::Tpm | KeyStorage::SecureElement)
        );
        match self.facts.backup {
            None => (None, None),
            Some(false) => said("no copy is kept", "控えは持たない"),
            Some(true) if in_hardware => doubtful(
                Text::new("a copy is kept", "控えを持つ"),
                "a key that hardware keeps has no copy unless it was made outside: say where the copy is",
                "ハードウェアに保管する鍵の控えがあるなら、外で作られている。控えの場所を述べる",
            ),
            Some(true) => said("a copy is kept", "控えを持つ"),
        }
    }

    fn owner(&self) -> Answer {
        let statement = self.system.model.statements.get("CSA-11.13");
        match statement {
            Some(statement) if self.today <= statement.until => {
                let owner = &statement.owner;
                said(
                    format!("{owner}, until {}", statement.until),
                    format!("{owner}（{} まで）", statement.until),
                )
            }
            _ => (None, None),
        }
    }
}
