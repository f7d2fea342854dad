//! The inner loops, once for any machine, once for AVX2 and once for AVX-512.

#[cfg(target_arch = "x86_64")]
pub(crate) mod avx2;
#[cfg(target_arch = "x86_64")]
pub(crate) mod avx512;
#[cfg(all(test, target_arch = "x86_64"))]
mod tests;

use super::cube::NOWHERE;
use super::space::LEAF_MAX;
#[cfg(target_arch = "x86_64")]
use crate::raw;

pub(crate) use super::cube::Rough;
pub(crate) use super::layout::{Chunk, LANES, WIDTH};
pub(crate) use super::rows::{Narrow, Wide};
pub(crate) use crate::raw::prefetch;

/// How a machine runs the inner loops.
pub(crate) trait Kernel: Copy {
    /// Lower bounds in metres from a place to whatever lies below each slot of some chunks.
    ///
    /// Sound for a place rounded to single precision: see [`lower_bound_m`].
    fn bounds(self, chunks: &[Chunk], from_m: [f32; 3], into: &mut [[f32; WIDTH]]);

    /// A number that is not above the least of some, nor more than 2^-15 of it below; and
    /// where one of them that is as near to the least is, as row times [`WIDTH`] plus column.
    ///
    /// # Panics
    ///
    /// Where there are more than [`NODE_MAX`] rows.
    fn least(self, numbers: &[[f32; WIDTH]]) -> (f32, usize);

    /// Numbers at or below a limit, by where they are, from the first on; and how many.
    ///
    /// # Panics
    ///
    /// Where there are more than [`PIECE`] rows.
    fn pick(self, rows: &[[f32; LANES]], limit: f32, into: &mut Picked) -> usize;

    /// The k-th least of sixteen numbers that are not negative, k from 1.
    fn kth(self, numbers: &[f32; LANES], k: usize) -> f32;

    /// One bit for each number at or below a limit.
    fn at_most(self, numbers: &[f32; WIDTH], limit: f32) -> u16;

    /// Squares of the rough distances, in steps, of everyone in some groups; and for each
    /// lane the least of its column.
    ///
    /// Differences of integers have no rounding; making floats of them and summing their
    /// squares has less than five of 2^-24.
    fn measure_wide(self, groups: &[Wide], from: Rough, into: &mut [[f32; LANES]]) -> [f32; LANES];

    /// The same of groups of a tree, a step of which is given as a power of two, from a place
    /// in the unit of the step; infinite where a lane is empty.
    ///
    /// A difference has one rounding, so that the sum of their squares has less than seven
    /// of 2^-24.
    fn measure_narrow(
        self,
        groups: &[Narrow],
        from: [f32; 3],
        step: f32,
        into: &mut [[f32; LANES]],
    ) -> [f32; LANES];
}

/// Groups that are measured together before anyone is offered: all of a leaf that can be
/// split, so all of a space that is one.
pub(super) const PIECE: usize = LEAF_MAX.div_ceil(LANES);

/// Rows of bounds that a node has at most.
pub(super) const NODE_MAX: usize = 8;

/// Row times [`LANES`] plus column, of as many as [`PIECE`] rows have and a row to spare.
pub(crate) type Picked = [u32; (PIECE + 1) * LANES];

/// Where a row's numbers go that were picked after some others.
#[cfg(target_arch = "x86_64")]
#[inline]
fn room<const N: usize>(picked: &mut Picked, count: usize) -> &mut [u32; N] {
    assert!(count <= picked.len() - N, "more picked than rows have");
    let Some(room) = picked[count..].first_chunk_mut() else {
        unreachable!("so many are left")
    };
    room
}

/// Something that runs with any kernel.
///
/// `run` must be `#[inline(always)]`: only what is inlined into `raw::Avx512::run` and its
/// like is compiled for them, and a kernel's loops as calls would be five times slower.
pub(crate) trait Work {
    fn run<K: Kernel>(self, kernel: K);
}

/// Runs work with the best kernel that this machine has.
pub(super) fn run(work: impl Work) {
    #[cfg(target_arch = "x86_64")]
    if let Some(avx512) = raw::Avx512::detect() {
        return avx512.run(work);
    } else if let Some(avx2) = raw::Avx2::detect() {
        return avx2.run(work);
    }
    work.run(Portable);
}

/// What single precision may take from a distance of up to two earth radii, relatively:
/// four roundings of 2^-24 each, doubled.
const SLACK: f32 = 1.0 - 5e-7;

/// What rounding a place near the surface to single precision may move it: half a unit in
/// the last place is 0.25 m an axis, so 0.44 m; doubled.
const ROUNDING_M: f32 = 0.9;

/// Distance from a place to the nearest point of a cap, never too large.
#[inline(always)]
#[expect(
    clippy::inline_always,
    reason = "must take on the caller's target features"
)]
fn lower_bound_m(dx: f32, dy: f32, dz: f32, radius_m: f32) -> f32 {
    (dx * dx + dy * dy + dz * dz).sqrt() * SLACK - ROUNDING_M - radius_m
}

/// Plain loops; the compiler makes vectors of them as far as its target has any.
#[derive(Clone, Copy, Debug)]
pub(super) struct Portable;

#[expect(
    clippy::inline_always,
    reason = "must take on the caller's target features"
)]
impl Kernel for Portable {
    #[inline(always)]
    fn bounds(self, chunks: &[Chunk], from_m: [f32; 3], into: &mut [[f32; WIDTH]]) {
        let [x, y, z] = from_m;
        for (chunk, bounds) in chunks.iter().zip(into) {
            for (slot, bound) in bounds.iter_mut().enumerate() {
                let (dx, dy, dz) = (chunk.x[slot] - x, chunk.y[slot] - y, chunk.z[slot] - z);
                *bound = lower_bound_m(dx, dy, dz, chunk.radius_m[slot]);
            }
        }
    }

    #[inline(always)]
    fn least(self, numbers: &[[f32; WIDTH]]) -> (f32, usize) {
        let mut least = (f32::INFINITY, 0);
        for (slot, number) in numbers.as_flattened().iter().enumerate() {
            if *number < least.0 {
                least = (*number, slot);
            }
        }
        least
    }

    #[inline(always)]
    fn pick(self, rows: &[[f32; LANES]], limit: f32, into: &mut Picked) -> usize {
        assert!(rows.len() <= PIECE, "more rows than fit");
        let mut count = 0;
        // The next one takes the place of one that was too far: no branch to mispredict.
        for (at, number) in (0..).zip(rows.as_flattened()) {
            into[count] = at;
            count += usize::from(*number <= limit);
        }
        count
    }

    #[inline(always)]
    fn kth(self, numbers: &[f32; LANES], k: usize) -> f32 {
        // Counting whom each is not nearer than needs no branch. Equal numbers count each
        // other, so that the least of those with a count of k or more is the k-th.
        let mut ranks = [0_u32; LANES];
        for other in numbers {
            for (rank, own) in ranks.iter_mut().zip(numbers) {
                *rank = rank.wrapping_add(u32::from(other <= own));
            }
        }
        let mut kth = f32::INFINITY;
        for (rank, own) in ranks.into_iter().zip(numbers) {
            kth = kth.min(if rank as usize >= k {
                *own
            } else {
                f32::INFINITY
            });
        }
        kth
    }

    #[inline(always)]
    fn at_most(self, numbers: &[f32; WIDTH], limit: f32) -> u16 {
        let mut bits = 0;
        for (slot, number) in numbers.iter().enumerate() {
            bits |= u16::from(*number <= limit) << slot;
        }
        bits
    }

    #[inline(always)]
    fn measure_wide(self, groups: &[Wide], from: Rough, into: &mut [[f32; LANES]]) -> [f32; LANES] {
        let [x, y, z] = from;
        let mut minima = [f32::INFINITY; LANES];
        for (group, row) in groups.iter().zip(into) {
            for lane in 0..LANES {
                let dx = group.x[lane].wrapping_sub(x);
                let dy = group.y[lane].wrapping_sub(y);
                let dz = group.z[lane].wrapping_sub(z);
                #[expect(clippy::cast_precision_loss, reason = "allowed for in `select`")]
                let [dx, dy, dz] = [dx as f32, dy as f32, dz as f32];
                row[lane] = dx * dx + dy * dy + dz * dz;
                minima[lane] = minima[lane].min(row[lane]);
            }
        }
        minima
    }

    #[inline(always)]
    fn measure_narrow(
        self,
        groups: &[Narrow],
        from: [f32; 3],
        step: f32,
        into: &mut [[f32; LANES]],
    ) -> [f32; LANES] {
        let [x, y, z] = from;
        let mut minima = [f32::INFINITY; LANES];
        for (group, row) in groups.iter().zip(into) {
            for lane in 0..LANES {
                let dx = f32::from(group.x[lane]) * step - x;
                let dy = f32::from(group.y[lane]) * step - y;
                let dz = f32::from(group.z[lane]) * step - z;
                let squared = dx * dx + dy * dy + dz * dz;
                let is_nobody = group.x[lane] == NOWHERE;
                row[lane] = if is_nobody { f32::INFINITY } else { squared };
                minima[lane] = minima[lane].min(row[lane]);
            }
        }
        minima
    }
}

/// Asks for chunks that will be opened soon.
#[inline]
pub(super) fn prefetch_chunks(chunks: &[Chunk]) {
    for chunk in chunks {
        prefetch(&chunk.x);
        prefetch(&chunk.y);
        prefetch(&chunk.z);
        prefetch(&chunk.radius_m);
        prefetch(&chunk.child);
    }
}
