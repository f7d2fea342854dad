//! Any bytes as operations: the index agrees with brute force or the run fails.
//!
//! `python3 dev fuzz operations`.
#![no_main]

#[path = "../../tests/model/mod.rs"]
mod model;

use arbitrary::{Result, Unstructured};
use libfuzzer_sys::fuzz_target;
use model::{Crowd, Operation, Sieve, Where, run};

/// Distances that brute force may measure for one input: some 20 ms.
const MEASURED_MAX: u64 = 20_000;

fn place(bytes: &mut Unstructured<'_>) -> Result<Where> {
    Ok(Where(
        bytes.arbitrary()?,
        bytes.arbitrary()?,
        bytes.arbitrary()?,
    ))
}

fn crowd(bytes: &mut Unstructured<'_>) -> Result<Crowd> {
    Ok(Crowd {
        // Few, so that crowds meet each other and those who are named one by one.
        first: bytes.arbitrary::<u8>()? % 32,
        eights: bytes.arbitrary()?,
        shape: bytes.arbitrary()?,
        place: place(bytes)?,
    })
}

fn sieve(bytes: &mut Unstructured<'_>) -> Result<Sieve> {
    Ok(Sieve(
        bytes.arbitrary()?,
        bytes.arbitrary()?,
        bytes.arbitrary()?,
    ))
}

fn operation(bytes: &mut Unstructured<'_>) -> Result<Operation> {
    Ok(match bytes.int_in_range(0..=11)? {
        0 | 1 => Operation::Upsert(
            bytes.arbitrary()?,
            place(bytes)?,
            bytes.arbitrary()?,
            bytes.arbitrary()?,
            bytes.arbitrary()?,
        ),
        2 => Operation::UpsertMany(crowd(bytes)?, bytes.arbitrary()?, bytes.arbitrary()?),
        3 => Operation::Relocate(bytes.arbitrary()?, place(bytes)?, bytes.arbitrary()?),
        4 => Operation::RelocateMany(crowd(bytes)?, bytes.arbitrary()?),
        5 => Operation::Remove(bytes.arbitrary()?),
        6 => Operation::RemoveMany(crowd(bytes)?),
        7 => Operation::Nearest(place(bytes)?, bytes.arbitrary()?, sieve(bytes)?),
        8 => Operation::Within(place(bytes)?, sieve(bytes)?),
        9 => Operation::Batch(crowd(bytes)?, bytes.arbitrary()?, sieve(bytes)?),
        10 => Operation::Refused(bytes.arbitrary()?, crowd(bytes)?),
        _ => Operation::Snapshot,
    })
}

/// As many of the operations as brute force has time for.
fn operations(bytes: &mut Unstructured<'_>) -> Vec<Operation> {
    let (mut operations, mut people, mut measured) = (Vec::new(), 0, 0);
    while !bytes.is_empty() && operations.len() < 200 && measured < MEASURED_MAX {
        let Ok(next) = operation(bytes) else {
            break;
        };
        match &next {
            Operation::Upsert(..) => people += 1,
            Operation::UpsertMany(crowd, ..) => people += u64::from(crowd.eights) * 8,
            Operation::Remove(_) | Operation::Relocate(..) => {}
            _ => measured += people,
        }
        operations.push(next);
    }
    operations
}

fuzz_target!(|data: &[u8]| {
    run(&operations(&mut Unstructured::new(data))).assert_sound();
});
