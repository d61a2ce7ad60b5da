//! Our own catalogue of countermeasures, and how it came about: every candidate of every list, kept or excluded.
//!
//! A candidate is one piece of advice of one list. Kept, it is realized by countermeasures of the catalogue; excluded,
//! it has one reason of a closed vocabulary. Excluded does not mean ineffective: training people works, but no product
//! can contain it. All verdicts are our own judgement.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, OnceLock};

use serde::Serialize;

use crate::choose::Solution;
use crate::knowledge::{MeasureKind, Origin, Pillar, Place};
use crate::language::Text;
use crate::system::System;
use crate::vocabulary::vocabulary;

mod load;

vocabulary! {
    /// A list that candidates come from.
    Source {
        /// The ten major threats of 2022 to organizations, by Japan's IPA.
        IpaOrganizations = "ipa-organizations",
        /// The ten major threats of 2022 to individuals, by Japan's IPA.
        IpaIndividuals = "ipa-individuals",
        /// The ten threats of 2022 to industrial control systems, by Germany's BSI.
        BsiControl = "bsi-control",
        /// The four pillars of compact security, in a talk of 2022.
        FourPillars = "four-pillars",
        /// The JNSA's matrix of the general-purpose board, of 2017.
        JnsaMatrix = "jnsa-matrix",
        /// The CSA's thirteen steps.
        CsaSteps = "csa-steps",
    }
}

impl Source {
    /// What a reader calls the list.
    pub fn name(self) -> Text {
        match self {
            Source::IpaOrganizations => Text::new(
                "IPA ten major threats 2022, organizations",
                "IPA 情報セキュリティ10大脅威 2022 組織",
            ),
            Source::IpaIndividuals => Text::new(
                "IPA ten major threats 2022, individuals",
                "IPA 情報セキュリティ10大脅威 2022 個人",
            ),
            Source::BsiControl => Text::new(
                "BSI ten threats to industrial control systems 2022",
                "BSI 産業用制御システム 10大脅威 2022",
            ),
            Source::FourPillars => Text::new(
                "Four pillars of compact security, talk of 2022",
                "セキュア通信をコンパクトに 4つの柱（2022年講演）",
            ),
            Source::JnsaMatrix => Text::new(
                "JNSA matrix of threats and phases of life, board, 2017",
                "JNSA 脅威×ライフサイクル一覧 汎用マイコンボード 2017",
            ),
            Source::CsaSteps => Text::new(
                "CSA thirteen steps to secure IoT products",
                "CSA IoT製品をセキュアにする13ステップ",
            ),
        }
    }

    /// Whose words the candidates of the list are.
    pub fn note(self) -> Text {
        match self {
            Source::IpaOrganizations | Source::IpaIndividuals | Source::BsiControl => Text::new(
                "The threats are the list's; the advice for each is our own summary of what is usually said, not the list's wording.",
                "脅威は一覧のもの。各脅威への対策は一般に言われる内容を当方がまとめたもので、一覧の文言ではない。",
            ),
            Source::FourPillars | Source::CsaSteps => Text::new(
                "Each point of the source in our own words.",
                "原典の各項目を当方の言葉で記した。",
            ),
            Source::JnsaMatrix => Text::new(
                "Each entry of the source's table; the first of equal ones is kept, the others repeat it.",
                "原典の表の各記入。同じものは最初の一つを採り、残りは重複とする。",
            ),
        }
    }
}

vocabulary! {
    /// Why a candidate is no countermeasure of the catalogue. It may work well nevertheless.
    Reason {
        /// No product, platform or service of its maker can contain it.
        CannotBeBuiltIn = "cannot-be-built-in",
        /// People have to do it each time: training, rules of work, calling the police.
        CannotBeAutomated = "cannot-be-automated",
        /// It only stands beside software that exists already, as virus scanners for office computers do.
        AccompaniesSoftware = "accompanies-software",
        /// A choice of design that protects nothing by itself.
        ProtectsNothing = "protects-nothing",
        /// Another candidate says the same.
        Duplicate = "duplicate",
    }
}

impl Reason {
    /// The reason in a sentence.
    pub fn text(self) -> Text {
        match self {
            Reason::CannotBeBuiltIn => Text::new(
                "No product or platform can contain it.",
                "製品にもプラットフォームにも組み込めない。",
            ),
            Reason::CannotBeAutomated => Text::new(
                "People have to do it each time.",
                "その都度、人が行うしかない。",
            ),
            Reason::AccompaniesSoftware => Text::new(
                "It only stands beside software that exists already.",
                "既存のソフトウェアに添えるだけである。",
            ),
            Reason::ProtectsNothing => Text::new(
                "A choice of design that protects nothing by itself.",
                "設計上の選択であり、それ自体は何も守らない。",
            ),
            Reason::Duplicate => {
                Text::new("Another candidate says the same.", "他の候補と同じである。")
            }
        }
    }
}

/// One piece of advice of one list, and what became of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Candidate {
    /// Id, as `IPA-O1-3`, `JM-05-P1-2` or `CSA-4.7`; stable.
    pub id: String,
    /// The list.
    pub source: Source,
    /// The advice in our own words.
    pub text: Text,
    /// What became of it.
    pub verdict: Verdict,
}

/// What became of a candidate.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// These countermeasures realize it; at least one.
    Kept(BTreeSet<String>),
    /// It is left out.
    Excluded(Reason),
    /// This candidate says the same.
    Duplicate(String),
}

impl Verdict {
    /// Why it is left out; [`None`] when it is kept.
    pub fn reason(&self) -> Option<Reason> {
        match self {
            Verdict::Kept(_) => None,
            Verdict::Excluded(reason) => Some(*reason),
            Verdict::Duplicate(_) => Some(Reason::Duplicate),
        }
    }
}

/// Every candidate of every list, by id.
pub fn candidates() -> &'static BTreeMap<String, Candidate> {
    static CANDIDATES: OnceLock<BTreeMap<String, Candidate>> = OnceLock::new();
    CANDIDATES.get_or_init(|| {
        load::load().expect("the compiled-in candidate files are sound; a test reads them")
    })
}

/// The countermeasures that realize a candidate, through the one that it repeats; none when it is excluded.
pub fn realized_by(candidate: &Candidate) -> BTreeSet<&'static str> {
    let verdict = match &candidate.verdict {
        Verdict::Duplicate(of) => candidates().get(of).map(|first| &first.verdict),
        _ => candidates().get(&candidate.id).map(|known| &known.verdict),
    };
    match verdict {
        Some(Verdict::Kept(measures)) => measures.iter().map(String::as_str).collect(),
        _ => BTreeSet::new(),
    }
}

/// The catalogue as a report shows it. The list of candidates is the same for every model: [`candidates`].
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct View {
    /// All lists together.
    pub total: Counts,
    /// Each list.
    pub sources: Vec<SourceView>,
    /// Each countermeasure, by id.
    pub measures: Vec<MeasureView>,
    /// What the numbers do not say.
    pub note: Text,
}

/// How many candidates were kept, and why the others were not.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Candidates.
    pub candidates: usize,
    /// Of them kept.
    pub kept: usize,
    /// Of them excluded, by reason; every reason is there.
    pub excluded: BTreeMap<Reason, usize>,
    /// Countermeasures that realize the kept ones.
    pub measures: usize,
}

/// One list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SourceView {
    /// Which.
    pub source: Source,
    /// What a reader calls it.
    pub name: Text,
    /// Whose words its candidates are.
    pub note: Text,
    /// What became of them.
    pub counts: Counts,
}

/// One countermeasure, where it comes from, and where it was chosen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct MeasureView {
    /// Id.
    pub id: String,
    /// Name.
    pub name: Text,
    /// What shall hold.
    pub shall: Text,
    /// Pillar.
    pub pillar: Pillar,
    /// Where it is put to work.
    pub place: Place,
    /// What it is made of.
    pub kind: MeasureKind,
    /// Whose idea it is.
    pub origin: Origin,
    /// Effort points from nothing (own judgement).
    pub cost: u32,
    /// 0 guidance, 1 detection or people, 2 response or hurdle, 3 prevention (own judgement).
    pub strength: u32,
    /// Kept candidates that it realizes, by id.
    pub candidates: Vec<String>,
    /// Picks of it in the solution, by id.
    pub picks: Vec<Arc<str>>,
}

pub(crate) fn of_system(system: &System<'_>, solution: &Solution) -> View {
    let mut realizes: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for candidate in candidates().values() {
        if let Verdict::Kept(measures) = &candidate.verdict {
            for measure in measures {
                let ids = realizes.entry(measure).or_default();
                ids.push(candidate.id.clone());
            }
        }
    }
    let mut picks: BTreeMap<&str, Vec<Arc<str>>> = BTreeMap::new();
    for pick in &solution.picks {
        let ids = picks.entry(&pick.measure).or_default();
        ids.push(Arc::clone(&pick.id));
    }
    let measures = system.knowledge().measures.values();
    let measures = measures.map(|measure| MeasureView {
        id: measure.id.clone(),
        name: measure.name.clone(),
        shall: measure.shall.clone(),
        pillar: measure.pillar,
        place: measure.place,
        kind: measure.kind,
        origin: measure.origin,
        cost: measure.cost,
        strength: measure.strength,
        candidates: realizes.remove(measure.id.as_str()).unwrap_or_default(),
        picks: picks.remove(measure.id.as_str()).unwrap_or_default(),
    });
    View {
        measures: measures.collect(),
        sources: Source::ALL
            .iter()
            .map(|source| source_view(*source))
            .collect(),
        total: count(candidates().values()),
        note: Text::new(
            "Excluded does not mean ineffective: what people do and what stands beside existing software works too, but nothing here can contain it. Every verdict is our own judgement.",
            "除外は効果がないという意味ではない。人が行うことや既存ソフトウェアに添えるものも有効だが、ここに組み込むことができない。判定は全て当方の判断である。",
        ),
    }
}

fn source_view(source: Source) -> SourceView {
    let of_source = candidates()
        .values()
        .filter(|candidate| candidate.source == source);
    SourceView {
        source,
        name: source.name(),
        note: source.note(),
        counts: count(of_source),
    }
}

/// What became of some candidates.
pub fn count<'a>(candidates: impl Iterator<Item = &'a Candidate>) -> Counts {
    let mut counts = Counts {
        excluded: Reason::ALL.iter().map(|reason| (*reason, 0)).collect(),
        ..Counts::default()
    };
    let mut measures = BTreeSet::new();
    for candidate in candidates {
        counts.candidates += 1;
        match &candidate.verdict {
            Verdict::Kept(by) => {
                counts.kept += 1;
                measures.extend(by);
            }
            verdict => {
                let reason = verdict.reason();
                if let Some(number) = reason.and_then(|reason| counts.excluded.get_mut(&reason)) {
                    *number += 1;
                }
            }
        }
    }
    counts.measures = measures.len();
    counts
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two files say which countermeasures stand behind a control; they may not disagree.
    #[test]
    fn the_checklist_and_the_catalogue_agree_on_every_control() {
        for candidate in candidates().values() {
            let Some((_, measures)) = crate::checklist::shipped(&candidate.id) else {
                assert_ne!(candidate.source, Source::CsaSteps, "{}", candidate.id);
                continue;
            };
            let kept = realized_by(candidate);
            for measure in measures {
                assert!(
                    kept.contains(measure.as_str()),
                    "{} is done by {measure}, says the checklist",
                    candidate.id
                );
            }
        }
    }
}
