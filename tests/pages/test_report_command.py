"""`ket report`: which sections, what is refused, the same bytes every time, commands that print what they say."""

from __future__ import annotations

import csv
import io
import re
import shlex
from html import unescape
from pathlib import Path

import pytest

from ketcli.cli.report import SECTIONS
from ketcli.document import Document
from ketcli.evidence.load import Evidence
from ketcli.figures import beside
from ketcli.figures.beside import with_pictures
from ketcli.selection.filters import Filters
from ketcli.summaries import own_page, page
from ketcli.summaries.pooling import Settings
from tests.command import Result, ket

BCG = Path(__file__).parent.parent / "reference" / "data" / "bcg.csv"


@pytest.fixture(scope="module")
def document(shipped: Evidence) -> Document:
    """The page of the bundled data."""
    return page.document(shipped, Filters(), Settings())


def report(*arguments: str, stdin: bytes | None = None) -> Result:
    return ket("report", *arguments, "--no-pictures", stdin=stdin)


def ids(text: str) -> list[str]:
    return re.findall(r'<section class="chapter chapter-([\w-]+)"', text)


def commands(text: str) -> list[str]:
    return [unescape(code) for code in re.findall(r"<code>(.*?)</code>", text)]


def test_all_sections_stand_in_the_order_of_the_article(tmp_path: Path) -> None:
    out = tmp_path / "page.html"
    assert report(str(out)) == Result(0, "", "")
    assert ids(out.read_text(encoding="utf-8")) == [section.name for section in page.SECTIONS]


def test_the_names_offered_at_tab_are_those_of_the_sections() -> None:
    assert list(SECTIONS) == [s.name for s in page.SECTIONS] + [s.name for s in own_page.SECTIONS]


def test_sections_are_chosen_by_name_and_keep_their_order() -> None:
    result = report("-", "--sections", "safety, answers")
    assert ids(result.out) == ["answers", "safety"]


def test_every_command_on_the_page_prints_the_rows_beside_it(document: Document) -> None:
    """What stands beside a table makes exactly its rows again."""
    for chapter in document.chapters:
        for entry in chapter.entries:
            name, *words = shlex.split(entry.command)
            assert name == "ket"
            result = ket(*words, "--csv", "-q")
            assert result.code == 0, entry.command
            rows = list(csv.DictReader(io.StringIO(result.out)))
            assert len(rows) == len(entry.report.rows), entry.command


def test_no_table_of_the_page_is_empty(document: Document) -> None:
    assert [e.command for c in document.chapters for e in c.entries if not e.report.rows] == []


def test_pictures_stand_where_they_say_more_than_the_table(document: Document) -> None:
    """The course of time, risks beside differences, slopes between studies; forests are in the tables already."""
    pytest.importorskip("matplotlib")
    drawn = {e.command for c in with_pictures(document).chapters for e in c.entries if e.pictures}
    assert {"ket timeline", "ket side-effects", "ket factors --age"} <= drawn
    assert not drawn & {"ket rates", "ket expect --drug ketamine", "ket claims"}


def test_the_page_never_depends_on_matplotlib(document: Document, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(beside, "find_spec", lambda name: None)
    assert with_pictures(document) is document


def test_ones_own_page_is_drawn_too() -> None:
    pytest.importorskip("matplotlib")
    made = with_pictures(own_page.document(BCG.read_bytes(), "bcg.csv", {}))
    captions = {c.name: [p.caption for e in c.entries for p in e.pictures] for c in made.chapters}
    assert [len(captions[name]) for name in ("result", "robustness", "influence", "bias")] == [1, 0, 1, 1]
    assert captions["result"] == ["Risk with treatment against risk with control (L'Abbé plot)"]


def test_the_same_data_make_the_same_bytes_and_no_date_creeps_in() -> None:
    first, second = (report("-", "--sections", "answers,methods").out for _ in range(2))
    assert first == second
    assert "<time" not in first


def test_title_and_date_are_those_given_and_never_markup() -> None:
    result = report("-", "--sections", "answers", "--title", "Our <b>page</b>", "--date", "2026-11-25")
    assert "<title>Our &lt;b&gt;page&lt;/b&gt;</title>" in result.out
    assert '<time datetime="2026-11-25">2026-11-25</time>' in result.out


def test_the_foot_tells_the_command_that_makes_the_page_again(tmp_path: Path) -> None:
    out = tmp_path / "a page.html"
    report(str(out), "--sections", "answers", "--title", "It's ours", "--date", "2026-11-25")
    command = commands(out.read_text(encoding="utf-8"))[-1]
    assert shlex.split(command) == [
        *("ket", "report", "a page.html", "--sections", "answers", "--title", "It's ours"),
        *("--date", "2026-11-25", "--no-pictures"),
    ]


@pytest.mark.parametrize(
    ("arguments", "status", "code"),
    [
        (("page.pdf",), 2, "format-unknown"),
        (("page.html", "--sections", "rate"), 2, "unknown-value"),
        (("page.html", "--date", "yesterday"), 2, "bad-date"),
        (("page.html", "--by", "country"), 2, "option-without-effect"),
        (("page.html", "trials.csv", "--data", "folder"), 2, "option-without-effect"),
        (("page.html", "no-such.csv"), 1, "no-file"),
        (("no-such-folder/page.html", "--sections", "methods"), 1, "cannot-write"),
        ((".html", "--sections", "methods"), 2, "format-unknown"),
    ],
)
def test_what_cannot_be_done_is_said_in_one_line_and_writes_nothing(
    arguments: tuple[str, ...], status: int, code: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    result = report(*arguments)
    assert (result.code, result.out) == (status, "")
    assert f"[{code}]" in result.err.splitlines()[0]
    assert list(tmp_path.iterdir()) == []


def test_a_reader_s_trials_make_the_sections_they_have_rows_for(tmp_path: Path) -> None:
    """A file of trials says nothing of mechanisms or reviews; how its columns were read stands in the head."""
    file = tmp_path / "my trials.csv"
    file.write_text(
        "study,outcome,responders,n,drug,route,days\n"
        "Alpha,response,12,17,ketamine,intravenous,1\nBeta,response,8,20,ketamine,intravenous,1\n",
        encoding="utf-8",
    )
    result = report("-", "--data", str(file), "--column", "events=responders")
    assert ids(result.out) == ["rates", "timeline", "studies", "methods"]
    assert "<title>Results of my trials.csv</title>" in result.out
    assert "What published studies found" not in result.out
    assert "&#39;responders&#39; is events" in result.out
    assert commands(result.out)[0] == f"ket rates --data '{file}' --column events=responders"
    named = report("-", "--data", str(file), "--column", "events=responders", "--sections", "safety,rates")
    assert ids(named.out) == ["rates", "safety"]


def test_a_page_replaces_an_older_one_whole(tmp_path: Path) -> None:
    out = tmp_path / "page.htm"
    out.write_text("old", encoding="utf-8")
    assert report(str(out), "--sections", "methods").code == 0
    text = out.read_text(encoding="utf-8")
    assert text.startswith("<!doctype html>")
    assert text.endswith("</html>\n")
    assert list(tmp_path.iterdir()) == [out]


def test_a_table_of_ones_own_gets_the_result_and_what_it_rests_on() -> None:
    result = report("-", str(BCG), "--title", "BCG")
    assert ids(result.out) == ["result", "robustness", "leave-one-out", "influence", "bias"]
    assert "risk ratio 0.49 (0.33–0.73)" in result.out
    assert "without TPT Madras 1980" in result.out


def test_the_folder_of_a_table_is_not_part_of_its_heading() -> None:
    """A page that is mailed need not tell in its largest type where the file lay."""
    result = report("-", str(BCG), "--sections", "result")
    assert "<title>Risk ratio: bcg.csv, 95 % intervals</title>" in result.out


def test_commands_of_ones_own_table_carry_the_options_given() -> None:
    result = report("-", str(BCG), "--measure", "OR", "--level", "90", "--sections", "result,bias")
    assert [shlex.split(c)[3:] for c in commands(result.out)[:2]] == [
        ["--explain", "--measure", "OR", "--level", "90"],
        ["--bias", "--measure", "OR", "--level", "90"],
    ]
    assert shlex.split(commands(result.out)[-1])[3:] == [
        *(str(BCG), "--sections", "result,bias", "--no-pictures", "--measure", "OR", "--level", "90"),
    ]


def test_each_part_of_ones_own_page_shows_its_own_rows_only() -> None:
    """The studies stand once, with the result; parts that add to it show what they add."""
    document = own_page.document(BCG.read_bytes(), "bcg.csv", {})
    kinds = {c.name: {row["kind"] for row in c.entries[0].report.rows} for c in document.chapters}
    assert kinds["result"] == {"study", "pooled", "alternative", "prediction"}
    assert kinds["influence"] == {"study"}
    assert "study" not in kinds["robustness"] | kinds["leave-one-out"] | kinds["bias"]


def test_a_table_is_read_from_standard_input_too() -> None:
    piped = report("-", "-", "--sections", "result", stdin=BCG.read_bytes())
    assert piped.code == 0
    assert "risk ratio 0.49 (0.33–0.73)" in piped.out


def test_one_study_is_a_page_too() -> None:
    """Parts that need several studies say so instead of failing."""
    result = report("-", "-", stdin=b"study,events,total\nAlpha,3,10\n")
    assert result.code == 0
    assert "Alpha" in result.out


@pytest.mark.parametrize("k", [1, 2, 3])
def test_few_studies_are_a_page_with_the_pictures_that_they_make(k: int) -> None:
    """Two studies make no funnel: the page goes without it instead of not being made."""
    pytest.importorskip("matplotlib")
    rows = ("Alpha,8,20,3,21", "Beta,18,40,9,38", "Gamma,7,30,5,31")[:k]
    table = "\n".join(("study,events,total,control_events,control_total", *rows, ""))
    made = with_pictures(own_page.document(table.encode(), "few.csv", {}))
    drawn = {c.name: sum(len(e.pictures) for e in c.entries) for c in made.chapters}
    assert drawn["result"] == 1
    assert drawn["bias"] == (1 if k > 2 else 0)


def test_hostile_names_of_files_and_studies_are_text(tmp_path: Path) -> None:
    file = tmp_path / "<script>alert(1)<script>.csv"
    file.write_text("study,events,total\n<script>x</script>,3,10\n[b],4,9\n", encoding="utf-8")
    result = report("-", str(file))
    assert result.code == 0
    assert result.out.count("<script>") == 1
    assert "&lt;script&gt;x&lt;/script&gt;" in result.out


@pytest.mark.parametrize("arguments", [("--format", "html"), ("-o", "table.html"), ("-o", "table.htm")])
def test_one_table_is_a_page_by_format_or_ending(
    arguments: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    result = ket("rates", "--study", "zarate-2006", *arguments)
    text = result.out or (tmp_path / arguments[1]).read_text(encoding="utf-8")
    assert (result.code, result.err) == (0, "")
    assert text.startswith("<!doctype html>")
    assert "12/17" in text


def test_quiet_leaves_the_notes_out() -> None:
    assert "How this was made" not in ket("rates", "--study", "zarate-2006", "-f", "html", "-q").out
