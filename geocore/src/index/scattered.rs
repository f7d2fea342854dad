//! Where people of any ids lie: a hash table of places, mostly one cache line a look-up.
//!
//! It holds no ids: whoever asks says whether a place is the right one. Buckets fill up to
//! seven eighths whatever their number is, where a table of a power of two is half empty on
//! average; that is 6.1 bytes a person after a build, and up to 7.6 after growing.

use super::handles::Place;
use super::pages::prefer_huge;
#[cfg(target_arch = "x86_64")]
use crate::raw::equal;
#[cfg(not(target_arch = "x86_64"))]
use equal_portable as equal;

/// Places in a bucket.
const ROOM: usize = 12;

/// Twice the mean number of places in a bucket above which the table grows.
const TWICE_FULL: usize = 21;

/// A slot of nobody.
const VACANT: u8 = 0;

/// One cache line.
#[derive(Clone, Debug)]
#[repr(C, align(64))]
pub(super) struct Bucket {
    places: [Place; ROOM],
    /// Eight bits of each place's hash, or [`VACANT`].
    tags: [u8; ROOM],
    /// How many found this bucket full and lie in a later one.
    passed: u32,
}

impl Bucket {
    const EMPTY: Self = Self {
        places: [Place::NONE; ROOM],
        tags: [VACANT; ROOM],
        passed: 0,
    };

    /// One bit for each slot with this tag.
    #[inline]
    fn matches(&self, tag: u8) -> u16 {
        let mut tags = [0; 16];
        tags[..ROOM].copy_from_slice(&self.tags);
        equal(tags, tag) & ((1 << ROOM) - 1)
    }
}

/// One bit for each of sixteen bytes that is the same as another.
#[cfg(any(test, not(target_arch = "x86_64")))]
fn equal_portable(bytes: [u8; 16], other: u8) -> u16 {
    let bits = bytes.iter().zip(0..);
    bits.map(|(byte, at)| u16::from(*byte == other) << at).sum()
}

/// Places by ids that lie anywhere.
#[derive(Clone, Debug)]
pub(super) struct Scattered {
    buckets: Vec<Bucket>,
    len: usize,
}

impl Scattered {
    pub(super) const fn new() -> Self {
        Self {
            buckets: Vec::new(),
            len: 0,
        }
    }

    /// An empty one with room for so many people.
    pub(super) fn with_room(people: usize) -> Self {
        let room = (people * 2).div_ceil(TWICE_FULL);
        let mut buckets = Vec::with_capacity(room);
        prefer_huge(&buckets);
        buckets.resize(room, Bucket::EMPTY);
        Self { buckets, len: 0 }
    }

    pub(super) fn len(&self) -> usize {
        self.len
    }

    pub(super) fn places(&self) -> impl Iterator<Item = Place> {
        self.buckets.iter().flat_map(|bucket| {
            let slots = bucket.places.iter().zip(bucket.tags);
            slots
                .filter(|(_, tag)| *tag != VACANT)
                .map(|(place, _)| *place)
        })
    }

    /// The bucket where the search for an id begins, to be asked for early.
    #[inline]
    pub(super) fn first_bucket(&self, id: u64) -> Option<&Bucket> {
        self.buckets.get(self.home(hash_of(id)))
    }

    /// The first place that an id may have, in its first bucket.
    #[inline]
    pub(super) fn guess(&self, id: u64) -> Option<Place> {
        let hash = hash_of(id);
        let bucket = self.buckets.get(self.home(hash))?;
        let matches = bucket.matches(tag_of(hash));
        bucket
            .places
            .get(matches.trailing_zeros() as usize)
            .copied()
    }

    /// The place of an id, of those that are its.
    #[inline]
    pub(super) fn find(&self, id: u64, is_it: impl Fn(Place) -> bool) -> Option<Place> {
        let (at, slot) = self.slot_of(id, is_it)?;
        Some(self.buckets[at].places[slot])
    }

    /// Whether the next one needs a wider table.
    #[inline]
    pub(super) fn is_full(&self) -> bool {
        self.len * 2 >= self.buckets.len() * TWICE_FULL
    }

    /// Adds an id that is not there; `id_of` gives the id of a place.
    pub(super) fn insert(&mut self, id: u64, place: Place, id_of: impl Fn(Place) -> u64) {
        if self.is_full() {
            let mut wider = Self::with_room((self.len + 1) * 5 / 4);
            for known in self.places() {
                wider.put(id_of(known), known);
            }
            *self = wider;
        }
        self.put(id, place);
    }

    /// Takes an id and its place out; false if they were not there.
    pub(super) fn remove(&mut self, id: u64, place: Place) -> bool {
        let Some((found, slot)) = self.slot_of(id, |known| known == place) else {
            return false;
        };
        self.buckets[found].tags[slot] = VACANT;
        self.len -= 1;
        let mut at = self.home(hash_of(id));
        while at != found {
            self.buckets[at].passed -= 1;
            at = self.next(at);
        }
        true
    }

    /// Notes that a person lies elsewhere now.
    pub(super) fn repoint(&mut self, id: u64, from: Place, to: Place) {
        if let Some((at, slot)) = self.slot_of(id, |known| known == from) {
            self.buckets[at].places[slot] = to;
        }
    }

    pub(super) fn bytes(&self) -> usize {
        self.buckets.capacity() * size_of::<Bucket>()
    }

    #[inline]
    fn slot_of(&self, id: u64, is_it: impl Fn(Place) -> bool) -> Option<(usize, usize)> {
        let hash = hash_of(id);
        let home = self.home(hash);
        let mut at = home;
        loop {
            let bucket = self.buckets.get(at)?;
            let mut matches = bucket.matches(tag_of(hash));
            while matches != 0 {
                let slot = matches.trailing_zeros() as usize;
                matches &= matches - 1;
                if is_it(bucket.places[slot]) {
                    return Some((at, slot));
                }
            }
            if bucket.passed == 0 {
                return None;
            }
            at = self.next(at);
            // Each may have been passed: full once, and not all of them at the same time.
            if at == home {
                return None;
            }
        }
    }

    fn put(&mut self, id: u64, place: Place) {
        let hash = hash_of(id);
        let mut at = self.home(hash);
        loop {
            let bucket = &mut self.buckets[at];
            let vacant = bucket.matches(VACANT);
            if vacant != 0 {
                let slot = vacant.trailing_zeros() as usize;
                bucket.tags[slot] = tag_of(hash);
                bucket.places[slot] = place;
                self.len += 1;
                return;
            }
            bucket.passed += 1;
            at = self.next(at);
        }
    }

    #[inline]
    fn home(&self, hash: u64) -> usize {
        #[expect(
            clippy::cast_possible_truncation,
            reason = "below the number of buckets"
        )]
        let home = ((u128::from(hash) * self.buckets.len() as u128) >> 64) as usize;
        home
    }

    #[inline]
    fn next(&self, at: usize) -> usize {
        if at + 1 == self.buckets.len() {
            0
        } else {
            at + 1
        }
    }
}

/// Spreads ids that count up over all bits; Fibonacci hashing, folded.
#[inline]
fn hash_of(id: u64) -> u64 {
    let spread = id.wrapping_mul(0x9E37_79B9_7F4A_7C15);
    (spread ^ (spread >> 32)).wrapping_mul(0xD6E8_FEB8_6659_FD93)
}

/// The lowest byte: the bucket is decided by the highest ones.
#[inline]
fn tag_of(hash: u64) -> u8 {
    hash.to_le_bytes()[0].max(VACANT + 1)
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::collections::BTreeMap;

    use super::*;

    fn place(number: u32) -> Place {
        Place::from_bits(number)
    }

    #[test]
    fn a_tag_is_found_in_each_slot_that_has_it() {
        const TAGS: [u8; 5] = [VACANT, 1, 0x80, 0x81, 0xFF];
        let mut state = 9_u64;
        for _ in 0..20_000 {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            let mut bucket = Bucket::EMPTY;
            // Of few tags, so that many are the same; and those that differ in one bit.
            for (slot, tag) in bucket.tags.iter_mut().enumerate() {
                *tag = TAGS[usize::from((state >> (slot * 3 + 20)).to_le_bytes()[0] % 5)];
            }
            bucket.passed = u32::MAX;
            for tag in [VACANT, 1, 0x80, 0x81, 0xFF, 0x7F] {
                let has_it = |slot: &usize| bucket.tags[*slot] == tag;
                let expected: u16 = (0..ROOM).filter(has_it).map(|slot| 1 << slot).sum();
                assert_eq!(bucket.matches(tag), expected, "{:?}", bucket.tags);
                let mut tags = [tag; 16];
                tags[..ROOM].copy_from_slice(&bucket.tags);
                assert_eq!(equal(tags, tag), equal_portable(tags, tag), "{tags:?}");
            }
        }
    }

    #[test]
    fn who_is_alone_with_a_tag_is_guessed_and_who_is_not_there_mostly_is_nobody() {
        let mut table = Scattered::with_room(1_000);
        for id in 0..1_000 {
            table.insert(id.into(), place(id), |known| u64::from(known.bits()));
        }
        let is_right = |id: &u32| table.guess(u64::from(*id)) == Some(place(*id));
        assert!((0..1_000).filter(is_right).count() > 800);
        let wrong = (1_000..2_000).filter(|id| table.guess(*id).is_some());
        assert!(wrong.count() < 100);
        assert_eq!(Scattered::new().guess(7), None);
    }

    #[test]
    fn it_knows_whom_a_map_knows_whatever_came_before() {
        let mut table = Scattered::new();
        let mut ids: BTreeMap<u32, u64> = BTreeMap::new();
        let mut state = 5_u64;
        for round in 0..60_000_u32 {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            let goes = (state >> 33).is_multiple_of(if round < 30_000 { 3 } else { 2 });
            if goes && let Some((number, id)) = ids.pop_first() {
                table.remove(id, place(number));
            } else {
                let id = u64::from(round).wrapping_mul(if round % 2 == 0 { 1 } else { 1 << 40 });
                table.insert(id, place(round), |known| ids[&known.bits()]);
                ids.insert(round, id);
            }
            if round % 997 == 0 {
                check(&table, &ids);
            }
        }
        check(&table, &ids);
        for (number, id) in &ids {
            table.remove(*id, place(*number));
        }
        assert!(table.buckets.iter().all(|bucket| bucket.passed == 0));
    }

    #[test]
    fn whoever_is_not_there_is_looked_for_once_round_also_where_all_were_passed() {
        let mut table = Scattered::with_room(20);
        let home = |id: u32| table.home(hash_of(id.into()));
        let (first, second): (Vec<u32>, Vec<u32>) = (0..1_000).partition(|id| home(*id) == 0);
        let put = |table: &mut Scattered, ids: &[u32]| {
            for id in ids {
                table.insert((*id).into(), place(*id), |known| known.bits().into());
            }
        };
        put(&mut table, &first[..=ROOM]);
        for id in &first[..8] {
            table.remove((*id).into(), place(*id));
        }
        put(&mut table, &second[..ROOM]);
        assert_eq!(table.buckets.len(), 2);
        assert!(table.buckets.iter().all(|bucket| bucket.passed > 0));
        let is_like = |id: &u32| tag_of(hash_of((*id).into())) == tag_of(hash_of(second[0].into()));
        let looks = Cell::new(0);
        let absent = (1_000..99_000).find(is_like).expect("one in 256");
        let found = table.find(absent.into(), |_| {
            looks.set(looks.get() + 1);
            assert!(looks.get() <= 2 * ROOM, "round and round");
            false
        });
        assert_eq!(found, None);
        assert!(looks.get() > 0);
    }

    fn check(table: &Scattered, ids: &BTreeMap<u32, u64>) {
        assert_eq!(table.len(), ids.len());
        assert_eq!(table.places().count(), ids.len());
        for (number, id) in ids {
            let found = table.find(*id, |known| ids.get(&known.bits()) == Some(id));
            assert_eq!(found, Some(place(*number)));
            assert_eq!(table.find(*id, |_| false), None);
        }
    }

    #[test]
    fn a_built_one_has_its_ids_in_seven_bytes_each() {
        let mut table = Scattered::with_room(100_000);
        for number in 0..100_000 {
            table.insert(u64::from(number), place(number), |known| {
                u64::from(known.bits())
            });
        }
        assert!(table.bytes() < 700_000);
        let passed: u32 = table.buckets.iter().map(|bucket| bucket.passed).sum();
        assert!(passed < 30_000, "{passed}");
    }
}
