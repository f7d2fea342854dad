//! What lies in memory: sixteen people to a group, sixteen caps to a chunk.

use super::arena::Arena;
use super::handles::{Child, Entry, Place};
use crate::geodesic::{Columns, EIGHT};
use crate::point::{Point, steps_of};

/// People in a [`Group`]: one AVX-512 register of 32-bit numbers.
pub(super) const LANES: usize = 16;

/// Caps in a [`Chunk`]: one AVX-512 register of floats.
pub(super) const WIDTH: usize = 16;

/// One person as the tree holds them.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Record {
    pub(crate) id: u64,
    pub(crate) xyz_m: [f64; 3],
    /// NaN where no time is known.
    pub(crate) at_s: f64,
    pub(crate) available: bool,
}

/// A place cut to steps of 2^-6 m, 16 mm: what a scan reads.
pub(super) type Rough = [i32; 3];

/// One of those steps, in metres.
pub(super) const ROUGH_STEP_M: f64 = 1.0 / 64.0;

/// How far a rough place may be from the place, and how far two may be farther apart, or
/// nearer, than the places are: they are cut to steps, so by less than one on each axis.
pub(super) const ROUGH_M: f64 = 1.733 * ROUGH_STEP_M;

/// Bits of a place's grid of 2^-30 m that a [`Rough`] leaves out.
const LOW_BITS: u32 = 24;

/// The rough part of a place.
#[inline]
pub(super) fn rough_of(xyz_m: [f64; 3]) -> Rough {
    #[expect(clippy::cast_possible_truncation, reason = "29 bits are left")]
    steps_of(xyz_m).map(|steps| (steps >> LOW_BITS) as i32)
}

/// Rough places of sixteen people side by side. Empty lanes lie beyond
/// the limit of any search, so that a scan never asks how many there are.
#[derive(Clone, Debug)]
#[repr(C, align(64))]
pub(super) struct Group {
    pub(super) x: [i32; LANES],
    pub(super) y: [i32; LANES],
    pub(super) z: [i32; LANES],
}

impl Group {
    /// 26,000 km on every axis: 39,000 km from any place, and a difference to one still
    /// fits in 32 bits.
    pub(super) const NOWHERE: i32 = 26_000_000 * 64;

    pub(super) const EMPTY: Self = Self {
        x: [Self::NOWHERE; LANES],
        y: [Self::NOWHERE; LANES],
        z: [Self::NOWHERE; LANES],
    };

    /// Place by place, empty lanes too.
    pub(super) fn places(&self) -> impl Iterator<Item = Rough> {
        (0..LANES).map(|lane| [self.x[lane], self.y[lane], self.z[lane]])
    }
}

/// The rest of what is known of a person: 25 bytes, so mostly one cache line.
#[derive(Clone, Copy, Debug)]
#[repr(C, packed)]
pub(super) struct Detail {
    pub(super) id: u64,
    pub(super) at_s: f64,
    /// Low bits of x, y and z, three bytes each.
    low: [u8; 9],
}

impl Detail {
    pub(super) const EMPTY: Self = Self {
        id: 0,
        at_s: f64::NAN,
        low: [0; 9],
    };

    /// The last byte.
    #[inline]
    pub(super) fn end(&self) -> &u8 {
        &self.low[8]
    }
}

/// What is known of a group's people and read by no scan.
pub(super) type Details = [Detail; LANES];

/// Whose a group is, in six bytes: those of all groups stay cached, so that whoever moves
/// waits for their own lines only.
#[derive(Clone, Copy, Debug)]
#[repr(C, packed(2))]
pub(super) struct GroupTag {
    leaf: u32,
    /// One bit a lane.
    available: u16,
}

impl GroupTag {
    /// That of a leaf's group of nobody.
    pub(super) const fn of(leaf: u32) -> Self {
        Self { leaf, available: 0 }
    }

    #[inline]
    fn is_available(self, lane: usize) -> bool {
        self.available & (1 << lane) != 0
    }

    #[inline]
    fn set_available(&mut self, lane: usize, available: bool) {
        self.available = (self.available & !(1 << lane)) | (u16::from(available) << lane);
    }
}

/// Groups of people.
pub(super) type Groups = Arena<Group, GroupTag, Details>;

impl Groups {
    /// The number of the leaf that a group belongs to.
    #[inline]
    pub(super) fn leaf(&self, group: usize) -> usize {
        self.tags[group].leaf as usize
    }

    #[inline]
    pub(super) fn is_available(&self, place: Place) -> bool {
        self.tags[place.group()].is_available(place.lane())
    }

    #[inline]
    pub(super) fn set_available(&mut self, place: Place, available: bool) {
        self.tags[place.group()].set_available(place.lane(), available);
    }

    #[inline]
    pub(super) fn detail(&self, place: Place) -> &Detail {
        &self.cold.as_flattened()[place.bits() as usize]
    }

    #[inline]
    pub(super) fn id(&self, place: Place) -> u64 {
        self.detail(place).id
    }

    #[inline]
    pub(super) fn at_s(&self, place: Place) -> f64 {
        self.detail(place).at_s
    }

    /// Where a person is, to the nanometre.
    #[inline]
    pub(super) fn point(&self, place: Place) -> Point {
        let (group, lane) = (&self.hot[place.group()], place.lane());
        let low = self.detail(place).low;
        let join = |rough: i32, low: [u8; 3]| {
            let low = u32::from_le_bytes([low[0], low[1], low[2], 0]);
            (i64::from(rough) << LOW_BITS) | i64::from(low)
        };
        Point::from_steps([
            join(group.x[lane], [low[0], low[1], low[2]]),
            join(group.y[lane], [low[3], low[4], low[5]]),
            join(group.z[lane], [low[6], low[7], low[8]]),
        ])
    }

    /// The same of eight people side by side: both parts are exact, and so is their sum.
    #[inline(always)] // must take on the caller's target features
    pub(super) fn points(&self, places: &[Place; EIGHT]) -> Columns {
        const LOW_STEP_M: f64 = ROUGH_STEP_M / (1 << LOW_BITS) as f64;
        const LOW: u64 = (1 << LOW_BITS) - 1;
        let (mut rough, mut low) = ([[0; EIGHT]; 3], [[0; EIGHT]; 3]);
        for (at, place) in places.iter().enumerate() {
            let (group, lane) = (&self.hot[place.group()], place.lane());
            let [eight @ .., last] = self.detail(*place).low;
            let (eight, last) = (u64::from_le_bytes(eight), u64::from(last));
            (rough[0][at], low[0][at]) = (group.x[lane], eight & LOW);
            (rough[1][at], low[1][at]) = (group.y[lane], (eight >> LOW_BITS) & LOW);
            (rough[2][at], low[2][at]) = (group.z[lane], (eight >> (2 * LOW_BITS)) | (last << 16));
        }
        let mut columns = [[0.0; EIGHT]; 3];
        for axis in 0..3 {
            for at in 0..EIGHT {
                #[expect(clippy::cast_possible_truncation, reason = "24 bits")]
                let low = low[axis][at] as i32;
                columns[axis][at] =
                    f64::from(rough[axis][at]) * ROUGH_STEP_M + f64::from(low) * LOW_STEP_M;
            }
        }
        columns
    }

    pub(super) fn record(&self, place: Place) -> Record {
        Record {
            id: self.id(place),
            xyz_m: self.point(place).xyz_m(),
            at_s: self.at_s(place),
            available: self.is_available(place),
        }
    }

    #[inline]
    pub(super) fn set_place(&mut self, place: Place, xyz_m: [f64; 3], at_s: f64) {
        let steps = steps_of(xyz_m);
        let (group, lane) = (&mut self.hot[place.group()], place.lane());
        [group.x[lane], group.y[lane], group.z[lane]] = rough_of(xyz_m);
        let [x, y, z] = steps.map(i64::to_le_bytes);
        let detail = &mut self.cold[place.group()][lane];
        detail.low = [x[0], x[1], x[2], y[0], y[1], y[2], z[0], z[1], z[2]];
        detail.at_s = at_s;
    }

    /// Writes all that is known of a person into a lane.
    pub(super) fn set_record(&mut self, place: Place, record: &Record) {
        self.set_place(place, record.xyz_m, record.at_s);
        self.cold[place.group()][place.lane()].id = record.id;
        self.set_available(place, record.available);
    }

    /// Empties a lane.
    pub(super) fn clear(&mut self, place: Place) {
        let (group, lane) = (&mut self.hot[place.group()], place.lane());
        [group.x[lane], group.y[lane], group.z[lane]] = [Group::NOWHERE; 3];
        self.cold[place.group()][lane].at_s = f64::NAN;
        self.set_available(place, false);
    }
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
    };

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
pub(super) struct Chunk {
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

    pub(super) fn set_cap(&mut self, slot: usize, cap: &Cap) {
        [self.x[slot], self.y[slot], self.z[slot]] = cap.centre_m;
        self.radius_m[slot] = cap.radius_m;
    }
}

/// What belongs to a chunk but is read only by filters and changes.
#[derive(Clone, Debug)]
pub(super) struct ChunkMeta {
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
