//! The files that a sweep fills: `runs.jsonl`, a row on each line, and `manifest.json`, what they are rows of.
//!
//! Rows go to a file with a temporary name, which gets its name when the sweep ends, so that whoever sees `runs.jsonl`
//! sees whole rows in order. After a kill at any moment the temporary file holds every row that was told and perhaps
//! part of another; resuming cuts that part off and goes on.

use std::fmt;
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::file::expect::Expected;
use crate::file::scenario::SCHEMA;
use crate::outcome::row::Row;
use crate::outcome::verdict::VERSION;
use crate::sweep::{Sums, Sweep, Swept};

/// What the rows beside it are rows of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// Version of the format.
    pub schema: u32,
    /// Version of the program.
    pub semel: String,
    /// The plans, in the order of the rows.
    pub plans: Vec<Planned>,
    /// The first seed, and the one behind the last.
    pub seeds: (u64, u64),
    /// How many rows there are.
    pub rows: u64,
    /// Whether that is all.
    pub complete: bool,
    /// BLAKE3 of the rows' bytes, in hex; empty while rows are still written.
    pub digest: String,
}

/// One plan of a manifest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Planned {
    /// The scenario's name.
    pub scenario: String,
    /// The strategy's name.
    pub strategy: String,
    /// The plan's hash.
    pub plan: String,
    /// What is expected of it.
    pub expected: Expected,
    /// The names of its faults.
    pub faults: Vec<String>,
}

/// A folder that is being filled.
#[derive(Debug)]
pub struct Results {
    folder: PathBuf,
    file: File,
    hasher: blake3::Hasher,
}

/// Why a folder cannot be filled.
#[derive(Debug)]
pub enum Refusal {
    /// What is there cannot be continued by this sweep.
    Unmergeable(String),
    /// It cannot be read or written.
    Unwritable(io::Error),
}

/// The rows of a sweep that has ended.
pub const ROWS: &str = "runs.jsonl";

/// The rows of a sweep that is under way.
pub const UNFINISHED: &str = ".runs.jsonl.unfinished";

/// What they are rows of.
pub const MANIFEST: &str = "manifest.json";

impl Results {
    /// Begins to fill a folder, which is made if it does not exist. What is there already is never overwritten.
    pub fn begin(folder: &Path, sweep: &Sweep) -> Result<Self, Refusal> {
        if folder.exists() && !folder.is_dir() {
            return Err(io::Error::other("it is not a folder").into());
        }
        fs::create_dir_all(folder)?;
        for name in [ROWS, UNFINISHED, MANIFEST] {
            if folder.join(name).exists() {
                let text = format!(
                    "it holds the results of another sweep ({name}); the same sweep goes on with --resume; another one needs another folder"
                );
                return Err(Refusal::Unmergeable(text));
            }
        }
        let file = File::options()
            .create_new(true)
            .read(true)
            .write(true)
            .open(folder.join(UNFINISHED))?;
        let results = Self {
            folder: folder.to_owned(),
            file,
            hasher: blake3::Hasher::new(),
        };
        results.write_manifest(&manifest(sweep))?;
        Ok(results)
    }

    /// Goes on with what is there: adds its rows to the sums, and cuts off what was written of a last one. Where
    /// nothing is there, it begins.
    pub fn resume(folder: &Path, sweep: &Sweep, sums: &mut Sums) -> Result<Self, Refusal> {
        if ![ROWS, UNFINISHED]
            .iter()
            .any(|name| folder.join(name).exists())
        {
            let _ = fs::remove_file(folder.join(MANIFEST));
            return Self::begin(folder, sweep);
        }
        let finished = !folder.join(UNFINISHED).exists();
        let mut known = None;
        if folder.join(MANIFEST).exists() {
            let there = read_manifest(folder)?;
            compare(&there, &manifest(sweep))?;
            known = finished.then_some(there);
        }
        let rows = if finished { ROWS } else { UNFINISHED };
        let mut file = open(folder, rows, File::options().read(true).write(true))?;
        let mut hasher = blake3::Hasher::new();
        let whole = take_rows(&file, sweep, sums, &mut hasher)?;
        if let Some(known) = known {
            same_rows(&known, sums.rows, &hasher)?;
        }
        // Only what can be gone on with is touched at all.
        if finished {
            fs::rename(folder.join(ROWS), folder.join(UNFINISHED))?;
        }
        file.set_len(whole)?;
        file.seek(SeekFrom::Start(whole))?;
        Ok(Self {
            folder: folder.to_owned(),
            file,
            hasher,
        })
    }

    /// Adds whole lines.
    pub fn add(&mut self, lines: &str) -> io::Result<()> {
        self.file.write_all(lines.as_bytes())?;
        self.hasher.update(lines.as_bytes());
        Ok(())
    }

    /// The sweep has ended, complete or not: the rows get their name, and the manifest says how many there are.
    pub fn finish(self, sweep: &Sweep, swept: &Swept) -> io::Result<()> {
        self.file.sync_all()?;
        self.write_manifest(&Manifest {
            rows: swept.rows,
            complete: swept.is_complete(),
            digest: self.hasher.finalize().to_hex().to_string(),
            ..manifest(sweep)
        })?;
        fs::rename(self.folder.join(UNFINISHED), self.folder.join(ROWS))
    }

    fn write_manifest(&self, manifest: &Manifest) -> io::Result<()> {
        let text = serde_json::to_string_pretty(manifest).expect("a manifest has string keys");
        let draft = self.folder.join(".manifest.json.unfinished");
        // What an earlier sweep left of one, or whatever else stands there.
        let _ = fs::remove_file(&draft);
        fs::write(&draft, text + "\n")?;
        fs::rename(draft, self.folder.join(MANIFEST))
    }
}

/// Opens a file of a folder. Whoever opens a pipe may wait for ever for its other end.
fn open(folder: &Path, name: &str, how: &OpenOptions) -> io::Result<File> {
    let path = folder.join(name);
    if !fs::metadata(&path)?.is_file() {
        let text = format!("{name} is not a regular file");
        return Err(io::Error::new(io::ErrorKind::InvalidInput, text));
    }
    how.open(path)
}

/// Reads the manifest of a folder.
pub fn read_manifest(folder: &Path) -> Result<Manifest, Refusal> {
    let mut text = String::new();
    open(folder, MANIFEST, File::options().read(true))?.read_to_string(&mut text)?;
    let manifest: Manifest = serde_json::from_str(&text)
        .map_err(|why| Refusal::Unmergeable(format!("its {MANIFEST} cannot be read: {why}")))?;
    manifest.check()?;
    Ok(manifest)
}

impl Manifest {
    /// Fails where it is of another schema, or says what cannot be.
    fn check(&self) -> Result<(), Refusal> {
        let refuse = |text: String| Err(Refusal::Unmergeable(format!("its {MANIFEST} {text}")));
        if self.schema != SCHEMA {
            let theirs = self.schema;
            return refuse(format!("is of schema {theirs}; this semel reads {SCHEMA}"));
        }
        let (start, end) = self.seeds;
        let runs = end.checked_sub(start).filter(|seeds| *seeds > 0);
        let runs = runs.and_then(|seeds| seeds.checked_mul(self.plans.len() as u64));
        match runs {
            None => refuse(format!("makes no sense: its seeds are {start}..{end}")),
            Some(runs) if self.rows > runs || (self.complete && self.rows < runs) => {
                let rows = self.rows;
                refuse(format!("makes no sense: {rows} rows of {runs} runs"))
            }
            Some(_) => Ok(()),
        }
    }
}

/// Tells each row of a folder, in order. Returns the BLAKE3 of the rows' bytes, in hex, as manifests hold it.
pub fn read_rows(folder: &Path, mut tell: impl FnMut(Row)) -> Result<String, Refusal> {
    let mut reader = BufReader::new(open(folder, ROWS, File::options().read(true))?);
    let (mut hasher, mut line, mut number) = (blake3::Hasher::new(), Vec::new(), 0);
    while reader.read_until(b'\n', &mut line)? > 0 {
        tell(serde_json::from_slice(&line).map_err(|why| torn(number, &why))?);
        hasher.update(&line);
        number += 1;
        line.clear();
    }
    Ok(hasher.finalize().to_hex().to_string())
}

/// The manifest of a sweep of which no row is known.
fn manifest(sweep: &Sweep) -> Manifest {
    let seeds = sweep.range();
    let planned = sweep.plans().iter().map(|plan| Planned {
        scenario: plan.scenario.name.clone(),
        strategy: plan.name.clone(),
        plan: plan.hash.clone(),
        expected: plan.expectation.verdict.clone(),
        faults: plan.faults(),
    });
    Manifest {
        schema: SCHEMA,
        semel: VERSION.into(),
        plans: planned.collect(),
        seeds: (seeds.start, seeds.end),
        rows: 0,
        complete: false,
        digest: String::new(),
    }
}

/// Fails where rows of the one sweep are not rows of the other.
fn compare(there: &Manifest, here: &Manifest) -> Result<(), Refusal> {
    let differs = |what: &str, there: String, here: String| {
        let text = format!("its {what} is {there}, that of this sweep is {here}");
        Err(Refusal::Unmergeable(text))
    };
    if there.semel != here.semel {
        return differs("version", there.semel.clone(), here.semel.clone());
    }
    if there.seeds != here.seeds {
        let text = |seeds: (u64, u64)| format!("{}..{}", seeds.0, seeds.1);
        return differs("range of seeds", text(there.seeds), text(here.seeds));
    }
    if there.plans.len() != here.plans.len() {
        let text = |manifest: &Manifest| format!("of {} plans", manifest.plans.len());
        return differs("list of plans", text(there), text(here));
    }
    let named = |one: &Planned| format!("{}:{}:{}", one.scenario, one.plan, one.strategy);
    let mut pairs = there.plans.iter().zip(&here.plans);
    match pairs.position(|(there, here)| there != here) {
        Some(place) => {
            let what = format!("plan number {}", place + 1);
            let of = |manifest: &Manifest| named(&manifest.plans[place]);
            differs(&what, of(there), of(here))
        }
        None => Ok(()),
    }
}

/// Fails where as many rows as the manifest tells of are not the rows that it was written of.
fn same_rows(known: &Manifest, rows: u64, hasher: &blake3::Hasher) -> Result<(), Refusal> {
    if rows != known.rows || hasher.finalize().to_hex().as_str() == known.digest {
        return Ok(());
    }
    let text = format!("its {ROWS} has been changed: it is not what its {MANIFEST} was written of");
    Err(Refusal::Unmergeable(text))
}

/// Adds rows up to the last whole one, and returns where that ends.
fn take_rows(
    file: &File,
    sweep: &Sweep,
    sums: &mut Sums,
    hasher: &mut blake3::Hasher,
) -> Result<u64, Refusal> {
    let mut reader = BufReader::new(file);
    let (mut whole, mut line) = (0, Vec::new());
    while reader.read_until(b'\n', &mut line)? > 0 && line.last() == Some(&b'\n') {
        match serde_json::from_slice::<Row>(&line) {
            Ok(row) => accept(&row, sweep, sums)?,
            // What follows the last whole row of a machine that lost power may be anything.
            Err(_) if reader.fill_buf()?.is_empty() => break,
            Err(why) => return Err(torn(sums.rows, &why)),
        }
        hasher.update(&line);
        whole += line.len() as u64;
        line.clear();
    }
    Ok(whole)
}

fn accept(row: &Row, sweep: &Sweep, sums: &mut Sums) -> Result<(), Refusal> {
    let number = sums.rows + 1;
    let Some((plan, seed)) = sweep.place(sums.rows) else {
        let text = format!("line {number}: there are more rows than this sweep has runs");
        return Err(Refusal::Unmergeable(text));
    };
    let due = (plan.hash.as_str(), plan.name.as_str(), seed);
    let found = (row.plan.as_str(), row.strategy.as_str(), row.seed);
    if due != found {
        let (plan, strategy, seed) = found;
        let text = format!(
            "line {number} is of plan {plan}, {strategy}, seed {seed}; due is plan {}, {}, seed {}",
            due.0, due.1, due.2
        );
        return Err(Refusal::Unmergeable(text));
    }
    sums.add(sweep, row);
    Ok(())
}

fn torn(row: u64, why: &serde_json::Error) -> Refusal {
    let line = row + 1;
    Refusal::Unmergeable(format!("line {line} of its rows cannot be read: {why}"))
}

impl From<io::Error> for Refusal {
    fn from(why: io::Error) -> Self {
        Self::Unwritable(why)
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unmergeable(text) => out.write_str(text),
            Self::Unwritable(why) => write!(out, "{why}"),
        }
    }
}

impl std::error::Error for Refusal {}
