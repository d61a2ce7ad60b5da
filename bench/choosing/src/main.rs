//! How long it takes to choose: `cargo run --release -p sekimori-bench-choosing`.
//!
//! Prints one line for each task: what greedy finds at once, what the search proves, and the time of
//! each, the shortest of three, because other work on the machine only ever adds to it.

mod instances;

use std::time::{Duration, Instant};

use instances::Shape;
use sekimori_cover::{Task, Work, greedy, solve};

/// Steps after which the search gives up; about ten seconds.
const STEPS: u64 = 4_000_000_000;

fn main() {
    let only = std::env::args().nth(1);
    let wants = |name: &str| only.as_deref().is_none_or(|only| only == name);
    if wants("catalogue") {
        random("catalogue", (89, 81), &[30, 60, 120], 3);
    }
    if wants("random") {
        random("random", (130, 500), &[20, 50, 100], 3);
    }
}

fn random(name: &str, (candidates, targets): (u32, u32), densities: &[u32], seeds: u64) {
    for permille in densities {
        for shape in Shape::ALL {
            for seed in 0..seeds {
                let task = instances::random(seed, candidates, targets, *permille, shape);
                let label = format!("{name} {candidates}×{targets} {permille}‰ {shape:?} {seed}");
                measure(&label, &task);
            }
        }
    }
}

fn measure(label: &str, task: &Task) {
    let (quick, at_once) = shortest(|| greedy(task));
    let ((cover, steps), took) = shortest(|| {
        let mut work = Work::new(STEPS);
        let cover = solve(task, &mut work);
        (cover, STEPS - work.left())
    });
    println!(
        "{label}: greedy {} in {:.1} ms; {} {} (bound {}), {} picks, {} forced, {:.1} ms, {} million steps",
        quick.cost,
        milliseconds(at_once),
        if cover.is_optimal() {
            "optimum"
        } else {
            "best"
        },
        cover.cost,
        cover.lower_bound,
        cover.chosen.len(),
        cover.forced.len(),
        milliseconds(took),
        steps / 1_000_000,
    );
}

fn shortest<T>(mut run: impl FnMut() -> T) -> (T, Duration) {
    let begin = now();
    let mut result = run();
    let mut best = begin.elapsed();
    // What takes seconds is not noise.
    for _ in 0..if best < Duration::from_secs(1) { 2 } else { 0 } {
        let begin = now();
        result = run();
        best = best.min(begin.elapsed());
    }
    (result, best)
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}

#[expect(
    clippy::disallowed_methods,
    reason = "a benchmark asks the clock; this is its one place"
)]
fn now() -> Instant {
    Instant::now()
}
