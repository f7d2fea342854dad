//! The inner loops in AVX-512.

use super::{
    Chunk, Kernel, LANES, NODE_MAX, NOWHERE, Narrow, PIECE, Picked, ROUNDING_M, Rough, SLACK,
    WIDTH, Wide, room,
};
use crate::raw::Avx512;

/// [`SLACK`], and what an approximate root may add: 2^-14 of it.
const SLACK_14: f32 = SLACK - 6.15e-5;

/// What the lanes of a row are called.
const NUMBERS: [i32; LANES] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15];

#[expect(
    clippy::inline_always,
    reason = "must take on the caller's target features"
)]
impl Kernel for Avx512 {
    #[inline(always)]
    fn bounds(self, chunks: &[Chunk], from_m: [f32; 3], into: &mut [[f32; WIDTH]]) {
        let (x, y) = (self.set1_ps(from_m[0]), self.set1_ps(from_m[1]));
        let z = self.set1_ps(from_m[2]);
        let (slack, rounding) = (self.set1_ps(SLACK_14), self.set1_ps(ROUNDING_M));
        for (chunk, bounds) in chunks.iter().zip(into) {
            let dx = self.sub_ps(self.load(&chunk.x), x);
            let dy = self.sub_ps(self.load(&chunk.y), y);
            let dz = self.sub_ps(self.load(&chunk.z), z);
            let parallel = self.fmadd_ps(dx, dx, self.mul_ps(dy, dy));
            let squared = self.fmadd_ps(dz, dz, parallel);
            // Not 0, of which the root's inverse is infinite.
            let squared = self.max_ps(squared, self.set1_ps(f32::MIN_POSITIVE));
            let length = self.mul_ps(squared, self.rsqrt14_ps(squared));
            let bound = self.fmsub_ps(length, slack, rounding);
            self.store(self.sub_ps(bound, self.load(&chunk.radius_m)), bounds);
        }
    }

    #[inline(always)]
    fn least(self, numbers: &[[f32; WIDTH]]) -> (f32, usize) {
        const { assert!(NODE_MAX * WIDTH == 1 << 7, "slots are named by seven bits") };
        assert!(numbers.len() <= NODE_MAX, "more rows than a node has");
        // The last bits of each number give way to where it is: no second look for that.
        let mut at = self.load_whole(&NUMBERS);
        let mut least = self.set1_epi32(i32::MAX);
        for row in numbers {
            let bits = self.castps_si512(self.load(row));
            let sign = self.srai_31_epi32(bits);
            // Of negative numbers the bits are in the other order.
            let turned = self.and_si512(sign, self.set1_epi32(i32::MAX));
            let ordered = self.xor_si512(bits, turned);
            let key = self.or_si512(self.and_si512(ordered, self.set1_epi32(!127)), at);
            least = self.min_epi32(least, key);
            at = self.add_epi32(at, self.set1_epi32(16));
        }
        let least = self.reduce_min_epi32(least);
        // Cut off below, so that what is told is never above the least.
        let ordered = least & !127;
        let bits = ordered ^ ((ordered >> 31) & i32::MAX);
        let slot = usize::from((least & 127).to_le_bytes()[0]);
        (f32::from_bits(bits.cast_unsigned()), slot)
    }

    #[inline(always)]
    fn pick(self, rows: &[[f32; LANES]], limit: f32, into: &mut Picked) -> usize {
        assert!(rows.len() <= PIECE, "more rows than fit");
        let mut count = 0;
        let limit = self.set1_ps(limit);
        let mut at = self.load_whole(&NUMBERS);
        for row in rows {
            let near = self.cmple_ps_mask(self.load(row), limit);
            self.store_whole(self.maskz_compress_epi32(near, at), room(into, count));
            count += near.count_ones() as usize;
            at = self.add_epi32(at, self.set1_epi32(16));
        }
        count
    }

    #[inline(always)]
    fn kth(self, numbers: &[f32; LANES], k: usize) -> f32 {
        let own = self.load(numbers);
        let one = self.set1_epi32(1);
        let (mut even, mut odd) = (self.set1_epi32(0), self.set1_epi32(0));
        for pair in numbers.chunks_exact(2) {
            let near = self.cmple_ps_mask(self.set1_ps(pair[0]), own);
            even = self.mask_add_epi32(even, near, even, one);
            let near = self.cmple_ps_mask(self.set1_ps(pair[1]), own);
            odd = self.mask_add_epi32(odd, near, odd, one);
        }
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_possible_wrap,
            reason = "up to 16"
        )]
        let k = self.set1_epi32(k as i32);
        let ranks = self.add_epi32(even, odd);
        // Without a tie at the k-th one number has just that rank.
        let exact = self.cmpeq_epi32_mask(ranks, k);
        if exact != 0 {
            return numbers[exact.trailing_zeros() as usize & (LANES - 1)];
        }
        let enough = self.cmpge_epi32_mask(ranks, k);
        let far = self.set1_ps(f32::INFINITY);
        self.reduce_min_ps(self.mask_blend_ps(enough, far, own))
    }

    #[inline(always)]
    fn at_most(self, numbers: &[f32; WIDTH], limit: f32) -> u16 {
        self.cmple_ps_mask(self.load(numbers), self.set1_ps(limit))
    }

    #[inline(always)]
    fn measure_wide(self, groups: &[Wide], from: Rough, into: &mut [[f32; LANES]]) -> [f32; LANES] {
        let (x, y) = (self.set1_epi32(from[0]), self.set1_epi32(from[1]));
        let z = self.set1_epi32(from[2]);
        let mut least = self.set1_ps(f32::INFINITY);
        for (group, row) in groups.iter().zip(into) {
            let dx = self.cvtepi32_ps(self.sub_epi32(self.load_whole(&group.x), x));
            let dy = self.cvtepi32_ps(self.sub_epi32(self.load_whole(&group.y), y));
            let dz = self.cvtepi32_ps(self.sub_epi32(self.load_whole(&group.z), z));
            let parallel = self.fmadd_ps(dx, dx, self.mul_ps(dy, dy));
            let squared = self.fmadd_ps(dz, dz, parallel);
            least = self.min_ps(least, squared);
            self.store(squared, row);
        }
        let mut minima = [f32::INFINITY; LANES];
        self.store(least, &mut minima);
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
        let (x, y) = (self.set1_ps(from[0]), self.set1_ps(from[1]));
        let z = self.set1_ps(from[2]);
        let (step, far) = (self.set1_ps(step), self.set1_ps(f32::INFINITY));
        let nowhere = self.set1_epi16(NOWHERE.cast_signed());
        let mut least = far;
        for (group, row) in groups.iter().zip(into) {
            let (gx, gy, gz) = (
                self.load_short(&group.x),
                self.load_short(&group.y),
                self.load_short(&group.z),
            );
            let nobody = self.cmpeq_epi16_mask(gx, nowhere);
            let dx = self.cvtepi32_ps(self.cvtepu16_epi32(gx));
            let dy = self.cvtepi32_ps(self.cvtepu16_epi32(gy));
            let dz = self.cvtepi32_ps(self.cvtepu16_epi32(gz));
            let dx = self.fmsub_ps(dx, step, x);
            let dy = self.fmsub_ps(dy, step, y);
            let dz = self.fmsub_ps(dz, step, z);
            let parallel = self.fmadd_ps(dx, dx, self.mul_ps(dy, dy));
            let squared = self.fmadd_ps(dz, dz, parallel);
            let squared = self.mask_blend_ps(nobody, squared, far);
            least = self.min_ps(least, squared);
            self.store(squared, row);
        }
        let mut minima = [f32::INFINITY; LANES];
        self.store(least, &mut minima);
        minima
    }
}
