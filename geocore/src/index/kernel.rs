//! The three inner loops, once for any machine and once for AVX-512; all `unsafe` is here.

use super::layout::{Chunk, Group, LANES, WIDTH};

/// How a machine runs the inner loops.
pub(super) trait Kernel: Copy {
    /// Lower bounds in metres from a place to whatever lies below each slot of some chunks.
    ///
    /// Sound for a place rounded to single precision: see [`lower_bound_m`].
    fn bounds(self, chunks: &[Chunk], from_m: [f32; 3], into: &mut [[f32; WIDTH]]);

    /// The least of some numbers and where it is: row times [`WIDTH`] plus column.
    fn least(self, numbers: &[[f32; WIDTH]]) -> (f32, usize);

    /// One bit for each number at or below a limit.
    fn at_most(self, numbers: &[f32; WIDTH], limit: f32) -> u16;

    /// Squared distances of a group, and one bit for each that is at or below a limit.
    fn scan(self, group: &Group, from_m: [f64; 3], limit_m2: f64) -> (u8, [f64; LANES]);

    /// For each of sixteen shares of some groups, the least squared distance.
    fn minima(self, groups: &[Group], from_m: [f64; 3]) -> [f64; 2 * LANES];

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
    fn at_most(self, numbers: &[f32; WIDTH], limit: f32) -> u16 {
        let mut bits = 0;
        for (slot, number) in numbers.iter().enumerate() {
            bits |= u16::from(*number <= limit) << slot;
        }
        bits
    }

    #[inline(always)]
    fn scan(self, group: &Group, from_m: [f64; 3], limit_m2: f64) -> (u8, [f64; LANES]) {
        let [x, y, z] = from_m;
        let mut squared_m2 = [0.0; LANES];
        for (lane, squared) in squared_m2.iter_mut().enumerate() {
            let (dx, dy, dz) = (group.x[lane] - x, group.y[lane] - y, group.z[lane] - z);
            *squared = dx * dx + dy * dy + dz * dz;
        }
        let mut bits = 0;
        for (lane, squared) in squared_m2.iter().enumerate() {
            bits |= u8::from(*squared <= limit_m2) << lane;
        }
        (bits, squared_m2)
    }

    #[inline(always)]
    fn minima(self, groups: &[Group], from_m: [f64; 3]) -> [f64; 2 * LANES] {
        let [x, y, z] = from_m;
        let mut minima = [f64::INFINITY; 2 * LANES];
        for pair in groups.chunks(2) {
            for (group, least) in pair.iter().zip(minima.chunks_exact_mut(LANES)) {
                for (lane, least) in least.iter_mut().enumerate() {
                    let (dx, dy, dz) = (group.x[lane] - x, group.y[lane] - y, group.z[lane] - z);
                    *least = least.min(dx * dx + dy * dy + dz * dz);
                }
            }
        }
        minima
    }

    #[inline(always)]
    fn prefetch_groups(self, _groups: &[Group]) {}

    #[inline(always)]
    fn prefetch_chunks(self, _chunks: &[Chunk]) {}
}

/// Asks for a group that will be written soon.
#[inline]
pub(super) fn prefetch_group(group: &Group) {
    #[cfg(target_arch = "x86_64")]
    x86::prefetch_all(group);
    #[cfg(not(target_arch = "x86_64"))]
    let _ = group;
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
        _CMP_EQ_OQ, _CMP_LE_OQ, _MM_HINT_T0, _mm_prefetch, _mm512_cmp_pd_mask, _mm512_cmp_ps_mask,
        _mm512_fmadd_pd, _mm512_fmadd_ps, _mm512_fmsub_ps, _mm512_loadu_pd, _mm512_loadu_ps,
        _mm512_min_pd, _mm512_min_ps, _mm512_mul_pd, _mm512_mul_ps, _mm512_reduce_min_ps,
        _mm512_set1_pd, _mm512_set1_ps, _mm512_sqrt_ps, _mm512_storeu_pd, _mm512_storeu_ps,
        _mm512_sub_pd, _mm512_sub_ps,
    };

    use super::{Chunk, Group, Kernel, LANES, ROUNDING_M, SLACK, WIDTH, Work};

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
        fn at_most(self, numbers: &[f32; WIDTH], limit: f32) -> u16 {
            // SAFETY: as in `bounds`; the pointer is to exactly sixteen floats.
            unsafe {
                let numbers = _mm512_loadu_ps(numbers.as_ptr());
                _mm512_cmp_ps_mask::<_CMP_LE_OQ>(numbers, _mm512_set1_ps(limit))
            }
        }

        #[inline(always)]
        fn scan(self, group: &Group, from_m: [f64; 3], limit_m2: f64) -> (u8, [f64; LANES]) {
            let mut squared_m2 = [0.0; LANES];
            // SAFETY: an `Avx512` exists only where AVX-512 F was detected; every pointer is
            // to an array of exactly the eight doubles that are read or written, unaligned
            // access is allowed.
            let bits = unsafe {
                let x = _mm512_set1_pd(from_m[0]);
                let y = _mm512_set1_pd(from_m[1]);
                let z = _mm512_set1_pd(from_m[2]);
                let dx = _mm512_sub_pd(_mm512_loadu_pd(group.x.as_ptr()), x);
                let dy = _mm512_sub_pd(_mm512_loadu_pd(group.y.as_ptr()), y);
                let dz = _mm512_sub_pd(_mm512_loadu_pd(group.z.as_ptr()), z);
                let parallel = _mm512_fmadd_pd(dx, dx, _mm512_mul_pd(dy, dy));
                let squared = _mm512_fmadd_pd(dz, dz, parallel);
                _mm512_storeu_pd(squared_m2.as_mut_ptr(), squared);
                _mm512_cmp_pd_mask::<_CMP_LE_OQ>(squared, _mm512_set1_pd(limit_m2))
            };
            (bits, squared_m2)
        }

        #[inline(always)]
        fn minima(self, groups: &[Group], from_m: [f64; 3]) -> [f64; 2 * LANES] {
            let mut minima = [f64::INFINITY; 2 * LANES];
            // SAFETY: an `Avx512` exists only where AVX-512 F was detected; every pointer is
            // to an array of at least the eight doubles that are read or written.
            unsafe {
                let x = _mm512_set1_pd(from_m[0]);
                let y = _mm512_set1_pd(from_m[1]);
                let z = _mm512_set1_pd(from_m[2]);
                let mut even = _mm512_set1_pd(f64::INFINITY);
                let mut odd = even;
                for pair in groups.chunks(2) {
                    for (group, share) in pair.iter().zip([&mut even, &mut odd]) {
                        let dx = _mm512_sub_pd(_mm512_loadu_pd(group.x.as_ptr()), x);
                        let dy = _mm512_sub_pd(_mm512_loadu_pd(group.y.as_ptr()), y);
                        let dz = _mm512_sub_pd(_mm512_loadu_pd(group.z.as_ptr()), z);
                        let parallel = _mm512_fmadd_pd(dx, dx, _mm512_mul_pd(dy, dy));
                        let squared = _mm512_fmadd_pd(dz, dz, parallel);
                        *share = _mm512_min_pd(*share, squared);
                    }
                }
                _mm512_storeu_pd(minima[..LANES].as_mut_ptr(), even);
                _mm512_storeu_pd(minima[LANES..].as_mut_ptr(), odd);
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

    /// Asks for all lines of a group; prefetching is in every x86-64.
    #[inline]
    pub(in super::super) fn prefetch_all(group: &Group) {
        prefetch(&group.x);
        prefetch(&group.y);
        prefetch(&group.z);
        prefetch(&group.at_s);
    }

    /// Asks for one cache line: what lies in groups and chunks is aligned and 64 bytes long.
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "one instruction")]
    fn prefetch<T>(line: &T) {
        const { assert!(size_of::<T>() == 64) };
        // SAFETY: a prefetch reads nothing that a program could see, from any address.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(core::ptr::from_ref(line).cast()) };
    }

    #[cfg(test)]
    mod tests {
        use super::super::Portable;
        use super::*;

        #[expect(clippy::cast_precision_loss, reason = "53 bits fit")]
        fn numbers(seed: u64) -> impl FnMut() -> f64 {
            let mut state = seed;
            move || {
                state = state
                    .wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add(1);
                ((state >> 11) as f64 / (1_u64 << 53) as f64 - 0.5) * 1.2e7
            }
        }

        #[test]
        #[expect(clippy::cast_possible_truncation, reason = "test data")]
        fn avx512_agrees_with_the_portable_path() {
            let Some(avx512) = Avx512::detect() else {
                return;
            };
            let mut next = numbers(7);
            for round in 0..2_000 {
                let mut group = Group::EMPTY;
                let mut chunk = Chunk::EMPTY;
                for lane in 0..round % (LANES + 1) {
                    group.set_place(lane, [next(), next(), next()], 0.0);
                }
                for slot in 0..round % (WIDTH + 1) {
                    [chunk.x[slot], chunk.y[slot], chunk.z[slot]] =
                        [next() as f32, next() as f32, next() as f32];
                    chunk.radius_m[slot] = next().abs() as f32;
                }
                let from = [next(), next(), next()];
                let limit_m2 = next() * next();
                let (bits, squared) = Portable.scan(&group, from, limit_m2);
                let (bits_wide, squared_wide) = avx512.scan(&group, from, limit_m2);
                for lane in 0..LANES {
                    let (a, b) = (squared[lane], squared_wide[lane]);
                    assert!(a.total_cmp(&b).is_eq() || (a - b).abs() <= a * 4e-16);
                }
                let near = squared.iter().any(|s| (s - limit_m2).abs() <= s * 1e-15);
                assert!(near || bits == bits_wide);
                let from = from.map(|m| m as f32);
                let (mut bounds, mut bounds_wide) = ([[0.0; WIDTH]], [[0.0; WIDTH]]);
                let chunks = [chunk];
                Portable.bounds(&chunks, from, &mut bounds);
                avx512.bounds(&chunks, from, &mut bounds_wide);
                assert_eq!(Portable.least(&bounds), avx512.least(&bounds));
                for slot in 0..WIDTH {
                    let (a, b) = (bounds[0][slot], bounds_wide[0][slot]);
                    assert!(a.total_cmp(&b).is_eq() || (a - b).abs() <= 8.0, "{a} {b}");
                }
                let limit = next() as f32;
                assert_eq!(
                    Portable.at_most(&bounds[0], limit),
                    avx512.at_most(&bounds[0], limit)
                );
            }
        }
    }
}
