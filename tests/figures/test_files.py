"""Written pictures: the same bytes each time, text that is text, embedded fonts, data that is never markup."""

from __future__ import annotations

import re
import sys
from xml.etree import ElementTree

import pytest

pytest.importorskip("matplotlib")

from ketcli.errors import KetError
from ketcli.figures.draw import draw, footnotes
from ketcli.figures.drawing import style
from ketcli.figures.plots import PLOTS, see
from ketcli.report import Note, Report, Source
from ketcli.summaries.pool.request import Extras
from tests.figures.trials import awkward, own, trials

SVG = "{http://www.w3.org/2000/svg}"


def texts(svg: bytes) -> list[str]:
    return ["".join(node.itertext()) for node in ElementTree.fromstring(svg).iter(f"{SVG}text")]


@pytest.mark.parametrize("form", ["svg", "png", "pdf"])
@pytest.mark.parametrize("plot", PLOTS)
def test_the_same_picture_is_the_same_bytes(plot: str, form: str) -> None:
    report = see(own(trials(4), Extras(influence=True, leave_one_out=True)), plot)
    assert draw(report, form) == draw(report, form)


def test_no_picture_carries_a_date() -> None:
    for form in ("svg", "png", "pdf"):
        content = draw(own(trials(3)), form)
        for word in (b"CreationDate", b"dc:date", b"Creation Time"):
            assert word not in content


def test_text_of_an_svg_is_text() -> None:
    found = texts(draw(own(trials(3)), "svg"))
    for text in ("Study A 1990", "Pooled, 3 studies", "Weight", "Risk ratio (log scale)"):
        assert text in found


def test_data_is_never_markup_nor_mathematics() -> None:
    found = texts(draw(own(awkward()), "svg"))
    assert "$x^2$ [b]bold[/b] \\alpha" in found
    assert "<script>alert(1)</script> & co" in found
    assert "\u202e" not in "".join(found)
    assert "\x1b" not in "".join(found)


def test_svg_is_one_picture_with_a_title_to_a_screen_reader() -> None:
    root = ElementTree.fromstring(draw(own(trials(3)), "svg"))
    assert root.get("role") == "img"
    assert root.findtext(f"{SVG}title") == "Risk ratio: trials.csv, 95 % intervals"


def test_svg_asks_for_nothing_from_elsewhere() -> None:
    svg = draw(own(trials(3)), "svg").decode()
    assert re.findall(r"<image|<script|@import|url\((?!#)", svg) == []


def test_a_pdf_embeds_truetype_fonts() -> None:
    content = draw(own(trials(3)), "pdf")
    assert b"/FontFile2" in content
    assert b"/CIDFontType2" in content
    assert b"/Type3" not in content


def test_a_png_has_the_printing_resolution() -> None:
    width = int.from_bytes(draw(own(trials(3)), "png")[16:20], "big")
    _, _, total, _ = map(float, ElementTree.fromstring(draw(own(trials(3)), "svg")).attrib["viewBox"].split())
    assert width == int(total / 72.0 * style.DPI)


def test_settings_of_the_user_do_not_change_the_picture(monkeypatch: pytest.MonkeyPatch) -> None:
    import matplotlib

    before = draw(own(trials(3)), "svg")
    monkeypatch.setitem(matplotlib.rcParams, "lines.linewidth", 9.0)
    monkeypatch.setitem(matplotlib.rcParams, "font.family", ["serif"])
    monkeypatch.setitem(matplotlib.rcParams, "svg.fonttype", "path")
    assert draw(own(trials(3)), "svg") == before


def test_without_matplotlib_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    monkeypatch.delitem(sys.modules, "ketcli.figures.drawing.canvas", raising=False)
    with pytest.raises(KetError) as caught:
        draw(own(trials(3)), "svg")
    assert caught.value.code == "no-matplotlib"
    assert caught.value.hint == "pip install 'ketcli[figures]'"


def test_few_sources_are_listed_and_many_counted() -> None:
    def report(n: int) -> Report:
        pages = tuple(Source(f"s{i}", f"Study {i}", f"https://example.org/{i}") for i in range(n))
        return Report("T", (), (), (), notes=(Note("method", "Wilson."),), sources=pages, data_version="2026.1")

    assert "Sources: Study 0: https://example.org/0; Study 1: https://example.org/1." in footnotes(report(2))
    assert "Sources: 40 pages; --sources lists them." in footnotes(report(40))
    assert any("Study 39: https://example.org/39" in note for note in footnotes(report(40), with_sources=True))
    assert footnotes(report(2))[0] == "Wilson."
    assert footnotes(report(2))[-1].startswith("Data version 2026.1; ket ")


def luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255.0 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def test_text_and_lines_can_be_read_on_paper() -> None:
    assert contrast(style.INK, style.PAPER) > 7.0
    assert contrast(style.MUTED, style.PAPER) > 4.5
    assert all(contrast(colour, style.PAPER) > 2.2 for colour in style.SERIES)


def test_interval_stays_visible_on_its_square_in_grey() -> None:
    assert contrast(style.INK, style.STUDY) > 4.5
    assert contrast(style.POOLED, style.STUDY) > 1.5


def test_a_source_without_a_page_is_not_listed_as_one() -> None:
    """A flat table often gives no addresses: no line of names and empty places under the picture."""
    pages = (Source("a", "Alpha", "https://example.org/a"), Source("b", "Beta", ""))
    assert "Sources: Alpha: https://example.org/a." in footnotes(Report("T", (), (), (), sources=pages))
    assert not [n for n in footnotes(Report("T", (), (), (), sources=pages[1:])) if "Sources" in n]
    (asked,) = (n for n in footnotes(Report("T", (), (), (), sources=pages[1:]), with_sources=True) if "Sour" in n)
    assert asked == "Sources: Beta: no page given."
