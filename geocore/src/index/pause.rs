//! Which change of one person makes a large map anew, so that its caller can let others go on.

use super::Index;
use super::handles::Place;
use super::space::Space;

/// A map for fewer is made anew within a millisecond.
const PEOPLE_MIN: usize = if cfg!(test) { 1 << 10 } else { 1 << 15 };

impl Index {
    /// Whether a map for many may be made anew to put somebody in.
    pub(crate) fn pauses_to_put(
        &self,
        person: u64,
        circles: impl IntoIterator<Item = u64>,
    ) -> bool {
        let mut joined = circles.into_iter().filter_map(|id| self.circles.get(&id));
        self.everyone.pauses_to_put(person)
            || joined.any(|members| members.pauses_to_put(person))
            || self.pauses_to_leave(person)
    }

    /// Whether a map that was for many may be made anew to take somebody out.
    pub(crate) fn pauses_to_remove(&self, person: u64) -> bool {
        self.everyone.pauses_to_remove() || self.pauses_to_leave(person)
    }

    /// Whether that may be for the circles that somebody leaves, or for the map of who is in which.
    fn pauses_to_leave(&self, person: u64) -> bool {
        if self.memberships.is_empty() {
            return false;
        }
        let (people, room) = (self.memberships.len(), self.memberships.capacity());
        let anew = people == room || Self::is_too_large(room, people - 1);
        let left = self.memberships.get(&person).into_iter().flatten();
        let mut left = left.filter_map(|id| self.circles.get(id));
        room >= PEOPLE_MIN && anew || left.any(Space::pauses_to_remove)
    }
}

impl Space {
    fn pauses_to_put(&self, person: u64) -> bool {
        self.places.made_anew_for(person) >= PEOPLE_MIN
    }

    fn pauses_to_remove(&self) -> bool {
        let people = self.len().saturating_sub(1);
        let slots = self.places.bytes() / size_of::<Place>();
        slots >= PEOPLE_MIN && self.places.is_too_large_for(people)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::iter;

    use crate::{Index, Person, Point};

    /// Somebody with any id, in one of three circles or in none.
    fn somebody(at: u32, is_anywhere: bool) -> Person {
        let id = if is_anywhere {
            u64::from(at + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15)
        } else {
            u64::from(at)
        };
        let circles = (at % 4 < 3).then_some(u64::from(at % 4));
        let (lat_deg, lon_deg) = (f64::from(at % 170) - 85.0, f64::from(at % 359) - 179.0);
        Person {
            id,
            point: Point::new(lat_deg, lon_deg).expect("on Earth"),
            at_s: None,
            available: true,
            circles: circles.into_iter().collect(),
        }
    }

    /// The room of each map that a change may make anew.
    fn rooms(index: &Index) -> Vec<usize> {
        let spaces = (0..3).filter_map(|circle| index.circles.get(&circle));
        let spaces = [&index.everyone].into_iter().chain(spaces);
        spaces
            .map(|space| space.places.bytes())
            .chain([index.memberships.capacity()])
            .collect()
    }

    #[test]
    fn no_large_map_is_made_anew_unforeseen_and_few_changes_foresee_one() {
        for is_anywhere in [false, true] {
            let (mut index, mut foreseen, mut anew) = (Index::new(), 0, 0);
            let people: Vec<Person> = (0..12_000).map(|at| somebody(at, is_anywhere)).collect();
            let mut look = |pauses: bool, before: Vec<usize>, after: Vec<usize>| {
                // Not of a circle that was not there yet, or is gone. A table with room for a
                // quarter more takes more by one and a half bytes for each who is in it.
                let changed = before.len() == after.len()
                    && iter::zip(&before, &after)
                        .any(|(was, is)| was.abs_diff(*is) >= 2 * super::PEOPLE_MIN);
                assert!(pauses || !changed, "{before:?} {after:?}");
                foreseen += usize::from(pauses);
                anew += usize::from(changed);
            };
            for person in &people {
                let pauses = index.pauses_to_put(person.id, person.circles.iter().copied());
                let before = rooms(&index);
                index.upsert(person).expect("finite");
                look(pauses, before, rooms(&index));
            }
            for person in &people {
                let without = Person {
                    circles: BTreeSet::new(),
                    ..person.clone()
                };
                let pauses = index.pauses_to_put(without.id, []);
                let before = rooms(&index);
                index.upsert(&without).expect("finite");
                look(pauses, before, rooms(&index));
            }
            for person in &people {
                let pauses = index.pauses_to_remove(person.id);
                let before = rooms(&index);
                index.remove(person.id);
                look(pauses, before, rooms(&index));
            }
            assert!(anew >= 6, "{anew}");
            assert!(foreseen < 200, "{foreseen}");
        }
    }
}
