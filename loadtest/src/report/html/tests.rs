use super::*;
use crate::report::synthetic::given_a_run;
use crate::run::Claim;

#[test]
fn a_page_asks_nobody_for_anything() {
    let page = page(&given_a_run());
    for word in [
        "http://", "https://", "src=", "href=", "url(", "@import", "<script", "<link",
    ] {
        assert!(!page.contains(word), "{word}");
    }
    let policy = "content=\"default-src 'none'; style-src 'unsafe-inline'\"";
    assert!(page.contains(policy));
}

#[test]
fn words_from_outside_are_not_markup() {
    let evil = "<img src=x onerror=alert(1)>";
    let mut run = given_a_run();
    run.target = evil.into();
    run.settings.push(("door", evil.into()));
    run.invalid.push(evil.into());
    run.claims.push(Claim {
        what: "goodput",
        measured: evil.into(),
        asked: evil.into(),
        holds: false,
    });
    for slice in &mut run.tally.timeline.slices {
        slice.sample.resident[0].process = evil.into();
    }
    let page = page(&run);
    assert!(!page.contains("<img"));
    assert!(page.matches("&lt;img").count() >= 6);
}

#[test]
fn braces_from_outside_are_only_words() {
    let mut run = given_a_run();
    run.target = "{style} {0} {{".into();
    assert!(page(&run).contains("{style} {0} {{"));
}

#[test]
fn every_element_that_is_opened_is_closed() {
    let page = page(&given_a_run());
    for name in [
        "section", "div", "figure", "svg", "g", "table", "tr", "td", "details", "dl", "dd", "text",
    ] {
        let opened =
            page.matches(&format!("<{name}>")).count() + page.matches(&format!("<{name} ")).count();
        let closed = page.matches(&format!("</{name}>")).count();
        assert_eq!(opened, closed, "{name}");
        assert!(opened > 0, "{name}");
    }
}

#[test]
fn the_verdict_is_what_it_came_to() {
    let mut run = given_a_run();
    assert!(
        verdict(&run)
            .contains("class=\"verdict good\"><strong>✓ Valid.</strong> Every promise held.")
    );
    run.invalid.push("the generator was late".into());
    let told = verdict(&run);
    assert!(told.contains("class=\"verdict invalid\""), "{told}");
    assert!(told.contains("<li>the generator was late</li>"), "{told}");
    run.audit.as_mut().unwrap().oversold = 1;
    let told = verdict(&run);
    assert!(told.contains("class=\"verdict broken\""), "{told}");
    assert!(
        told.contains("<strong>✕ Broken promises: oversold: 1.</strong>"),
        "{told}"
    );
    assert!(told.contains("<li>the generator was late</li>"), "{told}");
}

#[test]
fn a_figure_that_is_not_known_is_no_zero() {
    let mut run = given_a_run();
    run.orders = None;
    let told = key_figures(&run);
    assert!(
        told.contains("<dt>Orders</dt><dd>–</dd><dd>not known</dd>"),
        "{told}"
    );
    run.orders = Some(0);
    let told = key_figures(&run);
    assert!(told.contains("<dt>Orders</dt><dd>0 <span"), "{told}");
}
