//! `sekimori-sim --seeds N [--seed S] [--from F] [--case FILE]`: runs the simulated world.

use sekimori_sim::{Outcome, Plan, generate, run, run_verbosely, shrink};
use std::path::Path;
use std::process::ExitCode;

const USAGE: &str = "usage: sekimori-sim --seeds N [--from F]   run N seeds, from F on (0)
       sekimori-sim --seed S              run one seed and tell what happens
       sekimori-sim --case FILE           run a saved case and tell what happens
A failing seed is made shorter (unless --whole) and saved as sim/cases/seed-S.case, or where --save DIR says.
Exit code: 0 when everything held, 1 when something did not, 2 for wrong usage.";

struct Arguments {
    seeds: u64,
    from: u64,
    seed: Option<u64>,
    case: Option<String>,
    save: String,
    quiet: bool,
    whole: bool,
}

fn main() -> ExitCode {
    let arguments = match read(std::env::args().skip(1)) {
        Ok(arguments) => arguments,
        Err(why) => {
            eprintln!("error: {why}\n{USAGE}");
            return ExitCode::from(2);
        }
    };
    let failed = match (&arguments.case, arguments.seed) {
        (Some(file), _) => match std::fs::read_to_string(file) {
            Err(error) => {
                eprintln!("error: read {file}: {error}");
                return ExitCode::from(2);
            }
            Ok(text) => match text.parse() {
                Err(why) => {
                    eprintln!("error: {file}: {why}");
                    return ExitCode::from(2);
                }
                Ok(plan) => tell(&plan, arguments.quiet),
            },
        },
        (None, Some(seed)) => tell(&generate(seed), arguments.quiet),
        (None, None) => return many(&arguments),
    };
    let failed = u64::from(failed);
    println!("{} passed, {failed} failed", 1 - failed);
    ExitCode::from(u8::from(failed > 0))
}

/// Runs one plan and tells what happens; says whether it failed.
fn tell(plan: &Plan, quiet: bool) -> bool {
    let outcome = run_verbosely(plan);
    if !quiet {
        for line in &outcome.lines {
            println!("{line}");
        }
    }
    println!("trace {:016x}", outcome.trace);
    if let Some(violation) = &outcome.violation {
        println!("violation: {violation}");
    }
    outcome.violation.is_some()
}

fn many(arguments: &Arguments) -> ExitCode {
    let (mut passed, mut failed) = (0_u64, 0_u64);
    for seed in arguments.from..arguments.from.saturating_add(arguments.seeds) {
        let plan = generate(seed);
        let Outcome { violation, .. } = run(&plan);
        let Some(violation) = violation else {
            passed = passed.saturating_add(1);
            continue;
        };
        failed = failed.saturating_add(1);
        println!("seed {seed}: {violation}");
        let short = if arguments.whole {
            plan.clone()
        } else {
            shrink(&plan)
        };
        println!(
            "  {} of {} operations are enough",
            short.operations.len(),
            plan.operations.len()
        );
        let path = Path::new(&arguments.save).join(format!("seed-{seed}.case"));
        let text = format!("# {violation}\n{short}");
        match std::fs::write(&path, text) {
            Ok(()) => println!("  saved as {}", path.display()),
            Err(error) => println!("  not saved as {}: {error}\n{short}", path.display()),
        }
    }
    println!("{passed} passed, {failed} failed");
    ExitCode::from(u8::from(failed > 0))
}

fn read(mut words: impl Iterator<Item = String>) -> Result<Arguments, String> {
    let mut arguments = Arguments {
        seeds: 0,
        from: 0,
        seed: None,
        case: None,
        save: "sim/cases".to_string(),
        quiet: false,
        whole: false,
    };
    while let Some(word) = words.next() {
        match word.as_str() {
            "--quiet" => arguments.quiet = true,
            "--whole" => arguments.whole = true,
            _ => {}
        }
        if word == "--quiet" || word == "--whole" {
            continue;
        }
        let value = words
            .next()
            .ok_or_else(|| format!("{word} needs a value"))?;
        let number = || {
            value
                .parse::<u64>()
                .map_err(|error| format!("{word} {value}: {error}"))
        };
        match word.as_str() {
            "--seeds" => arguments.seeds = number()?,
            "--from" => arguments.from = number()?,
            "--seed" => arguments.seed = Some(number()?),
            "--case" => arguments.case = Some(value),
            "--save" => arguments.save = value,
            other => return Err(format!("{other} is unknown")),
        }
    }
    if arguments.seeds == 0 && arguments.seed.is_none() && arguments.case.is_none() {
        return Err("nothing to run".to_string());
    }
    Ok(arguments)
}
