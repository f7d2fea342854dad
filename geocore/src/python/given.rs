//! Answers that were given, written over once nobody else holds them.
//!
//! Five pairs, their distances and their list, made anew and given back, were a fifth of a call
//! among 200 people.

use pyo3::prelude::*;
use pyo3::types::{PyInt, PyList};

use super::left::{leave, let_go};
use crate::Neighbour;
use crate::raw::objects::{holders, may_be_written_over, write_all};

/// Up to so many pairs are worth keeping.
const PAIRS_MAX: usize = 16;

/// The last two answers of a thread: one that its caller still looks at while the next is
/// asked for, and the one before.
///
/// Whoever has let go of an answer gets it again with what is found now, as a `zip` gives one
/// tuple again and again; a distance that nobody took out of it is written over, too. What a
/// caller has put into an answer lives for two more that are as short.
#[derive(Default)]
pub(super) struct Given {
    answers: [Option<Py<PyList>>; 2],
    /// Which to look at first: each is looked at in turn, so that none is forgotten.
    next: bool,
}

impl Given {
    /// Ids, by Python's numbers for them, and distances.
    #[inline]
    pub(super) fn pairs<'py>(
        &mut self,
        py: Python<'py>,
        found: &[Neighbour],
        mut number: impl FnMut(u64) -> Bound<'py, PyInt>,
    ) -> PyResult<Bound<'py, PyList>> {
        self.next = !self.next;
        for at in [self.next, !self.next].map(usize::from) {
            let Some(given) = &self.answers[at] else {
                continue;
            };
            let given = given.bind(py);
            if holders(given) > 1 {
                // By a caller who looks at it for longer, or by something that it holds: else
                // that would live as long as the other one is free at each question.
                if at == usize::from(self.next) {
                    self.answers[at] = None;
                }
                continue;
            }
            let people = found.iter().map(|one| (number(one.person), one.distance_m));
            if write_all(given, people) {
                return Ok(given.clone());
            }
            self.answers[at] = None;
        }
        let pairs = found.iter().map(|one| (number(one.person), one.distance_m));
        let pairs = PyList::new(py, pairs)?;
        if (1..=PAIRS_MAX).contains(&found.len()) && may_be_written_over(py) {
            self.answers[usize::from(self.next)] = Some(pairs.clone().unbind());
        }
        let_go(py);
        Ok(pairs)
    }
}

impl Drop for Given {
    fn drop(&mut self) {
        let answers = self.answers.iter_mut().filter_map(Option::take);
        leave(answers.map(Py::into_any));
    }
}
