"""The data for other programs: the same numbers in metafor's, Metapsy's, a spreadsheet's and a database's form."""

from __future__ import annotations

import csv
import io
import json
import sqlite3
import warnings
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from ketcli.evidence.check import check_folder
from ketcli.evidence.load import Evidence
from ketcli.evidence.schema import TABLES
from tests.command import Result, ket


def rows(text: str, delimiter: str = ",") -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text), delimiter=delimiter))


def pooled(result: Result, **wanted: str) -> dict[str, str]:
    """The pooled row of a CSV answer that has these values."""
    assert result.code == 0, result.err
    found = [r for r in rows(result.out) if r["kind"] == "pooled" and all(r[k] == v for k, v in wanted.items())]
    assert len(found) == 1
    return found[0]


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    """A starter folder."""
    folder = tmp_path / "mine"
    ket("data", "new", str(folder))
    return folder


def test_metafor_tables_add_up() -> None:
    """Events and non-events make the total in every row, and every row names its study and source."""
    out = ket("data", "export", "--to", "metafor").out
    found = rows(out)
    assert len(found) >= 10
    for row in found:
        a, b, n1, c, d, n2 = (int(row[name]) for name in ("ai", "bi", "n1i", "ci", "di", "n2i"))
        assert (a + b, c + d) == (n1, n2)
        assert row["study_id"]
        assert row["source_url"].startswith("http")


def test_metafor_tables_pool_to_the_numbers_of_the_comparison(tmp_path: Path) -> None:
    """Every pool of the export of two studies or more gives the risk ratio that `ket compare` prints for it.

    metafor 3.8 (REML to 1e-13, test = "adhoc") reads the same file to the same twelve digits.
    """
    found = rows(ket("data", "export", "--to", "metafor").out)
    compared = ket("compare", "esketamine", "placebo", "--json").out
    printed = {row["outcome"]: row for row in json.loads(compared)["rows"] if row["kind"] == "pooled"}
    seen = 0
    for pool in dict.fromkeys(row["pool"] for row in found):
        kept = [row for row in found if row["pool"] == pool]
        if len(kept) < 2:
            continue
        file = tmp_path / "pool.csv"
        with file.open("w", newline="") as stream:
            writer = csv.DictWriter(stream, list(kept[0]))
            writer.writeheader()
            writer.writerows(kept)
        again = pooled(ket("pool", str(file), "--measure", "RR", "--csv"), model="random")
        line = printed[kept[0]["outcome"]]
        assert (kept[0]["treatment"], kept[0]["control"], len(kept)) == (line["first"], line["second"], line["k"])
        assert [float(again[n]) for n in ("estimate", "ci_low", "ci_high")] == pytest.approx(
            [line["rr"], line["rr_low"], line["rr_high"]], rel=1e-9
        )
        seen += 1
    assert seen == len(printed) == 2


def test_metapsy_keeps_its_standard(mine: Path) -> None:
    """Semicolons, decimal commas, NA, the standard's columns first, no semicolon inside a cell."""
    out = ket("data", "export", "--to", "metapsy", "--data", str(mine)).out
    found = rows(out, ";")
    assert out.splitlines()[0].startswith("study;condition_arm1;condition_arm2;multi_arm1;multi_arm2;outcome_type;")
    counts = [
        (r["study"], r["condition_arm1"], r["condition_arm2"], r["event_arm1"], r["totaln_arm2"]) for r in found
    ]
    assert counts[:2] == [
        ("Example A", "ketamine", "midazolam", "22", "20"),
        ("Example B", "esketamine", "placebo", "61", "100"),
    ]
    means = found[2]
    assert (means["outcome_type"], means["mean_change_arm1"], means["sd_change_arm1"]) == ("msd", "-16,4", "9,8")
    assert (means["mean_arm1"], means["rating"], means["time_weeks"]) == ("NA", "clinician", "0,14285714285714285")


# what checkDataFormat of metapsyTools looks for, and what tells comparisons apart there
METAPSY_REQUIRED = (
    *(
        "study",
        "condition_arm1",
        "condition_arm2",
        "multi_arm1",
        "multi_arm2",
        "outcome_type",
        "instrument",
        "time",
    ),
    *("time_weeks", "rating", "mean_arm1", "mean_arm2", "sd_arm1", "sd_arm2", "n_arm1", "n_arm2"),
    *("event_arm1", "event_arm2", "totaln_arm1", "totaln_arm2"),
)
METAPSY_GROUPS = (
    ("mean_arm1", "mean_arm2", "sd_arm1", "sd_arm2", "n_arm1", "n_arm2"),
    tuple(f"{what}_change_arm{arm}" for what in ("mean", "sd", "n") for arm in (1, 2)),
    ("event_arm1", "event_arm2", "totaln_arm1", "totaln_arm2"),
)


def test_metapsy_has_what_its_tools_require() -> None:
    """Every required column, one group of results per row and the rest NA, and no comparison twice."""
    found = rows(ket("data", "export", "--to", "metapsy", "--population", "all").out, ";")
    assert set(METAPSY_REQUIRED) <= set(found[0])
    for row in found:
        assert sum(all(row[name] != "NA" for name in group) for group in METAPSY_GROUPS) == 1
        assert sum(any(row[name] != "NA" for name in group) for group in METAPSY_GROUPS) == 1
        assert row["rating"] in ("clinician", "self-report", "NA")
        assert row["design"].startswith("rct")
    names = METAPSY_REQUIRED[:10]
    assert len({tuple(row[name] for name in names) for row in found}) == len(found)


def test_metapsy_tells_arms_of_one_condition_apart(tmp_path: Path) -> None:
    """A trial of one drug by two routes: the columns for arms of multi-arm trials say which is which."""
    file = tmp_path / "mine.csv"
    head = "study,drug,route,regimen,role,outcome,time_days,events,total,scale,design,analysis_set\n"
    arms = ("ketamine,intravenous,single-dose,active", "ketamine,intranasal,single-dose,active")
    lines = [f"Oak 2019,{arm},response,1,1{i},20,MADRS,rct-parallel,itt\n" for i, arm in enumerate(arms)]
    control = "Oak 2019,midazolam,{},not-applicable,control,response,1,4,20,MADRS,rct-parallel,itt\n"
    file.write_text(head + "".join(lines) + control.format("intravenous") + control.format("intranasal"))
    found = rows(ket("data", "export", "--to", "metapsy", "--data", str(file), "--population", "all").out, ";")
    assert [(row["condition_arm1"], row["multi_arm1"].split(" ")[0]) for row in found] == [
        ("ketamine", "intravenous"),
        ("ketamine", "intranasal"),
    ]


def test_metapsy_comes_back_as_trials(mine: Path, tmp_path: Path) -> None:
    """The design goes with the comparisons, so that what comes back counts as randomised."""
    file = tmp_path / "out.csv"
    ket("data", "export", "--to", "metapsy", "--data", str(mine), "-o", str(file))

    def ratio(data: str) -> list[str]:
        out = ket("compare", "ketamine", "midazolam", "--data", data, "--outcome", "response", "--csv").out
        return [r["rr"] for r in rows(out) if r["kind"] == "study" and r["evidence"] == "randomised"]

    assert ratio(f"{file}#response") == ratio(str(mine))
    assert len(ratio(str(mine))) == 1


def test_metapsy_is_read_back(mine: Path, tmp_path: Path) -> None:
    """What is exported comes back as the same counts, times and treatments."""
    file = tmp_path / "out.csv"
    assert ket("data", "export", "--to", "metapsy", "--data", str(mine), "-o", str(file)).code == 0

    def counts(data: str) -> list[list[str]]:
        names = ("drug", "route", "outcome", "events", "total", "control_drug", "control_events", "control_total")
        out = ket("rates", "--data", data, "--outcome", "response", "--csv").out
        return sorted([r[name] for name in names] for r in rows(out) if r["kind"] == "study")

    assert counts(f"{file}#response") == counts(str(mine))


def test_database_holds_every_cell(tmp_path: Path, shipped: Evidence) -> None:
    """Every table in SQLite with its types, missing values NULL, and references that lead somewhere."""
    file = tmp_path / "ket.sqlite"
    assert ket("data", "export", "-o", str(file)).code == 0
    with sqlite3.connect(file) as connection:
        assert connection.execute("pragma foreign_key_check").fetchall() == []
        for name, table in TABLES.items():
            got = connection.execute(f"select * from {name}").fetchall()
            expected = [
                tuple(None if row[c] == "" else row[c] for c in table.columns) for row in shipped.rows(name)
            ]
            assert got == expected
        described = connection.execute("select unit from columns where [column] = 'time_days'").fetchall()
        kinds = {kind for (kind,) in connection.execute("select typeof(events) from outcomes")}
        keys = {row[1] for row in connection.execute("pragma table_info(arms)") if row[5]}
    assert ("days",) in described
    assert kinds == {"integer", "null"}
    assert keys == {"study_id", "arm_id"}


def test_database_sets_results_beside_their_study(mine: Path, tmp_path: Path) -> None:
    """A view holds every result once, with the name of its study and what its arm received."""
    file = tmp_path / "ket.sqlite"
    assert ket("data", "export", "-o", str(file), "--data", str(mine)).code == 0
    with closing(sqlite3.connect(file)) as connection:
        query = "select label, drug, outcome, events, total from {} where time_days = 1 or time_days is null"
        found = connection.execute(query.format("results")).fetchall()
        counts = [
            connection.execute(f"select count(*) from {name}").fetchone()
            for name in ("results", "outcomes", "side_effect_results", "side_effects", "score_results", "scores")
        ]
    assert ("Example A", "midazolam", "response", 5, 20) in found
    assert counts[0::2] == counts[1::2]


def test_package_of_a_folder_is_the_folder(mine: Path, tmp_path: Path) -> None:
    """Tables that are in order are exported as they are, with a descriptor that another reader accepts."""
    out = tmp_path / "out"
    assert ket("data", "export", "--to", "package", "--data", str(mine), "-o", str(out)).code == 0
    assert check_folder(out) == []
    for file in out.glob("*.csv"):
        assert file.read_bytes() == (mine / file.name).read_bytes()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        import frictionless

        assert frictionless.validate(str(out / "datapackage.json")).valid


def test_package_of_the_bundled_data_keeps_every_rule(tmp_path: Path) -> None:
    """The bundled tables leave as they are."""
    out = tmp_path / "out"
    assert ket("data", "export", "--to", "package", "-o", str(out)).code == 0
    assert [str(p) for p in check_folder(out)] == []


def test_package_of_a_flat_file_says_what_is_to_fill_in(tmp_path: Path) -> None:
    """A short file makes tables; names become identifiers, and what the tables still need is told."""
    file, out = tmp_path / "mine.csv", tmp_path / "out"
    file.write_text("study,drug,outcome,day,events,total\nMüller 2001,ketamine,response,1,9,18\n", encoding="utf-8")
    result = ket("data", "export", "--to", "package", "--data", str(file), "-o", str(out))
    assert result.code == 0
    assert "studies.design" in result.err
    assert rows((out / "studies.csv").read_text(encoding="utf-8"))[0]["study_id"] == "muller-2001"
    assert {p.code for p in check_folder(out)} <= {"missing-value", "no-source", "regimen-mismatch"}


def test_workbook_holds_every_table(tmp_path: Path, mine: Path) -> None:
    """A sheet per table; text that begins like a formula stays text."""
    openpyxl = pytest.importorskip("openpyxl")
    studies = mine / "studies.csv"
    # put there behind the rules' back, as a file could be that nobody checked
    evidence = Evidence.open(str(mine))
    evidence.rows("studies")[0]["label"] = "=1+1"  # type: ignore[index]
    from ketcli.exports.tables import workbook

    book = openpyxl.load_workbook(io.BytesIO(workbook(evidence)))
    assert book.sheetnames == [*evidence.names, "columns"]
    cell = book["studies"]["B2"]
    assert (cell.value, cell.data_type) == ("=1+1", "s")
    assert [c.value for c in book["outcomes"][1]] == list(TABLES["outcomes"].columns)
    assert book["outcomes"].max_row == len(evidence.rows("outcomes")) + 1
    for sheet in book:
        assert (sheet.freeze_panes, sheet["A1"].font.bold) == ("A2", True)
        assert sheet.auto_filter.ref == sheet.dimensions
        assert all(8 <= column.width <= 60 for column in sheet.column_dimensions.values())
    events = TABLES["outcomes"].columns.index("events") + 1
    assert {type(cell.value) for cell in book["outcomes"][2][events - 1 : events]} == {int}
    assert studies.read_text().count("=1+1") == 0


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("data", "export"), "which-export"),
        (("data", "export", "-o", "x.csv"), "which-export"),
        (("data", "export", "--to", "stata"), "unknown-value"),
        (("data", "export", "--to", "sqlite"), "no-output"),
        (("data", "export", "--to", "package", "-o", "-"), "no-output"),
        (("data", "export", "--to", "sqlite", "--drug", "ketamine", "-o", "x.sqlite"), "option-without-effect"),
    ],
)
def test_what_is_not_clear_is_asked(arguments: tuple[str, ...], code: str) -> None:
    """A missing form, a binary to the terminal, a filter that would not filter: usage errors, nothing written."""
    result = ket(*arguments)
    assert (result.code, result.out) == (2, "")
    assert f"[{code}]" in result.err
    assert not Path("x.sqlite").exists()


def test_notes_can_be_left_out(mine: Path) -> None:
    """Notes go to standard error, and -q leaves them out."""
    loud = ket("data", "export", "--to", "metafor", "--data", str(mine))
    assert "made-up" in loud.err
    assert "escalc" in loud.err
    assert ket("data", "export", "--to", "metafor", "--data", str(mine), "-q").err == ""


def test_descriptor_names_own_data_as_own(mine: Path, tmp_path: Path) -> None:
    """A package of somebody's own trials does not carry the title and licence of the bundled data."""
    out = tmp_path / "out"
    ket("data", "export", "--to", "package", "--data", str(mine), "-o", str(out))
    about: dict[str, Any] = json.loads((out / "datapackage.json").read_text(encoding="utf-8"))
    assert about["name"] == "my-trials"
    assert "licenses" not in about


def test_metapsy_data_come_back_with_the_same_pooled_line(tmp_path: Path) -> None:
    """What was exported and read again is compared as before, to the last digit."""
    file = tmp_path / "m.csv"
    assert ket("data", "export", "--to", "metapsy", "--outcome", "response", "-o", str(file)).code == 0
    words = ("compare", "esketamine", "placebo", "--outcome", "response", "--csv")
    before, after = pooled(ket(*words)), pooled(ket(*words, "--data", f"{file}#response"))
    names = ("regimen", "new_antidepressant", "k", "events", "total", "control_events", "control_total", "rr", "rd")
    assert {name: after[name] for name in names} == {name: before[name] for name in names}
