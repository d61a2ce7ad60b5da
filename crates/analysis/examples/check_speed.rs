//! How long `check`, `fmt` and `write` take: `cargo run --release -p sekimori-analysis --example check_speed`.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use sekimori_analysis::model;

const EXAMPLE: &str = include_str!("../../../examples/cold-store/model.toml");

fn main() {
    measure("example", EXAMPLE);
    for components in [1_000, 10_000] {
        measure(&format!("{components} components"), &large(components));
    }
}

fn measure(name: &str, text: &str) {
    let model = model::parse(name, text).expect("the model is sound");
    let lines = text.lines().count();
    let check = median(|| model::parse(name, text).is_ok());
    let format = median(|| model::format(text).is_some());
    let write = median(|| !model::write(&model).is_empty());
    println!("{name}: {lines} lines, check {check:.1?}, fmt {format:.1?}, write {write:.1?}");
}

/// The median of eleven runs.
#[expect(clippy::disallowed_methods, reason = "a measurement reads the clock")]
fn median(run: impl Fn() -> bool) -> Duration {
    let mut times: Vec<Duration> = (0..11)
        .map(|_| {
            let began = Instant::now();
            assert!(run(), "what is measured works");
            began.elapsed()
        })
        .collect();
    times.sort();
    times.get(5).copied().unwrap_or_default()
}

/// A model with five flows for each component.
fn large(components: usize) -> String {
    let mut text = "[model]\nformat = \"sekimori-model/0\"\nid = \"large\"\n".to_owned();
    for n in 0..10 {
        let _ = write!(
            text,
            "\n[[zone]]\nid = \"z{n}\"\ntitle = \"Zone {n}\"\ntitle_ja = \"区域 {n}\"\n"
        );
    }
    for n in 0..components {
        let (kind, zone) = if n % 10 == 0 {
            ("gateway", n / 10 % 10)
        } else {
            ("device", n % 10)
        };
        let _ = write!(
            text,
            "\n[[component]]\nid = \"c{n}\"\ntitle = \"Component {n}\"\ntitle_ja = \"部品 {n}\"\nkind = \"{kind}\"\nclass = \"mcu-board\"\nzone = \"z{zone}\"\ncount = 40\ncaps = {{ ram_kib = 64, flash_kib = 512, rng = \"hw\", secure_boot = true }}\ninterfaces = [\"ble\", \"uart-debug\"]\n"
        );
    }
    for n in 0..components * 5 {
        let (from, to) = (n % components, (n * 7 + 1) % components);
        let to = if from == to {
            (to + 1) % components
        } else {
            to
        };
        let _ = write!(
            text,
            "\n[[flow]]\nid = \"f{n}\"\nfrom = \"c{from}\"\nto = \"c{to}\"\nproto = \"mqtt\"\nsecurity = \"tls13\"\nschema = {{ type = \"object\", required = [\"t\"], properties = {{ t = {{ type = \"number\" }} }} }}\nrange = {{ t = [-40, 60] }}\nrate = \"60/60s\"\n"
        );
    }
    text
}
