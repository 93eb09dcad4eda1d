//! An explanation as text: a short proof, and a space-time diagram.
//!
//! What follows from what is in the [`Explanation`]; here are only the words for it.

use semel_scenarios::explain::{
    Deed, Elsewhere, Event, Explanation, Fact, Given, Mark, Missed, Reported, Row, Silence, Step,
};

use maud::{PreEscaped, html};

use crate::ink::Glyphs;
use crate::words::{self, causes, list};
use crate::{drawing, html as page};

/// The proof and the diagram.
pub fn text(explanation: &Explanation, glyphs: Glyphs) -> String {
    let drawn = lines(&diagram(explanation), glyphs);
    proof(explanation, glyphs) + "\n" + &drawn
}

fn lines(page: &str, glyphs: Glyphs) -> String {
    page.lines().map(|line| glyphs.clean(line) + "\n").collect()
}

fn proof(explanation: &Explanation, glyphs: Glyphs) -> String {
    let parts = [
        title(explanation),
        given(explanation),
        then(explanation),
        however(explanation),
        needed(explanation),
        holds(explanation),
    ];
    lines(&parts.join("\n"), glyphs)
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

fn title(explanation: &Explanation) -> String {
    let violation = &explanation.violation;
    let record = violation.record.map_or_else(String::new, |record| {
        let (account, amount) = explanation.money.unwrap_or_default();
        let by = explanation.overtaken_by;
        let by = by.map_or_else(String::new, |by| format!(", overtaken by record {by}"));
        format!("  record {record} (account {account}, {amount:+}){by}")
    });
    let promise = match (violation.promised, &violation.assumption_broken) {
        (true, None) => "promise broken".to_string(),
        (true, Some(assumption)) => format!(
            "beyond the promise: {}",
            words::broken_assumption(assumption)
        ),
        (false, _) => "not promised".to_string(),
    };
    let cause = causes::find(&violation.cause);
    let kin = explanation.kin.map_or_else(String::new, |kin| {
        format!(
            "\nTold of a smaller run of the same plan, of {} under seed {}: it breaks in the same way.",
            words::plural(kin.before.records.into(), "record"),
            kin.seed
        )
    });
    format!(
        "{} at {}{record}  {promise}\n{}: {}, cause {} ({}){kin}",
        violation.invariant.to_uppercase().replace('_', " "),
        violation.level,
        explanation.strategy,
        violation.side,
        cause.code,
        cause.name
    )
}

fn given(explanation: &Explanation) -> String {
    let width = explanation
        .given
        .iter()
        .map(|given| given.name.len())
        .max()
        .unwrap_or(0);
    let lines = explanation.given.iter().map(|given| {
        let fault = given
            .fault
            .as_ref()
            .map_or_else(String::new, |fault| format!("   {fault}"));
        format!(
            "  {:width$}  {:>9}  {}{fault}",
            given.name,
            millis(given.at_ns),
            event(given)
        )
    });
    let hidden = explanation.faults.iter().flat_map(|fault| {
        let name = &fault.name;
        let line = move |hidden| format!("  {:width$}  {:>9}  {hidden}   {name}", "", "");
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

fn event(given: &Given) -> String {
    match &given.what {
        Event::Packet {
            from,
            to,
            what,
            attempt,
            arrives_ns,
            lost,
        } => {
            let attempt =
                attempt.map_or_else(String::new, |attempt| format!(" (attempt {attempt})"));
            let fate = match (lost, &arrives_ns[..]) {
                (Some(reason), _) => format!("   x lost: {reason}"),
                (None, []) => "   x lost".into(),
                (None, [at]) => format!("   arrives {}", millis(*at)),
                (None, [first, .., last]) => {
                    format!("   arrives twice, {} and {}", millis(*first), millis(*last))
                }
            };
            format!("{from} -> {to}  {what}{attempt}{fate}")
        }
        Event::Outage {
            node,
            kind,
            back_ns,
        } => {
            let takes = match *kind {
                "pause" => "stops",
                "crash" => "crashes",
                "power loss" => "loses power",
                _ => "loses its disk",
            };
            format!("{node} {takes}, back at {}", millis(*back_ns))
        }
        Event::Weather { what } => what.clone(),
    }
}

fn then(explanation: &Explanation) -> String {
    let record = explanation.violation.record;
    let record = record.map_or_else(|| "it".to_string(), |record| record.to_string());
    let lines = explanation.then.iter().enumerate();
    section(
        "Then",
        lines.map(|(index, step)| format!("  {}. {}", index + 1, say(step, &record))),
    )
}

fn say(step: &Step, record: &str) -> String {
    let node = &step.node;
    let because = step
        .because
        .as_ref()
        .map_or_else(String::new, |name| format!(", because {name} arrived"));
    let at = millis(step.at_ns);
    match &step.fact {
        Fact::Intended => format!("{node} intends record {record} at {at}."),
        Fact::Stored {
            offset,
            again,
            missed,
            output,
        } => {
            let what = if *output { "the output of " } else { "" };
            if *again {
                format!(
                    "{node} stores {what}{record} again, at offset {offset}{because} at {at}: {}.",
                    miss(*missed)
                )
            } else {
                format!("{node} stores {what}{record} at offset {offset}{because} at {at}.")
            }
        }
        Fact::Overtaking(rival, deed) => match deed {
            Deed::Intended => format!("{node} intends record {rival}, after {record}, at {at}."),
            Deed::Stored(offset) => {
                format!("{node} stores {rival} at offset {offset}{because} at {at}.")
            }
            Deed::Applied => format!("{node} applies {rival}{because} at {at}."),
        },
        Fact::Delivered { offset, again } => {
            let again = if *again { " again" } else { "" };
            format!("{node} gets {record} from offset {offset}{again} at {at}.")
        }
        Fact::Applied {
            output: true,
            again,
            ..
        } => {
            let again = if *again { " again" } else { "" };
            format!(
                "{node} commits the output of {record}{because} at {at}: {record} takes effect{again}."
            )
        }
        Fact::Applied { again: false, .. } => format!("{node} applies {record}{because} at {at}."),
        Fact::Applied {
            again: true,
            missed,
            ..
        } => {
            format!(
                "{node} applies {record} again{because} at {at}: {}.",
                miss(*missed)
            )
        }
        Fact::Reported(Reported::Ok) => format!("{node} reports {record} as done at {at}."),
        Fact::Reported(Reported::Failed) => format!("{node} reports {record} as failed at {at}."),
        Fact::Reported(Reported::Unknown) => {
            format!("{node} cannot say what became of {record} at {at}.")
        }
        Fact::Aborted { output: true } => {
            format!("{node} aborts the output of {record}{because} at {at}.")
        }
        Fact::Aborted { output: false } => {
            format!("{node} aborts the transaction of {record}{because} at {at}.")
        }
        Fact::Recognised => format!("{node} recognises {record} as a repeat{because} at {at}."),
        Fact::Refused => format!("{node} refuses a stale request for {record}{because} at {at}."),
        Fact::Unprocessable => format!("{node} cannot process {record}: no handler can."),
        Fact::PassedOver => format!("{node} passes {record} over at {at}."),
        Fact::Truncated { from } => {
            format!("{node} has lost what it had stored from offset {from} on, at {at}.")
        }
        Fact::Marked {
            offset,
            accepted: true,
        } => {
            format!("{node} marks progress: the next offset to read is {offset}, at {at}.")
        }
        Fact::Marked {
            offset,
            accepted: false,
        } => format!("{node} refuses to mark offset {offset} at {at}."),
        Fact::Resumed { offset } => format!("{node} reads on from offset {offset} at {at}."),
        Fact::Repeated {
            request,
            before,
            silence,
        } => {
            format!(
                "{node} sends {request} at {at}: {}.",
                silent(silence, before)
            )
        }
        Fact::Missing => format!("Nothing brings {record} to effect any more."),
    }
}

fn miss(missed: Missed) -> &'static str {
    match missed {
        Missed::Unasked => "nobody looks for repeats there",
        Missed::New => "it was not among what is remembered",
        Missed::Absent => "nothing was remembered there",
        Missed::Expired => "what was remembered of it had expired",
        Missed::Evicted => "what was remembered of it had been evicted",
        Missed::TakenOver => "the first request was still being worked on, and taken for dead",
    }
}

fn silent(silence: &Silence, before: &str) -> String {
    let named = |name: &Option<String>| {
        name.clone()
            .unwrap_or_else(|| format!("the answer to {before}"))
    };
    match silence {
        Silence::RequestLost => format!("{before} was lost, so no answer came"),
        Silence::RequestLate => format!("no answer to {before} had come by then"),
        Silence::AnswerLost(name) => format!(
            "it could not know that {before} had arrived, for {} was lost",
            named(name)
        ),
        Silence::AnswerLate(name) => format!(
            "it could not know that {before} had arrived, for {} was late",
            named(name)
        ),
        Silence::NoAnswer => {
            format!("it could not know that {before} had arrived, for no answer was sent")
        }
        Silence::Forgotten => format!("it had forgotten {before} when it went down"),
    }
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
        None => format!("{strategy} does not promise otherwise: no contradiction."),
    }
}

fn needed(explanation: &Explanation) -> String {
    let (needed, other): (Vec<_>, Vec<_>) =
        explanation.faults.iter().partition(|fault| fault.needed);
    let needed: Vec<&str> = needed.iter().map(|fault| fault.name.as_str()).collect();
    let without = match needed.len() {
        0 => return format!("Needed: {}.", at_fault(explanation)),
        1 => "without it",
        2 => "without either",
        _ => "without any one of them",
    };
    let irrelevant = explanation.irrelevant + other.len();
    let rest = match irrelevant {
        0 => String::new(),
        count => format!(
            " Irrelevant: {}.",
            words::plural(count as u64, "other fault")
        ),
    };
    format!(
        "Needed: {}; {without} this run passes.{rest}",
        list(&needed)
    )
}

/// What a failure without faults comes from.
fn at_fault(explanation: &Explanation) -> &'static str {
    if explanation.violation.assumption_broken.as_deref() == Some("NoPoison") {
        "nothing goes wrong here but the record itself, which no handler can process"
    } else {
        "nothing goes wrong here but the strategy itself"
    }
}

fn holds(explanation: &Explanation) -> String {
    if explanation.faults.is_empty() {
        return String::new();
    }
    if explanation.holds.is_empty() {
        return "Nothing else was found that holds where every one of these faults also struck."
            .into();
    }
    let names: Vec<String> = explanation.holds.iter().map(elsewhere).collect();
    format!(
        "Holds where every one of these faults also struck: {}.",
        list(&names)
    )
}

fn elsewhere(one: &Elsewhere) -> String {
    match one.change {
        Some(change) => format!("{} {change}", one.strategy),
        None => one.strategy.clone(),
    }
}

/// Nanoseconds as milliseconds, with up to three digits behind the point.
pub(crate) fn millis(nanos: u64) -> String {
    let (whole, rest) = (nanos / 1_000_000, nanos / 1_000 % 1_000);
    if rest == 0 {
        return format!("{whole} ms");
    }
    let text = format!("{whole}.{rest:03}");
    format!("{} ms", text.trim_end_matches('0'))
}

/// How wide a column is.
const COLUMN: usize = 24;
/// How wide the times before the columns are.
const MARGIN: usize = 11;

fn diagram(explanation: &Explanation) -> String {
    let diagram = &explanation.diagram;
    let columns = diagram.nodes.iter().map(|node| format!("{node:COLUMN$}"));
    let head = columns.fold(" ".repeat(MARGIN), |head, column| head + &column);
    let mut lines = vec![head.trim_end().to_string()];
    lines.extend(
        diagram
            .rows
            .iter()
            .map(|row| line(row, diagram.nodes.len())),
    );
    lines.join("\n")
}

fn line(row: &Row, nodes: usize) -> String {
    let mut canvas: Vec<char> = vec![' '; nodes * COLUMN];
    for column in 0..nodes {
        canvas[column * COLUMN] = '|';
    }
    let place = row.node * COLUMN;
    match &row.mark {
        Mark::Packet {
            to, lost, twice, ..
        } => arrow(&mut canvas, row, *to, *lost, *twice),
        mark => {
            let sign = match mark {
                Mark::Fact => '#',
                Mark::Timer => '@',
                Mark::Down => 'X',
                Mark::Stops => '=',
                Mark::Back => '^',
                Mark::Weather | Mark::Packet { .. } => '~',
            };
            write(&mut canvas, place, &format!("{sign} {}", row.text));
        }
    }
    let drawn: String = canvas.into_iter().collect();
    let fault = row
        .fault
        .as_ref()
        .map_or_else(String::new, |fault| format!("  {fault}"));
    let at = millis(row.at_ns);
    format!("{at:>9}  {}{fault}", drawn.trim_end())
}

/// An arrow between columns; one that gets lost ends in a cross before it gets there.
fn arrow(canvas: &mut Vec<char>, row: &Row, to: usize, lost: bool, twice: bool) {
    let (from, to) = (row.node * COLUMN, to * COLUMN);
    let (low, high) = (from.min(to), from.max(to));
    let rightward = to > from;
    for (index, cell) in canvas[low..high].iter_mut().enumerate().skip(1) {
        let gap = lost && index % 2 == 0;
        *cell = if gap { ' ' } else { '-' };
    }
    canvas[from] = 'o';
    let text = if twice {
        format!("{} (twice)", row.text)
    } else {
        row.text.clone()
    };
    // Between the ends, if they stay in sight.
    let (room, length) = (high - low, text.chars().count());
    let start = if length + 4 <= room {
        low + (room - length) / 2
    } else {
        high + 2
    };
    write(canvas, start, &text);
    let end = match (lost, rightward) {
        (true, true) => to - 2,
        (true, false) => to + 2,
        (false, true) => to - 1,
        (false, false) => to + 1,
    };
    canvas[end] = if lost {
        'x'
    } else if rightward {
        '>'
    } else {
        '<'
    };
}

fn write(canvas: &mut Vec<char>, place: usize, text: &str) {
    let end = place + text.chars().count();
    canvas.resize(canvas.len().max(end), ' ');
    for (cell, letter) in canvas[place..].iter_mut().zip(text.chars()) {
        *cell = letter;
    }
}
