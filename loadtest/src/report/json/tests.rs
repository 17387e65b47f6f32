use serde_json::{Value, json};

use super::*;
use crate::report::synthetic::given_a_run;

/// Programs read these: a name may come, none may go.
const KEYS: [&str; 32] = [
    "accepted_per_s",
    "audit",
    "began",
    "ceiling",
    "claims",
    "gave_up",
    "http_ms",
    "invalid",
    "inversion_ms",
    "lag_ms",
    "lost",
    "offered",
    "offered_per_s",
    "orders",
    "orders_per_s",
    "outcome_unknown",
    "refusals",
    "retry_after",
    "scenario",
    "seed",
    "settings",
    "statuses",
    "stock",
    "target",
    "timeline",
    "took_s",
    "unanswered",
    "valid",
    "verdict",
    "verdict_ms",
    "watch",
    "won",
];

fn read(run: &Run) -> Value {
    serde_json::from_str(&json(run).unwrap()).unwrap()
}

fn keys(value: &Value) -> Vec<&str> {
    value
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect()
}

#[test]
fn the_names_stay() {
    let told = read(&given_a_run());
    assert_eq!(keys(&told), KEYS);
    let quantiles = ["max", "p50", "p90", "p99", "p999"];
    assert_eq!(keys(&told["http_ms"]), quantiles);
    assert_eq!(keys(&told["verdict_ms"]), quantiles);
    assert_eq!(
        keys(&told["retry_after"]),
        ["first_retry_admitted", "mean_over_wait_ms", "refusals"]
    );
    let audit = keys(&told["audit"]);
    for name in [
        "contradictions",
        "doubled",
        "lost",
        "out_of_order",
        "oversold",
        "phantom",
    ] {
        assert!(audit.contains(&name), "{name}");
    }
}

#[test]
fn figures_are_those_of_the_run() {
    let mut run = given_a_run();
    run.audit.as_mut().unwrap().lost_tickets = 2;
    let told = read(&run);
    assert_eq!(told["seed"], 42);
    assert_eq!(told["statuses"]["202"], run.tally.count(202));
    assert_eq!(told["retry_after"]["mean_over_wait_ms"], 12.0);
    assert_eq!(told["audit"]["lost"], 2);
    assert_eq!(
        (&told["valid"], &told["verdict"]),
        (&json!(true), &json!("broken"))
    );
}

#[test]
fn what_was_not_judged_is_null() {
    let mut run = given_a_run();
    run.tally = Tally::of(run.took);
    (run.audit, run.orders) = (None, None);
    let told = read(&run);
    for key in [
        "audit",
        "orders",
        "orders_per_s",
        "inversion_ms",
        "http_ms",
        "verdict_ms",
    ] {
        assert_eq!(told[key], Value::Null, "{key}");
    }
    assert_eq!(told["retry_after"]["mean_over_wait_ms"], Value::Null);
}

#[test]
fn an_invalid_run_says_so_and_why() {
    let mut run = given_a_run();
    run.invalid = vec!["the generator was late".into()];
    let told = read(&run);
    assert_eq!(told["valid"], false);
    assert_eq!(told["verdict"], "invalid");
    assert_eq!(told["invalid"], json!(["the generator was late"]));
}

#[test]
fn the_timeline_counts_each_slice() {
    let run = given_a_run();
    let told = read(&run);
    let slices = told["timeline"]["slices"].as_array().unwrap();
    assert_eq!(told["timeline"]["width_s"], 1.0);
    let offered: u64 = slices
        .iter()
        .map(|slice| slice["offered"].as_u64().unwrap())
        .sum();
    assert_eq!(offered, run.tally.offered);
    assert_eq!(slices[3]["at_s"], 3.0);
    assert_eq!(slices[3]["resident_bytes"]["ingress-0"], 102 << 20);
}
