//! Sixteen people to a group, of either kind.

use super::arena::Arena;
use super::cube::NOWHERE;
use super::detail::Detail;
use super::handles::Place;
use super::kernel::prefetch;
use super::layout::LANES;

/// Rough places of sixteen people side by side, of a space that is one leaf. Empty lanes lie
/// beyond the limit of any search, so that a scan never asks how many there are.
#[derive(Clone, Debug)]
#[repr(C, align(64))]
pub(crate) struct Wide {
    pub(super) x: [i32; LANES],
    pub(super) y: [i32; LANES],
    pub(super) z: [i32; LANES],
}

impl Wide {
    /// 26,000 km on every axis: 39,000 km from any place, and a difference to one still
    /// fits in 32 bits.
    pub(super) const NOWHERE: i32 = 26_000_000 * 64;

    pub(super) const EMPTY: Self = Self {
        x: [Self::NOWHERE; LANES],
        y: [Self::NOWHERE; LANES],
        z: [Self::NOWHERE; LANES],
    };
}

/// The same of a tree's leaf, in steps from the corner of its [cube](super::cube::Cube). Empty
/// lanes have an x that nobody has.
#[derive(Clone, Debug)]
#[repr(C, align(32))]
pub(crate) struct Narrow {
    pub(super) x: [u16; LANES],
    pub(super) y: [u16; LANES],
    pub(super) z: [u16; LANES],
}

impl Narrow {
    pub(super) const EMPTY: Self = Self {
        x: [NOWHERE; LANES],
        y: [NOWHERE; LANES],
        z: [NOWHERE; LANES],
    };
}

/// Whose a group is, in six bytes: those of all groups stay cached, so that whoever moves
/// waits for their own lines only.
#[derive(Clone, Copy, Debug)]
#[repr(C, packed(2))]
pub(super) struct GroupTag {
    pub(super) leaf: u32,
    /// One bit a lane.
    available: u16,
}

impl GroupTag {
    /// That of a leaf's group of nobody.
    pub(super) const fn of(leaf: u32) -> Self {
        Self { leaf, available: 0 }
    }

    #[inline]
    pub(super) fn is_available(self, lane: usize) -> bool {
        self.available & (1 << lane) != 0
    }

    #[inline]
    pub(super) fn set_available(&mut self, lane: usize, available: bool) {
        self.available = (self.available & !(1 << lane)) | (u16::from(available) << lane);
    }
}

/// Groups of one kind, and what is known beside.
pub(super) type Rows<H, const N: usize> = Arena<H, GroupTag, [Detail<N>; LANES]>;

impl<H: Clone, const N: usize> Rows<H, N> {
    #[inline]
    pub(super) fn detail(&self, place: Place) -> &Detail<N> {
        &self.cold.as_flattened()[place.bits() as usize]
    }

    #[inline]
    pub(super) fn detail_mut(&mut self, place: Place) -> &mut Detail<N> {
        &mut self.cold.as_flattened_mut()[place.bits() as usize]
    }

    #[inline]
    pub(super) fn prefetch_detail(&self, place: Place) {
        let detail = self.detail(place);
        prefetch(detail);
        prefetch(detail.end());
    }

    pub(super) fn copy(&mut self, from: usize, to: usize) {
        self.hot[to] = self.hot[from].clone();
        self.tags[to] = self.tags[from];
        self.cold[to] = self.cold[from];
    }
}
