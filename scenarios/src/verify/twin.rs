//! The explorer against its brute-force twin on the real models: every schedule run from the very start, none merged.

use super::*;
use crate::file::load::{Source, load};
use semel_sim::search::menu::Prober;

fn plan(menu: &str, strategy: &str) -> Arc<Plan> {
    let text = format!(
        r#"(schema: 1, name: "two-records", workload: (records: 2, amount: 10, pace: "150ms"), menu: {menu})"#
    );
    let source = Source {
        name: "scenario.ron".into(),
        text,
    };
    let scenario = Arc::new(load(&source).expect("it is valid"));
    Arc::new(Plan::new(&scenario, strategy, &[]).expect("it fits"))
}

/// One schedule from the start, and every longer one that the menu allows after it.
struct Twin<'a> {
    bench: &'a Bench,
    menu: &'a Menu,
    limits: &'a Limits,
    most: usize,
    found: Found,
    schedules: u64,
}

impl Twin<'_> {
    fn run(&mut self, chosen: &[Choice]) {
        let mut prober = Prober::new(self.menu, chosen, faults(chosen) < self.most);
        let (mut world, mut alone) = (self.bench.world(), Alone(self.bench.judge()));
        let end = world.run(self.limits, &mut prober, &mut alone);
        world.last_words(&mut alone);
        alone.0.finish(end, world.now());
        self.found.add(&alone.0, chosen);
        self.schedules += 1;
        for choice in prober.found {
            self.run(&[chosen, &[choice]].concat());
        }
    }
}

/// Each kind of violation, and the fewest faults that bring it about.
type Fewest = BTreeMap<(Invariant, Level, bool), usize>;

#[test]
fn forking_and_merging_find_what_brute_force_finds() {
    for (items, strategy) in [
        ("[Drop, Crash]", "at-most-once"),
        ("[Drop, Late, Crash, PowerLoss, Pause]", "at-least-once"),
        ("[Drop, Crash, PowerLoss]", "idempotent-consumer"),
        ("[Drop, Pause]", "atomic-offset"),
        ("[Isolate, Crash]", "at-least-once"),
        ("[Isolate, Pause]", "atomic-offset"),
    ] {
        let plan = plan(items, strategy);
        let bench = Bench::new(&plan, 0);
        let menu = menu(&plan);
        let limits = Limits {
            heal_at: Time::NEVER,
            ..bench.limits()
        };
        let mut twin = Twin {
            bench: &bench,
            menu: &menu,
            limits: &limits,
            most: 2,
            found: Found::default(),
            schedules: 0,
        };
        twin.run(&[]);
        let expected: Fewest = twin
            .found
            .0
            .into_iter()
            .map(|((invariant, level, breach), one)| {
                ((invariant, level, breach), faults(&one.chosen))
            })
            .collect();
        let verified = verify(&plan, 2, SCHEDULES);
        let found: Fewest = verified
            .found
            .iter()
            .map(|one| {
                let violation = &one.violation;
                let kind = (violation.invariant, violation.level, violation.is_breach());
                (kind, one.faults)
            })
            .collect();
        assert_eq!(found, expected, "{strategy}");
        assert!(verified.schedules() <= twin.schedules, "{strategy}");
    }
}
