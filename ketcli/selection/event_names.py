"""The names of side effects: preferred terms, the words sources use for them, and what a reader may type."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from ketcli.errors import unknown_value

if TYPE_CHECKING:
    from ketcli.evidence.load import Evidence

STOPPED = "stopped for an adverse event"
STOPPED_OUTCOME = "discontinued-ae"
SERIOUS = "any serious adverse event"
LASTING = " lasting over 24 h"


def names(evidence: Evidence) -> dict[str, frozenset[str]]:
    """Return every event at hand with the terms that sources use for it, all in lower case."""
    terms: dict[str, set[str]] = {}
    for row in evidence.rows("side_effects"):
        terms.setdefault(row["event"], set()).add(row["term_reported"].lower())
    if any(row["outcome"] == STOPPED_OUTCOME for row in evidence.rows("outcomes")):
        terms[STOPPED] = {STOPPED_OUTCOME, "discontinuation for adverse event"}
    return {event: frozenset(found - {""}) for event, found in terms.items()}


def match(asked: str, known: Mapping[str, frozenset[str]]) -> tuple[str, ...]:
    """Return the events that a typed name means, or raise the usage error that names the nearest.

    A preferred term brings its forms too, each an event of its own: defined by a scale ("dissociation (CADSS above
    4)") or by lasting over 24 h. Else a source's term stands for its event, and else every event counts that has a
    word beginning with each word typed.
    """
    name = " ".join(asked.lower().split())
    forms = [e for e in known if e.lower() == name or e.lower() == name + LASTING or _by_scale(e).lower() == name]
    if forms:
        return tuple(sorted(forms, key=lambda e: (e.lower() != name, e)))
    reported = [e for e, terms in known.items() if name in terms]
    found = reported or [e for e, terms in known.items() if any(_fits(name, text) for text in (e, *terms))]
    if not found or not name:
        raise unknown_value("event", asked, {*known, *(t for terms in known.values() for t in terms)})
    return tuple(sorted(found))


def match_all(asked: Iterable[str], known: Mapping[str, frozenset[str]]) -> tuple[str, ...]:
    """Return the events that several typed names mean, each once, in the order typed."""
    return tuple(dict.fromkeys(event for name in asked for event in match(name, known)))


def related(events: Sequence[str], known: Mapping[str, frozenset[str]]) -> tuple[str, ...]:
    """Return other events whose name holds the whole name of a chosen one ("dizziness postural")."""
    return tuple(e for e in sorted(known) if e not in events and any(_fits(_by_scale(c), e) for c in events))


def is_scale_based(event: str) -> bool:
    """Return True for an event that a rating scale defines: never the same as a spontaneous report."""
    return event.endswith(")")


def _by_scale(event: str) -> str:
    """Return the name of a scale-based event without its scale, any other name as it is."""
    return event.partition(" (")[0] if is_scale_based(event) else event


def _fits(typed: str, text: str) -> bool:
    words = _words(text)
    wanted = _words(typed)
    return bool(wanted) and all(any(word.startswith(part) for word in words) for part in wanted)


def _words(text: str) -> list[str]:
    return re.findall(r"[a-z0-9]+", text.lower())
