//! Runs that a sweep of an arena moves down, and all that points at them.

use super::handles::{Child, Place};
use super::layout::LANES;
use super::space::Space;

impl Space {
    /// Goes on with sweeps as far as what was given back has paid for.
    pub(super) fn tidy(&mut self) {
        while let Some(gap) = self.groups.next_gap() {
            let id = self.groups.leaf(gap.end());
            let (parent, people) = (
                self.groups.leaves[id].parent,
                self.groups.leaves[id].len as usize,
            );
            let class = self.child(parent).class();
            if !self.groups.close(gap, class) {
                break;
            }
            let at = |first: u32, nth| Place::new(first as usize + nth / LANES, nth % LANES);
            for nth in 0..people {
                let (from, to) = (at(self.groups.leaves[id].first, nth), at(gap.first, nth));
                self.places.repoint(self.groups.id(to), from, to);
            }
            self.groups.leaves[id].first = gap.first;
            self.set_child(parent, Child::leaf(gap.first, class));
        }
        while let Some(gap) = self.chunks.next_gap() {
            let id = self.chunks.tags[gap.end()];
            let class = self.nodes[id as usize].class;
            if !self.chunks.close(gap, class) {
                break;
            }
            self.nodes[id as usize].first = gap.first;
            self.set_child(self.nodes[id as usize].parent, self.child_of(id));
        }
    }
}
