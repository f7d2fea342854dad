//! The index: people by id, found by nearness.

mod query;
mod rank;
mod snapshot;

use std::collections::{BTreeSet, HashMap};

pub use query::{Filter, K_MAX, Neighbour};

use crate::error::{DuplicatePerson, Error, InvalidNumber, UnknownPerson};
use crate::point::Point;

/// What is known of a person.
#[derive(Clone, Debug, PartialEq)]
pub struct Person {
    /// The caller's id.
    pub id: u64,
    /// The last fix.
    pub point: Point,
    /// Seconds on the caller's clock at the fix, if known.
    pub at_s: Option<f64>,
    /// Whether the person can go.
    pub available: bool,
    /// Trust circles, by the caller's number.
    pub circles: BTreeSet<u64>,
}

/// Counts of an index, for gauges.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    /// People held.
    pub people: usize,
    /// Trust circles with at least one member.
    pub circles: usize,
    /// Bytes held in structures.
    pub bytes: usize,
}

/// People, findable by nearness in the geodesic's order.
///
/// ```
/// use geocore::{Filter, Index, Person, Point};
/// let mut index = Index::new();
/// for (id, lon_deg) in [(7, 18.0), (8, 19.0)] {
///     index.upsert(Person {
///         id,
///         point: Point::new(59.0, lon_deg)?,
///         at_s: None,
///         available: true,
///         circles: [].into(),
///     })?;
/// }
/// let found = index.nearest(&Point::new(59.0, 18.9)?, 1, &Filter::default())?;
/// assert_eq!(found[0].person, 8);
/// # Ok::<(), geocore::Error>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Index {
    people: Vec<Person>,
    slots: HashMap<u64, usize>,
}

impl Index {
    /// An index of nobody.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Puts a person in, or replaces all that was known of them.
    ///
    /// # Errors
    ///
    /// [`InvalidNumber`] when the time is not finite.
    pub fn upsert(&mut self, person: Person) -> Result<(), Error> {
        check_time(person.at_s)?;
        self.put(person);
        Ok(())
    }

    /// Puts many people in; all of them or, on an error, none.
    ///
    /// # Errors
    ///
    /// [`DuplicatePerson`] when an id comes twice, else as [`Index::upsert`].
    pub fn upsert_many(&mut self, people: Vec<Person>) -> Result<(), Error> {
        let mut seen = std::collections::HashSet::with_capacity(people.len());
        for person in &people {
            check_time(person.at_s)?;
            if !seen.insert(person.id) {
                return Err(DuplicatePerson { person: person.id }.into());
            }
        }
        for person in people {
            self.put(person);
        }
        Ok(())
    }

    /// Moves a person whose circles and availability stay.
    ///
    /// # Errors
    ///
    /// [`UnknownPerson`], or [`InvalidNumber`] when the time is not finite.
    pub fn relocate(&mut self, person: u64, point: Point, at_s: Option<f64>) -> Result<(), Error> {
        check_time(at_s)?;
        let slot = *self.slots.get(&person).ok_or(UnknownPerson { person })?;
        self.people[slot].point = point;
        self.people[slot].at_s = at_s;
        Ok(())
    }

    /// Takes a person out; false if there was none.
    pub fn remove(&mut self, person: u64) -> bool {
        let Some(slot) = self.slots.remove(&person) else {
            return false;
        };
        self.people.swap_remove(slot);
        if let Some(moved) = self.people.get(slot) {
            self.slots.insert(moved.id, slot);
        }
        true
    }

    /// What is known of a person.
    #[must_use]
    pub fn get(&self, person: u64) -> Option<Person> {
        self.slots
            .get(&person)
            .map(|slot| self.people[*slot].clone())
    }

    /// Whether a person is held.
    #[must_use]
    pub fn contains(&self, person: u64) -> bool {
        self.slots.contains_key(&person)
    }

    /// How many people are held.
    #[must_use]
    pub fn len(&self) -> usize {
        self.people.len()
    }

    /// Whether nobody is held.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.people.is_empty()
    }

    /// Counts for gauges.
    #[must_use]
    pub fn stats(&self) -> Stats {
        let circles: BTreeSet<u64> = self
            .people
            .iter()
            .flat_map(|person| person.circles.iter().copied())
            .collect();
        Stats {
            people: self.people.len(),
            circles: circles.len(),
            bytes: self.people.capacity() * size_of::<Person>()
                + self.slots.capacity() * size_of::<(u64, usize)>(),
        }
    }

    fn put(&mut self, person: Person) {
        if let Some(slot) = self.slots.get(&person.id) {
            self.people[*slot] = person;
        } else {
            self.slots.insert(person.id, self.people.len());
            self.people.push(person);
        }
    }
}

fn check_time(at_s: Option<f64>) -> Result<(), InvalidNumber> {
    match at_s {
        Some(value) if !value.is_finite() => Err(InvalidNumber {
            argument: "at_s",
            value,
            reason: "is not finite",
        }),
        _ => Ok(()),
    }
}
