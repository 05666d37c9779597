"""The parts a column of somebody's own table can play, the names each goes by, and how a name is read."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from ketcli.naming.vocabulary import (
    ARMS,
    BOUNDS,
    COUNTERS,
    EFFECTS,
    EXACT,
    FILLERS,
    LOG_RATIOS,
    OF_LIMITS,
    QUANTITIES,
    RATIOS,
    SHARES,
    TEXT,
    WITH_ARM,
    WORDS,
)


@dataclass(frozen=True)
class Role:
    """One part: its name, the command-line option that names its column, what it holds and whether in numbers."""

    name: str
    option: str
    meaning: str
    numeric: bool = True


def _roles() -> Mapping[str, Role]:
    rows = (
        Role("study", "--study", "name of the study", numeric=False),
        Role("author", "", "first author", numeric=False),
        Role("year", "", "year of publication", numeric=False),
        Role("arm", "--arm", "name of the arm, one row per arm", numeric=False),
        Role("part", "--role", "whether the arm is active or control", numeric=False),
        Role("crossover", "--crossover", "whether, or which period of, a crossover the row is", numeric=False),
        Role("cluster", "--cluster", "what groups rows that are not independent", numeric=False),
        Role("events", "--events", "people with the event (of the treated arm)"),
        Role("nonevents", "", "people without the event (of the treated arm)"),
        Role("total", "--total", "people (of the treated arm)"),
        Role("control_events", "--control-events", "people with the event in the control arm"),
        Role("control_nonevents", "", "people without the event in the control arm"),
        Role("control_total", "--control-total", "people in the control arm"),
        Role("mean", "--mean", "mean (of the treated arm, or after treatment)"),
        Role("sd", "--sd", "standard deviation (of the treated arm, or after treatment)"),
        Role("control_mean", "--control-mean", "mean of the control arm"),
        Role("control_sd", "--control-sd", "standard deviation of the control arm"),
        Role("pre_mean", "--pre-mean", "mean before treatment"),
        Role("pre_sd", "--pre-sd", "standard deviation before treatment"),
        Role("correlation", "--r", "correlation of before and after"),
        Role("yi", "--yi", "the effect"),
        Role("vi", "--vi", "its sampling variance"),
        Role("se", "--se", "its standard error"),
        Role("ci_low", "--ci-low", "lower limit of its interval"),
        Role("ci_high", "--ci-high", "upper limit of its interval"),
        Role("arm_se", "", "standard error of the mean (of the treated arm)"),
        Role("control_se", "", "standard error of the mean of the control arm"),
        Role("percent", "", "percent with the event (of the treated arm)"),
        Role("control_percent", "", "percent with the event in the control arm"),
    )
    return MappingProxyType({row.name: row for row in rows})


ROLES: Mapping[str, Role] = _roles()


@dataclass(frozen=True)
class Reading:
    """What a column's name says: the role, and how plainly (3 a package's own name, 2 with an arm, 1 bare)."""

    role: str
    rank: int


def squash(name: str) -> str:
    """Return the letters and digits of a name in lower case and without accents, by which names are compared."""
    return re.sub(r"[^a-z0-9]", "", _folded(name).lower())


def _folded(name: str) -> str:
    """Return a name without accents: `Étude` and `etude` are one."""
    if name.isascii():
        return name
    return "".join(c for c in unicodedata.normalize("NFKD", name) if not unicodedata.combining(c))


def read_name(name: str) -> Reading | None:
    """Return the numeric role a column name stands for, None when it says nothing."""
    plain = squash(name)
    if plain in EXACT:
        return Reading(EXACT[plain], 3)
    if plain in WORDS or plain in LOG_RATIOS:
        return Reading(WORDS.get(plain, "yi"), 2)
    if error := _error_of(plain):
        return Reading(error, 2)
    words = _split(name)
    if bound := _bound(words):
        return Reading(bound, 1)
    if plain in RATIOS:
        return Reading("yi", 1)
    return _count(words)


def read_other_arm(name: str) -> tuple[str, str] | None:
    """Return the quantity that a name holds and the word beside it that may be an arm, None for other names.

    `Events (ketamine)` is events of ketamine; what that is to the other columns the other columns say.
    """
    kept = [word for word in _split(name) if word not in FILLERS]
    quantities = _counted([word for word in kept if word in QUANTITIES])
    others = [word for word in kept if word not in QUANTITIES]
    if read_name(name) is not None or len(quantities) != 1 or not others or any(word in ARMS for word in others):
        return None
    if "percent" in (QUANTITIES[word] for word in kept if word in QUANTITIES):
        return None
    return QUANTITIES[quantities[0]], "".join(others)


def quantity_of(name: str) -> str:
    """Return the one quantity that a name speaks of (events, total, mean ...), "" for none or for several."""
    found = {QUANTITIES[word] for word in _counted([w for w in _split(name) if w in QUANTITIES])} - {"percent"}
    return found.pop() if len(found) == 1 else ""


def without_quantity(name: str) -> str:
    """Return the words of a name that are neither quantities nor what is counted: the arm, where it names one."""
    return " ".join(word for word in _split(name) if word not in QUANTITIES and word not in (*SHARES, "of"))


def _error_of(plain: str) -> str | None:
    """Return se or vi for the name of an error that goes on with what it is the error of."""
    for prefix, role in (
        ("se", "se"),
        ("stderr", "se"),
        ("standarderror", "se"),
        ("var", "vi"),
        ("variance", "vi"),
    ):
        rest = plain.removeprefix(prefix).removeprefix("of")
        if plain.startswith(prefix) and (rest in EFFECTS or rest in LOG_RATIOS):
            return role
        rest = plain.removesuffix(prefix)
        if plain.endswith(prefix) and (rest in EFFECTS or rest in LOG_RATIOS):
            return role
    return None


def text_names(role: str) -> tuple[str, ...]:
    """Return the names a text role goes by, the surest first."""
    return TEXT.get(role, ())


def _split(name: str) -> list[str]:
    """Split a name at signs, capitals and between letters and digits: `nTreat`, `n.treat` and `n_1` alike.

    A percent sign is the word percent.
    """
    spaced = re.sub(
        r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])|(?<=[A-Za-z])(?=[0-9])|(?<=[0-9])(?=[A-Za-z])",
        " ",
        _folded(name).replace("%", " percent "),
    )
    words = [word for word in re.split(r"[^a-z0-9]+", spaced.lower()) if word]
    joined = "".join(words)
    for pair in (
        "standarddeviation",
        "standarderror",
        "samplesize",
        "nonevents",
        "noevent",
        "nonresponders",
        "ecarttype",
    ):
        if pair in joined and pair not in words:
            rest = joined.replace(pair, "", 1)
            return [pair, *([rest] if rest else [])]
    return words


def _bound(words: list[str]) -> str | None:
    """Return ci_low or ci_high when the words name a limit, of an interval or of a ratio."""
    rest = [word for word in words if word not in RATIOS and word not in OF_LIMITS]
    joined = "".join(rest)
    return BOUNDS.get(joined) if rest else None


def _counted(quantities: list[str]) -> list[str]:
    """Return the quantities without what only counts another: n events, n (%), n total."""
    for counter in COUNTERS:
        if len(quantities) > 1 and counter in quantities:
            quantities = [word for word in quantities if word != counter]
    return quantities


def _count(words: list[str]) -> Reading | None:
    """Return the role of a quantity word with or without an arm word; None when another word stands there."""
    kept = [word for word in words if word not in FILLERS]
    arms = [word for word in kept if word in ARMS and word not in QUANTITIES]
    quantities = [word for word in kept if word in QUANTITIES]
    others = len(kept) - len(arms) - len(quantities)
    if "percent" in (QUANTITIES[word] for word in quantities):  # responders (%); n (%) may be either
        others -= sum(word in SHARES for word in kept)
        others += sum(QUANTITIES[word] not in ("events", "percent") for word in quantities)
        quantities = ["percent"]
    quantities = _counted(quantities)
    if not quantities and len(kept) == 2 and kept[0] in WITH_ARM and kept[1] in ARMS:
        quantities, arms, others = [kept[0]], [kept[1]], 0
    if len(arms) > 1:  # after treatment, in an arm
        arms = [word for word in arms if ARMS[word] != "after"]
    if len(quantities) != 1 or len(arms) > 1 or others:
        return None
    quantity = "events" if quantities[0] in WITH_ARM else QUANTITIES[quantities[0]]
    return _with_arm(quantity, ARMS[arms[0]] if arms else "")


def _with_arm(quantity: str, arm: str) -> Reading | None:
    if quantity == "se":  # without an arm it is the error of an effect
        role = {"control": "control_se", "treated": "arm_se"}.get(arm)
        return Reading(role, 2) if role else None
    match arm:
        case "control":
            return Reading(f"control_{quantity}", 2)
        case "before":
            return Reading(f"pre_{quantity}", 2) if quantity in ("mean", "sd") else None
        case "treated":
            return Reading(quantity, 2)
        case "after":
            return Reading(quantity, 2) if quantity in ("mean", "sd") else None
        case _:
            return Reading(quantity, 1)
