//! What must be true of a space after any change, looked at from inside.

use super::grid::cap_of;
use super::handles::{Child, Class, Entry, Place};
use super::layout::{Below, Chunk, Freshness, LANES, WIDTH};
use super::space::Space;

/// Groups and chunks in use below a child, and who is there.
struct Census {
    groups: usize,
    leaves: usize,
    chunks: usize,
    /// Groups of the largest leaf.
    largest: usize,
    below: Below,
}

#[cfg(feature = "sound")]
impl super::Index {
    /// Panics at the first invariant that does not hold: for fuzzing.
    #[doc(hidden)]
    pub fn assert_sound(&self) {
        self.everyone.assert_sound();
        for (circle, members) in &self.circles {
            members.assert_sound();
            assert!(members.len() > 0, "a circle of nobody");
            for place in members.places.places() {
                let record = members.record(place);
                let own = self.everyone.find(record.id).expect("a member of nobody");
                let known = self.everyone.record(own);
                assert_eq!(
                    known.xyz_m.map(f64::to_bits),
                    record.xyz_m.map(f64::to_bits)
                );
                assert_eq!(known.at_s.to_bits(), record.at_s.to_bits());
                assert_eq!(known.available, record.available);
                let circles = self.memberships.get(&record.id).expect("of none");
                assert!(circles.contains(circle), "of another circle");
            }
        }
        let members: usize = self.circles.values().map(Space::len).sum();
        let belong: usize = self.memberships.values().map(|list| list.len()).sum();
        assert_eq!(members, belong);
    }
}

impl Space {
    /// Panics at the first invariant that does not hold.
    fn assert_sound(&self) {
        let census = self.assert_child(self.root, Entry::NONE);
        assert_eq!(census.below.people as usize, self.len());
        let (vacant_groups, groups) = self.groups.vacant_of();
        for (used, vacant, all, room) in [
            (census.groups, vacant_groups, groups, self.groups.capacity()),
            (
                census.chunks,
                self.chunks.vacant(),
                self.chunks.hot.len(),
                self.chunks.hot.capacity(),
            ),
        ] {
            assert_eq!(used + vacant, all, "runs leak");
            // A sweep that could not yet pay for the largest run is behind by an eighth of it.
            assert!(vacant * 8 <= all * 3 + census.largest + 256, "room is lost");
            assert!(room <= all + all / 4 + 8, "room of what was cut off");
        }
        let leaves = census.leaves + self.free_leaves.len();
        assert_eq!(leaves, self.groups.leaves.len(), "leaves leak");
        let map = self.places.bytes();
        assert!(map <= self.len() * 32 + 2_048, "room of who is gone");
        for place in self.places.places() {
            let record = self.record(place);
            assert_eq!(self.find(record.id), Some(place));
        }
    }

    fn assert_child(&self, child: Child, entry: Entry) -> Census {
        if child.is_leaf() {
            self.assert_leaf(child, entry)
        } else {
            self.assert_node(child, entry)
        }
    }

    fn assert_leaf(&self, child: Child, entry: Entry) -> Census {
        let id = self.leaf_of(child);
        let leaf = &self.groups.leaves[id];
        assert_eq!(leaf.parent, entry);
        assert_eq!(leaf.first as usize, child.first());
        let mut below = Below::NOBODY;
        for slot in 0..child.class().size() * LANES {
            let place = Place::new(child.first() + slot / LANES, slot % LANES);
            assert_eq!(self.groups.leaf(place.group()), id);
            if slot >= leaf.len as usize {
                assert!(self.groups.is_nobodys(place), "an empty lane can be found");
                continue;
            }
            let record = self.record(place);
            assert!(leaf.cap.holds(record.xyz_m), "a person is outside the cap");
            assert_eq!(self.find(record.id), Some(place));
            below.people += 1;
            below.available += u32::from(record.available);
            let newest = &mut below.newest[usize::from(record.available)];
            *newest = (*newest).max(Freshness::of(record.at_s));
        }
        let (needed, size) = (
            (below.people as usize).div_ceil(LANES).max(1),
            child.class().size(),
        );
        let room = Class::holding(needed + needed / 8 + 1).size();
        assert!(size <= room, "a leaf keeps room that it had");
        Census {
            groups: size,
            leaves: 1,
            chunks: 0,
            largest: size,
            below,
        }
    }

    fn assert_node(&self, child: Child, entry: Entry) -> Census {
        let (id, len) = self.node_len(child, entry);
        let mut all = Census {
            groups: 0,
            leaves: 0,
            chunks: child.class().size(),
            largest: 0,
            below: Below::NOBODY,
        };
        assert!(entry == Entry::NONE || len > 0, "a node of nobody");
        for slot in 0..child.class().size() * WIDTH {
            let (chunk, lane) = (child.first() + slot / WIDTH, slot % WIDTH);
            let cap = self.chunks.hot[chunk].cap(lane);
            if slot >= len {
                assert!(
                    cap.centre_m[0] >= Chunk::NOWHERE_M,
                    "an empty slot can be found"
                );
                continue;
            }
            if entry != Entry::NONE {
                let above = self.cap(entry);
                assert!(
                    above.reach_of_cap_m(&cap) <= f64::from(above.radius_m),
                    "not nested"
                );
            }
            let own = Entry::new(id, slot);
            let lower = self.chunks.hot[chunk].child[lane];
            if lower.is_leaf() {
                let leaf = &self.groups.leaves[self.leaf_of(lower)];
                assert_eq!(leaf.cap, cap);
                assert_eq!(leaf.cube(), self.chunks.hot[chunk].cube(lane));
            }
            let home = cap_of(self.chunks.cold[chunk].cell[lane]);
            let home_m = f64::from(home.radius_m);
            assert!(
                (self.home_m(own) - home_m).abs() <= 0.0,
                "another cell's home"
            );
            let part = self.assert_child(lower, own);
            let noted = self.chunks.cold[chunk].below[lane];
            assert_eq!(noted.people, part.below.people);
            assert_eq!(noted.available, part.below.available);
            assert_eq!(
                noted.newest, part.below.newest,
                "a fresh person is hidden, or looked for in vain"
            );
            all.groups += part.groups;
            all.leaves += part.leaves;
            all.chunks += part.chunks;
            all.largest = all.largest.max(part.largest);
            all.below.people += part.below.people;
            all.below.available += part.below.available;
            for (newest, part) in all.below.newest.iter_mut().zip(part.below.newest) {
                *newest = (*newest).max(part);
            }
        }
        all
    }
}

#[cfg(test)]
mod tests;
