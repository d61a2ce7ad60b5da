//! The grammar of `.stpa` texts: what a text says, before anything is made of it.
//!
//! Source: the grammar that the PASTA extension publishes, and the words of its earlier releases, which
//! its examples still use.

use sekimori_analysis::language::Text;

use super::words::{Word, Words};
use crate::refusal::Refusal;

/// Deepest nesting of hazards and of nodes.
const MAX_DEPTH: usize = 32;

/// A whole text.
#[derive(Default)]
pub(super) struct Tree {
    pub(super) goals: Vec<Named>,
    pub(super) assumptions: Vec<Named>,
    pub(super) losses: Vec<Named>,
    pub(super) hazards: Vec<Named>,
    pub(super) constraints: Vec<Named>,
    pub(super) structure: Option<String>,
    pub(super) nodes: Vec<Node>,
    pub(super) responsibilities: Vec<Named>,
    pub(super) unsafe_actions: Vec<UnsafeAction>,
    pub(super) scenarios: Vec<Scenario>,
    pub(super) controller_constraints: Vec<Named>,
    pub(super) safety_requirements: Vec<Named>,
    /// Rules for desired control actions.
    pub(super) desired: Vec<String>,
}

/// Something with a name, a text and names that it refers to.
pub(super) struct Named {
    pub(super) name: String,
    pub(super) text: String,
    pub(super) refers: Vec<String>,
}

/// A node of the control structure.
pub(super) struct Node {
    pub(super) name: String,
    pub(super) label: Option<String>,
    pub(super) variables: Vec<String>,
    pub(super) actions: Vec<Edge>,
    pub(super) feedback: Vec<Edge>,
    pub(super) others: Vec<String>,
    pub(super) parent: Option<String>,
}

/// Commands from a node to another.
pub(super) struct Edge {
    pub(super) commands: Vec<Named>,
    pub(super) target: String,
}

/// One unsafe control action.
pub(super) struct UnsafeAction {
    pub(super) name: String,
    pub(super) system: String,
    pub(super) action: String,
    pub(super) kind: Kind,
    pub(super) text: String,
    pub(super) hazards: Vec<String>,
}

/// The four kinds.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    NotProvided,
    Provided,
    WrongTime,
    StoppedTooSoon,
}

/// One loss scenario.
pub(super) struct Scenario {
    pub(super) name: String,
    pub(super) factor: Option<String>,
    pub(super) uca: Option<String>,
    pub(super) text: String,
    pub(super) hazards: Vec<String>,
}

const SECTIONS: [&str; 13] = [
    "Goals",
    "Assumptions",
    "Losses",
    "Hazards",
    "SystemConstraints",
    "ControlStructure",
    "Responsibilities",
    "UCAs",
    "Context-Table",
    "DCAs",
    "ControllerConstraints",
    "LossScenarios",
    "SafetyRequirements",
];

impl Tree {
    pub(super) fn of(text: &str) -> Result<Self, Refusal> {
        let mut words = Words::of(text)?;
        let mut tree = Tree::default();
        if !SECTIONS.iter().any(|section| words.is_name(section)) {
            return Err(Refusal::OtherFormat {
                expected: SECTIONS.join(", "),
                observed: Text::same(
                    text.lines()
                        .next()
                        .map(crate::document::shown)
                        .unwrap_or_default(),
                ),
            });
        }
        while words.peek().is_some() {
            tree.section(&mut words)?;
        }
        Ok(tree)
    }

    fn section(&mut self, words: &mut Words) -> Result<(), Refusal> {
        let section = words.name()?;
        match section.as_str() {
            "Goals" => while_named(words, |words| plain(words).map(|it| self.goals.push(it))),
            "Assumptions" => while_named(words, |words| {
                plain(words).map(|it| self.assumptions.push(it))
            }),
            "Losses" => while_named(words, |words| plain(words).map(|it| self.losses.push(it))),
            "Hazards" => while_named(words, |words| nested(words, &mut self.hazards, None, 0)),
            "SystemConstraints" => {
                while_named(words, |words| nested(words, &mut self.constraints, None, 0))
            }
            "ControlStructure" => {
                self.structure = Some(words.name()?);
                words.mark('{')?;
                while !words.skip('}') {
                    node(words, &mut self.nodes, None, 0)?;
                }
                Ok(())
            }
            "Responsibilities" => while_named(words, |words| {
                let system = words.name()?;
                words.mark('{')?;
                while !words.skip('}') {
                    let mut it = referring(words)?;
                    it.text = format!("{system}: {}", it.text);
                    self.responsibilities.push(it);
                }
                Ok(())
            }),
            "UCAs" => while_named(words, |words| self.action(words)),
            "Context-Table" => while_named(words, |words| self.rule(words)),
            "DCAs" => while_named(words, |words| {
                let name = words.name()?;
                block(words)?;
                self.desired.push(name);
                Ok(())
            }),
            "ControllerConstraints" => while_named(words, |words| {
                referring(words).map(|it| self.controller_constraints.push(it))
            }),
            "LossScenarios" => while_named(words, |words| {
                scenario(words).map(|it| self.scenarios.push(it))
            }),
            "SafetyRequirements" => while_named(words, |words| {
                referring(words).map(|it| self.safety_requirements.push(it))
            }),
            _ => Err(words.expected(Text::new("a section", "節"))),
        }
    }

    /// `System.action { notProviding { … } … }`
    fn action(&mut self, words: &mut Words) -> Result<(), Refusal> {
        let system = words.name()?;
        words.mark('.')?;
        let action = words.name()?;
        words.mark('{')?;
        while !words.skip('}') {
            let kind = match words.name()?.as_str() {
                "notProviding" => Kind::NotProvided,
                "providing" => Kind::Provided,
                "tooEarlyOrLateOrWrongOrder"
                | "tooEarlyOrLate"
                | "tooEarly/Late"
                | "wrongTiming" => Kind::WrongTime,
                "stoppedTooSoonOrLate"
                | "stoppedTooSoon"
                | "continousProblem"
                | "continuousProblem" => Kind::StoppedTooSoon,
                _ => {
                    return Err(words.expected(Text::new(
                        "a kind of unsafe control action",
                        "非安全制御動作の種類",
                    )));
                }
            };
            words.mark('{')?;
            while !words.skip('}') {
                let it = referring(words)?;
                self.unsafe_actions.push(UnsafeAction {
                    name: it.name,
                    system: system.clone(),
                    action: action.clone(),
                    kind,
                    text: it.text,
                    hazards: it.refers,
                });
            }
        }
        Ok(())
    }

    /// `RL1 { controlAction: System.action type: provided contexts: { UCA1 [x = y] [H1] } }`
    fn rule(&mut self, words: &mut Words) -> Result<(), Refusal> {
        words.name()?;
        words.mark('{')?;
        let (mut system, mut action) = (String::new(), String::new());
        let mut kind = Kind::Provided;
        while !words.skip('}') {
            let key = words.name()?;
            words.mark(':')?;
            match key.as_str() {
                "controlAction" => {
                    system = words.name()?;
                    words.mark('.')?;
                    action = words.name()?;
                }
                "type" => {
                    kind = match words.name()?.as_str() {
                        "not-provided" => Kind::NotProvided,
                        "provided" => Kind::Provided,
                        "too-late" | "too-early" | "wrong-time" => Kind::WrongTime,
                        "applied-too-long" | "stopped-too-soon" => Kind::StoppedTooSoon,
                        _ => {
                            return Err(words.expected(Text::new(
                                "a kind of unsafe control action",
                                "非安全制御動作の種類",
                            )));
                        }
                    }
                }
                "contexts" => {
                    words.mark('{')?;
                    while !words.skip('}') {
                        let name = words.name()?;
                        let context = assignments(words)?;
                        let hazards = words.names()?;
                        self.unsafe_actions.push(UnsafeAction {
                            name,
                            system: system.clone(),
                            action: action.clone(),
                            kind,
                            text: context,
                            hazards,
                        });
                    }
                }
                _ => {
                    return Err(words.expected(Text::new(
                        "controlAction, type or contexts",
                        "controlAction、type、contexts のいずれか",
                    )));
                }
            }
        }
        Ok(())
    }
}

/// Repeats as long as a name follows that begins no section.
fn while_named(
    words: &mut Words,
    mut read: impl FnMut(&mut Words) -> Result<(), Refusal>,
) -> Result<(), Refusal> {
    while let Some(Word::Name(name)) = words.peek() {
        if SECTIONS.contains(&name.as_str()) {
            break;
        }
        read(words)?;
    }
    match words.peek() {
        None | Some(Word::Name(_)) => Ok(()),
        Some(_) => Err(words.expected(Text::new("a name or a section", "名前か節"))),
    }
}

fn plain(words: &mut Words) -> Result<Named, Refusal> {
    Ok(Named {
        name: words.dotted()?,
        text: words.text()?,
        refers: Vec::new(),
    })
}

fn referring(words: &mut Words) -> Result<Named, Refusal> {
    let mut it = plain(words)?;
    if words.is_mark('[') {
        it.refers = words.names()?;
    }
    Ok(it)
}

/// A hazard or constraint with the finer ones inside it, which take over what it refers to.
fn nested(
    words: &mut Words,
    out: &mut Vec<Named>,
    above: Option<&[String]>,
    depth: usize,
) -> Result<(), Refusal> {
    if depth >= MAX_DEPTH {
        return Err(words.expected(Text::new("less nesting", "より浅い入れ子")));
    }
    let mut it = referring(words)?;
    if it.refers.is_empty() {
        it.refers = above.unwrap_or_default().to_vec();
    }
    words.copies.add(it.refers.len())?;
    let refers = it.refers.clone();
    out.push(it);
    if words.skip('{') {
        while !words.skip('}') {
            if matches!(words.peek(), Some(Word::Text(_))) {
                words.text()?;
            } else {
                nested(words, out, Some(&refers), depth + 1)?;
            }
        }
    }
    Ok(())
}

fn node(
    words: &mut Words,
    out: &mut Vec<Node>,
    parent: Option<&str>,
    depth: usize,
) -> Result<(), Refusal> {
    if depth >= MAX_DEPTH {
        return Err(words.expected(Text::new("less nesting", "より浅い入れ子")));
    }
    let mut it = Node {
        name: words.name()?,
        label: None,
        variables: Vec::new(),
        actions: Vec::new(),
        feedback: Vec::new(),
        others: Vec::new(),
        parent: parent.map(str::to_owned),
    };
    let mut children = Vec::new();
    words.mark('{')?;
    while !words.skip('}') {
        // A child may have the name of a keyword; what follows tells them apart.
        let is_block = words.peek_second() == Some(&Word::Mark('{'));
        if words.is_name("hierarchyLevel") && !is_block {
            words.next();
            words.name()?;
        } else if words.is_name("label") && !is_block {
            words.next();
            it.label = Some(words.text()?);
        } else if words.is_name("processModel") {
            words.next();
            words.mark('{')?;
            while !words.skip('}') {
                it.variables.push(variable(words)?);
            }
        } else if (words.is_name("input") || words.is_name("output")) && !is_block {
            let direction = words.name()?;
            for command in commands(words)? {
                it.others
                    .push(format!("{direction} {}: {}", command.name, command.text));
            }
        } else if words.is_name("controlActions") {
            words.next();
            it.actions = edges(words)?;
        } else if words.is_name("feedback") {
            words.next();
            it.feedback = edges(words)?;
        } else if words.is_name("coordination") {
            words.next();
            for edge in edges(words)? {
                for command in edge.commands {
                    it.others.push(format!(
                        "coordination {} -> {}: {}",
                        command.name, edge.target, command.text
                    ));
                }
            }
        } else {
            node(words, &mut children, Some(&it.name), depth + 1)?;
        }
    }
    out.push(it);
    out.append(&mut children);
    Ok(())
}

/// `speed: [null, aboveNull]`, kept as its author wrote it.
fn variable(words: &mut Words) -> Result<String, Refusal> {
    let name = words.name()?;
    words.mark(':')?;
    words.mark('[')?;
    let mut values = String::new();
    let mut open = 1_usize;
    loop {
        match words.next() {
            None => return Err(words.expected(Text::same("`]`"))),
            Some(Word::Mark(c @ ('[' | '('))) => {
                open += 1;
                values.push(c);
            }
            // A half-open interval may end with the other bracket.
            Some(Word::Mark(c @ (']' | ')'))) => {
                open -= 1;
                if open == 0 {
                    break;
                }
                values.push(c);
            }
            Some(Word::Mark(',')) => values.push_str(", "),
            Some(Word::Mark(c)) => values.push(c),
            Some(Word::Name(word) | Word::Text(word)) => values.push_str(&word),
            Some(Word::Arrow) => values.push_str("->"),
        }
    }
    Ok(format!("{name}: {values}"))
}

fn commands(words: &mut Words) -> Result<Vec<Named>, Refusal> {
    words.mark('[')?;
    let mut commands = vec![plain(words)?];
    while words.skip(',') {
        commands.push(plain(words)?);
    }
    words.mark(']')?;
    Ok(commands)
}

fn edges(words: &mut Words) -> Result<Vec<Edge>, Refusal> {
    words.mark('{')?;
    let mut edges = Vec::new();
    while !words.skip('}') {
        words.skip_name("bi");
        let commands = commands(words)?;
        if words.next() != Some(Word::Arrow) {
            return Err(words.expected(Text::same("`->`")));
        }
        edges.push(Edge {
            commands,
            target: words.name()?,
        });
    }
    Ok(edges)
}

fn assignments(words: &mut Words) -> Result<String, Refusal> {
    words.mark('[')?;
    let mut out = String::new();
    loop {
        let name = words.name()?;
        words.mark('=')?;
        let value = words.name()?;
        if !out.is_empty() {
            out.push_str(", ");
        }
        out.push_str(&format!("{name} = {value}"));
        if !words.skip(',') {
            break;
        }
    }
    words.mark(']')?;
    Ok(out)
}

/// `Scenario1 <factor> for UCA1 "…" [H1]`, or without `for`.
fn scenario(words: &mut Words) -> Result<Scenario, Refusal> {
    let name = words.name()?;
    let factor = if words.skip('<') {
        let factor = words.name()?;
        words.mark('>')?;
        Some(factor)
    } else {
        None
    };
    let uca = if words.skip_name("for") {
        Some(words.name()?)
    } else {
        None
    };
    let text = words.text()?;
    let hazards = if words.is_mark('[') {
        words.names()?
    } else {
        Vec::new()
    };
    Ok(Scenario {
        name,
        factor,
        uca,
        text,
        hazards,
    })
}

/// Passes over everything between braces.
fn block(words: &mut Words) -> Result<(), Refusal> {
    words.mark('{')?;
    let mut open = 1_usize;
    while open > 0 {
        match words.next() {
            None => return Err(words.expected(Text::same("`}`"))),
            Some(Word::Mark('{')) => open += 1,
            Some(Word::Mark('}')) => open -= 1,
            Some(_) => {}
        }
    }
    Ok(())
}
