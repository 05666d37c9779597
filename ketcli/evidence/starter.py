"""A folder to begin with: the tables of results with two made-up studies, their description, and a word on each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any

from ketcli.evidence import catalog, package
from ketcli.evidence.fields import Table
from ketcli.evidence.schema import TABLES
from ketcli.evidence.writing import table_csv

# the tables that hold results of studies; background and reviews stay those of the program
NAMES = ("studies", "arms", "outcomes", "scores", "side_effects", "factors", "durability")
EXAMPLES = ("example-a", "example-b")
ABOUT = package.About(
    name="my-trials",
    title="Trials of ketamine and esketamine",
    description="Study results collected by hand, in the tables that `ket data schema` describes.",
    version="0.1.0",
)
_SOURCE = MappingProxyType({"source_kind": "primary-fulltext", "source_url": "https://example.org/paper-a"})
_OTHER = MappingProxyType({"source_kind": "primary-fulltext", "source_url": "https://example.org/paper-b"})
_SINGLE = MappingProxyType({"study_id": "example-a", "time_days": 1, "time_anchor": "first-dose", **_SOURCE})
_COURSE = MappingProxyType({"study_id": "example-b", "time_days": 28, "time_anchor": "first-dose", **_OTHER})
_ITT = MappingProxyType({"scale": "MADRS", "analysis_set": "itt", "events_derived": 0, "pool_rank": 1})

Row = Mapping[str, Any]


def files(*, examples: bool = True) -> dict[str, bytes]:
    """Return the files of a starter folder by name; without `examples` the tables hold their headers alone."""
    rows = _rows() if examples else {}
    tables = {name: table_csv(TABLES[name], rows.get(name, ())) for name in NAMES}
    descriptor = package.as_json(package.describe_tables(tables, ABOUT))
    return {
        **{f"{name}.csv": content for name, content in tables.items()},
        catalog.PACKAGE_FILE: descriptor.encode("utf-8"),
        "README.md": _readme(TABLES[name] for name in NAMES).encode("utf-8"),
    }


def reminder(studies: Iterable[str]) -> tuple[str, ...]:
    """Return the note that the made-up studies are still among these, () when they are gone."""
    here = [study for study in studies if study in EXAMPLES]
    if not here:
        return ()
    return (
        f"The made-up studies of the starter folder ({', '.join(here)}) are still here and count like the rest: "
        "delete their rows, or run ket data add with --drop-examples.",
    )


def _rows() -> dict[str, list[Row]]:
    """Return two made-up studies: a dose of ketamine against midazolam, a course of esketamine against placebo."""
    study = {"design": "rct-parallel", "blinding": "double-blind", "population": "trd-mdd", "trd_min_failures": 2}
    ketamine = {"drug": "ketamine", "role": "active", "route": "intravenous", "dose": 0.5, "dose_unit": "mg/kg"}
    nasal = {"route": "intranasal", "background": "new-oral-ad", "course_days": 28, "schedule": "twice weekly"}
    a, b = {"study_id": "example-a", **_SOURCE}, {"study_id": "example-b", **_OTHER}
    return {
        "studies": [
            {"label": "Example A", "year": 2020, "n_randomised": 60, "cohort_id": "example-a", **study, **a},
            {"label": "Example B", "year": 2021, "n_randomised": 200, "cohort_id": "example-b", **study, **b},
        ],
        "arms": [
            {"arm_id": "ketamine", "label": "Ketamine 0.5 mg/kg", "regimen": "single-dose", "n": 40,
             "age_mean": 46.1, "female_pct": 55, **ketamine, **a},
            {"arm_id": "midazolam", "label": "Midazolam", "drug": "midazolam", "role": "control",
             "route": "intravenous", "regimen": "not-applicable", "n": 20, **a},
            {"arm_id": "esketamine", "label": "Esketamine nasal spray", "drug": "esketamine", "role": "active",
             "dose": 56, "dose_unit": "mg", "regimen": "repeated", "n": 100, **nasal, **b},
            {"arm_id": "placebo", "label": "Placebo nasal spray", "drug": "placebo", "role": "control",
             "regimen": "not-applicable", "n": 100, **nasal, **b},
        ],
        "outcomes": [
            {"arm_id": "ketamine", "outcome": "remission", "events": 12, "total": 40, **_ITT, **_SINGLE},
            {"arm_id": "ketamine", "outcome": "response", "events": 22, "total": 40, **_ITT, **_SINGLE},
            {"arm_id": "midazolam", "outcome": "response", "events": 5, "total": 20, **_ITT, **_SINGLE},
            {"arm_id": "esketamine", "outcome": "response", "events": 61, "total": 100, **_ITT, **_COURSE},
            {"arm_id": "placebo", "outcome": "response", "events": 48, "total": 100, **_ITT, **_COURSE},
        ],
        "scores": [
            {"arm_id": "ketamine", "scale": "MADRS", "measure": "change", "n": 40, "mean": -16.4, "sd": 9.8,
             "analysis_set": "itt", **_SINGLE},
            {"arm_id": "midazolam", "scale": "MADRS", "measure": "change", "n": 20, "mean": -8.8, "sd": 9.2,
             "analysis_set": "itt", **_SINGLE},
        ],
        "side_effects": [
            {"arm_id": arm, "event": "dissociation", "events": events, "total": total, "events_derived": 0,
             "phase": "dosing-day", "label_grouped": 0, **a}
            for arm, events, total in (("ketamine", 16, 40), ("midazolam", 2, 20))
        ],
        "factors": [
            {"factor": "sex", "factor_group": "patient", "level": level, "contrast_kind": "level-rate",
             "drug": "ketamine", "arm_id": "ketamine", "outcome": "response", "events": events, "total": total,
             "events_derived": 0, "effect_measure": "rate", "time_days": 1, **a}
            for level, events, total in (("female", 13, 22), ("male", 9, 18))
        ],
        "durability": [
            {"arm_id": "ketamine", "metric": "median-days-to-relapse", "value": 18, "unit": "days", "n": 22, **a}
        ],
    }  # fmt: skip


def _readme(tables: Iterable[Table]) -> str:
    """Return the README of a starter folder."""
    listed = "\n".join(f"| {table.name}.csv | {table.description} |" for table in tables)
    return f"""# My trials

Study results in the tables that `ket` reads. Name this folder with `--data` in any command:

```sh
ket data add FOLDER            # enter a study; prompts for what is needed
ket check FOLDER               # every rule of the data, with file, line and column
ket rates --data FOLDER        # response and remission, pooled
ket compare ketamine midazolam --data FOLDER
```

| file | a row is |
| --- | --- |
{listed}

`ket data schema --data FOLDER` describes every column; an empty cell is a missing value. Rows are sorted by
study. Tables that are not needed may be deleted. The studies example-a and example-b are made up: delete their
rows, or let `ket data add FOLDER --drop-examples` do it.

`datapackage.json` describes the tables for other programs (Data Package 2.0).
"""
