//! The explorer against its brute-force twin: every schedule run from the very start, none merged.
//!
//! The domain is as small as a duplicate can be. A client asks a server to count, and asks again until it is
//! answered; the server keeps its count on disk and, in one variant, the last request it has counted.

use std::collections::BTreeMap;

use semel_sim::address::{Label, NodeId, Outage, OutageKind};
use semel_sim::context::{Context, Peer, TimerId};
use semel_sim::digest::Digest;
use semel_sim::domain::{Domain, Process};
use semel_sim::net::{Latency, Transport};
use semel_sim::record::{Entry, Recorder};
use semel_sim::search::explore::{Judging, Plan, Tried, explore};
use semel_sim::search::menu::{Choice, Chosen, Isolation, Menu, Prober, faults};
use semel_sim::time::{Span, Time};
use semel_sim::world::{End, Limits, Terrain, World};

const CLIENT: NodeId = NodeId(0);
const SERVER: NodeId = NodeId(1);

#[derive(Clone, Copy, Debug)]
struct Counting;

#[derive(Clone, Copy, Debug, Hash)]
enum Message {
    Count(u32),
    Counted(u32),
}

#[derive(Clone, Copy, Debug, Hash)]
struct Retry(u32);

#[derive(Clone, Copy, Debug, Hash)]
enum Seen {
    Counted,
    Done,
}

impl Domain for Counting {
    type Message = Message;
    type Timer = Retry;
    type Observation = Seen;
    type Item = ();
    type Node = Node;
    type MessagePattern = ();
    type ObservationPattern = ();

    const LABELS: usize = 3;

    fn label(message: &Message) -> Label {
        match message {
            Message::Count(_) => Label(0),
            Message::Counted(_) => Label(1),
        }
    }

    fn timer_label(_: &Retry) -> Label {
        Label(2)
    }

    fn label_name(label: Label) -> &'static str {
        ["Count", "Counted", "Retry"][usize::from(label.0)]
    }
}

/// Whether repeats are recognised.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Kind {
    Plain,
    Deduplicating,
    /// Remembers the last request in memory only.
    Forgetful,
    /// Syncs neither the requests nor the answers that it writes down.
    Lazy,
}

#[derive(Clone, Debug)]
enum Node {
    Client {
        next: u32,
        most: u32,
        timer: Option<TimerId>,
    },
    Server {
        kind: Kind,
        last: Option<u32>,
        answers: u64,
    },
}

fn ask(next: u32, ctx: &mut Context<'_, Counting>) -> TimerId {
    ctx.send(SERVER, Message::Count(next));
    ctx.set_timer(Span::millis(10), Retry(next))
}

impl Process<Counting> for Node {
    fn start(&mut self, ctx: &mut Context<'_, Counting>) {
        if let Self::Client { next, most, timer } = self
            && next < most
        {
            *timer = Some(ask(*next, ctx));
        }
    }

    fn receive(&mut self, from: Peer, message: &Message, ctx: &mut Context<'_, Counting>) {
        match (self, *message) {
            (
                Self::Server {
                    kind,
                    last,
                    answers,
                },
                Message::Count(number),
            ) => {
                *answers += u64::from(*kind == Kind::Lazy);
                if *kind == Kind::Plain || last.is_none_or(|last| last < number) {
                    *last = Some(number);
                    ctx.observe(Seen::Counted);
                }
                ctx.send(from, Message::Counted(number));
            }
            (Self::Client { next, most, timer }, Message::Counted(number)) if number == *next => {
                ctx.observe(Seen::Done);
                *next += 1;
                if let Some(timer) = timer.take() {
                    ctx.cancel(timer);
                }
                if next < most {
                    *timer = Some(ask(*next, ctx));
                }
            }
            _ => {}
        }
    }

    fn fire(&mut self, Retry(number): Retry, ctx: &mut Context<'_, Counting>) {
        if let Self::Client { next, timer, .. } = self
            && *next == number
        {
            ctx.give_up(SERVER);
            *timer = Some(ask(number, ctx));
        }
    }

    fn crash(&mut self, outage: OutageKind, survives: &mut dyn FnMut(u64) -> u64) {
        match self {
            Self::Server {
                kind: Kind::Forgetful,
                last,
                ..
            } => *last = None,
            Self::Server {
                kind: Kind::Lazy,
                last,
                answers,
            } if outage == OutageKind::PowerLoss => {
                let kept = survives(last.map_or(0, |last| u64::from(last) + 1));
                *last = kept.checked_sub(1).map(|last| last as u32);
                *answers = survives(*answers);
            }
            Self::Server { .. } => {}
            Self::Client { timer, .. } => *timer = None,
        }
    }

    fn unsynced(&self) -> bool {
        matches!(
            self,
            Self::Server {
                kind: Kind::Lazy,
                last: Some(_),
                ..
            }
        )
    }

    fn fingerprint(&self, _: Time, digest: &mut Digest) {
        match self {
            Self::Client { next, most, .. } => digest.add(&(next, most)),
            Self::Server { last, answers, .. } => digest.add(&(last, answers)),
        }
    }
}

/// Counts what was counted.
#[derive(Clone, Debug, Default)]
struct Judge {
    counted: u32,
    done: u32,
}

impl Recorder<Counting> for Judge {
    const OPEN: bool = false;

    fn entry(&mut self, _: &Entry<Counting>, _: &[()]) {}

    fn observe(&mut self, _: u64, _: Time, _: NodeId, seen: &Seen) {
        match seen {
            Seen::Counted => self.counted += 1,
            Seen::Done => self.done += 1,
        }
    }

    fn complete(&self) -> bool {
        true
    }

    fn progress(&self) -> u64 {
        self.done.into()
    }
}

impl Judging<Counting> for Judge {
    fn fingerprint(&self, _: Time, digest: &mut Digest) {
        digest.add(&(self.counted, self.done));
    }
}

const LIMITS: Limits = Limits {
    heal_at: Time::NEVER,
    quiet: Span::secs(1),
    patience: Span::secs(10),
    events: 10_000,
};

/// What each outcome took: counted so often, done so often, and the fewest deviations that bring it about.
type Outcomes = BTreeMap<(u32, u32), usize>;

fn world(kind: Kind, transport: Transport) -> World<Counting> {
    world_of(kind, transport, Span::ZERO)
}

fn world_of(kind: Kind, transport: Transport, service: Span) -> World<Counting> {
    let latency = Latency {
        least: Span::millis(1),
        spread: Span::ZERO,
    };
    let terrain = Terrain {
        transport,
        latency,
        service,
    };
    let names = ["client".into(), "server".into()];
    let client = Node::Client {
        next: 0,
        most: 3,
        timer: None,
    };
    World::new(
        terrain,
        &names,
        vec![
            client,
            Node::Server {
                kind,
                last: None,
                answers: 0,
            },
        ],
    )
}

fn menu() -> Menu {
    let crash = Outage {
        kind: OutageKind::Crash,
        down: Span::millis(25),
    };
    let pause = Outage {
        kind: OutageKind::Pause,
        down: Span::millis(15),
    };
    let power = Outage {
        kind: OutageKind::PowerLoss,
        down: Span::millis(25),
    };
    Menu {
        drop: true,
        duplicate: true,
        late: vec![Span::millis(12)],
        outages: vec![
            (vec![CLIENT, SERVER], crash),
            (vec![SERVER], pause),
            (vec![SERVER], power),
        ],
        isolations: vec![
            Isolation {
                links: vec![(CLIENT, SERVER), (SERVER, CLIENT)],
                lasting: Span::millis(35),
            },
            Isolation {
                links: vec![(SERVER, CLIENT)],
                lasting: Span::millis(5),
            },
        ],
    }
}

fn note(outcomes: &mut Outcomes, judge: &Judge, deviations: usize) {
    let fewest = outcomes
        .entry((judge.counted, judge.done))
        .or_insert(deviations);
    *fewest = deviations.min(*fewest);
}

fn explored(world: World<Counting>, most: usize, merge: bool) -> (Outcomes, Tried) {
    let mut outcomes = Outcomes::new();
    let plan = Plan {
        menu: &menu(),
        most,
        limits: &LIMITS,
        schedules: u64::MAX,
        merge,
    };
    let ended = |_, judge: Judge, _, chosen: &[Choice]| note(&mut outcomes, &judge, faults(chosen));
    let tried = explore(&plan, world, Judge::default(), ended);
    (outcomes, tried)
}

/// Runs a schedule from the start, and every longer one that the menu allows after it. Counts them by size.
fn brute(
    start: &World<Counting>,
    chosen: &[Choice],
    most: usize,
    outcomes: &mut Outcomes,
    runs: &mut [u64],
) {
    let menu = menu();
    let mut judge = Judge::default();
    let mut prober = Prober::new(&menu, chosen, faults(chosen) < most);
    start.clone().run(&LIMITS, &mut prober, &mut judge);
    note(outcomes, &judge, faults(chosen));
    runs[faults(chosen)] += 1;
    for choice in prober.found {
        brute(start, &[chosen, &[choice]].concat(), most, outcomes, runs);
    }
}

#[test]
fn forking_and_merging_find_what_brute_force_finds() {
    for transport in [Transport::Datagram, Transport::Connection] {
        for kind in [Kind::Plain, Kind::Deduplicating, Kind::Forgetful] {
            let (mut expected, mut runs) = (Outcomes::new(), [0; 3]);
            brute(&world(kind, transport), &[], 2, &mut expected, &mut runs);
            let (forked, tried) = explored(world(kind, transport), 2, false);
            assert_eq!(forked, expected, "{transport:?} {kind:?}");
            assert_eq!(tried.ended, runs, "{transport:?} {kind:?}");
            let (merged, fewer) = explored(world(kind, transport), 2, true);
            assert_eq!(merged, expected, "{transport:?} {kind:?}");
            assert!(fewer.events < tried.events && fewer.finished);
        }
    }
}

/// Of what a server did not sync all is lost with its power, or all but one journal; whenever that is, for steps may take
/// time. None of that is a deviation more.
#[test]
fn one_journal_may_be_spared() {
    for service in [Span::ZERO, Span::micros(100)] {
        let start = || world_of(Kind::Lazy, Transport::Datagram, service);
        let (mut expected, mut runs) = (Outcomes::new(), [0; 3]);
        brute(&start(), &[], 2, &mut expected, &mut runs);
        let (forked, tried) = explored(start(), 2, false);
        assert_eq!(forked, expected, "{service}");
        assert_eq!(tried.ended, runs, "{service}");
        let (merged, _) = explored(start(), 2, true);
        assert_eq!(merged, expected, "{service}");
    }
}

#[test]
fn breaking_numbers_are_the_fewest_deviations() {
    let breaking = |kind| {
        let (outcomes, _) = explored(world(kind, Transport::Datagram), 2, true);
        let breaks = outcomes
            .into_iter()
            .filter(|((counted, _), _)| *counted > 3);
        breaks.map(|(_, deviations)| deviations).min()
    };
    assert_eq!(breaking(Kind::Plain), Some(1), "one lost answer");
    assert_eq!(breaking(Kind::Deduplicating), None);
    assert_eq!(
        breaking(Kind::Forgetful),
        Some(1),
        "a crash before the answer leaves"
    );
}

#[test]
fn a_chosen_schedule_repeats_its_run() {
    let start = world(Kind::Plain, Transport::Datagram);
    let plan = Plan {
        menu: &menu(),
        most: 1,
        limits: &LIMITS,
        schedules: u64::MAX,
        merge: false,
    };
    explore(
        &plan,
        start.clone(),
        Judge::default(),
        |world, judge, end, chosen| {
            let (mut again, mut second) = (start.clone(), Judge::default());
            assert_eq!(
                again.run(&LIMITS, &mut Chosen::new(&menu(), chosen), &mut second),
                end
            );
            assert_eq!(
                (again.digest(), second.counted),
                (world.digest(), judge.counted)
            );
        },
    );
}

#[test]
fn a_spent_budget_is_said() {
    let plan = Plan {
        menu: &menu(),
        most: 2,
        limits: &LIMITS,
        schedules: 10,
        merge: true,
    };
    let start = world(Kind::Plain, Transport::Datagram);
    let tried = explore(&plan, start, Judge::default(), |_, _, _: End, _| ());
    assert!(!tried.finished);
    assert_eq!(tried.schedules(), 10);
}

/// Merging by fingerprints that say nothing would take all runs for one.
#[test]
#[should_panic(expected = "merging needs `Process::fingerprint`")]
fn nodes_that_say_nothing_of_themselves_cannot_be_merged() {
    #[derive(Clone, Copy, Debug)]
    struct Silence;
    #[derive(Clone, Debug)]
    struct Mute;
    #[derive(Clone)]
    struct Nobody;

    impl Domain for Silence {
        type Message = ();
        type Timer = ();
        type Observation = ();
        type Item = ();
        type Node = Mute;
        type MessagePattern = ();
        type ObservationPattern = ();
    }

    impl Process<Silence> for Mute {
        fn start(&mut self, _: &mut Context<'_, Silence>) {}
        fn receive(&mut self, _: Peer, (): &(), _: &mut Context<'_, Silence>) {}
        fn fire(&mut self, (): (), _: &mut Context<'_, Silence>) {}
        fn crash(&mut self, _: OutageKind, _: &mut dyn FnMut(u64) -> u64) {}
    }

    impl Recorder<Silence> for Nobody {
        const OPEN: bool = false;

        fn entry(&mut self, _: &Entry<Silence>, _: &[()]) {}
        fn observe(&mut self, _: u64, _: Time, _: NodeId, (): &()) {}
    }

    impl Judging<Silence> for Nobody {
        fn fingerprint(&self, _: Time, _: &mut Digest) {}
    }

    let world = World::<Silence>::new(Terrain::default(), &["mute".into()], vec![Mute]);
    let plan = Plan {
        menu: &Menu::default(),
        most: 1,
        limits: &LIMITS,
        schedules: 10,
        merge: true,
    };
    explore(&plan, world, Nobody, |_, _, _, _| {});
}
