// Runs look.mjs; included by the tests that need a browser.

/// Where the console's pages are, and what to do with them.
pub(crate) struct Plan {
    /// Name and address of each page.
    pub(crate) pages: Vec<(String, String)>,
    /// A one-time link to enter by.
    pub(crate) enter: Option<String>,
    /// A device that reports, to be followed, suspended and resumed.
    pub(crate) act: Option<String>,
    /// Folder inside `$SEKIMORI_SCREENSHOTS` for the pictures.
    pub(crate) folder: &'static str,
}

/// Looks at the pages; how many views were seen. Nothing where a tool is missing, which is a
/// failure where `CI` is set.
///
/// # Panics
///
/// With everything that was found, if anything was.
pub(crate) fn look(plan: &Plan) -> Option<usize> {
    let tool = |name: &str| {
        let path = std::env::var_os("PATH").unwrap_or_default();
        std::env::split_paths(&path)
            .map(|folder| folder.join(name))
            .find(|file| file.is_file())
    };
    let (node, npm, chromium) = (tool("node"), tool("npm"), tool("chromium"));
    let missing: Vec<&str> = [("node", &node), ("npm", &npm), ("chromium", &chromium)]
        .into_iter()
        .filter_map(|(name, found)| found.is_none().then_some(name))
        .collect();
    let (Some(node), Some(npm), Some(chromium)) = (node, npm, chromium) else {
        let missing = missing.join(", ");
        assert!(std::env::var_os("CI").is_none(), "missing: {missing}");
        eprintln!(
            "\n*** THE CONSOLE WAS NOT LOOKED AT: missing {missing} (cargo xtask test installs them) ***\n"
        );
        return None;
    };
    let work = prepare(&npm);
    let pictures = std::env::var_os("SEKIMORI_SCREENSHOTS")
        .map(|folder| std::path::PathBuf::from(folder).join(plan.folder));
    let pages: Vec<_> = plan
        .pages
        .iter()
        .map(|(name, url)| serde_json::json!({ "name": name, "url": url }))
        .collect();
    let plan = serde_json::json!({
        "chromium": chromium, "pictures": pictures, "pages": pages,
        "enter": plan.enter, "act": plan.act,
    });
    let mut child = std::process::Command::new(node)
        .arg(work.join("look.mjs"))
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .spawn()
        .expect("node starts");
    let mut input = child.stdin.take().expect("it is piped");
    std::io::Write::write_all(&mut input, plan.to_string().as_bytes()).expect("node reads");
    drop(input);
    let output = child.wait_with_output().expect("node ends");
    assert!(
        output.status.success(),
        "look.mjs failed; what it said stands above"
    );
    let found: serde_json::Value =
        serde_json::from_slice(&output.stdout).expect("look.mjs writes JSON");
    let texts = |name: &str| -> Vec<String> {
        let list = found.get(name).and_then(serde_json::Value::as_array);
        let texts = list.expect("a list").iter();
        texts
            .map(|text| text.as_str().expect("a text").to_owned())
            .collect()
    };
    let problems = texts("problems");
    assert!(
        problems.is_empty(),
        "{} problems:\n{}",
        problems.len(),
        problems.join("\n")
    );
    Some(texts("seen").len())
}

/// A folder of the build's own with the script and what it needs, installed once.
fn prepare(npm: &std::path::Path) -> std::path::PathBuf {
    let program = std::env::current_exe().expect("this test has a file");
    let target = program
        .ancestors()
        .nth(2)
        .expect("target/PROFILE/deps/TEST");
    let work = target.join("browser");
    std::fs::create_dir_all(&work).expect("the build folder can be written");
    // Two tests may get here at once.
    let lock = std::fs::File::create(work.join("lock")).expect("a lock file");
    lock.lock().expect("the lock");
    let files = [
        ("package.json", include_str!("package.json")),
        ("package-lock.json", include_str!("package-lock.json")),
        ("look.mjs", include_str!("look.mjs")),
    ];
    let versions = files.map(|(_, text)| text).get(..2).expect("two").concat();
    for (name, text) in files {
        std::fs::write(work.join(name), text).expect("the build folder can be written");
    }
    let installed = work.join("installed");
    if std::fs::read_to_string(&installed).is_ok_and(|kept| kept == versions) {
        return work;
    }
    let status = std::process::Command::new(npm)
        .args([
            "ci",
            "--ignore-scripts",
            "--no-audit",
            "--no-fund",
            "--loglevel=error",
        ])
        .current_dir(&work)
        .stdout(std::process::Stdio::null())
        .status()
        .expect("npm starts");
    assert!(status.success(), "npm ci failed; what it said stands above");
    std::fs::write(installed, versions).expect("the build folder can be written");
    work
}
