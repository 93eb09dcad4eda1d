//! A warm instance allocates nothing, and a small one is small.

mod workload;

use allocation_counter::measure;
use workload::{Instance, Setup};

#[test]
fn a_warm_run_allocates_nothing() {
    for crash in [false, true] {
        let mut instance = Instance::new(Setup {
            crash,
            ..Setup::new(100)
        });
        let mut run = |seeds: core::ops::Range<u64>| {
            measure(|| assert!(seeds.map(|seed| instance.run(seed).events).sum::<u64>() > 0))
                .count_total
        };
        run(0..1_000);
        assert_eq!(run(0..1_000), 0, "allocations in 1000 runs that fit");
        let more = run(1_000..2_000);
        assert!(
            more <= 10,
            "{more} allocations in 1000 runs, a few of them larger"
        );
    }
}

#[test]
fn an_instance_keeps_few_bytes() {
    let mut instance = None;
    let kept = measure(|| {
        let mut warm = Instance::new(Setup::new(100));
        assert!((0..100).all(|seed| warm.run(seed).appended == 100));
        instance = Some(warm);
    })
    .bytes_current;
    assert!(instance.is_some());
    assert!(kept <= 16 * 1024, "{kept} bytes in an instance of 100 ids");
}
