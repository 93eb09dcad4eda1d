//! How fast runs are: the catalog's `throughput` on the real models, with judge and digest.
//!
//! `cargo bench -p semel-scenarios`. Ratios (long over short, two threads over one) want an idle machine.

use std::hint::black_box;
use std::sync::Arc;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use semel_scenarios::catalog;
use semel_scenarios::file::load::load_with;
use semel_scenarios::file::setting::Setting;
use semel_scenarios::sweep::{Share, Sweep};
use semel_scenarios::trial::Runner;
use semel_scenarios::trial::plan::Plan;

/// `throughput` with so many records, put to `at-least-once`.
fn plan(records: u32) -> Arc<Plan> {
    let source = catalog::find("throughput").expect("it is in the catalog");
    let setting = Setting {
        path: "workload.records".into(),
        value: records.to_string(),
    };
    let scenario = Arc::new(load_with(&source, &[setting]).expect("it is valid"));
    Arc::new(Plan::new(&scenario, "at-least-once", &[]).expect("it fits"))
}

/// Events per second, from short runs to long ones: time per event should not grow.
fn events(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("events");
    group.sample_size(10);
    for records in [100, 10_000, 100_000, 10_000_000] {
        let mut runner = Runner::new(&plan(records));
        let events = runner.run(0).events;
        group.throughput(Throughput::Elements(events));
        group.bench_function(format!("{records} records"), |bench| {
            bench.iter(|| black_box(runner.run(0)));
        });
    }
}

/// Runs per second in a sweep of 100 records, on one thread and on two.
fn runs(criterion: &mut Criterion) {
    const RUNS: u64 = 20_000;
    let mut group = criterion.benchmark_group("runs");
    group.sample_size(10).throughput(Throughput::Elements(RUNS));
    for jobs in [1, 2] {
        let sweep = Sweep::of(vec![plan(100)])
            .seeds(0..RUNS)
            .jobs(jobs)
            .check_determinism(Share::percent(0));
        group.bench_function(format!("{jobs} threads"), |bench| {
            bench.iter(|| sweep.clone().run().expect("it runs"));
        });
    }
}

criterion_group!(benches, events, runs);
criterion_main!(benches);
