"""Small files in the forms of other programs, made from published trials."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from pathlib import Path

REFERENCE = Path(__file__).resolve().parent.parent / "reference" / "data"
# the columns that RevMan 5 writes under Export, Data and analyses
REVMAN5 = (
    *("Comparison Number", "Outcome Number", "Subgroup Number", "Name", "Data Type", "Statistical Method"),
    *("Effect Measure", "Analysis Model", "Events 1", "Mean 1", "SD 1", "Total 1", "Events 2", "Mean 2", "SD 2"),
    *("Total 2", "Effect Estimate", "SE", "CI Start", "CI End", "Weight", "Group Label 1", "Group Label 2"),
    "Year of study",
)
REVMAN_WEB = (
    *("Analysis group", "Analysis number", "Analysis name", "Subgroup", "Subgroup number", "Study", "Study year"),
    *("GIV Mean", "GIV SE", "Experimental mean", "Experimental SD", "Experimental cases", "Experimental N"),
    *("Control mean", "Control SD", "Control cases", "Control N", "Mean", "CI start", "CI end"),
)
METAPSY = (
    *("study", "condition_arm1", "condition_arm2", "multi_arm1", "multi_arm2", "outcome_type", "instrument"),
    *("time", "time_weeks", "rating", "mean_arm1", "mean_arm2", "sd_arm1", "sd_arm2", "n_arm1", "n_arm2"),
    *("event_arm1", "event_arm2", "totaln_arm1", "totaln_arm2", "year"),
)


def reference(name: str) -> list[dict[str, str]]:
    """Return the rows of a published example."""
    with (REFERENCE / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def text(columns: Sequence[str], rows: Sequence[dict[str, object]], delimiter: str = ",", missing: str = "") -> str:
    """Return rows as CSV text; cells not given are `missing`."""
    buffer = io.StringIO(newline="")
    writer = csv.DictWriter(buffer, columns, restval=missing, delimiter=delimiter, lineterminator="\r\n")
    writer.writeheader()
    writer.writerows(rows)
    return buffer.getvalue()


def revman5() -> str:
    """Return a review with two outcomes: deaths as counts (Fleiss 1993), the second under subgroups."""
    place = {"Comparison Number": 1, "Outcome Number": 1, "Subgroup Number": 0}
    blank = {"Mean 1": 0, "SD 1": 0, "Mean 2": 0, "SD 2": 0}
    rows: list[dict[str, object]] = [
        {"Comparison Number": 1, "Outcome Number": 0, "Subgroup Number": 0, "Name": "Aspirin versus control"},
        {**place, "Name": "Deaths", "Data Type": "DIC", "Statistical Method": "MH", "Effect Measure": "OR",
         "Analysis Model": "Fixed", "Group Label 1": "Aspirin", "Group Label 2": "Placebo"},
    ]  # fmt: skip
    rows += [
        {**place, **blank, "Name": r["study"], "Year of study": r["year"], "Events 1": r["d.asp"],
         "Total 1": r["n.asp"], "Events 2": r["d.plac"], "Total 2": r["n.plac"]}
        for r in reference("Fleiss1993bin")
    ]  # fmt: skip
    place = {"Comparison Number": 1, "Outcome Number": 2}
    head = {"Data Type": "CON", "Effect Measure": "MD"}
    rows.append({**place, "Subgroup Number": 0, "Name": "Score", **head})
    for number, subgroup in enumerate(("Young", "Old"), start=1):
        rows.append({**place, "Subgroup Number": number, "Name": subgroup, **head})
        rows += [
            {**place, "Subgroup Number": number, "Name": f"{subgroup} {i}", "Events 1": 0, "Events 2": 0,
             "Mean 1": 5 + i, "SD 1": 2, "Total 1": 30, "Mean 2": 6, "SD 2": 2.5, "Total 2": 31}
            for i in range(2)
        ]  # fmt: skip
    place = {"Comparison Number": 2, "Outcome Number": 1, "Subgroup Number": 0}
    rows.append({**place, "Name": "Relapse", "Data Type": "GIV", "Effect Measure": "HR"})
    rows.append({**place, "Name": "Oak", "Effect Estimate": 0.5, "SE": 0.25, "CI Start": 0.3063, "CI End": 0.8162})
    rows.append({**place, "Name": "Elm", "Effect Estimate": 0.8, "SE": 0.2, "CI Start": 0.5406, "CI End": 1.1839})
    return text(REVMAN5, rows)


def metapsy() -> str:
    """Return Metapsy data as its standard writes them: semicolons, decimal commas, NA; responses and means."""
    same = {"condition_arm1": "ketamine", "condition_arm2": "midazolam", "time": "post", "rating": "clinician"}
    counts = {"outcome_type": "response", "instrument": "MADRS", "time_weeks": "0,142857142857143"}
    rows: list[dict[str, object]] = [
        {"study": "Oak, 2013", "year": 2013, "event_arm1": 30, "totaln_arm1": 47, "event_arm2": 7,
         "totaln_arm2": 25, **same, **counts},
        {"study": "Elm, 2018", "year": 2018, "event_arm1": 12, "totaln_arm1": 20, "event_arm2": 5,
         "totaln_arm2": 21, **same, **counts},
        {"study": "Elm, 2018", "year": 2018, "outcome_type": "msd", "instrument": "MADRS", "mean_arm1": "14,5",
         "sd_arm1": "8,25", "n_arm1": 20, "mean_arm2": "21,0", "sd_arm2": "7,5", "n_arm2": 21, **same},
    ]  # fmt: skip
    return text(METAPSY, rows, ";", "NA")
