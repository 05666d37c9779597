"""Funnels, courses of time, bubbles, Baujat, L'Abbé and drapery plots: the numbers that they draw."""

from __future__ import annotations

import math

import numpy as np
import pytest

from ketcli.errors import KetError, UsageError
from ketcli.evidence.load import Evidence
from ketcli.figures.data.diagnostics import baujat, drapery, labbe
from ketcli.figures.data.effects import analysed, pools_of, shown
from ketcli.figures.data.factors import bubbles, families
from ketcli.figures.data.funnel import as_funnel, funnels
from ketcli.figures.data.timeline import courses
from ketcli.figures.plots import see
from ketcli.figures.view import measure_of
from ketcli.selection.filters import Filters
from ketcli.stats.small_studies.bias import egger
from ketcli.stats.small_studies.trim_and_fill import trim_and_fill
from ketcli.summaries.factors import factors
from ketcli.summaries.pool.request import Extras
from ketcli.summaries.pooling import Settings
from ketcli.summaries.rates import rates
from ketcli.summaries.side_effects import side_effects
from ketcli.summaries.timeline import timeline
from tests.figures.trials import lopsided, own, trials


def test_funnel_has_the_effects_and_errors_of_the_rows() -> None:
    report = own(trials(12))
    (funnel,) = funnels(as_funnel(report))
    studies = [row for row in report.rows if row["kind"] == "study"]
    points = [point for point in funnel.points if not point.filled]
    assert [point.yi for point in points] == [row["yi"] for row in studies]
    assert [point.se for point in points] == pytest.approx([row["se"] for row in studies])
    assert funnel.centre == next(row["yi"] for row in report.rows if row["kind"] == "pooled")


def test_funnel_of_ten_and_more_has_eggers_line_and_filled_studies() -> None:
    report = own(lopsided(14))
    studies = [row for row in report.rows if row["kind"] == "study"]
    yi, vi = (np.array([row[name] for row in studies], dtype=float) for name in ("yi", "vi"))
    test, filled = egger(yi, vi), trim_and_fill(yi, vi)
    (funnel,) = funnels(as_funnel(report))
    assert funnel.egger == (test.limit, test.bias)
    assert [p.yi for p in funnel.points if p.filled] == filled.filled_yi.tolist()
    assert filled.missing


def test_funnel_under_ten_studies_has_no_test_and_says_why() -> None:
    seen = as_funnel(own(trials(9)))
    (funnel,) = funnels(seen)
    assert funnel.egger is None
    assert not any(point.filled for point in funnel.points)
    assert any("have no test" in note.text for note in seen.notes)


def test_funnel_of_two_studies_is_refused() -> None:
    with pytest.raises(KetError) as caught:
        as_funnel(own(trials(2)))
    assert caught.value.code == "too-few-studies"


def test_funnel_of_proportions_has_no_null_and_is_labelled_in_percent(shipped: Evidence) -> None:
    found = funnels(as_funnel(rates(shipped, Filters(), Settings())))
    assert found
    assert {funnel.null for funnel in found} == {None}
    assert all(label.endswith(" %") for funnel in found for label in funnel.x.labels)


def test_pool_of_counts_is_made_as_the_command_pools_it(shipped: Evidence) -> None:
    report = side_effects(shipped, Filters(), Settings(), event=["nausea"])
    pool = next(pool for pool in pools_of(report) if pool.k >= 3)
    assert pool.measure == "RR"
    assert np.exp(pool.yi) == pytest.approx([row["rr"] for row in pool.rows])
    assert pool.centre == pytest.approx(math.log(float(pool.pooled["rr"])))  # type: ignore[index,arg-type]


@pytest.mark.parametrize(("scale", "value"), [("log", 2.5), ("logit", 0.25), ("linear", -3.0)])
def test_scales_go_there_and_back(scale: str, value: float) -> None:
    assert shown(analysed(value, scale), scale) == pytest.approx(value)  # type: ignore[arg-type]


def test_course_has_the_rows_of_the_timeline(shipped: Evidence) -> None:
    report = timeline(shipped, Filters(), Settings())
    panels, single = courses(report)
    drawn = sum(len(series.points) for course in panels for series in course.series)
    assert drawn + len(single) == len(report.rows)
    first = panels[0].series[0].points[0]
    row = report.rows[0]
    assert (first.estimate, first.low, first.high) == (row["rate"], row["ci_low"], row["ci_high"])
    assert (first.k, first.n) == (row["k"], row["n"])


def test_studies_listed_under_a_pooled_line_are_not_points_of_the_course(shipped: Evidence) -> None:
    plain, listed = (timeline(shipped, Filters(), Settings(), show_studies=flag) for flag in (False, True))
    assert courses(listed) == courses(plain)


def test_single_doses_and_courses_never_share_a_panel(shipped: Evidence) -> None:
    panels, _ = courses(timeline(shipped, Filters(), Settings()))
    titles = [course.title for course in panels]
    assert len(set(titles)) == len(titles)
    assert any(title.startswith("One dose") for title in titles)
    assert any(title.startswith("Repeated course") for title in titles)


def test_bubbles_are_the_studies_of_the_slope(shipped: Evidence) -> None:
    report = factors(shipped, Filters(), Settings(), groups=["age"], bubbles=True)
    slopes = [row for row in report.rows if row["kind"] == "moderator"]
    found = bubbles(report)
    assert [len(bubble.points) for bubble in found] == [row["k"] for row in slopes]
    points = [row for row in report.rows if row["kind"] == "point"]
    assert [point.y for bubble in found for point in bubble.points] == [
        pytest.approx(int(row["events"]) / int(row["total"]))  # type: ignore[arg-type]
        for row in points
    ]


def test_line_of_a_bubble_plot_has_the_slope_that_is_printed(shipped: Evidence) -> None:
    report = factors(shipped, Filters(), Settings(), groups=["age"], bubbles=True)
    slope = next(row for row in report.rows if row["kind"] == "moderator")
    bubble = bubbles(report)[0]
    (x0, y0, _, _), (x1, y1, _, _) = bubble.line[0], bubble.line[-1]
    odds = (y1 / (1 - y1)) / (y0 / (1 - y0))
    assert odds ** (10.0 / (x1 - x0)) == pytest.approx(slope["estimate"])


def test_tables_have_no_rows_for_bubbles(shipped: Evidence) -> None:
    report = factors(shipped, Filters(), Settings(), groups=["age"])
    assert not any(row["kind"] in ("point", "fitted") for row in report.rows)


def test_factors_are_drawn_by_what_can_share_an_axis(shipped: Evidence) -> None:
    report = factors(shipped, Filters(), Settings(), groups=["age"], bubbles=True)
    parts, lacking = families(report)
    table = [row for row in report.rows if row["kind"] not in ("point", "fitted")]
    assert sum(len(part.rows) for part in parts) + lacking == len(table)
    ratio = next(part for part in parts if part.title == "Ratio")
    assert measure_of(ratio).axis.scale == "log"
    assert {row["measure"] for row in ratio.rows} <= {"or", "rr", "hr", "ratio"}


def test_baujat_has_the_points_of_the_rows() -> None:
    report = own(trials(5), Extras(influence=True))
    plot = baujat(see(report, "baujat"))
    studies = [row for row in report.rows if row["kind"] == "study"]
    assert [(s.x, s.y) for s in plot.spots] == [(row["baujat_x"], row["baujat_y"]) for row in studies]


@pytest.mark.parametrize("measure", ["RR", "OR", "RD"])
def test_labbe_curve_is_the_pooled_effect_at_every_risk(measure: str) -> None:
    report = own(trials(8), measure=measure)
    plot = labbe(report)
    effect = float(next(row["estimate"] for row in report.rows if row["kind"] == "pooled"))  # type: ignore[arg-type]
    for control, treated in plot.curves[0][1:-1]:
        ratio = {"RR": treated / control, "RD": treated - control}.get(
            measure, treated * (1 - control) / (control * (1 - treated))
        )
        assert ratio == pytest.approx(effect)


def test_labbe_needs_two_arms() -> None:
    with pytest.raises(UsageError, match="two arms"):
        labbe(own("study,events,total\nA,3,9\nB,4,9\n"))


def test_drapery_of_the_pooled_line_meets_its_interval_at_the_level() -> None:
    report = own(trials(6))
    row = next(row for row in report.rows if row["kind"] == "pooled")
    plot = drapery(report)
    assert max(p for _, p in plot.pooled) == 1.0
    low = math.log(float(row["ci_low"]))  # type: ignore[arg-type]
    left = [(x, p) for x, p in plot.pooled if x <= float(row["yi"])]  # type: ignore[arg-type]
    at = np.interp(low, [x for x, _ in left], [p for _, p in left])
    assert at == pytest.approx(0.05, abs=0.004)
    assert len(plot.studies) == 6


def test_drapery_of_one_study_is_refused() -> None:
    with pytest.raises(UsageError, match="two studies"):
        drapery(own(trials(1)))
