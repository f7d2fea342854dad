//! Many at one place, as a default coordinate makes them: all are equally far, and those with
//! the least ids come first. Of each place no more need be looked at than were asked for.

use std::collections::BinaryHeap;

use super::handles::Place;
use crate::point::Point;

/// Candidates beside four times those asked for, above which piles are looked for.
pub(super) const MANY: usize = 1_024;

/// Places that are told apart at once.
const PLACES: usize = 16;

/// The least ids of the people at one place, and where they lie.
struct Pile {
    point: Point,
    people: BinaryHeap<(u64, u32)>,
}

/// Piles by a hash of their place; one that is in the way of another is handed on, so that
/// nobody is lost.
pub(super) struct Piles {
    k: usize,
    piles: [Option<Pile>; PLACES],
}

impl Piles {
    pub(super) fn new(k: usize) -> Self {
        Self {
            k,
            piles: [const { None }; PLACES],
        }
    }

    /// Adds somebody; `take` gets whoever is handed on for it.
    pub(super) fn add(&mut self, point: Point, id: u64, place: Place, take: impl FnMut(Place)) {
        let slot = &mut self.piles[slot_of(&point)];
        if !matches!(slot, Some(pile) if pile.point == point) {
            hand_on(slot.take(), take);
        }
        let pile = slot.get_or_insert_with(|| Pile {
            point,
            people: BinaryHeap::new(),
        });
        if pile.people.len() < self.k {
            pile.people.push((id, place.bits()));
        } else if let Some(mut last) = pile.people.peek_mut()
            && id < last.0
        {
            *last = (id, place.bits());
        }
    }

    /// Hands everybody on.
    pub(super) fn finish(self, mut take: impl FnMut(Place)) {
        for pile in self.piles {
            hand_on(pile, &mut take);
        }
    }
}

fn hand_on(pile: Option<Pile>, mut take: impl FnMut(Place)) {
    for (_, place) in pile.into_iter().flat_map(|pile| pile.people) {
        take(Place::from_bits(place));
    }
}

fn slot_of(point: &Point) -> usize {
    let mixed = point.xyz_m().iter().fold(0_u64, |mixed, metres| {
        (mixed ^ metres.to_bits()).wrapping_mul(0x9E37_79B9_7F4A_7C15)
    });
    let bits = PLACES.ilog2();
    #[expect(clippy::cast_possible_truncation, reason = "four bits are left")]
    let slot = (mixed >> (u64::BITS - bits)) as usize;
    slot
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_every_place_those_with_the_least_ids_are_handed_on() {
        let point = |nth: u32| Point::new(f64::from(nth), 18.0).expect("valid");
        for places in [1, 2, 16, 60] {
            let mut piles = Piles::new(3);
            let mut kept = Vec::new();
            for nth in 0..6_000_u32 {
                let id = u64::from(nth.wrapping_mul(7_919) % 6_007);
                let place = Place::from_bits(nth);
                piles.add(point(nth % places), id, place, |one| kept.push(one.bits()));
            }
            piles.finish(|one| kept.push(one.bits()));
            for place in 0..places {
                let mut all: Vec<u32> = (0..6_000).filter(|nth| nth % places == place).collect();
                all.sort_by_key(|nth| nth.wrapping_mul(7_919) % 6_007);
                assert!(all[..3].iter().all(|least| kept.contains(least)));
            }
            if places == 1 {
                assert_eq!(kept.len(), 3);
            }
        }
    }
}
