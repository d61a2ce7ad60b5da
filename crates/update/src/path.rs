//! Names of files inside a release: relative, portable, and never a way out of the slot.

use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;

/// Most bytes in a path.
pub const MAX_LENGTH: usize = 200;
/// Most parts in a path.
pub const MAX_DEPTH: usize = 8;

/// Why a file name is not taken into a slot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PathProblem {
    /// Nothing there.
    Empty,
    /// Longer than [`MAX_LENGTH`] bytes.
    TooLong,
    /// More than [`MAX_DEPTH`] parts.
    TooDeep,
    /// Starts at the root of the file system.
    Absolute,
    /// Has an empty part, `.` or `..`.
    NotPlain,
    /// Has a character outside `A-Z a-z 0-9 . _ + -`.
    Character(char),
    /// The same file, or one that differs only by case.
    Twice,
    /// One file's name is another file's folder.
    FileAndFolder,
}

impl fmt::Display for PathProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("is empty"),
            Self::TooLong => write!(f, "is longer than {MAX_LENGTH} bytes"),
            Self::TooDeep => write!(f, "has more than {MAX_DEPTH} parts"),
            Self::Absolute => f.write_str("is absolute"),
            Self::NotPlain => f.write_str("has an empty part, \".\" or \"..\""),
            Self::Character(character) => write!(f, "has the character {character:?}"),
            Self::Twice => f.write_str("is there twice (case does not count)"),
            Self::FileAndFolder => f.write_str("is a file and a folder"),
        }
    }
}

/// Checks one path.
///
/// # Errors
///
/// The first [`PathProblem`] found.
pub fn check(path: &str) -> Result<(), PathProblem> {
    if path.is_empty() {
        return Err(PathProblem::Empty);
    }
    if path.len() > MAX_LENGTH {
        return Err(PathProblem::TooLong);
    }
    if path.starts_with('/') {
        return Err(PathProblem::Absolute);
    }
    if let Some(character) = path.chars().find(|&character| !allowed(character)) {
        return Err(PathProblem::Character(character));
    }
    if path.split('/').any(|part| matches!(part, "" | "." | "..")) {
        return Err(PathProblem::NotPlain);
    }
    if path.split('/').count() > MAX_DEPTH {
        return Err(PathProblem::TooDeep);
    }
    Ok(())
}

/// Checks that the paths can be together in one slot, also where case does not count.
///
/// # Errors
///
/// The path that cannot be, and why.
pub fn check_all<'a>(paths: impl Iterator<Item = &'a str>) -> Result<(), (String, PathProblem)> {
    let mut seen: Vec<(String, &str)> = Vec::new();
    for path in paths {
        check(path).map_err(|problem| (path.to_string(), problem))?;
        // '/' becomes the lowest character, so that a folder's files follow its name at once.
        seen.push((path.to_ascii_lowercase().replace('/', "\0"), path));
    }
    seen.sort();
    for pair in seen.windows(2) {
        let [(first, _), (second, path)] = pair else {
            continue;
        };
        if first == second {
            return Err(((*path).to_string(), PathProblem::Twice));
        }
        if second
            .strip_prefix(first.as_str())
            .is_some_and(|rest| rest.starts_with('\0'))
        {
            return Err(((*path).to_string(), PathProblem::FileAndFolder));
        }
    }
    Ok(())
}

fn allowed(character: char) -> bool {
    character.is_ascii_alphanumeric() || matches!(character, '.' | '_' | '+' | '-' | '/')
}
