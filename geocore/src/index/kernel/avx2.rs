//! The inner loops in AVX2, where sixteen numbers are two registers.

use core::arch::x86_64::{__m256, __m256i};

use super::{
    Chunk, Kernel, LANES, NOWHERE, Narrow, PIECE, Picked, ROUNDING_M, Rough, SLACK, WIDTH, Wide,
    room,
};
use crate::raw::Avx2;

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

type Halves = [__m256; 2];

#[inline(always)]
#[expect(
    clippy::inline_always,
    reason = "must take on the caller's target features"
)]
fn eights<T>(numbers: &[T; 16]) -> [&[T; 8]; 2] {
    let (eights, _) = numbers.as_chunks();
    [&eights[0], &eights[1]]
}

#[expect(
    clippy::inline_always,
    reason = "must take on the caller's target features"
)]
impl Avx2 {
    #[inline(always)]
    fn load_all(self, numbers: &[f32; 16]) -> Halves {
        let [low, high] = eights(numbers);
        [self.load(low), self.load(high)]
    }

    #[inline(always)]
    fn store_all(self, numbers: Halves, into: &mut [f32; 16]) {
        let (eights, _) = into.as_chunks_mut();
        self.store(numbers[0], &mut eights[0]);
        self.store(numbers[1], &mut eights[1]);
    }

    /// Eight times the least of eight.
    #[inline(always)]
    fn least_of(self, lanes: __m256) -> __m256 {
        let lanes = self.min_ps(lanes, self.swap_halves_ps(lanes, lanes));
        let lanes = self.min_ps(lanes, self.swap_pairs_ps(lanes));
        self.min_ps(lanes, self.swap_lanes_ps(lanes))
    }

    /// One bit for each number at or below a limit.
    #[inline(always)]
    fn near(self, numbers: Halves, limit: __m256) -> [u8; 2] {
        let low = self.movemask_ps(self.cmple_ps(numbers[0], limit));
        let high = self.movemask_ps(self.cmple_ps(numbers[1], limit));
        [low.to_le_bytes()[0], high.to_le_bytes()[0]]
    }

    /// Differences of sixteen numbers to one.
    #[inline(always)]
    fn less(self, numbers: &[f32; 16], one: f32) -> Halves {
        let (numbers, one) = (self.load_all(numbers), self.set1_ps(one));
        [self.sub_ps(numbers[0], one), self.sub_ps(numbers[1], one)]
    }

    /// The same of whole numbers, as floats.
    #[inline(always)]
    fn less_whole(self, numbers: &[i32; 16], one: i32) -> Halves {
        let ([low, high], one) = (eights(numbers), self.set1_epi32(one));
        [
            self.cvtepi32_ps(self.sub_epi32(self.load_whole(low), one)),
            self.cvtepi32_ps(self.sub_epi32(self.load_whole(high), one)),
        ]
    }

    /// Sixteen numbers of two bytes, times a step and less one, as floats.
    #[inline(always)]
    fn less_steps(self, numbers: &[u16; 16], step: __m256, one: f32) -> Halves {
        let ([low, high], one) = (eights(numbers), self.set1_ps(one));
        let low = self.cvtepi32_ps(self.cvtepu16_epi32(self.load_short(low)));
        let high = self.cvtepi32_ps(self.cvtepu16_epi32(self.load_short(high)));
        [
            self.fmsub_ps(low, step, one),
            self.fmsub_ps(high, step, one),
        ]
    }

    /// All bits of each lane that is nobody's.
    #[inline(always)]
    fn nobodys(self, group: &Narrow) -> Halves {
        let ([low, high], nowhere) = (eights(&group.x), self.set1_epi16(NOWHERE.cast_signed()));
        let low = self.cmpeq_epi16(self.load_short(low), nowhere);
        let high = self.cmpeq_epi16(self.load_short(high), nowhere);
        [
            self.castsi256_ps(self.cvtepi16_epi32(low)),
            self.castsi256_ps(self.cvtepi16_epi32(high)),
        ]
    }

    #[inline(always)]
    fn squared(self, x: __m256, y: __m256, z: __m256) -> __m256 {
        self.fmadd_ps(z, z, self.fmadd_ps(x, x, self.mul_ps(y, y)))
    }

    /// How many of sixteen numbers each of them is not below, added to some ranks.
    #[inline(always)]
    fn ranked(self, rank: __m256i, other: __m256, own: __m256) -> __m256i {
        // All bits set are -1.
        self.sub_epi32(rank, self.castps_si256(self.cmple_ps(other, own)))
    }
}

#[expect(
    clippy::inline_always,
    reason = "must take on the caller's target features"
)]
impl Kernel for Avx2 {
    #[inline(always)]
    fn bounds(self, chunks: &[Chunk], from_m: [f32; 3], into: &mut [[f32; WIDTH]]) {
        let (slack, rounding) = (self.set1_ps(SLACK), self.set1_ps(ROUNDING_M));
        for (chunk, bounds) in chunks.iter().zip(into) {
            let x = self.less(&chunk.x, from_m[0]);
            let y = self.less(&chunk.y, from_m[1]);
            let z = self.less(&chunk.z, from_m[2]);
            let mut caps = self.load_all(&chunk.radius_m);
            for half in 0..2 {
                let length = self.sqrt_ps(self.squared(x[half], y[half], z[half]));
                caps[half] = self.sub_ps(self.fmsub_ps(length, slack, rounding), caps[half]);
            }
            self.store_all(caps, bounds);
        }
    }

    #[inline(always)]
    fn least(self, numbers: &[[f32; WIDTH]]) -> (f32, usize) {
        let mut lanes = self.set1_ps(f32::INFINITY);
        for row in numbers {
            let row = self.load_all(row);
            lanes = self.min_ps(lanes, self.min_ps(row[0], row[1]));
        }
        let least = self.least_of(lanes);
        for (step, row) in numbers.iter().enumerate() {
            let hits = u16::from_le_bytes(self.near(self.load_all(row), least));
            if hits != 0 {
                let slot = hits.trailing_zeros() as usize;
                return (row[slot], step * WIDTH + slot);
            }
        }
        (f32::INFINITY, 0)
    }

    #[inline(always)]
    fn pick(self, rows: &[[f32; LANES]], limit: f32, into: &mut Picked) -> usize {
        assert!(rows.len() <= PIECE, "more rows than fit");
        let limit = self.set1_ps(limit);
        let mut first = self.setzero_si256();
        let mut count = 0;
        for row in rows {
            for near in self.near(self.load_all(row), limit) {
                let lanes = self.cvtsi64_si128(SET_BITS[usize::from(near)].cast_signed());
                let at = self.add_epi32(first, self.cvtepu8_epi32(lanes));
                self.store_whole(at, room(into, count));
                count += near.count_ones() as usize;
                first = self.add_epi32(first, self.set1_epi32(8));
            }
        }
        count
    }

    #[inline(always)]
    fn kth(self, numbers: &[f32; LANES], k: usize) -> f32 {
        let own = self.load_all(numbers);
        let mut ranks = [self.setzero_si256(); 2];
        for other in numbers {
            let other = self.set1_ps(*other);
            ranks[0] = self.ranked(ranks[0], other, own[0]);
            ranks[1] = self.ranked(ranks[1], other, own[1]);
        }
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_possible_wrap,
            reason = "up to 16"
        )]
        let k = self.set1_epi32(k as i32);
        let far = self.set1_ps(f32::INFINITY);
        let mut least = far;
        for half in 0..2 {
            let too_near = self.castsi256_ps(self.cmpgt_epi32(k, ranks[half]));
            least = self.min_ps(least, self.blendv_ps(own[half], far, too_near));
        }
        self.cvtss_f32(self.least_of(least))
    }

    #[inline(always)]
    fn at_most(self, numbers: &[f32; WIDTH], limit: f32) -> u16 {
        u16::from_le_bytes(self.near(self.load_all(numbers), self.set1_ps(limit)))
    }

    #[inline(always)]
    fn measure_wide(self, groups: &[Wide], from: Rough, into: &mut [[f32; LANES]]) -> [f32; LANES] {
        let mut least = [self.set1_ps(f32::INFINITY); 2];
        for (group, row) in groups.iter().zip(into) {
            let x = self.less_whole(&group.x, from[0]);
            let y = self.less_whole(&group.y, from[1]);
            let z = self.less_whole(&group.z, from[2]);
            let mut squares = x;
            for half in 0..2 {
                squares[half] = self.squared(x[half], y[half], z[half]);
                least[half] = self.min_ps(least[half], squares[half]);
            }
            self.store_all(squares, row);
        }
        let mut minima = [0.0; LANES];
        self.store_all(least, &mut minima);
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
        let (step, far) = (self.set1_ps(step), self.set1_ps(f32::INFINITY));
        let mut least = [far; 2];
        for (group, row) in groups.iter().zip(into) {
            let x = self.less_steps(&group.x, step, from[0]);
            let y = self.less_steps(&group.y, step, from[1]);
            let z = self.less_steps(&group.z, step, from[2]);
            let mut squares = self.nobodys(group);
            for half in 0..2 {
                let near = self.squared(x[half], y[half], z[half]);
                squares[half] = self.blendv_ps(near, far, squares[half]);
                least[half] = self.min_ps(least[half], squares[half]);
            }
            self.store_all(squares, row);
        }
        let mut minima = [0.0; LANES];
        self.store_all(least, &mut minima);
        minima
    }
}
