"""Which pooled lines of one dataset are those of another, and how far each has moved."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from ketcli.summaries.differences.lines import COUNTS, Line, commands
from ketcli.wording import UNICODE, effect, number, ratio

if TYPE_CHECKING:
    from collections.abc import Collection

    from ketcli.evidence.load import Evidence
    from ketcli.report import Value
    from ketcli.selection.filters import Filters
    from ketcli.summaries.pooling import Settings

MOVED, GONE, NEW = "moved", "pool-gone", "pool-new"
KINDS = (MOVED, GONE, NEW)
SIDES = ("before", "after")
# rows in another order are added up in another order: the last digits of a sum are no news
_SAME = 1e-9

Pair = tuple[Line | None, Line | None]


def moves(
    before: Evidence, after: Evidence, filters: Filters, how: Settings, changed: Collection[str]
) -> tuple[list[dict[str, Value]], int]:
    """Return a row for each pooled line that differs, and how many are the same in both.

    `changed` are the tables that differ, be it in order alone: lines of a command that reads none of them are
    worked out once. Intervals that came to hold or to leave out no effect stand first, then the largest moves.
    """
    rows: list[dict[str, Value]] = []
    same = 0
    for command, (tables, gather) in commands(filters).items():
        new = list(gather(after, filters, how))
        if not set(tables) & set(changed):
            same += len(new)
            continue
        pairs = matched(list(gather(before, filters, how)), new)
        differing = [pair for pair in pairs if not alike(*pair)]
        same += len(pairs) - len(differing)
        rows += _told_once(_row(command, *pair) for pair in _ordered(differing))
    return rows, same


def _ordered(pairs: Sequence[Pair]) -> list[Pair]:
    """Return pairs in groups of one heading, the group of the most urgent line first, and so within it."""
    groups: dict[str, dict[str, list[Pair]]] = defaultdict(lambda: defaultdict(list))
    for pair in sorted(pairs, key=_urgency):
        line = pair[1] or pair[0]
        if line is not None:
            groups[line.group][line.label].append(pair)
    return [pair for labels in groups.values() for same in labels.values() for pair in same]


def _told_once(rows: Iterable[dict[str, Value]]) -> list[dict[str, Value]]:
    """Return rows without the name that the one above shows already: difference and ratio of one event."""
    out: list[dict[str, Value]] = []
    last: tuple[Value, ...] = ()
    for row in rows:
        name = (row["block"], row["shown_key"])
        out.append({**row, "shown_key": ""} if name == last else row)
        last = name
    return out


def matched(old: Sequence[Line], new: Sequence[Line]) -> list[Pair]:
    """Return the lines of both sides in pairs: by heading, then by what they are about.

    A heading holds days that change with the studies in the line; where one line of a kind is left on each side,
    it is still the same.
    """
    pairs: list[Pair] = []
    left = {(line.measure, line.name): line for line in old}
    fresh: dict[tuple[Value, ...], list[Line]] = defaultdict(list)
    for line in new:
        if (was := left.pop((line.measure, line.name), None)) is not None:
            pairs.append((was, line))
        else:
            fresh[line.family].append(line)
    stale: dict[tuple[Value, ...], list[Line]] = defaultdict(list)
    for line in left.values():
        stale[line.family].append(line)
    for family in dict.fromkeys((*fresh, *stale)):
        olds, news = stale[family], fresh[family]
        if len(olds) == len(news) == 1:
            pairs.append((olds[0], news[0]))
        else:
            pairs += [*((None, line) for line in news), *((line, None) for line in olds)]
    return pairs


def alike(was: Line | None, now: Line | None) -> bool:
    """Return whether a line says the same in both: counts exactly, estimate and limits but for rounding."""
    if was is None or now is None:
        return False
    numbers = zip((was.estimate, was.low, was.high), (now.estimate, now.low, now.high), strict=True)
    return was.counts == now.counts and all(
        a == b if a is None or b is None else math.isclose(a, b, rel_tol=_SAME, abs_tol=_SAME) for a, b in numbers
    )


def crossing(was: Line | None, now: Line | None) -> str:
    """Return in words whether an interval has come to hold or to leave out no effect; "" when neither."""
    if was is None or now is None or None in (sides := (was.excludes_null, now.excludes_null)):
        return ""
    if sides[0] == sides[1]:
        return ""
    return f"{'no longer' if sides[1] else 'now'} crosses {1 if now.is_ratio else 0}"


def change(was: Line | None, now: Line | None) -> float | None:
    """Return the estimate after minus before, of ratios divided by before; None without both."""
    if was is None or now is None or (now.is_ratio and not was.estimate):
        return None
    return now.estimate / was.estimate if now.is_ratio else now.estimate - was.estimate


def _urgency(pair: Pair) -> tuple[bool, bool, float]:
    """Return a key that puts crossings first, then the largest moves, then lines that came or went."""
    was, now = pair
    moved = change(was, now)
    if moved is None or now is None:
        return (True, True, 0.0)
    size = abs(math.log(moved)) if now.is_ratio and moved > 0.0 else abs(moved)
    return (not crossing(was, now), False, -size)


def _row(command: str, was: Line | None, now: Line | None) -> dict[str, Value]:
    line = now or was
    assert line is not None  # a pair has at least one side
    kind = NEW if was is None else GONE if now is None else MOVED
    crossed = crossing(was, now)
    row: dict[str, Value] = {
        "kind": kind,
        "command": command,
        "block": f"{command}: {line.group}",
        "key": line.name,
        "shown_key": f"{line.label[:1].upper()}{line.label[1:]}",
        "measure": line.measure,
        "change": change(was, now),
        "crossing": crossed,
        "shown_k": " to ".join(dict.fromkeys(str(side.counts["k"]) for side in (was, now) if side)),
        "shown_change": "; ".join(_unbroken(text) for text in (_change_words(was, now), crossed) if text),
    }
    for side, values in zip(SIDES, (was, now), strict=True):
        row |= _told(side, values)
    return row


def _told(side: str, line: Line | None) -> dict[str, Value]:
    """Return the columns of one side, empty where it has no such line."""
    numbers = (None, None, None) if line is None else (line.estimate, line.low, line.high)
    row: dict[str, Value] = {
        f"{name}_{side}": value for name, value in zip(("estimate", "low", "high"), numbers, strict=True)
    }
    row |= {f"{name}_{side}": None if line is None else line.counts[name] for name in COUNTS}
    row[f"shown_{side}"] = "" if line is None else _words(line)
    return row


def _words(line: Line) -> str:
    """Return a line in words: RR 1.33 (1.01–1.74)."""
    return effect((line.measure, line.estimate, line.low, line.high), UNICODE)


def _change_words(was: Line | None, now: Line | None) -> str:
    moved = change(was, now)
    if was is None or now is None or moved is None:
        return "new" if was is None else "gone" if now is None else ""
    if math.isclose(moved, 1.0 if now.is_ratio else 0.0, rel_tol=_SAME, abs_tol=_SAME):
        return "same estimate"
    if now.is_ratio:
        return f"× {ratio(moved)}"
    if now.measure in ("rate", "rd"):
        return f"{number(100.0 * moved, 1, UNICODE, sign=True)} points"
    return number(moved, 2, UNICODE, sign=True)


def crossings(rows: Iterable[dict[str, Value]]) -> int:
    """Return how many lines have come to hold or to leave out no effect."""
    return sum(bool(row["crossing"]) for row in rows)


def _unbroken(text: str) -> str:
    """Return words that a narrow column keeps on one line."""
    return text.replace(" ", "\N{NO-BREAK SPACE}")
