"""The studies: a list to filter, search and sort, and the card of one study with every number it has here."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ketcli.errors import unknown_value
from ketcli.evidence import overlap
from ketcli.evidence.codes import STUDY_DRUGS
from ketcli.report import Display, Fact, Note, Report, Row, Source, Value
from ketcli.selection.factors import arm_regimen
from ketcli.selection.filters import TRD
from ketcli.summaries.columns import columns
from ketcli.summaries.pooling import Settings
from ketcli.summaries.studies import card as study_card

if TYPE_CHECKING:
    from ketcli.evidence.load import Evidence
    from ketcli.selection.filters import Filters

COLUMNS = columns(
    *("kind", "study_id", "label", "year", "design", "blinding", "population", "trd_min_failures", "arms", "drug"),
    *("route", "n", "rows", "first_author", "journal", "doi", "pmid", "nct", "countries", "funding"),
    *("shares_with", "notes", "source_url"),
)
# How each order sorts: whether the largest comes first.
SORTS = {"id": False, "label": False, "year": True, "n": True, "rows": True}
SEARCHED = ("study_id", "label", "first_author", "journal", "doi", "pmid", "nct", "countries", "notes")


def listing(evidence: Evidence, filters: Filters, *, search: str = "", sort: str = "id") -> Report:
    """Return the studies that pass the filters and hold every word of `search`, in the order `sort`.

    With --outcome or --at a study needs such a row of outcomes; `rows` counts those.
    """
    if sort not in SORTS:
        raise unknown_value("order", sort, SORTS)
    arms: dict[str, list[Mapping[str, Any]]] = {}
    for arm in evidence.rows("arms"):
        arms.setdefault(arm["study_id"], []).append(arm)
    counts = _outcome_rows(evidence, filters)
    overlaps = overlap.build(evidence.rows("studies"))
    rows = [
        _row(study, arms.get(study["study_id"], []), counts[study["study_id"]], overlaps)
        for study in evidence.rows("studies")
        if _admitted(study, arms.get(study["study_id"], []), counts, filters)
        and matches(search, [*(str(study.get(n) or "") for n in SEARCHED), *_said(arms.get(study["study_id"], []))])
    ]
    name = "study_id" if sort == "id" else sort
    rows.sort(key=lambda row: str(row["study_id"]))
    if SORTS[sort]:
        rows.sort(key=lambda row: -float(row[name] or 0))
    else:
        rows.sort(key=lambda row: str(row[name]).lower())
    # every population is what a list is of unless told otherwise, so it is not worth a word
    described = (filters if filters.population else replace(filters, population=TRD)).described()
    asked = "; ".join(part for part in (described, f"search {search!r}" if search else "") if part)
    return Report(
        title=f"{len(rows)} of {len(evidence.rows('studies'))} studies" + (f": {asked}" if asked else ""),
        columns=COLUMNS,
        rows=tuple(rows),
        displays=_displays(),
        notes=(
            Note("about", "One study's numbers and sources: ket studies ID."),
            Note(
                "caution",
                "n is people randomised, enrolled or analysed. Records share people (column shares_with): their "
                "sum counts some twice. Rows: of response, remission and other outcomes; 0: none was seen.",
            ),
        ),
        sources=tuple(Source(str(r["study_id"]), str(r["label"]), str(r["source_url"])) for r in rows),
        empty=f"No study matches {asked}." if asked else "There are no studies.",
        data_version=evidence.version,
    )


def card(evidence: Evidence, study_id: str, how: Settings | None = None) -> Report:
    """Return one study: its facts, its arms and every number of it in the tables, each with its source.

    Raises UsageError naming the nearest for an id that is not there.
    """
    study = next((row for row in evidence.rows("studies") if row["study_id"] == study_id), None)
    if study is None:
        raise unknown_value("study", study_id, evidence.labels)
    how = how or Settings()
    rows = study_card.rows(evidence, study, how)
    counts = Counter(row["kind"] for row in rows)
    urls = dict.fromkeys(str(row["source_url"]) for row in ({"source_url": study.get("source_url")}, *rows))
    return Report(
        title=f"{study.get('label') or study_id} [{study_id}]",
        columns=study_card.COLUMNS,
        rows=tuple(rows),
        displays=study_card.displays(),
        notes=(
            Note("method", f"Rates: {how.interval} interval, {how.percent}. Other intervals as printed, 95 %."),
            Note(
                "selection",
                f"{len(rows)} rows: {', '.join(f'{n} {kind}' for kind, n in counts.items())}. Rows marked not "
                "pooled stay out of pooled lines for the reason given.",
            ),
            Note("source", "Pages: --sources; --csv has the page of each number."),
        ),
        facts=_facts(study, overlap.build(evidence.rows("studies"))),
        sources=tuple(Source(study_id, str(study.get("label") or study_id), url) for url in urls if url),
        group_by=("block",),
        heading=("block",),
        empty="No table has a number of this study.",
        data_version=evidence.version,
    )


def matches(search: str, texts: Sequence[str]) -> bool:
    """Return whether every word of `search` occurs in the texts.

    A word with a capital is sought as it stands anywhere (ECT finds KetECT, not effect), one without at the
    beginning of words and whatever their case.
    """
    whole = "\n".join(texts)
    lower = whole.lower()
    return all(
        word in whole if word != word.lower() else re.search(rf"(?<!\w){re.escape(word)}", lower) is not None
        for word in search.split()
    )


def _outcome_rows(evidence: Evidence, filters: Filters) -> Counter[str]:
    """Return how many rows of outcomes each study has that pass the filters on outcome, time and source."""
    return Counter(
        row["study_id"]
        for row in evidence.rows("outcomes")
        if (not filters.outcome or row["outcome"] in filters.outcome)
        and (filters.at is None or _inside(row, filters))
        and not filters.source_reason(row)
    )


def _inside(row: Mapping[str, Any], filters: Filters) -> bool:
    days = row["time_days"]
    return filters.at is not None and days is not None and filters.at.distance(days, None) is not None


def _admitted(
    study: Mapping[str, Any], arms: Sequence[Mapping[str, Any]], counts: Counter[str], filters: Filters
) -> bool:
    if not filters.admits_study(study) or (filters.min_n and (study.get("n_randomised") or 0) < filters.min_n):
        return False
    if (filters.outcome or filters.at) and not counts[study["study_id"]]:
        return False
    if not (filters.drug or filters.route or filters.regimen):
        return True
    design = str(study.get("design", ""))
    return any(
        arm["role"] != "control"
        and filters.admits_arm(arm)
        and (not filters.regimen or arm_regimen(arm, design) in filters.regimen)
        for arm in arms
    )


def _row(
    study: Mapping[str, Any], arms: Sequence[Mapping[str, Any]], outcomes: int, overlaps: overlap.Overlaps
) -> Row:
    drugs = dict.fromkeys(arm["drug"] for arm in sorted(arms, key=lambda a: a["role"] == "control"))
    studied = [arm for arm in arms if arm["drug"] in STUDY_DRUGS]
    copied = ("study_id", "design", "blinding", "population", "first_author", "journal", "doi", "pmid", "nct")
    row: dict[str, Value] = {name: study.get(name, "") for name in (*copied, "countries", "funding", "notes")}
    return row | {
        "kind": "study",
        "label": study.get("label") or study["study_id"],
        "year": study.get("year"),
        "trd_min_failures": study.get("trd_min_failures"),
        "arms": " v ".join(drugs),
        "drug": " / ".join(drug for drug in drugs if drug in STUDY_DRUGS),
        "route": " / ".join(dict.fromkeys(arm["route"] for arm in studied if arm["route"])),
        "n": study.get("n_randomised"),
        "rows": outcomes,
        "shares_with": " ".join(other for other in overlaps.cohort if overlaps.share(study["study_id"], other)),
        "source_url": study.get("source_url", ""),
    }


def _said(arms: Sequence[Mapping[str, Any]]) -> list[str]:
    return [f"{arm.get('label', '')} {arm['drug']} {arm.get('route', '')}" for arm in arms]


def _displays() -> tuple[Display, ...]:
    return (
        Display("ID", "text", ("study_id",)),
        Display("Study", "text", ("label",)),
        Display("Year", "integer", ("year",), rank=1),
        Display("n", "integer", ("n",), align="right"),
        Display("Rows", "integer", ("rows",), align="right"),
        Display("Arms", "text", ("arms",), rank=2),
        Display("Route", "text", ("route",), rank=4),
        Display("Design", "text", ("design",), rank=3),
        Display("Population", "text", ("population",), rank=3),
        Display("Funding", "text", ("funding",), rank=5),
        Display("Countries", "text", ("countries",), rank=6),
    )


def _facts(study: Mapping[str, Any], overlaps: overlap.Overlaps) -> tuple[Fact, ...]:
    """Return what is known of the study itself, a line each; unknown things have no line."""
    failures = study.get("trd_min_failures")
    others = [other for other in overlaps.cohort if overlaps.share(study["study_id"], other)]
    journal = ", ".join(part for part in (study.get("journal") or "", str(study.get("year") or "")) if part)
    lines = (
        ("Design", ", ".join(part for part in (study.get("design"), study.get("blinding")) if part)),
        ("Population", study.get("population")),
        ("Failures required", "" if failures is None else f"{failures:g} failed antidepressants"),
        ("People", "" if study.get("n_randomised") is None else f"{study['n_randomised']:g}"),
        ("Published", journal),
        ("DOI", study.get("doi")),
        ("PMID", study.get("pmid")),
        ("Registry", study.get("nct")),
        ("Countries", study.get("countries")),
        ("Funding", study.get("funding")),
        ("Shares people with", ", ".join(others)),
        ("Remarks", study.get("notes")),
        ("Seen at", study.get("source_url")),
    )
    return tuple(Fact(label, str(text)) for label, text in lines if text)
