"""The rules that data must keep: code, title, why it matters, and whether breaking it is an error or a warning."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

from ketcli.errors import Problem

Severity = Literal["error", "warning"]


@dataclass(frozen=True)
class Rule:
    """One rule of the data; `code` is its stable name and its anchor in the documentation."""

    code: str
    title: str
    why: str
    severity: Severity = "error"


_ALL = (
    # the file
    Rule("no-file", "The file or folder exists and can be read", "There is nothing to read otherwise."),
    Rule("no-tables", "A folder holds tables under their known names", "Tables are found by their names."),
    Rule("missing-table", "A table that others refer to is there", "Rows cannot be traced to a study or arm."),
    Rule("empty-file", "A file has at least a header", "An empty file is more likely a failed export."),
    Rule("binary", "A table is text", "A spreadsheet or archive must be exported first."),
    Rule("encoding", "Text is UTF-8", "Guessing an encoding turns names into others without a word."),
    Rule("bad-quoting", "Quotation marks pair up", "Cells after a stray mark would land in wrong columns."),
    Rule("huge-field", "A cell is shorter than 1 MB", "A cell that long comes from an unclosed quotation mark."),
    Rule(
        "too-large", "A file has at most 64 MB and 200,000 rows", "Memory stays bounded; study results are fewer."
    ),
    Rule(
        "broken-archive", "Compressed files and workbooks are whole", "Half a table would be pooled as a whole one."
    ),
    Rule("missing-extra", "The library for a format is installed", "Few need it, so it is not installed for all."),
    Rule("formula-without-value", "Formulas have been computed", "An uncomputed number would count as missing."),
    # the header and the shape
    Rule("duplicate-column", "A column name stands once", "Which of the two is meant is anybody's guess."),
    Rule("unnamed-column", "A column with values has a name", "Values without a name cannot be used."),
    Rule("missing-column", "Required columns are there", "Rows mean nothing without them."),
    Rule("ambiguous-column", "What a column holds is clear", "A guess could pool the wrong numbers."),
    Rule(
        "unknown-column",
        "Columns are known",
        "An unknown column is kept but not used; it may be a misspelt known one.",
        "warning",
    ),
    Rule("ragged-row", "Each row has as many cells as the header", "Cells would land in wrong columns."),
    # the cell
    Rule("missing-value", "Required cells are filled", "The row cannot be used without the value."),
    Rule("not-a-number", "Numeric columns hold numbers alone", "Text in a number would be dropped or misread."),
    Rule("ambiguous-comma", "A comma in a number is a decimal comma", "1,234 may be a thousand times as much."),
    Rule("not-finite", "Numbers are finite", "NaN and infinity stand for a missing value or a failed sum."),
    Rule("not-whole", "Counts are whole", "People come whole; a fraction is a percent in the wrong column."),
    Rule(
        "out-of-range", "Numbers lie in their column's range", "A percent above 100 or a time below 0 is an error."
    ),
    Rule("unknown-code", "Codes come from the column's list", "A misspelt code drops the row from every filter."),
    Rule("bad-form", "Identifiers and registry numbers have their form", "Links and look-ups fail otherwise."),
    Rule("not-a-url", "Sources are web addresses (http or https)", "A reader must be able to open the source."),
    Rule("no-source", "Every row names its source", "A number nobody can look up cannot be trusted.", "warning"),
    Rule("outer-blank", "Cells have no blank at either end", "`ketamine ` is not `ketamine` to a filter."),
    Rule("missing-code", "A missing value is an empty cell", "Words for missing differ, and become text."),
    Rule("control-character", "Cells hold no control or invisible characters", "They can fake or hide text."),
    Rule("formula-cell", "Text does not begin like a formula", "A spreadsheet would run it when opened."),
    # keys and links
    Rule("duplicate-key", "The key tells every row apart", "The same number would be counted twice."),
    Rule("unknown-reference", "Identifiers name an existing row", "The row belongs to no known study or arm."),
    Rule("duplicate-identifier", "A DOI or PubMed number stands once", "Two records of one paper count it twice."),
    Rule(
        "unsorted",
        "Rows are sorted by the first column of the key",
        "Sorted files make changes visible.",
        "warning",
    ),
    # who is counted twice
    Rule("self-overlap", "A study or an arm does not hold itself", "The link says nothing and hides a slip."),
    Rule("asymmetric-overlap", "Shared people are named on both sides", "One of the two would be counted twice."),
    # warnings: every command chooses one row itself, whatever the marks of the data say
    Rule(
        "same-people-twice",
        "People are poolable once per outcome and time",
        "A pool made elsewhere would count them twice.",
        "warning",
    ),
    Rule(
        "nested-arms",
        "An arm and its part are not both poolable",
        "A pool made elsewhere would count the part twice.",
        "warning",
    ),
    # counts
    Rule("events-over-total", "Events do not exceed the people counted among", "A rate cannot exceed 100 %."),
    Rule("percent-mismatch", "A percent agrees with its counts", "One of the three numbers is wrong."),
    Rule("derived-without-events", "A derived count is there", "The mark says that a count was computed."),
    Rule("checked-without-number", "A row marked as checked holds a number", "There is nothing to check."),
    Rule("poolable-without-counts", "A poolable row has events and total", "It cannot enter a pool."),
    Rule(
        "pool-rank",
        "Poolable rows of one arm and time are ranked 1, 2, ...",
        "Readers of the file choose by it.",
        "warning",
    ),
    Rule("poolable-twice", "One poolable row per arm, outcome, scale, time and set", "People would count twice."),
    Rule(
        "crossover-mismatch", "Crossover rows, and no others, say which period", "Paired people look independent."
    ),
    # effects
    Rule("interval-reversed", "The lower limit is below the upper", "The limits were swapped or mistyped."),
    Rule("estimate-outside-interval", "An estimate lies in its interval", "One of the three numbers is wrong."),
    Rule("effect-out-of-range", "Proportions lie in 0-1, ratios above 0", "The measure or the number is wrong."),
    Rule("level-with-comparator", "A level's own rate has no comparator", "It is no contrast, whatever it says."),
    Rule("contrast-without-comparator", "A treatment contrast names its control", "Against what, is the question."),
    Rule("rate-without-number", "A rate has events or a percent", "A rate without a number says nothing."),
    Rule(
        "regimen-mismatch", "Ketamine and esketamine arms have a regimen", "Only other drugs are outside regimens."
    ),
)
RULES: Mapping[str, Rule] = MappingProxyType({rule.code: rule for rule in _ALL})


def errors_among(problems: Iterable[Problem]) -> list[Problem]:
    """Return the problems that make data unusable, without the warnings."""
    return [problem for problem in problems if RULES[problem.code].severity == "error"]
