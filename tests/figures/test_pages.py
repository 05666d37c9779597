"""Every picture, at small and large k, with long names, without events: no text overlaps or leaves the page."""

from __future__ import annotations

from collections.abc import Callable

import pytest

pytest.importorskip("matplotlib")

from matplotlib.lines import Line2D
from matplotlib.text import Text

from ketcli.evidence.load import Evidence
from ketcli.figures.data.forest import forest
from ketcli.figures.drawing.forest_layout import lay_out
from ketcli.figures.plots import see
from ketcli.figures.view import as_forest
from ketcli.report import Report
from ketcli.selection.filters import Filters, for_evidence
from ketcli.summaries.factors import factors
from ketcli.summaries.pool.request import Extras
from ketcli.summaries.pooling import Settings
from ketcli.summaries.rates import rates
from ketcli.summaries.side_effects import side_effects
from ketcli.summaries.timeline import timeline
from tests.figures.trials import HEAD, awkward, boxes, drawn, outside, overlaps, own, trials

ALL = Extras(influence=True, leave_one_out=True)
OWN: dict[str, Callable[[], Report]] = {
    "one study": lambda: own(trials(1)),
    "two studies": lambda: own(trials(2)),
    "three studies": lambda: own(trials(3), ALL),
    "forty studies": lambda: own(trials(40)),
    "two hundred studies": lambda: own(trials(200)),
    "awkward names and counts": lambda: own(awkward(), ALL),
    "awkward, differences": lambda: own(awkward(), measure="RD"),
    "one arm": lambda: own("study,events,total\nA,0,9\nB,7,7\nC,3,20\n"),
    "funnel of three": lambda: see(own(trials(3)), "funnel"),
    "funnel of forty": lambda: see(own(trials(40)), "funnel"),
    "awkward funnel": lambda: see(own(awkward()), "funnel"),
    "baujat": lambda: see(own(trials(40), ALL), "baujat"),
    "awkward baujat": lambda: see(own(awkward(), ALL), "baujat"),
    "labbe": lambda: see(own(trials(40)), "labbe"),
    "awkward labbe": lambda: see(own(awkward()), "labbe"),
    "drapery": lambda: see(own(trials(5)), "drapery"),
    "leave one out": lambda: see(own(awkward(), ALL), "leave-one-out"),
}


def everything(evidence: Evidence) -> Filters:
    return for_evidence(evidence, population=["all"])


SHIPPED: dict[str, Callable[[Evidence], Report]] = {
    "rates": lambda e: rates(e, Filters(), Settings(), show_left_out=False),
    "rates with what is left out": lambda e: rates(
        e, Filters(), Settings(), show_left_out=True, show_controls=True
    ),
    "side effects": lambda e: side_effects(e, Filters(), Settings()),
    "dissociation": lambda e: side_effects(e, everything(e), Settings(), event=["dissociation"]),
    "dissociation, differences": lambda e: as_forest(
        side_effects(e, Filters(), Settings(), event=["dissociation"]), "rd"
    ),
    "timeline": lambda e: timeline(e, Filters(), Settings(), show_studies=True),
    "age": lambda e: factors(e, Filters(), Settings(), groups=["age"], bubbles=True),
    "protocol": lambda e: factors(e, everything(e), Settings(), groups=["protocol"], bubbles=True),
    "funnels": lambda e: see(rates(e, Filters(), Settings()), "funnel"),
}


@pytest.mark.parametrize("name", OWN)
def test_no_text_overlaps_or_leaves_the_picture_of_a_table(name: str) -> None:
    page = drawn(OWN[name]())
    assert overlaps(page) == []
    assert outside(page) == []


@pytest.mark.parametrize("name", SHIPPED)
def test_no_text_overlaps_or_leaves_the_picture_of_the_evidence(name: str, shipped: Evidence) -> None:
    page = drawn(SHIPPED[name](shipped))
    assert overlaps(page) == []
    assert outside(page) == []


def test_icon_arrays_keep_their_texts_apart() -> None:
    from ketcli.report import Icons, Share

    names = ("a drug with a rather long name that wraps", "placebo")
    shares = tuple(Share(name, rate, rate / 2, rate + 0.05) for name, rate in zip(names, (0.0, 0.95), strict=True))
    pictures = tuple(Icons(f"Outcome {i} with a long title, day 12 to day 21", shares) for i in range(4))
    page = drawn(Report("Of 100 people", (), (), (), picture="icons", icons=pictures))
    assert overlaps(page) == []
    assert outside(page) == []


@pytest.mark.parametrize("k", [1, 3, 40])
def test_the_texts_of_a_row_stay_clear_of_the_plot(k: int) -> None:
    plot = forest(own(trials(k)))
    _, layout = lay_out(plot)
    (left, right), page = layout.plots[0], drawn(own(trials(k)))
    cells = {text for row in plot.rows if row.shape not in ("heading", "about") for text in row.texts if text}
    found = [box for box in boxes(page) if box.text in cells]
    assert len(found) >= k
    assert [box.text for box in found if box.right > left and box.left < right] == []


def test_height_grows_with_the_studies_and_width_does_not() -> None:
    pages = [drawn(own(trials(k))) for k in (3, 40, 200)]
    assert [page.height for page in pages] == sorted(page.height for page in pages)
    assert pages[2].height > 3 * pages[1].height
    assert pages[2].width < 1.15 * pages[0].width


def test_a_long_name_is_wrapped_whole() -> None:
    words = " ".join(box.text for box in boxes(drawn(own(awkward()))))
    for word in ("Collaborative", "Multicentre", "Ketamine", "2019"):
        assert word in words


def test_a_long_name_is_set_smaller_but_its_numbers_are_not() -> None:
    page = drawn(own(HEAD + '"' + "A long name of a study group that goes on " * 5 + '",3,9,2,9\nB,5,12,3,14\n'))
    sizes = {text.get_text(): text.get_fontsize() for text in page.figure.findobj(Text)}  # type: ignore[attr-defined]
    assert sizes["3/9"] == sizes["5/12"] == sizes["B"]
    assert min(size for text, size in sizes.items() if text.startswith("A long name")) < sizes["B"]


def test_the_line_about_the_model_is_clear_of_the_axis() -> None:
    page = drawn(own(trials(5)))
    (about,) = (box for box in boxes(page) if box.text.startswith("Random effects"))
    axis = min(line.get_ydata()[0] for line in page.figure.findobj(Line2D) if line.get_ydata()[0] > about.top)  # type: ignore[attr-defined,index]
    assert axis - about.bottom > 2.5
