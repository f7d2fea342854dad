//! How long this machine waits for one line of memory that follows from another.
//!
//! `GLIBC_TUNABLES=glibc.malloc.hugetlb=1 cargo run --release --example waiting` goes along a
//! chain through all cache lines of 1 to 96 MB, in no order, and prints the least of nine
//! runs: what follows from what cannot be asked for at once, so that this is the floor of
//! all that looks up one thing by another. The variable has arrays lie in huge pages, as
//! those of an index do; without it each step looks up its page as well.

use std::hint::black_box;
use std::time::Instant;

/// What is fetched at once.
#[derive(Clone, Copy)]
#[repr(C, align(64))]
struct Line {
    next: u32,
}

const SIZES_MB: [usize; 5] = [1, 8, 24, 48, 96];
const STEPS: u32 = 500_000;
const RUNS: usize = 9;

fn main() {
    println!("      MB  ns a line");
    for mb in SIZES_MB {
        let chain = chain((mb << 20) / size_of::<Line>());
        let least_ns = (0..RUNS)
            .map(|_| walk_ns(&chain))
            .min_by(f64::total_cmp)
            .unwrap_or_default();
        println!("{mb:8}  {least_ns:9.1}");
    }
}

/// One ring through all lines, each at a place that says nothing of the next one.
fn chain(lines: usize) -> Vec<Line> {
    let mut dice = 88_172_645_463_325_252_u64;
    let mut ring: Vec<Line> = (0..).take(lines).map(|next| Line { next }).collect();
    // Sattolo's: a shuffle that leaves one ring.
    for last in (1..lines).rev() {
        dice ^= dice << 13;
        dice ^= dice >> 7;
        dice ^= dice << 17;
        let other = usize::try_from(dice % last as u64).unwrap_or_default();
        ring.swap(last, other);
    }
    ring
}

/// Nanoseconds a step of one way along it.
fn walk_ns(ring: &[Line]) -> f64 {
    let begun = Instant::now();
    let mut at = 0;
    for _ in 0..STEPS {
        at = ring[at as usize].next;
    }
    black_box(at);
    begun.elapsed().as_secs_f64() * 1e9 / f64::from(STEPS)
}
