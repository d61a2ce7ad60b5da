//! `sekimori model init`: finished models to start from.

use std::path::Path;
use std::process::ExitCode;

use sekimori_analysis::model;

use super::files::write_new;
use super::report_language;
use crate::commands::Context;
use crate::diagnostic::{Diagnostic, Exit, Outcome};
use crate::output::print_line;

/// The models that one can start from. A further one is a folder
/// `examples/templates/NAME/model.toml` and a line here; a test holds the two together.
const TEMPLATES: &[(&str, &str)] = &[
    (
        "sensor-gateway",
        include_str!("../../../../../examples/cold-store/model.toml"),
    ),
    (
        "network-camera",
        include_str!("../../../../../examples/templates/network-camera/model.toml"),
    ),
    (
        "wearable",
        include_str!("../../../../../examples/templates/wearable/model.toml"),
    ),
    (
        "smart-tv",
        include_str!("../../../../../examples/templates/smart-tv/model.toml"),
    ),
    (
        "industrial-controller",
        include_str!("../../../../../examples/templates/industrial-controller/model.toml"),
    ),
    (
        "drone",
        include_str!("../../../../../examples/templates/drone/model.toml"),
    ),
];

/// The example that the demo applies.
pub(crate) fn example() -> &'static str {
    TEMPLATES.first().map(|(_, text)| *text).unwrap_or_default()
}

/// Says which templates there are.
pub(super) fn list(context: &Context) -> Outcome<ExitCode> {
    let language = report_language(context.language);
    let mut named = Vec::new();
    for (name, text) in TEMPLATES {
        let title = model::parse(name, text).map(|model| model.title);
        let title = title.unwrap_or_default();
        named.push((*name, title.of(language).to_owned()));
    }
    if context.json {
        let json: Vec<_> = named
            .iter()
            .map(|(name, title)| serde_json::json!({ "name": name, "title": title }))
            .collect();
        print_line(&serde_json::Value::from(json))?;
    } else {
        for (name, title) in named {
            print_line(&format!("{name:24}{title}"))?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Writes a template to a file that must not exist yet.
pub(super) fn init(context: &Context, file: &Path, template: &str) -> Outcome<ExitCode> {
    let Some((_, text)) = TEMPLATES.iter().find(|(name, _)| *name == template) else {
        let names: Vec<&str> = TEMPLATES.iter().map(|(name, _)| *name).collect();
        return Err(Diagnostic::new(
            Exit::Usage,
            "SK-MOD-901",
            context.text("error-template-unknown", &[]),
        )
        .observed(template)
        .expected(names.join(", "))
        .fix("sekimori model init --list"));
    };
    write_new(context, file, text)?;
    let name = file.display().to_string();
    if context.json {
        print_line(&serde_json::json!({ "file": name, "template": template }))?;
    } else {
        print_line(&context.text("model-written", &[("file", &name)]))?;
    }
    Ok(ExitCode::SUCCESS)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::Path;

    use super::*;

    #[test]
    fn every_template_is_sound_tidy_and_listed() {
        for (name, text) in TEMPLATES {
            let model = model::parse(name, text).unwrap_or_else(|problems| panic!("{problems}"));
            assert!(model.warnings.is_empty(), "{}", model.warnings);
            assert_eq!(model::format(text).as_deref(), Some(*text), "{name}: fmt");
            assert!(model.title.ja.chars().any(|c| c > '\u{2fff}'), "{name}");
        }
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/templates");
        let folders = std::fs::read_dir(folder).into_iter().flatten();
        let there: BTreeSet<String> = folders
            .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
            .collect();
        let listed: BTreeSet<String> = TEMPLATES.iter().map(|(n, _)| (*n).to_owned()).collect();
        let forgotten: Vec<&String> = there.difference(&listed).collect();
        assert!(forgotten.is_empty(), "no line for {forgotten:?}");
    }
}
