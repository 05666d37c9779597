"""Whom a question is about: what may be given of a person, checked, and which levels of a factor are theirs."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from ketcli.errors import UsageError, unknown_value
from ketcli.selection.aspects import ASPECTS

OLDEST = 120
MOST_FAILURES = 50
SEXES = {"female": "female", "f": "female", "woman": "female", "male": "male", "m": "male", "man": "male"}
COMORBID = "comorbid-"
_SPAN = re.compile(r"(\d+)(?:-(\d+)|-(plus))?(?:-|$)")
_ABSENT = re.compile(r"without|non|no[- ]|not|never|absent|(?:.*-)?naive$")


@dataclass(frozen=True)
class Span:
    """Whole numbers from `low` to `high`, both included; without `high` there is no end."""

    low: int
    high: int | None = None

    def holds(self, value: float) -> bool:
        """Return True when a value lies in the span."""
        return self.low <= value < (math.inf if self.high is None else self.high + 1)

    def __str__(self) -> str:
        """Return the span in words: 65 and over, 13 to 17."""
        return f"{self.low} and over" if self.high is None else f"{self.low} to {self.high}"


@dataclass(frozen=True)
class Trait:
    """Something given of a person, named by `words`; `fits` tells whether a level of its factor is theirs."""

    factor: str
    words: str
    fits: Callable[[str], bool]


@dataclass(frozen=True)
class Person:
    """Whom a question is about; None and empty when not given. `has` maps factor codes to present or absent."""

    age: int | None = None
    sex: str = ""
    prior_failures: int | None = None
    has: tuple[tuple[str, bool], ...] = ()

    @property
    def traits(self) -> tuple[Trait, ...]:
        """Return everything given, each with its factor and a test for the levels that studies report."""
        found = []
        if self.age is not None:
            found.append(Trait("age", f"age {self.age}", _holding(self.age)))
        if self.sex:
            found.append(Trait("sex", f"sex {self.sex}", self.sex.__eq__))
        if self.prior_failures is not None:
            words = f"prior failures {self.prior_failures}"
            found.append(Trait("prior-failures", words, _holding(self.prior_failures)))
        for factor, present in self.has:
            words = ("" if present else "no ") + factor.removeprefix(COMORBID)
            found.append(Trait(factor, words, _present if present else _absent))
        return tuple(found)


def person(
    *,
    age: int | None = None,
    sex: str | None = None,
    prior_failures: int | None = None,
    anxiety: bool | None = None,
    comorbidity: Iterable[str] = (),
    having: Iterable[str] = (),
) -> Person:
    """Return a person from what was typed; UsageError for impossible numbers and unknown names.

    `comorbidity` names conditions (ptsd, pain ...), `having` any other factor of the dataset, by its code.
    """
    _possible("age", age, OLDEST, "years")
    _possible("number of prior failures", prior_failures, MOST_FAILURES, "treatments")
    if sex is not None and sex.lower() not in SEXES:
        raise unknown_value("sex", sex, SEXES)
    has: dict[str, bool] = {}
    if anxiety is not None:
        has[f"{COMORBID}anxiety"] = anxiety
    conditions = {code.removeprefix(COMORBID): code for codes in ASPECTS.values() for code in codes}
    conditions = {name: code for name, code in conditions.items() if code.startswith(COMORBID)}
    for name in _parts(comorbidity):
        code = conditions.get(name.removeprefix(COMORBID))
        if code is None:
            raise unknown_value("comorbidity", name, conditions)
        if has.setdefault(code, True) is False:
            raise UsageError(
                "anxiety is given both as present and as absent",
                code="contradiction",
                hint="give --anxiety or --no-anxiety",
            )
    others = {code for codes in ASPECTS.values() for code in codes} - {"age", "sex", "prior-failures"}
    for name in _parts(having):
        if name not in others:
            raise unknown_value("factor", name, others)
        has[name] = True
    return Person(age, SEXES[sex.lower()] if sex else "", prior_failures, tuple(has.items()))


def span(level: str) -> Span | None:
    """Return the numbers that a level means: `65-74`, `75-plus`, `0-failed`; None for a level of another kind."""
    match = _SPAN.match(level)
    if match is None:
        return None
    low = int(match[1])
    return Span(low, None if match[3] else int(match[2] or low))


def _possible(what: str, value: int | None, most: int, unit: str) -> None:
    if value is not None and not 0 <= value <= most:
        raise UsageError(
            f"the {what} {value} is not possible", code="out-of-range", hint=f"give 0 to {most} {unit}"
        )


def _parts(given: Iterable[str]) -> list[str]:
    return [part.strip().lower() for item in given for part in item.split(",") if part.strip()]


def _holding(value: int) -> Callable[[str], bool]:
    def fits(level: str) -> bool:
        found = span(level)
        return found is not None and found.holds(value)

    return fits


def _absent(level: str) -> bool:
    """Return True for a level of people without a condition: `without-anxiety`, `nonanxious`, `no-prior-ect`."""
    return _ABSENT.match(level) is not None


def _present(level: str) -> bool:
    return not _absent(level)
