//! Some hundred bad days, beside the thousand that the test command runs with the program. The same seed is always
//! the same day.

use sekimori_sim::{Plan, generate, run};

fn days(from: u64, to: u64) {
    for seed in from..to {
        let plan = generate(seed);
        if let Some(violation) = run(&plan).violation {
            panic!(
                "seed {seed}: {violation}\nmake it shorter and save it: \
                 cargo run -p sekimori-sim -- --seeds 1 --from {seed}"
            );
        }
    }
}

#[test]
fn seeds_1000_to_1199() {
    days(1000, 1200);
}

#[test]
fn seeds_1200_to_1399() {
    days(1200, 1400);
}

#[test]
fn the_same_seed_is_the_same_run_and_another_is_another() {
    let mut traces: Vec<u64> = (0..20)
        .map(|seed| {
            let plan = generate(seed);
            let trace = run(&plan).trace;
            assert_eq!(trace, run(&plan).trace, "seed {seed}");
            trace
        })
        .collect();
    traces.sort_unstable();
    traces.dedup();
    assert_eq!(traces.len(), 20, "all runs differ");
}

#[test]
fn a_plan_reads_back_from_its_text() {
    for seed in 0..200 {
        let plan = generate(seed);
        let text = plan.to_string();
        assert_eq!(text.parse::<Plan>(), Ok(plan), "{text}");
    }
}

#[test]
fn a_plan_with_an_unknown_word_names_its_line() {
    let error = "seed 1\n\nadvance 5\njump 3\n".parse::<Plan>();
    assert_eq!(error, Err("line 4: \"jump\" is no operation".to_string()));
}
