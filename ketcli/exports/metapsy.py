"""The Metapsy data standard: one row per comparison, counts or means, semicolons, decimal commas, NA for missing.

Source of the columns and of the dialect: docs.metapsy.org, Data Format.
"""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ketcli.evidence.codes import SCALES
from ketcli.exports.comparisons import Comparisons
from ketcli.render.delimited import field
from ketcli.selection.treatments import NEW_ANTIDEPRESSANT

if TYPE_CHECKING:
    from ketcli.selection.arm_pairs import Comparison
    from ketcli.selection.score_pairs import ScorePair

_STANDARD = (
    *("study", "condition_arm1", "condition_arm2", "multi_arm1", "multi_arm2", "outcome_type", "instrument"),
    *("time", "time_weeks", "rating"),
    *("mean_arm1", "mean_arm2", "sd_arm1", "sd_arm2", "n_arm1", "n_arm2"),
    *("mean_change_arm1", "mean_change_arm2", "sd_change_arm1", "sd_change_arm2", "n_change_arm1"),
    *("n_change_arm2", "event_arm1", "event_arm2", "totaln_arm1", "totaln_arm2"),
    *("precalc_g", "precalc_g_se", "precalc_log_rr", "precalc_log_rr_se"),
)
COLUMNS = (
    *_STANDARD,
    *("year", "route", "course", "analysis_set", "study_id", "doi", "country", "source_url"),
    *("design", "population", "new_antidepressant", "regimen", "background"),
)
# what tells the rows of the standard apart
_IDENTITY = (
    *("study", "condition_arm1", "condition_arm2", "outcome_type", "instrument", "time", "time_weeks", "rating"),
)
MISSING = "NA"
NOTE = "In R: read.csv2(FILE) |> metapsyTools::checkDataFormat(). metapsyTools computes the effects."


def render(chosen: Comparisons) -> str:
    """Return the comparisons of counts (`response` ...) and of mean scores (`msd`) in the standard's wide form."""
    names = _names(chosen)
    rows = _told_apart([_counts(pair) for pair in chosen.counts] + [_means(pair) for pair in chosen.scores])
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, delimiter=";", lineterminator="\n")
    writer.writerow(COLUMNS)
    for row in rows:
        study = chosen.studies.get(str(row["study_id"]), {})
        more = {name: study.get(name) for name in ("year", "doi", "design", "population")}
        whole = {**row, **more, "study": names[str(row["study_id"])], "country": study.get("countries")}
        writer.writerow([_cell(whole.get(column)) for column in COLUMNS])
    return buffer.getvalue()


def _told_apart(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return rows with `multi_arm1` and `multi_arm2` filled where a study compares the same conditions twice.

    The standard knows a comparison by its study, conditions, outcome, instrument, time and rating.
    """

    def identity(row: Mapping[str, Any]) -> tuple[Any, ...]:
        return tuple(row.get("study_id" if name == "study" else name) for name in _IDENTITY)

    times = Counter(map(identity, rows))
    out = []
    for row in rows:
        arms = " ".join(str(row[name]) for name in ("route", "course", "analysis_set") if row[name])
        twice = times[identity(row)] > 1
        out.append({**row, "multi_arm1": arms, "multi_arm2": row["condition_arm2"]} if twice else row)
    return out


def _names(chosen: Comparisons) -> dict[str, str]:
    """Return "Author, year" for each study, its own label where that is not known or not unique."""
    ids = dict.fromkeys([pair.first.study_id for pair in chosen.counts] + [pair.study_id for pair in chosen.scores])
    names = {}
    for study_id in ids:
        study = chosen.studies.get(study_id, {})
        author, year = study.get("first_author"), study.get("year")
        names[study_id] = f"{author}, {year:.0f}" if author and year else str(study.get("label") or study_id)
    times = Counter(names.values())
    return {
        study_id: name if times[name] == 1 else str(chosen.studies.get(study_id, {}).get("label") or study_id)
        for study_id, name in names.items()
    }


def _counts(pair: Comparison) -> dict[str, Any]:
    treated, control = pair.first, pair.second
    return {
        **_shared(treated.drug, control.drug, treated.time_days, treated.scale),
        "route": treated.route,
        "outcome_type": treated.outcome,
        "event_arm1": treated.events,
        "event_arm2": control.events,
        "totaln_arm1": treated.total,
        "totaln_arm2": control.total,
        "analysis_set": treated.analysis_set,
        "study_id": treated.study_id,
        "source_url": treated.source_url,
        **_course(pair),
    }


def _means(pair: ScorePair) -> dict[str, Any]:
    change = "" if pair.measure == "endpoint" else "change_"
    return {
        **_shared(*_drugs(pair), pair.time_days, pair.scale),
        "route": pair.first_is.rpartition(" ")[0],
        "outcome_type": "msd",
        **{f"mean_{change}arm1": pair.first.mean, f"mean_{change}arm2": pair.second.mean},
        **{f"sd_{change}arm1": pair.first.sd, f"sd_{change}arm2": pair.second.sd},
        **{f"n_{change}arm1": pair.first.n, f"n_{change}arm2": pair.second.n},
        "analysis_set": pair.analysis_set,
        "study_id": pair.study_id,
        "source_url": pair.source_url,
        **_course(pair),
    }


def _course(pair: Comparison | ScorePair) -> dict[str, Any]:
    """Return what the treatment was part of, in words of the standard's users and in those of a file of trials."""
    course = pair.regimen
    of_arm = course if course in ("single-dose", "maintenance") else "repeated" if course else ""
    added = "add-on" if course == "esketamine-oral-ad" else ""
    return {
        "course": course,
        "new_antidepressant": int(pair.new_antidepressant),
        "regimen": of_arm,
        "background": NEW_ANTIDEPRESSANT if pair.new_antidepressant else added,
    }


def _drugs(pair: ScorePair) -> tuple[str, str]:
    """Return the drugs of a pair of means; the kind of the treated arm is its route and drug."""
    return pair.first_is.rpartition(" ")[2], pair.second_is


def _shared(first: str, second: str, days: float | None, scale: str) -> dict[str, Any]:
    return {
        "condition_arm1": first,
        "condition_arm2": second,
        "instrument": scale,
        "time": "post",
        "time_weeks": None if days is None else days / 7.0,
        "rating": _rating(scale),
    }


def _rating(scale: str) -> str:
    """Return who rated: the list of scales says of which it is the patient."""
    meaning: Mapping[str, str] = SCALES
    if not scale or scale not in meaning or scale == "not-stated":
        return ""
    return "self-report" if "self-rated" in meaning[scale] else "clinician"


def _cell(value: Any) -> str:
    """Return a cell of the standard: NA when missing, a comma in numbers, no semicolon and no outer blanks."""
    match value:
        case None | "":
            return MISSING
        case int():
            return str(value)
        case float():
            return (str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)).replace(".", ",")
        case _:
            return field(str(value).strip().replace(";", ",")) or MISSING
