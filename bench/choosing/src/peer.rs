//! Tasks in the LP format, for a solver by someone else to be measured beside ours.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::Path;

use sekimori_cover::Task;

/// Writes a task as `FOLDER/NAME.lp`.
pub(crate) fn write(folder: &Path, name: &str, task: &Task) -> std::io::Result<()> {
    std::fs::create_dir_all(folder)?;
    std::fs::write(folder.join(format!("{name}.lp")), program(task))
}

/// Demands of strength, number, peak and groups as rows; the made-up tasks have no other conditions.
fn program(task: &Task) -> String {
    let mut text = String::from("min\n obj:");
    let mut add = |part: std::fmt::Arguments<'_>| {
        // Writing to a string cannot fail.
        let _ = text.write_fmt(part);
    };
    for (index, candidate) in task.candidates.iter().enumerate() {
        add(format_args!(" + {} x{index}", candidate.cost));
    }
    add(format_args!("\nst\n"));
    for (at, target) in task.targets.iter().enumerate() {
        let mut offers: Vec<(usize, u32, u32)> = Vec::new();
        for (index, candidate) in task.candidates.iter().enumerate() {
            let strengths = candidate.gives.iter().filter(|(target, _)| *target == at);
            offers.extend(strengths.map(|(_, strength)| (index, *strength, candidate.group)));
        }
        let groups: BTreeSet<u32> = offers.iter().map(|(_, _, group)| *group).collect();
        let mut row = |least: u32, entries: &mut dyn Iterator<Item = (usize, u32)>| {
            // What nobody can give is not asked for, as in our own solver.
            let entries: Vec<(usize, u32)> = entries.collect();
            let least = least.min(entries.iter().map(|(_, amount)| amount).sum());
            if least > 0 {
                for (index, amount) in entries {
                    add(format_args!(" + {} x{index}", amount.min(least)));
                }
                add(format_args!(" >= {least}\n"));
            }
        };
        let offered = offers.iter();
        row(
            target.strength,
            &mut offered.clone().map(|(i, s, _)| (*i, *s)),
        );
        row(target.count, &mut offered.clone().map(|(i, ..)| (*i, 1)));
        if target.peak > 0 {
            let strong = offered.clone().filter(|(_, s, _)| *s >= target.peak);
            row(1, &mut strong.map(|(i, ..)| (*i, 1)));
        }
        if target.groups.number() == 2 && groups.len() > 1 {
            for group in &groups {
                let others = offered.clone().filter(|(.., own)| own != group);
                row(1, &mut others.map(|(i, ..)| (*i, 1)));
            }
        }
    }
    add(format_args!("bin\n"));
    for index in 0..task.candidates.len() {
        add(format_args!(" x{index}"));
    }
    add(format_args!("\nend\n"));
    text
}
