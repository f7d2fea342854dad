//! The way down a tree, and what of it is still open.

use super::handles::Child;
use super::kernel::{Kernel, NODE_MAX, PIECE, Picked};
use super::layout::{LANES, WIDTH};
use super::space::Space;

/// Rows of bounds on the longest way down: eight of the root, four of every second
/// resolution from 0 to 14.
const ROWS_MAX: usize = NODE_MAX + 8 * 4;

/// A node on the way down.
#[derive(Clone, Copy, Debug)]
pub(super) struct Frame {
    /// First chunk of the node.
    pub(super) first: usize,
    /// First row of its bounds.
    pub(super) row: usize,
    /// Chunks and rows.
    pub(super) size: usize,
    /// Slots still to be visited.
    pub(super) open: u128,
}

/// What a search needs room for; kept between searches of a thread.
#[derive(Debug, Default)]
pub(super) struct Way {
    pub(super) frames: Vec<Frame>,
    /// Lower bounds of the frames' slots, in metres.
    pub(super) bounds_m: Vec<[f32; WIDTH]>,
    pub(super) leaf: Measured,
}

/// What is found of as many groups as are measured together.
#[derive(Debug)]
pub(super) struct Measured {
    /// Squares of the rough distances.
    pub(super) squares: [[f32; LANES]; PIECE],
    /// Who is within the limit.
    pub(super) picked: Picked,
}

impl Default for Measured {
    fn default() -> Self {
        Self {
            squares: [[0.0; LANES]; PIECE],
            picked: [0; _],
        }
    }
}

/// A slot of a chunk.
pub(super) struct Slot {
    pub(super) chunk: usize,
    pub(super) lane: usize,
}

impl Slot {
    #[inline]
    pub(super) fn child(&self, space: &Space) -> Child {
        space.chunks.hot[self.chunk].child[self.lane]
    }
}

impl Way {
    /// Begins anew, at no node.
    #[inline]
    pub(super) fn start(&mut self) {
        self.frames.clear();
        self.bounds_m.resize(ROWS_MAX, [f32::INFINITY; WIDTH]);
    }

    /// Asks for what lies below the open slots of the last node that are within the limit, so
    /// that it comes at once.
    #[inline(always)]
    #[expect(
        clippy::inline_always,
        reason = "must take on the caller's target features"
    )]
    pub(super) fn ask_ahead<K: Kernel>(&self, kernel: K, space: &Space, limit_m: f32) {
        let Some(frame) = self.frames.last() else {
            return;
        };
        for step in 0..frame.size {
            let near = kernel.at_most(&self.bounds_m[frame.row + step], limit_m);
            #[expect(clippy::cast_possible_truncation, reason = "one row of it")]
            let mut near = near & (frame.open >> (step * WIDTH)) as u16;
            while near != 0 {
                let lane = near.trailing_zeros() as usize;
                near &= near - 1;
                let chunk = frame.first + step;
                space.prefetch(Slot { chunk, lane }.child(space));
            }
        }
    }

    /// Takes the nearest open slot of the last node that has any within the limit.
    #[inline(always)]
    #[expect(
        clippy::inline_always,
        reason = "must take on the caller's target features"
    )]
    pub(super) fn pick<K: Kernel>(&mut self, kernel: K, limit_m: f32) -> Option<Slot> {
        while let Some(frame) = self.frames.last_mut() {
            let rows = &self.bounds_m[frame.row..frame.row + frame.size];
            let mut near = 0_u128;
            for (step, row) in rows.iter().enumerate() {
                near |= u128::from(kernel.at_most(row, limit_m)) << (step * WIDTH);
            }
            near &= frame.open;
            if near != 0 {
                let mut best = near.trailing_zeros() as usize;
                let mut best_m = rows[best / WIDTH][best % WIDTH];
                near &= near - 1;
                while near != 0 {
                    let slot = near.trailing_zeros() as usize;
                    near &= near - 1;
                    let bound_m = rows[slot / WIDTH][slot % WIDTH];
                    if bound_m < best_m {
                        (best, best_m) = (slot, bound_m);
                    }
                }
                frame.open &= !(1 << best);
                return Some(Slot {
                    chunk: frame.first + best / WIDTH,
                    lane: best % WIDTH,
                });
            }
            self.frames.pop();
        }
        None
    }
}
