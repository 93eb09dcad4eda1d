//! What searching came to, as text: a shrunk failure, a run repeated, every schedule of a menu.

use std::fmt::Write;

use semel_scenarios::outcome::row::ViolationRow;
use semel_scenarios::shrink::{Beyond, Budget, Shrunk, Size};
use semel_scenarios::verify::{Counterexample, Verified};
use semel_scenarios::witness::replay::{Difference, Replayed, Stale};

use crate::ink::{Glyphs, finish};
use crate::json;
use crate::table::paragraph;
use crate::words::{self, causes, list, mishaps, plural, thousands};

/// What a failure shrank to.
pub fn shrunk(shrunk: &Shrunk, glyphs: Glyphs) -> String {
    let by_way_of = shrunk.kin.map_or(String::new(), |kin| {
        format!(
            "via   another run of the plan, of {} and {} under seed {}, which breaks in the same way\n",
            plural(kin.before.records.into(), "record"),
            plural(kin.before.faults as u64, "fault"),
            kin.seed
        )
    });
    let mut text = format!(
        "from  {}\n{by_way_of}to    {}\nin    {}\n",
        size(shrunk.before),
        size(shrunk.after),
        plural(shrunk.runs, "run")
    );
    let remarks = [cut_short(shrunk.cut_short), beyond(&shrunk.beyond)];
    for remark in remarks.into_iter().flatten() {
        let _ = writeln!(text, "but   {remark}");
    }
    lines(&text, glyphs)
}

/// What is said where shrinking did not come to its end.
pub(crate) fn cut_short(budget: Option<Budget>) -> Option<String> {
    let (spent, more) = match budget? {
        Budget::Runs(runs) => (plural(runs, "run"), " (see --runs)"),
        Budget::Events(events) => (plural(events, "event"), ""),
    };
    Some(format!(
        "cut short by its budget: after {spent}{more} there may be more to take away"
    ))
}

/// What is said where shrinking has moved faults to where the plan's own cannot strike.
pub(crate) fn beyond(hit: &[Beyond]) -> Option<String> {
    let hit: Vec<String> = hit.iter().map(mishaps::beyond).collect();
    let hit = (!hit.is_empty()).then(|| list(&hit))?;
    Some(format!(
        "shrunk beyond the plan: none of its faults can hit {hit}"
    ))
}

/// The same as one line of JSON, with the witness as it would stand in a file.
pub fn shrunk_json(shrunk: &Shrunk, witness: &str) -> String {
    let told = serde_json::json!({
        "scenario": shrunk.scenario,
        "seed": shrunk.seed,
        "before": shrunk.before,
        "after": shrunk.after,
        "kin": shrunk.kin,
        "runs": shrunk.runs,
        "cut_short": shrunk.cut_short,
        "beyond": shrunk.beyond,
        "witness": witness,
    });
    json::line(&told)
}

fn size(size: Size) -> String {
    let parts = [
        plural(size.faults as u64, "fault"),
        plural(size.delays as u64, "delay"),
        plural(size.records.into(), "record"),
        plural(size.partitions.into(), "partition"),
        plural(size.nodes.into(), "node"),
    ];
    list(&parts)
}

/// Whether a run came out as it did before.
pub fn replayed(replayed: &Replayed, glyphs: Glyphs) -> String {
    let row = &replayed.run.row;
    let text = match &replayed.difference {
        None => format!(
            "{} under {}: digest {}, as before\n",
            row.scenario, row.strategy, row.digest
        ),
        Some(difference) => {
            let digest = if row.digest == replayed.digest {
                format!("its digest is {}, as before", row.digest)
            } else {
                format!("digest {}, expected {}", row.digest, replayed.digest)
            };
            format!(
                "{} under {} does not reproduce: {digest}\n{}\n",
                row.scenario,
                row.strategy,
                differs(difference)
            )
        }
    };
    lines(&text, glyphs)
}

/// A witness that is kept does not come out as it did.
pub fn stale_witness(name: &str, difference: &Difference) -> String {
    format!("not reproducible: {name}: {}\n", differs(difference))
}

fn differs(difference: &Difference) -> String {
    match difference {
        Difference::Schedule(mismatches) => mismatches.join("\n"),
        Difference::Entry(line) => {
            let words = [&line.node, &line.peer, &line.says].into_iter().flatten();
            let words: Vec<&str> = words.map(String::as_str).collect();
            format!(
                "the first entry that differs is number {} at {} ms: {} {}",
                line.id,
                line.at_ns / 1_000_000,
                line.what,
                words.join(" ")
            )
        }
        Difference::Shorter(entries) => format!(
            "the run ends after {}, earlier than before",
            plural(*entries as u64, "entry")
        ),
        Difference::Digest => {
            "its digest is another, and it keeps no marks that say from which entry on".into()
        }
        Difference::Violation(name) => format!("it no longer shows {name}"),
    }
}

/// Why a token is refused.
pub fn stale(stale: &Stale) -> String {
    format!(
        "the token names plan {}, but scenario, strategy and models now come to plan {}: it would be another run. \
         Tokens do not outlive that; a witness that was shrunk from it before still repeats it",
        stale.named, stale.now
    )
}

/// What every schedule of a menu came to.
pub fn verified(verified: &Verified, glyphs: Glyphs) -> String {
    let mut out = format!(
        "{}  {}  {}, at most {}\n  menu\n",
        verified.scenario,
        verified.strategy,
        plural(verified.records.into(), "record"),
        plural(verified.faults as u64, "fault")
    );
    for item in &verified.menu {
        out.push_str(&paragraph("    ", 6, &mishaps::mishap(item)));
    }
    out.push_str("  schedules   followed      merged\n");
    for (size, (ended, merged)) in verified.ended.iter().zip(&verified.merged).enumerate() {
        let faults = plural(size as u64, "fault");
        let _ = writeln!(
            out,
            "    {faults:9} {:>9}   {:>9}",
            thousands(*ended),
            thousands(*merged)
        );
    }
    let _ = writeln!(out, "  {} simulated", plural(verified.events, "event"));
    out.push_str(&verdict(verified));
    out.push_str(&stronger(verified));
    if !verified.found.is_empty() {
        out.push_str("  what goes wrong, each with one of its smallest schedules\n");
    }
    for one in &verified.found {
        out.push_str(&found(one));
    }
    lines(&out, glyphs)
}

fn verdict(verified: &Verified) -> String {
    let tried = thousands(verified.schedules());
    let size = verified.ended.len() - 1;
    let most = plural(size as u64, "fault");
    let scope = if verified.finished && verified.schedules() == 1 {
        format!("the only schedule of at most {most} from this menu, around one quiet timing")
    } else if verified.finished {
        format!("all {tried} schedules of at most {most} from this menu, around one quiet timing")
    } else if verified.schedules() == 1 {
        format!("the first schedule of at most {most} from this menu; it did not finish")
    } else {
        format!("the first {tried} schedules of at most {most} from this menu; it did not finish")
    };
    match verified.breaking() {
        Some(number) => format!(
            "  x the promise breaks with {} ({scope})\n",
            plural(number as u64, "fault")
        ),
        None => format!("  = no broken promise in {scope}\n"),
    }
}

/// How few faults break the claim just above the promise.
fn stronger(verified: &Verified) -> String {
    let next = verified.next.name();
    match verified.numbers().next_level {
        Some(number) => format!(
            "  ~ {next} breaks with {}\n",
            plural(number as u64, "fault")
        ),
        None => format!("  = nothing that was tried breaks {next}\n"),
    }
}

fn found(one: &Counterexample) -> String {
    let ViolationRow {
        invariant,
        level,
        cause,
        ..
    } = &one.violation;
    let standing = match (&one.violation.assumption_broken, one.violation.promised) {
        (Some(assumption), _) => format!(
            "beyond the promise: {}",
            words::broken_assumption(assumption)
        ),
        (None, true) => "promised".to_string(),
        (None, false) => "not promised".to_string(),
    };
    let mut out = format!(
        "    {:9} {invariant} at {level}  {standing}  {cause} ({})\n",
        plural(one.faults as u64, "fault"),
        causes::words(*cause).name
    );
    for deviation in &one.schedule {
        let _ = writeln!(out, "              {deviation}");
    }
    out
}

fn lines(text: &str, glyphs: Glyphs) -> String {
    let clean: String = text.lines().map(|line| glyphs.clean(line) + "\n").collect();
    finish(&clean)
}
