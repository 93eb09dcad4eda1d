//! What is said of bad files and flags: where, what, and the fix. Each snapshot is a list of mistakes and answers.

use semel_scenarios::file::load::{Source, load, load_with};
use semel_scenarios::file::setting::Setting;
use semel_scenarios::trial::plan::Plan;
use std::sync::Arc;

/// A snapshot without the expression that made it.
macro_rules! snapshot {
    ($text:expr) => {
        insta::with_settings!({ omit_expression => true }, { insta::assert_snapshot!($text) });
    };
}

/// What is said of a scenario with these fields.
fn about(fields: &str) -> String {
    let source = Source {
        name: "mine.ron".into(),
        text: format!("(\n    schema: 1,\n    name: \"mine\",\n    {fields}\n)\n"),
    };
    said(load(&source).map(|_| ()))
}

/// What is said of a whole text.
fn about_text(text: &str) -> String {
    said(
        load(&Source {
            name: "mine.ron".into(),
            text: text.into(),
        })
        .map(|_| ()),
    )
}

fn said(result: Result<(), semel_scenarios::file::complaint::Complaint>) -> String {
    result.map_or_else(
        |complaint| complaint.to_string(),
        |()| "no complaint".into(),
    )
}

fn all(fields: &[&str]) -> String {
    fields
        .iter()
        .map(|fields| about(fields))
        .collect::<Vec<_>>()
        .join("\n\n")
}

#[test]
fn unknown_names_suggest_the_nearest() {
    snapshot!(all(&[
        "workload: (recrods: 4),",
        "transport: Datagarm,",
        "faults: [Dorp(rate: 0.1)],",
        "faults: [Drop(raet: 0.1)],",
        "faults: [Drop(packet: Produce(recod: 3))],",
        "faults: [Crash(node: \"consumr-0\", at: \"1s\")],",
        "faults: [Crash(node: \"broker-3\", at: \"1s\")],",
        "faults: [Drop(from: \"snik\", rate: 0.1)],",
        "faults: [Drop(from: [\"sink\"], rate: 0.1)],",
        "faults: [Script([Packet(from: \"sink\", to: \"consumer-0\", connection: 0, label: \"Applied\", nth: 0, fate: Drop)])],",
        "faults: [Script([Packet(from: \"sink-0\", to: \"consumer-7\", connection: 0, label: \"Applied\", nth: 0, fate: Drop)])],",
        "expect: {\"at-mots-once\": (verdict: Holds)},",
        "expect: {\"at-most-once\": (verdict: Breaks([\"no_duplicates at effect\"]))},",
        "expect: {\"at-most-once\": (verdict: Breaks([\"no_duplicate at sink\"]))},",
        "define: {\"own\": (promise: [], work: Loop(mark: Before), sink: (kind: Inobx()))},",
        "define: {\"own\": (promise: [(level: log, keeps: no_los)], work: Loop(mark: Before))},",
    ]));
}

#[test]
fn scenarios_that_contradict_themselves_say_why() {
    snapshot!(all(&[
        // A trigger that can never come.
        "faults: [Drop(packet: Ack(attempt: 0))],",
        "faults: [Drop(packet: Fetch(partition: 3))],",
        "faults: [Crash(after: Delivered(consumer: 1))],",
        "faults: [Isolate(node: \"broker-0\", after: Attempt(record: 3), lasting: \"1s\")],",
        "faults: [Crash(node: \"broker-0\", after: Found())],",
        "faults: [Drop(packet: Ack(), nth: 0)],",
        "faults: [Drop(packet: Ack(), times: 0)],",
        // Two ways to say when, or half of one.
        "faults: [Crash(node: \"broker-0\", after: Stored(), at: \"1s\")],",
        "faults: [Isolate(node: \"broker-0\", after: Stored(), at: \"1s\", lasting: \"1s\")],",
        "faults: [Crash(after: Stored(), packet: Ack())],",
        "faults: [Crash(node: \"broker-0\", at: \"1s\", until: \"2s\")],",
        "faults: [Crash(node: \"broker-0\", at: \"1s\", times: 3)],",
        "faults: [Pause(node: \"broker-0\", at: \"1s\", sends: 1)],",
        "faults: [ClockStep(node: \"broker-0\", forward: \"1s\", at: \"1s\", until: \"2s\")],",
        "faults: [ClockStep(node: \"broker-0\", forward: \"1s\", back: \"1s\", at: \"1s\")],",
        "faults: [Isolate(node: \"broker-0\", at: \"1s\", until: \"2s\", lasting: \"1s\")],",
        "faults: [Isolate(node: \"broker-0\", at: \"2s\", until: \"1s\")],",
        "faults: [Hold(rate: 0.1, until: \"2s\", release: \"1s\")],",
        "faults: [Drop(rate: 0.1, at: \"2s\", until: \"1s\")],",
        "faults: [Delay(rate: 0.1, by: Uniform(\"2s\", \"1s\"))],",
        "faults: [Slow(node: \"broker-0\", factor: 0, at: \"1s\")],",
        "faults: [ClockDrift(node: \"broker-0\", ppm: 1000000, at: \"1s\")],",
        "faults: [Isolate(node: \"*\", at: \"1s\", lasting: \"1s\")],",
        // Nothing left to happen.
        "faults: [Drop(rate: 0.1, at: \"2s\")], heal_at: \"1s\",",
        "faults: [Slow(node: \"broker-0\", factor: 2, at: \"1s\")], heal_at: \"1s\",",
        "faults: [Slow(node: \"broker-0\", factor: 2, at: \"1s\", until: \"2s\")],",
        "menu: [],",
        "menu: [Drop, Duplicate],",
        // Faults that change nothing.
        "faults: [ClockDrift(node: \"broker-0\", ppm: 0)],",
        "faults: [ClockStep(node: \"broker-0\", back: \"0s\", at: \"1s\")],",
        "faults: [Delay(rate: 0.1, by: Fixed(\"0s\"))],",
        "network: (service: \"1ms\"), faults: [Slow(node: \"broker-0\", factor: 1, at: \"1s\", until: \"2s\")],",
        "faults: [SlowLink(extra: \"0s\", at: \"1s\", until: \"2s\")],",
        "faults: [Isolate(node: \"broker-0\", at: \"1s\", lasting: \"0s\")],",
        // Links on which nobody speaks.
        "faults: [Isolate(node: \"producer-0\", from: \"sink-0\", at: \"1s\", until: \"2s\")],",
        "faults: [Delay(from: \"sink\", to: \"producer\", rate: 0.1, by: Fixed(\"1s\"))],",
        // Promises and reasons that say nothing.
        "define: {\"own\": (promise: [(level: log, keeps: no_loss, assuming: [Within(\"0s\")])], work: Loop(mark: Before))},",
        "expect: {\"at-least-once\": (verdict: NotApplicable(\" \"))},",
        // Patterns that nothing matches.
        "faults: [Drop(packet: Fetch(record: 3))],",
        "faults: [Drop(packet: Ack(record: 3, transaction: 1))],",
        "faults: [Crash(node: \"broker-0\", packet: Heartbeat(partition: 0))],",
        "faults: [Crash(node: \"broker-0\", after: Intent(producer: 1))],",
        "faults: [Crash(node: \"broker-0\", after: Applied(actor: 1))],",
        // Scripts are files too.
        "faults: [Script([Weather(at: \"1s\", change: ClockDrift(\"broker-0\", -1000000))])],",
        "faults: [Script([Weather(at: \"1s\", change: Slow(\"broker-0\", 0))])],",
        "faults: [Script([Weather(at: \"2000d\", change: Slow(\"broker-0\", 2))])],",
        "faults: [Script([Step(node: \"broker-0\", label: \"Poduce\", nth: 0, outage: Crash, down: \"1s\")])],",
        // What nobody judges.
        "expect: {\"transactional\": (verdict: Breaks([\"atomic at effect\"]))},",
        "define: {\"own\": (promise: [(level: log, keeps: same_state)], work: Loop(mark: Before))},",
        "workload: (written: [(key: 1, amount: 0, pace: \"1ms\")]),",
        // Shapes that other dialects of RON have.
        "define: {\"own\": (promise: [], source: Outbox((save_every: \"1s\")), work: Loop(mark: After))},",
    ]));
}

#[test]
fn values_out_of_range_say_what_would_be_right() {
    snapshot!(
        all(&[
            "heal_at: 120,",
            "heal_at: \"120\",",
            "heal_at: \"-5ms\",",
            "heal_at: \"5 fortnights\",",
            "network: (latency: \"2000d\"),",
            "faults: [Drop(rate: 1.5)],",
            "faults: [Drop(rate: \"3/2\")],",
            "faults: [Drop(rate: -0.1)],",
            "faults: [Drop(rate: \"often\")],",
            "topology: (partitions: 0),",
            "topology: (brokers: -1),",
            "topology: (brokers: 1.5),",
            "topology: (brokers: \"two\"),",
            "topology: (brokers: 99999999),",
            "topology: (consumers: 400),",
            "workload: (records: 0),",
            "workload: (records: 4000000000),",
            "workload: (amount: 0),",
            "workload: (written: [(key: 9, amount: 10, pace: \"1ms\")]),",
            "settle: (quiet: \"0ms\"),",
        ])
        .replace("no complaint", "NO COMPLAINT")
    );
}

#[test]
fn combinations_that_make_no_sense_say_why() {
    snapshot!(all(&[
        "faults: [Duplicate(rate: 0.1)],",
        "faults: [Drop()],",
        "faults: [Crash(node: \"broker-0\", rate: 0.01)],",
        "faults: [Isolate(node: \"broker-0\", every: \"1s\", lasting: \"100ms\")],",
        "faults: [Crash(node: \"broker-0\", every: \"1us\", until: \"100s\")],",
        "faults: [Isolate(node: \"broker-0\", at: \"1s\")],",
        "faults: [Crash(node: \"broker-0\", at: \"2s\")], heal_at: \"1s\",",
        "faults: [Drop(rate: 0.1, name: \"loss\"), Delay(rate: 0.1, by: Fixed(\"1s\"), name: \"loss\")],",
        "faults: [Script([Packet(from: \"producer-0\", to: \"broker-7\", label: \"Produce\", nth: 0, fate: Drop)])],",
        "workload: (money: Transfers, keys: 1),",
        "workload: (money: Transfers, records: 7),",
        "define: {\"own\": (promise: [], work: Loop(mark: Before), publish: (window: 0))},",
        "define: {\"own\": (promise: [], work: Loop(mark: Before), sink: (fence: Token))},",
        "define: {\"at-most-once\": (promise: [], work: Loop(mark: Before))},",
        "transport: Datagram, expect: {\"transactional\": (verdict: Holds)},",
        "topology: (consumers: 2), expect: {\"at-least-once\": (verdict: Holds)},",
        "expect: {\"at-least-once\": (verdict: Always([]))},",
        "define: {\"own\": (promise: [], work: Loop(mark: Before)), \"own\": (promise: [], work: Loop(mark: After))},",
    ]));
}

#[test]
fn texts_of_the_wrong_shape_are_pointed_at() {
    let texts = [
        "",
        "(schema: 1)",
        "(schema: 2, name: \"mine\")",
        "(schema: 1, name: \"mine\"",
        "(schema: 1, name: \"mine\" topology: ())",
        "(schema: 1, name: mine)",
        "(schema: 1, name: \"mine\", name: \"yours\")",
        "(schema: 1, name: \"Mine!\")",
        "(schema: 1, name: \"mine\", faults: Drop(rate: 0.1))",
        "(schema: 1, name: \"mine\", topology: 3)",
        "(schema: 1, name: \"mine\") and more",
        "(schema: 1, name: \"mine\", question: \"never closed)",
        "{\"schema\": 1, \"name\": \"mine\"}",
    ];
    snapshot!(texts.map(about_text).join("\n\n"));
}

const FAIR: &str = "(
    schema: 1,
    name: \"fair\",
    faults: [Drop(rate: 0.1), Crash(name: \"outage\", node: \"consumer\", after: Handled(), down: \"1s\")],
)";

/// What is said of a setting of the fair scenario, or of the strategy `at-least-once` in it.
fn about_setting(text: &str) -> String {
    let source = Source {
        name: "fair.ron".into(),
        text: FAIR.into(),
    };
    let result = Setting::parse(text).and_then(|setting| {
        let settings = [setting];
        let scenario = Arc::new(load_with(&source, &settings)?);
        Plan::new(&scenario, "at-least-once", &settings).map(|_| ())
    });
    said(result)
}

#[test]
fn a_bad_setting_is_pointed_at_in_the_flag() {
    let settings = [
        "records",
        "workload.recrods=7",
        "workload.records=many",
        "workload.records=7, keys: 3",
        "workload..records=7",
        "faults[drop].rate=2",
        "faults[dorp].rate=0.2",
        "faults[7].rate=0.2",
        "faults[drop].from=broker-1",
        "network.latency=5",
        "topology.partitions=0",
        "strategy.bug=TableNotRebuild",
        "strategy.publish.windows=3",
        "strategy.publish.window=0",
        "strategy.work.mark.every=3s",
    ];
    snapshot!(settings.map(about_setting).join("\n\n"));
}

#[test]
fn bare_words_and_numbers_are_taken_as_meant() {
    for setting in [
        "faults[drop].rate=0.2",
        "faults[drop].rate=1/20",
        "faults[drop].from=broker",
        "faults[outage].after.record=7",
        "faults[outage].down=1500ms",
        "faults[0].packet=Ack(record: 3)",
        "network.latency=120ms",
        "workload.records=7",
        "transport=Datagram",
        "heal_at=3s",
        "workload.money=Transfers",
        "strategy.bug=CommitBeforeEffect",
        "strategy.publish.window=3",
        "strategy.publish.retry.timeout=5s",
        "strategy.sink.kind=Inbox(time: \"2min\")",
        "strategy.publish.name=None",
    ] {
        assert_eq!(about_setting(setting), "no complaint", "{setting}");
    }
}

#[test]
fn a_setting_changes_what_it_says_and_nothing_else() {
    let source = Source {
        name: "fair.ron".into(),
        text: FAIR.into(),
    };
    let plain = load(&source).unwrap();
    let settings = [
        Setting::parse("workload.records=7").unwrap(),
        Setting::parse("faults[outage].nth=2").unwrap(),
    ];
    let mut set = load_with(&source, &settings).unwrap();
    assert_eq!(set.workload.records, 7);
    let resolved = semel_scenarios::file::load::resolved(&set);
    assert!(resolved.contains("nth: 2"), "{resolved}");
    set.workload.records = plain.workload.records;
    set.faults = plain.faults.clone();
    assert_eq!(set, plain);
}

#[test]
fn a_strategy_nobody_has_is_pointed_at_in_the_flag() {
    let scenario = Arc::new(
        load(&Source {
            name: "fair.ron".into(),
            text: FAIR.into(),
        })
        .unwrap(),
    );
    let complaint = Plan::new(&scenario, "at-lest-once", &[]).unwrap_err();
    snapshot!(complaint.to_string());
}
