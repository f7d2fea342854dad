//! Each wide path beside the portable one.

use super::*;
use crate::raw::{Avx2, Avx512};

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
fn avx512_does_as_the_portable_path_does() {
    if let Some(avx512) = Avx512::detect() {
        check_measures(avx512);
        check_steps(avx512);
        check_bounds(avx512);
    }
}

#[test]
fn avx2_does_as_the_portable_path_does() {
    if let Some(avx2) = Avx2::detect() {
        check_measures(avx2);
        check_steps(avx2);
        check_bounds(avx2);
    }
}

fn check_measures(kernel: impl Kernel) {
    let mut next = metres(7);
    for round in 0..2_000 {
        let mut groups = [Wide::EMPTY, Wide::EMPTY, Wide::EMPTY];
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
        let minima = Portable.measure_wide(&groups, from, &mut plain);
        let minima_wide = kernel.measure_wide(&groups, from, &mut wide);
        let limit = minima[round % LANES];
        let (mut picked, mut picked_wide) = ([0; _], [0; _]);
        let count = Portable.pick(&plain, limit, &mut picked);
        let count_wide = kernel.pick(&plain, limit, &mut picked_wide);
        assert_eq!(picked[..count], picked_wide[..count_wide]);
        for k in 1..=LANES {
            let kth = Portable.kth(&minima, k);
            assert!(kth.total_cmp(&kernel.kth(&minima, k)).is_eq());
        }
        let all = [plain.as_flattened(), &minima].concat();
        let all_wide = [wide.as_flattened(), &minima_wide].concat();
        for (a, b) in all.iter().zip(all_wide) {
            // A fused multiplication rounds once where the plain one rounds twice.
            assert!((a - b).abs() <= a * 3e-7, "{a} {b}");
        }
    }
}

/// Groups of a tree: to the limits of what a place in them can be, and asked from anywhere.
fn check_steps(kernel: impl Kernel) {
    let mut next = metres(9);
    for round in 0..2_000 {
        let mut groups = [Narrow::EMPTY, Narrow::EMPTY, Narrow::EMPTY];
        let people = round % (3 * LANES + 1);
        let mut short = || (next().to_bits() >> 4).to_le_bytes();
        for lane in 0..people {
            let group = &mut groups[lane / LANES];
            for axis in [&mut group.x, &mut group.y, &mut group.z] {
                let [low, high, ..] = short();
                axis[lane % LANES] = u16::from_le_bytes([low, high]).min(NOWHERE - 1);
            }
        }
        groups[0].y[15] = NOWHERE;
        let step = [1.0, 0.25, 16.0, 4096.0][round % 4];
        let from = [next(), next(), next()].map(|axis| axis * step / [1.0, 100.0][round / 4 % 2]);
        let (mut plain, mut wide) = ([[0.0; LANES]; 3], [[0.0; LANES]; 3]);
        let minima = Portable.measure_narrow(&groups, from, step, &mut plain);
        let minima_wide = kernel.measure_narrow(&groups, from, step, &mut wide);
        let all = [plain.as_flattened(), &minima].concat();
        let all_wide = [wide.as_flattened(), &minima_wide].concat();
        for (a, b) in all.iter().zip(all_wide) {
            let are_nobodys = a.is_infinite() && b.is_infinite();
            assert!(are_nobodys || (a - b).abs() <= a * 4e-7, "{a} {b}");
        }
        let found = plain
            .as_flattened()
            .iter()
            .filter(|squared| squared.is_finite());
        assert_eq!(found.count(), people);
    }
}

fn check_bounds(kernel: impl Kernel) {
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
        kernel.bounds(&chunks, from, &mut bounds_wide);
        check_least(kernel, &bounds);
        for slot in 0..WIDTH {
            let cap = chunks[0].cap(slot);
            let away_m = cap.reach_m(from.map(f64::from));
            let truth_m = away_m - f64::from(cap.radius_m);
            for bound_m in [bounds[0][slot], bounds_wide[0][slot]].map(f64::from) {
                assert!(bound_m <= truth_m - 0.4, "{bound_m} {truth_m}");
                assert!(bound_m >= truth_m - 4.0 - away_m * 1.3e-4, "{truth_m}");
            }
        }
        let limit = next();
        assert_eq!(
            Portable.at_most(&bounds[0], limit),
            kernel.at_most(&bounds[0], limit)
        );
    }
}

fn check_least(kernel: impl Kernel, numbers: &[[f32; WIDTH]]) {
    let least = Portable.least(numbers).0;
    let (floor, slot) = kernel.least(numbers);
    let room = least.abs() / 32_768.0;
    assert!(floor <= least && floor >= least - room, "{floor} {least}");
    let named = numbers.as_flattened()[slot];
    assert!(named <= least + room, "{named} {least}");
}

#[test]
fn the_least_of_a_whole_node_is_found_wherever_it_is() {
    for slot in 0..NODE_MAX * WIDTH {
        for least in [-5e6_f32, -0.5, 0.0, 3.0, 4e6] {
            let mut numbers = [[f32::INFINITY; WIDTH]; NODE_MAX];
            numbers.as_flattened_mut()[(slot * 7 + 3) % 128] = least + 1.5 + least.abs();
            numbers.as_flattened_mut()[slot] = least;
            if let Some(avx512) = Avx512::detect() {
                check_least(avx512, &numbers);
                assert_eq!(avx512.least(&numbers).1, slot);
            }
            if let Some(avx2) = Avx2::detect() {
                check_least(avx2, &numbers);
                assert_eq!(avx2.least(&numbers).1, slot);
            }
        }
    }
}

#[test]
fn a_place_in_the_middle_of_a_cap_is_no_farther_than_its_edge() {
    let mut chunk = Chunk::EMPTY;
    let from = [6.4e6, 0.25, -3.0];
    [chunk.x[0], chunk.y[0], chunk.z[0]] = from;
    chunk.radius_m[0] = 2.0;
    if let Some(avx512) = Avx512::detect() {
        let mut bounds = [[0.0; WIDTH]];
        avx512.bounds(&[chunk], from, &mut bounds);
        assert!(bounds[0][0] <= -2.0, "{}", bounds[0][0]);
        assert!(bounds[0][1] > 1e14, "{}", bounds[0][1]);
    }
}
