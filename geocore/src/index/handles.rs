//! What points at something, in 32 bits.

use super::layout::LANES;

/// A slot of a node: `node * 128 + slot`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Entry(u32);

impl Entry {
    pub(super) const NONE: Self = Self(u32::MAX);

    pub(super) fn new(node: u32, slot: usize) -> Self {
        debug_assert!(slot < 128);
        #[expect(clippy::cast_possible_truncation, reason = "below 128")]
        Self(node * 128 + slot as u32)
    }

    pub(super) fn node(self) -> usize {
        (self.0 / 128) as usize
    }

    pub(super) fn slot(self) -> usize {
        (self.0 % 128) as usize
    }
}

/// Where a person lies: `group * 16 + lane`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place(u32);

impl Place {
    pub(super) const NONE: Self = Self(u32::MAX);

    #[inline]
    pub(super) fn new(group: usize, lane: usize) -> Self {
        #[expect(clippy::cast_possible_truncation, reason = "arenas end at 2^26 groups")]
        Self((group * LANES + lane) as u32)
    }

    /// The inverse of [`Place::bits`].
    #[inline]
    pub(super) fn from_bits(bits: u32) -> Self {
        Self(bits)
    }

    #[inline]
    pub(super) fn bits(self) -> u32 {
        self.0
    }

    #[inline]
    pub(super) fn group(self) -> usize {
        self.0 as usize / LANES
    }

    #[inline]
    pub(super) fn lane(self) -> usize {
        self.0 as usize % LANES
    }
}

/// A child: a leaf (a run of groups) or a node (a run of chunks).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Child(u32);

const LEAF: u32 = 1 << 31;
const INDEX_BITS: u32 = 26;

impl Child {
    pub(super) const NONE: Self = Self(0);

    pub(super) fn leaf(first: u32, class: Class) -> Self {
        Self(LEAF | (u32::from(class.0) << INDEX_BITS) | first)
    }

    pub(super) fn node(first: u32, class: Class) -> Self {
        Self((u32::from(class.0) << INDEX_BITS) | first)
    }

    #[inline]
    pub(super) fn is_leaf(self) -> bool {
        self.0 & LEAF != 0
    }

    #[inline]
    pub(super) fn first(self) -> usize {
        (self.0 & ((1 << INDEX_BITS) - 1)) as usize
    }

    #[inline]
    pub(super) fn class(self) -> Class {
        Class(((self.0 >> INDEX_BITS) & 31) as u8)
    }
}

/// Size of a run in an arena: 1 to 16, powers of two to 2^13, of four from there, and 2^26.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Class(u8);

impl Class {
    /// Classes of every size from 1.
    const SMALL: u8 = 16;

    /// The class of 2^13, after which there are fewer.
    const LARGE: u8 = Self::SMALL + 8;

    /// The class of all that an arena can hold.
    const WHOLE: u8 = 31;

    /// The smallest class that holds so many.
    pub(super) fn holding(count: usize) -> Self {
        let mut class = Self(0);
        while class.size() < count {
            class.0 += 1;
        }
        class
    }

    #[inline]
    pub(super) fn size(self) -> usize {
        match self.0 {
            small @ ..Self::SMALL => usize::from(small) + 1,
            middle @ Self::SMALL..=Self::LARGE => 32 << (middle - Self::SMALL),
            large @ ..Self::WHOLE => 1 << (13 + 2 * (large - Self::LARGE)),
            Self::WHOLE.. => 1 << INDEX_BITS,
        }
    }
}
