"""What a summary hands to a renderer: frozen data, columns and notes included; no behaviour, no formatting.

`rows` are the contract of every machine format: plain values (str, int, float, bool, None) under the stable
names of `columns`, the same rows in the same order everywhere. `displays` say how people see them: each
display column is composed from one or more row values by a named form ("12/17", "71 % (47-87)").
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Value = str | int | float | bool | None
Row = Mapping[str, Value]

Kind = Literal["text", "code", "integer", "number", "proportion", "percent", "days", "flag", "url", "id"]
Form = Literal[
    "text",  # the value itself
    "text-at",  # text and the time it holds for: response, 28 d
    "integer",
    "number",  # digits as the column says
    "fraction",  # events/total; a third value, a proportion, stands in where there is no count
    "percent",  # a proportion 0-1 as a percentage
    "percent-interval",  # proportion with its limits: 71 % (47-87); limits alone when there is no estimate
    "points-interval",  # difference of proportions in percentage points with its limits
    "number-interval",  # estimate with its limits, `digits` decimals
    "ratio-interval",  # ratio with its limits, two significant decimals
    "needed",  # a number needed with its limits; without the further limit the interval crosses zero
    "interval",  # limits alone
    "time",  # days, shown as minutes, hours, days or weeks
    "effect",  # a measure's short name, its estimate and limits: OR 1.59 (0.81-3.11), MD -4.9 (-9.0 to -0.9)
    "p-value",  # a p-value, or the inequality printed in its place
    "strip",  # a forest strip of estimate and limits on the report's axis
]
Picture = Literal["forest", "funnel", "timeline", "dots", "bubble", "baujat", "labbe", "drapery", "icons"]
NoteKind = Literal["method", "choice", "caution", "selection", "source", "about"]


@dataclass(frozen=True)
class Column:
    """One column of the machine formats: stable name, heading, kind, unit ("" for none) and meaning."""

    name: str
    label: str
    kind: Kind
    unit: str = ""
    description: str = ""


@dataclass(frozen=True)
class Display:
    """One column for people: `form` composes it from the row values named in `of`.

    `rank` 0 always stays; on a narrow terminal the highest rank goes first. `only` limits it to rows of these
    kinds (column `kind`); empty means all. A strip with a `width` takes up to that many characters and carries
    the labels of its axis in place of a heading; 0 is a usual strip.
    """

    label: str
    form: Form
    of: tuple[str, ...]
    rank: int = 0
    digits: int = 1
    align: Literal["left", "right"] = "left"
    only: frozenset[str] = frozenset()
    width: int = 0


@dataclass(frozen=True)
class Axis:
    """The common axis of a report's strips: scale, null line and the labels of its two sides.

    `factor` is what the labels of ticks multiply values by: 100 for differences told in percentage points.
    """

    scale: Literal["linear", "log", "percent"] = "linear"
    null: float | None = None
    low: float | None = None
    high: float | None = None
    left: str = ""
    right: str = ""
    factor: float = 1.0


@dataclass(frozen=True)
class Note:
    """One sentence about how the numbers came about or how far they can be trusted."""

    kind: NoteKind
    text: str


@dataclass(frozen=True)
class Fact:
    """One labelled line above a table (a study's design, the answer in one sentence)."""

    label: str
    text: str


@dataclass(frozen=True)
class Source:
    """Where numbers of a report come from: the study's display name and the page each was read on."""

    study_id: str
    label: str
    url: str


@dataclass(frozen=True)
class Share:
    """People with an outcome in one group: its name, the proportion 0-1 and the limits of its interval."""

    name: str
    rate: float
    low: float
    high: float


@dataclass(frozen=True)
class Icons:
    """A picture of 100 people per group: what happened, and the groups side by side."""

    title: str
    shares: tuple[Share, ...]


@dataclass(frozen=True)
class Report:
    """One answer: a title, rows, how people see them, notes and sources.

    `group_by` names the columns whose change starts a new block of the table, `heading` the column (or
    columns) printed above it. `emphasis` names row kinds printed strongly (pooled lines). `empty` is the
    sentence shown when there are no rows. `icons` are drawn above the table on a terminal.
    `picture` says which picture shows the rows; a forest plot needs a strip among the displays.
    """

    title: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    displays: tuple[Display, ...]
    notes: tuple[Note, ...] = ()
    facts: tuple[Fact, ...] = ()
    sources: tuple[Source, ...] = ()
    group_by: tuple[str, ...] = ()
    heading: tuple[str, ...] = ()
    emphasis: frozenset[str] = field(default_factory=lambda: frozenset({"pooled"}))
    axis: Axis | None = None
    picture: Picture = "forest"
    empty: str = "Nothing matches."
    data_version: str = ""
    icons: tuple[Icons, ...] = ()
