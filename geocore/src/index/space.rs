//! A set of people in space: everyone, or one trust circle.

use super::arena::Arena;
use super::directory::Directory;
use super::groups::Groups;
use super::handles::{Child, Class, Entry, Place};
use super::layout::{Chunks, LANES, Leaf, Record};
use super::pages::push;
use super::tree::Node;

/// Above so many people a tree takes over from a scan of all.
pub(super) const FLAT_MAX: usize = LEAF_MAX;

/// Below so many people a tree becomes a scan again.
const FLAT_MIN: usize = 192;

/// A leaf above this is split, unless its cell is the finest: as many as are scanned together.
/// Every leaf has a group that is half empty on average, so that larger ones take less memory.
pub(super) const LEAF_MAX: usize = 448;

/// People who are looked for together before any is written.
const BATCH: usize = 16;

/// Up to so many people lie near enough to a processor that nobody need be guessed at.
const NEARBY_MAX: usize = 4_096;

/// People with an id to place map and a tree, or for few of them one leaf.
#[derive(Clone, Debug)]
pub(super) struct Space {
    pub(super) groups: Groups,
    pub(super) chunks: Chunks,
    pub(super) free_leaves: Vec<u32>,
    pub(super) nodes: Vec<Node>,
    pub(super) free_nodes: Vec<u32>,
    pub(super) root: Child,
    pub(super) places: Directory,
}

impl Space {
    pub(super) fn new() -> Self {
        let mut space = Self {
            groups: Groups::wide(),
            chunks: Arena::new(),
            free_leaves: Vec::new(),
            nodes: Vec::new(),
            free_nodes: Vec::new(),
            root: Child::NONE,
            places: Directory::new(),
        };
        space.root = space.new_leaf(0);
        space
    }

    pub(super) fn len(&self) -> usize {
        self.places.len()
    }

    /// Whether all lie in one leaf.
    pub(super) fn is_flat(&self) -> bool {
        self.root.is_leaf()
    }

    #[inline]
    pub(super) fn find(&self, id: u64) -> Option<Place> {
        self.groups.find(&self.places, id)
    }

    pub(super) fn record(&self, place: Place) -> Record {
        self.groups.record(place)
    }

    pub(super) fn records(&self) -> impl Iterator<Item = Record> {
        self.places.places().map(|place| self.record(place))
    }

    /// Puts a person in, or replaces what was known.
    pub(super) fn put(&mut self, record: &Record) {
        if let Some(place) = self.find(record.id) {
            self.rewrite(place, record);
        } else {
            self.insert(record);
            self.tidy();
        }
    }

    /// Puts many people with different ids in.
    pub(super) fn put_many(&mut self, records: &[Record]) {
        // Many newcomers are cheaper to build in than to insert one by one.
        if self.len() == 0 {
            self.build(records);
        } else if records.len() > FLAT_MAX && records.len() > self.len() {
            let given: std::collections::HashSet<u64> =
                records.iter().map(|record| record.id).collect();
            let kept = self.records().filter(|kept| !given.contains(&kept.id));
            let all: Vec<Record> = kept.chain(records.iter().copied()).collect();
            self.build(&all);
        } else {
            for batch in records.chunks(BATCH) {
                self.put_batch(batch);
            }
        }
    }

    /// Finds everyone first and writes then: the cache misses of one person's search
    /// overlap with the next one's, while writes would wait for each other.
    fn put_batch(&mut self, batch: &[Record]) {
        let mut found = [None; BATCH];
        self.expect(batch.iter().map(|record| record.id));
        if self.len() > NEARBY_MAX {
            for record in batch {
                if let Some(place) = self.places.guess(record.id) {
                    self.groups.prefetch_person(place);
                }
            }
        }
        for (place, record) in found.iter_mut().zip(batch) {
            *place = self.find(record.id);
            if let Some(place) = *place {
                self.groups.prefetch_person(place);
            }
        }
        let mut stirred = false;
        for (place, record) in found.iter().zip(batch) {
            match place {
                // A newcomer's split, or a leaver's gap, may have moved others meanwhile.
                Some(place) if !stirred || self.find(record.id) == Some(*place) => {
                    stirred |= !self.rewrite(*place, record);
                }
                _ => {
                    stirred = true;
                    self.put(record);
                }
            }
        }
    }

    /// Asks for where the map has people, or will.
    pub(super) fn expect(&self, people: impl Iterator<Item = u64>) {
        for id in people {
            self.places.prefetch(id);
        }
    }

    /// Whether the map proves that it has a person; all that a move of theirs writes is then
    /// asked for.
    #[cfg(any(test, feature = "python"))]
    #[inline]
    pub(super) fn foresees(&self, id: u64) -> bool {
        let place = self.places.proven(id);
        if let Some(place) = place {
            self.groups.prefetch_person(place);
        }
        place.is_some()
    }

    /// Moves a person; false if there is none.
    pub(super) fn relocate(&mut self, id: u64, xyz_m: [f64; 3], at_s: f64) -> bool {
        let Some(place) = self.find(id) else {
            return false;
        };
        let record = Record {
            id,
            xyz_m,
            at_s,
            available: self.groups.is_available(place),
        };
        self.rewrite(place, &record);
        true
    }

    /// Takes a person out; false if there was none.
    pub(super) fn remove(&mut self, id: u64) -> bool {
        let Some(place) = self.find(id) else {
            return false;
        };
        self.detach(place);
        if !self.root.is_leaf() && self.len() < FLAT_MIN {
            let rest: Vec<Record> = self.records().collect();
            self.build(&rest);
        }
        let groups = &self.groups;
        self.places.fit(|place| groups.id(place));
        self.tidy();
        true
    }

    /// Bytes held in structures, spare capacity included.
    pub(super) fn bytes(&self) -> usize {
        self.groups.bytes()
            + self.chunks.bytes()
            + self.nodes.capacity() * size_of::<Node>()
            + (self.free_leaves.capacity() + self.free_nodes.capacity()) * 4
            + self.places.bytes()
    }

    /// Writes over a person where they lie if the leaf may still hold them; false where they,
    /// and so perhaps others, lie elsewhere now.
    fn rewrite(&mut self, place: Place, record: &Record) -> bool {
        let (id, was) = self.groups.known(place);
        let leaf = &self.groups.leaves[id];
        let reach_m = leaf.cap.reach_m(record.xyz_m);
        let is_out = reach_m > f64::from(leaf.cap.radius_m);
        if is_out && reach_m > self.home_m(leaf.parent) {
            self.detach(place);
            self.insert(record);
            self.tidy();
            return false;
        }
        let parent = leaf.parent;
        self.set_place(id, place, record);
        if is_out {
            self.loosen(id, reach_m);
        }
        if was.available != record.available {
            self.groups.set_available(place, record.available);
            self.count(parent, 0, if record.available { 1 } else { -1 });
        }
        self.renew(id, was, record.readiness());
        true
    }

    fn set_record(&mut self, place: Place, record: &Record) {
        self.set_place(self.groups.leaf(place.group()), place, record);
        self.groups.set_rest(place, record);
    }

    #[inline]
    pub(super) fn set_place(&mut self, leaf: usize, place: Place, record: &Record) {
        while !(self.groups).set_place(leaf, place, record.xyz_m, record.at_s) {
            self.coarsen(leaf);
        }
    }

    /// Doubles the steps of a leaf. Cells do not reach as far as its cube: this is here so
    /// that no answer rests on it.
    #[cold]
    pub(super) fn coarsen(&mut self, leaf: usize) {
        self.groups.coarsen(leaf);
        let Leaf { cap, parent, .. } = self.groups.leaves[leaf];
        self.set_radius(parent, f64::from(cap.radius_m));
        self.nest(parent);
    }

    fn insert(&mut self, record: &Record) {
        if !self.root.is_leaf() {
            self.grow(record);
        } else if self.len() < FLAT_MAX {
            self.attach(self.root, record);
        } else {
            let mut all: Vec<Record> = self.records().collect();
            all.push(*record);
            self.build(&all);
        }
    }

    /// Adds a person to a leaf and to the map; the leaf's ancestors are not told.
    pub(super) fn attach(&mut self, leaf: Child, record: &Record) {
        let id = self.leaf_of(leaf);
        let len = self.groups.leaves[id].len as usize;
        if len == leaf.class().size() * LANES {
            self.resize(leaf, len + 1);
        }
        let place = self.groups.leaves[id].place(len);
        self.set_record(place, record);
        let leaf = &mut self.groups.leaves[id];
        leaf.len += 1;
        let groups = &self.groups;
        self.places
            .insert(record.id, place, |place| groups.id(place));
    }

    /// Takes a person out of leaf, map and counts.
    fn detach(&mut self, place: Place) {
        let record = self.record(place);
        self.places.remove(record.id, place);
        let id = self.groups.leaf(place.group());
        let last = self.groups.leaves[id].len as usize - 1;
        let tail = self.groups.leaves[id].place(last);
        if tail != place {
            let moved = self.record(tail);
            self.set_record(place, &moved);
            self.places.repoint(moved.id, tail, place);
        }
        self.groups.clear(tail);
        let leaf = &mut self.groups.leaves[id];
        leaf.len -= 1;
        let parent = leaf.parent;
        self.count(parent, -1, -i32::from(record.available));
        self.tighten(parent, last);
        if parent == Entry::NONE {
            return;
        }
        let node = if last == 0 {
            self.drop_leaf(parent)
        } else {
            self.outdate(id, record.readiness());
            parent.node()
        };
        self.collapse(node);
    }

    /// Moves a leaf with too much room for so many people to a smaller run.
    ///
    /// A group and an eighth to spare: there is no going to and fro over one person.
    fn tighten(&mut self, parent: Entry, people: usize) {
        let leaf = self.child(parent);
        let groups = people.div_ceil(LANES);
        let room = groups + groups / 8 + 1;
        if people > 0 && Class::holding(room).size() < leaf.class().size() {
            self.resize(leaf, room * LANES);
        }
    }

    /// Moves a leaf to a run that holds so many people.
    fn resize(&mut self, leaf: Child, people: usize) {
        let class = Class::holding(people.div_ceil(LANES));
        let id = self.leaf_of(leaf);
        let first = self.take_groups(id, class);
        let (from, to) = (leaf.first(), first as usize);
        let groups = leaf.class().size().min(class.size());
        self.groups.copy(from, to, groups);
        for nth in 0..self.groups.leaves[id].len as usize {
            let place = Place::new(to + nth / LANES, nth % LANES);
            let person = self.groups.id(place);
            self.places
                .repoint(person, self.groups.leaves[id].place(nth), place);
        }
        self.groups
            .give_back(self.groups.leaves[id].first, leaf.class());
        self.groups.leaves[id].first = first;
        self.set_child(self.groups.leaves[id].parent, Child::leaf(first, class));
    }

    /// A leaf of nobody with room.
    pub(super) fn new_leaf(&mut self, people: usize) -> Child {
        let class = Class::holding(people.div_ceil(LANES).max(1));
        let id = self
            .free_leaves
            .pop()
            .map_or(self.groups.leaves.len(), |id| id as usize);
        let first = self.take_groups(id, class);
        let leaf = Leaf {
            first,
            ..Leaf::EMPTY
        };
        if id == self.groups.leaves.len() {
            push(&mut self.groups.leaves, leaf);
        } else {
            self.groups.leaves[id] = leaf;
        }
        Child::leaf(first, class)
    }

    fn take_groups(&mut self, leaf: usize, class: Class) -> u32 {
        self.groups.take(class, number(leaf))
    }

    /// The number of a leaf.
    pub(super) fn leaf_of(&self, leaf: Child) -> usize {
        self.groups.leaf(leaf.first())
    }

    /// Takes all people of a leaf out of the map and gives it back.
    pub(super) fn dissolve(&mut self, leaf: Child, into: &mut Vec<Record>) {
        let id = self.leaf_of(leaf);
        for nth in 0..self.groups.leaves[id].len as usize {
            let place = self.groups.leaves[id].place(nth);
            let record = self.record(place);
            self.places.remove(record.id, place);
            into.push(record);
        }
        self.groups
            .give_back(self.groups.leaves[id].first, leaf.class());
        self.free_leaves.push(number(id));
    }
}

/// The number of a leaf or a node, of which there are fewer than people.
pub(super) fn number(id: usize) -> u32 {
    u32::try_from(id).unwrap_or_else(|_| unreachable!("an arena ends at 2^26"))
}
