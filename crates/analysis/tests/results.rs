//! Result files: those that other programs wrote say what their authors meant, and no bytes do harm.

use proptest::prelude::*;
use sekimori_analysis::documents::{
    Content, Format, MAX_BYTES, Summary, Unreadable, Verdict, read,
};

macro_rules! result {
    ($name:literal) => {
        include_bytes!(concat!("results/", $name)).as_slice()
    };
}

fn summary(bytes: &[u8]) -> Summary {
    read(bytes, None).expect("a result that can be read")
}

fn why_not(text: &str) -> Unreadable {
    read(text.as_bytes(), None).expect_err("a result that cannot be read")
}

#[test]
fn what_foreign_tools_wrote_is_understood() {
    for (bytes, format, tool, verdict) in [
        (
            result!("bandit-findings.sarif"),
            Format::Sarif,
            Some("Bandit"),
            Verdict::Failed,
        ),
        (
            result!("bandit-clean.sarif"),
            Format::Sarif,
            Some("Bandit"),
            Verdict::Passed,
        ),
        (
            result!("pytest-passed.xml"),
            Format::Junit,
            Some("pytest tests"),
            Verdict::Passed,
        ),
        (
            result!("pytest-failed.xml"),
            Format::Junit,
            Some("pytest tests"),
            Verdict::Failed,
        ),
        (
            result!("nextest.xml"),
            Format::Junit,
            Some("nextest-run"),
            Verdict::Passed,
        ),
        (
            result!("coverage-py.lcov"),
            Format::Lcov,
            None,
            Verdict::Passed,
        ),
        (
            result!("coverage-py.xml"),
            Format::Cobertura,
            None,
            Verdict::Passed,
        ),
        (
            result!("gcovr.xml"),
            Format::Cobertura,
            Some("gcovr"),
            Verdict::Passed,
        ),
        (
            result!("cyclonedx-py.json"),
            Format::CycloneDx,
            Some("cyclonedx-py"),
            Verdict::Passed,
        ),
        (
            result!("cyclonedx-py.xml"),
            Format::CycloneDx,
            Some("cyclonedx-py"),
            Verdict::Passed,
        ),
    ] {
        let found = summary(bytes);
        assert_eq!(found.format, format);
        assert_eq!(found.tool.as_deref(), tool, "{format:?}");
        assert_eq!(found.verdict, verdict, "{found:?}");
        assert_eq!(read(bytes, Some(format)).as_ref(), Ok(&found));
        assert!(!found.why.en.is_empty() && found.why.ja.chars().any(|c| c > '\u{3000}'));
    }
}

/// An analyzer whose rules are in packs leaves the level of a result to a rule of an extension, as CodeQL does.
#[test]
fn a_result_has_the_level_of_its_rule_wherever_the_rule_is() {
    let with = |rule: &str| {
        let text = format!(
            r#"{{"version": "2.1.0", "runs": [{{
                "tool": {{
                    "driver": {{"name": "x", "rules": [{{"id": "other", "defaultConfiguration": {{"level": "note"}}}}]}},
                    "extensions": [
                        {{"name": "empty"}},
                        {{"name": "pack", "rules": [
                            {{"id": "mild", "defaultConfiguration": {{"level": "note"}}}},
                            {{"id": "grave", "defaultConfiguration": {{"level": "error"}}}}
                        ]}}
                    ]
                }},
                "results": [{{"message": {{}}, {rule}}}]
            }}]}}"#
        );
        summary(text.as_bytes()).content
    };
    let errors = |content: Content| match content {
        Content::Findings { errors, notes, .. } => (errors, notes),
        other => panic!("{other:?}"),
    };
    for grave in [
        r#""rule": {"index": 1, "toolComponent": {"index": 1}}"#,
        r#""ruleId": "grave", "rule": {"id": "grave", "index": 1, "toolComponent": {"index": 1}}"#,
        r#""ruleId": "grave""#,
        r#""rule": {"id": "grave", "toolComponent": {"name": "pack"}}"#,
    ] {
        assert_eq!(errors(with(grave)), (1, 0), "{grave}");
    }
    for mild in [
        r#""rule": {"index": 0, "toolComponent": {"index": 1}}"#,
        r#""ruleIndex": 0"#,
    ] {
        assert_eq!(errors(with(mild)), (0, 1), "{mild}");
    }
}

#[test]
fn numbers_are_those_of_the_file() {
    let findings = summary(result!("bandit-findings.sarif")).content;
    assert_eq!(
        findings,
        Content::Findings {
            runs: 1,
            errors: 2,
            warnings: 0,
            notes: 1,
            suppressed: 0,
            broken_runs: 0
        }
    );
    let tests = summary(result!("pytest-failed.xml")).content;
    assert_eq!(
        tests,
        Content::Tests {
            total: 4,
            passed: 2,
            failed: 1,
            errors: 0,
            skipped: 1
        }
    );
    // The same run, in both forms.
    for bytes in [result!("coverage-py.lcov"), result!("coverage-py.xml")] {
        let Content::Coverage {
            files,
            lines,
            lines_covered,
            ..
        } = summary(bytes).content
        else {
            panic!("coverage");
        };
        assert_eq!((files, lines, lines_covered), (2, 19, 17));
    }
    assert_eq!(
        summary(result!("coverage-py.lcov")).content.line_percent(),
        Some(89)
    );
    for bytes in [result!("cyclonedx-py.json"), result!("cyclonedx-py.xml")] {
        let Content::Components {
            components,
            with_version,
            with_hash,
            ..
        } = summary(bytes).content
        else {
            panic!("components");
        };
        assert_eq!((components, with_version, with_hash), (2, 1, 0));
    }
}

fn sarif(results: &str, more: &str) -> Summary {
    let text = format!(
        r#"{{"version":"2.1.0","runs":[{{"tool":{{"driver":{{"name":"t","rules":[{{"id":"R1","defaultConfiguration":{{"level":"error"}}}},{{"id":"R2"}}]}}}}{more},"results":{results}}}]}}"#
    );
    summary(text.as_bytes())
}

#[test]
fn a_finding_has_the_level_that_the_standard_gives_it() {
    for (results, errors, warnings, notes, suppressed) in [
        (r#"[{"level":"error"}]"#, 1, 0, 0, 0),
        (r#"[{"ruleId":"R1"}]"#, 1, 0, 0, 0),
        (r#"[{"ruleIndex":0}]"#, 1, 0, 0, 0),
        (r#"[{"rule":{"index":0}}]"#, 1, 0, 0, 0),
        (r#"[{"ruleIndex":-1,"ruleId":"R2"}]"#, 0, 1, 0, 0),
        (r#"[{}]"#, 0, 1, 0, 0),
        (r#"[{"ruleId":"R1","kind":"pass"}]"#, 0, 0, 1, 0),
        (
            r#"[{"level":"error","suppressions":[{"kind":"inSource"}]}]"#,
            0,
            0,
            0,
            1,
        ),
        (
            r#"[{"level":"error","suppressions":[{"kind":"external","status":"rejected"}]}]"#,
            1,
            0,
            0,
            0,
        ),
        (r#"[{"level":"error","suppressions":[]}]"#, 1, 0, 0, 0),
        (
            r#"[{"level":"error","baselineState":"absent"}]"#,
            0,
            0,
            0,
            0,
        ),
    ] {
        let found = sarif(results, "").content;
        let wanted = Content::Findings {
            runs: 1,
            errors,
            warnings,
            notes,
            suppressed,
            broken_runs: 0,
        };
        assert_eq!(found, wanted, "{results}");
    }
}

#[test]
fn a_scan_that_broke_off_shows_nothing() {
    let broken = r#","invocations":[{"executionSuccessful":false}]"#;
    assert_eq!(sarif("[]", broken).verdict, Verdict::Inconclusive);
    assert_eq!(sarif("null", "").verdict, Verdict::Inconclusive);
    assert_eq!(sarif("[]", "").verdict, Verdict::Passed);
    // What it found before it broke off counts all the same.
    assert_eq!(
        sarif(r#"[{"level":"error"}]"#, broken).verdict,
        Verdict::Failed
    );
    let none = summary(br#"{"version":"2.1.0","runs":[]}"#);
    assert_eq!(none.verdict, Verdict::Inconclusive);
}

#[test]
fn tests_that_did_not_run_show_nothing_and_failures_cannot_hide() {
    for (text, verdict) in [
        ("<testsuites/>", Verdict::Inconclusive),
        (
            r#"<testsuite><testcase><skipped/></testcase></testsuite>"#,
            Verdict::Inconclusive,
        ),
        (r#"<testsuite><testcase/></testsuite>"#, Verdict::Passed),
        (
            r#"<testsuite><testcase><error/></testcase></testsuite>"#,
            Verdict::Failed,
        ),
        (
            r#"<testsuite errors="1" failures="0"><testcase/></testsuite>"#,
            Verdict::Failed,
        ),
        (
            r#"<testsuites><testsuite failures="1"><testcase/></testsuite></testsuites>"#,
            Verdict::Failed,
        ),
        (
            r#"<testsuites><testsuite><testcase/><error>no set-up</error></testsuite></testsuites>"#,
            Verdict::Failed,
        ),
        // Passed at the second try.
        (
            r#"<testsuite><testcase><flakyFailure/></testcase></testsuite>"#,
            Verdict::Passed,
        ),
        (
            r#"<x:testsuite xmlns:x="u"><x:testcase><x:failure/></x:testcase></x:testsuite>"#,
            Verdict::Failed,
        ),
    ] {
        assert_eq!(summary(text.as_bytes()).verdict, verdict, "{text}");
    }
}

#[test]
fn a_list_with_a_severe_weakness_counts_against() {
    let bom = |weakness: &str| {
        let text = format!(
            r#"{{"bomFormat":"CycloneDX","specVersion":"1.5","components":[{{"name":"a","version":"1","hashes":[{{"alg":"SHA-256","content":"00"}}],"components":[{{"name":"b"}}]}}],"vulnerabilities":[{weakness}]}}"#
        );
        summary(text.as_bytes())
    };
    let none = bom("");
    assert_eq!(none.verdict, Verdict::Passed);
    let Content::Components {
        components,
        with_version,
        with_hash,
        ..
    } = none.content
    else {
        panic!("components");
    };
    assert_eq!((components, with_version, with_hash), (2, 1, 1));
    let severe = r#"{"id":"X-1","ratings":[{"severity":"low"},{"severity":"critical"}]"#;
    assert_eq!(bom(&format!("{severe}}}")).verdict, Verdict::Failed);
    let judged = format!(r#"{severe},"analysis":{{"state":"not_affected"}}}}"#);
    assert_eq!(bom(&judged).verdict, Verdict::Passed);
    let low = r#"{"id":"X-2","ratings":[{"severity":"low"}]}"#;
    assert_eq!(bom(low).verdict, Verdict::Passed);
    let xml = r#"<bom xmlns="http://cyclonedx.org/schema/bom/1.5"><components><component><name>a</name><version>1</version></component></components><vulnerabilities><vulnerability><ratings><rating><severity>high</severity></rating></ratings></vulnerability></vulnerabilities></bom>"#;
    assert_eq!(summary(xml.as_bytes()).verdict, Verdict::Failed);
    let settled = xml.replace(
        "</ratings>",
        "</ratings><analysis><state>resolved</state></analysis>",
    );
    assert_eq!(summary(settled.as_bytes()).verdict, Verdict::Passed);
}

#[test]
fn nothing_listed_and_nothing_run_tells_nothing() {
    for text in [
        r#"{"bomFormat":"CycloneDX","specVersion":"1.4"}"#,
        "TN:\nSF:a.c\nDA:1,0\nend_of_record\n",
        r#"<coverage lines-valid="5" lines-covered="0"/>"#,
    ] {
        assert_eq!(
            summary(text.as_bytes()).verdict,
            Verdict::Inconclusive,
            "{text}"
        );
    }
}

#[test]
fn what_cannot_be_read_says_why_in_both_languages() {
    let laughs = "<!DOCTYPE x [<!ENTITY a \"ha\"><!ENTITY b \"&a;&a;\">]><testsuite name=\"&b;\"/>";
    let deep = format!("<testsuite>{}", "<a>".repeat(100));
    let deep_json = format!("{{\"version\":\"2.1.0\",\"runs\":{}", "[".repeat(100_000));
    for (text, said) in [
        ("", "none of"),
        ("hello", "none of"),
        ("{}", "none of"),
        ("<html/>", "none of"),
        (laughs, "document type"),
        (deep.as_str(), "inside each other"),
        (deep_json.as_str(), "none of"),
        (r#"{"version":"2.0.0","runs":[]}"#, "2.1.0"),
        (r#"{"version":"2.1.0","runs":[{}]}"#, "tool"),
        ("<testsuite>", "ends inside"),
        ("<testsuite/><testsuite/>", "root"),
        ("SF:a.c\nLF:1\nLH:2\nend_of_record", "more ran"),
        ("SF:a.c\nLF:x\nend_of_record", "line 2"),
        ("SF:a.c\nDA:1,1", "no end"),
        (
            r#"{"bomFormat":"CycloneDX","specVersion":"2.0"}"#,
            "CycloneDX",
        ),
    ] {
        let why = why_not(text).text();
        assert!(why.en.contains(said), "{text:.60}: {why:?}");
        assert!(why.ja.chars().any(|c| c > '\u{3000}'), "{why:?}");
    }
    let large = vec![b' '; MAX_BYTES + 1];
    assert_eq!(
        read(&large, None),
        Err(Unreadable::TooLarge {
            bytes: MAX_BYTES + 1
        })
    );
    assert_eq!(read(b"<a>\xff", None), Err(Unreadable::NotUtf8 { at: 3 }));
}

#[test]
fn what_a_tool_calls_itself_cannot_reach_the_terminal() {
    let text = "<testsuite name=\"\u{202e}a&#27;]0;owned&#7;\"><testcase/></testsuite>";
    let tool = summary(text.as_bytes()).tool.expect("a name");
    assert!(
        !tool.chars().any(char::is_control) && !tool.contains('\u{202e}'),
        "{tool:?}"
    );
    let long = format!(
        "<testsuite name=\"{}\"><testcase/></testsuite>",
        "x".repeat(10_000)
    );
    assert!(summary(long.as_bytes()).tool.expect("a name").len() < 200);
}

/// Files with some thousand times what is usual end soon.
#[test]
fn large_files_end_soon() {
    let results = format!("[{}{{}}]", r#"{"level":"error"},"#.repeat(200_000));
    let Content::Findings { errors, .. } = sarif(&results, "").content else {
        panic!("findings");
    };
    assert_eq!(errors, 200_000);
    let attributes: String = (0..100_000).map(|n| format!(" a{n}=\"1\"")).collect();
    let text = format!("<testsuite{attributes}><testcase/></testsuite>");
    assert_eq!(summary(text.as_bytes()).verdict, Verdict::Passed);
    let waiting = format!("[{}{{}}]", "{},".repeat(300_000));
    let text = format!(
        r#"{{"version":"2.1.0","runs":[{{"tool":{{"driver":{{"name":"t"}}}},"results":{waiting}}}]}}"#
    );
    assert!(why_not(&text).text().en.contains("too many"));
}

const FORMATS: [Format; 5] = [
    Format::Sarif,
    Format::Junit,
    Format::Lcov,
    Format::Cobertura,
    Format::CycloneDx,
];

proptest! {
    #[test]
    fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let _ = read(&bytes, None);
        for format in FORMATS {
            let _ = read(&bytes, Some(format));
        }
    }

    #[test]
    fn no_damage_to_a_real_file_makes_it_panic(
        which in 0_usize..10,
        place in any::<prop::sample::Index>(),
        insert in proptest::collection::vec(any::<u8>(), 0..12),
        cut in 0_usize..40,
    ) {
        let file = [
            result!("bandit-findings.sarif"), result!("bandit-clean.sarif"), result!("pytest-passed.xml"),
            result!("pytest-failed.xml"), result!("nextest.xml"), result!("coverage-py.lcov"),
            result!("coverage-py.xml"), result!("gcovr.xml"), result!("cyclonedx-py.json"),
            result!("cyclonedx-py.xml"),
        ][which];
        let at = place.index(file.len());
        let mut bytes = file[..at].to_vec();
        bytes.extend(&insert);
        bytes.extend(file.get(at + cut..).unwrap_or_default());
        let _ = read(&bytes, None);
        for format in FORMATS {
            let _ = read(&bytes, Some(format));
        }
    }

    #[test]
    fn covered_is_never_more_than_there_is(text in "(SF:a\n)?(DA:[0-9]{1,3},-?[0-9]{1,3}\n){0,5}(LF:[0-9]{1,20}\n)?(LH:[0-9]{1,20}\n)?end_of_record\n") {
        if let Ok(summary) = read(text.as_bytes(), Some(Format::Lcov)) {
            let percent = summary.content.line_percent();
            prop_assert!(percent.is_none_or(|percent| percent <= 100), "{percent:?}");
        }
    }
}
