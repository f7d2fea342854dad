//! Who counts in an answer, as the loops of a search ask it.

use super::groups::Groups;
use super::handles::Place;
use super::layout::{ChunkMeta, Freshness};

/// Who counts, as the loops ask it.
pub(super) trait Lens {
    /// Whether someone below a slot may count.
    fn may_hold(&self, chunk: &ChunkMeta, slot: usize) -> bool;

    /// Whether everyone may count, so that nobody need be asked.
    const EVERYONE: bool;

    /// Whether the person at a place counts.
    fn admits(&self, groups: &Groups, place: Place) -> bool;
}

/// No filter at all.
pub(super) struct Everyone;

impl Lens for Everyone {
    const EVERYONE: bool = true;

    #[inline]
    fn may_hold(&self, _chunk: &ChunkMeta, _slot: usize) -> bool {
        true
    }

    #[inline]
    fn admits(&self, _groups: &Groups, _place: Place) -> bool {
        true
    }
}

/// A filter by availability, freshness and name.
pub(super) struct Sieve<'a> {
    pub(super) available: Option<bool>,
    /// Minus infinity where age does not matter.
    pub(super) newer_than_s: Option<f64>,
    pub(super) exclude: &'a dyn Fn(u64) -> bool,
}

impl Lens for Sieve<'_> {
    const EVERYONE: bool = false;

    #[inline]
    fn may_hold(&self, chunk: &ChunkMeta, slot: usize) -> bool {
        let below = &chunk.below[slot];
        let (people, newest) = match self.available {
            None => (below.people, below.newest[0].max(below.newest[1])),
            Some(wanted) => below.only(wanted),
        };
        people > 0
            && self
                .newer_than_s
                .is_none_or(|after_s| newest >= Freshness::of(after_s))
    }

    #[inline]
    fn admits(&self, groups: &Groups, place: Place) -> bool {
        self.available
            .is_none_or(|wanted| groups.is_available(place) == wanted)
            && self
                .newer_than_s
                .is_none_or(|after_s| groups.at_s(place) > after_s)
            && !(self.exclude)(groups.id(place))
    }
}
