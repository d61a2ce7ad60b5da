//! How long it takes to choose: `cargo run --release -p sekimori-bench-choosing`.
//!
//! Prints one line for each task: what greedy finds at once, what the search proves, and the processor
//! time of each, the shortest of three, because other work on the machine only ever adds to it.

mod instances;
mod large;
mod peer;

use std::path::Path;
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use instances::Shape;
use sekimori_analysis::model::{DeviceClass, Phase};
use sekimori_analysis::{jnsa, knowledge};
use sekimori_cover::{Candidate, Target, Task, Work, greedy, solve};

/// Steps after which the search gives up; about ten seconds.
const STEPS: u64 = 4_000_000_000;

fn main() {
    let only = std::env::args().nth(1);
    if only.as_deref() == Some("export") {
        let folder = std::env::args()
            .nth(2)
            .unwrap_or_else(|| "tasks".to_owned());
        return export(Path::new(&folder));
    }
    let wants = |name: &str| only.as_deref().is_none_or(|only| only == name);
    if wants("board") {
        measure("JNSA board", &board());
        example();
    }
    if wants("catalogue") {
        random(CATALOGUE);
    }
    if wants("analyze") {
        analyze();
    }
    if wants("random") {
        random(RANDOM);
    }
}

/// A kind of made-up task: its name, candidates and targets, and chances in a thousand.
type Kind = (&'static str, (u32, u32), &'static [u32]);

const CATALOGUE: Kind = ("catalogue", (89, 81), &[30, 60, 120]);
const RANDOM: Kind = ("random", (130, 500), &[20, 50, 100]);

fn random(kind: Kind) {
    each(kind, &mut |label, task| measure(label, task));
}

fn each((name, (candidates, targets), densities): Kind, with: &mut dyn FnMut(&str, &Task)) {
    for permille in densities {
        for shape in Shape::ALL {
            for seed in 0..3 {
                let task = instances::random(seed, candidates, targets, *permille, shape);
                let label = format!("{name} {candidates}×{targets} {permille}‰ {shape:?} {seed}");
                with(&label, &task);
            }
        }
    }
}

/// Writes the made-up tasks for another solver, see `peer.py`.
fn export(folder: &Path) {
    for kind in [CATALOGUE, RANDOM] {
        each(kind, &mut |label, task| {
            let name = label.replace(' ', "-");
            if let Err(error) = peer::write(folder, &name, task) {
                println!("{name}: {error}");
            }
        });
    }
}

/// The matrix of the general-purpose board: every applicable cell as a high risk, costs from nothing.
fn board() -> Task {
    let base = knowledge::base();
    let measures: Vec<&knowledge::Measure> = base.measures.values().collect();
    let mut task = Task::default();
    for measure in &measures {
        task.candidates.push(Candidate {
            cost: measure.cost,
            ..Candidate::default()
        });
    }
    for threat in base.threats.keys() {
        for phase in Phase::ALL.iter().copied() {
            let Some(cell) = jnsa::measures(base, threat, phase, DeviceClass::McuBoard) else {
                continue;
            };
            let target = task.targets.len();
            task.targets.push(Target::strength(2));
            for (measure, candidate) in measures.iter().zip(&mut task.candidates) {
                if measure.strength > 0 && cell.contains_key(&measure.id) {
                    candidate.gives.push((target, measure.strength));
                }
            }
        }
    }
    let used = task
        .candidates
        .iter()
        .filter(|c| !c.gives.is_empty())
        .count();
    println!("JNSA board: {used} measures, {} cells", task.targets.len());
    task
}

/// The example that ships: the choice with every explanation.
fn example() {
    let text = include_str!("../../../examples/cold-store/model.toml");
    let Ok(model) = sekimori_analysis::model::parse("model.toml", text) else {
        return;
    };
    let today = jiff::civil::date(2026, 11, 21);
    let (analysis, took) = shortest(|| sekimori_analysis::analyze(&model, today));
    let solution = &analysis.solution;
    println!(
        "example: {} targets, {} picks, cost {} (bound {}), {} open, {:.0} ms with every explanation",
        solution.targets.len(),
        solution.picks.len(),
        solution.cost,
        solution.lower_bound,
        solution.open().count(),
        milliseconds(took),
    );
    for target in solution.open() {
        let missing = target.missing.as_ref().map_or("", |text| text.en.as_str());
        println!("  {}: {missing}", target.id);
    }
}

/// The whole analysis of a large model, with the memory that it took at most.
fn analyze() {
    let text = large::model();
    let begin = Moment::now();
    let model = match sekimori_analysis::model::parse("large.toml", &text) {
        Ok(model) => model,
        Err(problems) => {
            println!("{problems}");
            return;
        }
    };
    let parsed = begin.took();
    let today = jiff::civil::date(2026, 11, 21);
    let analysis = sekimori_analysis::analyze(&model, today);
    let took = begin.took();
    let (solution, json) = (&analysis.solution, text.len());
    println!(
        "analyze {} components, {} flows ({} KiB): parsed in {:.0} ms, all in {:.0} ms; {} threats, {} targets, {} picks, cost {} (bound {}), {} open, peak {} MiB",
        model.components.len(),
        model.flows.len(),
        json / 1024,
        milliseconds(parsed),
        milliseconds(took),
        analysis.threats.len(),
        solution.targets.len(),
        solution.picks.len(),
        solution.cost,
        solution.lower_bound,
        solution.open().count(),
        peak_mebibytes(),
    );
}

/// The most memory that this process had, as Linux counts it.
fn peak_mebibytes() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmHWM:"));
    let kibibytes = line.and_then(|line| line.split_whitespace().nth(1)?.parse::<u64>().ok());
    kibibytes.unwrap_or(0) / 1024
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
    let begin = Moment::now();
    let mut result = run();
    let mut best = begin.took();
    // What takes seconds is not noise.
    for _ in 0..if best < Duration::from_secs(1) { 2 } else { 0 } {
        let begin = Moment::now();
        result = run();
        best = best.min(begin.took());
    }
    (result, best)
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}

/// A moment by two clocks.
struct Moment {
    passed: Duration,
    /// Processor time of this thread, as Linux counts it.
    busy: Option<Duration>,
}

/// Shorter times are finer on the wall; longer ones should not count the waiting for other work.
const FINE: Duration = Duration::from_millis(20);

impl Moment {
    fn now() -> Self {
        let statistics = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
        let nanoseconds = statistics.split(' ').next().and_then(|n| n.parse().ok());
        Moment {
            passed: passed(),
            busy: nanoseconds.map(Duration::from_nanos),
        }
    }

    fn took(&self) -> Duration {
        let now = Self::now();
        let passed = now.passed.saturating_sub(self.passed);
        match (self.busy, now.busy) {
            (Some(before), Some(now)) if passed > FINE => now.saturating_sub(before),
            _ => passed,
        }
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "a benchmark asks the clock; this is its one place"
)]
fn passed() -> Duration {
    static BEGIN: OnceLock<Instant> = OnceLock::new();
    BEGIN.get_or_init(Instant::now).elapsed()
}
