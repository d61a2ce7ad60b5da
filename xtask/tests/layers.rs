//! The architecture police: every member names its layer, and edges point strictly down.

#![expect(
    clippy::indexing_slicing,
    reason = "a missing JSON key is Null, which the assertion shows"
)]

use std::collections::BTreeMap;
use std::process::Command;

use serde_json::Value;

/// Every workspace member with its layer, and its normal and build dependencies.
fn members() -> BTreeMap<String, (i64, Vec<String>)> {
    let output = Command::new(env!("CARGO"))
        .args([
            "metadata",
            "--format-version",
            "1",
            "--no-deps",
            "--offline",
        ])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .expect("cargo metadata runs");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let metadata: Value = serde_json::from_slice(&output.stdout).expect("metadata is JSON");
    let text = |value: &Value| value.as_str().expect("a string").to_owned();
    metadata["packages"]
        .as_array()
        .expect("packages")
        .iter()
        .map(|package| {
            let name = text(&package["name"]);
            let layer = package["metadata"]["sekimori"]["layer"]
                .as_i64()
                .unwrap_or_else(|| panic!("{name}: [package.metadata.sekimori] layer is missing"));
            let edges = package["dependencies"]
                .as_array()
                .expect("dependencies")
                .iter()
                .filter(|dependency| dependency["kind"] != "dev")
                .map(|dependency| text(&dependency["name"]))
                .collect();
            (name, (layer, edges))
        })
        .collect()
}

/// Every edge that does not point to a lower layer, as a sentence.
fn upward_edges(members: &BTreeMap<String, (i64, Vec<String>)>) -> Vec<String> {
    let mut found = Vec::new();
    for (name, (layer, edges)) in members {
        for edge in edges {
            if let Some((below, _)) = members.get(edge)
                && below >= layer
            {
                found.push(format!(
                    "{name} (layer {layer}) depends on {edge} (layer {below})"
                ));
            }
        }
    }
    found
}

#[test]
fn edges_point_to_lower_layers_only() {
    let found = upward_edges(&members());
    assert!(
        found.is_empty(),
        "edges must point down:\n{}",
        found.join("\n")
    );
}

#[test]
fn an_upward_edge_is_found() {
    let mut members = members();
    let (_, edges) = members
        .get_mut("sekimori-ledger")
        .expect("the ledger is a member");
    edges.push("sekimori-policy".to_owned());
    assert_eq!(upward_edges(&members).len(), 1);
}

#[test]
fn cores_are_no_std() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("workspace");
    for (name, (layer, _)) in members() {
        // `analysis` handles text for people and is never built for a microcontroller.
        if layer > 3 || name == "sekimori-analysis" {
            continue;
        }
        let folder = name.trim_start_matches("sekimori-");
        let source = std::fs::read_to_string(root.join("crates").join(folder).join("src/lib.rs"))
            .unwrap_or_else(|error| panic!("{name}: {error}"));
        assert!(
            source.contains("#![no_std]"),
            "{name} is a core and must be no_std"
        );
    }
}
