//! What lies in memory beside people: leaves, caps, sixteen of them to a chunk.

use super::arena::Arena;
use super::cube::Cube;
use super::handles::{Child, Entry, Place};

/// People in a group: one AVX-512 register of 32-bit numbers.
pub(crate) const LANES: usize = 16;

/// Caps in a [`Chunk`]: one AVX-512 register of floats.
pub(crate) const WIDTH: usize = 16;

/// One person as the tree holds them.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Record {
    pub(crate) id: u64,
    pub(crate) xyz_m: [f64; 3],
    /// NaN where no time is known.
    pub(crate) at_s: f64,
    pub(crate) available: bool,
}

/// A leaf: people below one cap. All leaves together fit a processor's cache, and each lies
/// in one line of it.
#[derive(Clone, Debug)]
#[repr(C, align(32))]
pub(super) struct Leaf {
    /// As narrow as its people let it be.
    pub(super) cap: Cap,
    pub(super) parent: Entry,
    /// First group.
    pub(super) first: u32,
    pub(super) len: u32,
    /// Of a tree's: how coarse the steps are in which its people lie, see [`Cube`].
    pub(super) shift: u8,
}

/// Two to a cache line; at 36 bytes every second one lay in two lines.
const _: () = assert!(size_of::<Leaf>() == 32);

impl Leaf {
    /// Nobody's, under no node.
    pub(super) const EMPTY: Self = Self {
        cap: Cap::EVERYWHERE,
        parent: Entry::NONE,
        first: 0,
        len: 0,
        shift: 0,
    };

    /// What its people's places are steps of; round the centre of its cap, which stays.
    #[inline]
    pub(super) fn cube(&self) -> Cube {
        Cube {
            centre_m: self.cap.centre_m,
            shift: self.shift,
        }
    }

    /// Where the n-th person lies.
    #[inline]
    pub(super) fn place(&self, nth: usize) -> Place {
        Place::new(self.first as usize + nth / LANES, nth % LANES)
    }
}

/// A ball round a place near the surface; whatever it bounds lies inside.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Cap {
    pub(super) centre_m: [f32; 3],
    pub(super) radius_m: f32,
}

impl Cap {
    pub(super) const EVERYWHERE: Self = Self {
        centre_m: [0.0; 3],
        radius_m: f32::INFINITY,
    };

    /// The radius of a cap that holds nobody yet.
    pub(super) const EMPTY_M: f32 = -1e30;

    /// Distance of a place from the centre, in metres.
    #[inline]
    pub(super) fn reach_m(&self, xyz_m: [f64; 3]) -> f64 {
        let [x, y, z] = self.centre_m.map(f64::from);
        let (dx, dy, dz) = (xyz_m[0] - x, xyz_m[1] - y, xyz_m[2] - z);
        (dx * dx + dy * dy + dz * dz).sqrt()
    }

    #[cfg(any(test, feature = "sound"))]
    pub(super) fn holds(&self, xyz_m: [f64; 3]) -> bool {
        self.reach_m(xyz_m) <= f64::from(self.radius_m)
    }

    /// Radius round this centre that holds all of another cap.
    pub(super) fn reach_of_cap_m(&self, inner: &Self) -> f64 {
        self.reach_m(inner.centre_m.map(f64::from)) + f64::from(inner.radius_m)
    }
}

/// Bits of a leaf's radius that say how coarse the steps of its people's places are: whoever
/// looks at a cap knows it, without another line of memory.
const SHIFT_BITS: u32 = 6;

/// A radius in single precision that is not smaller, nor larger by more than 2^-17 of it, and
/// of which the last bits are a shift.
pub(super) fn round_up_with(radius_m: f64, shift: u8) -> f32 {
    const MASK: u32 = (1 << SHIFT_BITS) - 1;
    let (bits, shift) = (round_up_m(radius_m).to_bits(), u32::from(shift));
    // The next number above that ends so, not the one above the next that ends in zeros.
    f32::from_bits(((bits.saturating_sub(shift) + MASK) & !MASK) | shift)
}

/// A radius in single precision that is not smaller.
pub(super) fn round_up_m(radius_m: f64) -> f32 {
    #[expect(clippy::cast_possible_truncation, reason = "rounded up right after")]
    let near = radius_m as f32;
    near.next_up()
}

/// Time of a fix in steps of 2 s, rounded down; later times never give less.
///
/// Finer, and more moves would have to tell all slots above; coarser, and a question would
/// look at more people in vain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Freshness(i32);

impl Freshness {
    pub(super) const NEVER: Self = Self(i32::MIN);

    /// NaN, a time that is not known, is never fresh.
    #[inline]
    pub(super) fn of(at_s: f64) -> Self {
        if at_s.is_nan() {
            Self::NEVER
        } else {
            #[expect(clippy::cast_possible_truncation, reason = "`as` saturates, in order")]
            Self((at_s / 2.0).floor() as i32)
        }
    }
}

/// Sixteen caps and what is below them. Empty slots have a cap that nothing reaches.
#[derive(Clone, Debug)]
#[repr(C, align(64))]
pub(crate) struct Chunk {
    pub(super) x: [f32; WIDTH],
    pub(super) y: [f32; WIDTH],
    pub(super) z: [f32; WIDTH],
    pub(super) radius_m: [f32; WIDTH],
    pub(super) child: [Child; WIDTH],
}

impl Chunk {
    /// Farther than anything reaches; its square is a number yet.
    pub(super) const NOWHERE_M: f32 = 1e15;

    pub(super) const EMPTY: Self = Self {
        x: [Self::NOWHERE_M; WIDTH],
        y: [Self::NOWHERE_M; WIDTH],
        z: [Self::NOWHERE_M; WIDTH],
        radius_m: [0.0; WIDTH],
        child: [Child::NONE; WIDTH],
    };

    pub(super) fn cap(&self, slot: usize) -> Cap {
        Cap {
            centre_m: [self.x[slot], self.y[slot], self.z[slot]],
            radius_m: self.radius_m[slot],
        }
    }

    /// The cube of a leaf that hangs in a slot.
    #[inline]
    pub(super) fn cube(&self, slot: usize) -> Cube {
        let cap = self.cap(slot);
        let [shift, ..] = cap.radius_m.to_bits().to_le_bytes();
        Cube {
            centre_m: cap.centre_m,
            shift: shift & ((1 << SHIFT_BITS) - 1),
        }
    }

    pub(super) fn set_cap(&mut self, slot: usize, cap: &Cap) {
        [self.x[slot], self.y[slot], self.z[slot]] = cap.centre_m;
        self.radius_m[slot] = cap.radius_m;
    }
}

/// What belongs to a chunk but is read only by filters and changes.
#[derive(Clone, Debug)]
pub(crate) struct ChunkMeta {
    /// H3 cell of each slot.
    pub(super) cell: [u64; WIDTH],
    /// How far its cell's people may be from the centre of the cap: up to there a leaf's cap
    /// is widened for somebody who moves.
    pub(super) home_m: [f32; WIDTH],
    pub(super) below: [Below; WIDTH],
}

impl ChunkMeta {
    pub(super) const EMPTY: Self = Self {
        cell: [0; WIDTH],
        home_m: [0.0; WIDTH],
        below: [Below::NOBODY; WIDTH],
    };
}

/// Chunks of nodes; the first of a node has its number.
pub(super) type Chunks = Arena<Chunk, u32, ChunkMeta>;

/// Who is below a slot, in numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Below {
    pub(super) people: u32,
    pub(super) available: u32,
    /// Of those who are not available, and of those who are.
    pub(super) newest: [Freshness; 2],
}

impl Below {
    pub(super) const NOBODY: Self = Self {
        people: 0,
        available: 0,
        newest: [Freshness::NEVER; 2],
    };

    /// How many are available, or are not, and the newest fix of these.
    pub(super) fn only(&self, available: bool) -> (u32, Freshness) {
        let people = if available {
            self.available
        } else {
            self.people - self.available
        };
        (people, self.newest[usize::from(available)])
    }
}
