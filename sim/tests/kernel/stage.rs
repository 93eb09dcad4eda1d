//! A stage for short plays: a client that says its lines at given times, a server that answers, and a prompter who
//! writes down what happens, one line each. A whole domain in one file: every play of this folder stands on it.

use std::fmt::Write;

use semel_sim::address::{Change, Label, NodeId, Outage, OutageKind};
use semel_sim::adversary::Adversary;
use semel_sim::adversary::seeded::Seeded;
use semel_sim::context::{Context, Peer, TimerId};
use semel_sim::digest::Digest;
use semel_sim::domain::{Domain, Process};
use semel_sim::faults::{self, Fault};
use semel_sim::journal::Journal;
use semel_sim::net::{Latency, Transport};
use semel_sim::record::{Entry, Loss, Recorder, What};
use semel_sim::time::{Span, Time};
use semel_sim::world::{End, Limits, Terrain, World};

pub(crate) const SERVER: NodeId = NodeId(1);

/// The words of the plays.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Echo;

#[derive(Clone, Copy, Debug, PartialEq, Hash)]
pub(crate) enum Message {
    Ping(u32),
    Pong(u32),
    /// Keeps no run alive.
    Hum,
}

#[derive(Clone, Copy, Debug, PartialEq, Hash)]
pub(crate) enum Timer {
    /// The client's next line.
    Line(usize),
    /// The client has waited long enough for this answer.
    Retry(u32),
    /// The server forces its journal to disk.
    Sync,
    Hum,
}

#[derive(Clone, Copy, Debug, PartialEq, Hash)]
pub(crate) enum Observation {
    Stored(u32),
    Heard(u32),
    /// How many entries were found on disk after a boot.
    Found(u64),
    /// Time since boot, and how far the wall clock has come since the world began.
    Reads {
        elapsed: Span,
        wall: Span,
    },
}

impl Domain for Echo {
    type Message = Message;
    type Timer = Timer;
    type Observation = Observation;
    type Item = ();
    type Node = Node;
    type MessagePattern = Message;
    type ObservationPattern = Observation;

    const LABELS: usize = 7;

    fn label(message: &Message) -> Label {
        Label(match message {
            Message::Ping(_) => 0,
            Message::Pong(_) => 1,
            Message::Hum => 2,
        })
    }

    fn timer_label(timer: &Timer) -> Label {
        Label(match timer {
            Timer::Line(_) => 3,
            Timer::Retry(_) => 4,
            Timer::Sync => 5,
            Timer::Hum => 6,
        })
    }

    fn label_name(label: Label) -> &'static str {
        ["Ping", "Pong", "Hum", "Line", "Retry", "Sync", "Hum timer"][usize::from(label.0)]
    }

    fn describe(message: &Message, _: &[()]) -> String {
        match message {
            Message::Ping(n) => format!("Ping {n}"),
            Message::Pong(n) => format!("Pong {n}"),
            Message::Hum => "Hum".into(),
        }
    }

    fn chatter(label: Label) -> bool {
        matches!(label.0, 2 | 6)
    }

    fn message_matches(pattern: &Message, message: &Message, _: &[()]) -> bool {
        pattern == message
    }

    fn observation_matches(pattern: &Observation, observation: &Observation) -> bool {
        pattern == observation
    }
}

/// What a client can be told to do.
#[derive(Clone, Copy, Debug, PartialEq, Hash)]
pub(crate) enum Do {
    Ping(u32),
    /// Several pings in one step.
    Pings(u32, u32),
    GiveUp,
    /// Reads its clocks.
    Look,
    /// Cancels the timer of this line of its part.
    Cancel(usize),
}

#[derive(Clone, Debug)]
pub(crate) enum Node {
    Client(Client),
    Server(Server),
}

/// Says its lines, each at its time after boot; repeats unanswered pings if it is patient enough to wait for them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Client {
    lines: Vec<(Span, Do)>,
    timers: Vec<TimerId>,
    /// Wait so long for an answer, and up to half of it longer.
    retry: Option<Span>,
    waiting: Vec<u32>,
    hums: bool,
}

impl Client {
    fn act(&mut self, what: Do, ctx: &mut Context<'_, Echo>) {
        match what {
            Do::Ping(n) => self.ping(n, ctx),
            Do::Pings(first, last) => (first..=last).for_each(|n| self.ping(n, ctx)),
            Do::GiveUp => ctx.give_up(SERVER),
            Do::Look => ctx.observe(reads(ctx)),
            Do::Cancel(line) => ctx.cancel(self.timers[line]),
        }
    }

    fn ping(&mut self, n: u32, ctx: &mut Context<'_, Echo>) {
        ctx.send(SERVER, Message::Ping(n));
        if let Some(retry) = self.retry {
            self.waiting.push(n);
            ctx.set_timer_within(retry, Span(retry.0 / 2), Timer::Retry(n));
        }
    }
}

fn reads(ctx: &Context<'_, Echo>) -> Observation {
    let epoch = Time(1_000_000_000_000_000_000);
    Observation::Reads {
        elapsed: ctx.elapsed(),
        wall: ctx.wall().since(epoch),
    }
}

/// Stores every ping and answers it; what it stored is safe from power loss 10 ms later.
#[derive(Clone, Debug, Default)]
pub(crate) struct Server {
    stored: Journal<u32>,
    /// It gives a connection up when it is told that it broke.
    gives_up: bool,
}

impl Process<Echo> for Node {
    fn start(&mut self, ctx: &mut Context<'_, Echo>) {
        match self {
            Self::Client(client) => {
                let arm =
                    |(index, (at, _)): (usize, &(Span, Do))| ctx.set_timer(*at, Timer::Line(index));
                client.timers = client.lines.iter().enumerate().map(arm).collect();
                if client.hums {
                    ctx.set_timer(Span::millis(7), Timer::Hum);
                }
            }
            Self::Server(server) if ctx.incarnation() > 0 => {
                ctx.observe(Observation::Found(server.stored.end()));
            }
            Self::Server(_) => {}
        }
    }

    fn receive(&mut self, from: Peer, message: &Message, ctx: &mut Context<'_, Echo>) {
        match (self, *message) {
            (Self::Server(server), Message::Ping(n)) => {
                server.stored.append(n);
                ctx.set_timer(Span::millis(10), Timer::Sync);
                ctx.observe(Observation::Stored(n));
                ctx.send(from, Message::Pong(n));
            }
            (Self::Client(client), Message::Pong(n)) => {
                client.waiting.retain(|other| *other != n);
                ctx.observe(Observation::Heard(n));
            }
            _ => {}
        }
    }

    fn fire(&mut self, timer: Timer, ctx: &mut Context<'_, Echo>) {
        match (self, timer) {
            (Self::Client(client), Timer::Line(index)) => client.act(client.lines[index].1, ctx),
            (Self::Client(client), Timer::Retry(n)) if client.waiting.contains(&n) => {
                client.waiting.retain(|other| *other != n);
                ctx.give_up(SERVER);
                client.ping(n, ctx);
            }
            (Self::Client(_), Timer::Hum) => {
                ctx.send(SERVER, Message::Hum);
                ctx.set_timer(Span::millis(7), Timer::Hum);
            }
            (Self::Server(server), Timer::Sync) => server.stored.sync(),
            _ => {}
        }
    }

    fn disconnected(&mut self, peer: NodeId, ctx: &mut Context<'_, Echo>) {
        if matches!(self, Self::Server(server) if server.gives_up) {
            ctx.give_up(peer);
        }
    }

    fn crash(&mut self, kind: OutageKind, survives: &mut dyn FnMut(u64) -> u64) {
        match self {
            Self::Client(client) => client.waiting.clear(),
            Self::Server(server) => drop(server.stored.crash(kind, survives)),
        }
    }

    fn unsynced(&self) -> bool {
        matches!(self, Self::Server(server) if server.stored.unsynced() > 0)
    }

    fn fingerprint(&self, _: Time, digest: &mut Digest) {
        match self {
            Self::Client(client) => digest.add(&(&client.lines, &client.waiting)),
            Self::Server(server) => digest.add(&server.stored),
        }
    }
}

/// Writes down what happens, in words. It wants nothing, so a run is complete when nothing is left to do.
#[derive(Clone, Debug, Default)]
pub(crate) struct Prompter {
    pub(crate) lines: String,
    pub(crate) progress: u64,
    /// Wants so many different pings answered before it is content.
    pub(crate) wants: u64,
}

fn name(node: NodeId) -> &'static str {
    ["client", "server", "second"][usize::from(node.0)]
}

/// Milliseconds, with three digits more where they are not whole.
fn millis(nanos: u64) -> String {
    match (nanos / 1_000_000, nanos / 1_000 % 1_000) {
        (whole, 0) => format!("{whole}ms"),
        (whole, micros) => format!("{whole}.{micros:03}ms"),
    }
}

fn why(loss: Loss) -> &'static str {
    match loss {
        Loss::Dropped => "dropped",
        Loss::Corrupted => "damaged",
        Loss::Isolated => "the link is cut",
        Loss::Behind => "behind a lost one",
        Loss::Down => "nobody is there",
        Loss::GivenUp => "on a connection that was given up",
    }
}

fn outage(node: NodeId, outage: Outage) -> String {
    let what = match outage.kind {
        OutageKind::Crash => "crashes",
        OutageKind::PowerLoss => "loses power",
        OutageKind::DiskLoss => "loses its disk",
        OutageKind::Pause => "is paused",
    };
    format!("{} {what} for {}", name(node), outage.down)
}

fn changes(change: Change) -> String {
    match change {
        Change::Outage(node, what) => outage(node, what),
        Change::Cut(from, to) => format!("the link {} -> {} is cut", name(from), name(to)),
        Change::Join(from, to) => format!("the link {} -> {} is joined", name(from), name(to)),
        Change::Latency(from, to, Span::ZERO) => {
            format!("the link {} -> {} is as fast as ever", name(from), name(to))
        }
        Change::Latency(from, to, extra) => {
            format!(
                "the link {} -> {} takes {extra} longer",
                name(from),
                name(to)
            )
        }
        Change::Slow(node, 1) => format!("{} is as fast as ever", name(node)),
        Change::Slow(node, factor) => format!("{} is {factor} times slower", name(node)),
        Change::ClockStep(node, nanos) => {
            format!(
                "{}'s wall clock jumps by {}ms",
                name(node),
                nanos / 1_000_000
            )
        }
        Change::ClockDrift(node, 0) => format!("{}'s clocks run true", name(node)),
        Change::ClockDrift(node, ppm) => format!("{}'s clocks drift by {ppm} ppm", name(node)),
    }
}

impl Prompter {
    fn sentence(what: &What<Echo>) -> Option<String> {
        let say = |message: &Message| Echo::describe(message, &[]);
        Some(match what {
            What::Started(_)
            | What::Fired(..)
            | What::Jittered(..)
            | What::Observed(_, Observation::Heard(_))
            | What::Arrived(_, _, Message::Hum)
            | What::Sent {
                message: Message::Hum,
                ..
            } => return None,
            What::Sent {
                from,
                message,
                fate,
                loss,
                ..
            } => {
                let (who, what) = (name(*from), say(message));
                match (loss, fate.delays().len()) {
                    (Some(loss), _) => format!("{who} sends {what}, lost: {}", why(*loss)),
                    (None, 2) => format!("{who} sends {what}, which will arrive twice"),
                    (None, _) => format!("{who} sends {what}"),
                }
            }
            What::Unsent(node, message) => format!("{} never sends {}", name(*node), say(message)),
            What::Arrived(_, to, message) => format!("{} hears {}", name(*to), say(message)),
            What::Missed(_, to, message, loss) => {
                format!("{} misses {}: {}", name(*to), say(message), why(*loss))
            }
            What::Disconnected(node, _) => {
                format!("{} is told that its connection broke", name(*node))
            }
            What::Observed(node, Observation::Reads { elapsed, wall }) => {
                let (elapsed, wall) = (millis(elapsed.0), millis(wall.0));
                format!(
                    "{} reads {elapsed} since boot, {wall} on the wall",
                    name(*node)
                )
            }
            What::Observed(node, Observation::Stored(n)) => format!("{} stores {n}", name(*node)),
            What::Observed(node, Observation::Found(n)) => {
                format!("{} finds {n} stored", name(*node))
            }
            What::Struck(node, what, _, _) => outage(*node, *what),
            What::Returned(node, OutageKind::Pause) => format!("{} goes on", name(*node)),
            What::Returned(node, _) => format!("{} boots again", name(*node)),
            What::Weather(weather) => changes(weather.change),
            What::Healed => "all heals".into(),
        })
    }
}

impl Recorder<Echo> for Prompter {
    const OPEN: bool = true;

    fn entry(&mut self, entry: &Entry<Echo>, _: &[()]) {
        if let Some(sentence) = Self::sentence(&entry.what) {
            let at = millis(entry.at.0);
            writeln!(self.lines, "{at:>8}  {sentence}").expect("a string takes any line");
        }
    }

    fn observe(&mut self, _: u64, _: Time, _: NodeId, observation: &Observation) {
        self.progress += u64::from(matches!(observation, Observation::Heard(_)));
    }

    fn complete(&self) -> bool {
        self.progress >= self.wants
    }

    fn progress(&self) -> u64 {
        self.progress
    }
}

/// A plan for the plays.
pub(crate) type Plan = Vec<Fault<Message, Observation>>;

/// A play before the curtain rises.
#[derive(Clone, Debug)]
pub(crate) struct Stage {
    pub(crate) terrain: Terrain,
    pub(crate) limits: Limits,
    pub(crate) client: Client,
    pub(crate) server: Server,
    pub(crate) plan: Plan,
    pub(crate) wants: u64,
    pub(crate) seed: u64,
}

impl Stage {
    /// A client and a server, 2 ms apart, and no faults.
    pub(crate) fn new(transport: Transport) -> Self {
        Self {
            terrain: Terrain {
                transport,
                latency: Latency {
                    least: Span::millis(2),
                    spread: Span::ZERO,
                },
                service: Span::ZERO,
            },
            limits: Limits {
                heal_at: Time::NEVER,
                quiet: Span::millis(100),
                patience: Span::millis(500),
                events: 10_000,
            },
            client: Client::default(),
            server: Server::default(),
            plan: Vec::new(),
            wants: 0,
            seed: 1,
        }
    }

    /// What the client does, in milliseconds after its boot.
    pub(crate) fn client(mut self, lines: &[(u64, Do)]) -> Self {
        let line = |(at, what): &(u64, Do)| (Span::millis(*at), *what);
        self.client.lines = lines.iter().map(line).collect();
        self
    }

    pub(crate) fn retrying(mut self, after: Span) -> Self {
        self.client.retry = Some(after);
        self
    }

    /// The server gives a connection up when it is told that it broke.
    pub(crate) fn with_a_server_that_gives_up(mut self) -> Self {
        self.server.gives_up = true;
        self
    }

    pub(crate) fn humming(mut self) -> Self {
        self.client.hums = true;
        self
    }

    pub(crate) fn fault(mut self, fault: Fault<Message, Observation>) -> Self {
        self.plan.push(fault);
        self
    }

    pub(crate) fn names() -> [String; 2] {
        ["client", "server"].map(String::from)
    }

    pub(crate) fn world(&self) -> World<Echo> {
        let nodes = vec![
            Node::Client(self.client.clone()),
            Node::Server(self.server.clone()),
        ];
        World::new(self.terrain, &Self::names(), nodes)
    }

    pub(crate) fn adversary(&self) -> Seeded<Echo> {
        faults::adversary(&self.plan, &Self::names(), self.seed).expect("the plan is sound")
    }

    pub(crate) fn prompter(&self) -> Prompter {
        Prompter {
            wants: self.wants,
            ..Prompter::default()
        }
    }

    /// Plays it before this adversary.
    pub(crate) fn play_with(&self, adversary: &mut impl Adversary<Echo>) -> Played {
        let (mut world, mut prompter) = (self.world(), self.prompter());
        let end = world.run(&self.limits, adversary, &mut prompter);
        Played {
            text: prompter.lines,
            end,
            ended: Span(world.now().0),
            digest: world.digest(),
            fired: world.counts().fired.clone(),
        }
    }

    pub(crate) fn play(&self) -> Played {
        self.play_with(&mut self.adversary())
    }

    /// Plays it, and asserts that it goes like this.
    pub(crate) fn goes(&self, expected: &str) {
        let text = self.play().text;
        let lines = |text: &str| -> Vec<String> {
            let lines = text.lines().map(|line| line.trim().to_string());
            lines.filter(|line| !line.is_empty()).collect()
        };
        assert!(
            lines(&text) == lines(expected),
            "it goes like this:\n{text}\ninstead of:\n{expected}"
        );
    }
}

/// How a play went.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Played {
    pub(crate) text: String,
    pub(crate) end: End,
    pub(crate) ended: Span,
    pub(crate) digest: u64,
    pub(crate) fired: Vec<u64>,
}
