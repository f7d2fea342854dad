//! Changes of every kind, after which a space must be sound.

use super::super::cube::Scanned;
use super::super::grid::{ancestor, key_of, resolution_of};
use super::super::handles::Class;
use super::super::kernel::Portable;
use super::super::layout::{LANES, Leaf, Record};
use super::super::lens::Everyone;
use super::super::query::Filter;
use super::super::search::{Question, Scratch};
use super::super::space::Space;
use crate::point::Point;

/// A small generator, so that a failure repeats.
struct Dice(u64);

impl Dice {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (self.0 >> 33) % end
    }

    fn uniform(&mut self) -> f64 {
        f64::from(u32::try_from(self.below(1 << 30)).expect("30 bits")) / f64::from(1 << 30)
    }
}

fn record(dice: &mut Dice, id: u64, world: u64) -> Record {
    let spread = [180.0, 1.0, 0.01, 1e-6, 0.0][usize::try_from(world).expect("small")];
    let lat_deg = (64.7 + (dice.uniform() - 0.5) * spread).clamp(-90.0, 90.0);
    let lon_deg = (10.5 + (dice.uniform() - 0.5) * 2.0 * spread).clamp(-180.0, 180.0);
    let known = dice.below(8) > 0;
    Record {
        id,
        xyz_m: Point::new(lat_deg, lon_deg).expect("clamped").xyz_m(),
        at_s: if known {
            dice.uniform() * [1e4, 1e9][usize::from(dice.below(2) == 0)]
        } else {
            f64::NAN
        },
        available: dice.below(3) == 0,
    }
}

#[test]
fn every_change_keeps_the_space_sound() {
    let mut dice = Dice(11);
    for world in 0..5 {
        let mut space = Space::new();
        for round in 0..40_u64 {
            let ids = [40, 500, 5_000, 300][usize::try_from(round % 4).expect("small")];
            if round % 7 == 3 {
                let fresh: Vec<Record> = (0..ids).map(|id| record(&mut dice, id, world)).collect();
                space.put_many(&fresh);
            }
            for _ in 0..800 {
                let id = dice.below(ids);
                let fresh = record(&mut dice, id, world);
                match dice.below(4) {
                    0 => {
                        space.remove(id);
                    }
                    1 => {
                        space.relocate(id, fresh.xyz_m, fresh.at_s);
                    }
                    2 => {
                        if let Some(place) = space.find(id) {
                            let mut near = space.record(place).xyz_m;
                            near[2] += dice.uniform() * 60.0 - 30.0;
                            space.relocate(id, near, fresh.at_s);
                        }
                    }
                    _ => space.put(&fresh),
                }
            }
            space.assert_sound();
        }
        for id in 0..5_000 {
            space.remove(id);
        }
        space.assert_sound();
        assert_eq!(space.len(), 0);
    }
}

#[test]
fn a_leafs_cap_fits_its_people_and_is_fitted_again_when_one_moves_out() {
    let mut dice = Dice(29);
    let mut space = Space::new();
    let records: Vec<Record> = (0..6_000).map(|id| record(&mut dice, id, 1)).collect();
    space.put_many(&records);
    for (id, leaf) in space.groups.leaves.iter().enumerate() {
        let places = (0..leaf.len as usize).map(|nth| space.groups.point(leaf.place(nth)).xyz_m());
        let reach_m = places
            .map(|xyz_m| leaf.cap.reach_m(xyz_m))
            .fold(0.0, f64::max);
        assert!(
            f64::from(leaf.cap.radius_m) < reach_m * (1.0 + 1e-5),
            "wider than its people"
        );
        let (rough_m, step_m) = (space.groups.reach_m(id), leaf.cube().step_m());
        assert!(rough_m >= reach_m && rough_m <= reach_m + 2.0 * step_m);
    }
    let mut fitted = 0;
    for id in 0..6_000 {
        let place = space.find(id).expect("put in");
        let leaf = space.groups.leaf(place.group());
        let (mut xyz_m, cap) = (space.record(place).xyz_m, space.groups.leaves[leaf].cap);
        xyz_m[2] += 40.0;
        let reach_m = cap.reach_m(xyz_m);
        let home_m = space.home_m(space.groups.leaves[leaf].parent);
        assert!(space.relocate(id, xyz_m, f64::NAN));
        if reach_m > f64::from(cap.radius_m) && reach_m <= home_m {
            fitted += 1;
            assert_eq!(space.find(id), Some(place), "put elsewhere without need");
            let radius_m = f64::from(space.groups.leaves[leaf].cap.radius_m);
            assert!((reach_m..=home_m * (1.0 + 1e-5)).contains(&radius_m));
        }
        space.assert_sound();
    }
    assert!(fitted > 10, "{fitted}");
}

fn bits_of(record: &Record) -> [u64; 3] {
    record.xyz_m.map(f64::to_bits)
}

/// Cells do not reach beyond the cubes of their leaves, so that nothing else comes here.
#[test]
fn a_leaf_whose_steps_are_doubled_holds_who_it_held_and_who_was_outside() {
    let mut dice = Dice(43);
    let mut space = Space::new();
    let records: Vec<Record> = (0..3_000).map(|id| record(&mut dice, id, 1)).collect();
    space.put_many(&records);
    for (nth, record) in records.iter().enumerate() {
        let place = space.find(record.id).expect("put in");
        let leaf = space.groups.leaf(place.group());
        if nth % 10 == 0 && space.groups.leaves[leaf].shift < 30 {
            space.coarsen(leaf);
        }
    }
    space.assert_sound();
    for record in &records {
        let place = space.find(record.id).expect("put in");
        assert_eq!(bits_of(&space.record(place)), bits_of(record));
    }
    let place = space.find(7).expect("put in");
    let leaf = space.groups.leaf(place.group());
    let Leaf { shift, cap, .. } = space.groups.leaves[leaf];
    let mut far = records[7];
    far.xyz_m = cap.centre_m.map(f64::from);
    far.xyz_m[1] += 6e5;
    space.set_place(leaf, place, &far);
    assert!(space.groups.leaves[leaf].shift > shift);
    assert_eq!(bits_of(&space.record(place)), bits_of(&far));
    space.set_place(leaf, place, &records[7]);
    space.assert_sound();
}

/// Puts some people together in lots of a size, lots far from each other.
fn gather(space: &mut Space, people: u64, lot: u64) {
    for id in 0..people {
        let (row, column) = ((id / lot) / 60, (id / lot) % 60);
        #[expect(clippy::cast_precision_loss, reason = "small")]
        let (lat_deg, lon_deg) = (row as f64 * 3.0 - 75.0, column as f64 * 6.0 - 177.0);
        let place = Point::new(lat_deg, lon_deg).expect("in range");
        space.put(&Record {
            id,
            xyz_m: place.xyz_m(),
            at_s: f64::NAN,
            available: true,
        });
    }
}

#[test]
fn memory_follows_the_people_whatever_sizes_their_leaves_have_had() {
    let mut space = Space::new();
    for lot in [180, 9, 100, 40, 170, 3, 120, 70, 20, 150] {
        gather(&mut space, 3_000, lot);
        space.assert_sound();
    }
    gather(&mut space, 3_000, 180);
    let crowded = space.bytes();
    let mut fresh = Space::new();
    gather(&mut fresh, 3_000, 180);
    assert!(crowded <= fresh.bytes() * 8 / 5, "{crowded} bytes");
}

#[test]
fn memory_follows_the_people_who_stay_of_many() {
    let (mut space, mut fresh) = (Space::new(), Space::new());
    gather(&mut space, 20_000, 100);
    for id in (1_000..20_000).rev() {
        assert!(space.remove(id));
        if id % 1_000 == 0 {
            space.assert_sound();
        }
    }
    gather(&mut fresh, 1_000, 100);
    assert!(space.bytes() <= fresh.bytes() * 2, "{}", space.bytes());
}

#[test]
fn few_who_come_together_take_no_more_than_they_need() {
    let mut dice = Dice(31);
    for people in [1, 16, 200, 448] {
        let records: Vec<Record> = (0..people).map(|id| record(&mut dice, id, 1)).collect();
        let mut space = Space::new();
        space.put_many(&records);
        space.assert_sound();
        let groups = records.len().div_ceil(LANES);
        assert_eq!(space.groups.capacity(), Class::holding(groups).size());
    }
}

#[test]
fn the_portable_search_finds_what_this_machines_finds() {
    let mut dice = Dice(23);
    for world in 0..5 {
        for people in [9, 300, 3_000] {
            let mut space = Space::new();
            let records: Vec<Record> = (0..people).map(|id| record(&mut dice, id, world)).collect();
            space.put_many(&records);
            for round in 0..50 {
                let from = record(&mut dice, 0, round % 5).xyz_m;
                let k = [1, 5, 16, 40][usize::try_from(round % 4).expect("small")];
                let question = Question {
                    from: &Point::from_surface(from),
                    k,
                    filter: &Filter::default(),
                };
                let mut scratch = Scratch::default();
                let (mut here, mut portable) = (Vec::new(), Vec::new());
                space.answer_here(&question, &Everyone, &mut scratch, &mut here);
                let into = &mut portable;
                if space.is_flat() {
                    space.answer::<_, _, true>(Portable, &question, &Everyone, &mut scratch, into);
                } else {
                    space.answer::<_, _, false>(Portable, &question, &Everyone, &mut scratch, into);
                }
                assert_eq!(here, portable);
            }
        }
    }
}

#[test]
fn classes_hold_what_they_say() {
    for count in 1..5_000 {
        let class = Class::holding(count);
        assert!(class.size() >= count);
        assert!(class.size() <= count * 2);
    }
}

/// Times are not asked for where nobody has them: the lone one is the newest of many.
#[test]
fn whoever_was_the_newest_is_looked_for_no_more_once_gone() {
    let mut dice = Dice(37);
    let mut space = Space::new();
    let crowd: Vec<Record> = (0..5_000).map(|id| record(&mut dice, id, 2)).collect();
    space.put_many(&crowd);
    for away_deg in [1e-4, 1e-3, 1e-2, 0.1, 1.0, 10.0] {
        let mut lone = record(&mut dice, 6_000, 2);
        lone.xyz_m = Point::new(64.7 - away_deg, 10.5).expect("on earth").xyz_m();
        lone.at_s = 1e9;
        space.put(&lone);
        space.assert_sound();
        assert!(space.remove(lone.id));
        space.assert_sound();
    }
}

/// The cell of somebody's leaf.
fn cell_of(space: &Space, id: u64) -> u64 {
    let place = space.find(id).expect("put in");
    let (chunk, lane) = space.locate(space.groups.leaves[space.groups.leaf(place.group())].parent);
    space.chunks.cold[chunk].cell[lane]
}

/// A leaf keeps whoever moves out of its cell, not out of its cap; its split does not.
#[test]
fn the_newest_of_a_leaf_that_is_split_may_leave_its_node() {
    let mut dice = Dice(41);
    let mut space = Space::new();
    let crowd: Vec<Record> = (0..5_000).map(|id| record(&mut dice, id, 2)).collect();
    space.put_many(&crowd);
    let (mut next, mut left) = (5_000, 0);
    for id in 0..5_000 {
        let (place, cell) = (space.find(id).expect("put in"), cell_of(&space, id));
        let (was, mut is) = (space.record(place), space.record(place));
        is.xyz_m[0] += dice.uniform() * 60.0 - 30.0;
        is.xyz_m[1] += dice.uniform() * 60.0 - 30.0;
        is.at_s = 2e9;
        let above = resolution_of(cell) - 2;
        let is_own = ancestor(key_of(was.xyz_m), resolution_of(cell)) == cell;
        if !is_own || ancestor(key_of(is.xyz_m), above) == ancestor(cell, above) {
            continue;
        }
        space.put(&is);
        if cell_of(&space, id) == cell {
            while cell_of(&space, id) == cell {
                space.put(&Record { id: next, ..was });
                next += 1;
            }
            space.assert_sound();
            left += 1;
        }
        space.remove(id);
        if left == 3 {
            return;
        }
    }
    panic!("only {left} were so near the edge");
}

/// A crowd in a square of 100 m, and few others in all the country: a leaf of them, of
/// steps of 16 to 64 m, reaches over the crowd.
fn crowd_in_a_country(dice: &mut Dice) -> Vec<Record> {
    let mut all: Vec<Record> = (0..9_500).map(|id| record(dice, id, 0)).collect();
    for (nth, person) in all.iter_mut().enumerate() {
        let wide_deg = if nth < 8_000 { 1e-3 } else { 20.0 };
        let (lat_deg, lon_deg) = (
            48.85 + (dice.uniform() - 0.5) * wide_deg,
            2.35 + (dice.uniform() - 0.5) * wide_deg,
        );
        person.xyz_m = Point::new(lat_deg, lon_deg).expect("valid").xyz_m();
    }
    all
}

#[test]
fn coarse_steps_of_few_do_not_make_rivals_of_a_crowd() {
    let mut dice = Dice(47);
    let mut space = Space::new();
    let records = crowd_in_a_country(&mut dice);
    space.put_many(&records);
    let mut scratch = Scratch::default();
    let mut coarsest = 0;
    for asked in 0..64 {
        let from = Point::from_surface(records[asked * 100].xyz_m);
        let k = [1, 5, 16, 40][asked % 4];
        let question = Question {
            from: &from,
            k,
            filter: &Filter::default(),
        };
        space.seek::<_, _, false, true>(Portable, &question, &Everyone, &mut scratch);
        assert_eq!(scratch.scanned.is_empty(), k > 16, "kept in vain, or lost");
        let shifts = scratch.scanned.iter().map(Scanned::shift);
        coarsest = coarsest.max(shifts.max().unwrap_or(0));
        let mut rivals = 0;
        scratch.nearest.finish(|_| rivals += 1);
        assert!((k..=3 * k + 12).contains(&rivals), "{rivals} for {k}");
        // As many as are asked for, if they are near: 2 m hold a dozen.
        let question = Question {
            k: usize::MAX,
            filter: &Filter {
                within_m: Some(2.0),
                ..Filter::default()
            },
            ..question
        };
        space.seek::<_, _, false, true>(Portable, &question, &Everyone, &mut scratch);
        let mut rivals = 0;
        scratch.nearest.finish(|_| rivals += 1);
        assert!((1..100).contains(&rivals), "{rivals} within 2 m");
    }
    assert!(coarsest >= 33, "no leaf of coarse steps reaches so far");
}
