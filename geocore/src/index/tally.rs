//! Who is below each slot, in numbers: what lets a filter pass whole subtrees by.

use super::handles::Entry;
use super::layout::{Below, Freshness, Leaf, Record};
use super::space::Space;

/// How new somebody's fix is, and whether they are available.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Readiness {
    pub(super) fix: Freshness,
    pub(super) available: bool,
}

impl Record {
    #[inline]
    pub(super) fn readiness(&self) -> Readiness {
        Readiness {
            fix: Freshness::of(self.at_s),
            available: self.available,
        }
    }
}

impl Space {
    /// Adds to the counts of a slot and of all above it.
    pub(super) fn count(&mut self, entry: Entry, people: i32, available: i32) {
        let mut at = entry;
        while at != Entry::NONE {
            let below = self.below_mut(at);
            below.people = below.people.wrapping_add_signed(people);
            below.available = below.available.wrapping_add_signed(available);
            at = self.nodes[at.node()].parent;
        }
    }

    /// Raises the newest times of a slot and of all above it.
    pub(super) fn freshen(&mut self, entry: Entry, somebody: Readiness) {
        let which = usize::from(somebody.available);
        let mut at = entry;
        while at != Entry::NONE {
            let newest = &mut self.below_mut(at).newest[which];
            if *newest >= somebody.fix {
                return;
            }
            *newest = somebody.fix;
            at = self.nodes[at.node()].parent;
        }
    }

    /// Takes that somebody of a leaf is no more as they were.
    pub(super) fn renew(&mut self, leaf: usize, was: Readiness, is: Readiness) {
        if is == was {
            return;
        }
        let parent = self.groups.leaves[leaf].parent;
        self.freshen(parent, is);
        if is.available != was.available || is.fix < was.fix {
            self.outdate(leaf, was);
        }
    }

    /// Finds the newest time of a leaf's people again if it was that of somebody who is no
    /// more as they were, and of all above it as far as they change.
    pub(super) fn outdate(&mut self, leaf: usize, was: Readiness) {
        let Leaf { parent, len, .. } = self.groups.leaves[leaf];
        let which = usize::from(was.available);
        if parent == Entry::NONE || self.below(parent).newest[which] > was.fix {
            return;
        }
        let mut newest = Freshness::NEVER;
        for nth in 0..len as usize {
            let place = self.groups.leaves[leaf].place(nth);
            if self.groups.is_available(place) == was.available {
                newest = newest.max(Freshness::of(self.groups.at_s(place)));
                if newest == was.fix {
                    // Somebody else was as new: of many at one place the first, mostly.
                    return;
                }
            }
        }
        self.below_mut(parent).newest[which] = newest;
        self.sink(parent.node());
    }

    /// Finds the newest times above a node again, as far as they change.
    pub(super) fn sink(&mut self, node: usize) {
        let mut at = self.nodes[node].parent;
        let mut node = node;
        while at != Entry::NONE {
            let newest = self.newest_of(node);
            let below = self.below_mut(at);
            if below.newest == newest {
                return;
            }
            below.newest = newest;
            node = at.node();
            at = self.nodes[node].parent;
        }
    }

    fn newest_of(&self, node: usize) -> [Freshness; 2] {
        let node = &self.nodes[node];
        let first = node.first as usize;
        self.chunks.cold[first..first + node.class.size()]
            .iter()
            .flat_map(|chunk| &chunk.below)
            .fold(Below::NOBODY.newest, |[a, b], below| {
                [a.max(below.newest[0]), b.max(below.newest[1])]
            })
    }

    fn below_mut(&mut self, entry: Entry) -> &mut Below {
        let (chunk, lane) = self.locate(entry);
        &mut self.chunks.cold[chunk].below[lane]
    }
}
