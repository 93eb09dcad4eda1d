//! Laws that hold for every plan and every seed.

use proptest::prelude::*;

use semel_sim::address::{Fate, Label, NodeId, PacketId, StepId, Strike, Weather};
use semel_sim::adversary::seeded::Seeded;
use semel_sim::adversary::watch::Watched;
use semel_sim::adversary::{Adversary, LossId, Sending, Step};
use semel_sim::chance::Rate;
use semel_sim::faults::{
    self, Burst, ClockDrift, ClockStep, Corrupt, Crash, Delay, Direction, Drop, Duplicate, Fault,
    Hold, Isolate, Pause, PowerLoss, Slow, SlowLink, Spread,
};
use semel_sim::net::Transport;
use semel_sim::record::{Entry, Recorder};
use semel_sim::schedule::{Deviation, NamedChange, Noted, Script};
use semel_sim::time::{Span, Time};

use crate::stage::{Do, Echo, Message, Observation, Plan, Prompter, Stage};

type AnyFault = Fault<Message, Observation>;

/// A rate between 0 and 1/2.
fn rate() -> impl Strategy<Value = Rate> {
    (0_u32..=50).prop_map(|percent| Rate::new(percent, 100))
}

fn millis(most: u64) -> impl Strategy<Value = Span> {
    (1..=most).prop_map(Span::millis)
}

fn node() -> impl Strategy<Value = String> {
    prop_oneof![Just("client".to_string()), Just("server".to_string())]
}

fn named<T: From<String>>(name: &str) -> T {
    T::from(name.to_string())
}

/// Faults on packets.
fn on_packets() -> impl Strategy<Value = AnyFault> {
    prop_oneof![
        rate().prop_map(|rate| Fault::Drop(Drop {
            name: named("lost"),
            rate: Some(rate),
            ..Drop::default()
        })),
        (rate(), millis(40)).prop_map(|(rate, by)| Fault::Delay(Delay {
            name: named("late"),
            rate: Some(rate),
            by: Spread::Exponential(by),
            ..Delay::default()
        })),
        rate().prop_map(|rate| Fault::Duplicate(Duplicate {
            name: named("twice"),
            rate: Some(rate),
            ..Duplicate::default()
        })),
        (rate(), node()).prop_map(|(rate, from)| Fault::Corrupt(Corrupt {
            name: named("damaged"),
            rate: Some(rate),
            from: Some(from),
            ..Corrupt::default()
        })),
        (rate(), millis(60)).prop_map(|(rate, release)| Fault::Hold(Hold {
            name: named("held"),
            rate: Some(rate),
            release,
            ..Hold::default()
        })),
        (rate(), millis(30), millis(30)).prop_map(|(rate, good, bad)| Fault::Burst(Burst {
            name: named("burst"),
            good,
            bad,
            rate,
            from: None,
            to: None,
            at: None,
            until: None,
        })),
    ]
}

/// Faults on nodes, links and clocks.
fn on_nodes() -> impl Strategy<Value = AnyFault> {
    prop_oneof![
        (rate(), node(), millis(30)).prop_map(|(rate, node, down)| Fault::Crash(Crash {
            name: named("crash"),
            node: Some(node),
            rate: Some(rate),
            down,
            ..Crash::default()
        })),
        (node(), millis(80), millis(30)).prop_map(|(node, every, down)| {
            Fault::PowerLoss(PowerLoss {
                name: named("power"),
                node: Some(node),
                every: Some(every),
                down,
                ..PowerLoss::default()
            })
        }),
        (1_u32..8, millis(30)).prop_map(|(n, down)| Fault::Pause(Pause {
            name: named("pause"),
            after: Some(Observation::Stored(n)),
            down,
            ..Pause::default()
        })),
        (1_u32..8, millis(40)).prop_map(|(n, lasting)| Fault::Isolate(Isolate {
            name: named("cut off"),
            node: "server".into(),
            direction: Direction::Outgoing,
            after: Some(Observation::Stored(n)),
            lasting: Some(lasting),
            ..Isolate::default()
        })),
        (node(), millis(50), millis(50)).prop_map(|(node, at, lasting)| {
            Fault::Isolate(Isolate {
                name: named("isolated"),
                node,
                at: Some(at),
                lasting: Some(lasting),
                ..Isolate::default()
            })
        }),
        (1_u32..8, node()).prop_map(|(n, node)| Fault::Crash(Crash {
            name: named("elsewhere"),
            after: Some(Observation::Stored(n)),
            node: Some(node),
            ..Crash::default()
        })),
        (millis(50), millis(9)).prop_map(|(at, extra)| Fault::SlowLink(SlowLink {
            name: named("slow link"),
            from: None,
            to: Some("server".into()),
            extra,
            at,
            until: None,
        })),
        (millis(50), 2_u32..9).prop_map(|(at, factor)| Fault::Slow(Slow {
            name: named("slow"),
            node: "server".into(),
            factor,
            at,
            until: None,
        })),
        (millis(50), -300_000_i32..300_000).prop_map(|(at, ppm)| {
            Fault::ClockDrift(ClockDrift {
                name: named("drift"),
                node: "client".into(),
                ppm,
                at,
                until: None,
            })
        }),
        (millis(20), rate()).prop_map(|(every, rate)| Fault::ClockStep(ClockStep {
            name: named("step"),
            node: "client".into(),
            back: Some(Span::millis(3)),
            every: Some(every),
            rate: Some(rate),
            ..ClockStep::default()
        })),
    ]
}

/// At most one fault of a name.
fn plan() -> impl Strategy<Value = Plan> {
    let any = prop_oneof![on_packets(), on_nodes()];
    prop::collection::vec(any, 0..6).prop_map(|mut plan| {
        plan.sort_by_key(|fault| fault.given_name().map(str::to_string));
        plan.dedup_by_key(|fault| fault.given_name().map(str::to_string));
        plan
    })
}

/// A client that says a few things and repeats what is not answered, somewhere, with or without heal.
fn stage() -> impl Strategy<Value = Stage> {
    let transport = prop_oneof![Just(Transport::Connection), Just(Transport::Datagram)];
    let spread = prop_oneof![Just(0), Just(3)];
    let service = prop_oneof![Just(0), Just(1)];
    let heal = prop_oneof![
        Just(Time::NEVER),
        (30_u64..200).prop_map(|ms| Time(Span::millis(ms).0))
    ];
    (transport, spread, service, heal, any::<u64>(), plan()).prop_map(
        |(transport, spread, service, heal_at, seed, plan)| {
            let lines = [
                (0, Do::Pings(1, 2)),
                (9, Do::Ping(3)),
                (30, Do::Pings(4, 6)),
                (31, Do::Look),
                (50, Do::Ping(7)),
            ];
            let mut stage = Stage::new(transport)
                .client(&lines)
                .retrying(Span::millis(25));
            stage.terrain.latency.spread = Span::millis(spread);
            stage.terrain.service = Span::millis(service);
            stage.limits.heal_at = heal_at;
            stage.limits.events = 2_000;
            stage.wants = 7;
            stage.seed = seed;
            stage.plan = plan;
            stage
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    /// What was noted of a run repeats it: followed by itself, and as the script of a plan, wherever chance was.
    ///
    /// (Endless weather that nothing heals keeps a run from ending; a schedule always has an end.)
    #[test]
    fn what_is_noted_repeats_the_run(mut stage in stage()) {
        if stage.limits.heal_at == Time::NEVER {
            stage.plan.retain(|fault| !matches!(fault, Fault::PowerLoss(_) | Fault::ClockStep(_)));
        }
        let mut noted = Watched::new(stage.adversary(), Noted::new(&Stage::names()));
        let run = stage.play_with(&mut noted);
        let deviations = noted.watch.into_deviations();

        let mut script = Script::new(&deviations, &Stage::names()).expect("it names what there is");
        let again = stage.play_with(&mut script);
        prop_assert_eq!(&again.text, &run.text);
        prop_assert_eq!((again.end, again.digest), (run.end, run.digest));
        prop_assert_eq!((script.mismatches().len(), script.unmet()), (0, 0));

        stage.plan = vec![Fault::Script(deviations)];
        stage.seed ^= 1;
        prop_assert_eq!(stage.play().digest, run.digest);
    }

    /// Whoever watches changes nothing, least of all how much of a script has come about: what all heals before is not.
    #[test]
    fn a_watched_script_is_the_script(mut stage in stage(), heal_at in 1_u64..40) {
        let mut noted = Watched::new(stage.adversary(), Noted::new(&Stage::names()));
        stage.play_with(&mut noted);
        let mut deviations = noted.watch.into_deviations();
        let late = |at| Deviation::Weather {
            at: Span::millis(at),
            change: NamedChange::ClockStep(Stage::names()[0].clone(), 1),
        };
        deviations.extend([late(heal_at - 1), late(heal_at + 1), late(heal_at + 2)]);
        stage.limits.heal_at = Time::ZERO + Span::millis(heal_at);
        let mut script = Script::new(&deviations, &Stage::names()).expect("it names what there is");
        let mut watched = Watched::new(script.clone(), Noted::new(&Stage::names()));
        let (run, seen) = (stage.play_with(&mut script), stage.play_with(&mut watched));
        prop_assert_eq!((run.end, run.digest), (seen.end, seen.digest));
        prop_assert_eq!(watched.adversary.given(), script.given());
    }

    /// A rate of 0 is as good as absence, wherever the fault stands in the plan.
    #[test]
    fn a_rate_of_0_equals_absence(stage in stage(), place in 0_usize..6) {
        let rate = Some(Rate::ZERO);
        let run = stage.play();
        for never in [
            Fault::Drop(Drop { rate, ..Drop::default() }),
            Fault::Delay(Delay { rate, by: Spread::Fixed(Span::secs(1)), ..Delay::default() }),
            Fault::Crash(Crash { rate, node: named("*"), ..Crash::default() }),
            Fault::Pause(Pause { rate, every: Some(Span::millis(5)), node: named("*"), ..Pause::default() }),
        ] {
            let mut stage = stage.clone();
            stage.plan.insert(place.min(stage.plan.len()), never);
            let with = stage.play();
            prop_assert_eq!((with.digest, with.text), (run.digest, run.text.clone()));
        }
    }

    /// A world that has run before runs as a new one would, whatever ran on it.
    #[test]
    fn reset_is_as_good_as_new(stage in stage(), seeds in prop::collection::vec(any::<u64>(), 1..4)) {
        let (mut world, mut adversary) = (stage.world(), stage.adversary());
        for seed in seeds {
            world.reset();
            world.nodes_mut().clone_from_slice(stage.world().nodes());
            adversary.reset(seed);
            let mut prompter = stage.prompter();
            let end = world.run(&stage.limits, &mut adversary, &mut prompter);
            let fresh = Stage { seed, ..stage.clone() }.play();
            prop_assert_eq!((world.digest(), end), (fresh.digest, fresh.end));
            prop_assert_eq!(prompter.lines, fresh.text);
            prop_assert_eq!(&world.counts().fired, &fresh.fired);
        }
    }

    /// A copy of a run goes on as the run does.
    #[test]
    fn a_fork_goes_on_as_the_run_does(stage in stage(), steps in 0_usize..60) {
        let (mut world, mut adversary) = (stage.world(), stage.adversary());
        let mut prompter = stage.prompter();
        world.start(&mut adversary, &mut prompter);
        for _ in 0..steps {
            world.advance(stage.limits.heal_at, &mut adversary, &mut prompter);
        }
        let (mut fork, mut its) = (world.clone(), adversary.clone());
        fork.go_on(&stage.limits, &mut its, &mut prompter.clone());
        world.go_on(&stage.limits, &mut adversary, &mut prompter);
        prop_assert_eq!(fork.digest(), world.digest());
    }

    /// Eyes change nothing, and neither does a quick answer.
    #[test]
    fn neither_eyes_nor_haste_change_a_run(stage in stage()) {
        let run = stage.play();
        let mut world = stage.world();
        world.run(&stage.limits, &mut stage.adversary(), &mut Blind(stage.prompter()));
        prop_assert_eq!(world.digest(), run.digest);
        let slow = stage.play_with(&mut Thorough(stage.adversary()));
        prop_assert_eq!((slow.digest, slow.text), (run.digest, run.text));
    }

    /// What a fault answers at an address does not depend on who else is in the plan, nor on their order.
    #[test]
    fn a_fault_answers_for_itself(
        faults in prop::collection::vec(on_packets(), 1..5),
        seed in any::<u64>(),
        nth in 0_u32..1_000,
        at in 0_u64..100,
    ) {
        let ask = |plan: &[AnyFault]| {
            let rules = faults::compile(plan, &Stage::names()).expect("the plan is sound");
            let mut adversary: Seeded<Echo> =
                Seeded::new(rules, &Stage::names(), seed).expect("there is no script");
            adversary.fate(&sending(nth, Time(Span::millis(at).0)))
        };
        let mut plan = faults;
        plan.sort_by_key(|fault| fault.given_name().map(str::to_string));
        plan.dedup_by_key(|fault| fault.given_name().map(str::to_string));
        let together = ask(&plan);
        for (index, fault) in plan.iter().enumerate() {
            let acts = together.acted().any(|other| usize::from(other.0) == index);
            let alone = ask(std::slice::from_ref(fault));
            prop_assert_eq!(alone.acted().count() == 1, acts, "{:?}", fault);
        }
        plan.reverse();
        let reversed = ask(&plan);
        prop_assert_eq!(reversed.delays(), together.delays());
    }
}

fn sending(nth: u32, at: Time) -> Sending<'static, Echo> {
    Sending {
        id: PacketId {
            link: 77,
            connection: 0,
            label: Label(0),
            nth,
        },
        from: NodeId(0),
        to: NodeId(1),
        at,
        message: &Message::Ping(1),
        items: &[],
        latency: Span::millis(2),
        spread: Span::millis(3),
        connected: false,
    }
}

/// A prompter that is told no entries.
struct Blind(Prompter);

impl Recorder<Echo> for Blind {
    const OPEN: bool = false;

    fn entry(&mut self, _: &Entry<Echo>, _: &[()]) {
        unreachable!("a blind recorder is shown nothing");
    }

    fn observe(&mut self, entry: u64, at: Time, node: NodeId, observation: &Observation) {
        self.0.observe(entry, at, node, observation);
    }

    fn complete(&self) -> bool {
        self.0.complete()
    }

    fn progress(&self) -> u64 {
        self.0.progress()
    }
}

/// An adversary without quick answers.
struct Thorough(Seeded<Echo>);

impl Adversary<Echo> for Thorough {
    fn fate(&mut self, sending: &Sending<'_, Echo>) -> Fate {
        self.0.fate(sending)
    }

    fn strike(&mut self, step: &Step<'_, Echo>) -> Option<Strike> {
        self.0.strike(step)
    }

    fn jitter(&mut self, step: StepId, draw: u32, spread: Span) -> Span {
        Adversary::<Echo>::jitter(&mut self.0, step, draw, spread)
    }

    fn survives(&mut self, loss: LossId, unsynced: u64) -> u64 {
        Adversary::<Echo>::survives(&mut self.0, loss, unsynced)
    }

    fn next_weather(&self) -> Option<Time> {
        Adversary::<Echo>::next_weather(&self.0)
    }

    fn weather(&mut self) -> Weather {
        Adversary::<Echo>::weather(&mut self.0)
    }

    fn heal(&mut self) -> Option<(Time, Weather)> {
        Adversary::<Echo>::heal(&mut self.0)
    }
}
