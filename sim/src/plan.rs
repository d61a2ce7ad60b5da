//! A run before it is run: a seed, the world's settings, and the operations. Also the format of case files.
//!
//! ```text
//! # A comment.
//! seed 17
//! units 3
//! certificate-life 3600
//! mistake acknowledge-before-store
//! advance 1000
//! invite 0
//! ```

use crate::operation::Operation;
use crate::words::Mistake;
use core::fmt;
use core::str::FromStr;

/// Everything that a run follows from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// Delays, keys and whatever else has to be drawn.
    pub seed: u64,
    /// How many honest devices there are.
    pub units: usize,
    /// Seconds that a device's certificate lives.
    pub certificate_life: u32,
    /// Whether the first device has a P-256 key; all others have Ed25519.
    pub p256: bool,
    /// Whether, after the last operation, faults stop and every device has to come to rest.
    pub converge: bool,
    /// A mistake that is built in.
    pub mistake: Option<Mistake>,
    /// What happens.
    pub operations: Vec<Operation>,
}

impl Plan {
    /// A world in which nothing happens.
    #[must_use]
    pub const fn quiet(seed: u64) -> Self {
        Self {
            seed,
            units: 2,
            certificate_life: 86_400,
            p256: false,
            converge: true,
            mistake: None,
            operations: Vec::new(),
        }
    }
}

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "seed {}", self.seed)?;
        writeln!(f, "units {}", self.units)?;
        writeln!(f, "certificate-life {}", self.certificate_life)?;
        writeln!(f, "p256 {}", self.p256)?;
        writeln!(f, "converge {}", self.converge)?;
        if let Some(mistake) = self.mistake {
            writeln!(f, "mistake {mistake}")?;
        }
        for operation in &self.operations {
            writeln!(f, "{operation}")?;
        }
        Ok(())
    }
}

impl FromStr for Plan {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut plan = Self::quiet(0);
        for (number, line) in text.lines().enumerate() {
            let line = line.split('#').next().unwrap_or_default().trim();
            if line.is_empty() {
                continue;
            }
            plan.read(line)
                .map_err(|why| format!("line {}: {why}", number.saturating_add(1)))?;
        }
        Ok(plan)
    }
}

impl Plan {
    fn read(&mut self, line: &str) -> Result<(), String> {
        fn value<T: FromStr>(text: &str) -> Result<T, String> {
            text.trim()
                .parse()
                .map_err(|_| format!("{text:?} is not a value for this"))
        }
        match line.split_once(' ') {
            Some(("seed", text)) => self.seed = value(text)?,
            Some(("units", text)) => self.units = value::<usize>(text)?.clamp(1, 8),
            Some(("certificate-life", text)) => self.certificate_life = value(text)?,
            Some(("p256", text)) => self.p256 = value(text)?,
            Some(("converge", text)) => self.converge = value(text)?,
            Some(("mistake", text)) => self.mistake = Some(text.trim().parse()?),
            _ => self.operations.push(line.parse()?),
        }
        Ok(())
    }
}
