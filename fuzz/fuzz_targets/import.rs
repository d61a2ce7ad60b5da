//! The importers: the first byte chooses the format; whatever comes out is a sound model.

#![no_main]

use jiff::civil::date;
use libfuzzer_sys::fuzz_target;
use sekimori_interchange::{Format, import};

fuzz_target!(|bytes: &[u8]| {
    let Some((choice, document)) = bytes.split_first() else {
        return;
    };
    let format = Format::ALL[usize::from(*choice) % Format::ALL.len()];
    if let Ok(imported) = import(format, document, date(2026, 11, 21)) {
        assert!(sekimori_analysis::model::parse("imported.toml", &imported.text).is_ok());
    }
});
