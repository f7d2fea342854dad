//! Branch and bound: nearest cap first, and nothing left out that a bound does not exclude.

#[cfg(target_arch = "x86_64")]
use super::kernel::{Avx512, with_avx512};
use super::kernel::{Kernel, Portable};
use super::layout::{Child, ChunkMeta, Freshness, Group, Place, WIDTH};
use super::select::{Candidate, Nearest};
use super::space::Space;

/// Chunks of the widest node, the root.
const CHUNKS_MAX: usize = 8;

/// Nodes on the longest way down: the root, then every second resolution.
const DEPTH_MAX: usize = 10;

/// Who counts, as the loops ask it.
pub(super) trait Lens {
    /// Whether someone below a slot may count.
    fn may_hold(&self, chunk: &ChunkMeta, slot: usize) -> bool;

    /// Whether everyone may count, so that nobody need be asked.
    const EVERYONE: bool;

    /// Whether the person in a lane counts.
    fn admits(&self, group: &Group, available: u8, lane: usize) -> bool;
}

/// No filter at all.
pub(super) struct Everyone;

impl Lens for Everyone {
    const EVERYONE: bool = true;

    #[inline]
    fn may_hold(&self, _chunk: &ChunkMeta, _slot: usize) -> bool {
        true
    }

    #[inline]
    fn admits(&self, _group: &Group, _available: u8, _lane: usize) -> bool {
        true
    }
}

/// A filter by availability, freshness and name.
pub(super) struct Sieve<'a> {
    pub(super) available: Option<bool>,
    /// Minus infinity where age does not matter.
    pub(super) newer_than_s: Option<f64>,
    pub(super) exclude: &'a dyn Fn(u64) -> bool,
}

impl Lens for Sieve<'_> {
    const EVERYONE: bool = false;

    #[inline]
    fn may_hold(&self, chunk: &ChunkMeta, slot: usize) -> bool {
        let below = &chunk.below[slot];
        let ready = match self.available {
            None => true,
            Some(true) => below.available > 0,
            Some(false) => below.available < below.people,
        };
        ready
            && self
                .newer_than_s
                .is_none_or(|after_s| below.newest >= Freshness::of(after_s))
    }

    #[inline]
    fn admits(&self, group: &Group, available: u8, lane: usize) -> bool {
        self.available
            .is_none_or(|wanted| (available & (1 << lane) != 0) == wanted)
            && self
                .newer_than_s
                .is_none_or(|after_s| group.at_s[lane] > after_s)
            && !(self.exclude)(group.id[lane])
    }
}

/// A node on the way down, with the bounds of its slots and which are still to be visited.
#[derive(Clone, Copy)]
struct Frame {
    first: usize,
    open: u128,
    bounds_m: [[f32; WIDTH]; CHUNKS_MAX],
}

impl Space {
    /// [`Space::search`], compiled for this machine.
    pub(super) fn search_here<L: Lens>(&self, from_m: [f64; 3], lens: &L, nearest: &mut Nearest) {
        #[cfg(target_arch = "x86_64")]
        if let Some(avx512) = Avx512::detect() {
            with_avx512(avx512, || self.search(avx512, from_m, lens, nearest));
            return;
        }
        self.search(Portable, from_m, lens, nearest);
    }

    /// Offers everyone who may matter to a selection.
    #[inline(always)]
    #[expect(
        clippy::inline_always,
        reason = "must take on the caller's target features"
    )]
    pub(super) fn search<K: Kernel, L: Lens>(
        &self,
        kernel: K,
        from_m: [f64; 3],
        lens: &L,
        nearest: &mut Nearest,
    ) {
        if self.root.is_leaf() {
            self.scan_leaf(kernel, self.root, from_m, lens, nearest);
            return;
        }
        #[expect(clippy::cast_possible_truncation, reason = "the kernel allows for it")]
        let rough_m = from_m.map(|metres| metres as f32);
        let mut frames = Vec::with_capacity(DEPTH_MAX);
        frames.push(self.open(kernel, self.root, rough_m, lens, nearest));
        while let Some(frame) = frames.last_mut() {
            let Some(slot) = frame.pick(kernel, nearest.limit_m()) else {
                frames.pop();
                continue;
            };
            let chunk = &self.chunks.hot[frame.first + slot / WIDTH];
            let child = chunk.child[slot % WIDTH];
            if child.is_leaf() {
                self.scan_leaf(kernel, child, from_m, lens, nearest);
            } else {
                frames.push(self.open(kernel, child, rough_m, lens, nearest));
            }
        }
    }

    #[inline(always)]
    #[expect(
        clippy::inline_always,
        reason = "must take on the caller's target features"
    )]
    fn open<K: Kernel, L: Lens>(
        &self,
        kernel: K,
        node: Child,
        rough_m: [f32; 3],
        lens: &L,
        nearest: &Nearest,
    ) -> Frame {
        let (first, size) = (node.first(), node.class().size());
        let mut frame = Frame {
            first,
            open: 0,
            bounds_m: [[f32::INFINITY; WIDTH]; CHUNKS_MAX],
        };
        for (step, chunk) in self.chunks.hot[first..first + size].iter().enumerate() {
            let bounds_m = &mut frame.bounds_m[step];
            kernel.bounds(chunk, rough_m, bounds_m);
            let mut open = kernel.at_most(bounds_m, nearest.limit_m());
            if !L::EVERYONE {
                open = thin(open, &self.chunks.cold[first + step], lens);
            }
            frame.open |= u128::from(open) << (step * WIDTH);
        }
        frame
    }

    #[inline(always)]
    #[expect(
        clippy::inline_always,
        reason = "must take on the caller's target features"
    )]
    fn scan_leaf<K: Kernel, L: Lens>(
        &self,
        kernel: K,
        leaf: Child,
        from_m: [f64; 3],
        lens: &L,
        nearest: &mut Nearest,
    ) {
        let (first, size) = (leaf.first(), leaf.class().size());
        for (step, group) in self.groups.hot[first..first + size].iter().enumerate() {
            let at = first + step;
            let (mut near, squared_m2) = kernel.scan(group, from_m, nearest.limit_m2());
            while near != 0 {
                let lane = near.trailing_zeros() as usize;
                near &= near - 1;
                let candidate = Candidate {
                    squared_m2: squared_m2[lane],
                    place: Place::new(at, lane),
                };
                if candidate.squared_m2 <= nearest.limit_m2()
                    && (L::EVERYONE || lens.admits(group, self.groups.cold[at].available, lane))
                {
                    nearest.offer(candidate);
                }
            }
        }
    }
}

#[inline]
fn thin<L: Lens>(open: u16, chunk: &ChunkMeta, lens: &L) -> u16 {
    let (mut rest, mut kept) = (open, 0);
    while rest != 0 {
        let slot = rest.trailing_zeros() as usize;
        rest &= rest - 1;
        kept |= u16::from(lens.may_hold(chunk, slot)) << slot;
    }
    kept
}

impl Frame {
    /// Takes the nearest open slot within the limit, if there is one.
    #[inline(always)]
    #[expect(
        clippy::inline_always,
        reason = "must take on the caller's target features"
    )]
    fn pick<K: Kernel>(&mut self, kernel: K, limit_m: f32) -> Option<usize> {
        let mut best = None;
        let mut best_m = f32::INFINITY;
        let mut open = self.open;
        while open != 0 {
            let slot = open.trailing_zeros() as usize;
            open &= open - 1;
            let bound_m = self.bounds_m[slot / WIDTH][slot % WIDTH];
            if bound_m > limit_m {
                self.open &= !(1 << slot);
            } else if best.is_none() || bound_m < best_m {
                (best, best_m) = (Some(slot), bound_m);
            }
        }
        let _ = kernel;
        if let Some(slot) = best {
            self.open &= !(1 << slot);
        }
        best
    }
}
