//! An explanation as text: a short proof, and a space-time diagram.
//!
//! What follows from what is in the [`Explanation`]; here are only the words for it.

mod logs;
mod picture;
mod readers;
mod steps;

use semel_models::strategy::Assumption;
use semel_scenarios::explain::{
    Circumstance, Elsewhere, Explanation, Fact, Given, Header, Named, Smaller,
};
use semel_scenarios::shrink::Size;

use maud::{PreEscaped, html};

use crate::ink::{Glyphs, finish};
use crate::table::paragraph;
use crate::words::sketches::more_like_it;
use crate::words::{self, causes, list, millis, mishaps};
use crate::{account, drawing, html as page, search};

/// The proof and the diagram.
pub fn text(explanation: &Explanation, glyphs: Glyphs) -> String {
    let drawn = lines(&picture::diagram(&explanation.diagram), glyphs);
    proof(explanation, glyphs) + "\n" + &drawn
}

fn lines(page: &str, glyphs: Glyphs) -> String {
    let clean: String = page.lines().map(|line| glyphs.clean(line) + "\n").collect();
    finish(&clean)
}

/// The proof alone.
pub fn proof(explanation: &Explanation, glyphs: Glyphs) -> String {
    let parts = [
        heading(explanation),
        title(explanation),
        given(explanation),
        then(explanation),
        paragraph("", 0, &however(explanation)),
        paragraph("", 0, &needed(explanation)),
        paragraph("", 0, &holds(explanation)),
    ];
    let parts = parts.iter().map(|part| part.trim_end());
    let told: Vec<&str> = parts.filter(|part| !part.is_empty()).collect();
    lines(&told.join("\n"), glyphs)
}

/// The same as a page of its own: the proof and the drawn diagram.
pub fn html(explanation: &Explanation) -> String {
    let title = format!("{} under {}", explanation.scenario, explanation.strategy);
    let proof = proof(explanation, Glyphs::Unicode);
    page::sheet(
        &title,
        &html! {
            h1 { (Glyphs::Unicode.clean(&title)) }
            pre { (proof) }
            figure { (PreEscaped(svg(explanation))) }
        },
    )
}

/// The diagram alone, drawn.
pub fn svg(explanation: &Explanation) -> String {
    drawing::svg(&explanation.diagram)
}

/// The same as one line of JSON.
pub fn json(explanation: &Explanation) -> String {
    serde_json::to_string(explanation).expect("an explanation has string keys") + "\n"
}

/// Which run is told of, and how much smaller it is than the one that was asked for.
fn heading(explanation: &Explanation) -> String {
    let Explanation {
        scenario,
        seed,
        strategy,
        ..
    } = explanation;
    let run = format!("{scenario}  seed {seed}  {strategy}");
    explanation
        .shrunk
        .as_ref()
        .map_or(run.clone(), |smaller| run + &shrinkage(smaller))
}

/// Nothing where nothing was taken away.
fn shrinkage(Smaller { before, after }: &Smaller) -> String {
    if (before.records, before.faults) == (after.records, after.faults) {
        return String::new();
    }
    let anew = if before.records == after.records {
        ""
    } else {
        " Records are numbered anew."
    };
    format!(
        "\nShrunk from {} to {}.{anew}",
        extent(before),
        extent(after)
    )
}

fn extent(size: &Size) -> String {
    let records = words::plural(size.records.into(), "record");
    let faults = words::plural(size.faults as u64, "fault");
    format!("{records} and {faults}")
}

fn title(explanation: &Explanation) -> String {
    let violation = &explanation.violation;
    let record = violation.record.map_or_else(String::new, |record| {
        let (account, amount) = explanation.money.unwrap_or_default();
        let by = explanation.overtaken_by;
        let by = by.map_or_else(String::new, |by| format!(", overtaken by record {by}"));
        let behind = explanation.behind;
        let behind = behind.map_or_else(String::new, |other| format!(", behind record {other}"));
        let leg = explanation.other_leg;
        let leg = leg.map_or_else(String::new, |other| {
            format!(", one leg of a transfer, with record {other}")
        });
        format!("  record {record} (account {account}, {amount:+}){by}{behind}{leg}")
    });
    let promise = match (violation.promised, &violation.assumption_broken) {
        (true, None) => "promise broken".to_string(),
        (true, Some(assumption)) => format!(
            "beyond the promise: {}",
            words::broken_assumption(assumption)
        ),
        (false, _) => "not promised".to_string(),
    };
    let cause = causes::words(violation.cause);
    let kin = explanation.kin.map_or_else(String::new, |kin| {
        format!(
            "\nTold of a smaller run of the same plan, of {} under seed {}: it breaks in the same way.",
            extent(&kin.before),
            kin.seed
        )
    });
    let remarks = [
        search::beyond(&explanation.beyond),
        search::cut_short(explanation.cut_short),
    ];
    let remarks = remarks
        .into_iter()
        .flatten()
        .fold(String::new(), |told, one| {
            told + "\n" + &account::capital(&one) + "."
        });
    let anomaly = words::invariant(violation.invariant).anomaly;
    format!(
        "{} ({} at {}){record}  {promise}\n{}: {}, cause {} ({}){kin}",
        anomaly.to_uppercase(),
        violation.invariant,
        violation.level,
        explanation.strategy,
        violation.side,
        violation.cause,
        cause.name
    ) + &remarks
}

fn given(explanation: &Explanation) -> String {
    let width = explanation
        .given
        .iter()
        .map(|given| given.name.len())
        .max()
        .unwrap_or(0);
    let lines = explanation.given.iter().map(|given| {
        if let Circumstance::More(more) = given.what {
            return format!("  {:width$}  {}", "", more_like_it(more));
        }
        let fault = given
            .fault
            .as_ref()
            .map_or_else(String::new, |fault| format!("   {fault}"));
        format!(
            "  {:width$}  {:>9}  {}{fault}",
            given.name,
            millis(given.at_ns),
            circumstance(given)
        )
    });
    let hidden = explanation.faults.iter().flat_map(|fault| {
        let name = &fault.name;
        let line = move |hidden| {
            let hidden = mishaps::hidden(hidden);
            format!("  {:width$}  {:>9}  {hidden}   {name}", "", "")
        };
        fault.hidden.iter().map(line)
    });
    section("Let", lines.chain(hidden))
}

fn section(title: &str, lines: impl Iterator<Item = String>) -> String {
    let mut out = title.to_string();
    for line in lines {
        out.push('\n');
        out.push_str(line.trim_end());
    }
    out
}

fn circumstance(given: &Given) -> String {
    match &given.what {
        Circumstance::Packet {
            from,
            to,
            what,
            output,
            header,
            attempt,
            arrives_ns,
            lost,
            under_way,
        } => {
            let attempt = attempt.map(|attempt| format!("attempt {attempt}"));
            let output = output.then(|| "output".to_string()).into_iter();
            let remarks = bracketed(output.chain(known_by(*header)).chain(attempt));
            let fate = match (lost, &arrives_ns[..]) {
                (Some(reason), _) => format!("   x lost: {reason}"),
                (None, []) if *under_way => "   still on its way in the end".into(),
                (None, []) => "   x lost".into(),
                (None, [at]) => format!("   arrives {}", millis(*at)),
                (None, [first, .., last]) => {
                    format!("   arrives twice, {} and {}", millis(*first), millis(*last))
                }
            };
            format!("{from} -> {to}  {what}{remarks}{fate}")
        }
        Circumstance::Outage {
            node,
            kind,
            back_ns,
        } => {
            let takes = mishaps::outage(*kind);
            format!("{node} {takes}, back at {}", millis(*back_ns))
        }
        Circumstance::Weather { change } => mishaps::weather(change),
        Circumstance::Healed { ends, back } => {
            let back = back.iter().map(|node| format!("{node} is back"));
            let ends: Vec<String> = ends.iter().map(mishaps::weather).chain(back).collect();
            format!("all faults end: {}", list(&ends))
        }
        Circumstance::More(more) => more_like_it(*more),
    }
}

/// What a packet is recognised, or turned away, by.
fn known_by(header: Header) -> impl Iterator<Item = String> {
    let Header {
        producer,
        epoch,
        sequence,
        generation,
        offset,
    } = header;
    let parts = [
        producer.map(|id| format!("producer id {id}")),
        epoch.map(|epoch| format!("epoch {epoch}")),
        sequence.map(|sequence| format!("sequence {sequence}")),
        generation.map(|generation| format!("generation {generation}")),
        offset.map(|offset| format!("offset {offset}")),
    ];
    parts.into_iter().flatten()
}

/// ` (output, attempt 1)`; nothing where there is nothing to remark.
fn bracketed(remarks: impl Iterator<Item = String>) -> String {
    let remarks: Vec<String> = remarks.collect();
    if remarks.is_empty() {
        return String::new();
    }
    format!(" ({})", remarks.join(", "))
}

fn then(explanation: &Explanation) -> String {
    let record = explanation.told_of;
    let record = record.map_or_else(|| "it".to_string(), |record| record.to_string());
    let shown = explanation.violation.record.is_none() && explanation.told_of.is_some();
    let shown = shown.then(|| format!("  Record {record} shows it."));
    let mut number = 0;
    let lines = explanation.then.iter().map(|step| {
        if let Fact::More(more) = step.fact {
            return format!("     {}", more_like_it(more));
        }
        number += 1;
        let lead = format!("  {number}. ");
        paragraph(&lead, lead.len(), &steps::say(step, &record))
    });
    section("Then", shown.into_iter().chain(lines))
}

fn however(explanation: &Explanation) -> String {
    let strategy = &explanation.strategy;
    let violation = &explanation.violation;
    match &explanation.promise {
        Some(clause) if violation.assumption_broken.is_none() => {
            format!(
                "However, {strategy} promises that {}: a contradiction.",
                words::clause(clause)
            )
        }
        Some(clause) => format!(
            "However, {strategy} promises that {}, and that did not hold here: no contradiction.",
            words::clause(clause)
        ),
        None => format!("{strategy} promises nothing of this kind: no contradiction."),
    }
}

fn needed(explanation: &Explanation) -> String {
    let faults = &explanation.faults;
    if faults.iter().any(|fault| fault.needed.is_none()) {
        let count = words::thousands(faults.len() as u64);
        return format!("Needed: not asked of each of {count} faults and delays.");
    }
    let (needed, other): (Vec<_>, Vec<_>) =
        faults.iter().partition(|fault| fault.needed == Some(true));
    let (turning, other): (Vec<_>, Vec<_>) = other
        .into_iter()
        .partition(|fault| fault.otherwise.is_some());
    let needed: Vec<&str> = needed.iter().map(|fault| fault.name.as_str()).collect();
    let turns: String = turning.into_iter().filter_map(turns).collect();
    let without = match needed.len() {
        0 if faults.is_empty() => {
            return format!("Needed: {}.", at_fault(explanation));
        }
        0 => {
            let text =
                "Needed: no fault by itself; without any one of them this violation still appears.";
            return text.to_owned() + &turns;
        }
        1 => "without it",
        2 => "without either",
        _ => "without any one of them",
    };
    let irrelevant = explanation.irrelevant + other.len();
    // Of a run that another one stands for, no fault is told at all.
    let of = explanation.kin.map_or("", |_| " of that smaller run");
    let rest = match irrelevant {
        0 => String::new(),
        count => format!(
            " Irrelevant: {}{of}.",
            words::plural(count as u64, "other fault")
        ),
    };
    format!(
        "Needed: {}; {without} this violation does not appear.{turns}{rest}",
        list(&needed)
    )
}

/// What a fault decides that is not needed for the violation, but for its cause.
fn turns(fault: &Named) -> Option<String> {
    let (name, cause) = (&fault.name, fault.otherwise?);
    let other = causes::words(cause).name;
    Some(format!(
        " Without {name} it appears by another cause: {other} ({cause})."
    ))
}

/// What a failure without faults comes from.
fn at_fault(explanation: &Explanation) -> &'static str {
    if explanation.violation.assumption_broken == Some(Assumption::NoPoison) {
        "nothing goes wrong here but the record itself, which no handler can process"
    } else {
        "nothing goes wrong here but the strategy itself"
    }
}

fn holds(explanation: &Explanation) -> String {
    let names: Vec<String> = explanation.holds.iter().map(elsewhere).collect();
    let where_it_holds = if explanation.faults.is_empty() {
        "in the same world without a fault"
    } else {
        "where every one of these faults also struck"
    };
    if names.is_empty() {
        return format!("Nothing else was found that holds {where_it_holds}.");
    }
    format!("Holds {where_it_holds}: {}.", list(&names))
}

fn elsewhere(one: &Elsewhere) -> String {
    match one.change {
        Some(change) => format!("{} {}", one.strategy, mishaps::variation(change)),
        None => one.strategy.clone(),
    }
}
