//! Any bytes as a snapshot, rightly hashed: refused, or a whole index; never a panic.
//!
//! `cargo +nightly fuzz run snapshot` in `geocore/`.
#![no_main]

use geocore::{Filter, Index, Point};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Ok(index) = Index::from_body(data) else {
        return;
    };
    let from = Point::new(1.0, 2.0).expect("valid");
    let found = index.nearest(&from, 5, &Filter::default()).expect("valid");
    assert_eq!(found.len(), index.len().min(5));
    let bytes = index.to_bytes();
    assert!(bytes.starts_with(data));
    assert_eq!(Index::from_bytes(&bytes).expect("own").len(), index.len());
});
