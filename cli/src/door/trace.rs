//! Traces of several runs in one file: every line says which run it is of.

use std::io::{self, Write};

use semel_scenarios::trial::plan::Plan;
use serde_json::json;

/// Puts the run's name at the head of every JSON object that is written on a line of its own.
pub(crate) struct Labelled<W> {
    out: W,
    label: Vec<u8>,
    at_start: bool,
}

impl<W: Write> Labelled<W> {
    /// Labels lines with the scenario, the strategy and the seed.
    pub(crate) fn new(out: W, plan: &Plan, seed: u64) -> Self {
        let run = json!({ "scenario": plan.scenario.name, "strategy": plan.name, "seed": seed });
        let mut label = run.to_string().into_bytes();
        label.pop();
        label.push(b',');
        Self {
            out,
            label,
            at_start: true,
        }
    }
}

impl<W: Write> Write for Labelled<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        for line in bytes.split_inclusive(|byte| *byte == b'\n') {
            let rest = match line.strip_prefix(b"{") {
                Some(rest) if self.at_start => {
                    self.out.write_all(&self.label)?;
                    rest
                }
                _ => line,
            };
            self.out.write_all(rest)?;
            self.at_start = line.ends_with(b"\n");
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}
