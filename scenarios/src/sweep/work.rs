//! The threads of a sweep: the seeds of a plan are cut into parts, taken by whoever is free, and told in order.

use std::collections::BTreeMap;
use std::io;
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Condvar, Mutex, PoisonError};

use rayon::ThreadPool;

use super::{Checked, Sweep, Trouble, Unrepeatable};
use crate::outcome::row::Row;
use crate::trial::Runner;
use crate::trial::plan::Plan;

/// The seeds of one plan.
pub(super) struct Work<'s> {
    sweep: &'s Sweep,
    plan: &'s Arc<Plan>,
    seeds: Range<u64>,
    /// How many seeds make a part.
    size: u64,
    threads: u64,
    /// The part to be taken next.
    next: AtomicU64,
    /// How many parts were told. Nobody runs far ahead of that, so only few wait for their turn.
    told: Mutex<u64>,
    moved: Condvar,
    /// Set when nothing more is wanted.
    over: AtomicBool,
}

/// The rows of some seeds in a row.
pub(super) struct Part {
    number: u64,
    pub(super) rows: Vec<Row>,
    pub(super) lines: String,
    pub(super) checked: Checked,
    end: Ending,
}

enum Ending {
    Whole,
    Stopped,
    Panicked(u64, String),
}

/// How many parts per thread may wait for their turn.
const AHEAD: u64 = 32;

/// The most seeds in a part, and about how many records.
const SIZE: (u64, u64) = (64, 4096);

impl<'s> Work<'s> {
    pub(super) fn new(sweep: &'s Sweep, plan: &'s Arc<Plan>, from: u64, threads: usize) -> Self {
        let (seeds, threads) = (from..sweep.seeds.end, threads as u64);
        let fair = (seeds.end - seeds.start) / (8 * threads);
        let light = SIZE.1 / u64::from(plan.scenario.records().max(1));
        Self {
            sweep,
            plan,
            size: fair.min(light).clamp(1, SIZE.0),
            seeds,
            threads,
            next: AtomicU64::new(0),
            told: Mutex::new(0),
            moved: Condvar::new(),
            over: AtomicBool::new(false),
        }
    }

    /// Runs everything and tells each part in its turn; false where it was stopped before the end.
    pub(super) fn spread(
        &self,
        pool: &ThreadPool,
        lines: bool,
        tell: impl FnMut(Part) -> io::Result<()>,
    ) -> Result<bool, Trouble> {
        let (sender, receiver) = channel();
        pool.in_place_scope(|scope| {
            for _ in 0..self.threads {
                let sender = sender.clone();
                scope.spawn(move |_| self.toil(&sender, lines));
            }
            drop(sender);
            let told = self.in_order(&receiver, tell);
            self.finish();
            told
        })
    }

    /// Tells the parts in order, and stops at the first that is not whole.
    fn in_order(
        &self,
        parts: &Receiver<Part>,
        mut tell: impl FnMut(Part) -> io::Result<()>,
    ) -> Result<bool, Trouble> {
        let mut waiting = BTreeMap::new();
        let mut turn = 0;
        for part in parts {
            waiting.insert(part.number, part);
            while let Some(mut part) = waiting.remove(&turn) {
                let end = std::mem::replace(&mut part.end, Ending::Whole);
                tell(part).map_err(Trouble::Audience)?;
                match end {
                    Ending::Whole => turn += 1,
                    Ending::Stopped => return Ok(false),
                    Ending::Panicked(seed, why) => {
                        return Err(Trouble::Panicked(Box::new(self.plan.token(seed)), why));
                    }
                }
            }
            *self.told.lock().unwrap_or_else(PoisonError::into_inner) = turn;
            self.moved.notify_all();
        }
        Ok(true)
    }

    /// Nothing more is wanted: whoever waits or runs may go.
    fn finish(&self) {
        self.over.store(true, Ordering::Relaxed);
        let told = self.told.lock();
        drop(told);
        self.moved.notify_all();
    }

    fn is_over(&self) -> bool {
        self.over.load(Ordering::Relaxed)
    }

    /// Takes part after part in one world.
    fn toil(&self, sender: &Sender<Part>, lines: bool) {
        let mut runner = None;
        while let Some(number) = self.take() {
            let part = self.part(&mut runner, number, lines);
            let last = !matches!(part.end, Ending::Whole);
            if sender.send(part).is_err() || last {
                return;
            }
        }
    }

    /// The next part, once it is not too far ahead.
    fn take(&self) -> Option<u64> {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        if number >= (self.seeds.end - self.seeds.start).div_ceil(self.size) {
            return None;
        }
        let told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        let early = |told: &mut u64| number > *told + AHEAD * self.threads && !self.is_over();
        let waited = self.moved.wait_while(told, early);
        drop(waited);
        (!self.is_over()).then_some(number)
    }

    fn part(&self, runner: &mut Option<Runner>, number: u64, lines: bool) -> Part {
        let mut part = Part {
            number,
            rows: Vec::with_capacity(self.size as usize),
            lines: String::new(),
            checked: Checked::default(),
            end: Ending::Whole,
        };
        let start = self.seeds.start + number * self.size;
        for seed in start..(start + self.size).min(self.seeds.end) {
            if self.sweep.stop.load(Ordering::Relaxed) || self.is_over() {
                part.end = Ending::Stopped;
                break;
            }
            let ran = catch_unwind(AssertUnwindSafe(|| {
                let runner = runner.get_or_insert_with(|| Runner::new(self.plan));
                self.run(runner, seed, &mut part.checked)
            }));
            match ran {
                Ok(row) => part.take(row, lines),
                Err(panic) => {
                    part.end = Ending::Panicked(seed, reason(panic.as_ref()));
                    break;
                }
            }
        }
        part
    }

    /// One run; if it is its turn, a second time with the recorder open.
    fn run(&self, runner: &mut Runner, seed: u64, checked: &mut Checked) -> Row {
        let row = runner.run(seed);
        if self.plan.is_applicable() && self.sweep.share.holds(&self.plan.hash, seed) {
            let again = runner.run_watched(seed).expect("it was run before");
            checked.repeated += 1;
            if again != row {
                checked.unrepeatable.push(Unrepeatable {
                    token: self.plan.token(seed),
                    blind: row.digest.clone(),
                    open: again.digest,
                });
            }
        }
        row
    }
}

impl Part {
    fn take(&mut self, row: Row, lines: bool) {
        if lines {
            let line = serde_json::to_string(&row).expect("rows have string keys");
            self.lines.push_str(&line);
            self.lines.push('\n');
        }
        self.rows.push(row);
    }
}

/// Why something panicked.
fn reason(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(ToString::to_string);
    text.or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "no reason given".into())
}
