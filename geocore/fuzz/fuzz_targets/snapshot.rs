//! A snapshot, damaged but rightly hashed: refused, or a whole index; never a panic.
//!
//! `python3 dev fuzz snapshot`.
#![no_main]

#[path = "../../tests/model/mod.rs"]
#[expect(dead_code, reason = "its operations are for the other target")]
mod model;

use arbitrary::{Result, Unstructured};
use geocore::{Filter, Index, Person, Point};
use libfuzzer_sys::fuzz_target;
use model::Where;

/// A hash closes a snapshot.
const HASH_BYTES: usize = 32;

fn person(bytes: &mut Unstructured<'_>) -> Result<Person> {
    Ok(Person {
        id: bytes.arbitrary::<u8>()?.into(),
        point: Where(bytes.arbitrary()?, bytes.arbitrary()?, bytes.arbitrary()?).point(),
        at_s: bytes.arbitrary::<Option<i8>>()?.map(f64::from),
        available: bytes.arbitrary()?,
        circles: (0..bytes.int_in_range(0..=3_u64)?).collect(),
    })
}

/// The body of a snapshot of some people, after some damage.
fn damaged(bytes: &mut Unstructured<'_>) -> Result<Vec<u8>> {
    let mut index = Index::new();
    for _ in 0..bytes.int_in_range(0..=12)? {
        index.upsert(&person(bytes)?).expect("valid");
    }
    let mut body = index.to_bytes();
    body.truncate(body.len() - HASH_BYTES);
    for _ in 0..bytes.int_in_range(0..=4)? {
        let at = bytes.choose_index(body.len())?;
        match bytes.int_in_range(0..=4)? {
            0 => body[at] = bytes.arbitrary()?,
            1 => body[at] ^= 1 << bytes.int_in_range(0..=7)?,
            2 => body.truncate(at + 1),
            3 => body.insert(at, bytes.arbitrary()?),
            _ => {
                let copied = body[at..].to_vec();
                body.extend(copied);
            }
        }
    }
    Ok(body)
}

fn check(body: &[u8]) {
    let Ok(index) = Index::from_body(body) else {
        return;
    };
    index.assert_sound();
    let from = Point::new(1.0, 2.0).expect("valid");
    let found = index.nearest(&from, 5, &Filter::default()).expect("valid");
    assert_eq!(found.len(), index.len().min(5));
    let bytes = index.to_bytes();
    assert_eq!(
        &bytes[..bytes.len() - HASH_BYTES],
        body,
        "two forms of one index"
    );
    assert_eq!(Index::from_bytes(&bytes).expect("own").len(), index.len());
    let mut wrong = bytes;
    let last = wrong.len() - 1;
    wrong[last] ^= 1;
    assert!(Index::from_bytes(&wrong).is_err());
}

fuzz_target!(|data: &[u8]| {
    check(data);
    if let Ok(body) = damaged(&mut Unstructured::new(data)) {
        check(&body);
    }
});
