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

const INDEX_BITS: u32 = 26;

/// Classes of nodes are the first of 64, those of leaves the rest.
const NODE_CLASSES: u8 = 8;

const _: () = assert!(NODE_CLASSES as usize + Class::COUNT <= 64);

impl Child {
    pub(super) const NONE: Self = Self(0);

    pub(super) fn leaf(first: u32, class: Class) -> Self {
        Self((u32::from(NODE_CLASSES + class.0) << INDEX_BITS) | first)
    }

    pub(super) fn node(first: u32, class: Class) -> Self {
        debug_assert!(class.0 < NODE_CLASSES);
        Self((u32::from(class.0) << INDEX_BITS) | first)
    }

    #[inline]
    pub(super) fn is_leaf(self) -> bool {
        self.0 >= u32::from(NODE_CLASSES) << INDEX_BITS
    }

    #[inline]
    pub(super) fn first(self) -> usize {
        (self.0 & ((1 << INDEX_BITS) - 1)) as usize
    }

    #[inline]
    pub(super) fn class(self) -> Class {
        let class = (self.0 >> INDEX_BITS) as u8;
        Class(if self.is_leaf() {
            class - NODE_CLASSES
        } else {
            class
        })
    }
}

/// Size of a run in an arena: 1 to 28, then four for each power of two to 256, powers of two
/// to 2^18 and of four to 2^26.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Class(u8);

impl Class {
    /// Classes of every size from 1.
    const SMALL: u8 = 28;

    /// Sizes of the others; the last is all that an arena can hold.
    const LARGE: [u32; 27] = [
        32,
        40,
        48,
        56,
        64,
        80,
        96,
        112,
        128,
        160,
        192,
        224,
        256,
        1 << 9,
        1 << 10,
        1 << 11,
        1 << 12,
        1 << 13,
        1 << 14,
        1 << 15,
        1 << 16,
        1 << 17,
        1 << 18,
        1 << 20,
        1 << 22,
        1 << 24,
        1 << INDEX_BITS,
    ];

    const COUNT: usize = Self::SMALL as usize + Self::LARGE.len();

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
        if self.0 < Self::SMALL {
            usize::from(self.0) + 1
        } else {
            Self::LARGE[usize::from(self.0 - Self::SMALL)] as usize
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_child_is_what_it_was_made_of_whatever_its_size() {
        for number in 0..u8::try_from(Class::COUNT).expect("below 64") {
            for first in [0, 5, (1 << INDEX_BITS) - 1] {
                let leaf = Child::leaf(first, Class(number));
                assert!(leaf.is_leaf());
                assert_eq!(
                    (leaf.first(), leaf.class()),
                    (first as usize, Class(number))
                );
                if number < NODE_CLASSES {
                    let node = Child::node(first, Class(number));
                    assert!(!node.is_leaf());
                    assert_eq!(
                        (node.first(), node.class()),
                        (first as usize, Class(number))
                    );
                }
            }
        }
    }

    #[test]
    fn a_leaf_of_any_size_has_a_class_without_room_to_spare() {
        for groups in 1..=28 {
            assert_eq!(Class::holding(groups).size(), groups);
        }
        assert_eq!(Class::holding(1 << INDEX_BITS).size(), 1 << INDEX_BITS);
    }
}
