"""What a forest plot shows is what the rows and texts of the table are, of the measure that was asked for."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from ketcli.errors import UsageError
from ketcli.evidence.load import Evidence
from ketcli.figures.data.forest import dots, forest, signs
from ketcli.figures.view import as_forest, measure_of
from ketcli.render.cells import cell
from ketcli.report import Report
from ketcli.selection.filters import Filters, for_evidence
from ketcli.summaries.compare import compare
from ketcli.summaries.overview import overview
from ketcli.summaries.pool.request import Extras
from ketcli.summaries.pooling import Settings
from ketcli.summaries.rates import rates
from ketcli.summaries.side_effects import side_effects
from ketcli.wording import UNICODE
from tests.figures.trials import awkward, own, trials
from tests.render.fixtures import report as small


@pytest.fixture(scope="module")
def nausea(shipped: Evidence) -> Report:
    return side_effects(shipped, Filters(), Settings(), event=["nausea"])


def test_every_row_is_drawn_from_its_own_values(shipped: Evidence) -> None:
    report = rates(shipped, Filters(), Settings())
    drawn = [row for row in forest(report).rows if row.shape not in ("heading", "about")]
    wanted = [(row.get("rate"), row["ci_low"], row["ci_high"]) for row in report.rows]
    assert [(row.estimate, row.low, row.high) for row in drawn] == wanted


def test_texts_are_those_of_the_table(shipped: Evidence) -> None:
    report = rates(shipped, Filters(), Settings())
    plot = forest(report)
    rate = next(d for d in report.displays if d.label == "Rate")
    place = len(plot.left)
    drawn = [row.texts[place] for row in plot.rows if row.shape not in ("heading", "about")]
    assert drawn == [cell(rate, row, UNICODE) for row in report.rows]


def test_each_block_has_its_heading_and_its_model() -> None:
    plot = forest(own(trials(5)))
    (about,) = [row.texts[0] for row in plot.rows if row.shape == "about"]
    row = next(r for r in own(trials(5)).rows if r["kind"] == "pooled")
    people = sum(int(r["total"]) + int(r["control_total"]) for r in own(trials(5)).rows if r["kind"] == "study")  # type: ignore[arg-type]
    assert about.startswith(f"Random effects (REML); k 5; n {people}; I² {row['i2']:.0f} %")
    assert f"df {row['q_df']:g}" in about


def test_drawn_measure_is_that_of_the_pooled_line_unless_asked(nausea: Report) -> None:
    assert measure_of(nausea).name == "rr"
    assert measure_of(nausea, "rd").name == "rd"
    assert forest(nausea).axis_label == "Risk ratio (log scale)"
    assert forest(nausea, "RD").axis_label == "Risk difference, percentage points"


def test_weights_stand_beside_their_own_measure_alone(nausea: Report) -> None:
    assert [c.label for c in forest(nausea).right] == ["Risk ratio", "Weight"]
    assert [c.label for c in forest(nausea, "rd").right] == ["Difference"]


def test_model_line_says_the_heterogeneity_of_what_is_drawn(nausea: Report) -> None:
    row = next(r for r in nausea.rows if r["kind"] == "pooled")
    ratio, difference = (
        next(line.texts[0] for line in forest(nausea, name).rows if line.shape == "about") for name in ("rr", "rd")
    )
    assert f"I² {row['i2']:.0f} %" in ratio
    assert "Q " in ratio
    assert f"I² {row['rd_i2']:.0f} %" in difference
    assert "Q " not in difference


def test_drug_arms_alone_are_drawn_as_rates(shipped: Evidence) -> None:
    filters = for_evidence(shipped, route=["intravenous"], drug=["ketamine"])
    report = side_effects(shipped, filters, Settings(), event=["dissociation"])
    assert measure_of(report).name == "rate"
    assert any(row.drawn for row in forest(report).rows)


def test_unknown_measure_names_the_known(nausea: Report) -> None:
    with pytest.raises(UsageError, match="unknown measure 'hazard'"):
        measure_of(nausea, "hazard")


def test_report_without_an_estimate_and_limits_has_no_picture() -> None:
    bare = replace(small(), displays=tuple(d for d in small().displays if d.form in ("text", "fraction")))
    with pytest.raises(UsageError) as caught:
        forest(bare)
    assert caught.value.code == "no-picture"


def test_null_lies_on_the_axis_even_when_every_interval_is_beyond() -> None:
    plot = forest(own("study,events,total,control_events,control_total\nA,60,100,20,100\nB,70,100,22,100\n"))
    assert plot.null == 1.0
    assert 0.0 <= plot.ruler.share(1.0) <= 1.0
    assert 1.0 in plot.ruler.ticks


def test_one_wide_interval_does_not_stretch_the_axis() -> None:
    narrow = "".join(f"S{i},{40 + i},100,30,100\n" for i in range(8))
    wide = forest(own("study,events,total,control_events,control_total\n" + narrow + "Wide,3,4,1,90\n"))
    row = next(row for row in wide.rows if row.texts[0] == "Wide")
    assert row.high is not None
    assert wide.ruler.share(row.high) > 1.0


def test_every_estimate_lies_on_the_axis() -> None:
    plot = forest(own(awkward()))
    known = [row.estimate for row in plot.rows if row.estimate is not None]
    assert all(0.0 <= plot.ruler.share(value) <= 1.0 for value in known)


def test_study_without_events_in_either_arm_is_shown_as_not_estimable() -> None:
    plot = forest(own(awkward(), measure="RR"))
    bare = [row for row in plot.rows if "0/15" in row.texts]
    assert [(row.estimate, row.texts[len(plot.left)]) for row in bare] == [(None, "not estimable")]


def test_areas_are_in_proportion_to_weights() -> None:
    report = own(trials(6))
    weights = [float(r["weight"]) for r in report.rows if r["kind"] == "study"]  # type: ignore[arg-type]
    sizes = [row.size for row in forest(report).rows if row.shape == "study"]
    assert sizes == pytest.approx([w / max(weights) for w in weights])


def test_rows_out_of_the_pooled_line_are_open() -> None:
    csv = "study,events,total,control_events,control_total\nA,5,10,3,10\nB,0,9,0,9\nC,7,12,4,12\n"
    shapes = [row.shape for row in forest(own(csv)).rows if row.texts[0] in "ABC"]
    assert shapes == ["study", "open", "study"]


def test_leaving_one_out_is_drawn_as_estimates() -> None:
    plot = forest(own(trials(4), Extras(leave_one_out=True)))
    assert [row.shape for row in plot.rows if row.texts[0].startswith("without")] == ["estimate"] * 4


def test_a_view_of_a_view_is_the_same(nausea: Report) -> None:
    once = as_forest(nausea, "rd")
    assert as_forest(once).rows == once.rows
    assert measure_of(as_forest(once)).name == "rd"


def test_blocks_without_the_measure_are_left_out_and_counted(shipped: Evidence) -> None:
    report = side_effects(shipped, Filters(), Settings(), event=["dissociation"])
    seen = as_forest(report, "rd")
    left_out = len(report.rows) - len(seen.rows)
    assert left_out > 0
    assert any(note.text == f"Not drawn: {left_out} rows without such an estimate." for note in seen.notes)


def test_tests_and_choices_without_an_estimate_have_no_line() -> None:
    report = own(trials(12), Extras(bias=True))
    names = [row.texts[0] for row in forest(report).rows]
    assert not any(name.startswith("Egger") for name in names)
    assert any(name.startswith("Trim and fill") for name in names)


def test_effects_of_one_family_share_an_axis(shipped: Evidence) -> None:
    report = compare(shipped, Filters(outcome=("score",)), Settings(), "esketamine", "placebo")
    plot = forest(report)
    assert plot.axis_label == "Points of the scale"
    assert plot.null == 0.0
    assert any(row.shape == "pooled" for row in plot.rows)


def test_dots_show_both_risks_of_every_row(shipped: Evidence) -> None:
    report = side_effects(shipped, Filters(), Settings())
    plot = dots(report)
    risks = [row.risks for row in plot.rows if row.shape != "heading"]
    assert risks == [(row["rate"], row.get("control_rate")) for row in report.rows if row["rate"] is not None]
    assert plot.risks is not None
    highest = max(risk for pair in risks for risk in pair if risk is not None)
    assert highest <= plot.risks.ruler.high < highest + 0.1 + 1e-9


def test_zero_and_infinity_have_no_place_but_break_nothing() -> None:
    ruler = forest(own(trials(3))).ruler
    assert ruler.share(0.0) == -math.inf
    assert ruler.clipped(0.0) == 0.0
    assert ruler.clipped(math.inf) == 1.0


def test_a_forest_is_one_though_the_table_has_another_picture(shipped: Evidence) -> None:
    """Side effects are drawn as dots of differences; as a forest they have the ratio, and no difference to miss."""
    report = side_effects(shipped, Filters(), Settings())
    assert (report.picture, as_forest(report).picture) == ("dots", "forest")


def test_lines_of_several_studies_are_not_drawn_as_one(shipped: Evidence) -> None:
    """The first screen has a pooled line beside single studies: squares are studies, diamonds are not."""
    report = overview(shipped, Filters(), Settings())
    plot = forest(report)
    drawn = [row for row in plot.rows if row.shape != "heading"]
    several = [int(row["k"] or 1) > 1 for row in as_forest(report).rows]  # type: ignore[arg-type]
    assert [row.shape == "estimate" for row in drawn] == several
    assert "Small diamonds" in signs([plot])


def test_blocks_are_spoken_of_where_there_are_some() -> None:
    assert "block" not in signs([forest(own(trials(4)))])


def test_the_sides_of_no_effect_have_names() -> None:
    """Which side has more events is said; which one is good is not known of anybody's own table."""
    plot = forest(own(trials(4)))
    assert (plot.towards_low, plot.towards_high) == ("fewer if treated", "more if treated")
    given = forest(own("study,yi,se\nA,0.1,0.1\nB,0.2,0.1\n"))
    assert (given.towards_low, given.towards_high) == ("", "")
