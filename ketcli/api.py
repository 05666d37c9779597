"""The Python API: the commands as functions that return pandas DataFrames.

Filters have the names of the command-line options (`drug`, `route`, `population`, `at` ...) and take one value or
a list; `data` is a folder, a file of trials or None for the bundled tables, `column` a mapping such as
{"events": "responders"} for columns whose names do not say what they are. The frame has the columns of the
command's CSV; its notes are in `frame.attrs["notes"]`, the title in `frame.attrs["title"]`.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ketcli.evidence.load import Evidence
from ketcli.report import Report
from ketcli.selection.filters import Filters, for_evidence
from ketcli.summaries import pooling

if TYPE_CHECKING:
    import pandas as pd


def load(table: str | None = None, data: str | None = None) -> Any:
    """Return one table as a DataFrame, or every table at hand as a dict of DataFrames by name."""
    evidence = Evidence.open(data, os.environ)
    if table is not None:
        return evidence.table(table).copy()
    return {name: evidence.table(name).copy() for name in evidence.names}


def rates(data: str | None = None, **options: Any) -> pd.DataFrame:
    """Return response and remission rates by study with pooled rows, as `ket rates --csv` prints them."""
    from ketcli.summaries.rates import rates as summary

    how, options = _settings(pooling.PROPORTION_MODELS, options, only_proportions=True)
    evidence, filters = _open(data, options)
    return to_frame(summary(evidence, filters, how), evidence.notes)


def side_effects(data: str | None = None, **options: Any) -> pd.DataFrame:
    """Return side effects by event, drug against control, as `ket side-effects --csv` prints them."""
    from ketcli.summaries.side_effects import side_effects as summary

    own = {name: options.pop(name) for name in ("event", "serious", "phase") if name in options}
    how, options = _settings(pooling.TWO_ARM_MODELS, options)
    evidence, filters = _open(data, options)
    return to_frame(summary(evidence, filters, how, **own), evidence.notes)


def factors(*groups: str, data: str | None = None, **options: Any) -> pd.DataFrame:
    """Return what changes the effect within studies; `groups` are flags such as "age" or "prior-treatment"."""
    from ketcli.summaries.factors import factors as summary

    how, options = _settings(pooling.PROPORTION_MODELS, options)
    evidence, filters = _open(data, options)
    return to_frame(summary(evidence, filters, how, groups=groups), evidence.notes)


def studies(study: str | None = None, data: str | None = None, **options: Any) -> pd.DataFrame:
    """Return the list of studies, or every number of one study."""
    from ketcli.summaries import studies as summary

    evidence, filters = _open(data, {"population": "all"} | options)
    report = summary.card(evidence, study) if study else summary.listing(evidence, filters)
    return to_frame(report, evidence.notes)


def pool(data: str | os.PathLike[str] | pd.DataFrame, **options: Any) -> pd.DataFrame:
    """Return the meta-analysis of a CSV file or a DataFrame, as `ket pool --csv` prints it.

    Options have the names of the command's, with underscores: columns (`events="x"`, `control_total="n2"`), choices
    (`measure="OR"`, `tau2="DL"`, `level=90`) and what to add (`by="country"`, `moderator=["year"]`,
    `leave_one_out=True`).
    """
    from ketcli.owndata.source import read_file
    from ketcli.summaries.pool import pool as summary
    from ketcli.summaries.pool.request import from_options

    request, wanted, extras = from_options(options)
    if isinstance(data, str | os.PathLike):
        return to_frame(summary(read_file(os.fspath(data)), os.fspath(data), request, wanted, extras))
    content = data.to_csv(index=False).encode()
    return to_frame(summary(content, "the data frame", request, wanted, extras))


def to_frame(report: Report, said: Sequence[str] = ()) -> pd.DataFrame:
    """Return a report's rows as a DataFrame, its title and notes in `attrs`; `said` goes before the notes."""
    import pandas as pd

    names = [column.name for column in report.columns]
    frame = pd.DataFrame([[row.get(name) for name in names] for row in report.rows], columns=names)
    frame.attrs = {"title": report.title, "notes": [*said, *(note.text for note in report.notes)]}
    return frame


def _settings(
    models: tuple[str, ...], options: dict[str, Any], *, only_proportions: bool = False
) -> tuple[pooling.Settings, dict[str, Any]]:
    names = ("model", "tau2", "test", "level", "interval")
    given = {name: options[name] for name in names if name in options}
    how = pooling.settings(models, only_proportions=only_proportions, **given)
    return how, {k: v for k, v in options.items() if k not in names}


def _open(data: str | None, options: dict[str, Any]) -> tuple[Evidence, Filters]:
    options = dict(options)
    columns = options.pop("column", None) or {}
    evidence = Evidence.open(data, os.environ, columns)
    listed = ("drug", "route", "regimen", "design", "population", "study", "outcome")
    given: dict[str, Any] = {k: [v] if k in listed and isinstance(v, str) else v for k, v in options.items()}
    return evidence, for_evidence(evidence, **given)
