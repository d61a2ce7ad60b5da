//! The documents of a report: everything that was attached, once, with what it is about.

use std::collections::{BTreeMap, BTreeSet};

use sekimori_analysis::attestation::{Attested, DocumentView};

use crate::Report;

/// A document and the ids of what it is about.
pub(crate) struct Paper<'a> {
    /// The document.
    pub(crate) view: &'a DocumentView,
    /// Requirements, items and controls.
    pub(crate) about: BTreeSet<&'a str>,
}

/// Every document that findings name, by id.
pub(crate) fn of<'a>(report: &Report<'a>) -> Vec<Paper<'a>> {
    let Some(assessment) = report.assessment else {
        return Vec::new();
    };
    let attested = |attested: &'a Option<Attested>| -> &'a [DocumentView] {
        let documents = attested.as_ref().map(|attested| &attested.documents);
        documents.map_or(&[], Vec::as_slice)
    };
    let findings = assessment.findings.iter();
    let findings = findings.map(|f| (f.requirement.as_str(), attested(&f.attested)));
    let items = assessment.items.iter();
    let items = items.map(|item| (item.item.as_str(), attested(&item.attested)));
    let controls = assessment.controls.iter();
    let controls = controls.map(|c| (c.control.as_str(), c.documents.as_slice()));
    let mut papers: BTreeMap<&str, Paper<'a>> = BTreeMap::new();
    for (about, documents) in findings.chain(items).chain(controls) {
        for view in documents {
            let paper = papers.entry(view.id.as_str()).or_insert_with(|| Paper {
                view,
                about: BTreeSet::new(),
            });
            paper.about.insert(about);
        }
    }
    papers.into_values().collect()
}
