"""Tables on a terminal: nothing cut, least important columns first to go, data shown letter by letter."""

from dataclasses import replace

import pytest
from rich.cells import cell_len

from ketcli.render import markdown, table
from ketcli.report import Report, Source
from ketcli.wording import plain
from tests.render.fixtures import HOSTILE, report, terminal


def test_wide_terminal_shows_every_column_and_no_note_about_missing_ones() -> None:
    text = table.render(report(), terminal(120))
    assert "Time" in text
    assert "Not shown" not in text


@pytest.mark.parametrize("width", [40, 50, 60, 80, 100, 160])
def test_no_line_is_wider_than_the_terminal(width: int) -> None:
    assert max(cell_len(line) for line in table.render(report(), terminal(width)).splitlines()) <= width


def test_narrow_terminal_drops_the_least_important_and_names_it() -> None:
    text = table.render(report(), terminal(48))
    assert "71 % (47–87)" in text
    assert "12/17" in text
    assert "Not shown at this width: Forest, Time" in text.replace("\n  ", " ")


def test_long_text_wraps_whole() -> None:
    words = table.render(report(), terminal(60)).split()
    for word in ["Beta", "2002", "with", "a", "rather", "long", "name", "that", "must", "wrap"]:
        assert word in words


@pytest.mark.parametrize("cell", HOSTILE)
def test_markup_emoji_and_escapes_are_data(cell: str) -> None:
    row = dict(report().rows[0], label=cell)
    text = table.render(report((row,)), terminal(160, colour=False))
    assert "\x1b" not in text
    assert "\u202e" not in text
    for part in ("[b]bold[/b]", "[n=20]", "1:100:2", ":smile:", "<script>x</script>"):
        assert (part in text) == (part in cell)


def test_colour_only_when_wanted() -> None:
    assert "\x1b[" in table.render(report(), terminal(80, colour=True))
    assert "\x1b[" not in table.render(report(), terminal(80, colour=False))


def test_ascii_terminal_gets_ascii_alone() -> None:
    assert table.render(report(), terminal(80, unicode=False)).isascii()


def test_empty_report_says_why() -> None:
    assert "Nothing matches." in table.render(report(()), terminal())


def test_a_source_without_a_page_says_so() -> None:
    nowhere = replace(report(), sources=(Source("x", "Beta", ""),))
    assert "Beta: no page given" in table.render(nowhere, terminal(), with_sources=True)
    assert "- Beta: no page given" in markdown.render(nowhere, with_sources=True)


def test_sources_on_request() -> None:
    assert "https://example.org/alpha" in table.render(report(), terminal(), with_sources=True)
    assert "https://example.org/alpha" not in table.render(report(), terminal())


def test_strip_draws_interval_mark_and_arrow() -> None:
    lines = table.render(report(), terminal(120)).splitlines()
    assert "■" in next(line for line in lines if line.startswith("Alpha"))
    assert "◆" in next(line for line in lines if line.startswith("Pooled"))


def named(*names: str) -> Report:
    """Return the small report with these names for its studies, the pooled line behind them."""
    first, _, pooled = report().rows
    return report((*({**first, "label": name} for name in names), pooled))


def columns_of(text: str, ending: str) -> set[int]:
    """Return the columns, in cells, where the lines that hold `ending` have it."""
    return {cell_len(line.partition(ending)[0]) for line in text.splitlines() if ending in line}


@pytest.mark.parametrize("unicode", [True, False])
def test_columns_stay_in_line_whatever_letters_the_names_have(unicode: bool) -> None:
    """Wide letters take two cells, escapes six; both are counted before the columns are set, not after."""
    text = table.render(
        named("研究者 2021", "e\u0301le\u0300ve", "한국 연구", "Smile 👍", "plain"), terminal(unicode=unicode)
    )
    assert len(columns_of(text, "12/17")) == 1
    assert text.count("12/17") == 5
    assert max(map(cell_len, text.splitlines())) <= 80


def test_ascii_spells_what_it_can_and_escapes_whole_letters() -> None:
    assert plain("e\u0301le\u0300ve, Ünal, τ² ≥ 1 – 한") == "eleve, Unal, tau2 >= 1 - \\ud55c"


@pytest.mark.parametrize("width", range(44, 100, 5))
def test_the_name_of_the_pooled_line_is_never_broken(width: int) -> None:
    """The eye looks for it; another column goes first."""
    assert "Pooled, 2 studies" in table.render(report(), terminal(width))


def test_an_endless_word_takes_no_column_away() -> None:
    """It must be broken whatever happens: the strip is worth more than a longer piece of it."""
    text = table.render(named("Ordinary 2001", "x" * 90), terminal(60))
    assert "■" in text
    assert text.replace("\n", "").count("x") == 90


def test_of_more_rows_than_anybody_reads_the_first_are_shown_and_every_pooled_line() -> None:
    """A table of a hundred thousand rows is no answer; the rest is counted, and CSV has it."""
    many = named(*(f"Study-{number}" for number in range(table.MOST_ROWS + 7)))
    text = table.render(many, terminal())
    assert f"Study-{table.MOST_ROWS - 1} " in text
    assert f"Study-{table.MOST_ROWS} " not in text
    assert "Pooled, 2 studies" in text
    assert "Not shown: 7 rows after the first 2,000; --csv has everything." in text
    assert "rows after the first" not in table.render(report(many.rows[: table.MOST_ROWS]), terminal())
