//! The inner loops in AVX-512 and AVX2, found at run time, and prefetching: all that is
//! `unsafe`.

use core::arch::x86_64::{
    __m128i, __m256, __m256i, _CMP_LE_OQ, _MM_CMPINT_EQ, _MM_CMPINT_NLT, _MM_HINT_T0,
    _mm_cmpeq_epi16, _mm_cvtsi64_si128, _mm_loadu_si128, _mm_prefetch, _mm_set1_epi16,
    _mm256_add_epi32, _mm256_blendv_ps, _mm256_castps_si256, _mm256_castsi256_ps, _mm256_cmp_ps,
    _mm256_cmpeq_epi16_mask, _mm256_cmpgt_epi32, _mm256_cvtepi16_epi32, _mm256_cvtepi32_ps,
    _mm256_cvtepu8_epi32, _mm256_cvtepu16_epi32, _mm256_cvtss_f32, _mm256_fmadd_ps,
    _mm256_fmsub_ps, _mm256_loadu_epi16, _mm256_loadu_ps, _mm256_loadu_si256, _mm256_min_ps,
    _mm256_movemask_ps, _mm256_mul_ps, _mm256_permute_ps, _mm256_permute2f128_ps,
    _mm256_set1_epi16, _mm256_set1_epi32, _mm256_set1_ps, _mm256_setzero_si256, _mm256_sqrt_ps,
    _mm256_storeu_ps, _mm256_storeu_si256, _mm256_sub_epi32, _mm256_sub_ps, _mm512_add_epi32,
    _mm512_and_si512, _mm512_cmp_epi32_mask, _mm512_cmp_ps_mask, _mm512_cvtepi32_ps,
    _mm512_cvtepu16_epi32, _mm512_fmadd_ps, _mm512_fmsub_ps, _mm512_loadu_epi32, _mm512_loadu_ps,
    _mm512_mask_add_epi32, _mm512_mask_blend_ps, _mm512_maskz_compress_epi32, _mm512_max_ps,
    _mm512_min_epi32, _mm512_min_ps, _mm512_mul_ps, _mm512_or_si512, _mm512_reduce_min_epi32,
    _mm512_reduce_min_ps, _mm512_rsqrt14_ps, _mm512_set_epi32, _mm512_set1_epi32, _mm512_set1_ps,
    _mm512_setzero_si512, _mm512_srai_epi32, _mm512_storeu_epi32, _mm512_storeu_ps,
    _mm512_sub_epi32, _mm512_sub_ps, _mm512_xor_si512,
};

use super::{
    Chunk, Kernel, LANES, NODE_MAX, NOWHERE, Narrow, PIECE, Picked, ROUNDING_M, Rough, SLACK,
    WIDTH, Wide, Work,
};

/// [`SLACK`], and what an approximate root may add: 2^-14 of it.
const SLACK_14: f32 = SLACK - 6.15e-5;

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
                let squared = _mm512_fmadd_ps(dz, dz, parallel);
                // Not 0, of which the root's inverse is infinite.
                let squared = _mm512_max_ps(squared, _mm512_set1_ps(f32::MIN_POSITIVE));
                let length = _mm512_mul_ps(squared, _mm512_rsqrt14_ps(squared));
                let (slack, rounding) = (_mm512_set1_ps(SLACK_14), _mm512_set1_ps(ROUNDING_M));
                let radius = _mm512_loadu_ps(chunk.radius_m.as_ptr());
                let bound = _mm512_sub_ps(_mm512_fmsub_ps(length, slack, rounding), radius);
                _mm512_storeu_ps(bounds.as_mut_ptr(), bound);
            }
        }
    }

    #[inline(always)]
    fn least(self, numbers: &[[f32; WIDTH]]) -> (f32, usize) {
        const { assert!(NODE_MAX * WIDTH == 1 << 7, "slots are named by seven bits") };
        assert!(numbers.len() <= NODE_MAX, "more rows than a node has");
        // The last bits of each number give way to where it is: no second look for that.
        // SAFETY: as in `bounds`; each pointer is to exactly sixteen floats.
        let least = unsafe {
            let mut at = _mm512_set_epi32(15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0);
            let mut least = _mm512_set1_epi32(i32::MAX);
            for row in numbers {
                let bits = _mm512_loadu_epi32(row.as_ptr().cast());
                let sign = _mm512_srai_epi32::<31>(bits);
                // Of negative numbers the bits are in the other order.
                let turned = _mm512_and_si512(sign, _mm512_set1_epi32(i32::MAX));
                let ordered = _mm512_xor_si512(bits, turned);
                let key = _mm512_or_si512(_mm512_and_si512(ordered, _mm512_set1_epi32(!127)), at);
                least = _mm512_min_epi32(least, key);
                at = _mm512_add_epi32(at, _mm512_set1_epi32(16));
            }
            _mm512_reduce_min_epi32(least)
        };
        // Cut off below, so that what is told is never above the least.
        let ordered = least & !127;
        let bits = ordered ^ ((ordered >> 31) & i32::MAX);
        let slot = usize::from((least & 127).to_le_bytes()[0]);
        (f32::from_bits(bits.cast_unsigned()), slot)
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
            let ranks = _mm512_add_epi32(even, odd);
            // Without a tie at the k-th one number has just that rank.
            let exact = _mm512_cmp_epi32_mask::<_MM_CMPINT_EQ>(ranks, k);
            if exact != 0 {
                return numbers[exact.trailing_zeros() as usize & (LANES - 1)];
            }
            let enough = _mm512_cmp_epi32_mask::<_MM_CMPINT_NLT>(ranks, k);
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
    fn measure_wide(self, groups: &[Wide], from: Rough, into: &mut [[f32; LANES]]) -> [f32; LANES] {
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
    fn measure_narrow(
        self,
        groups: &[Narrow],
        from: [f32; 3],
        step: f32,
        into: &mut [[f32; LANES]],
    ) -> [f32; LANES] {
        let mut minima = [f32::INFINITY; LANES];
        // SAFETY: an `Avx512` exists only where AVX-512 F, BW and VL were detected; every
        // pointer is to an array of exactly the sixteen numbers of two or of four bytes that
        // are read or written, unaligned access is allowed.
        unsafe {
            let (x, y) = (_mm512_set1_ps(from[0]), _mm512_set1_ps(from[1]));
            let (z, step) = (_mm512_set1_ps(from[2]), _mm512_set1_ps(step));
            let nowhere = _mm256_set1_epi16(NOWHERE.cast_signed());
            let far = _mm512_set1_ps(f32::INFINITY);
            let mut least = far;
            for (group, row) in groups.iter().zip(into) {
                let gx = _mm256_loadu_epi16(group.x.as_ptr().cast());
                let gy = _mm256_loadu_epi16(group.y.as_ptr().cast());
                let gz = _mm256_loadu_epi16(group.z.as_ptr().cast());
                let nobody = _mm256_cmpeq_epi16_mask(gx, nowhere);
                let dx = _mm512_cvtepi32_ps(_mm512_cvtepu16_epi32(gx));
                let dy = _mm512_cvtepi32_ps(_mm512_cvtepu16_epi32(gy));
                let dz = _mm512_cvtepi32_ps(_mm512_cvtepu16_epi32(gz));
                let dx = _mm512_fmsub_ps(dx, step, x);
                let dy = _mm512_fmsub_ps(dy, step, y);
                let dz = _mm512_fmsub_ps(dz, step, z);
                let parallel = _mm512_fmadd_ps(dx, dx, _mm512_mul_ps(dy, dy));
                let squared = _mm512_fmadd_ps(dz, dz, parallel);
                let squared = _mm512_mask_blend_ps(nobody, squared, far);
                least = _mm512_min_ps(least, squared);
                _mm512_storeu_ps(row.as_mut_ptr(), squared);
            }
            _mm512_storeu_ps(minima.as_mut_ptr(), least);
        }
        minima
    }
}

/// Proof that this machine has AVX2, FMA and BMI: only [`Avx2::detect`] makes it.
#[derive(Clone, Copy, Debug)]
pub(in crate::index) struct Avx2(());

impl Avx2 {
    pub(in crate::index) fn detect() -> Option<Self> {
        (is_x86_feature_detected!("avx2")
            && is_x86_feature_detected!("bmi1")
            && is_x86_feature_detected!("bmi2")
            && is_x86_feature_detected!("popcnt")
            && is_x86_feature_detected!("fma"))
        .then_some(Self(()))
    }
}

#[target_feature(enable = "avx2,bmi1,bmi2,popcnt,fma")]
fn compiled_for_avx2<W: Work>(avx2: Avx2, work: W) {
    work.run(avx2);
}

/// Runs work compiled for AVX2.
pub(in crate::index) fn with_avx2<W: Work>(avx2: Avx2, work: W) {
    // SAFETY: an `Avx2` exists only where every feature of the callee was detected.
    unsafe { compiled_for_avx2(avx2, work) }
}

/// Of each byte the numbers of its set bits, a byte each, from the lowest on.
static SET_BITS: [u64; 256] = {
    let mut table = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        let (mut bit, mut shift) = (0, 0);
        while bit < 8 {
            if byte >> bit & 1 == 1 {
                table[byte] |= bit << shift;
                shift += 8;
            }
            bit += 1;
        }
        byte += 1;
    }
    table
};

/// Sixteen numbers are two registers of AVX2.
type Halves = [__m256; 2];

#[target_feature(enable = "avx2")]
#[inline]
fn load(numbers: &[f32; 16]) -> Halves {
    let at = numbers.as_ptr();
    // SAFETY: eight floats from the first and eight from the ninth of sixteen; unaligned
    // access is allowed.
    unsafe { [_mm256_loadu_ps(at), _mm256_loadu_ps(at.add(8))] }
}

#[target_feature(enable = "avx2")]
#[inline]
fn load_whole(numbers: &[i32; 16]) -> [__m256i; 2] {
    let at = numbers.as_ptr();
    // SAFETY: as in `load`, of whole numbers of four bytes.
    unsafe {
        [
            _mm256_loadu_si256(at.cast()),
            _mm256_loadu_si256(at.add(8).cast()),
        ]
    }
}

#[target_feature(enable = "avx2")]
#[inline]
fn store(numbers: Halves, into: &mut [f32; 16]) {
    let at = into.as_mut_ptr();
    // SAFETY: as in `load`.
    unsafe {
        _mm256_storeu_ps(at, numbers[0]);
        _mm256_storeu_ps(at.add(8), numbers[1]);
    }
}

/// Eight times the least of eight.
#[target_feature(enable = "avx2")]
#[inline]
fn least_of(lanes: __m256) -> __m256 {
    let lanes = _mm256_min_ps(lanes, _mm256_permute2f128_ps::<1>(lanes, lanes));
    let lanes = _mm256_min_ps(lanes, _mm256_permute_ps::<0b01_00_11_10>(lanes));
    _mm256_min_ps(lanes, _mm256_permute_ps::<0b10_11_00_01>(lanes))
}

/// One bit for each number at or below a limit.
#[target_feature(enable = "avx2")]
#[inline]
fn near(numbers: Halves, limit: __m256) -> [u8; 2] {
    let low = _mm256_movemask_ps(_mm256_cmp_ps::<_CMP_LE_OQ>(numbers[0], limit));
    let high = _mm256_movemask_ps(_mm256_cmp_ps::<_CMP_LE_OQ>(numbers[1], limit));
    [low.to_le_bytes()[0], high.to_le_bytes()[0]]
}

/// Differences of sixteen numbers to one.
#[target_feature(enable = "avx2")]
#[inline]
fn less(numbers: &[f32; 16], one: f32) -> Halves {
    let (numbers, one) = (load(numbers), _mm256_set1_ps(one));
    [
        _mm256_sub_ps(numbers[0], one),
        _mm256_sub_ps(numbers[1], one),
    ]
}

/// The same of whole numbers, as floats.
#[target_feature(enable = "avx2")]
#[inline]
fn less_whole(numbers: &[i32; 16], one: i32) -> Halves {
    let (numbers, one) = (load_whole(numbers), _mm256_set1_epi32(one));
    [
        _mm256_cvtepi32_ps(_mm256_sub_epi32(numbers[0], one)),
        _mm256_cvtepi32_ps(_mm256_sub_epi32(numbers[1], one)),
    ]
}

#[target_feature(enable = "avx2,fma")]
#[inline]
fn squared(x: __m256, y: __m256, z: __m256) -> __m256 {
    _mm256_fmadd_ps(z, z, _mm256_fmadd_ps(x, x, _mm256_mul_ps(y, y)))
}

#[target_feature(enable = "avx2,fma")]
#[inline]
fn bounds_avx2(chunk: &Chunk, from_m: [f32; 3], into: &mut [f32; WIDTH]) {
    let (x, y) = (less(&chunk.x, from_m[0]), less(&chunk.y, from_m[1]));
    let (z, radius) = (less(&chunk.z, from_m[2]), load(&chunk.radius_m));
    let (slack, rounding) = (_mm256_set1_ps(SLACK), _mm256_set1_ps(ROUNDING_M));
    let mut bounds = radius;
    for half in 0..2 {
        let length = _mm256_sqrt_ps(squared(x[half], y[half], z[half]));
        bounds[half] = _mm256_sub_ps(_mm256_fmsub_ps(length, slack, rounding), radius[half]);
    }
    store(bounds, into);
}

#[target_feature(enable = "avx2,fma")]
#[inline]
fn measure_wide_avx2(groups: &[Wide], from: Rough, into: &mut [[f32; LANES]]) -> [f32; LANES] {
    let mut least = [_mm256_set1_ps(f32::INFINITY); 2];
    for (group, row) in groups.iter().zip(into) {
        let (x, y) = (less_whole(&group.x, from[0]), less_whole(&group.y, from[1]));
        let z = less_whole(&group.z, from[2]);
        let squares = [squared(x[0], y[0], z[0]), squared(x[1], y[1], z[1])];
        least = [
            _mm256_min_ps(least[0], squares[0]),
            _mm256_min_ps(least[1], squares[1]),
        ];
        store(squares, row);
    }
    let mut minima = [0.0; LANES];
    store(least, &mut minima);
    minima
}

/// Sixteen numbers of two bytes, times a step and less one, as floats.
#[target_feature(enable = "avx2,fma")]
#[inline]
fn less_steps(numbers: &[u16; 16], step: __m256, one: f32) -> Halves {
    let one = _mm256_set1_ps(one);
    load_short(numbers).map(|eight| {
        let whole = _mm256_cvtepi32_ps(_mm256_cvtepu16_epi32(eight));
        _mm256_fmsub_ps(whole, step, one)
    })
}

#[target_feature(enable = "avx2")]
#[inline]
fn load_short(numbers: &[u16; 16]) -> [__m128i; 2] {
    let at = numbers.as_ptr();
    // SAFETY: as in `load`, of whole numbers of two bytes.
    unsafe {
        [
            _mm_loadu_si128(at.cast()),
            _mm_loadu_si128(at.add(8).cast()),
        ]
    }
}

#[target_feature(enable = "avx2,fma")]
#[inline]
fn measure_narrow_avx2(
    groups: &[Narrow],
    from: [f32; 3],
    step: f32,
    into: &mut [[f32; LANES]],
) -> [f32; LANES] {
    let (step, far) = (_mm256_set1_ps(step), _mm256_set1_ps(f32::INFINITY));
    let nowhere = _mm_set1_epi16(NOWHERE.cast_signed());
    let mut least = [far; 2];
    for (group, row) in groups.iter().zip(into) {
        let (x, y) = (
            less_steps(&group.x, step, from[0]),
            less_steps(&group.y, step, from[1]),
        );
        let (z, own) = (less_steps(&group.z, step, from[2]), load_short(&group.x));
        let mut squares = [far; 2];
        for half in 0..2 {
            // All bits of a lane that is nobody's are set, its sign too.
            let nobody = _mm256_cvtepi16_epi32(_mm_cmpeq_epi16(own[half], nowhere));
            let near = squared(x[half], y[half], z[half]);
            squares[half] = _mm256_blendv_ps(near, far, _mm256_castsi256_ps(nobody));
            least[half] = _mm256_min_ps(least[half], squares[half]);
        }
        store(squares, row);
    }
    let mut minima = [0.0; LANES];
    store(least, &mut minima);
    minima
}

#[target_feature(enable = "avx2")]
#[inline]
fn least_avx2(numbers: &[[f32; WIDTH]]) -> (f32, usize) {
    let mut lanes = _mm256_set1_ps(f32::INFINITY);
    for row in numbers {
        let row = load(row);
        lanes = _mm256_min_ps(lanes, _mm256_min_ps(row[0], row[1]));
    }
    let least = least_of(lanes);
    for (step, row) in numbers.iter().enumerate() {
        let hits = u16::from_le_bytes(near(load(row), least));
        if hits != 0 {
            let slot = hits.trailing_zeros() as usize;
            return (row[slot], step * WIDTH + slot);
        }
    }
    (f32::INFINITY, 0)
}

#[target_feature(enable = "avx2,popcnt")]
#[inline]
fn pick_avx2(rows: &[[f32; LANES]], limit: f32, into: &mut Picked) -> usize {
    const { assert!(size_of::<Picked>() >= 4 * (PIECE + 1) * LANES) };
    assert!(rows.len() <= PIECE, "more rows than fit");
    let limit = _mm256_set1_ps(limit);
    let mut first = _mm256_setzero_si256();
    let mut count = 0;
    for row in rows {
        for near in near(load(row), limit) {
            // SAFETY: a store writes eight numbers from `count` on, which grows by at most
            // eight each of up to two times `PIECE` times and so is at most 24 less than the
            // length of `into` before.
            unsafe {
                let lanes = _mm_cvtsi64_si128(SET_BITS[usize::from(near)].cast_signed());
                let at = _mm256_add_epi32(first, _mm256_cvtepu8_epi32(lanes));
                _mm256_storeu_si256(into.as_mut_ptr().add(count).cast(), at);
            }
            count += near.count_ones() as usize;
            first = _mm256_add_epi32(first, _mm256_set1_epi32(8));
        }
    }
    count
}

#[target_feature(enable = "avx2")]
#[inline]
fn kth_avx2(numbers: &[f32; LANES], k: usize) -> f32 {
    let own = load(numbers);
    let mut ranks = [_mm256_setzero_si256(); 2];
    for other in numbers {
        let other = _mm256_set1_ps(*other);
        for half in 0..2 {
            // All bits set are -1.
            let counts = _mm256_castps_si256(_mm256_cmp_ps::<_CMP_LE_OQ>(other, own[half]));
            ranks[half] = _mm256_sub_epi32(ranks[half], counts);
        }
    }
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_possible_wrap,
        reason = "up to 16"
    )]
    let k = _mm256_set1_epi32(k as i32);
    let mut least = _mm256_set1_ps(f32::INFINITY);
    for half in 0..2 {
        let too_near = _mm256_castsi256_ps(_mm256_cmpgt_epi32(k, ranks[half]));
        let far = _mm256_set1_ps(f32::INFINITY);
        least = _mm256_min_ps(least, _mm256_blendv_ps(own[half], far, too_near));
    }
    _mm256_cvtss_f32(least_of(least))
}

#[target_feature(enable = "avx2")]
#[inline]
fn at_most_avx2(numbers: &[f32; WIDTH], limit: f32) -> u16 {
    u16::from_le_bytes(near(load(numbers), _mm256_set1_ps(limit)))
}

#[expect(
    clippy::inline_always,
    reason = "must take on the caller's target features"
)]
impl Kernel for Avx2 {
    #[inline(always)]
    fn bounds(self, chunks: &[Chunk], from_m: [f32; 3], into: &mut [[f32; WIDTH]]) {
        for (chunk, bounds) in chunks.iter().zip(into) {
            // SAFETY: an `Avx2` exists only where AVX2, FMA and POPCNT were detected.
            unsafe { bounds_avx2(chunk, from_m, bounds) };
        }
    }

    #[inline(always)]
    fn least(self, numbers: &[[f32; WIDTH]]) -> (f32, usize) {
        // SAFETY: as in `bounds`.
        unsafe { least_avx2(numbers) }
    }

    #[inline(always)]
    fn pick(self, rows: &[[f32; LANES]], limit: f32, into: &mut Picked) -> usize {
        // SAFETY: as in `bounds`.
        unsafe { pick_avx2(rows, limit, into) }
    }

    #[inline(always)]
    fn kth(self, numbers: &[f32; LANES], k: usize) -> f32 {
        // SAFETY: as in `bounds`.
        unsafe { kth_avx2(numbers, k) }
    }

    #[inline(always)]
    fn at_most(self, numbers: &[f32; WIDTH], limit: f32) -> u16 {
        // SAFETY: as in `bounds`.
        unsafe { at_most_avx2(numbers, limit) }
    }

    #[inline(always)]
    fn measure_wide(self, groups: &[Wide], from: Rough, into: &mut [[f32; LANES]]) -> [f32; LANES] {
        // SAFETY: as in `bounds`.
        unsafe { measure_wide_avx2(groups, from, into) }
    }

    #[inline(always)]
    fn measure_narrow(
        self,
        groups: &[Narrow],
        from: [f32; 3],
        step: f32,
        into: &mut [[f32; LANES]],
    ) -> [f32; LANES] {
        // SAFETY: as in `bounds`.
        unsafe { measure_narrow_avx2(groups, from, step, into) }
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
mod tests;
