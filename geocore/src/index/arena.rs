//! Runs of equal things in one allocation, reused by size.

use super::handles::Class;

const CLASSES: usize = 32;

/// What a [`super::handles::Child`] can point at.
const ARENA_MAX: usize = 1 << 26;

/// Hot and cold parts side by side: a search reads only the hot ones.
#[derive(Clone, Debug)]
pub(super) struct Arena<H, C> {
    pub(super) hot: Vec<H>,
    pub(super) cold: Vec<C>,
    free: [Vec<u32>; CLASSES],
}

impl<H: Clone, C: Clone> Arena<H, C> {
    pub(super) const fn new() -> Self {
        Self {
            hot: Vec::new(),
            cold: Vec::new(),
            free: [const { Vec::new() }; CLASSES],
        }
    }

    /// The first index of a run of this class, filled with the given parts.
    pub(super) fn take(&mut self, class: Class, hot: &H, cold: &C) -> u32 {
        let size = class.size();
        if let Some(first) = self.free[class.index()].pop() {
            let at = first as usize;
            self.hot[at..at + size].fill(hot.clone());
            self.cold[at..at + size].fill(cold.clone());
            return first;
        }
        let first = self.hot.len();
        let wanted = first + size;
        assert!(wanted <= ARENA_MAX, "more people than an index can hold");
        if wanted > self.hot.capacity() {
            // By an eighth, not by doubling: a million people are mostly one allocation.
            let more = size + first / 8 + 8;
            self.hot.reserve_exact(more);
            self.cold.reserve_exact(more);
        }
        self.hot.resize(wanted, hot.clone());
        self.cold.resize(wanted, cold.clone());
        u32::try_from(first).unwrap_or_else(|_| unreachable!("an arena ends at 2^26"))
    }

    /// Gives spare memory back.
    pub(super) fn fit(&mut self) {
        self.hot.shrink_to_fit();
        self.cold.shrink_to_fit();
    }

    /// Gives a run back.
    pub(super) fn give_back(&mut self, first: u32, class: Class) {
        self.free[class.index()].push(first);
    }

    /// Sizes of all runs that were given back.
    #[cfg(test)]
    pub(super) fn free_sizes(&self) -> impl Iterator<Item = usize> {
        (0..CLASSES).map(|class| Class::nth(class).size() * self.free[class].len())
    }

    pub(super) fn bytes(&self) -> usize {
        let free: usize = self.free.iter().map(|list| list.capacity() * 4).sum();
        self.hot.capacity() * size_of::<H>() + self.cold.capacity() * size_of::<C>() + free
    }
}
