//! People with the cells that decide who lies with whom.

use std::num::NonZero;
use std::thread;

use super::grid::key_of;
use super::layout::Record;
use super::space::number;

/// A person with the cell that decides their leaf.
#[derive(Clone, Copy, Debug)]
pub(super) struct Keyed {
    pub(super) key: u64,
    pub(super) record: Record,
}

/// Above so many people their keys are found and sorted by all cores.
const PARALLEL_MIN: usize = 50_000;

/// People with their keys, sorted by them.
pub(super) fn keyed(records: &[Record]) -> Vec<Keyed> {
    let cores = if records.len() < PARALLEL_MIN {
        1
    } else {
        thread::available_parallelism().map_or(1, NonZero::get)
    };
    // A key and a row are a quarter of a person: what is sorted, and fits a cache longer.
    let mut order: Vec<(u64, u32)> = (0..records.len()).map(|row| (0, number(row))).collect();
    let fill = |part: &mut [(u64, u32)]| {
        for (key, row) in &mut *part {
            *key = key_of(records[*row as usize].xyz_m);
        }
        part.sort_unstable();
    };
    if cores == 1 {
        fill(&mut order);
    } else {
        let each = records.len().div_ceil(cores);
        thread::scope(|scope| {
            for part in order.chunks_mut(each) {
                scope.spawn(|| fill(part));
            }
        });
        // Parts in order are found and merged.
        order.sort_by_key(|(key, _)| *key);
    }
    let person = |(key, row): (u64, u32)| Keyed {
        key,
        record: records[row as usize],
    };
    order.into_iter().map(person).collect()
}
