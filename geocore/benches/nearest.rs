//! One question to the core, without Python.
#![expect(missing_docs, reason = "criterion's macros document nothing")]

mod world;

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use geocore::{Filter, Point};
use world::{World, index_of};

fn nearest(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("nearest");
    for count in [200, 10_000, 1_000_000] {
        let mut world = World::new();
        let index = index_of(&world.people(count));
        let asked: Vec<Point> = (0..50_000).map(|_| world.near()).collect();
        let mut next = asked.iter().cycle();
        let mut found = Vec::new();
        group.bench_function(BenchmarkId::new("k5", count), |bencher| {
            bencher.iter(|| {
                let from = next.next().expect("endless");
                index
                    .nearest_into(from, 5, &Filter::default(), &mut found)
                    .expect("valid");
            });
        });
        group.bench_function(BenchmarkId::new("batch_of_50000", count), |bencher| {
            bencher.iter(|| {
                let mut sum = 0.0;
                index
                    .nearest_many(&asked, 5, &Filter::default(), |_, row| {
                        sum += row[0].distance_m;
                    })
                    .expect("valid");
                sum
            });
        });
    }
    group.finish();
}

criterion_group!(benches, nearest);
criterion_main!(benches);
