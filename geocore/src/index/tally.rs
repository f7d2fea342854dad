//! Who is below each slot, in numbers: what lets a filter pass whole subtrees by.

use super::handles::Entry;
use super::layout::{Freshness, Leaf};
use super::space::Space;

impl Space {
    /// Adds to the counts of a slot and of all above it.
    pub(super) fn count(&mut self, entry: Entry, people: i32, available: i32) {
        let mut at = entry;
        while at != Entry::NONE {
            let (chunk, lane) = self.locate(at);
            let below = &mut self.chunks.cold[chunk].below[lane];
            below.people = below.people.wrapping_add_signed(people);
            below.available = below.available.wrapping_add_signed(available);
            at = self.nodes[at.node()].parent;
        }
    }

    /// Raises the newest time of a slot and of all above it.
    pub(super) fn freshen(&mut self, entry: Entry, newest: Freshness) {
        let mut at = entry;
        while at != Entry::NONE {
            let (chunk, lane) = self.locate(at);
            let below = &mut self.chunks.cold[chunk].below[lane];
            if below.newest >= newest {
                return;
            }
            below.newest = newest;
            at = self.nodes[at.node()].parent;
        }
    }

    /// Finds the newest time of a leaf again, and of all above it as far as they change.
    pub(super) fn refresh(&mut self, leaf: usize) {
        let Leaf {
            parent,
            first,
            len,
            newest: before,
            ..
        } = self.leaves[leaf];
        let groups = &self.groups.cold[first as usize..];
        let mut newest = Freshness::NEVER;
        for person in groups.iter().flatten().take(len as usize) {
            newest = newest.max(Freshness::of(person.at_s));
            if newest == before {
                // Somebody else was as new: of many at one place the first, mostly.
                return;
            }
        }
        self.leaves[leaf].newest = newest;
        let mut at = parent;
        while at != Entry::NONE {
            let (chunk, lane) = self.locate(at);
            let below = &mut self.chunks.cold[chunk].below[lane];
            if below.newest == newest {
                return;
            }
            below.newest = newest;
            let node = &self.nodes[at.node()];
            let first = node.first as usize;
            newest = self.chunks.cold[first..first + node.class.size()]
                .iter()
                .flat_map(|chunk| chunk.below)
                .map(|below| below.newest)
                .max()
                .unwrap_or(Freshness::NEVER);
            at = node.parent;
        }
    }
}
