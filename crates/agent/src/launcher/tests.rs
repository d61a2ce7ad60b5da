//! The launcher with real processes: small scripts stand for payloads. Each writes its line into a diary.

use super::*;
use sekimori_update::slots::Installed;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

struct Scene {
    folder: tempfile::TempDir,
    home: Home,
}

impl Scene {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::new(folder.path().to_path_buf());
        home.prepare().unwrap();
        let scene = Self { folder, home };
        scene.script(&scene.own(), "echo own >> \"$3/diary\"; exit 0");
        scene
    }

    fn own(&self) -> PathBuf {
        self.folder.path().join("own")
    }

    /// A program: its first words are `payload --home H`.
    fn script(&self, path: &Path, body: &str) {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, format!("#!/bin/sh\n{body}\n")).unwrap();
        fs::set_permissions(path, fs::Permissions::from_mode(0o700)).unwrap();
    }

    fn install(&self, slot: Slot, body: &str) {
        self.script(&self.home.slot(slot).join("bin/agent"), body);
    }

    fn save(&self, slots: &SlotState) {
        files::replace(&self.home.record(Record::Slots), &slots.encode()).unwrap();
    }

    fn slots(&self) -> SlotState {
        let bytes = files::read(&self.home.record(Record::Slots))
            .unwrap()
            .unwrap();
        SlotState::decode(&bytes).unwrap()
    }

    fn diary(&self) -> String {
        let diary = fs::read_to_string(self.folder.path().join("diary")).unwrap_or_default();
        diary.split_whitespace().collect::<Vec<_>>().join(" ")
    }

    /// Runs until a payload ends in peace.
    fn run(&self, trusts: &dyn Fn(Slot) -> bool) -> Result<(), Diagnostic> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        let launcher = Launcher {
            home: self.home.clone(),
            clock: Clock::new(0),
            own: (self.own(), "sekimori-agent".into()),
            words: Vec::new(),
            trusts,
        };
        runtime.block_on(launcher.run())
    }
}

fn release(version: &str, counter: u64) -> Installed {
    Installed {
        product: "cold-store".into(),
        version: version.into(),
        counter,
        metadata_version: counter,
        targets_sha256: [u8::try_from(counter).unwrap(); 32],
    }
}

/// Slot A holds a confirmed release.
fn confirmed() -> SlotState {
    let mut slots = SlotState::new(Limits {
        confirm_within_seconds: 1,
        ..Limits::default()
    });
    assert_eq!(slots.begin(&release("1.0.0", 1)).unwrap(), Slot::A);
    slots.written().unwrap();
    slots.boot();
    slots.confirm().unwrap();
    slots
}

/// Slot B waits for its trial.
fn trial() -> SlotState {
    let mut slots = confirmed();
    assert_eq!(slots.begin(&release("1.1.0", 2)).unwrap(), Slot::B);
    slots.written().unwrap();
    slots
}

const WRITE_A: &str = "echo A >> \"$3/diary\"; exit 0";

#[test]
fn without_a_release_this_program_itself_runs() {
    let scene = Scene::new();
    scene.run(&|_| true).unwrap();
    assert_eq!(scene.diary(), "own");
}

#[test]
fn a_confirmed_release_runs_and_a_restart_is_a_new_start() {
    let scene = Scene::new();
    scene.save(&confirmed());
    let once = "echo A >> \"$3/diary\"; [ $(wc -l < \"$3/diary\") -ge 3 ] && exit 0; exit 10";
    scene.install(Slot::A, once);
    scene.run(&|_| true).unwrap();
    assert_eq!(scene.diary(), "A A A");
}

#[test]
fn a_trial_that_crashes_is_left_with_the_reason() {
    let scene = Scene::new();
    scene.save(&trial());
    scene.install(Slot::A, WRITE_A);
    scene.install(Slot::B, "echo B >> \"$3/diary\"; exit 3");
    scene.run(&|_| true).unwrap();
    assert_eq!(scene.diary(), "B A");
    let left = scene.slots().last_rolled_back().unwrap().clone();
    assert_eq!(left.release.version, "1.1.0");
    assert!(matches!(left.reason, Reason::Crashed(how) if how.contains('3')));
}

#[test]
fn a_trial_that_cannot_even_start_is_left() {
    let scene = Scene::new();
    scene.save(&trial());
    scene.install(Slot::A, WRITE_A);
    scene.run(&|_| true).unwrap();
    assert_eq!(scene.diary(), "A");
    let reason = scene.slots().last_rolled_back().unwrap().reason.clone();
    assert!(matches!(reason, Reason::Crashed(how) if how.starts_with("cannot be started")));
}

#[test]
fn a_trial_that_hangs_is_killed_at_its_deadline() {
    let scene = Scene::new();
    scene.save(&trial());
    scene.install(Slot::A, WRITE_A);
    scene.install(Slot::B, "echo B >> \"$3/diary\"; exec cat");
    scene.run(&|_| true).unwrap();
    assert_eq!(scene.diary(), "B A");
    let reason = scene.slots().last_rolled_back().unwrap().reason.clone();
    assert_eq!(reason, Reason::DeadlinePassed);
}

#[test]
fn a_trial_that_confirms_itself_outlives_the_deadline() {
    let scene = Scene::new();
    scene.save(&trial());
    // Confirms by writing what a payload would write, then works on for longer than the deadline.
    let mut after = trial();
    after.boot();
    after.confirm().unwrap();
    fs::write(scene.folder.path().join("confirmed"), after.encode()).unwrap();
    let body = "mv \"$3/confirmed\" \"$3/state/slots.json\"; timeout 2 cat; echo B >> \"$3/diary\"; exit 0";
    scene.install(Slot::B, body);
    scene.run(&|_| true).unwrap();
    assert_eq!(scene.diary(), "B");
    assert_eq!(scene.slots().running(), Some(Slot::B));
}

#[test]
fn a_program_that_is_not_as_released_is_not_started() {
    let scene = Scene::new();
    scene.save(&confirmed());
    scene.install(Slot::A, "echo evil >> \"$3/diary\"; exit 0");
    scene.run(&|_| false).unwrap();
    assert_eq!(scene.diary(), "own");
    assert!(
        !program_is_as_released(&scene.home, Slot::A),
        "there is no signed release"
    );
}

#[test]
fn a_confirmed_release_that_crashes_again_and_again_gives_way_to_the_one_before() {
    let scene = Scene::new();
    let mut slots = trial();
    slots.boot();
    slots.confirm().unwrap();
    scene.save(&slots);
    scene.install(Slot::A, WRITE_A);
    scene.install(Slot::B, "echo B >> \"$3/diary\"; kill -9 $$");
    scene.run(&|_| true).unwrap();
    assert_eq!(scene.diary(), "B B B B B A");
    assert_eq!(scene.slots().running(), Some(Slot::A));
}

#[test]
fn a_damaged_state_is_not_taken_for_absent() {
    let scene = Scene::new();
    let path = scene.home.record(Record::Slots);
    fs::write(&path, b"torn").unwrap();
    scene.run(&|_| true).unwrap();
    assert_eq!(scene.diary(), "own");
    let kept = fs::read(path.with_added_extension("damaged")).unwrap();
    assert_eq!(kept, b"torn");
    // Not as if nothing had ever been installed: any release that was ever signed would do then.
    assert!(scene.slots().evaluate(&release("1.0.0", 1)).is_err());
}

#[test]
fn a_payload_that_cannot_go_on_ends_the_launcher() {
    let scene = Scene::new();
    scene.script(&scene.own(), "exit 78");
    assert_eq!(scene.run(&|_| true).unwrap_err().code, "SK-AGT-013");
}
