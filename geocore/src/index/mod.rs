//! The index: people by id, found by nearness.

mod arena;
mod block;
mod caps;
mod cube;
mod degrees;
mod detail;
mod directory;
mod far;
mod grid;
mod groups;
mod handles;
mod hexagons;
mod holes;
pub(crate) mod kernel;
mod keyed;
#[cfg(any(test, feature = "python"))]
mod late;
mod layout;
mod lens;
mod limits;
mod pages;
#[cfg(any(test, feature = "python"))]
mod pause;
mod piles;
mod query;
mod rank;
mod rows;
mod scattered;
mod search;
mod select;
mod snapshot;
#[cfg(any(test, feature = "sound"))]
mod sound;
mod space;
mod tally;
mod tidy;
mod tree;
mod vicinity;
mod way;

use std::collections::{BTreeSet, HashMap};
use std::iter;

pub use degrees::eight_points;
#[cfg(feature = "python")]
pub(crate) use late::Moving;
pub(crate) use layout::Record;
#[cfg(feature = "python")]
pub(crate) use pages::prefer_huge;
pub use query::{Filter, K_MAX, Neighbour};
#[cfg(feature = "python")]
pub(crate) use query::{KEPT_MAX, check_count};
use space::Space;

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
///     index.upsert(&Person {
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
#[derive(Clone, Debug)]
pub struct Index {
    everyone: Space,
    /// Members of each trust circle, laid out as everyone is: asking a circle costs what its
    /// size costs, whoever else is near.
    circles: HashMap<u64, Space>,
    /// Circles of each person who is in any, sorted.
    memberships: HashMap<u64, Box<[u64]>>,
}

impl Default for Index {
    fn default() -> Self {
        Self::new()
    }
}

impl Index {
    /// An index of nobody.
    #[must_use]
    pub fn new() -> Self {
        Self {
            everyone: Space::new(),
            circles: HashMap::new(),
            memberships: HashMap::new(),
        }
    }

    /// Puts a person in, or replaces all that was known of them.
    ///
    /// # Errors
    ///
    /// [`InvalidNumber`] when the time is not finite.
    pub fn upsert(&mut self, person: &Person) -> Result<(), Error> {
        check_time("at_s", person.at_s)?;
        let record = record_of(person);
        self.everyone.put(&record);
        self.join(&record, &person.circles);
        Ok(())
    }

    /// Puts many people in; all of them or, on an error, none.
    ///
    /// # Errors
    ///
    /// [`DuplicatePerson`] when an id comes twice, else as [`Index::upsert`].
    pub fn upsert_many(&mut self, people: &[Person]) -> Result<(), Error> {
        let records: Vec<Record> = people.iter().map(record_of).collect();
        // A time that is not known is NaN in a record, and no number to be refused.
        for person in people {
            check_time("at_s", person.at_s)?;
        }
        self.put_records(&records, people.iter().map(|person| &person.circles))
    }

    /// As [`Index::upsert_many`], of records with the circles of each, who is in none where
    /// there are no more; times must be finite or not known.
    pub(crate) fn put_records<'a>(
        &mut self,
        records: &[Record],
        circles: impl IntoIterator<Item = &'a BTreeSet<u64>>,
    ) -> Result<(), Error> {
        static NONE: BTreeSet<u64> = BTreeSet::new();
        // Ids that only rise, as they mostly come, need no sorting to be told apart.
        if !records.is_sorted_by(|a, b| a.id < b.id) {
            let mut ids: Vec<u64> = records.iter().map(|record| record.id).collect();
            ids.sort_unstable();
            if let Some(pair) = ids.windows(2).find(|pair| pair[0] == pair[1]) {
                return Err(DuplicatePerson { person: pair[0] }.into());
            }
        }
        self.everyone.put_many(records);
        let mut circles = circles.into_iter().peekable();
        if circles.peek().is_none() && self.memberships.is_empty() {
            return Ok(());
        }
        // Circle by circle, so that a new one is built and not grown.
        let mut joining: HashMap<u64, Vec<Record>> = HashMap::new();
        for (record, circles) in records.iter().zip(circles.chain(iter::repeat(&NONE))) {
            for circle in circles {
                joining.entry(*circle).or_default().push(*record);
            }
            self.belong(record.id, circles);
        }
        for (circle, records) in joining {
            self.circles
                .entry(circle)
                .or_insert_with(Space::new)
                .put_many(&records);
        }
        Ok(())
    }

    /// Moves a person whose circles and availability stay.
    ///
    /// # Errors
    ///
    /// [`UnknownPerson`], or [`InvalidNumber`] when the time is not finite.
    pub fn relocate(&mut self, person: u64, point: Point, at_s: Option<f64>) -> Result<(), Error> {
        check_time("at_s", at_s)?;
        let (xyz_m, at_s) = (point.xyz_m(), at_s.unwrap_or(f64::NAN));
        if !self.everyone.relocate(person, xyz_m, at_s) {
            return Err(UnknownPerson { person }.into());
        }
        if !self.memberships.is_empty() {
            for circle in self.memberships.get(&person).into_iter().flatten() {
                if let Some(members) = self.circles.get_mut(circle) {
                    members.relocate(person, xyz_m, at_s);
                }
            }
        }
        Ok(())
    }

    /// Takes a person out; false if there was none.
    pub fn remove(&mut self, person: u64) -> bool {
        if !self.everyone.remove(person) {
            return false;
        }
        for circle in self.forget_circles(person).into_iter().flatten() {
            self.leave(person, circle);
        }
        true
    }

    /// What is known of a person.
    #[must_use]
    pub fn get(&self, person: u64) -> Option<Person> {
        let record = self.everyone.record(self.everyone.find(person)?);
        Some(self.person_of(&record))
    }

    /// Whether a person is held.
    #[must_use]
    pub fn contains(&self, person: u64) -> bool {
        self.everyone.find(person).is_some()
    }

    /// How many people are held.
    #[must_use]
    pub fn len(&self) -> usize {
        self.everyone.len()
    }

    /// Whether nobody is held.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Counts for gauges.
    #[must_use]
    pub fn stats(&self) -> Stats {
        let circles: usize = self.circles.values().map(Space::bytes).sum();
        let lists: usize = self.memberships.values().map(|list| list.len() * 8).sum();
        Stats {
            people: self.len(),
            circles: self.circles.len(),
            bytes: self.everyone.bytes()
                + circles
                + lists
                + self.circles.capacity() * size_of::<(u64, Space)>()
                + self.memberships.capacity() * size_of::<(u64, Box<[u64]>)>(),
        }
    }

    /// Brings a person's circles up to date with what is now known of them.
    fn join(&mut self, record: &Record, circles: &BTreeSet<u64>) {
        for circle in circles {
            self.circles
                .entry(*circle)
                .or_insert_with(Space::new)
                .put(record);
        }
        self.belong(record.id, circles);
    }

    /// Writes down whose a person is now, and takes them out of all other circles.
    fn belong(&mut self, person: u64, circles: &BTreeSet<u64>) {
        if circles.is_empty() && self.memberships.is_empty() {
            return;
        }
        let before = if circles.is_empty() {
            self.forget_circles(person)
        } else {
            let now: Box<[u64]> = circles.iter().copied().collect();
            self.memberships.insert(person, now)
        };
        for circle in before.into_iter().flatten() {
            if !circles.contains(&circle) {
                self.leave(person, circle);
            }
        }
    }

    fn forget_circles(&mut self, person: u64) -> Option<Box<[u64]>> {
        let circles = self.memberships.remove(&person)?;
        if Self::is_too_large(self.memberships.capacity(), self.memberships.len()) {
            self.memberships.shrink_to(2 * self.memberships.len());
        }
        Some(circles)
    }

    /// Whether a map with this room gives most of it back for so many.
    const fn is_too_large(room: usize, many: usize) -> bool {
        room > 8 * many + 64
    }

    fn leave(&mut self, person: u64, circle: u64) {
        if let Some(members) = self.circles.get_mut(&circle) {
            members.remove(person);
            if members.len() == 0 {
                self.circles.remove(&circle);
                // A map keeps its room: what thousands of circles took is given back.
                if Self::is_too_large(self.circles.capacity(), self.circles.len()) {
                    self.circles.shrink_to(2 * self.circles.len());
                }
            }
        }
    }

    fn person_of(&self, record: &Record) -> Person {
        let circles = self.memberships.get(&record.id);
        Person {
            id: record.id,
            point: Point::from_surface(record.xyz_m),
            at_s: (!record.at_s.is_nan()).then_some(record.at_s),
            available: record.available,
            circles: circles.into_iter().flatten().copied().collect(),
        }
    }
}

fn record_of(person: &Person) -> Record {
    Record {
        id: person.id,
        xyz_m: person.point.xyz_m(),
        at_s: person.at_s.unwrap_or(f64::NAN),
        available: person.available,
    }
}

pub(crate) fn check_time(argument: &'static str, time_s: Option<f64>) -> Result<(), InvalidNumber> {
    match time_s {
        Some(value) if !value.is_finite() => Err(InvalidNumber {
            argument,
            value,
            reason: "is not finite",
        }),
        _ => Ok(()),
    }
}
