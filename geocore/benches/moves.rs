//! Moving one person a street further, and building anew.
#![expect(missing_docs, reason = "criterion's macros document nothing")]

mod world;

use criterion::{BatchSize, BenchmarkId, Criterion, criterion_group, criterion_main};
use geocore::Point;
use world::{Dice, World, index_of};

fn moves(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("moves");
    group.sample_size(20);
    for count in [200_u64, 10_000, 1_000_000] {
        let people = World::new().people(count);
        let mut index = index_of(&people);
        let mut dice = Dice(99);
        let steps: Vec<(u64, Point)> = (0..200_000)
            .map(|step| {
                let person = &people[usize::try_from(step * 7_919 % count).expect("small")];
                let lat_deg = person.point.lat_deg() + (dice.uniform() - 0.5) * 0.004;
                let point = Point::new(lat_deg.clamp(-90.0, 90.0), person.point.lon_deg());
                (person.id, point.expect("in range"))
            })
            .collect();
        let mut next = steps.iter().cycle();
        group.bench_function(BenchmarkId::new("one", count), |bencher| {
            bencher.iter(|| {
                let (id, point) = next.next().expect("endless");
                index.relocate(*id, *point, None).expect("known");
            });
        });
        group.bench_function(BenchmarkId::new("build", count), |bencher| {
            bencher.iter_batched(|| (), |()| index_of(&people), BatchSize::PerIteration);
        });
    }
    group.finish();
}

criterion_group!(benches, moves);
criterion_main!(benches);
