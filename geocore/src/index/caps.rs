//! Caps as narrow as the people below them let them be.
//!
//! A leaf's cap is fitted to its people, and every cap above to what it holds. Whoever moves
//! out of a leaf's cap stays in the leaf as far as the cell's own, nested cap would reach.

use super::handles::{Child, Entry};
use super::layout::{Group, Leaf, ROUGH_M, ROUGH_STEP_M, round_up_m};
use super::space::Space;

/// What part of the way to the leaf's home a cap is widened further than it must be, so that
/// this is not done at every step that somebody takes.
const SPARE: f64 = 0.25;

impl Space {
    /// Hangs a leaf into a slot.
    pub(super) fn house(&mut self, leaf: Child, entry: Entry) {
        let cap = self.cap(entry);
        let id = self.leaf_of(leaf);
        let own = &mut self.leaves[id];
        (own.parent, own.cap) = (entry, cap);
        self.set_child(entry, leaf);
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
        let Leaf {
            cap,
            parent,
            first,
            len,
            ..
        } = self.leaves[leaf];
        let groups = &self.groups.hot[first as usize..];
        let places = groups.iter().flat_map(Group::places).take(len as usize);
        let farthest_m = places
            .map(|steps| cap.reach_m(steps.map(|axis| f64::from(axis) * ROUGH_STEP_M)))
            .fold(0.0, f64::max);
        let reach_m = reach_m.max(farthest_m + ROUGH_M);
        let spare_m = (self.home_m(parent) - reach_m).max(0.0) * SPARE;
        self.set_radius(parent, reach_m + spare_m);
        self.nest(parent);
    }

    fn set_radius(&mut self, entry: Entry, radius_m: f64) {
        let radius_m = round_up_m(radius_m);
        let (chunk, lane) = self.locate(entry);
        self.chunks.hot[chunk].radius_m[lane] = radius_m;
        let child = self.child(entry);
        if child.is_leaf() {
            let id = self.leaf_of(child);
            self.leaves[id].cap.radius_m = radius_m;
        }
    }

    /// Widens the caps above one to hold it.
    fn nest(&mut self, entry: Entry) {
        let above = self.nodes[entry.node()].parent;
        if above != Entry::NONE {
            let reach_m = self.cap(above).reach_of_cap_m(&self.cap(entry));
            self.widen(above, reach_m);
        }
    }
}
