//! Pictures that lay themselves out: text is measured, boxes make room, and lines keep to lanes that
//! hold nothing else, so that nothing overlaps whatever the model says.
//!
//! Every length is in whole units (a CSS pixel on a screen), so that the same model gives the same
//! bytes on every machine.

mod boxes;
pub(crate) mod charts;
pub(crate) mod control;
mod drawing;
pub(crate) mod flows;
mod layered;
pub(crate) mod measure;
pub(crate) mod scene;

#[cfg(test)]
mod tests;
