//! People with the cells that decide who lies with whom.

use std::num::NonZero;
use std::panic::resume_unwind;
use std::thread;

use super::grid::key_of;
use super::layout::Record;

/// A person with the cell that decides their leaf.
#[derive(Clone, Copy, Debug)]
pub(super) struct Keyed {
    pub(super) key: u64,
    pub(super) record: Record,
}

/// Above so many people their keys are found by all cores.
const PARALLEL_MIN: usize = 50_000;

/// People with their keys, sorted by them.
pub(super) fn keyed(records: &[Record]) -> Vec<Keyed> {
    let one = |record: &Record| Keyed {
        key: key_of(record.xyz_m),
        record: *record,
    };
    let cores = if records.len() < PARALLEL_MIN {
        1
    } else {
        thread::available_parallelism().map_or(1, NonZero::get)
    };
    let mut people: Vec<Keyed> = if cores == 1 {
        records.iter().map(one).collect()
    } else {
        thread::scope(|scope| {
            let parts: Vec<_> = records
                .chunks(records.len().div_ceil(cores))
                .map(|part| scope.spawn(move || part.iter().map(one).collect::<Vec<_>>()))
                .collect();
            let join = |part: thread::ScopedJoinHandle<'_, Vec<Keyed>>| match part.join() {
                Ok(keyed) => keyed,
                Err(panic) => resume_unwind(panic),
            };
            parts.into_iter().flat_map(join).collect()
        })
    };
    people.sort_unstable_by_key(|person| person.key);
    people
}
