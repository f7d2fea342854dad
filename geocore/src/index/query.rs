//! Questions to the index and their answers.

use std::cell::RefCell;
use std::collections::HashSet;

use super::Index;
use super::block::{Asking, BLOCK};
use super::kernel::prefetch;
use super::lens::{Everyone, Sieve};
use super::search::{Question, Scratch};
use super::select::SORTED_MAX;
use super::space::Space;
use super::vicinity::Vicinity;
use crate::error::{Error, InvalidCount, InvalidNumber};
use crate::point::Point;

/// The most neighbours that one question may ask for.
pub const K_MAX: u64 = 1 << 24;

/// What a thread keeps from question to question has room for at most so many people: some
/// megabytes.
pub(crate) const KEPT_MAX: usize = 1 << 15;

/// Up to so many excluded people are looked for one by one.
const LINEAR_MAX: usize = 16;

/// Who counts in an answer; the default is everyone.
#[derive(Clone, Copy, Debug, Default)]
pub struct Filter<'a> {
    /// Only people within this geodesic distance, inclusive, in metres.
    pub within_m: Option<f64>,
    /// Only people whose fix is known to be later than this, in seconds.
    pub newer_than_s: Option<f64>,
    /// Only members of this trust circle.
    pub circle: Option<u64>,
    /// Only people who are (or are not) available.
    pub available: Option<bool>,
    /// None of these people.
    pub exclude: &'a [u64],
    /// Report Karney's distance at any range.
    pub geodesic: bool,
}

/// One person of an answer.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Neighbour {
    /// The caller's id.
    pub person: u64,
    /// Geodesic distance in metres.
    pub distance_m: f64,
    /// Seconds on the caller's clock at the fix, if known.
    pub at_s: Option<f64>,
}

impl Filter<'_> {
    fn check(&self) -> Result<(), InvalidNumber> {
        check_distance("within_m", self.within_m.unwrap_or(0.0))?;
        match self.newer_than_s {
            Some(value) if value.is_nan() => Err(InvalidNumber {
                argument: "newer_than_s",
                value,
                reason: "is not a time",
            }),
            _ => Ok(()),
        }
    }
}

/// People who do not count, made ready once for all questions of a batch.
enum Excluded<'a> {
    Few(&'a [u64]),
    Many(HashSet<u64>),
}

impl<'a> Excluded<'a> {
    #[inline]
    fn of(people: &'a [u64]) -> Self {
        if people.len() > LINEAR_MAX {
            Self::Many(people.iter().copied().collect())
        } else {
            Self::Few(people)
        }
    }
}

impl Filter<'_> {
    /// Whether everyone in the space counts.
    fn is_open(&self) -> bool {
        self.available.is_none() && self.newer_than_s.is_none() && self.exclude.is_empty()
    }

    /// Adds the answer to a question with this filter.
    fn ask(
        &self,
        excluded: &Excluded<'_>,
        space: &Space,
        question: &Question<'_>,
        scratch: &mut Scratch,
        found: &mut Vec<Neighbour>,
    ) {
        if self.is_open() {
            space.answer_here(question, &Everyone, scratch, found);
        } else {
            self.sift(excluded, space, question, scratch, found);
        }
    }

    fn sift(
        &self,
        excluded: &Excluded<'_>,
        space: &Space,
        question: &Question<'_>,
        scratch: &mut Scratch,
        found: &mut Vec<Neighbour>,
    ) {
        let exclude = |person| match excluded {
            Excluded::Few(people) => people.contains(&person),
            Excluded::Many(people) => people.contains(&person),
        };
        let sieve = Sieve {
            available: self.available,
            newer_than_s: self.newer_than_s,
            exclude: &exclude,
        };
        space.answer_here(question, &sieve, scratch, found);
    }
}

impl Index {
    /// The k nearest people, by geodesic distance and, in a tie, by id.
    ///
    /// # Errors
    ///
    /// [`InvalidCount`] when k is not in 1 to [`K_MAX`]; [`InvalidNumber`] when a number of
    /// the filter is unusable.
    pub fn nearest(
        &self,
        from: &Point,
        k: u64,
        filter: &Filter<'_>,
    ) -> Result<Vec<Neighbour>, Error> {
        let mut found = Vec::new();
        self.nearest_into(from, k, filter, &mut found)?;
        Ok(found)
    }

    /// As [`Index::nearest`], into a vector that is cleared first and may be kept.
    ///
    /// # Errors
    ///
    /// As [`Index::nearest`].
    pub fn nearest_into(
        &self,
        from: &Point,
        k: u64,
        filter: &Filter<'_>,
        found: &mut Vec<Neighbour>,
    ) -> Result<(), Error> {
        let k = check_count(k)?;
        filter.check()?;
        found.clear();
        self.search(from, k, filter, found);
        Ok(())
    }

    /// Answers [`Index::nearest`] for many places, each to `take` with its row.
    ///
    /// Rows come in an order of the index's choice: neighbours in space share what they
    /// bring into the caches.
    ///
    /// # Errors
    ///
    /// As [`Index::nearest`].
    pub fn nearest_many(
        &self,
        from: &[Point],
        k: u64,
        filter: &Filter<'_>,
        mut take: impl FnMut(usize, &[Neighbour]),
    ) -> Result<(), Error> {
        let k = check_count(k)?;
        filter.check()?;
        let Some(space) = self.space_of(filter) else {
            (0..from.len()).for_each(|row| take(row, &[]));
            return Ok(());
        };
        let in_blocks = k <= SORTED_MAX && !filter.geodesic && filter.is_open();
        let excluded = Excluded::of(filter.exclude);
        let mut found = Vec::new();
        // Taken, not borrowed: who takes an answer may ask again.
        let mut scratch = SCRATCH.take();
        let mut vicinity = Vicinity::new();
        for_rows(from, space.is_flat(), |rows| {
            if in_blocks {
                let asking = Asking {
                    space,
                    from,
                    rows,
                    k,
                    filter,
                    scratch: &mut scratch,
                    vicinity: &mut vicinity,
                    found: &mut found,
                    take: &mut take,
                };
                return asking.answer();
            }
            for &row in rows {
                found.clear();
                let question = Question {
                    from: &from[row],
                    k,
                    filter,
                };
                filter.ask(&excluded, space, &question, &mut scratch, &mut found);
                take(row, &found);
            }
        });
        SCRATCH.replace(scratch);
        Ok(())
    }

    /// Everyone within a geodesic distance, inclusive, in the order of [`Index::nearest`].
    ///
    /// # Errors
    ///
    /// [`InvalidNumber`] when the radius or a number of the filter is unusable.
    pub fn within(
        &self,
        from: &Point,
        radius_m: f64,
        filter: &Filter<'_>,
    ) -> Result<Vec<Neighbour>, Error> {
        check_distance("radius_m", radius_m)?;
        filter.check()?;
        let filter = Filter {
            within_m: Some(filter.within_m.map_or(radius_m, |m| m.min(radius_m))),
            ..*filter
        };
        let mut found = Vec::new();
        self.search(from, usize::MAX, &filter, &mut found);
        Ok(found)
    }

    /// Those of a filter's circle, if there are any; without one everyone.
    fn space_of(&self, filter: &Filter<'_>) -> Option<&Space> {
        match filter.circle {
            None => Some(&self.everyone),
            Some(circle) => self.circles.get(&circle),
        }
    }

    fn search(&self, from: &Point, k: usize, filter: &Filter<'_>, found: &mut Vec<Neighbour>) {
        let Some(space) = self.space_of(filter) else {
            return;
        };
        let question = Question { from, k, filter };
        let excluded = Excluded::of(filter.exclude);
        SCRATCH.with_borrow_mut(|scratch| filter.ask(&excluded, space, &question, scratch, found));
    }
}

fn check_distance(argument: &'static str, value: f64) -> Result<(), InvalidNumber> {
    if value >= 0.0 {
        return Ok(());
    }
    Err(InvalidNumber {
        argument,
        value,
        reason: "is not a distance of 0 or more",
    })
}

/// A usable number of neighbours.
pub(crate) fn check_count(k: u64) -> Result<usize, InvalidCount> {
    match usize::try_from(k) {
        Ok(count) if (1..=K_MAX).contains(&k) => Ok(count),
        _ => Err(InvalidCount { value: k }),
    }
}

/// Rows of a batch that are sorted together, as bits of their number.
const ROW_BITS: u32 = 20;

/// Names all rows of a batch, a block at a time, neighbours in space together unless in the
/// order given.
fn for_rows(from: &[Point], as_given: bool, mut answer: impl FnMut(&[usize])) {
    let mut rows = Vec::with_capacity(BLOCK);
    if as_given {
        let mut next = 0;
        while next < from.len() {
            rows.clear();
            rows.extend(next..from.len().min(next + BLOCK));
            answer(&rows);
            next += BLOCK;
        }
        return;
    }
    for (part, points) in from.chunks(1 << ROW_BITS).enumerate() {
        // A row and where it lies in one number: nothing sorts faster.
        let mut keys: Vec<u64> = (0..)
            .zip(points)
            .map(|(row, point)| (along_curve(point) << ROW_BITS) | row)
            .collect();
        keys.sort_unstable();
        let row_of = |key: &u64| (part << ROW_BITS) + (key & ((1 << ROW_BITS) - 1)) as usize;
        for (nth, block) in keys.chunks(BLOCK).enumerate() {
            rows.clear();
            rows.extend(block.iter().map(row_of));
            // They lie scattered: each of the next block would be waited for.
            for key in keys.iter().skip((nth + 1) * BLOCK).take(BLOCK) {
                let [x, _, z] = from[row_of(key)].axes_m();
                prefetch(x);
                prefetch(z);
            }
            answer(&rows);
        }
    }
}

/// A number of 44 bits that is near for places that are near: some 15 bits an axis,
/// interleaved.
fn along_curve(point: &Point) -> u64 {
    let curve = point.xyz_m().iter().rev().fold(0, |key, metres| {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "0 to 65,535"
        )]
        let steps = ((metres + 6.4e6) * (65_535.0 / 12.8e6)) as u16;
        (key << 1) | spread(steps)
    });
    curve >> 4
}

/// Puts two zeros between the bits of a number.
fn spread(steps: u16) -> u64 {
    let mut bits = u64::from(steps);
    bits = (bits | (bits << 16)) & 0x0000_FF00_00FF;
    bits = (bits | (bits << 8)) & 0x00F0_0F00_F00F;
    bits = (bits | (bits << 4)) & 0x0C30_C30C_30C3;
    (bits | (bits << 2)) & 0x2492_4924_9249
}

thread_local! {
    static SCRATCH: RefCell<Scratch> = RefCell::default();
}
