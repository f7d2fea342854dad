//! Where everyone lies: listed by ids that count up, scattered by a hash of others.
//!
//! Ids that a database has counted up lie close together, so that a list with a place for each
//! is smaller than a hash table. And it proves what it says: a slot is one id's alone, where a
//! hash table without ids has to look at the place itself, and so to wait for memory once more.

use super::handles::Place;
use super::kernel::prefetch;
use super::pages::prefer_huge;
use super::scattered::Scattered;

/// A list has somebody in three of four slots, when it is made.
const SLOTS_A_PERSON: (usize, usize) = (4, 3);

/// Slots beyond a quarter more than are needed, in a list that grows.
const SPARE: usize = 12;

/// A directory that takes more bytes a person than this, beside some for few, was made for
/// more: three times what ids that lie anywhere take.
const ROOM_BYTES: (usize, usize) = (24, 1_024);

/// Places by id.
#[derive(Clone, Debug)]
pub(super) struct Directory {
    /// By id, [`Place::NONE`] where nobody has it.
    listed: Vec<Place>,
    /// How many of them are somebody's.
    in_list: usize,
    scattered: Scattered,
    /// How many more may come without a slot before ids are parted anew into these two.
    until_parted: usize,
}

impl Directory {
    pub(super) const fn new() -> Self {
        Self {
            listed: Vec::new(),
            in_list: 0,
            scattered: Scattered::new(),
            until_parted: 0,
        }
    }

    /// An empty directory with room for these people.
    pub(super) fn with_room(ids: impl ExactSizeIterator<Item = u64>) -> Self {
        let parts = Parts::of(ids.len(), ids);
        Self::parted(&parts, parts.slots, parts.people - parts.listed)
    }

    fn parted(parts: &Parts, slots: usize, scattered: usize) -> Self {
        let mut listed = Vec::with_capacity(slots);
        prefer_huge(&listed);
        listed.resize(slots, Place::NONE);
        Self {
            listed,
            in_list: 0,
            scattered: Scattered::with_room(scattered),
            until_parted: parts.people / 4,
        }
    }

    pub(super) fn len(&self) -> usize {
        self.in_list + self.scattered.len()
    }

    pub(super) fn places(&self) -> impl Iterator<Item = Place> {
        let listed = self.listed.iter().copied();
        listed
            .filter(|place| *place != Place::NONE)
            .chain(self.scattered.places())
    }

    /// Asks for where the search for an id begins.
    #[inline]
    pub(super) fn prefetch(&self, id: u64) {
        if let Some(slot) = slot_of(id).and_then(|at| self.listed.get(at)) {
            prefetch(slot);
        } else if let Some(bucket) = self.scattered.first_bucket(id) {
            prefetch(bucket);
        }
    }

    /// The place of an id that is somebody's beyond doubt, whoever lies there.
    #[cfg(any(test, feature = "python"))]
    #[inline]
    pub(super) fn proven(&self, id: u64) -> Option<Place> {
        self.slot(id).filter(|place| *place != Place::NONE)
    }

    /// The first place that an id may have.
    #[inline]
    pub(super) fn guess(&self, id: u64) -> Option<Place> {
        match self.slot(id) {
            Some(place) => (place != Place::NONE).then_some(place),
            None => self.scattered.guess(id),
        }
    }

    /// The place of an id; `has_it` says whether it is the id of a place.
    #[inline]
    pub(super) fn find(&self, id: u64, has_it: impl Fn(Place) -> bool) -> Option<Place> {
        match self.slot(id) {
            Some(place) => (place != Place::NONE).then_some(place),
            None => self.scattered.find(id, has_it),
        }
    }

    /// Adds an id that is not there; `id_of` gives the id of a place.
    pub(super) fn insert(&mut self, id: u64, place: Place, id_of: impl Fn(Place) -> u64) {
        if self.slot(id).is_none() {
            if self.until_parted == 0 && self.scattered.is_full() {
                self.part(Some(id), &id_of);
            }
            self.until_parted = self.until_parted.saturating_sub(1);
        }
        self.put(id, place, id_of);
    }

    /// Gives back what most of the people took, once they are gone.
    #[inline]
    pub(super) fn fit(&mut self, id_of: impl Fn(Place) -> u64) {
        let (a_person, more) = ROOM_BYTES;
        if self.bytes().saturating_sub(more) / a_person > self.len() {
            self.part(None, &id_of);
        }
    }

    /// Takes an id and its place out.
    pub(super) fn remove(&mut self, id: u64, place: Place) {
        match self.slot_mut(id) {
            None => _ = self.scattered.remove(id, place),
            Some(slot) => {
                if *slot == place {
                    *slot = Place::NONE;
                    self.in_list -= 1;
                }
            }
        }
    }

    /// Notes that a person lies elsewhere now.
    pub(super) fn repoint(&mut self, id: u64, from: Place, to: Place) {
        match self.slot_mut(id) {
            None => self.scattered.repoint(id, from, to),
            Some(slot) if *slot == from => *slot = to,
            Some(_) => {}
        }
    }

    pub(super) fn bytes(&self) -> usize {
        self.listed.capacity() * size_of::<Place>() + self.scattered.bytes()
    }

    /// The list's slot for an id, somebody's or not; none where it is too short.
    #[inline]
    fn slot(&self, id: u64) -> Option<Place> {
        self.listed.get(slot_of(id)?).copied()
    }

    #[inline]
    fn slot_mut(&mut self, id: u64) -> Option<&mut Place> {
        self.listed.get_mut(slot_of(id)?)
    }

    fn put(&mut self, id: u64, place: Place, id_of: impl Fn(Place) -> u64) {
        if let Some(slot) = self.slot_mut(id) {
            *slot = place;
            self.in_list += 1;
        } else {
            self.scattered.insert(id, place, id_of);
        }
    }

    /// Parts the ids anew, with one who is to come: each time so many have come without a slot
    /// as a quarter of the people, so that it costs each of them a few looks; and when most
    /// are gone, who pay for it.
    #[cold]
    fn part(&mut self, newcomer: Option<u64>, id_of: &impl Fn(Place) -> u64) {
        let people = self.len() + usize::from(newcomer.is_some());
        let ids = self.known(id_of).map(|(id, _)| id).chain(newcomer);
        let parts = Parts::of(people, ids);
        let slots = match parts.slots {
            0 => 0,
            slots => slots + slots / 4 + SPARE,
        };
        let mut anew = Self::parted(&parts, slots, (parts.people - parts.listed) * 5 / 4);
        for (id, place) in self.known(id_of) {
            anew.put(id, place, id_of);
        }
        *self = anew;
    }

    /// Everyone, of whom only those without a slot have to be looked at.
    fn known(&self, id_of: &impl Fn(Place) -> u64) -> impl Iterator<Item = (u64, Place)> {
        let listed = (0..).zip(self.listed.iter().copied());
        listed
            .filter(|(_, place)| *place != Place::NONE)
            .chain(self.scattered.places().map(|place| (id_of(place), place)))
    }
}

/// Which of some ids are worth a list.
struct Parts {
    people: usize,
    /// How many are in it.
    listed: usize,
    /// One more than the greatest of them.
    slots: usize,
}

impl Parts {
    fn of(people: usize, ids: impl Iterator<Item = u64>) -> Self {
        let (slots_of, people_of) = SLOTS_A_PERSON;
        let most = people * slots_of / people_of;
        let below = ids.filter_map(slot_of).filter(|slot| *slot < most);
        let (listed, slots) = below.fold((0, 0), |(count, slots): (usize, usize), slot| {
            (count + 1, slots.max(slot + 1))
        });
        if listed * slots_of >= slots * people_of {
            Self {
                people,
                listed,
                slots,
            }
        } else {
            Self {
                people,
                listed: 0,
                slots: 0,
            }
        }
    }
}

/// Where an id is in a list, if one could be as long.
#[inline]
fn slot_of(id: u64) -> Option<usize> {
    usize::try_from(id).ok()
}

#[cfg(test)]
mod tests;
