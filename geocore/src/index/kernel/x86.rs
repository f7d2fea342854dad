//! The inner loops in AVX-512, found at run time, and prefetching: all that is `unsafe`.

use core::arch::x86_64::{
    _CMP_EQ_OQ, _CMP_LE_OQ, _MM_CMPINT_NLT, _MM_HINT_T0, _mm_prefetch, _mm512_add_epi32,
    _mm512_cmp_epi32_mask, _mm512_cmp_ps_mask, _mm512_cvtepi32_ps, _mm512_fmadd_ps,
    _mm512_fmsub_ps, _mm512_loadu_epi32, _mm512_loadu_ps, _mm512_mask_add_epi32,
    _mm512_mask_blend_ps, _mm512_maskz_compress_epi32, _mm512_min_ps, _mm512_mul_ps,
    _mm512_reduce_min_ps, _mm512_set_epi32, _mm512_set1_epi32, _mm512_set1_ps,
    _mm512_setzero_si512, _mm512_sqrt_ps, _mm512_storeu_epi32, _mm512_storeu_ps, _mm512_sub_epi32,
    _mm512_sub_ps,
};

use super::{Chunk, Group, Kernel, LANES, PIECE, Picked, ROUNDING_M, Rough, SLACK, WIDTH, Work};

/// Proof that this machine has AVX-512 F, VL, DQ and BW: only [`Avx512::detect`] makes it.
#[derive(Clone, Copy, Debug)]
pub(in crate::index) struct Avx512(());

impl Avx512 {
    pub(in crate::index) fn detect() -> Option<Self> {
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
pub(in crate::index) fn with_avx512<W: Work>(avx512: Avx512, work: W) {
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
    fn pick(self, rows: &[[f32; LANES]], limit: f32, into: &mut Picked) -> usize {
        const { assert!(size_of::<Picked>() >= 4 * (PIECE + 1) * LANES) };
        assert!(rows.len() <= PIECE, "more rows than fit");
        let mut count = 0;
        // SAFETY: an `Avx512` exists only where AVX-512 F was detected; each load is of
        // exactly sixteen floats. A store writes sixteen numbers from `count` on, which
        // grows by at most sixteen a row and so is at most sixteen less than the length
        // of `into` before each of up to `PIECE` rows.
        unsafe {
            let limit = _mm512_set1_ps(limit);
            let mut at = _mm512_set_epi32(15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0);
            for row in rows {
                let row = _mm512_loadu_ps(row.as_ptr());
                let near = _mm512_cmp_ps_mask::<_CMP_LE_OQ>(row, limit);
                let picked = _mm512_maskz_compress_epi32(near, at);
                _mm512_storeu_epi32(into.as_mut_ptr().add(count).cast(), picked);
                count += near.count_ones() as usize;
                at = _mm512_add_epi32(at, _mm512_set1_epi32(16));
            }
        }
        count
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
            let enough = _mm512_cmp_epi32_mask::<_MM_CMPINT_NLT>(_mm512_add_epi32(even, odd), k);
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
pub(in crate::index) fn prefetch<T>(what: &T) {
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
            let limit = minima[round % LANES];
            let (mut picked, mut picked_wide) = ([0; _], [0; _]);
            let count = Portable.pick(&plain, limit, &mut picked);
            let count_wide = avx512.pick(&plain, limit, &mut picked_wide);
            assert_eq!(picked[..count], picked_wide[..count_wide]);
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
