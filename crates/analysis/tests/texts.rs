//! What is written is read back: the canonical text of any model.

use proptest::prelude::*;
use sekimori_analysis::diagnostic::Problems;
use sekimori_analysis::model::{self, Model};

mod any;

const EXAMPLE: &str = include_str!("../../../examples/cold-store/model.toml");

/// What a text says, without the warnings, which name the file.
fn read(text: &str) -> Model {
    let parsed = model::parse("model.toml", text);
    let mut model = parsed.unwrap_or_else(|problems| panic!("{text}\n{problems}"));
    model.warnings = Problems::default();
    model
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn a_written_model_is_the_same_model(seed in any::<u64>()) {
        let model = any::model(seed);
        let text = model::write(&model);
        let again = read(&text);
        if again != model {
            let [again, model] = [again, model].map(|model| format!("{model:#?}"));
            let lines = again.lines().zip(model.lines());
            let other: Vec<_> = lines.filter(|(again, model)| again != model).take(3).collect();
            prop_assert!(false, "{other:?} in\n{text}");
        }
        prop_assert_eq!(model::write(&read(&text)), text);
    }
}

/// A text with comments, blank lines, odd spaces and a shuffle of the lines of its sections.
fn untidy(text: &str, seed: u64) -> (String, usize) {
    let mut dice = any::Dice(seed);
    let mut comments = 0;
    let mut out = String::new();
    for section in text.split("\n\n") {
        let mut lines: Vec<&str> = section.lines().collect();
        for at in 2..lines.len() {
            lines.swap(at, 1 + dice.below(at));
        }
        for line in lines {
            match dice.below(6) {
                0 => {
                    comments += 1;
                    out.push_str(&format!("\n\n  # c{comments}.\n"));
                }
                1 => out.push_str("\n\n\n"),
                _ => {}
            }
            let line = match dice.below(4) {
                0 => line.replacen(" = ", "   =", 1),
                1 => format!("  {line}  "),
                _ => line.to_owned(),
            };
            out.push_str(&line);
            if dice.below(6) == 0 {
                comments += 1;
                out.push_str(&format!("   # c{comments}."));
            }
            out.push_str(if dice.below(2) == 0 { "\n" } else { "\r\n" });
        }
    }
    comments += 1;
    out.push_str(&format!("\n\n# c{comments}.\n\n\n"));
    (out, comments)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn layout_keeps_meaning_and_comments_and_settles_at_once(seed in any::<u64>()) {
        let model = any::model(seed);
        let (text, comments) = untidy(&model::write(&model), seed);
        let once = model::format(&text).expect("TOML");
        prop_assert!(read(&once) == model, "{}\n--- from ---\n{}", once, text);
        prop_assert_eq!(&model::format(&once).expect("TOML"), &once);
        for n in 1..=comments {
            prop_assert_eq!(once.matches(&format!("# c{n}.")).count(), 1, "c{} in {}", n, &once);
        }
        prop_assert!(!once.contains("\n\n\n") && !once.contains('\r') && !once.contains(" \n"));
    }

    #[test]
    fn what_is_written_is_in_canonical_layout_but_for_long_lists(seed in any::<u64>()) {
        let text = model::write(&any::model(seed));
        let said = |text: &str| text.replace(['\n', ' '], "").replace(",]", "]");
        prop_assert_eq!(said(&model::format(&text).expect("TOML")), said(&text));
    }
}

#[test]
fn the_example_is_in_canonical_layout() {
    let formatted = model::format(EXAMPLE).expect("TOML");
    assert_eq!(formatted, EXAMPLE);
}

#[test]
fn layout_of_a_crooked_text() {
    let text = "\u{feff}# Top\r\n[model] # main\r\nid=\"m\"\r\n  format='sekimori-model/0'\r\n\r\n\r\n\r\n# About zones\r\n\r\n[[zone]]\r\ntitle_ja=\"い\"\r\n# named\r\nid = \"z\"   # short\r\ntitle=\"\"\"long\r\n\r\n  name  \"\"\"\r\n[[component]]\r\nzone=\"z\"\r\ninterfaces=[\"ble\",\r\n\"camera\" ,\"cellular\",\"ethernet\",\"gpio\",\"jtag\",\"lora\",\"nfc\",\"sd-card\",\"uart\",\"uart-debug\",\"usb\"]\r\ncaps={battery=true,ram_kib=64}\r\nkind=\"service\"\r\nid=\"c\"\r\n";
    let formatted = model::format(text).expect("TOML");
    insta::assert_snapshot!("crooked", formatted);
    assert_eq!(model::format("[model"), None);
}

#[test]
fn the_example_is_the_same_model_when_it_is_written() {
    let model = read(EXAMPLE);
    let text = model::write(&model);
    assert_eq!(read(&text), model);
    insta::assert_snapshot!("cold-store", text);
}
