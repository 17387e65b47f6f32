use serde_json::Value;

use super::*;
use crate::run::Verdict;
use crate::scenario::watch::Commit;

/// Partition 0, record 5.
const TICKETS: [&str; 2] = [
    "00000000-0146-8c00-806b-2f1d5a9c83e7",
    "00000000-0146-8c00-846b-2f1d5a9c83e7",
];

fn heard(ticket: &str, won: bool, at_us: Option<i64>, times: u64) -> Heard {
    Heard {
        ticket: ticket.to_owned(),
        won,
        at_us,
        times,
        ..Heard::default()
    }
}

fn given_everybody_heard() -> [Heard; 2] {
    [
        heard(TICKETS[0], true, Some(1_002_000), 1),
        heard(TICKETS[1], false, Some(1_004_000), 1),
    ]
}

fn given_a_report(heard: &[Heard]) -> Report {
    let place = devstack::audit::Place::of(TICKETS[0].parse().unwrap());
    let commit = Commit {
        began_us: 1_000_000,
        transaction: "7".to_owned(),
    };
    let commits = Commits::from([((place.partition, place.seq), commit)]);
    Report {
        connections: 2,
        burst: true,
        stock: 1,
        waiting: Waiting {
            connected: 2,
            took_ms: 1_500,
        },
        memory: Memory {
            before: Resident {
                now: 10_000,
                peak: 10_000,
            },
            with_all: Resident {
                now: 30_000,
                peak: 40_000,
            },
        },
        results: Results::of(heard, &commits).unwrap(),
        audited: Audited::default(),
    }
}

#[test]
fn a_run_in_which_everybody_heard_once_is_good_and_told() {
    let report = given_a_report(&given_everybody_heard());
    assert_eq!(report.judgement().verdict(), Verdict::Good, "{report}");
    let told: Value = serde_json::from_str(&report.to_json().unwrap()).unwrap();
    let watch = &told["watch"];
    assert_eq!(watch["bytes_per_connection"], 10_000.0);
    assert_eq!(
        (&watch["connections"], &watch["missed"]),
        (&2.into(), &0.into())
    );
    let p99 = watch["commit_to_receive_ms"]["p99"].as_f64().unwrap();
    assert!((3.9..4.1).contains(&p99), "{p99}");
    assert_eq!(watch["largest_commit"], 2);
    assert!(report.to_string().contains("9.8 KiB"), "{report}");
}

#[test]
fn a_missed_a_doubled_a_wrong_and_a_cut_result_each_break_a_promise() {
    let [first, second] = given_everybody_heard();
    let again = heard(TICKETS[1], false, Some(1_004_000), 2);
    let never = heard(TICKETS[1], false, None, 0);
    let wrong = heard(TICKETS[1], true, Some(1_004_000), 1);
    let cut = Heard {
        broken: Some("closed".to_owned()),
        ..second
    };
    for odd in [again, never, wrong, cut] {
        let both = [first.clone(), odd];
        let report = given_a_report(&both);
        assert_eq!(report.judgement().verdict(), Verdict::Broken, "{report}");
    }
    // One is not there at all: nothing can be said of it.
    let judgement = given_a_report(&[first]).judgement();
    assert_eq!(judgement.verdict(), Verdict::Invalid);
}

#[test]
fn a_burst_of_several_commits_shows_nothing() {
    let mut report = given_a_report(&given_everybody_heard());
    report.results.largest_commit = 1;
    assert_eq!(report.judgement().verdict(), Verdict::Invalid);
    report.burst = false;
    assert_eq!(report.judgement().verdict(), Verdict::Good);
}

#[test]
fn who_is_not_connected_makes_a_run_invalid() {
    let mut report = given_a_report(&given_everybody_heard());
    report.waiting.connected = 1;
    assert_eq!(report.judgement().verdict(), Verdict::Invalid);
}

#[test]
fn a_fault_that_the_audit_found_breaks_a_promise() {
    let mut report = given_a_report(&given_everybody_heard());
    report.audited.findings.contradictions = 1;
    assert_eq!(report.judgement().verdict(), Verdict::Broken);
}
