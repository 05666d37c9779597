"""Pages in a real browser: silent, sorted, filtered, folded, light and dark, on paper, with data as text."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest

from ketcli.document import Document
from ketcli.evidence.load import Evidence
from ketcli.figures.beside import with_pictures
from ketcli.render import html
from ketcli.report import Report, Row
from ketcli.selection.filters import Filters
from ketcli.summaries import own_page
from ketcli.summaries import page as summary
from ketcli.summaries.pooling import Settings
from tests.pages import browser as chromium
from tests.pages.browser import Browser
from tests.render.fixtures import HOSTILE, report

LONG = 8  # rows from which a table has a filter, with room


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A browser; skipped without one, but a continuous integration run must have it."""
    if chromium.find() is None:
        assert not os.environ.get("CI"), "CI must run these tests: install chromium"
        pytest.skip("no Chromium installed")
    with chromium.running() as running:
        yield running


@pytest.fixture(scope="module")
def everything(shipped: Evidence) -> Document:
    """The page of the bundled data, with pictures where matplotlib is installed."""
    return with_pictures(summary.document(shipped, Filters(), Settings()))


@pytest.fixture(scope="module")
def whole(everything: Document, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """That page as a file."""
    file = tmp_path_factory.mktemp("page") / "all.html"
    file.write_text(html.render_document(everything), encoding="utf-8")
    return file


def studies() -> Report:
    """Return a report of two blocks: eight studies with their pooled line, two alone; one value missing."""
    names = ("Ünal 2010", "beta 2011", "Gamma 2009", "delta", "Epsilon", "zeta", "eta 10", "eta 9")
    first: list[Row] = [
        {
            "block": "Oral",
            "kind": "study",
            "label": name,
            "events": i,
            "total": 20,
            "rate": i / 20,
            "time_days": 30 - i,
        }
        for i, name in enumerate(names)
    ]
    first[3] = {**first[3], "time_days": None}
    pooled: Row = {"block": "Oral", "kind": "pooled", "label": "Pooled", "events": 28, "total": 160, "rate": 0.175}
    second: list[Row] = [
        {"block": "Nasal", "kind": "study", "label": name, "events": 5, "total": 10, "rate": 0.5, "time_days": day}
        for name, day in (("Theta", 2.0), ("Iota", 1.0))
    ]
    rows = (*first, pooled, *second)
    return replace(report(rows), group_by=("block",), heading=("block",))


def written(folder: Path, made: Report) -> Path:
    file = folder / "table.html"
    file.write_text(html.render(made), encoding="utf-8")
    return file


def labels(browser: Browser) -> list[str]:
    """Return the names of the rows that can be seen, block by block."""
    found: list[str] = browser.run(
        "[...document.querySelectorAll('tbody tr:not(.block)')].filter(row => row.offsetParent)"
        ".map(row => row.cells[0].innerText)"
    )
    return found


def click(browser: Browser, selector: str, number: int = 0) -> None:
    browser.run(f"document.querySelectorAll({json.dumps(selector)})[{number}].click()")


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (1280, "dark"), (390, "light"), (320, "dark")])
def test_the_whole_page_loads_in_silence_and_fetches_nothing(
    browser: Browser, whole: Path, width: int, scheme: str
) -> None:
    """No message on the console, no request but the file itself, nothing wider than the window."""
    browser.open(whole, width, scheme=scheme)
    assert browser.complaints() == []
    assert browser.requested() == [whole.as_uri()]
    assert browser.run("document.documentElement.scrollWidth") == width


def test_every_section_is_shown_with_its_tables(browser: Browser, whole: Path, everything: Document) -> None:
    browser.open(whole)
    seen = browser.run(
        "[...document.querySelectorAll('.chapter')].filter(c => c.offsetHeight > 0)"
        ".map(c => [c.id, c.querySelectorAll('.sheet').length])"
    )
    assert seen == [[chapter.name, len(chapter.entries)] for chapter in everything.chapters]
    rows = browser.run("document.querySelectorAll('tbody tr:not(.block)').length")
    assert rows == sum(len(entry.report.rows) for chapter in everything.chapters for entry in chapter.entries)
    links = browser.run("[...document.querySelectorAll('nav a')].map(a => document.querySelector(a.hash) !== null)")
    assert links == [True] * len(everything.chapters)


def test_ids_are_unique(browser: Browser, whole: Path) -> None:
    """Pictures put into one page must not share the ids that they refer to."""
    browser.open(whole)
    twice = browser.run(
        "(ids => ids.filter((id, i) => ids.indexOf(id) !== i))"
        "([...document.querySelectorAll('[id]')].map(element => element.id))"
    )
    assert twice == []


def test_clicking_a_heading_sorts_inside_blocks_up_down_and_back(browser: Browser, tmp_path: Path) -> None:
    """Missing values go last both ways, pooled lines stay behind their studies, blocks stay in their order."""
    browser.open(written(tmp_path, studies()))
    before = labels(browser)
    click(browser, ".sort", 3)  # Time
    assert labels(browser) == [
        *("eta 9", "eta 10", "zeta", "Epsilon", "Gamma 2009", "beta 2011", "Ünal 2010", "delta", "Pooled"),
        *("Iota", "Theta"),
    ]
    assert browser.run("document.querySelector('thead').rows[0].cells[4].ariaSort") == "ascending"
    click(browser, ".sort", 3)
    assert labels(browser) == [
        *("Ünal 2010", "beta 2011", "Gamma 2009", "Epsilon", "zeta", "eta 10", "eta 9", "delta", "Pooled"),
        *("Theta", "Iota"),
    ]
    assert browser.run("document.querySelector('[aria-sort]').getAttribute('aria-sort')") == "descending"
    click(browser, ".sort", 3)
    assert labels(browser) == before
    assert browser.run("document.querySelectorAll('[aria-sort]').length") == 0


def test_words_sort_as_people_expect(browser: Browser, tmp_path: Path) -> None:
    """Capitals and accents do not matter, numbers inside words count as numbers."""
    browser.open(written(tmp_path, studies()))
    click(browser, ".sort", 0)
    assert labels(browser)[:8] == [
        *("beta 2011", "delta", "Epsilon", "eta 9", "eta 10", "Gamma 2009", "Ünal 2010", "zeta"),
    ]


def test_sorting_and_filtering_work_from_the_keyboard(browser: Browser, tmp_path: Path) -> None:
    browser.open(written(tmp_path, studies()))
    browser.run("document.querySelectorAll('.sort')[1].focus()")
    browser.press("Enter", 13)
    assert labels(browser)[0] == "Ünal 2010"
    browser.press("Enter", 13)
    assert labels(browser)[0] == "eta 9"
    browser.run("document.querySelector('.filter').focus()")
    browser.type("zeta")
    assert labels(browser) == ["zeta"]


@pytest.mark.parametrize(
    ("typed", "left"),
    [
        ("eta", ["beta 2011", "zeta", "eta 10", "eta 9", "Theta"]),
        ("unal", ["Ünal 2010"]),
        ("EPSILON", ["Epsilon"]),
        ("nasal", ["Theta", "Iota"]),
        ("nasal iota", ["Iota"]),
        ("nothing like it", []),
        ("50 %", ["Theta", "Iota"]),
    ],
)
def test_the_filter_keeps_rows_that_hold_every_word(
    browser: Browser, tmp_path: Path, typed: str, left: list[str]
) -> None:
    """Case and accents do not matter, the heading of a block belongs to its rows, empty blocks go."""
    browser.open(written(tmp_path, studies()))
    browser.run("document.querySelector('.filter').focus()")
    browser.type(typed)
    assert labels(browser) == left
    assert browser.run("document.querySelector('.status').textContent") == f"{len(left)} of 11 rows"
    blocks = browser.run("[...document.querySelectorAll('.block')].filter(r => r.offsetParent).length")
    assert blocks == (2 if typed == "eta" else min(len(left), 1))


def test_a_short_table_has_no_filter(browser: Browser, tmp_path: Path) -> None:
    browser.open(written(tmp_path, report()))
    assert browser.run("document.querySelectorAll('.filter').length") == 0


@pytest.mark.parametrize("cell", [*HOSTILE, "<img src=x onerror=\"document.title='run'\">"])
def test_hostile_cells_are_text_and_nothing_of_them_runs(browser: Browser, tmp_path: Path, cell: str) -> None:
    row: Row = {**report().rows[0], "label": cell, "source_url": "javascript:document.title='run'"}
    browser.open(written(tmp_path, replace(report((row,)), title=cell)))
    shown = cell.replace("\x1b", "\\x1b").replace("\x07", "\\x07").replace("\u202e", "\\u202e")
    assert labels(browser) == [shown]
    assert browser.run("document.title") == browser.run("document.querySelector('h1').textContent") == shown
    assert browser.complaints() == []


def test_a_script_that_got_in_would_not_run(browser: Browser, tmp_path: Path) -> None:
    """The page's policy is a second lock: only the script whose hash it names may run."""
    file = tmp_path / "table.html"
    text = html.render(report()).replace("</main>", "<script>document.title = 'run'</script></main>")
    file.write_text(text, encoding="utf-8")
    browser.open(file)
    assert browser.run("document.title") == "Response by study"
    assert any("Content Security Policy" in said for said in browser.complaints())


def test_columns_give_way_when_the_window_is_narrow_and_come_back_on_request(browser: Browser, whole: Path) -> None:
    def columns() -> int:
        count: int = browser.run(
            "[...document.querySelectorAll('#rates-1 thead th')].filter(h => h.offsetParent).length"
        )
        return count

    browser.open(whole, 390)
    narrow = columns()
    browser.resize(1280, 900)
    usual = columns()
    click(browser, "#rates-1 .all")
    assert 3 <= narrow < usual < columns() == browser.run("document.querySelectorAll('#rates-1 thead th').length")


def test_folded_tables_open_by_themselves_by_link_and_all_at_once(browser: Browser, whole: Path) -> None:
    browser.open(whole)
    assert browser.run("document.querySelectorAll('.fold[open]').length") == 0
    browser.run("location.hash = '#factors-2'; new Promise(done => setTimeout(done, 50))")
    assert browser.run("[...document.querySelectorAll('.fold[open]')].map(f => f.id)") == ["factors-2"]
    click(browser, ".unfold button")
    assert browser.run("document.querySelectorAll('.fold:not([open])').length") == 0
    assert browser.complaints() == []


def test_colours_follow_the_system_and_the_switch(browser: Browser, tmp_path: Path) -> None:
    def paper() -> str:
        colour: str = browser.run("getComputedStyle(document.body).backgroundColor")
        return colour

    browser.open(written(tmp_path, report()), scheme="light")
    light = paper()
    browser.emulate(scheme="dark")
    dark = paper()
    assert light != dark
    click(browser, "#theme-light")
    assert paper() == light
    browser.emulate(scheme="light")
    click(browser, "#theme-dark")
    assert paper() == dark
    browser.emulate(scheme="dark", media="print")
    assert browser.run("getComputedStyle(document.documentElement).colorScheme") == "light"


CONTRAST = """(() => {
  const canvas = document.createElement('canvas').getContext('2d', {willReadFrequently: true});
  const rgb = colour => { canvas.fillStyle = colour; canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data].slice(0, 3); };
  const light = colour => { const [r, g, b] = rgb(colour).map(v => v / 255)
    .map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
  const behind = element => { for (let e = element; e; e = e.parentElement) {
    const colour = getComputedStyle(e).backgroundColor; if (!colour.endsWith(', 0)')) return colour; }
    return 'white'; };
  const worst = {};
  for (const element of document.querySelectorAll('body *')) {
    const text = [...element.childNodes].some(n => n.nodeType === 3 && n.data.trim());
    if (!text || !element.offsetParent || element.closest('svg')) continue;
    const [a, b] = [light(getComputedStyle(element).color), light(behind(element))];
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (ratio < 4.5) worst[element.tagName + '.' + element.className] = ratio;
  }
  return worst;
})()"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_has_the_contrast_that_accessibility_asks_for(browser: Browser, whole: Path, scheme: str) -> None:
    """At least 4.5 to 1 between text and what is behind it (WCAG 2.2, 1.4.3)."""
    browser.open(whole, scheme=scheme)
    assert browser.run(CONTRAST) == {}


def test_a_screen_reader_finds_landmarks_names_and_headings(browser: Browser, whole: Path) -> None:
    browser.open(whole)
    nodes = [(n["role"]["value"], n.get("name", {}).get("value", "")) for n in browser.accessibility()]
    roles = [role for role, _ in nodes]
    assert {"banner", "navigation", "main", "contentinfo"} <= set(roles)
    for role in ("button", "link", "searchbox", "radio", "checkbox", "table", "heading", "region", "navigation"):
        assert role in roles
        assert [name for r, name in nodes if r == role and not name.strip()] == [], role
    levels = browser.run("[...document.querySelectorAll('h1,h2,h3')].map(h => Number(h.tagName[1]))")
    assert levels[0] == 1
    assert all(b - a <= 1 for a, b in pairwise(levels))


def test_the_first_stop_of_the_keyboard_leads_past_the_contents(browser: Browser, whole: Path) -> None:
    browser.open(whole)
    browser.press("Tab", 9)
    assert browser.run("document.activeElement.className") == "skip"
    assert browser.run("document.activeElement.getBoundingClientRect().top >= 0")
    browser.press("Enter", 13)
    assert browser.run("document.activeElement.id") == "main"


def test_every_control_shows_where_the_focus_is(browser: Browser, tmp_path: Path) -> None:
    browser.open(written(tmp_path, studies()))
    for _ in range(8):
        browser.press("Tab", 9)
        seen = browser.run(
            "(now => [now, now.nextElementSibling].filter(Boolean)"
            ".some(element => getComputedStyle(element).outlineStyle === 'solid'))(document.activeElement)"
        )
        assert seen, browser.run("document.activeElement.outerHTML")


def test_the_null_line_stands_where_the_axis_says(browser: Browser, whole: Path) -> None:
    """The line drawn behind the strips meets the label of the null value in the heading."""
    browser.open(whole, 1600)
    click(browser, "#side-effects-1 .all")
    label, line = browser.run(
        """(() => {
          const table = document.querySelector('#side-effects-1 table');
          const text = [...table.querySelectorAll('thead text')].find(t => t.textContent === '0');
          const box = text.getBoundingClientRect();
          const cell = table.querySelector('td.strip');
          const before = parseFloat(getComputedStyle(cell, '::before').left);
          return [box.left + box.width / 2, cell.getBoundingClientRect().left + before];
        })()"""
    )
    assert label == pytest.approx(line, abs=1.0)


def test_the_page_is_readable_without_its_script(browser: Browser, whole: Path, tmp_path: Path) -> None:
    """Every row is there, no control that would do nothing is."""
    file = tmp_path / "bare.html"
    head, _, rest = whole.read_text(encoding="utf-8").partition("<script>")
    file.write_text(head + rest.partition("</script>")[2], encoding="utf-8")
    browser.open(file)
    assert browser.run("document.querySelectorAll('button, .filter').length") == 0
    assert browser.run("document.querySelector('#rates-1 table').rows.length") > LONG


def test_it_prints_on_paper_with_notes_and_sources_open(browser: Browser, tmp_path: Path) -> None:
    browser.open(written(tmp_path, studies()), scheme="dark")
    document = browser.pdf()
    assert document.startswith(b"%PDF")
    browser.emulate(scheme="dark", media="print")
    hidden = browser.run(
        "['.theme', '.tools', '.skip'].map(s => getComputedStyle(document.querySelector(s)).display)"
    )
    assert hidden == ["none"] * 3
    assert browser.run("document.querySelector('.small li').checkVisibility()")


AWKWARD = (
    "study,events,total,control_events,control_total\n"
    "Donaudampfschifffahrtsgesellschaftskapitaensmuetzentraegerstudiengruppenvereinigung,8,20,3,21\n"
    "A study group with a long name that goes on and on (1999),18,40,9,38\n"
    "研究者たちの無作為化比較試験 2020,7,30,5,31\n"
)


@pytest.fixture(scope="module")
def awkward(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of a table of one's own with endless names, from a folder with an endless name."""
    name = "/folder/of/somebody/who/likes/long/paths/and-a-file-with-a-name-to-match-them.csv"
    made = with_pictures(own_page.document(AWKWARD.encode(), name, {}))
    file = tmp_path_factory.mktemp("own") / "own.html"
    file.write_text(html.render_document(made), encoding="utf-8")
    return file


@pytest.mark.parametrize("width", [320, 390, 768, 1280])
def test_a_page_of_one_s_own_is_no_wider_than_the_window_whatever_the_names(
    browser: Browser, awkward: Path, width: int
) -> None:
    browser.open(awkward, width)
    assert browser.run("document.documentElement.scrollWidth") == width


@pytest.mark.parametrize("width", [390, 768, 900, 1280])
def test_estimates_are_seen_without_scrolling_a_table(browser: Browser, awkward: Path, width: int) -> None:
    """Endless names wrap, columns give way in time, and the arrow of the last heading has its room."""
    browser.open(awkward, width)
    scrolled = browser.run(
        "[...document.querySelectorAll('.scroll')].filter(e => e.scrollWidth > e.clientWidth).length"
    )
    assert scrolled == 0
    assert "Risk ratio" in browser.run("document.querySelector('#result-1 thead').innerText")


def test_a_tablet_shows_the_strips(browser: Browser, awkward: Path) -> None:
    browser.open(awkward, 768)
    assert browser.run("document.querySelector('#result-1 td.strip').checkVisibility()")


def test_pictures_stand_in_line_with_the_text_and_repeat_nothing_of_the_page(
    browser: Browser, awkward: Path
) -> None:
    browser.open(awkward, 1280)
    if not browser.run("document.querySelector('.picture') !== null"):
        pytest.skip("no matplotlib, no pictures")
    text, drawn = browser.run(
        "[document.querySelector('#result-1 h3'), document.querySelector('.picture text')]"
        ".map(e => e.getBoundingClientRect().left)"
    )
    assert abs(text - drawn) < 3
    assert "ket " not in browser.run("document.querySelector('.picture svg').textContent")
    assert browser.run("document.querySelector('.picture').tabIndex") == 0


def test_a_text_set_to_the_right_still_wraps(browser: Browser, whole: Path) -> None:
    """Numbers never break, but the values of the first chapters are sentences now and then."""
    browser.open(whole, 390)
    wraps = browser.run(
        "[...document.querySelectorAll('td.words.right')].every(e => getComputedStyle(e).whiteSpace === 'normal')"
    )
    assert wraps


def test_chapters_do_not_waste_paper(browser: Browser, whole: Path) -> None:
    """A chapter of ten lines needs no page of its own; heads of tables come again on every page."""
    browser.open(whole)
    browser.emulate(media="print")
    styles = browser.run(
        "[...document.querySelectorAll('.chapter')].map(c => getComputedStyle(c).breakBefore)"
        ".concat([...document.querySelectorAll('thead')].map(h => getComputedStyle(h).display))"
    )
    assert set(styles) == {"auto", "table-header-group"}
