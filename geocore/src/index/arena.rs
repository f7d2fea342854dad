//! Runs of equal things in one allocation, without room that is lost for good.
//!
//! A run that is given back becomes one with its free neighbours and is taken again, whole or
//! in part, by the size that it fits best. That alone would not keep memory down: gaps too
//! small for anyone could lie between all runs. So once more than a quarter of an arena is
//! free, a sweep moves its runs down, a few each time one is given back, until all that is
//! free has come to the end and is cut off.
//!
//! The sweep passes over [`PACE`] times what is given back and moves no more than that. An
//! arena is therefore swept through before an eighth of it has been given back since: of it
//! three eighths are free at the most, and it never holds more than 8/5 of what is in use
//! beside the largest run, which a sweep must save up for.

use super::handles::Class;
use super::holes::Holes;
use super::pages::prefer_huge;

/// What a [`super::handles::Child`] can point at.
const ARENA_MAX: usize = 1 << 26;

/// How much a sweep may move for each that is given back.
const PACE: usize = 8;

/// An arena this small is not worth a sweep.
const SWEEP_MIN: usize = 64;

/// Hot and cold parts side by side, and tags that say whose they are: a search reads only the
/// hot ones.
#[derive(Clone, Debug)]
pub(super) struct Arena<H, T, C> {
    pub(super) hot: Vec<H>,
    pub(super) tags: Vec<T>,
    pub(super) cold: Vec<C>,
    holes: Holes,
    sweep: Option<Sweep>,
}

/// Runs are being moved down.
#[derive(Clone, Copy, Debug)]
struct Sweep {
    /// No holes are left below but new ones.
    swept: u32,
    /// How much may be moved yet.
    credit: usize,
}

/// A hole, with a run above it that could be moved down.
#[derive(Clone, Copy, Debug)]
pub(super) struct Gap {
    pub(super) first: u32,
    size: u32,
}

impl Gap {
    /// Where the run begins.
    pub(super) fn end(self) -> usize {
        (self.first + self.size) as usize
    }
}

impl<H: Clone, T: Copy, C: Clone> Arena<H, T, C> {
    pub(super) const fn new() -> Self {
        Self {
            hot: Vec::new(),
            tags: Vec::new(),
            cold: Vec::new(),
            holes: Holes::new(),
            sweep: None,
        }
    }

    /// The first index of a run of this class, filled with the given parts.
    pub(super) fn take(&mut self, class: Class, hot: &H, tag: T, cold: &C) -> u32 {
        let size = class.size();
        if let Some(first) = self.holes.take(index(size)) {
            let at = first as usize;
            self.hot[at..at + size].fill(hot.clone());
            self.tags[at..at + size].fill(tag);
            self.cold[at..at + size].fill(cold.clone());
            return first;
        }
        let first = self.hot.len();
        let wanted = first + size;
        assert!(wanted <= ARENA_MAX, "more people than an index can hold");
        if wanted > self.hot.capacity() {
            // By an eighth, not by doubling: a million people are mostly one allocation.
            let more = size + first / 8 + 8;
            self.expect(more);
        }
        self.hot.resize(wanted, hot.clone());
        self.tags.resize(wanted, tag);
        self.cold.resize(wanted, cold.clone());
        index(first)
    }

    /// Makes room for so many more, so that all lie in pages as large as there are: what
    /// grows keeps the small ones in which it began.
    pub(super) fn expect(&mut self, more: usize) {
        self.hot.reserve_exact(more);
        self.tags.reserve_exact(more);
        self.cold.reserve_exact(more);
        prefer_huge(&self.hot);
        prefer_huge(&self.tags);
        prefer_huge(&self.cold);
    }

    /// Gives spare memory back.
    pub(super) fn fit(&mut self) {
        self.hot.shrink_to_fit();
        self.tags.shrink_to_fit();
        self.cold.shrink_to_fit();
    }

    /// Gives a run back.
    pub(super) fn give_back(&mut self, first: u32, class: Class) {
        self.free(first, index(class.size()));
        if self.sweep.is_none()
            && self.hot.len() >= SWEEP_MIN
            && self.holes.total() * 4 > self.hot.len()
        {
            self.sweep = Some(Sweep {
                swept: 0,
                credit: 0,
            });
        }
        if let Some(sweep) = &mut self.sweep {
            sweep.credit += PACE * class.size();
        }
    }

    /// The next hole of a sweep, if one is under way; none ends it.
    pub(super) fn next_gap(&mut self) -> Option<Gap> {
        let sweep = self.sweep?;
        let found = self.holes.first_from(sweep.swept);
        if found.is_none() {
            self.sweep = None;
        }
        found.map(|(first, size)| Gap { first, size })
    }

    /// Moves the run above a gap to where the gap begins; false if that must wait.
    pub(super) fn close(&mut self, gap: Gap, class: Class) -> bool {
        let size = class.size();
        let Some(sweep) = self.sweep.as_mut().filter(|sweep| sweep.credit >= size) else {
            return false;
        };
        sweep.credit -= size;
        sweep.swept = gap.first + index(size);
        let (from, to) = (gap.end(), gap.first as usize);
        for step in 0..size {
            self.hot[to + step] = self.hot[from + step].clone();
            self.tags[to + step] = self.tags[from + step];
            self.cold[to + step] = self.cold[from + step].clone();
        }
        self.holes.take_at(gap.first, gap.size);
        self.free(gap.first + index(size), gap.size);
        true
    }

    /// Makes a hole, or cuts it off at the end.
    fn free(&mut self, first: u32, size: u32) {
        self.holes.give(first, size);
        if let Some(end) = self.holes.take_ending(index(self.hot.len())) {
            self.hot.truncate(end as usize);
            self.tags.truncate(end as usize);
            self.cold.truncate(end as usize);
            let len = self.hot.len();
            // Room for an eighth; a tenth has gone before it is given back once more.
            if self.hot.capacity() > len + len / 4 + 8 {
                let room = len + len / 8 + 8;
                self.hot.shrink_to(room);
                self.tags.shrink_to(room);
                self.cold.shrink_to(room);
            }
        }
    }

    /// How many are in no run.
    #[cfg(any(test, feature = "sound"))]
    pub(super) fn vacant(&self) -> usize {
        self.holes.total()
    }

    pub(super) fn bytes(&self) -> usize {
        self.hot.capacity() * size_of::<H>()
            + self.tags.capacity() * size_of::<T>()
            + self.cold.capacity() * size_of::<C>()
            + self.holes.bytes()
    }
}

fn index(place: usize) -> u32 {
    u32::try_from(place).unwrap_or_else(|_| unreachable!("an arena ends at 2^26"))
}
