//! The kernel's speed on workload W, in events per second. `tests/w_reference.rs` shows that it is the same work as
//! elsewhere; this says how fast it is done, with observer and digest on, by instances that are used again.
//!
//! Run it pinned to one core: `taskset -c 1 cargo bench -p semel-sim`.

#[path = "../tests/workload/mod.rs"]
mod workload;

use std::hint::black_box;
use std::time::{Duration, Instant};

use criterion::{Criterion, Throughput, criterion_group, criterion_main};

use workload::{Instance, Setup};

fn w(criterion: &mut Criterion) {
    let small = Setup::new(100);
    let variants = [
        ("100 ids", small),
        (
            "100 ids, no dedup",
            Setup {
                dedup: false,
                ..small
            },
        ),
        (
            "100 ids, a crash",
            Setup {
                crash: true,
                ..small
            },
        ),
        ("100000 ids", Setup::new(100_000)),
    ];
    let mut group = criterion.benchmark_group("w");
    group.measurement_time(Duration::from_secs(3));
    for (name, setup) in variants {
        let mut instance = Instance::new(setup);
        let sample = if setup.ids > 1_000 { 3 } else { 2_000 };
        let events: u64 = (0..sample).map(|seed| instance.run(seed).events).sum();
        group.throughput(Throughput::Elements(events / sample));
        if setup.ids > 1_000 {
            group.sample_size(20);
        }
        group.bench_function(name, |bencher| {
            bencher.iter_custom(|runs| {
                let start = Instant::now();
                for seed in 0..runs {
                    black_box(instance.run(seed));
                }
                start.elapsed()
            });
        });
    }
    group.finish();
}

criterion_group!(benches, w);
criterion_main!(benches);
