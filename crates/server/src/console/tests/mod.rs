//! The pages over seeded facts: what they say, what they refuse, and how they look in a browser.

mod browser;
mod pages;
mod seeded;
