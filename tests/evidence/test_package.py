"""The data package and the dictionary: current, complete, and as the schema says."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from ketcli.evidence import dictionary, package
from ketcli.evidence.schema import TABLES
from tests.evidence.examples import valid_folder, write_folder

DATA = Path(__file__).resolve().parents[2] / "data"
STALE = "run: python -m ketcli.evidence.package data"


def test_descriptor_is_current() -> None:
    """datapackage.json describes the files as they are; a changed table or schema must be described anew."""
    assert (DATA / "datapackage.json").read_text(encoding="utf-8") == package.descriptor_text(DATA), STALE


def test_dictionary_is_current() -> None:
    """The dictionary in the README of the data is the one that the schema gives."""
    readme = (DATA / "README.md").read_text(encoding="utf-8")
    assert readme == package.readme_text(readme, DATA), STALE


def test_descriptor_lists_every_table_with_its_hash() -> None:
    """Each resource carries size and SHA-256 of its file, so that a copy can be verified."""
    resources = json.loads((DATA / "datapackage.json").read_text(encoding="utf-8"))["resources"]
    assert [r["name"] for r in resources] == list(TABLES)
    for resource in resources:
        content = (DATA / resource["path"]).read_bytes()
        assert resource["bytes"] == len(content)
        assert resource["hash"] == f"sha256:{hashlib.sha256(content).hexdigest()}"


def test_primary_key_only_where_no_part_may_be_empty() -> None:
    """The standard forbids empty cells in a primary key; such tables have a unique key instead."""
    for resource in package.describe(DATA)["resources"]:
        schema = resource["schema"]
        required = {f["name"] for f in schema["fields"] if f.get("constraints", {}).get("required")}
        assert ("primaryKey" in schema) != ("uniqueKeys" in schema)
        assert set(schema.get("primaryKey", ())) <= required


def test_write_is_repeatable(tmp_path: Path) -> None:
    """Writing twice gives the same bytes, and text around the marks of the README stays."""
    folder = write_folder(tmp_path / "d", valid_folder())
    readme = folder / "README.md"
    readme.write_text(f"before\n{dictionary.BEGIN}\nsuperseded\n{dictionary.END}\nafter\n", encoding="utf-8")
    package.write(folder)
    first = (readme.read_bytes(), (folder / "datapackage.json").read_bytes())
    package.write(folder)
    assert first == (readme.read_bytes(), (folder / "datapackage.json").read_bytes())
    text = first[0].decode()
    assert text.startswith("before\n")
    assert text.endswith("after\n")
    assert "superseded" not in text
    assert "| [scores.csv](#scorescsv) | 1 |" in text


def test_readme_without_marks_is_not_overwritten() -> None:
    """A README that lost its marks is refused instead of being cut."""
    with pytest.raises(ValueError, match="marks"):
        dictionary.replace("no marks", "text")


def test_dictionary_names_every_column_and_code() -> None:
    """No column and no code is left out of what people read."""
    text = dictionary.markdown(dict.fromkeys(TABLES, 0), "1")
    for table in TABLES.values():
        for field in table.fields:
            assert f"| `{field.name}` |" in text
            assert all(f"- `{value}`: " in text for value in field.codes or ())
