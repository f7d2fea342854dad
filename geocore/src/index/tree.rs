//! The tree over H3's hierarchy: nodes of two digits each, nested caps, counts.
//!
//! Two invariants carry every answer: a person lies in the cap of their leaf, and a cap lies
//! in the cap above it. Both are made true here, whatever H3's geometry does; the cells only
//! decide who lies with whom.

use super::directory::Directory;
use super::grid::{FINEST, ancestor, cap_of, key_of, resolution_of};
use super::groups::Groups;
use super::handles::{Child, Class, Entry};
use super::keyed::{Keyed, keyed};
use super::layout::{Below, Cap, Chunk, ChunkMeta, LANES, Record, WIDTH};
use super::pages::push;
use super::space::{FLAT_MAX, LEAF_MAX, Space, number};

/// A node with fewer people below it becomes a leaf.
const COLLAPSE_MAX: u32 = 64;

/// Chunks of the root: H3 has 122 cells at resolution 0.
const ROOT_CHUNKS: usize = 8;

/// The root is the first node.
const ROOT: u32 = 0;

/// Slots for the cells one and two resolutions below `base`.
#[derive(Clone, Debug)]
pub(super) struct Node {
    pub(super) first: u32,
    pub(super) class: Class,
    len: u8,
    /// Resolution of the node's own cell; -1 for the root.
    base: i8,
    pub(super) parent: Entry,
}

/// Where a key leads.
enum Route {
    Leaf(Entry),
    Vacant { node: u32, cell: u64 },
}

impl Space {
    /// Builds everything anew.
    pub(super) fn build(&mut self, records: &[Record]) {
        *self = Self::new();
        self.dissolve(self.root, &mut Vec::new());
        self.places = Directory::with_room(records.iter().map(|record| record.id));
        if records.len() <= FLAT_MAX {
            self.root = self.new_leaf(records.len());
            for record in records {
                self.attach(self.root, record);
            }
            self.groups.fit();
            return;
        }
        self.groups = Groups::narrow();
        self.free_leaves.clear();
        // As many groups as leaves that are four fifths full have.
        self.groups.expect(records.len() / LANES * 5 / 4);
        let class = Class::holding(ROOT_CHUNKS);
        let root = self.new_node(-1, Entry::NONE, class);
        self.root = self.child_of(root);
        self.plant_all(root, &keyed(records));
        self.groups.fit();
        self.chunks.fit();
        self.groups.leaves.shrink_to_fit();
        self.nodes.shrink_to_fit();
    }

    /// Inserts a person who is in no leaf, below the root.
    pub(super) fn grow(&mut self, record: &Record) {
        let key = key_of(record.xyz_m);
        match self.route(key) {
            Route::Vacant { node, cell } => {
                let keyed = Keyed {
                    key,
                    record: *record,
                };
                self.plant(node, cell, &[keyed]);
            }
            Route::Leaf(entry) => {
                self.attach(self.child(entry), record);
                self.count(entry, 1, i32::from(record.available));
                self.freshen(entry, record.readiness());
                self.widen(entry, self.cap(entry).reach_m(record.xyz_m));
                if self.below(entry).people as usize > LEAF_MAX {
                    self.split(entry);
                }
            }
        }
    }

    fn route(&self, key: u64) -> Route {
        let mut at = ROOT;
        loop {
            let node = &self.nodes[at as usize];
            let near = ancestor(key, node.base + 1);
            let deep = (0..FINEST - 1)
                .contains(&node.base)
                .then(|| ancestor(key, node.base + 2));
            let mut is_split = false;
            let mut found = None;
            for slot in 0..usize::from(node.len) {
                let cell = self.cell(Entry::new(at, slot));
                if cell == near || Some(cell) == deep {
                    found = Some(Entry::new(at, slot));
                    break;
                }
                is_split |= ancestor(cell, node.base + 1) == near;
            }
            let Some(entry) = found else {
                let cell = deep.filter(|_| is_split).unwrap_or(near);
                return Route::Vacant { node: at, cell };
            };
            let child = self.child(entry);
            if child.is_leaf() {
                return Route::Leaf(entry);
            }
            at = self.chunks.tags[child.first()];
        }
    }

    /// Distributes the people of a full leaf one digit further down.
    fn split(&mut self, entry: Entry) {
        let cell = self.cell(entry);
        let resolution = resolution_of(cell);
        if resolution == FINEST {
            return;
        }
        let below = self.below(entry);
        let mut records = Vec::new();
        self.dissolve(self.child(entry), &mut records);
        self.count(
            entry,
            -below.people.cast_signed(),
            -below.available.cast_signed(),
        );
        self.vacate(entry);
        let (own, strays): (Vec<Keyed>, Vec<Keyed>) = keyed(&records)
            .into_iter()
            .partition(|person| ancestor(person.key, resolution) == cell);
        let node = number(entry.node());
        self.plant(node, cell, &own);
        // People who had moved out of the cell but not out of its cap.
        for stray in strays {
            self.grow(&stray.record);
        }
        self.sink(entry.node());
    }

    /// Plants people, sorted by key, cell by cell below a node.
    fn plant_all(&mut self, node: u32, people: &[Keyed]) {
        let resolution = self.nodes[node as usize].base + 1;
        self.plant_digits(node, resolution, people);
    }

    fn plant_digits(&mut self, node: u32, resolution: i8, people: &[Keyed]) {
        let same =
            |a: &Keyed, b: &Keyed| ancestor(a.key, resolution) == ancestor(b.key, resolution);
        for part in people.chunk_by(same) {
            self.plant(node, ancestor(part[0].key, resolution), part);
        }
    }

    /// Plants the people of one cell, for which the node has no slot, below that node.
    fn plant(&mut self, node: u32, cell: u64, people: &[Keyed]) {
        let resolution = resolution_of(cell);
        let base = self.nodes[node as usize].base;
        if people.len() <= LEAF_MAX || resolution == FINEST {
            self.plant_leaf(node, cell, people);
        } else if base >= 0 && base + 1 == resolution {
            self.plant_digits(node, resolution + 1, people);
        } else {
            let entry = self.add_slot(node, cell);
            let lower = self.new_node(resolution, entry, Class::holding(1));
            self.set_child(entry, self.child_of(lower));
            self.plant_all(lower, people);
        }
    }

    fn plant_leaf(&mut self, node: u32, cell: u64, people: &[Keyed]) {
        let entry = self.add_slot(node, cell);
        let leaf = self.new_leaf(people.len());
        self.house(leaf, entry);
        let cap = self.cap(entry);
        self.expect(people.iter().map(|person| person.record.id));
        let (mut available, mut reach_m) = (0, 0.0_f64);
        for person in people {
            self.attach(leaf, &person.record);
            available += i32::from(person.record.available);
            self.freshen(entry, person.record.readiness());
            reach_m = reach_m.max(cap.reach_m(person.record.xyz_m));
        }
        let count = i32::try_from(people.len()).unwrap_or_else(|_| unreachable!("2^29 places"));
        self.count(entry, count, available);
        self.widen(entry, reach_m);
    }

    /// A new slot for a cell, with a cap that holds nobody yet.
    fn add_slot(&mut self, node: u32, cell: u64) -> Entry {
        let slot = usize::from(self.nodes[node as usize].len);
        let room = self.nodes[node as usize].class.size() * WIDTH;
        if slot == room {
            self.move_node(node, Class::holding(slot / WIDTH + 1));
        }
        self.nodes[node as usize].len += 1;
        let entry = Entry::new(node, slot);
        let home = cap_of(cell);
        let cap = Cap {
            radius_m: Cap::EMPTY_M,
            ..home
        };
        let (chunk, lane) = self.locate(entry);
        self.chunks.hot[chunk].set_cap(lane, &cap);
        self.chunks.cold[chunk].cell[lane] = cell;
        self.chunks.cold[chunk].home_m[lane] = home.radius_m;
        self.chunks.cold[chunk].below[lane] = Below::NOBODY;
        entry
    }

    /// Gives up a leaf of nobody, and every node that is thereby empty; the node that stays.
    pub(super) fn drop_leaf(&mut self, entry: Entry) -> usize {
        let leaf = self.child(entry);
        self.dissolve(leaf, &mut Vec::new());
        let mut gone = entry;
        loop {
            self.vacate(gone);
            let node = &self.nodes[gone.node()];
            if node.len > 0 || node.parent == Entry::NONE {
                self.shrink(gone.node());
                self.sink(gone.node());
                return gone.node();
            }
            let above = node.parent;
            self.chunks.give_back(node.first, node.class);
            self.free_node(gone.node());
            gone = above;
        }
    }

    /// Turns the highest node with too few people, from this one upwards, into a leaf.
    pub(super) fn collapse(&mut self, node: usize) {
        let mut highest = None;
        let mut above = self.nodes[node].parent;
        while above != Entry::NONE && self.below(above).people <= COLLAPSE_MAX {
            highest = Some(above);
            above = self.nodes[above.node()].parent;
        }
        let Some(entry) = highest else {
            return;
        };
        let mut records = Vec::new();
        self.gather(self.child(entry), &mut records);
        let leaf = self.new_leaf(records.len());
        self.house(leaf, entry);
        for record in &records {
            self.attach(leaf, record);
        }
    }

    /// Takes everyone out of a subtree and gives its memory back.
    fn gather(&mut self, child: Child, into: &mut Vec<Record>) {
        if child.is_leaf() {
            self.dissolve(child, into);
            return;
        }
        let id = self.chunks.tags[child.first()];
        for slot in 0..usize::from(self.nodes[id as usize].len) {
            self.gather(self.child(Entry::new(id, slot)), into);
        }
        let node = &self.nodes[id as usize];
        self.chunks.give_back(node.first, node.class);
        self.free_node(id as usize);
    }

    /// Fills a slot with the node's last one.
    fn vacate(&mut self, entry: Entry) {
        let node = &mut self.nodes[entry.node()];
        node.len -= 1;
        let last = Entry::new(number(entry.node()), usize::from(node.len));
        let ((from, from_lane), (to, to_lane)) = (self.locate(last), self.locate(entry));
        if last != entry {
            let cap = self.chunks.hot[from].cap(from_lane);
            let child = self.chunks.hot[from].child[from_lane];
            self.chunks.hot[to].set_cap(to_lane, &cap);
            self.chunks.cold[to].cell[to_lane] = self.chunks.cold[from].cell[from_lane];
            self.chunks.cold[to].home_m[to_lane] = self.chunks.cold[from].home_m[from_lane];
            self.chunks.cold[to].below[to_lane] = self.chunks.cold[from].below[from_lane];
            self.set_child(entry, child);
            self.adopt(child, entry);
        }
        self.chunks.hot[from].set_cap(from_lane, &Chunk::EMPTY.cap(0));
        self.chunks.hot[from].child[from_lane] = Child::NONE;
        self.chunks.cold[from].below[from_lane] = Below::NOBODY;
    }

    fn shrink(&mut self, id: usize) {
        let node = &self.nodes[id];
        let class = Class::holding(usize::from(node.len).div_ceil(WIDTH).max(1));
        if node.parent != Entry::NONE && class.size() * 2 <= node.class.size() {
            self.move_node(number(id), class);
        }
    }

    fn new_node(&mut self, base: i8, parent: Entry, class: Class) -> u32 {
        let first = self.chunks.take(class, &Chunk::EMPTY, 0, &ChunkMeta::EMPTY);
        let node = Node {
            first,
            class,
            len: 0,
            base,
            parent,
        };
        let id = if let Some(id) = self.free_nodes.pop() {
            self.nodes[id as usize] = node;
            id
        } else {
            push(&mut self.nodes, node);
            number(self.nodes.len() - 1)
        };
        self.chunks.tags[first as usize] = id;
        id
    }

    fn free_node(&mut self, node: usize) {
        self.free_nodes.push(number(node));
    }

    /// Moves a node's slots to a run of another size.
    fn move_node(&mut self, id: u32, class: Class) {
        let first = self.chunks.take(class, &Chunk::EMPTY, 0, &ChunkMeta::EMPTY);
        let node = &mut self.nodes[id as usize];
        let (old, old_class) = (node.first, node.class);
        (node.first, node.class) = (first, class);
        let parent = node.parent;
        for step in 0..class.size().min(old_class.size()) {
            let hot = self.chunks.hot[old as usize + step].clone();
            let cold = self.chunks.cold[old as usize + step].clone();
            self.chunks.hot[first as usize + step] = hot;
            self.chunks.cold[first as usize + step] = cold;
        }
        self.chunks.tags[first as usize] = id;
        self.chunks.give_back(old, old_class);
        self.set_child(parent, self.child_of(id));
    }

    fn adopt(&mut self, child: Child, parent: Entry) {
        if child.is_leaf() {
            let id = self.leaf_of(child);
            self.groups.leaves[id].parent = parent;
        } else {
            let node = self.chunks.tags[child.first()];
            self.nodes[node as usize].parent = parent;
        }
    }

    pub(super) fn child_of(&self, node: u32) -> Child {
        let node = &self.nodes[node as usize];
        Child::node(node.first, node.class)
    }

    /// Chunk and lane of a slot.
    pub(super) fn locate(&self, entry: Entry) -> (usize, usize) {
        let first = self.nodes[entry.node()].first as usize;
        (first + entry.slot() / WIDTH, entry.slot() % WIDTH)
    }

    /// What hangs in a slot; the root in none.
    pub(super) fn child(&self, entry: Entry) -> Child {
        if entry == Entry::NONE {
            return self.root;
        }
        let (chunk, lane) = self.locate(entry);
        self.chunks.hot[chunk].child[lane]
    }

    pub(super) fn set_child(&mut self, entry: Entry, child: Child) {
        if entry == Entry::NONE {
            self.root = child;
        } else {
            let (chunk, lane) = self.locate(entry);
            self.chunks.hot[chunk].child[lane] = child;
        }
    }

    /// Id and slots of a node that must hang where it says.
    #[cfg(any(test, feature = "sound"))]
    pub(super) fn node_len(&self, child: Child, entry: Entry) -> (u32, usize) {
        let id = self.chunks.tags[child.first()];
        let node = &self.nodes[id as usize];
        assert_eq!(node.parent, entry);
        assert_eq!(self.child_of(id), child);
        (id, usize::from(node.len))
    }

    fn cell(&self, entry: Entry) -> u64 {
        let (chunk, lane) = self.locate(entry);
        self.chunks.cold[chunk].cell[lane]
    }

    pub(super) fn cap(&self, entry: Entry) -> Cap {
        let (chunk, lane) = self.locate(entry);
        self.chunks.hot[chunk].cap(lane)
    }

    pub(super) fn below(&self, entry: Entry) -> Below {
        let (chunk, lane) = self.locate(entry);
        self.chunks.cold[chunk].below[lane]
    }
}
