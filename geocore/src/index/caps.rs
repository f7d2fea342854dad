//! Caps as narrow as the people below them let them be.
//!
//! A leaf's cap is fitted to its people, and every cap above to what it holds. Whoever moves
//! out of a leaf's cap stays in the leaf as far as the cell's own, nested cap would reach.

use super::cube::Cube;
use super::handles::{Child, Entry};
use super::layout::{Leaf, round_up_m, round_up_with};
use super::space::Space;

/// What part of the way to the leaf's home a cap is widened further than it must be, so that
/// this is not done at every step that somebody takes.
const SPARE: f64 = 0.25;

impl Space {
    /// Hangs a leaf into a slot.
    pub(super) fn house(&mut self, leaf: Child, entry: Entry) {
        let (cap, shift) = (self.cap(entry), Cube::shift_for(self.home_m(entry)));
        let id = self.leaf_of(leaf);
        let own = &mut self.groups.leaves[id];
        (own.parent, own.cap, own.shift) = (entry, cap, shift);
        self.set_child(entry, leaf);
        self.set_radius(entry, f64::from(cap.radius_m));
        self.nest(entry);
    }

    /// How far from the centre of a slot's cap people of its cell may be.
    pub(super) fn home_m(&self, entry: Entry) -> f64 {
        let (chunk, lane) = self.locate(entry);
        f64::from(self.chunks.cold[chunk].home_m[lane])
    }

    /// Widens a cap to a radius, and the caps above to hold it.
    pub(super) fn widen(&mut self, entry: Entry, reach_m: f64) {
        if reach_m > f64::from(self.cap(entry).radius_m) {
            self.set_radius(entry, reach_m);
            self.nest(entry);
        }
    }

    /// Fits a leaf's cap to its people again, one of whom has moved out of it.
    pub(super) fn loosen(&mut self, leaf: usize, reach_m: f64) {
        let Leaf { cap, parent, .. } = self.groups.leaves[leaf];
        let home_m = self.home_m(parent);
        // Nobody was let out of both.
        let most_m = home_m.max(f64::from(cap.radius_m));
        let reach_m = reach_m.max(self.groups.reach_m(leaf).min(most_m));
        let spare_m = (home_m - reach_m).max(0.0) * SPARE;
        self.set_radius(parent, reach_m + spare_m);
        self.nest(parent);
    }

    /// Sets the radius of a slot's cap, and of the leaf's that hangs there.
    pub(super) fn set_radius(&mut self, entry: Entry, radius_m: f64) {
        let (chunk, lane) = self.locate(entry);
        let child = self.child(entry);
        let radius_m = if child.is_leaf() {
            let id = self.leaf_of(child);
            let leaf = &mut self.groups.leaves[id];
            leaf.cap.radius_m = round_up_with(radius_m, leaf.shift);
            leaf.cap.radius_m
        } else {
            round_up_m(radius_m)
        };
        self.chunks.hot[chunk].radius_m[lane] = radius_m;
    }

    /// Widens the caps above one to hold it.
    pub(super) fn nest(&mut self, entry: Entry) {
        let above = self.nodes[entry.node()].parent;
        if above != Entry::NONE {
            let reach_m = self.cap(above).reach_of_cap_m(&self.cap(entry));
            self.widen(above, reach_m);
        }
    }
}
