//! Texts that somebody made to do harm, or by accident: a clear problem, no panic, bounded time.

use std::time::{Duration, Instant};

use sekimori_analysis::diagnostic::{Gravity, Problems};
use sekimori_analysis::model;

const HEAD: &str = "[model]\nformat = \"sekimori-model/0\"\nid = \"m\"\n";

/// No machine is so busy that a model takes longer than this, unless time grows with the square.
const PATIENCE: Duration = Duration::from_secs(60);

/// Does some work, which must not take longer than anybody would wait.
#[expect(
    clippy::disallowed_methods,
    reason = "how long it takes is what is tested"
)]
fn patiently<T>(what: &str, work: impl FnOnce() -> T) -> T {
    let began = Instant::now();
    let done = work();
    let took = began.elapsed();
    assert!(took < PATIENCE, "{what:.40}: {took:?}");
    done
}

fn refused(text: &str) -> Problems {
    let parsed = patiently(text, || model::parse("model.toml", text));
    let problems = parsed.expect_err("refused");
    assert!(model::format(text).is_none_or(|tidy| !tidy.is_empty()));
    assert!(!problems.is_empty());
    problems
}

fn code(text: &str) -> &'static str {
    refused(text).list.first().expect("a problem").code
}

#[test]
fn nesting_is_refused_before_anybody_follows_it() {
    const DEPTH: usize = 1_000_000;
    for text in [
        format!("{HEAD}x = {}", "[".repeat(DEPTH)),
        format!("{HEAD}x = {}{}", "[".repeat(DEPTH), "]".repeat(DEPTH)),
        format!("{HEAD}x = {}", "{a=".repeat(DEPTH)),
        format!("{HEAD}x = {}1{}", "{a=".repeat(DEPTH), "}".repeat(DEPTH)),
        format!("{HEAD}{}a = 1", "a.".repeat(DEPTH)),
        format!("{HEAD}{}'a' = 1", "'a' . ".repeat(DEPTH)),
        format!("{HEAD}[{}a]", "a.".repeat(DEPTH)),
        format!("{HEAD}[[{}a]]", "a.".repeat(DEPTH)),
        "[".repeat(DEPTH),
        "{".repeat(DEPTH),
    ] {
        assert_eq!(
            code(&text),
            "SK-MOD-035",
            "{:.60}",
            text.get(50..).unwrap_or("")
        );
    }
    // As deep as is allowed, in every way at once: read, and refused for other reasons.
    let deep = format!(
        "{HEAD}{}a = {}1{}",
        "a.".repeat(40),
        "{b.b.b.b=".repeat(40),
        "}".repeat(40)
    );
    assert_ne!(code(&deep), "SK-MOD-035");
}

#[test]
fn a_payload_schema_may_nest_as_deep_as_the_gateway_follows() {
    let nested = |depth: usize| {
        let mut schema = "{ type = \"number\" }".to_owned();
        for _ in 1..depth {
            schema = format!("{{ type = \"object\", properties = {{ a = {schema} }} }}");
        }
        format!(
            "{HEAD}[[zone]]\nid = \"z\"\n[[component]]\nid = \"a\"\nkind = \"service\"\nzone = \"z\"\n[[component]]\nid = \"b\"\nkind = \"service\"\nzone = \"z\"\n[[flow]]\nid = \"f\"\nfrom = \"a\"\nto = \"b\"\nproto = \"mqtt\"\nsecurity = \"none\"\nschema = {schema}\n"
        )
    };
    assert!(model::parse("m", &nested(8)).is_ok());
    assert_eq!(code(&nested(9)), "SK-MOD-020");
}

#[test]
fn fifty_megabytes_are_refused_unread() {
    let text = format!("{HEAD}# {}", "x".repeat(50 * 1024 * 1024));
    let problems = refused(&text);
    assert_eq!(problems.list.first().expect("one").code, "SK-MOD-002");
    assert!(problems.to_string().contains("52428"), "{problems}");
    assert!(model::check_size("m", text.len()).is_err());
    assert!(model::check_size("m", model::MAX_BYTES).is_ok());
    let half = "#".repeat(model::MAX_BYTES / 2 + 1);
    let both = [("a.toml", half.as_bytes()), ("b.toml", half.as_bytes())];
    let problems = model::parse_files(&both).expect_err("too large together");
    assert_eq!(problems.list.first().expect("one").code, "SK-MOD-002");
}

#[test]
fn megabytes_of_nonsense_take_bounded_time() {
    const MANY: usize = 100_000;
    for part in [
        "[[zone]]\n",
        "[",
        "]",
        "\"",
        "'''",
        "= ",
        "\n",
        "a=1\n",
        "a = \"",
        "\\u0000",
        "{}",
        "[[",
        "# x\r",
        "é",
        "[[flow]]\nid=1\n",
        "[zone]\n",
        "x=[",
        "\u{feff}",
    ] {
        let text = format!("{HEAD}{}", part.repeat(MANY));
        patiently(part, || {
            let _ = model::parse("m", &text);
            let _ = model::format(&text);
        });
    }
}

#[test]
fn sections_by_the_ten_thousand_are_read() {
    let mut text = HEAD.to_owned();
    for n in 0..20_000 {
        text.push_str(&format!("[[zone]]\nid = \"z{n}\"\n"));
    }
    let model = patiently("zones", || model::parse("m", &text)).expect("sound");
    assert_eq!(model.zones.len(), 20_000);
    // And as many that nobody knows: named up to a bound, counted beyond.
    let problems = refused(&text.replace("id = \"z", "idd = \"z"));
    assert_eq!(problems.list.len(), Problems::MAX_LISTED);
    assert_eq!(problems.len(), 40_000);
}

#[test]
fn a_long_chain_of_dependencies_is_followed_without_recursion() {
    let mut text = format!("{HEAD}[[zone]]\nid = \"z\"\n");
    for n in 0..20_000 {
        let next = (n + 1) % 20_000;
        text.push_str(&format!(
            "[[component]]\nid = \"c{n}\"\nkind = \"service\"\nzone = \"z\"\ndepends_on = [\"c{next}\"]\n"
        ));
    }
    let model = model::parse("m", &text).expect("a warning");
    let codes: Vec<_> = model.warnings.list.iter().map(|p| p.code).collect();
    assert_eq!(codes, ["SK-MOD-034"]);
    assert!(
        model
            .warnings
            .list
            .iter()
            .all(|p| p.observed.en.len() < 200)
    );
}

#[test]
fn control_bytes_and_marks_of_other_systems() {
    for text in [
        format!("{HEAD}title = \"a\0b\"\n"),
        format!("\0{HEAD}"),
        format!("{HEAD}title = \"a\u{7}b\"\n"),
        format!("{HEAD}# a\0b\n"),
    ] {
        let problems = refused(&text);
        assert_eq!(
            problems.list.first().expect("one").code,
            "SK-MOD-003",
            "{problems}"
        );
        assert!(!problems.to_string().contains('\0'));
    }
    let marked = format!("\u{feff}{}", HEAD.replace('\n', "\r\n"));
    let model = model::parse("m", &marked).expect("a mark of byte order and CRLF are no fault");
    assert_eq!(model.id, "m");
    // And places are counted as an editor counts them.
    let wrong = marked.replace("id =", "idd =");
    let problems = refused(&wrong);
    let place: Vec<_> = problems
        .list
        .iter()
        .map(|p| (p.code, p.line, p.column))
        .collect();
    assert!(place.contains(&("SK-MOD-004", 3, 1)), "{place:?}");
    // UTF-16 is no UTF-8.
    let wide: Vec<u8> = HEAD.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let problems =
        model::parse_bytes("m", &[&[0xff, 0xfe], wide.as_slice()].concat()).expect_err("no text");
    assert_eq!(problems.list.first().expect("one").code, "SK-MOD-001");
}

#[test]
fn the_empty_model_says_what_is_missing() {
    for text in ["", "\n\n", "# nothing\n"] {
        let problems = refused(text);
        let problem = problems.list.first().expect("one");
        assert_eq!(problem.code, "SK-MOD-005");
        assert!(problem.fix.en.contains("format ="), "{}", problem.fix.en);
    }
    assert!(model::parse_sources(&[]).is_err());
}

#[test]
fn a_model_that_only_gives_many_warnings_is_used() {
    let mut text = format!(
        "{HEAD}[[zone]]\nid = \"z\"\n[[component]]\nid = \"a\"\nkind = \"service\"\nzone = \"z\"\n[[component]]\nid = \"b\"\nkind = \"service\"\nzone = \"z\"\n"
    );
    for n in 0..600 {
        text.push_str(&format!(
            "[[flow]]\nid = \"f{n}\"\nfrom = \"a\"\nto = \"b\"\nproto = \"mqtt\"\nsecurity = \"unknown\"\n"
        ));
    }
    let model = model::parse("m", &text).expect("warnings stop nobody");
    assert_eq!((model.flows.len(), model.warnings.len()), (600, 600));
    // And the one error behind them is named, not only counted.
    let problems = refused(&format!("{text}[[zone]]\nid = \"z\"\n"));
    let errors = problems
        .list
        .iter()
        .filter(|problem| problem.gravity == Gravity::Error);
    let codes: Vec<_> = errors.map(|problem| problem.code).collect();
    assert_eq!(codes, ["SK-MOD-011"]);
}

#[test]
fn warnings_by_the_ten_thousand_take_bounded_time() {
    const MANY: usize = 20_000;
    let said = "status = \"accepted\"\nwhy = \"w\"\nowner = \"o\"\nuntil = \"2020-01-01\"\n";
    let mut components = String::new();
    for n in 0..2_000 {
        components.push_str(&format!(
            "[[component]]\nid = \"comp{n}\"\nkind = \"service\"\nzone = \"z\"\n"
        ));
    }
    // Each is about something that is nearly, but not quite, in the model or in the knowledge.
    type Part = fn(usize) -> String;
    let subjects: [(&str, Part, &str); 3] = [
        ("decision", |n| format!("cell = \"cmp{n}:SR-F2\""), said),
        ("decision", |n| format!("cell = \"comp1:SR-F{n}\""), said),
        (
            "statement",
            |n| format!("item = \"CSA-9{n}\""),
            &said.replace("accepted", "process"),
        ),
    ];
    for (section, subject, said) in subjects {
        let mut text = format!("{HEAD}[[zone]]\nid = \"z\"\n{components}");
        for n in 0..MANY {
            text.push_str(&format!("[[{section}]]\n{}\n{said}", subject(n)));
        }
        let model = patiently(section, || model::parse("m", &text)).expect("warnings");
        assert!(
            model.warnings.len() > MANY - 100,
            "{}",
            model.warnings.len()
        );
        let day = jiff::civil::date(2026, 1, 1);
        let due = patiently(section, || model::check_dates(&model, "m", &text, day));
        assert_eq!(due.len(), MANY);
    }
    // Every component closes another circle over the first.
    let mut text = format!("{HEAD}[[zone]]\nid = \"z\"\n");
    for n in 0..MANY {
        let next = (n + 1) % MANY;
        text.push_str(&format!(
            "[[component]]\nid = \"c{n}\"\nkind = \"service\"\nzone = \"z\"\ndepends_on = [\"c0\", \"c{next}\"]\n"
        ));
    }
    let model = patiently("circles", || model::parse("m", &text)).expect("warnings");
    assert_eq!(model.warnings.len(), MANY);
}
