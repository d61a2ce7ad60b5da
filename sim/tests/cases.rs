//! Every saved case holds: the story of the demo, and each day on which something once broke.

use sekimori_sim::{Plan, run};
use std::path::Path;

#[test]
fn every_saved_case_holds() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("cases");
    let mut names = Vec::new();
    for entry in std::fs::read_dir(&folder).expect("sim/cases is there") {
        let path = entry.expect("it can be listed").path();
        if path.extension().is_none_or(|extension| extension != "case") {
            continue;
        }
        let name = path.file_stem().unwrap_or_default();
        let name = name.to_string_lossy().into_owned();
        let text = std::fs::read_to_string(&path).expect("it can be read");
        let plan: Plan = text.parse().unwrap_or_else(|why| panic!("{name}: {why}"));
        assert_eq!(plan.mistake, None, "{name} has a mistake built in");
        let violation = run(&plan).violation;
        assert_eq!(violation, None, "{name}: {}", path.display());
        names.push(name);
    }
    assert!(names.contains(&"demo".to_string()), "{names:?}");
}
