//! What comes out of a printer: one sheet for management whatever the model says, and a PDF with text
//! that can be read back.

use std::path::{Path, PathBuf};
use std::process::Command;

use jiff::civil::date;
use sekimori_analysis::language::Language;
use sekimori_analysis::{Analysis, analyze, model};
use sekimori_report::{Format, Report, render};

const TEXT: &str = include_str!("../../../examples/cold-store/model.toml");

fn analysis(text: &str) -> Analysis {
    let model = model::parse("model.toml", text).unwrap_or_else(|problems| {
        let plain = sekimori_analysis::diagnostic::Color::Plain;
        panic!("{}", problems.render(Language::English, plain))
    });
    analyze(&model, date(2026, 11, 20))
}

/// A program, or a failure where everything must be tested, or a word that something was left out.
fn program(name: &str, package: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&path)
        .map(|folder| folder.join(name))
        .find(|file| file.is_file());
    if found.is_none() {
        assert!(std::env::var_os("CI").is_none(), "missing: {name}");
        eprintln!("\n*** NOT LOOKED AT: {name} is missing (apt-get install {package}) ***\n");
    }
    found
}

/// A page as Chromium prints it, in a folder that goes with it.
fn printed(chromium: &Path, page: &[u8]) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("a folder");
    let (html, pdf) = (
        folder.path().join("page.html"),
        folder.path().join("page.pdf"),
    );
    std::fs::write(&html, page).expect("written");
    let profile = folder.path().join("profile");
    let output = Command::new(chromium)
        .args([
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--no-pdf-header-footer",
        ])
        .arg(format!("--user-data-dir={}", profile.display()))
        .arg(format!("--print-to-pdf={}", pdf.display()))
        .arg(&html)
        .output()
        .expect("Chromium starts");
    assert!(pdf.is_file(), "{}", String::from_utf8_lossy(&output.stderr));
    (folder, pdf)
}

/// How many sheets Chromium needs for a page.
fn sheets(chromium: &Path, pdfinfo: &Path, page: &[u8]) -> usize {
    let (_folder, pdf) = printed(chromium, page);
    let output = Command::new(pdfinfo).arg(&pdf).output().expect("it starts");
    let said = String::from_utf8_lossy(&output.stdout);
    let pages = said.lines().find_map(|line| line.strip_prefix("Pages:"));
    pages.map_or(0, |pages| pages.trim().parse().unwrap_or(0))
}

/// A model with long texts, and more of everything than a sheet has room for.
fn large() -> String {
    let long =
        "Very long statements about what would be lost are written by careful people ".repeat(6);
    let long_ja = "慎重な人が書いた、失われるものについてのとても長い説明文です。".repeat(9);
    let mut text =
        TEXT.replacen("Cold-store monitoring", &long, 1)
            .replacen("冷蔵倉庫の監視", &long_ja, 1);
    for index in 0..40 {
        text.push_str(&format!(
            "\n[[loss]]\nid = \"LX{index}\"\ntext = \"{long}\"\ntext_ja = \"{long_ja}\"\n\
             [[assume]]\nid = \"AX{index}\"\ntext = \"{long}\"\ntext_ja = \"{long_ja}\"\nreview_by = \"2026-12-01\"\n\
             [[component]]\nid = \"extra-{index}\"\ntitle = \"{long}\"\ntitle_ja = \"{long_ja}\"\nkind = \"device\"\n\
             class = \"network-camera\"\nzone = \"field\"\ncount = 900\nphase = \"P2\"\n"
        ));
    }
    text
}

#[test]
fn management_gets_exactly_one_sheet() {
    let programs = [("chromium", "chromium"), ("pdfinfo", "poppler-utils")];
    let [Some(chromium), Some(pdfinfo)] = programs.map(|(name, package)| program(name, package))
    else {
        return;
    };
    for analysis in [analysis(TEXT), analysis(&large())] {
        for language in Language::ALL {
            let page = render(&Report::of(&analysis), Format::Management, language);
            let page = page.expect("a form of text").bytes;
            assert_eq!(
                sheets(&chromium, &pdfinfo, &page),
                1,
                "{} {}",
                analysis.title.en,
                language.tag()
            );
        }
    }
}

#[test]
fn on_paper_everything_folded_is_open() {
    let programs = [("chromium", "chromium"), ("pdftotext", "poppler-utils")];
    let [Some(chromium), Some(reader)] = programs.map(|(name, package)| program(name, package))
    else {
        return;
    };
    let analysis = analysis(TEXT);
    let page = render(&Report::of(&analysis), Format::Html, Language::English);
    let (_folder, pdf) = printed(&chromium, &page.expect("a form of text").bytes);
    let output = Command::new(&reader)
        .args([pdf.as_os_str(), "-".as_ref()])
        .output()
        .expect("it starts");
    let plain: String = String::from_utf8_lossy(&output.stdout)
        .split_whitespace()
        .collect();
    for threat in &analysis.threats {
        // The id stands in the head of an item, the source inside.
        assert!(plain.contains(&threat.id), "{}", threat.id);
        let source: String = threat.basis.source.en.split_whitespace().collect();
        assert!(plain.contains(&source), "{source}");
    }
}

#[cfg(feature = "pdf")]
#[test]
fn the_text_of_the_pdf_can_be_read_back() {
    let Some(reader) = program("pdftotext", "poppler-utils") else {
        return;
    };
    let analysis = analysis(TEXT);
    let folder = tempfile::tempdir().expect("a folder");
    for language in Language::ALL {
        let pdf = match render(&Report::of(&analysis), Format::Pdf, language) {
            Ok(pdf) => pdf,
            Err(error) if error.code == "SK-REP-001" => {
                assert!(std::env::var_os("CI").is_none(), "{error}");
                eprintln!("\n*** NO PDF WAS LOOKED AT: {error} ***\n");
                return;
            }
            Err(error) => panic!("{error}"),
        };
        let file = folder.path().join("report.pdf");
        std::fs::write(&file, &pdf.bytes).expect("written");
        let output = Command::new(&reader)
            .arg(&file)
            .arg("-")
            .output()
            .expect("it starts");
        let text = String::from_utf8(output.stdout).expect("UTF-8");
        let sheets: Vec<&str> = text.split('\u{c}').collect();
        // The table of contents names the sheet on which each section begins.
        let method = match language {
            Language::English => "How to read this",
            Language::Japanese => "読み方",
        };
        let last = sheets.iter().rposition(|sheet| sheet.contains(method));
        let number = (last.expect("a section") + 1).to_string();
        let first = sheets.first().expect("a sheet");
        assert!(first.contains(method) && first.lines().any(|line| line.trim() == number));
        let plain: String = text.split_whitespace().collect();
        let expected: String = analysis.title.of(language).split_whitespace().collect();
        assert!(plain.contains(&expected), "{expected} in {text}");
        for requirement in &analysis.requirements {
            assert!(plain.contains(&requirement.id), "{}", requirement.id);
            let title: String = requirement.title.of(language).split_whitespace().collect();
            assert!(plain.contains(&title), "{title}");
        }
        // The words on the lines of a picture are text too.
        let flow = if language == Language::Japanese {
            "TLS1.3で保護"
        } else {
            "TLS1.3"
        };
        assert!(plain.contains(flow), "{flow}");
        assert!(!plain.contains('〓'), "a character has no glyph");
    }
}
