//! Runs of an arena that nobody uses.

use std::collections::{BTreeMap, BTreeSet};

/// A hole's entries in map and set; trees are at least half full.
const ENTRY_BYTES: usize = 2 * 2 * size_of::<(u32, u32)>();

/// Holes by place and by size; no two of them touch.
#[derive(Clone, Debug)]
pub(super) struct Holes {
    by_place: BTreeMap<u32, u32>,
    by_size: BTreeSet<(u32, u32)>,
    total: usize,
}

impl Holes {
    pub(super) const fn new() -> Self {
        Self {
            by_place: BTreeMap::new(),
            by_size: BTreeSet::new(),
            total: 0,
        }
    }

    /// Sizes of all of them together.
    pub(super) fn total(&self) -> usize {
        self.total
    }

    /// The first part of the smallest one that is large enough; its rest stays one.
    pub(super) fn take(&mut self, size: u32) -> Option<u32> {
        let &(whole, first) = self.by_size.range((size, 0)..).next()?;
        self.forget(first, whole);
        if whole > size {
            self.note(first + size, whole - size);
        }
        Some(first)
    }

    /// Adds a run, which becomes one with holes that it touches.
    pub(super) fn give(&mut self, mut first: u32, mut size: u32) {
        if let Some((&before, &room)) = self.by_place.range(..first).next_back()
            && before + room == first
        {
            self.forget(before, room);
            (first, size) = (before, room + size);
        }
        if let Some(&room) = self.by_place.get(&(first + size)) {
            self.forget(first + size, room);
            size += room;
        }
        self.note(first, size);
    }

    /// Takes one that is known.
    pub(super) fn take_at(&mut self, first: u32, size: u32) {
        self.forget(first, size);
    }

    /// Takes the one that ends here; where it began.
    pub(super) fn take_ending(&mut self, end: u32) -> Option<u32> {
        let (&first, &size) = self.by_place.last_key_value()?;
        (first + size == end).then(|| {
            self.forget(first, size);
            first
        })
    }

    /// The first one from a place on, and its size.
    pub(super) fn first_from(&self, place: u32) -> Option<(u32, u32)> {
        let (&first, &size) = self.by_place.range(place..).next()?;
        Some((first, size))
    }

    pub(super) fn bytes(&self) -> usize {
        self.by_place.len() * ENTRY_BYTES
    }

    fn note(&mut self, first: u32, size: u32) {
        self.by_place.insert(first, size);
        self.by_size.insert((size, first));
        self.total += size as usize;
    }

    fn forget(&mut self, first: u32, size: u32) {
        self.by_place.remove(&first);
        self.by_size.remove(&(size, first));
        self.total -= size as usize;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn holes_are_what_was_given_and_not_taken_and_never_touch() {
        let mut holes = Holes::new();
        let mut vacant = [false; 300];
        let mut state = 3_u64;
        for _ in 0..20_000 {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            let size = u32::try_from((state >> 33) % 12 + 1).expect("small");
            let first = u32::try_from((state >> 40) % 288).expect("small");
            let run = first as usize..(first + size) as usize;
            if state >> 63 == 0 {
                if let Some(taken) = holes.take(size) {
                    let run = &mut vacant[taken as usize..(taken + size) as usize];
                    assert!(run.iter().all(|is| *is));
                    run.fill(false);
                }
            } else if !vacant[run.clone()].contains(&true) {
                holes.give(first, size);
                vacant[run].fill(true);
            }
            check(&holes, &vacant);
        }
    }

    fn check(holes: &Holes, vacant: &[bool]) {
        let mut at = 0;
        for run in vacant.chunk_by(|a, b| a == b) {
            let size = u32::try_from(run.len()).expect("small");
            let hole = holes.by_place.get(&at);
            assert_eq!(hole, run[0].then_some(&size));
            assert_eq!(holes.by_size.contains(&(size, at)), run[0]);
            at += size;
        }
        assert_eq!(holes.by_place.len(), holes.by_size.len());
        assert_eq!(holes.total(), vacant.iter().filter(|is| **is).count());
    }
}
