//! What is known of a person beside their rough place.

use super::cube::Cubes;
use crate::geodesic::{Columns, EIGHT};
use crate::point::STEPS_A_METRE;

/// What is known of a person beside their rough place: mostly one cache line.
#[derive(Clone, Copy, Debug)]
#[repr(C, packed)]
pub(super) struct Detail<const N: usize> {
    pub(super) id: u64,
    pub(super) at_s: f64,
    /// What the rough place leaves out of x, y and z.
    rest: [u8; N],
}

impl<const N: usize> Detail<N> {
    pub(super) const EMPTY: Self = Self {
        id: 0,
        at_s: f64::NAN,
        rest: [0; N],
    };

    /// The last byte, which may lie in a second cache line.
    #[inline]
    pub(super) fn end(&self) -> &u8 {
        &self.rest[N - 1]
    }
}

/// Three bytes an axis.
pub(super) type WideDetail = Detail<9>;

/// Four bytes an axis, and five bits each in the last two.
pub(super) type NarrowDetail = Detail<14>;

impl WideDetail {
    #[inline]
    pub(super) fn rest(&self) -> [u64; 3] {
        const LOW: u64 = (1 << 24) - 1;
        let [eight @ .., last] = self.rest;
        let (eight, last) = (u64::from_le_bytes(eight), u64::from(last));
        [
            eight & LOW,
            (eight >> 24) & LOW,
            (eight >> 48) | (last << 16),
        ]
    }

    #[inline]
    pub(super) fn set_rest(&mut self, [x, y, z]: [u64; 3]) {
        self.rest[..8].copy_from_slice(&(x | (y << 24) | (z << 48)).to_le_bytes());
        self.rest[8] = (z >> 16).to_le_bytes()[0];
    }
}

impl NarrowDetail {
    #[inline]
    fn parts(&self) -> (u64, u32, u16) {
        let (first, rest) = split::<8>(&self.rest);
        let (third, rest) = split::<4>(rest);
        let (more, _) = split::<2>(rest);
        (
            u64::from_le_bytes(first),
            u32::from_le_bytes(third),
            u16::from_le_bytes(more),
        )
    }

    #[inline]
    pub(super) fn rest(&self) -> [u64; 3] {
        let (first, third, more) = self.parts();
        joined(first, third, u64::from(more))
    }

    #[inline]
    pub(super) fn set_rest(&mut self, [x, y, z]: [u64; 3]) {
        let first = (x & 0xFFFF_FFFF) | (y << 32);
        let more = (x >> 32) | (y >> 32 << 5) | (z >> 32 << 10);
        self.rest[..8].copy_from_slice(&first.to_le_bytes());
        self.rest[8..12].copy_from_slice(&z.to_le_bytes()[..4]);
        self.rest[12..].copy_from_slice(&more.to_le_bytes()[..2]);
    }
}

/// The first bytes of some, of which there are as many, and those behind them.
#[inline]
fn split<const N: usize>(bytes: &[u8]) -> ([u8; N], &[u8]) {
    match bytes.split_first_chunk() {
        Some((first, rest)) => (*first, rest),
        None => unreachable!("fourteen bytes"),
    }
}

/// Four bytes of each axis, with the five bits above them.
#[inline(always)] // must take on the caller's target features
fn joined(first: u64, third: u32, more: u64) -> [u64; 3] {
    const LOW: u64 = (1 << 32) - 1;
    [
        (first & LOW) | ((more & 31) << 32),
        (first >> 32) | ((more >> 5 & 31) << 32),
        u64::from(third) | ((more >> 10) << 32),
    ]
}

/// Eight people's places as they lie in memory, side by side.
#[derive(Default)]
pub(super) struct Parts {
    /// Steps of x, y and z, and the bits of a detail that are more than four bytes an axis.
    steps: [u64; EIGHT],
    first: [u64; EIGHT],
    third: [u32; EIGHT],
}

impl Parts {
    #[inline(always)]
    #[expect(
        clippy::inline_always,
        reason = "must take on the caller's target features"
    )]
    pub(super) fn put(&mut self, at: usize, steps: [u16; 3], detail: &NarrowDetail) {
        let [x, y, z] = steps.map(u64::from);
        let (first, third, more) = detail.parts();
        self.steps[at] = x | (y << 16) | (z << 32) | (u64::from(more) << 48);
        (self.first[at], self.third[at]) = (first, third);
    }

    /// The places in metres: each part is exact, and so is their sum.
    #[inline(always)] // must take on the caller's target features
    pub(super) fn columns(&self, cubes: &Cubes) -> Columns {
        const SHORT: u64 = (1 << 16) - 1;
        let mut columns = [[0.0; EIGHT]; 3];
        for (at, all) in self.steps.iter().enumerate() {
            let steps = [all & SHORT, (all >> 16) & SHORT, (all >> 32) & SHORT];
            let rest = joined(self.first[at], self.third[at], all >> 48);
            let step_m = cubes.step_m(at);
            for axis in 0..3 {
                let away_m = whole(steps[axis]) * step_m + whole(rest[axis]) / STEPS_A_METRE;
                columns[axis][at] = cubes.corner_m(axis, at) + away_m;
            }
        }
        columns
    }
}

/// A whole number below 2^52 as a double: its bits below those of 2^52, which is then taken off.
#[inline(always)] // must take on the caller's target features
fn whole(number: u64) -> f64 {
    const TWO_52: u64 = 0x4330_0000_0000_0000;
    f64::from_bits(TWO_52 | number) - f64::from_bits(TWO_52)
}
