//! The three inner loops, once for any machine and once for AVX-512; all `unsafe` is here.

use super::layout::{Chunk, Group, GroupMeta, LANES, Rough, WIDTH};

/// How a machine runs the inner loops.
pub(super) trait Kernel: Copy {
    /// Lower bounds in metres from a place to whatever lies below each slot of some chunks.
    ///
    /// Sound for a place rounded to single precision: see [`lower_bound_m`].
    fn bounds(self, chunks: &[Chunk], from_m: [f32; 3], into: &mut [[f32; WIDTH]]);

    /// The least of some numbers and where it is: row times [`WIDTH`] plus column.
    fn least(self, numbers: &[[f32; WIDTH]]) -> (f32, usize);

    /// The k-th least of sixteen numbers that are not negative, k from 1.
    fn kth(self, numbers: &[f32; LANES], k: usize) -> f32;

    /// One bit for each number at or below a limit.
    fn at_most(self, numbers: &[f32; WIDTH], limit: f32) -> u16;

    /// Squares of the rough distances, in steps, of everyone in some groups; and for each
    /// lane the least of its column.
    ///
    /// Differences of integers have no rounding; making floats of them and summing their
    /// squares has less than five of 2^-24.
    fn measure(self, groups: &[Group], from: Rough, into: &mut [[f32; LANES]]) -> [f32; LANES];

    /// Asks for the places of groups that will be scanned soon.
    fn prefetch_groups(self, groups: &[Group]);

    /// Asks for chunks that will be opened soon.
    fn prefetch_chunks(self, chunks: &[Chunk]);
}

/// Something that runs with any kernel.
///
/// `run` must be `#[inline(always)]`: only what is inlined into [`with_avx512`] is compiled
/// for AVX-512, and a kernel's loops as calls would be five times slower.
pub(super) trait Work {
    fn run<K: Kernel>(self, kernel: K);
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
    fn measure(self, groups: &[Group], from: Rough, into: &mut [[f32; LANES]]) -> [f32; LANES] {
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
    fn prefetch_groups(self, _groups: &[Group]) {}

    #[inline(always)]
    fn prefetch_chunks(self, _chunks: &[Chunk]) {}
}

/// Asks for the cache line where something begins.
#[inline(always)]
#[expect(clippy::inline_always, reason = "one instruction")]
pub(super) fn prefetch<T>(what: &T) {
    #[cfg(target_arch = "x86_64")]
    x86::prefetch(what);
    #[cfg(not(target_arch = "x86_64"))]
    let _ = what;
}

/// Asks for a person's lines, and those of what must be known to write them.
#[inline]
pub(super) fn prefetch_person(group: &Group, meta: &GroupMeta, lane: usize) {
    prefetch(&group.x);
    prefetch(&group.y);
    prefetch(&group.z);
    prefetch(&meta.people[lane]);
    prefetch(&meta.leaf);
}

#[cfg(target_arch = "x86_64")]
pub(super) use x86::{Avx512, with_avx512};

#[cfg(target_arch = "x86_64")]
#[expect(
    unsafe_code,
    reason = "AVX-512 and prefetch: measured in docs/geocore.md"
)]
mod x86 {
    use core::arch::x86_64::{
        _CMP_EQ_OQ, _CMP_LE_OQ, _MM_CMPINT_NLT, _MM_HINT_T0, _mm_prefetch, _mm512_add_epi32,
        _mm512_cmp_epi32_mask, _mm512_cmp_ps_mask, _mm512_cvtepi32_ps, _mm512_fmadd_ps,
        _mm512_fmsub_ps, _mm512_loadu_epi32, _mm512_loadu_ps, _mm512_mask_add_epi32,
        _mm512_mask_blend_ps, _mm512_min_ps, _mm512_mul_ps, _mm512_reduce_min_ps,
        _mm512_set1_epi32, _mm512_set1_ps, _mm512_setzero_si512, _mm512_sqrt_ps, _mm512_storeu_ps,
        _mm512_sub_epi32, _mm512_sub_ps,
    };

    use super::{Chunk, Group, Kernel, LANES, ROUNDING_M, Rough, SLACK, WIDTH, Work};

    /// Proof that this machine has AVX-512 F, VL, DQ and BW: only [`Avx512::detect`] makes it.
    #[derive(Clone, Copy, Debug)]
    pub(in super::super) struct Avx512(());

    impl Avx512 {
        pub(in super::super) fn detect() -> Option<Self> {
            (is_x86_feature_detected!("avx512f")
                && is_x86_feature_detected!("avx512vl")
                && is_x86_feature_detected!("avx512dq")
                && is_x86_feature_detected!("avx512bw")
                && is_x86_feature_detected!("bmi1")
                && is_x86_feature_detected!("bmi2")
                && is_x86_feature_detected!("popcnt")
                && is_x86_feature_detected!("fma"))
            .then_some(Self(()))
        }
    }

    #[target_feature(enable = "avx512f,avx512vl,avx512dq,avx512bw,bmi1,bmi2,popcnt,fma")]
    fn compiled_for_avx512<W: Work>(avx512: Avx512, work: W) {
        work.run(avx512);
    }

    /// Runs work compiled for AVX-512.
    pub(in super::super) fn with_avx512<W: Work>(avx512: Avx512, work: W) {
        // SAFETY: an `Avx512` exists only where every feature of the callee was detected.
        unsafe { compiled_for_avx512(avx512, work) }
    }

    #[expect(
        clippy::inline_always,
        reason = "must take on the caller's target features"
    )]
    impl Kernel for Avx512 {
        #[inline(always)]
        fn bounds(self, chunks: &[Chunk], from_m: [f32; 3], into: &mut [[f32; WIDTH]]) {
            for (chunk, bounds) in chunks.iter().zip(into) {
                // SAFETY: an `Avx512` exists only where AVX-512 F was detected; every pointer
                // is to an array of exactly the sixteen floats that are read or written,
                // unaligned access is allowed.
                unsafe {
                    let x = _mm512_set1_ps(from_m[0]);
                    let y = _mm512_set1_ps(from_m[1]);
                    let z = _mm512_set1_ps(from_m[2]);
                    let dx = _mm512_sub_ps(_mm512_loadu_ps(chunk.x.as_ptr()), x);
                    let dy = _mm512_sub_ps(_mm512_loadu_ps(chunk.y.as_ptr()), y);
                    let dz = _mm512_sub_ps(_mm512_loadu_ps(chunk.z.as_ptr()), z);
                    let parallel = _mm512_fmadd_ps(dx, dx, _mm512_mul_ps(dy, dy));
                    let length = _mm512_sqrt_ps(_mm512_fmadd_ps(dz, dz, parallel));
                    let (slack, rounding) = (_mm512_set1_ps(SLACK), _mm512_set1_ps(ROUNDING_M));
                    let radius = _mm512_loadu_ps(chunk.radius_m.as_ptr());
                    let bound = _mm512_sub_ps(_mm512_fmsub_ps(length, slack, rounding), radius);
                    _mm512_storeu_ps(bounds.as_mut_ptr(), bound);
                }
            }
        }

        #[inline(always)]
        fn least(self, numbers: &[[f32; WIDTH]]) -> (f32, usize) {
            // SAFETY: as in `bounds`; each pointer is to exactly sixteen floats.
            unsafe {
                let mut lanes = _mm512_set1_ps(f32::INFINITY);
                for row in numbers {
                    lanes = _mm512_min_ps(lanes, _mm512_loadu_ps(row.as_ptr()));
                }
                let least = _mm512_reduce_min_ps(lanes);
                for (step, row) in numbers.iter().enumerate() {
                    let row = _mm512_loadu_ps(row.as_ptr());
                    let hits = _mm512_cmp_ps_mask::<_CMP_EQ_OQ>(row, _mm512_set1_ps(least));
                    if hits != 0 {
                        return (least, step * WIDTH + hits.trailing_zeros() as usize);
                    }
                }
            }
            (f32::INFINITY, 0)
        }

        #[inline(always)]
        fn kth(self, numbers: &[f32; LANES], k: usize) -> f32 {
            // SAFETY: an `Avx512` exists only where AVX-512 F was detected; the pointer is to
            // exactly sixteen floats.
            unsafe {
                let own = _mm512_loadu_ps(numbers.as_ptr());
                let one = _mm512_set1_epi32(1);
                let (mut even, mut odd) = (_mm512_setzero_si512(), _mm512_setzero_si512());
                for pair in numbers.chunks_exact(2) {
                    let near = _mm512_cmp_ps_mask::<_CMP_LE_OQ>(_mm512_set1_ps(pair[0]), own);
                    even = _mm512_mask_add_epi32(even, near, even, one);
                    let near = _mm512_cmp_ps_mask::<_CMP_LE_OQ>(_mm512_set1_ps(pair[1]), own);
                    odd = _mm512_mask_add_epi32(odd, near, odd, one);
                }
                #[expect(
                    clippy::cast_possible_truncation,
                    clippy::cast_possible_wrap,
                    reason = "up to 16"
                )]
                let k = _mm512_set1_epi32(k as i32);
                let enough =
                    _mm512_cmp_epi32_mask::<_MM_CMPINT_NLT>(_mm512_add_epi32(even, odd), k);
                let far = _mm512_set1_ps(f32::INFINITY);
                _mm512_reduce_min_ps(_mm512_mask_blend_ps(enough, far, own))
            }
        }

        #[inline(always)]
        fn at_most(self, numbers: &[f32; WIDTH], limit: f32) -> u16 {
            // SAFETY: as in `bounds`; the pointer is to exactly sixteen floats.
            unsafe {
                let numbers = _mm512_loadu_ps(numbers.as_ptr());
                _mm512_cmp_ps_mask::<_CMP_LE_OQ>(numbers, _mm512_set1_ps(limit))
            }
        }

        #[inline(always)]
        fn measure(self, groups: &[Group], from: Rough, into: &mut [[f32; LANES]]) -> [f32; LANES] {
            let mut minima = [f32::INFINITY; LANES];
            // SAFETY: an `Avx512` exists only where AVX-512 F was detected; every pointer is
            // to an array of exactly the sixteen numbers of four bytes that are read or
            // written, unaligned access is allowed.
            unsafe {
                let x = _mm512_set1_epi32(from[0]);
                let y = _mm512_set1_epi32(from[1]);
                let z = _mm512_set1_epi32(from[2]);
                let mut least = _mm512_set1_ps(f32::INFINITY);
                for (group, row) in groups.iter().zip(into) {
                    let dx = _mm512_sub_epi32(_mm512_loadu_epi32(group.x.as_ptr()), x);
                    let dy = _mm512_sub_epi32(_mm512_loadu_epi32(group.y.as_ptr()), y);
                    let dz = _mm512_sub_epi32(_mm512_loadu_epi32(group.z.as_ptr()), z);
                    let dx = _mm512_cvtepi32_ps(dx);
                    let dy = _mm512_cvtepi32_ps(dy);
                    let dz = _mm512_cvtepi32_ps(dz);
                    let parallel = _mm512_fmadd_ps(dx, dx, _mm512_mul_ps(dy, dy));
                    let squared = _mm512_fmadd_ps(dz, dz, parallel);
                    least = _mm512_min_ps(least, squared);
                    _mm512_storeu_ps(row.as_mut_ptr(), squared);
                }
                _mm512_storeu_ps(minima.as_mut_ptr(), least);
            }
            minima
        }

        #[inline(always)]
        fn prefetch_groups(self, groups: &[Group]) {
            for group in groups {
                prefetch(&group.x);
                prefetch(&group.y);
                prefetch(&group.z);
            }
        }

        #[inline(always)]
        fn prefetch_chunks(self, chunks: &[Chunk]) {
            for chunk in chunks {
                prefetch(&chunk.x);
                prefetch(&chunk.y);
                prefetch(&chunk.z);
                prefetch(&chunk.radius_m);
                prefetch(&chunk.child);
            }
        }
    }

    /// Asks for the cache line where something begins.
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "one instruction")]
    pub(in super::super) fn prefetch<T>(what: &T) {
        // SAFETY: a prefetch reads nothing that a program could see, from any address.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(core::ptr::from_ref(what).cast()) };
    }

    #[cfg(test)]
    mod tests {
        use super::super::Portable;
        use super::*;

        /// From -6.4 to 6.4 million.
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_precision_loss,
            reason = "53 bits fit, and single precision is what is wanted"
        )]
        fn metres(seed: u64) -> impl FnMut() -> f32 {
            let mut state = seed;
            move || {
                state = state
                    .wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add(1);
                (((state >> 11) as f64 / (1_u64 << 53) as f64 - 0.5) * 1.28e7) as f32
            }
        }

        #[expect(clippy::cast_possible_truncation, reason = "29 bits")]
        fn rough(next: &mut impl FnMut() -> f32) -> Rough {
            [0; 3].map(|_| (next() * 64.0) as i32)
        }

        #[test]
        fn avx512_measures_as_the_portable_path_does() {
            let Some(avx512) = Avx512::detect() else {
                return;
            };
            let mut next = metres(7);
            for round in 0..2_000 {
                let mut groups = [Group::EMPTY, Group::EMPTY, Group::EMPTY];
                for lane in 0..round % (3 * LANES + 1) {
                    let group = &mut groups[lane / LANES];
                    [
                        group.x[lane % LANES],
                        group.y[lane % LANES],
                        group.z[lane % LANES],
                    ] = rough(&mut next);
                }
                let from = rough(&mut next);
                let (mut plain, mut wide) = ([[0.0; LANES]; 3], [[0.0; LANES]; 3]);
                let minima = Portable.measure(&groups, from, &mut plain);
                let minima_wide = avx512.measure(&groups, from, &mut wide);
                for k in 1..=LANES {
                    let kth = Portable.kth(&minima, k);
                    assert!(kth.total_cmp(&avx512.kth(&minima, k)).is_eq());
                }
                let all = [plain.as_flattened(), &minima].concat();
                let all_wide = [wide.as_flattened(), &minima_wide].concat();
                for (a, b) in all.iter().zip(all_wide) {
                    // A fused multiplication rounds once where the plain one rounds twice.
                    assert!((a - b).abs() <= a * 3e-7, "{a} {b}");
                }
            }
        }

        #[test]
        fn avx512_bounds_as_the_portable_path_does() {
            let Some(avx512) = Avx512::detect() else {
                return;
            };
            let mut next = metres(8);
            for round in 0..2_000 {
                let mut chunk = Chunk::EMPTY;
                for slot in 0..round % (WIDTH + 1) {
                    [chunk.x[slot], chunk.y[slot], chunk.z[slot]] = [next(), next(), next()];
                    chunk.radius_m[slot] = next().abs();
                }
                let from = [next(), next(), next()];
                let (mut bounds, mut bounds_wide) = ([[0.0; WIDTH]], [[0.0; WIDTH]]);
                let chunks = [chunk];
                Portable.bounds(&chunks, from, &mut bounds);
                avx512.bounds(&chunks, from, &mut bounds_wide);
                assert_eq!(Portable.least(&bounds), avx512.least(&bounds));
                for slot in 0..WIDTH {
                    let (a, b) = (bounds[0][slot], bounds_wide[0][slot]);
                    assert!(a.total_cmp(&b).is_eq() || (a - b).abs() <= 8.0, "{a} {b}");
                }
                let limit = next();
                assert_eq!(
                    Portable.at_most(&bounds[0], limit),
                    avx512.at_most(&bounds[0], limit)
                );
            }
        }
    }
}
