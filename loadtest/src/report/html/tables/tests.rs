use super::*;
use crate::report::synthetic::given_a_run;
use crate::run::Claim;

#[test]
fn every_cell_is_escaped() {
    let rows = [vec!["<a>".to_owned(), "<b>".to_owned()]];
    let drawn = table(Of::Words, &["<c>"], &rows);
    for told in ["&lt;a&gt;", "&lt;b&gt;", "&lt;c&gt;"] {
        assert!(drawn.contains(told), "{drawn}");
    }
}

#[test]
fn every_slice_is_a_row_with_a_cell_for_each_column() {
    let run = given_a_run();
    let drawn = moments(&run);
    let columns = drawn.matches("scope=\"col\"").count();
    let rows: Vec<&str> = drawn
        .lines()
        .filter(|line| line.contains("scope=\"row\""))
        .collect();
    assert_eq!(rows.len(), run.tally.timeline.slices.len());
    let cells = |row: &&str| row.matches("</td>").count() + 1;
    assert!(
        rows.iter().all(|row| cells(row) == columns),
        "{columns} columns\n{drawn}"
    );
}

#[test]
fn claims_are_told_only_when_there_are_some() {
    let mut run = given_a_run();
    assert_eq!(claims(&run), "");
    run.claims = vec![Claim {
        what: "goodput",
        measured: "61 %".into(),
        asked: "at least 80 %".into(),
        holds: false,
    }];
    assert!(claims(&run).contains("<td>61 %</td><td>at least 80 %</td><td>✕ broken</td>"));
}

#[test]
fn nothing_audited_is_not_told_as_nothing_found() {
    let mut run = given_a_run();
    assert!(audit(&run).contains("<th scope=\"row\">oversold</th><td>0</td>"));
    run.audit = None;
    let told = audit(&run);
    assert!(
        told.contains("Not audited") && !told.contains("oversold"),
        "{told}"
    );
}

#[test]
fn what_could_not_be_judged_is_told_with_its_reason() {
    let mut run = given_a_run();
    assert!(!audit(&run).contains("Not judged"));
    let findings = run.audit.as_mut().unwrap();
    findings.phantom = None;
    findings.not_judged.insert("no log: <nats>".to_owned());
    let told = audit(&run);
    assert!(told.contains("<th scope=\"row\">phantoms</th><td>not judged</td>"));
    assert!(
        told.contains("<p>Not judged: no log: &lt;nats&gt;.</p>"),
        "{told}"
    );
}
