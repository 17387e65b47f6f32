use super::*;

fn given_a_chart(points: &[Option<f64>]) -> Chart {
    Chart {
        id: "queue",
        title: "Queue",
        unit: "purchases".into(),
        is_wide: false,
        figures: Figures::OfSlices,
        scale: Scale::linear(100.0, 1.0),
        slice: Duration::from_secs(1),
        lines: vec![given_a_line(points)],
        limit: None,
    }
}

fn given_a_line(points: &[Option<f64>]) -> Line {
    Line {
        name: "<queue>".into(),
        class: "accepted",
        is_filled: false,
        points: points.to_vec(),
    }
}

#[test]
fn a_gap_is_not_bridged() {
    let points = [Some(1.0), Some(2.0), None, None, Some(3.0)];
    let expected = vec![vec![(0, 1.0), (1, 2.0)], vec![(4, 3.0)]];
    assert_eq!(pieces(&points), expected);
    assert!(pieces(&[None, None]).is_empty());
}

#[test]
fn names_do_not_cover_each_other() {
    assert_eq!(apart(&[10.0, 12.0, 90.0], 200.0), [10.0, 26.0, 90.0]);
    assert_eq!(apart(&[199.0, 200.0, 200.0], 200.0), [168.0, 184.0, 200.0]);
}

#[test]
fn a_larger_figure_stands_higher() {
    let mut chart = given_a_chart(&[Some(0.0), Some(100.0)]);
    let frame = chart.frame();
    let (low, high) = (frame.bottom(), frame.top());
    let [begin, middle, end] = [0.0, 0.5, 1.0].map(|share| frame.x(share));
    let piece = [(0, 0.0), (1, 100.0)];
    assert_eq!(
        chart.corners(&frame, &piece),
        [(begin, low), (middle, low), (middle, high), (end, high)]
    );
    chart.figures = Figures::OfMoments;
    assert_eq!(chart.corners(&frame, &piece), [(middle, low), (end, high)]);
}

#[test]
fn a_moment_alone_is_a_dot() {
    let mut chart = given_a_chart(&[Some(100.0)]);
    chart.figures = Figures::OfMoments;
    let frame = chart.frame();
    let end = (frame.x(1.0), frame.top());
    assert_eq!(chart.corners(&frame, &[(0, 100.0)]), [end, end]);
}

#[test]
fn a_pointer_is_told_the_figures_of_its_slice() {
    let chart = given_a_chart(&[Some(0.0), None, Some(42.0)]);
    assert_eq!(chart.reading(2), "at 2.0 s\n&lt;queue&gt;: 42.0");
    assert_eq!(chart.reading(1), "at 1.0 s");
}

#[test]
fn a_long_run_has_no_more_readings_than_can_be_hit() {
    for slices in [1, 119, 120, 121, 600] {
        let chart = given_a_chart(&vec![Some(1.0); slices]);
        let readings = chart.svg().matches("<title>").count();
        assert!(readings <= READINGS_MAX, "{readings} of {slices}");
        assert!(
            readings >= slices.min(READINGS_MAX) / 2,
            "{readings} of {slices}"
        );
    }
}

#[test]
fn those_who_do_not_see_it_are_told_the_most() {
    let chart = given_a_chart(&[Some(1.0), Some(42.0), Some(3.0)]);
    assert_eq!(chart.words(), "&lt;queue&gt;: at most 42.0, at 1.0 s.");
}

#[test]
fn a_limit_is_drawn_where_it_is() {
    let mut chart = given_a_chart(&[Some(1.0)]);
    assert!(!chart.svg().contains("class=\"limit\""));
    chart.limit = Some(50);
    let y = chart.frame().y(0.5);
    let svg = chart.svg();
    let mut lines = svg.lines();
    let limit = lines.find(|line| line.contains("class=\"limit\"")).unwrap();
    assert!(limit.contains(&format!("y1=\"{y:.1}\"")), "{limit}");
    assert!(svg.contains(">limit 50<"), "{svg}");
}

#[test]
fn several_lines_are_named_and_one_is_not() {
    let mut chart = given_a_chart(&[Some(1.0)]);
    assert!(!chart.svg().contains(">&lt;queue&gt;<"));
    chart.lines.push(given_a_line(&[Some(2.0)]));
    assert_eq!(chart.svg().matches(">&lt;queue&gt;<").count(), 2);
}
