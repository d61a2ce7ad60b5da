//! The checklist: only what was seen, what is attached and what someone answers for gives a control a state.

use std::collections::BTreeSet;

use jiff::Timestamp;
use jiff::civil::{Date, date};
use sekimori_analysis::attestation::Word;
use sekimori_analysis::checklist::{self, ControlFinding, Shown, State};
use sekimori_analysis::documents::{Document, DocumentKind, Withdrawal, read};
use sekimori_analysis::evidence::{Assessment, Observation, Status, judge};
use sekimori_analysis::{Analysis, analyze, model};

const MODEL: &str = include_str!("../../../examples/cold-store/model.toml");

fn now() -> Timestamp {
    "2026-11-20T12:00:00Z".parse().expect("a time")
}

fn analysis_of(more: &str) -> Analysis {
    let text = format!("{MODEL}\n{more}");
    match model::parse("model.toml", &text) {
        Ok(model) => analyze(&model, date(2026, 11, 20)),
        Err(problems) => panic!("{problems:?}"),
    }
}

fn document(id: &str, items: &[&str], until: Date) -> Document {
    Document {
        id: id.to_owned(),
        sha256: "ab".repeat(32),
        size: 3,
        name: format!("{id}.pdf"),
        title: None,
        kind: DocumentKind::Document,
        items: items.iter().map(|item| (*item).to_owned()).collect(),
        owner: "maker".to_owned(),
        attached_by: "operator".to_owned(),
        attached_at: now(),
        until,
        summary: None,
        withdrawn: None,
    }
}

fn result(id: &str, items: &[&str], bytes: &[u8]) -> Document {
    Document {
        kind: DocumentKind::Test,
        summary: Some(read(bytes, None).expect("a result")),
        ..document(id, items, date(2027, 1, 1))
    }
}

fn control<'a>(assessment: &'a Assessment, id: &str) -> &'a ControlFinding {
    let mut controls = assessment.controls.iter();
    controls.find(|one| one.control == id).expect("the control")
}

fn state(documents: &[Document], more: &str, id: &str) -> (State, String) {
    let assessment = judge(&analysis_of(more), &[], documents, now());
    let found = control(&assessment, id);
    (found.state, found.why.en.clone())
}

const PASSED: &[u8] = include_bytes!("results/pytest-passed.xml");
const FAILED: &[u8] = include_bytes!("results/pytest-failed.xml");

fn seen(probe: &str, reason: Option<&str>, held: bool) -> Observation {
    Observation {
        probe: probe.to_owned(),
        reason: reason.map(str::to_owned),
        subject: "unit-1".to_owned(),
        role: None,
        observed_at: now(),
        received_at: now(),
        held,
        count: 1,
    }
}

/// Everything that any probe of the analysis asks for.
fn everything(analysis: &Analysis) -> Vec<Observation> {
    let mut all = BTreeSet::new();
    for measure in analysis.knowledge.measures.values() {
        for name in measure.observed.iter().chain(&measure.refused) {
            all.insert((name.probe.clone(), name.reason.clone()));
        }
    }
    let steps = analysis.checklist.steps.iter();
    for control in steps.flat_map(|step| &step.controls) {
        for shown in &control.shown_by {
            if let Shown::Probes { observed, refused } = shown {
                for name in observed.iter().chain(refused) {
                    all.insert((name.probe.clone(), name.reason.clone()));
                }
            }
        }
    }
    all.iter()
        .map(|(probe, reason)| seen(probe, reason.as_deref(), true))
        .collect()
}

#[test]
fn without_observations_nothing_is_live_and_every_control_has_a_reason() {
    let analysis = analysis_of("");
    let assessment = judge(&analysis, &[], &[], now());
    assert_eq!(assessment.controls.len(), 334);
    let counts = checklist::count(&assessment.controls);
    assert_eq!(counts[&State::Live], 0);
    assert_eq!(counts[&State::Test], 0);
    assert_eq!(counts[&State::Process], 0);
    assert_eq!(counts.values().sum::<usize>(), 334);
    assert!(
        counts[&State::NotApplicable] > 20 && counts[&State::Open] > 150,
        "{counts:?}"
    );
    for found in &assessment.controls {
        let (en, ja) = (&found.why.en, &found.why.ja);
        assert!(
            !en.is_empty() && ja.chars().any(|c| c > '\u{3000}'),
            "{found:?}"
        );
        assert!(!en.chars().any(|c| c > '\u{3000}'), "{en}");
        assert_eq!(found.last_observed, None);
    }
}

#[test]
fn what_was_seen_in_time_is_live_and_what_is_old_is_not() {
    let analysis = analysis_of("");
    let observations = everything(&analysis);
    let fresh = judge(&analysis, &observations, &[], now());
    for id in ["CSA-1.19", "CSA-10.8", "CSA-8.2", "CSA-12.3"] {
        let found = control(&fresh, id);
        assert_eq!(found.state, State::Live, "{id}: {}", found.why.en);
        assert_eq!(found.last_observed, Some(now()));
    }
    let later = now() + jiff::SignedDuration::from_hours(24 * 800);
    let old = judge(&analysis, &observations, &[], later);
    let counts = checklist::count(&old.controls);
    assert_eq!(counts[&State::Live], 0, "{counts:?}");
    assert!(control(&old, "CSA-12.3").why.en.contains("too long ago"));
}

#[test]
fn the_model_answers_nothing_that_could_have_been_observed() {
    let analysis = analysis_of("");
    let nothing = judge(&analysis, &[], &[], now());
    let mut unseen = 0;
    let controls = analysis
        .checklist
        .steps
        .iter()
        .flat_map(|step| &step.controls);
    for control in controls.filter(|control| control.answer.is_some()) {
        let found = nothing
            .controls
            .iter()
            .find(|one| one.control == control.id);
        let state = found.expect("a finding").state;
        let could = control.shown_by.iter().any(|shown| match shown {
            Shown::Probes { .. } => true,
            Shown::Measure { measure } => analysis.requirements.iter().any(|requirement| {
                requirement.measure.as_ref() == Some(measure) && !requirement.observed.is_empty()
            }),
            Shown::Absent { .. } => false,
        });
        if could {
            unseen += 1;
            assert_ne!(state, State::Document, "{}", control.id);
        }
    }
    assert!(unseen > 0);
}

#[test]
fn one_missing_probe_leaves_a_control_open_and_one_breach_contradicts_it() {
    let analysis = analysis_of("");
    let all = everything(&analysis);
    let without: Vec<Observation> = all
        .iter()
        .filter(|one| one.reason.as_deref() != Some("tls-version"))
        .cloned()
        .collect();
    let assessment = judge(&analysis, &without, &[], now());
    let found = control(&assessment, "CSA-1.19");
    assert_eq!(found.state, State::Open, "{found:?}");
    assert!(found.why.en.contains("Not observed"), "{}", found.why.en);
    let mut broken = all;
    for observation in &mut broken {
        observation.held = observation.probe != "tls.mutual";
    }
    let assessment = judge(&analysis, &broken, &[], now());
    assert_eq!(control(&assessment, "CSA-1.19").state, State::Contradicted);
}

#[test]
fn a_document_counts_until_its_last_day() {
    let id = "CSA-1.31";
    let document = |until| document("DOC-1", &[id], until);
    let (open, why) = state(&[], "", id);
    assert_eq!(open, State::Open);
    assert!(why.contains("evidence attach"), "{why}");
    let (shown, why) = state(&[document(date(2026, 11, 20))], "", id);
    assert_eq!(shown, State::Document);
    assert!(
        why.contains("DOC-1.pdf") && why.contains("2026-11-20"),
        "{why}"
    );
    let (expired, why) = state(&[document(date(2026, 11, 19))], "", id);
    assert_eq!(expired, State::Open);
    assert!(why.contains("counted until 2026-11-19"), "{why}");
    let mut withdrawn = document(date(2027, 1, 1));
    withdrawn.withdrawn = Some(Withdrawal {
        at: now(),
        by: "operator".to_owned(),
        why: "wrong file".to_owned(),
    });
    let (open, why) = state(&[withdrawn], "", id);
    assert_eq!(open, State::Open);
    assert!(why.contains("withdrawn"), "{why}");
}

#[test]
fn a_finding_names_hash_date_and_last_day() {
    let assessment = judge(
        &analysis_of(""),
        &[],
        &[document("DOC-1", &["CSA-1.31"], date(2027, 1, 1))],
        now(),
    );
    let found = control(&assessment, "CSA-1.31");
    assert_eq!(found.owner.as_deref(), Some("maker"));
    assert_eq!(found.until, Some(date(2027, 1, 1)));
    assert_eq!(found.documents[0].sha256, "ab".repeat(32));
    assert_eq!(found.documents[0].attached_at, now());
    // About another control it says nothing.
    assert!(control(&assessment, "CSA-1.35").documents.is_empty());
}

#[test]
fn a_failed_result_counts_against_and_does_not_expire_into_silence() {
    let id = "CSA-2.10";
    let (passed, why) = state(&[result("DOC-1", &[id], PASSED)], "", id);
    assert_eq!(passed, State::Test);
    assert!(why.contains("2 tests passed"), "{why}");
    let (failed, why) = state(&[result("DOC-1", &[id], FAILED)], "", id);
    assert_eq!(failed, State::Contradicted);
    assert!(why.contains("1 of 4 tests failed"), "{why}");
    // A good result beside it does not hide it; withdrawing it does.
    let both = [
        result("DOC-1", &[id], FAILED),
        result("DOC-2", &[id], PASSED),
    ];
    assert_eq!(state(&both, "", id).0, State::Contradicted);
    let mut expired = result("DOC-1", &[id], FAILED);
    expired.until = date(2026, 1, 1);
    assert_eq!(state(&[expired], "", id).0, State::Contradicted);
    let nothing = result("DOC-1", &[id], b"<testsuite/>");
    let (open, why) = state(&[nothing], "", id);
    assert_eq!(open, State::Open);
    assert!(why.contains("tells nothing"), "{why}");
}

fn statement(item: &str, status: &str, until: &str, more: &str) -> String {
    format!(
        "[[statement]]\nitem = \"{item}\"\nstatus = \"{status}\"\nwhy = \"because we do\"\nwhy_ja = \"行っているため\"\nowner = \"quality\"\nuntil = {until}\n{more}"
    )
}

#[test]
fn someone_answers_for_a_process_until_a_day() {
    let id = "CSA-0.2";
    let (stated, why) = state(&[], &statement(id, "process", "2026-11-20", ""), id);
    assert_eq!(stated, State::Process);
    assert!(
        why.contains("quality") && why.contains("because we do"),
        "{why}"
    );
    let (open, why) = state(&[], &statement(id, "process", "2026-11-19", ""), id);
    assert_eq!(open, State::Open);
    assert!(why.contains("held until 2026-11-19"), "{why}");
    let (not, why) = state(
        &[],
        &statement("CSA-5.24", "not-applicable", "2027-01-01", ""),
        "CSA-5.24",
    );
    assert_eq!(not, State::NotApplicable);
    assert!(why.contains("quality"), "{why}");
    let late = statement("CSA-5.24", "not-applicable", "2026-01-01", "");
    assert_eq!(state(&[], &late, "CSA-5.24").0, State::Open);
}

#[test]
fn a_statement_that_points_at_a_document_is_worth_what_the_document_is() {
    let id = "CSA-1.31";
    let more = statement(id, "document", "2027-01-01", "document = \"pia.pdf\"\n");
    let (open, why) = state(&[], &more, id);
    assert_eq!(open, State::Open);
    assert!(why.contains("pia.pdf, which is not attached"), "{why}");
    let mut named = document("DOC-7", &["CSA-1.35"], date(2027, 1, 1));
    named.name = "pia.pdf".to_owned();
    assert_eq!(state(&[named.clone()], &more, id).0, State::Document);
    named.until = date(2026, 1, 1);
    assert_eq!(state(&[named], &more, id).0, State::Open);
}

#[test]
fn nobody_can_state_away_what_was_observed() {
    let analysis = analysis_of(&statement("CSA-1.19", "not-applicable", "2027-01-01", ""));
    let mut observations = everything(&analysis);
    let fresh = judge(&analysis, &observations, &[], now());
    assert_eq!(control(&fresh, "CSA-1.19").state, State::Live);
    for observation in &mut observations {
        observation.held = observation.probe != "tls.mutual";
    }
    let broken = judge(&analysis, &observations, &[], now());
    assert_eq!(control(&broken, "CSA-1.19").state, State::Contradicted);
}

#[test]
fn what_the_model_has_not_does_not_concern_it_and_says_so() {
    let (lora, why) = state(&[], "", "CSA-6.17");
    assert_eq!(lora, State::NotApplicable);
    assert!(why.contains("lora"), "{why}");
    let more = "[[component]]\nid = \"meter\"\ntitle = \"Meter\"\ntitle_ja = \"計器\"\nkind = \"device\"\nclass = \"mcu-board\"\nzone = \"field\"\ninterfaces = [\"lora\"]\n";
    assert_eq!(state(&[], more, "CSA-6.17").0, State::Open);
}

#[test]
fn a_requirement_that_needs_a_statement_becomes_stated_never_met() {
    let analysis = analysis_of("");
    let plain = judge(&analysis, &[], &[], now());
    let needs = plain
        .findings
        .iter()
        .find(|finding| finding.status == Status::NeedsStatement)
        .expect("a requirement that nobody can observe")
        .requirement
        .clone();
    let status = |documents: &[Document]| {
        let assessment = judge(&analysis, &[], documents, now());
        let findings = assessment.findings.into_iter();
        let mut of = findings.filter(|finding| finding.requirement == needs);
        let finding = of.next().expect("the requirement");
        (
            finding.status,
            finding.attested.map(|attested| attested.word),
        )
    };
    let until = |until| [document("DOC-1", &[&needs], until)];
    assert_eq!(
        status(&until(date(2027, 1, 1))),
        (Status::Stated, Some(Word::Document))
    );
    assert_eq!(
        status(&until(date(2026, 1, 1))),
        (Status::Stale, Some(Word::Lapsed))
    );
    assert_eq!(
        status(&[result("DOC-1", &[&needs], FAILED)]).0,
        Status::Contradicted
    );
    assert_eq!(
        status(&[result("DOC-1", &[&needs], PASSED)]).0,
        Status::Stated
    );
}

#[test]
fn a_document_never_makes_up_for_what_was_not_observed() {
    let analysis = analysis_of("");
    let plain = judge(&analysis, &[], &[], now());
    let unseen: Vec<&str> = plain
        .findings
        .iter()
        .filter(|finding| finding.status == Status::NotObserved)
        .map(|finding| finding.requirement.as_str())
        .collect();
    assert!(unseen.len() > 3);
    let documents = [document("DOC-1", &unseen, date(2027, 1, 1))];
    let with = judge(&analysis, &[], &documents, now());
    for id in unseen {
        let finding = with
            .findings
            .iter()
            .find(|one| one.requirement == id)
            .expect("it");
        assert_eq!(finding.status, Status::NotObserved, "{id}");
        assert!(finding.attested.is_some());
    }
}

#[test]
fn items_of_requirement_sets_take_documents_too() {
    let analysis = analysis_of("");
    let plain = judge(&analysis, &[], &[], now());
    let item = plain
        .items
        .iter()
        .find(|item| item.status == Status::NeedsStatement && item.requirements.is_empty())
        .expect("an item that nothing serves")
        .item
        .clone();
    let documents = [document("DOC-1", &[&item], date(2027, 1, 1))];
    let with = judge(&analysis, &[], &documents, now());
    let found = with.items.iter().find(|one| one.item == item).expect("it");
    assert_eq!(found.status, Status::Stated);
    assert_eq!(
        found.attested.as_ref().map(|one| one.documents.len()),
        Some(1)
    );
}

#[test]
fn nobody_is_asked_for_the_languages_of_programs_that_are_not_there() {
    let text = "[model]\nformat = \"sekimori-model/0\"\nid = \"alone\"\ntitle = \"Alone\"\n\n\
                [[zone]]\nid = \"z\"\nphysical = \"exposed\"\n\n\
                [[component]]\nid = \"board\"\nkind = \"device\"\nclass = \"mcu-board\"\nzone = \"z\"\n\
                platform = { os = \"none\", languages = [\"rust\"] }\n";
    let model = model::parse("model.toml", text).unwrap_or_else(|problems| panic!("{problems}"));
    let analysis = analyze(&model, date(2026, 11, 20));
    let controls = || {
        analysis
            .checklist
            .steps
            .iter()
            .flat_map(|step| &step.controls)
    };
    let said = |id: &str| controls().find(|one| one.id == id).expect("the control");
    // Device and gateway have one; services and apps there are none.
    assert!(
        said("CSA-2.1")
            .gap
            .as_ref()
            .is_some_and(|gap| gap.en.contains("Languages: rust."))
    );
    assert_eq!(said("CSA-2.2").gap, None);
    assert!(said("CSA-2.2").answer.is_some());
}
