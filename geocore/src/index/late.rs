//! A move that is written by the next call.
//!
//! Where people lie farther away than a processor's caches, whoever moves one waits for memory
//! twice: for where the map has them, and then for what lies there. Where the map alone proves
//! that they are known, the second wait need not be the caller's: all that could be wrong with
//! the move has been looked at, their lines are asked for, and by the next call, whose first
//! they are, they have come. Before anybody sees the index the move is written.

use super::{Index, check_time};
use crate::error::Error;
use crate::point::Point;

/// Above so many people a wait for memory is longer than what this costs.
const FAR_MIN: usize = 1 << 16;

/// A move that is yet to be written.
#[derive(Clone, Copy, Debug)]
struct Late {
    person: u64,
    point: Point,
    at_s: Option<f64>,
}

/// An index, and at most one move that is yet to be written.
#[derive(Debug)]
pub(crate) struct Moving {
    index: Index,
    late: Option<Late>,
}

impl Moving {
    pub(crate) const fn new(index: Index) -> Self {
        Self { index, late: None }
    }

    /// The index, where nothing is yet to be written.
    #[inline]
    pub(crate) fn settled(&self) -> Option<&Index> {
        self.late.is_none().then_some(&self.index)
    }

    /// The index, once all is written.
    #[inline]
    pub(crate) fn settle(&mut self) -> &mut Index {
        if let Some(Late {
            person,
            point,
            at_s,
        }) = self.late.take()
        {
            let moved = self.index.relocate(person, point, at_s);
            debug_assert!(moved.is_ok(), "nothing has come since it was looked at");
        }
        &mut self.index
    }

    /// Asks for where the map has a person who will be moved.
    #[inline]
    pub(crate) fn expect(&self, person: u64) {
        self.index.everyone.expect([person].into_iter());
    }

    /// As [`Index::relocate`], perhaps written by the next call.
    #[inline]
    pub(crate) fn relocate(
        &mut self,
        person: u64,
        point: Point,
        at_s: Option<f64>,
    ) -> Result<(), Error> {
        let index = self.settle();
        if index.len() < FAR_MIN || !index.everyone.foresees(person) {
            return index.relocate(person, point, at_s);
        }
        check_time("at_s", at_s)?;
        self.late = Some(Late {
            person,
            point,
            at_s,
        });
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Filter, Person};
    use super::*;

    /// Enough that moves are late.
    const PEOPLE: u64 = FAR_MIN as u64 + 100;

    fn crowd(id_of: impl Fn(u64) -> u64) -> Index {
        let people: Vec<Person> = (0..PEOPLE)
            .map(|nth| Person {
                id: id_of(nth),
                point: at(nth, 0.0),
                at_s: Some(0.0),
                available: true,
                circles: [nth % 9_973].into(),
            })
            .collect();
        let mut index = Index::new();
        index.upsert_many(&people).expect("all are different");
        index
    }

    /// Where somebody begins, and so much farther north.
    fn at(nth: u64, more_deg: f64) -> Point {
        #[expect(clippy::cast_precision_loss, reason = "below 2^17")]
        let (row, column) = ((nth / 300) as f64, (nth % 300) as f64);
        Point::new(row / 10.0 + more_deg, column / 10.0).expect("on the earth")
    }

    #[test]
    fn a_move_among_many_is_written_by_the_next_call() {
        let mut moving = Moving::new(crowd(|nth| nth));
        moving.expect(7);
        moving.relocate(7, at(7, 40.0), Some(5.0)).expect("known");
        assert!(moving.settled().is_none(), "nobody sees it before");
        moving.relocate(8, at(8, 40.0), None).expect("known");
        let index = moving.settle();
        let known = |id| index.get(id).map(|person| (person.point, person.at_s));
        assert_eq!(known(7), Some((at(7, 40.0), Some(5.0))));
        assert_eq!(known(8), Some((at(8, 40.0), None)));
        assert!(moving.settled().is_some());
    }

    #[test]
    fn a_late_move_changes_what_a_move_changes() {
        let (mut moving, mut index) = (Moving::new(crowd(|nth| nth)), crowd(|nth| nth));
        for nth in (0..PEOPLE).step_by(97) {
            let (person, way_deg) = (nth * 31 % PEOPLE, if nth % 2 == 0 { 0.001 } else { 20.0 });
            let (point, at_s) = (at(person, way_deg), (nth % 3 > 0).then_some(1e3));
            moving.expect(person);
            moving.relocate(person, point, at_s).expect("known");
            index.relocate(person, point, at_s).expect("known");
        }
        let moved = moving.settle();
        for person in 0..PEOPLE {
            assert_eq!(moved.get(person), index.get(person));
        }
        for nth in (0..PEOPLE).step_by(997) {
            for circle in [None, Some(nth % 9_973)] {
                let filter = Filter {
                    circle,
                    newer_than_s: Some(500.0),
                    ..Filter::default()
                };
                let ask = |index: &Index| index.nearest(&at(nth, 10.0), 5, &filter);
                assert_eq!(ask(moved), ask(&index));
            }
        }
    }

    #[test]
    fn what_is_wrong_with_a_move_is_said_at_once_and_changes_nothing() {
        let mut moving = Moving::new(crowd(|nth| nth));
        moving.relocate(3, at(3, 40.0), None).expect("known");
        for (person, at_s) in [(PEOPLE, None), (u64::MAX, None), (4, Some(f64::NAN))] {
            moving.expect(person);
            assert!(moving.relocate(person, at(4, 40.0), at_s).is_err());
        }
        let index = moving.settle();
        assert_eq!(index.len() as u64, PEOPLE);
        let latitude = |id| index.get(id).map(|person| person.point);
        assert_eq!(latitude(3), Some(at(3, 40.0)));
        assert_eq!(latitude(4), Some(at(4, 0.0)));
    }

    #[test]
    fn whom_the_map_alone_does_not_prove_is_moved_at_once() {
        let id_of = |nth: u64| (nth + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        let mut moving = Moving::new(crowd(id_of));
        moving.relocate(id_of(7), at(7, 40.0), None).expect("known");
        let index = moving.settled().expect("nothing is late");
        assert_eq!(index.get(id_of(7)).map(|it| it.point), Some(at(7, 40.0)));
    }

    #[test]
    fn of_a_few_everybody_is_moved_at_once() {
        let mut index = crowd(|nth| nth);
        for person in FAR_MIN as u64..PEOPLE {
            assert!(index.remove(person));
        }
        let mut moving = Moving::new(index);
        moving.relocate(7, at(7, 40.0), None).expect("known");
        assert!(moving.settled().is_none(), "of so many one is late");
        assert!(moving.settle().remove(8));
        moving.relocate(7, at(7, 41.0), None).expect("known");
        let index = moving.settled().expect("nothing is late");
        assert_eq!(index.get(7).map(|it| it.point), Some(at(7, 41.0)));
    }
}
