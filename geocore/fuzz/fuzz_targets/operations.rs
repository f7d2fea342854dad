//! Any bytes as operations: the index agrees with brute force or the run fails.
//!
//! `cargo +nightly fuzz run operations` in `geocore/`.
#![no_main]

#[path = "../../tests/model/mod.rs"]
mod model;

use arbitrary::Unstructured;
use libfuzzer_sys::fuzz_target;
use model::{Operation, Sieve, Where, run};

fn place(bytes: &mut Unstructured<'_>) -> arbitrary::Result<Where> {
    Ok(Where(
        bytes.arbitrary()?,
        bytes.arbitrary()?,
        bytes.arbitrary()?,
    ))
}

fn operation(bytes: &mut Unstructured<'_>) -> arbitrary::Result<Operation> {
    Ok(match bytes.int_in_range(0..=6)? {
        0 | 1 => Operation::Upsert(
            bytes.arbitrary()?,
            place(bytes)?,
            bytes.arbitrary()?,
            bytes.arbitrary()?,
            bytes.arbitrary()?,
        ),
        2 => Operation::UpsertMany(bytes.arbitrary()?, bytes.arbitrary()?, place(bytes)?),
        3 => Operation::Relocate(bytes.arbitrary()?, place(bytes)?, bytes.arbitrary()?),
        4 => Operation::Remove(bytes.arbitrary()?),
        5 => Operation::Nearest(
            place(bytes)?,
            bytes.arbitrary()?,
            Sieve(bytes.arbitrary()?, bytes.arbitrary()?, bytes.arbitrary()?),
        ),
        _ => Operation::Snapshot,
    })
}

fuzz_target!(|data: &[u8]| {
    let mut bytes = Unstructured::new(data);
    let mut operations = Vec::new();
    while !bytes.is_empty() && operations.len() < 200 {
        let Ok(next) = operation(&mut bytes) else {
            break;
        };
        operations.push(next);
    }
    run(&operations);
});
