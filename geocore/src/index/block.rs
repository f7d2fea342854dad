//! Many questions, answered a block at a time in steps.
//!
//! A question's distances are a long chain of arithmetic, each link waiting for the one
//! before, and begin with a wait for memory. Of a block the lines come while the next one is
//! searched for, and a processor works at several chains at once.

use core::mem;

use super::cube::Cubes;
use super::kernel::{Kernel, Work, run};
use super::lens::Everyone;
use super::query::{Filter, Neighbour};
use super::rank::{Few, Measured};
use super::search::{In, Question, Scratch, run_in};
use super::space::Space;
use super::vicinity::Vicinity;
use crate::geodesic::{Columns, approximate_eight};
use crate::point::Point;

/// Questions that are answered together.
pub(super) const BLOCK: usize = 16;

/// What is known of a question between the steps.
#[derive(Debug)]
struct Asked {
    row: usize,
    /// The few people that the answer is chosen from.
    few: Few,
    cubes: Cubes,
    columns: Columns,
    measured: Measured,
}

/// A block's questions.
#[derive(Debug, Default)]
pub(super) struct Block(Vec<Asked>);

/// A block of questions that let everyone count.
pub(super) struct Asking<'a, T> {
    pub(super) space: &'a Space,
    /// Places that are asked from.
    pub(super) from: &'a [Point],
    /// Which of them now.
    pub(super) rows: &'a [usize],
    pub(super) k: usize,
    pub(super) filter: &'a Filter<'a>,
    pub(super) scratch: &'a mut Scratch,
    /// Of this space as it is, from block to block.
    pub(super) vicinity: &'a mut Vicinity,
    pub(super) found: &'a mut Vec<Neighbour>,
    pub(super) take: &'a mut T,
}

impl<T: FnMut(usize, &[Neighbour])> Asking<'_, T> {
    /// Gives every answer to `take`, by code compiled for this machine.
    pub(super) fn answer(self) {
        run_in(self.space, self);
    }
}

impl<T: FnMut(usize, &[Neighbour]), const FLAT: bool> Work for In<Asking<'_, T>, FLAT> {
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "the trait says why")]
    fn run<K: Kernel>(self, kernel: K) {
        let Self(asking) = self;
        let (space, found) = (asking.space, asking.found);
        // No closure for a row's question: it would not take on the target features.
        let (k, filter) = (asking.k, asking.filter);
        let Block(mut block) = mem::take(&mut asking.scratch.block);
        block.clear();
        for (nth, &row) in asking.rows.iter().enumerate() {
            let from = &asking.from[row];
            let question = Question { from, k, filter };
            let (vicinity, scratch) = (&mut *asking.vicinity, &mut *asking.scratch);
            if FLAT {
                space.seek::<K, _, true, false>(kernel, &question, &Everyone, scratch);
            } else {
                let others = asking.rows[nth + 1..].iter().map(|row| &asking.from[*row]);
                space.seek_close(kernel, &question, others, vicinity, scratch);
            }
            match Few::of(&mut asking.scratch.nearest) {
                Some(few) if few.is_empty() => (asking.take)(row, &[]),
                Some(few) => block.push(Asked {
                    row,
                    cubes: few.cubes(&asking.scratch.scanned),
                    few,
                    columns: Columns::default(),
                    measured: Measured::default(),
                }),
                None => {
                    found.clear();
                    rank_here(space, &question, asking.scratch, found);
                    (asking.take)(row, found);
                }
            }
        }
        for asked in &mut block {
            asked.columns = space.columns::<FLAT>(&asked.few, &asked.cubes);
        }
        for asked in &mut block {
            asked.measured = approximate_eight(&asking.from[asked.row], &asked.columns);
        }
        for asked in &block {
            let from = &asking.from[asked.row];
            let question = Question { from, k, filter };
            found.clear();
            if !space.order_few(&question, &asked.few, &asked.measured, found) {
                space.answer_here(&question, &Everyone, asking.scratch, found);
            }
            (asking.take)(asked.row, found);
        }
        asking.scratch.block = Block(block);
    }
}

/// What a search has left of many, to be put in order.
struct Ranking<'a> {
    space: &'a Space,
    question: &'a Question<'a>,
    scratch: &'a mut Scratch,
    found: &'a mut Vec<Neighbour>,
}

impl Work for Ranking<'_> {
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "the trait says why")]
    fn run<K: Kernel>(self, _: K) {
        let Self {
            space,
            question,
            scratch,
            found,
        } = self;
        space.rank_any(question, &Everyone, scratch, found);
    }
}

/// Puts in order what a search has left of more than a few.
///
/// A function of its own: within the block's code it put some 3 % on questions that leave few.
#[inline(never)]
fn rank_here(
    space: &Space,
    question: &Question<'_>,
    scratch: &mut Scratch,
    found: &mut Vec<Neighbour>,
) {
    run(Ranking {
        space,
        question,
        scratch,
        found,
    });
}
