//! Moves ten thousand people again and again, for ever if need be.
//!
//! `cargo run --release --example endurance -- 10000000000 /tmp/endurance.state` goes on from
//! the state that it finds and, every hundred million moves, prints rate, bytes of the index
//! and resident memory, and saves. It fails if a question is answered wrongly, if the index
//! or the process grows past what it was after the first two hundred million moves, or if
//! moves become twice as slow as the fastest. Stop it at any time; 10^10 moves are 10,000
//! people at 1 Hz for 11 days.

use std::path::{Path, PathBuf};
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

/// What is known of a run beside its people.
#[derive(Clone, Copy)]
struct Run {
    /// Moves made.
    done: u64,
    /// Bytes of the index that are its measure; 0 before there is any.
    bytes: u64,
    /// The least processor time of a hundred million moves, in nanoseconds.
    fastest_ns: u64,
}

/// Moves after which the index has seen every size that its leaves will have.
const SETTLED: u64 = 2 * REPORT;

/// Resident bytes above the index's own that a process may come to have.
const RESIDENT_SPARE: u64 = 32 << 20;

fn main() {
    let mut arguments = env::args().skip(1);
    let target: u64 = arguments
        .next()
        .map_or(REPORT, |text| text.parse().expect("a number of moves"));
    let state = arguments.next().map(PathBuf::from);
    let (mut run, mut index) = state.as_deref().map_or_else(begin, take_up);
    let mut dice = Dice(0x5EED ^ (run.done + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15));
    let mut places: Vec<(f64, f64)> = (0..PEOPLE)
        .map(|id| index.get(id).expect("held").point)
        .map(|point| (point.lat_deg(), point.lon_deg()))
        .collect();
    while run.done < target {
        let start_ns = processor_ns();
        let moves = REPORT.min(target - run.done);
        for step in 0..moves {
            walk(&mut index, &mut places, &mut dice, run.done + step);
        }
        let used_ns = processor_ns() - start_ns;
        run.done += moves;
        check(&index, &places, &mut dice);
        let bytes = index.stats().bytes as u64;
        let resident = resident_bytes();
        println!(
            "{} moves, {:.1} M/s, index {bytes} bytes, resident {resident}",
            run.done,
            per_us(moves, used_ns)
        );
        if run.done <= SETTLED {
            run.bytes = run.bytes.max(bytes);
        }
        if moves == REPORT {
            run.fastest_ns = run.fastest_ns.min(used_ns);
            assert!(used_ns < 2 * run.fastest_ns, "moves become slow");
        }
        assert!(bytes <= run.bytes * 5 / 4, "the index grows");
        assert!(resident < bytes + RESIDENT_SPARE, "the process grows");
        if let Some(path) = &state {
            save(path, &run, &index);
        }
    }
}

/// Writes the state beside the old one, then takes its place: a stop in between loses nothing.
fn save(path: &Path, run: &Run, index: &Index) {
    let mut saved: Vec<u8> = [run.done, run.bytes, run.fastest_ns]
        .map(u64::to_le_bytes)
        .concat();
    saved.extend(index.to_bytes());
    let fresh = path.with_extension("new");
    fs::write(&fresh, saved).expect("the state can be written");
    fs::rename(fresh, path).expect("the state can be replaced");
}

fn begin() -> (Run, Index) {
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
    let run = Run {
        done: 0,
        bytes: 0,
        fastest_ns: u64::MAX / 2,
    };
    (run, index)
}

fn take_up(path: &Path) -> (Run, Index) {
    let Ok(saved) = fs::read(path) else {
        return begin();
    };
    let mut rest = saved.as_slice();
    let [done, bytes, fastest_ns] = [(); 3].map(|()| {
        let (number, after) = rest.split_first_chunk::<8>().expect("a state");
        rest = after;
        u64::from_le_bytes(*number)
    });
    let index = Index::from_bytes(rest).expect("a whole snapshot");
    let run = Run {
        done,
        bytes,
        fastest_ns,
    };
    (run, index)
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
fn per_us(moves: u64, used_ns: u64) -> f64 {
    moves as f64 * 1e3 / used_ns as f64
}

/// This process's time on a processor: what else runs is no part of the answer. Linux says
/// it in the first field of `schedstat`.
fn processor_ns() -> u64 {
    let told = fs::read_to_string("/proc/self/schedstat").expect("Linux");
    let first = told.split(' ').next().expect("a field");
    first.parse().expect("a number")
}

fn resident_bytes() -> u64 {
    let told = fs::read_to_string("/proc/self/statm").expect("Linux");
    let pages = told.split(' ').nth(1).expect("a second field");
    4_096 * pages.parse::<u64>().expect("a number")
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
