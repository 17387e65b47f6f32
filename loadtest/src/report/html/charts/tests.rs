use super::*;
use crate::report::synthetic::given_a_run;
use crate::run::Tally;

#[test]
fn arrivals_and_each_answer_have_a_line() {
    let mut run = given_a_run();
    run.tally.statuses.insert(418, 1);
    let chart = arrivals(&run);
    let lines: Vec<(&str, &str)> = chart
        .lines
        .iter()
        .map(|line| (line.name.as_str(), line.class))
        .collect();
    let expected = [
        ("offered", "offered"),
        ("202", "accepted"),
        ("418", "other"),
        ("503", "busy"),
    ];
    assert_eq!(lines, expected);
    assert_eq!(chart.lines[0].points[3], Some(2_500.0));
}

#[test]
fn rates_are_a_second_also_where_slices_are_longer() {
    let mut run = given_a_run();
    run.tally = Tally::of(Duration::from_secs(1_200));
    for _ in 0..10 {
        run.tally.offered(Duration::from_secs(3));
    }
    assert_eq!(arrivals(&run).lines[0].points, [Some(0.0), Some(5.0)]);
}

#[test]
fn a_limit_far_above_the_queue_is_told_in_words() {
    let mut run = given_a_run();
    let near = queue(&run).unwrap();
    assert_eq!(
        (near.limit, near.unit.as_str()),
        (Some(2_500), "purchases that wait")
    );
    run.backlog_max = Some(1_000_000);
    let far = queue(&run).unwrap();
    assert_eq!(
        (far.limit, far.unit.as_str()),
        (None, "purchases that wait; 1,000,000 may")
    );
}

#[test]
fn what_was_not_measured_is_said_and_not_drawn() {
    let mut run = given_a_run();
    assert!(!all(&run).contains("Not measured"));
    for slice in &mut run.tally.timeline.slices {
        slice.sample = Sample::default();
    }
    let drawn = all(&run);
    assert!(
        drawn.contains("Not measured in this run: queue, stock left, memory."),
        "{drawn}"
    );
    assert!(!drawn.contains("id=\"queue\""));
}

#[test]
fn a_run_of_nothing_is_drawn_too() {
    let mut run = given_a_run();
    run.tally = Tally::of(Duration::ZERO);
    let drawn = all(&run);
    assert!(drawn.contains("id=\"arrivals\""));
    assert!(!drawn.contains("NaN") && !drawn.contains("inf"), "{drawn}");
}

#[test]
fn memory_has_a_line_for_each_process() {
    let chart = memory(&given_a_run()).unwrap();
    let names: Vec<&str> = chart.lines.iter().map(|line| line.name.as_str()).collect();
    assert_eq!(
        names,
        ["allocator-0", "ingress-0", "nats-server", "notifier-0"]
    );
    assert_eq!(chart.lines[1].points[0], Some(101.0));
}
