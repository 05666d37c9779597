"""Loading: types from the schema, missing values, leniency that is told, and the shipped tables unchanged."""

from __future__ import annotations

import io
import math
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from ketcli.errors import DataError, InputError
from ketcli.evidence import catalog
from ketcli.evidence.load import Evidence
from ketcli.evidence.schema import TABLES
from ketcli.evidence.typed import read_columns, read_table
from tests.evidence.examples import VALID, csv_bytes, valid_folder, write_folder

DATA = Path(__file__).resolve().parents[2] / "data"
SCORES = TABLES["scores"]


@pytest.mark.parametrize("table", TABLES.values(), ids=lambda t: t.name)
def test_shipped_tables_hold_what_an_independent_reader_sees(table: object, shipped: Evidence) -> None:
    """Every cell of every table is the one that pandas reads from the file as text."""
    name = table.name  # type: ignore[attr-defined]
    expected = pd.read_csv(DATA / f"{name}.csv", dtype=str, keep_default_na=False)
    frame = shipped.table(name)
    assert list(frame.columns) == list(expected.columns)
    for field in TABLES[name].fields:
        cells = frame[field.name]
        if field.numeric:
            assert str(cells.dtype) == "float64"
            numbers = [float(c) if c else math.nan for c in expected[field.name]]
            np.testing.assert_array_equal(cells.to_numpy(), np.array(numbers))
        else:
            assert cells.dtype == object
            assert cells.tolist() == expected[field.name].tolist()


def test_rows_and_frame_agree(shipped: Evidence) -> None:
    """The row view and the frame are one table; missing is "" in text, None or NaN in numbers."""
    rows, frame = shipped.rows("outcomes"), shipped.table("outcomes")
    assert len(rows) == len(frame)
    row, record = rows[0], frame.iloc[0]
    assert row["study_id"] == record["study_id"]
    missing = next(i for i, r in enumerate(rows) if r["time_days"] is None)
    assert math.isnan(frame["time_days"].iloc[missing])
    assert next(r["scale"] for r in rows if not r["scale"]) == ""


def test_rows_carry_plain_types(shipped: Evidence) -> None:
    """Counts and flags are int, measures float, the rest str: what every output format can write."""
    row = next(r for r in shipped.rows("outcomes") if r["events"] is not None and r["time_days"] is not None)
    kinds = [type(row[c]) for c in ("study_id", "events", "total", "events_derived", "time_days")]
    assert kinds == [str, int, int, int, float]


def test_words_for_missing_stay_text() -> None:
    """`NA` and `None` in a text column are text: nothing but an empty cell is missing."""
    content = csv_bytes("scores", [{**VALID["scores"][0], "notes": "NA", "subgroup": "None"}])
    (row,) = read_columns(content, "scores.csv", SCORES).rows()
    assert (row["notes"], row["subgroup"], row["analysis_set"], row["se"]) == ("NA", "None", "", None)


def test_read_table_takes_paths_and_streams(tmp_path: Path) -> None:
    """A path and an open binary stream give the same frame."""
    content = csv_bytes("scores", VALID["scores"])
    file = tmp_path / "scores.csv"
    file.write_bytes(content)
    from_path, from_stream = read_table(file, SCORES), read_table(io.BytesIO(content), SCORES)
    pd.testing.assert_frame_equal(from_path, from_stream)
    assert from_path["mean"].tolist() == [-10.0]


def test_order_of_columns_does_not_matter() -> None:
    """Columns are found by name."""
    frame = read_table(
        io.BytesIO(b"value,topic,study_id,metric,unit,source_kind\n3,rems,a,b,days,label\n"), TABLES["safety"]
    )
    assert (frame["value"].tolist(), frame["topic"].tolist()) == ([3.0], ["rems"])


def test_columns_that_are_not_required_may_be_absent() -> None:
    """Absent columns come out empty, with the type they would have had."""
    columns = "study_id,arm_id,scale,measure,time_anchor,source_kind"
    frame = read_table(io.BytesIO(f"{columns}\na,b,MADRS,change,first-dose,registry\n".encode()), SCORES)
    assert frame.columns.tolist() == list(SCORES.columns)
    assert math.isnan(frame["mean"].iloc[0])
    assert frame["notes"].tolist() == [""]


def test_no_rows_keep_types() -> None:
    """A header alone gives an empty frame with the columns and types of the schema."""
    frame = read_table(io.BytesIO(csv_bytes("scores", [])), SCORES)
    assert len(frame) == 0
    assert str(frame["mean"].dtype) == "float64"
    assert frame["notes"].dtype == object


def test_unknown_columns_are_kept_and_noted() -> None:
    """A column that the schema does not know stays, as text, and a note names it."""
    content = csv_bytes("scores", [{**VALID["scores"][0], "site": "7"}], extra=("site",))
    columns = read_columns(content, "scores.csv", SCORES)
    assert columns.values["site"] == ["7"]
    assert columns.notes == ("scores.csv: unknown column kept: site",)


def test_faulty_numbers_are_reported_together() -> None:
    """All faulty numbers of a file come in one error, with line, column and value."""
    rows = [{**VALID["scores"][0], "mean": "ten"}, {**VALID["scores"][0], "sd": "inf", "n": "2.5"}]
    with pytest.raises(DataError) as caught:
        read_columns(csv_bytes("scores", rows), "scores.csv", SCORES)
    found = [(p.code, p.line, p.column, p.value) for p in caught.value.problems]
    assert sorted(found) == [
        ("not-a-number", 2, "mean", "ten"),
        ("not-finite", 3, "sd", "inf"),
        ("not-whole", 3, "n", "2.5"),
    ]


def test_missing_required_column_is_refused() -> None:
    """A table without a required column is refused, naming the column."""
    with pytest.raises(DataError) as caught:
        read_columns(b"study_id,arm_id\na,b\n", "scores.csv", SCORES)
    assert [p.column for p in caught.value.problems] == ["scale", "measure", "time_anchor", "source_kind"]


def test_tables_are_read_when_asked_for(tmp_path: Path) -> None:
    """A broken shipped table does not disturb commands that do not read it."""
    path = write_folder(tmp_path / "d", valid_folder())
    (path / "scores.csv").write_bytes(b"\x00")
    evidence = Evidence(catalog.Location("d", path, shipped=True))
    assert len(evidence.rows("arms")) == 3
    with pytest.raises(InputError):
        evidence.rows("scores")


def test_absent_table_is_empty_and_known_as_absent(tmp_path: Path) -> None:
    """A user's folder may lack tables: they are empty, `has` says so, before and after they were asked for."""
    evidence = Evidence.open(str(write_folder(tmp_path / "d", valid_folder())))
    assert not evidence.has("safety")
    assert evidence.rows("safety") == []
    assert evidence.table("safety").columns.tolist() == list(TABLES["safety"].columns)
    assert not evidence.has("safety")
    assert "safety" not in evidence.names
    assert evidence.has("arms")


def test_table_that_does_not_exist_is_refused(shipped: Evidence) -> None:
    """A name that is no table is an error that names the nearest."""
    assert not shipped.has("outcome")
    with pytest.raises(InputError) as caught:
        shipped.rows("outcome")
    assert "outcomes" in caught.value.hint


def test_labels_and_version(shipped: Evidence) -> None:
    """Every shipped study has a label, and the version is that of the data package."""
    assert len(shipped.labels) == len(shipped.rows("studies"))
    assert shipped.labels["popova-2019"] == "TRANSFORM-2 (Popova 2019)"
    assert shipped.version == catalog.data_version(DATA) != ""


def test_rows_do_without_pandas() -> None:
    """Reading rows of the shipped data imports neither pandas nor pydantic, which cost half a second."""
    program = (
        "import sys; from ketcli.evidence.load import Evidence; e = Evidence.open();"
        "print(len(e.rows('outcomes')) > 0, {'pandas', 'numpy', 'pydantic'} & set(sys.modules))"
    )
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "True set()"
