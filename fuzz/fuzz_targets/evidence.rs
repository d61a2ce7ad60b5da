//! The readers of test results: the first byte chooses the format, 0 lets the reader tell it by itself.

#![no_main]

use libfuzzer_sys::fuzz_target;
use sekimori_analysis::documents::{Format, read};

fuzz_target!(|bytes: &[u8]| {
    let Some((choice, result)) = bytes.split_first() else {
        return;
    };
    let formats = [None].into_iter().chain(Format::ALL.iter().copied().map(Some));
    let format = formats.cycle().nth(usize::from(*choice)).flatten();
    match read(result, format) {
        Ok(summary) => {
            // What is kept is stored and shown: it has to survive both.
            let kept = serde_json::to_string(&summary).expect("numbers and short texts");
            assert!(kept.len() < 16 * 1024, "{} bytes are kept", kept.len());
            let again = serde_json::from_str(&kept).expect("we wrote it");
            assert_eq!(summary, again);
        }
        Err(problem) => {
            let text = problem.text();
            assert!(!text.en.is_empty() && !text.en.contains(char::is_control), "{text:?}");
        }
    }
});
