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

/// So many ids at most are looked at to find where most of them lie close together.
const SAMPLE: usize = 1_024;

/// Slots beyond a quarter more than are needed, in a list that grows.
const SPARE: usize = 12;

/// A directory that takes more bytes a person than this, beside some for few, was made for
/// more: three times what ids that lie anywhere take.
const ROOM_BYTES: (usize, usize) = (24, 1_024);

/// Places by id.
#[derive(Clone, Debug)]
pub(super) struct Directory {
    /// By id from `first` on, [`Place::NONE`] where nobody has it.
    listed: Vec<Place>,
    first: u64,
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
            first: 0,
            in_list: 0,
            scattered: Scattered::new(),
            until_parted: 0,
        }
    }

    /// An empty directory with room for these people.
    pub(super) fn with_room(ids: impl ExactSizeIterator<Item = u64> + Clone) -> Self {
        let some = ids.clone().step_by(stride(ids.len()));
        let parts = Parts::of(ids.len(), some.collect(), ids);
        Self::parted(&parts, parts.slots, parts.people - parts.listed)
    }

    fn parted(parts: &Parts, slots: usize, scattered: usize) -> Self {
        let mut listed = Vec::with_capacity(slots);
        prefer_huge(&listed);
        listed.resize(slots, Place::NONE);
        Self {
            listed,
            first: parts.first,
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
        if let Some(slot) = self.slot_of(id).and_then(|at| self.listed.get(at)) {
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

    /// How many are to be put anew where this id comes, who is not there.
    #[cfg(any(test, feature = "python"))]
    pub(super) fn made_anew_for(&self, id: u64) -> usize {
        if self.slot(id).is_some() || !self.scattered.is_full() {
            0
        } else if self.until_parted == 0 {
            self.len()
        } else {
            self.scattered.len()
        }
    }

    /// Whether it is to be made anew once so many are left.
    #[inline]
    pub(super) fn is_too_large_for(&self, people: usize) -> bool {
        let (a_person, more) = ROOM_BYTES;
        self.bytes().saturating_sub(more) / a_person > people
    }

    /// Gives back what most of the people took, once they are gone.
    #[inline]
    pub(super) fn fit(&mut self, id_of: impl Fn(Place) -> u64) {
        if self.is_too_large_for(self.len()) {
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
        self.listed.get(self.slot_of(id)?).copied()
    }

    #[inline]
    fn slot_mut(&mut self, id: u64) -> Option<&mut Place> {
        let at = self.slot_of(id)?;
        self.listed.get_mut(at)
    }

    /// Where an id is in the list, if that is long enough; of ids below it, far beyond.
    #[inline]
    fn slot_of(&self, id: u64) -> Option<usize> {
        usize::try_from(id.wrapping_sub(self.first)).ok()
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
        let parts = Parts::of(people, self.some(people, id_of), ids);
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

    /// The ids of a few, of whom only those without a slot have to be looked at.
    fn some(&self, people: usize, id_of: &impl Fn(Place) -> u64) -> Vec<u64> {
        let stride = stride(people);
        let listed = self.listed_ids().step_by(stride).map(|(id, _)| id);
        let scattered = self.scattered.places().step_by(stride);
        listed.chain(scattered.map(id_of)).collect()
    }

    /// Everyone, of whom only those without a slot have to be looked at.
    fn known(&self, id_of: &impl Fn(Place) -> u64) -> impl Iterator<Item = (u64, Place)> {
        let scattered = self.scattered.places();
        self.listed_ids()
            .chain(scattered.map(|place| (id_of(place), place)))
    }

    /// Who has a slot of the list, by ids.
    fn listed_ids(&self) -> impl Iterator<Item = (u64, Place)> {
        let slots = (0..).zip(self.listed.iter().copied());
        slots
            .filter(|(_, place)| *place != Place::NONE)
            .map(|(at, place)| (self.first.wrapping_add(at), place))
    }
}

/// Which of some ids are worth a list.
struct Parts {
    people: usize,
    /// How many are in it.
    listed: usize,
    /// The id of its first slot.
    first: u64,
    slots: usize,
}

impl Parts {
    /// Parts ids, of which `some` are a sample.
    fn of(people: usize, some: Vec<u64>, ids: impl Iterator<Item = u64>) -> Self {
        let (slots_of, people_of) = SLOTS_A_PERSON;
        let width = (people * slots_of / people_of) as u64;
        // Those who come before the first of the sample, but for a few in ten thousand times.
        let before = 8 * (stride(people) - 1) as u64;
        let from = closest(some, width).saturating_sub(before);
        let close = ids.filter(|id| id.wrapping_sub(from) < width);
        let (listed, least, greatest) = close
            .fold((0, u64::MAX, 0), |(count, least, greatest), id| {
                (count + 1, id.min(least), id.max(greatest))
            });
        let may_be = listed * slots_of / people_of;
        let list_from = |first| {
            let further = usize::try_from(greatest.checked_sub(first)?).ok()?;
            (further < may_be).then(|| (first, further + 1))
        };
        // From 0 where that is no longer than a list may be: who is missing there may come.
        // From elsewhere for most of them alone: a few are close to each other anywhere.
        let are_most = listed * 2 > people;
        let elsewhere = || list_from(least).filter(|_| are_most);
        let (first, slots) = list_from(0).or_else(elsewhere).unwrap_or((0, 0));
        Self {
            people,
            listed: if slots == 0 { 0 } else { listed },
            first,
            slots,
        }
    }
}

/// Of how many people one is in a sample.
const fn stride(people: usize) -> usize {
    match people.div_ceil(SAMPLE) {
        0 => 1,
        stride => stride,
    }
}

/// The first of those ids of which the most are less than `width` apart.
fn closest(mut ids: Vec<u64>, width: u64) -> u64 {
    ids.sort_unstable();
    let (mut first, mut most, mut end) = (0, 0, 0);
    for (at, id) in ids.iter().enumerate() {
        while ids.get(end).is_some_and(|other| other - id < width) {
            end += 1;
        }
        if end - at > most {
            (first, most) = (*id, end - at);
        }
    }
    first
}

#[cfg(test)]
mod tests;
