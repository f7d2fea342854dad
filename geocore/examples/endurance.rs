//! Moves ten thousand people again and again, for ever if need be.
//!
//! `cargo run --release --example endurance -- 10000000000 /tmp/endurance.state` goes on from
//! the state that it finds, prints rate and bytes every hundred million moves, and fails if
//! the index grows or a question is answered wrongly. Stop it at any time; 10^10 moves are
//! 10,000 people at 1 Hz for 11 days.

use std::path::PathBuf;
use std::time::Instant;
use std::{env, fs};

use geocore::{Filter, Index, Person, Point, karney_m};

const PEOPLE: u64 = 10_000;

/// Moves between two lines of the report, and two saves of the state.
const REPORT: u64 = 100_000_000;

/// A walker's step in degrees; one in a thousand steps is a flight.
const STEP_DEG: f64 = 2e-5;

struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    #[expect(clippy::cast_precision_loss, reason = "53 bits fit")]
    fn uniform(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * ((self.next() >> 11) as f64 / (1_u64 << 53) as f64)
    }

    fn place(&mut self) -> (f64, f64) {
        (self.uniform(-80.0, 80.0), self.uniform(-180.0, 180.0))
    }
}

fn main() {
    let mut arguments = env::args().skip(1);
    let target: u64 = arguments
        .next()
        .map_or(REPORT, |text| text.parse().expect("a number of moves"));
    let state = arguments.next().map(PathBuf::from);
    let (mut done, mut index) = state.as_ref().map_or_else(begin, take_up);
    let mut dice = Dice(0x5EED ^ (done + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15));
    let mut places: Vec<(f64, f64)> = (0..PEOPLE)
        .map(|id| index.get(id).expect("held").point)
        .map(|point| (point.lat_deg(), point.lon_deg()))
        .collect();
    let mut most = 0;
    while done < target {
        let start = Instant::now();
        let moves = REPORT.min(target - done);
        for step in 0..moves {
            walk(&mut index, &mut places, &mut dice, done + step);
        }
        done += moves;
        let bytes = index.stats().bytes;
        println!("{done} moves, {:.1} M/s, {bytes} bytes", rate(moves, start));
        check(&index, &places, &mut dice);
        assert!(most == 0 || bytes < most * 2, "memory drifts");
        most = most.max(bytes);
        if let Some(path) = &state {
            let mut saved = done.to_le_bytes().to_vec();
            saved.extend(index.to_bytes());
            fs::write(path, saved).expect("the state can be written");
        }
    }
}

fn begin() -> (u64, Index) {
    let mut dice = Dice(7);
    let people: Vec<Person> = (0..PEOPLE)
        .map(|id| {
            let (lat_deg, lon_deg) = dice.place();
            Person {
                id,
                point: Point::new(lat_deg, lon_deg).expect("in range"),
                at_s: Some(0.0),
                available: true,
                circles: [].into(),
            }
        })
        .collect();
    let mut index = Index::new();
    index.upsert_many(&people).expect("valid");
    (0, index)
}

fn take_up(path: &PathBuf) -> (u64, Index) {
    let Ok(saved) = fs::read(path) else {
        return begin();
    };
    let (done, snapshot) = saved.split_first_chunk::<8>().expect("a state");
    let index = Index::from_bytes(snapshot).expect("a whole snapshot");
    (u64::from_le_bytes(*done), index)
}

fn walk(index: &mut Index, places: &mut [(f64, f64)], dice: &mut Dice, step: u64) {
    let id = step % PEOPLE;
    let place = &mut places[usize::try_from(id).expect("small")];
    if dice.next().is_multiple_of(1_000) {
        *place = dice.place();
    } else {
        place.0 = (place.0 + dice.uniform(-STEP_DEG, STEP_DEG)).clamp(-90.0, 90.0);
        place.1 = (place.1 + dice.uniform(-STEP_DEG, STEP_DEG)).clamp(-180.0, 180.0);
    }
    let point = Point::new(place.0, place.1).expect("clamped");
    #[expect(clippy::cast_precision_loss, reason = "a time in seconds")]
    let at_s = (step / PEOPLE) as f64;
    index.relocate(id, point, Some(at_s)).expect("held");
}

#[expect(clippy::cast_precision_loss, reason = "a rate")]
fn rate(moves: u64, start: Instant) -> f64 {
    moves as f64 / start.elapsed().as_secs_f64() / 1e6
}

fn check(index: &Index, places: &[(f64, f64)], dice: &mut Dice) {
    for _ in 0..20 {
        let (lat_deg, lon_deg) = dice.place();
        let from = Point::new(lat_deg, lon_deg).expect("in range");
        let nearest = index.nearest(&from, 1, &Filter::default()).expect("valid");
        let wanted_m = places
            .iter()
            .map(|(lat, lon)| karney_m(&from, &Point::new(*lat, *lon).expect("in range")))
            .fold(f64::INFINITY, f64::min);
        assert!(
            (nearest[0].distance_m - wanted_m).abs() < 0.05,
            "a wrong answer"
        );
    }
}
