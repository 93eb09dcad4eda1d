//! A lease, and why it needs a fence: a protocol of one's own on the kernel (`cargo run --example lease`).
//!
//! A keeper lends the right to write to one holder at a time, for 100 ms. A holder looks at its clock before each
//! write, and still it may write late: when it is paused between looking and writing. A fence helps. Each lease
//! has a token, larger than all before, and the store refuses tokens smaller than it has seen.

use semel_sim::address::{NodeId, OutageKind};
use semel_sim::chance::Rate;
use semel_sim::context::{Context, Peer};
use semel_sim::domain::{Domain, Process};
use semel_sim::faults::{self, Fault, Pause};
use semel_sim::record::Recorder;
use semel_sim::time::{Span, Time};
use semel_sim::world::{Limits, Terrain, World};

const KEEPER: NodeId = NodeId(0);
const STORE: NodeId = NodeId(1);
const LEASE: Span = Span::millis(100);
const PACE: Span = Span::millis(20);

/// The domain: its words, its nodes, and what can be observed.
#[derive(Clone, Copy, Debug)]
struct Leases;

/// What nodes say to each other, and to themselves for later. Leases are known by their tokens.
#[derive(Clone, Copy, Debug, Hash)]
enum Word {
    Ask,
    Grant(u64),
    Write(u64),
}

/// The store has taken a write under this lease.
#[derive(Clone, Copy, Debug, Hash)]
struct Written(u64);

#[derive(Clone, Debug)]
enum Node {
    /// The last lease, and when it ends.
    Keeper(u64, Span),
    /// Whether it has a fence, and the newest lease it has seen.
    Store(bool, u64),
    /// When its lease ends, and how many writes it has left.
    Holder(Span, u32),
}

impl Domain for Leases {
    type Message = Word;
    type Timer = Word;
    type Observation = Written;
    type Item = ();
    type Node = Node;
    type MessagePattern = ();
    type ObservationPattern = ();
}

impl Process<Leases> for Node {
    fn start(&mut self, ctx: &mut Context<'_, Leases>) {
        if let Self::Holder(..) = self {
            ctx.set_timer(PACE, Word::Ask);
        }
    }

    fn receive(&mut self, from: Peer, word: &Word, ctx: &mut Context<'_, Leases>) {
        let now = ctx.elapsed();
        match (self, *word) {
            (Self::Keeper(token, ends), Word::Ask) if *ends <= now => {
                (*token, *ends) = (*token + 1, now + LEASE);
                ctx.send(from, Word::Grant(*token));
            }
            (Self::Holder(ends, _), Word::Grant(token)) => {
                *ends = now + LEASE - PACE; // the keeper's clock began earlier
                ctx.set_timer(PACE, Word::Write(token));
            }
            (Self::Store(fenced, newest), Word::Write(token)) if !*fenced || *newest <= token => {
                *newest = token;
                ctx.observe(Written(token));
            }
            _ => {}
        }
    }

    fn fire(&mut self, word: Word, ctx: &mut Context<'_, Leases>) {
        if let Self::Holder(ends, writes) = self
            && *writes > 0
        {
            let mine = ctx.elapsed() < *ends;
            match word {
                Word::Ask if !mine => ctx.send(KEEPER, word),
                Word::Write(_) if mine => {
                    *writes -= 1;
                    ctx.send(STORE, word);
                }
                _ => return,
            }
            ctx.set_timer(PACE, word);
        }
    }

    fn crash(&mut self, _: OutageKind, _: &mut dyn FnMut(u64) -> u64) {}
}

/// The oracle: nobody writes after somebody with a newer lease has written.
#[derive(Default)]
struct Oracle(u64, Option<String>);

impl Recorder<Leases> for Oracle {
    fn observe(&mut self, _: u64, at: Time, _: NodeId, &Written(token): &Written) {
        let Self(newest, breach) = self;
        if token < *newest {
            breach.get_or_insert(format!("lease {token} after {newest} at {}", Span(at.0)));
        }
        *newest = token.max(*newest);
    }
}

/// One run in which every tenth step of a holder is followed by a pause: what the oracle says.
fn run(fenced: bool, seed: u64) -> Option<String> {
    let names = ["keeper", "store", "holder-0", "holder-1"].map(String::from);
    let (keeper, store) = (Node::Keeper(0, Span::ZERO), Node::Store(fenced, 0));
    let holder = Node::Holder(Span::ZERO, 3);
    let nodes = vec![keeper, store, holder.clone(), holder];
    let pause = Fault::Pause(Pause {
        node: Some("holder".into()),
        rate: Some(Rate::new(1, 10)),
        down: LEASE.times(2),
        ..Pause::default()
    });
    let mut adversary = faults::adversary(&[pause], &names, seed).expect("the plan is sound");
    let mut oracle = Oracle::default();
    let mut world = World::new(Terrain::default(), &names, nodes);
    world.run(&Limits::default(), &mut adversary, &mut oracle);
    oracle.1
}

/// What a thousand runs say.
pub(crate) fn verdict(fenced: bool) -> String {
    let mut breaches = (0..1_000).filter_map(|seed| Some((seed, run(fenced, seed)?)));
    let Some((seed, first)) = breaches.next() else {
        return "nobody writes late in 1000 runs".into();
    };
    let count = 1 + breaches.count();
    format!("somebody writes late in {count} of 1000 runs, first in seed {seed}: {first}")
}

pub(crate) fn main() {
    println!("without a fence: {}", verdict(false));
    println!("with a fence:    {}", verdict(true));
}
