use super::*;

/// Seven in one place.
struct Seven(fn() -> Judgement);

impl Measurement for Seven {
    const SCENARIO: &'static str = "seven";

    fn judgement(&self) -> Judgement {
        (self.0)()
    }

    fn figures(&self) -> Map<String, Value> {
        Map::from_iter([("figure".to_owned(), 7.into())])
    }
}

impl fmt::Display for Seven {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "7\n{}", self.judgement())
    }
}

fn clean() -> Judgement {
    Judgement::of(&[Audited::default()])
}

/// Two sales, of which one has a shopper with two orders.
fn doubled() -> Judgement {
    let mut other = Audited::default();
    other.findings.doubled = 1;
    Judgement::of(&[Audited::default(), other])
}

fn told(judgement: fn() -> Judgement) -> Value {
    serde_json::from_str(&Seven(judgement).to_json().unwrap()).unwrap()
}

#[test]
fn a_clean_measurement_is_told_in_a_line_and_good() {
    let text = Seven(clean).to_string();
    assert!(text.contains("no fault"), "{text}");
    assert!(!text.contains("oversold"), "{text}");
    assert!(text.ends_with("\n  VALID. Every promise held."), "{text}");
    assert_eq!(clean().verdict(), Verdict::Good);

    let told = told(clean);
    assert_eq!(
        (&told["scenario"], &told["figure"]),
        (&"seven".into(), &7.into())
    );
    assert_eq!(
        (&told["valid"], &told["verdict"]),
        (&true.into(), &"good".into())
    );
    assert_eq!(
        (&told["broken"], &told["invalid"]),
        (&json!([]), &json!([]))
    );
    assert_eq!(told["audit"]["oversold"], 0);
}

#[test]
fn a_fault_of_any_sale_is_a_broken_promise_and_all_counts_are_told() {
    let text = Seven(doubled).to_string();
    for line in [
        "doubled                      1",
        "oversold                     0",
    ] {
        assert!(text.contains(line), "{text}");
    }
    assert!(
        text.ends_with("VALID. Broken promises: doubled: 1."),
        "{text}"
    );
    assert_eq!(doubled().verdict(), Verdict::Broken);
    let told = told(doubled);
    assert_eq!(
        (&told["verdict"], &told["valid"]),
        (&"broken".into(), &true.into())
    );
    assert_eq!(told["audit"]["doubled"], 1);
}

#[test]
fn what_makes_figures_worthless_is_invalid_and_a_broken_promise_is_more() {
    let mut judgement = clean();
    judgement.invalid_if(false, "no");
    judgement.broken_if(false, "no");
    assert_eq!(judgement.verdict(), Verdict::Good);

    judgement.invalid_if(true, "answers that were not expected");
    assert_eq!(judgement.verdict(), Verdict::Invalid);
    let text = judgement.to_string();
    assert!(
        text.contains("INVALID: answers that were not expected. Every"),
        "{text}"
    );

    judgement.broken_if(true, "an order is missing");
    assert_eq!(judgement.verdict(), Verdict::Broken);
    let text = judgement.to_string();
    assert!(
        text.ends_with("Broken promises: an order is missing."),
        "{text}"
    );
}

#[test]
fn an_audit_that_came_too_early_makes_a_run_invalid() {
    let early = Audited {
        open: Some("not everything was decided".to_owned()),
        ..Audited::default()
    };
    let judgement = Judgement::of(&[early]);
    assert_eq!(judgement.verdict(), Verdict::Invalid);
    assert!(judgement.to_string().contains("not everything was decided"));
}

#[test]
fn what_was_not_judged_is_told_and_not_taken_for_held() {
    let mut partly = Audited::default();
    partly.findings.not_judged.insert("no log".to_owned());
    let text = Judgement::of(&[partly]).to_string();
    assert!(text.contains("no log"), "{text}");
    assert!(text.ends_with("held that could be judged."), "{text}");

    let nothing = Judgement::default();
    assert_eq!(nothing.verdict(), Verdict::Good);
    let text = nothing.to_string();
    assert!(
        text.contains("nothing was sold") && !text.contains("held"),
        "{text}"
    );
    assert!(nothing.to_json().unwrap()["audit"].is_null());
}
