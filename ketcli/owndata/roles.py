"""The parts a column of somebody's own table can play, the names each goes by, and how a name is read."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

TREATED, CONTROL, BEFORE = "treated", "control", "before"


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
        Role("percent", "", "percent with the event (of the treated arm)"),
        Role("control_percent", "", "percent with the event in the control arm"),
    )
    return MappingProxyType({row.name: row for row in rows})


ROLES: Mapping[str, Role] = _roles()

# Names that mean one thing in the packages people export from, letters and digits only.
_EXACT: Mapping[str, str] = MappingProxyType(
    {
        **{"ai": "events", "bi": "nonevents", "ci": "control_events", "di": "control_nonevents"},
        **{"n1i": "total", "n2i": "control_total", "xi": "events", "ni": "total"},
        **{"nti": "total", "nci": "control_total", "m1i": "mean", "m2i": "control_mean"},
        **{"sd1i": "sd", "sd2i": "control_sd", "sdpre": "pre_sd", "sdpost": "sd"},
        **{"tpos": "events", "tneg": "nonevents", "cpos": "control_events", "cneg": "control_nonevents"},
        **{"yi": "yi", "te": "yi", "vi": "vi", "sei": "se", "sete": "se", "ri": "correlation"},
    }
)
# Words that mean one thing; a package's own name beside them goes first.
_WORDS: Mapping[str, str] = MappingProxyType(
    {
        **dict.fromkeys(("effect", "effectsize", "es", "estimate", "smd", "hedgesg", "cohend", "cohensd"), "yi"),
        **dict.fromkeys(("md", "lnor", "logor", "lnrr", "logrr", "lnhr", "loghr"), "yi"),
        **dict.fromkeys(("variance", "var", "sampvar", "samplingvariance"), "vi"),
        **dict.fromkeys(("se", "stderr", "stderror", "standarderror"), "se"),
        **dict.fromkeys(("r", "corr", "correlation"), "correlation"),
    }
)
_TEXT: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "study": (
            *("study", "studyid", "studyname", "studlab", "slab", "trial", "trialid", "trialname", "label"),
            *("author", "authors", "firstauthor", "publication", "reference", "paper", "name", "source", "id"),
        ),
        "author": ("author", "authors", "firstauthor"),
        "year": ("year", "pubyear", "publicationyear"),
        "arm": ("arm", "armid", "armname", "armlabel", "group", "groupname", "treatment", "intervention", "trt"),
        "part": ("role", "armrole", "armtype", "grouptype", "part"),
        "crossover": ("crossover", "iscrossover", "period", "design", "studydesign", "trialdesign"),
    }
)
_QUANTITIES: Mapping[str, str] = MappingProxyType(
    {
        **dict.fromkeys(("events", "event", "cases", "case", "responders", "responder", "successes"), "events"),
        **dict.fromkeys(("success", "affected", "positive", "pos", "deaths", "died", "dead", "x"), "events"),
        **dict.fromkeys(("nonevents", "nonevent", "noevents", "negative", "neg", "nonresponders"), "nonevents"),
        **dict.fromkeys(("total", "totals", "n", "size", "samplesize", "participants", "patients"), "total"),
        **dict.fromkeys(("denominator", "randomised", "randomized", "analysed", "analyzed", "people"), "total"),
        **dict.fromkeys(("mean", "means", "m", "average", "avg"), "mean"),
        **dict.fromkeys(("sd", "stdev", "stddev", "standarddeviation"), "sd"),
        **dict.fromkeys(("percent", "pct", "percentage", "perc"), "percent"),
    }
)
# Letters that count events only beside an arm: e1, r2.
_WITH_ARM = ("e", "r")
_ARMS: Mapping[str, str] = MappingProxyType(
    {
        **dict.fromkeys(("treatment", "treated", "treat", "trt", "tx", "t", "e", "exp", "experimental"), TREATED),
        **dict.fromkeys(("intervention", "active", "drug", "1"), TREATED),
        **dict.fromkeys(("post", "after", "end", "endpoint"), "after"),
        **dict.fromkeys(("control", "controls", "ctrl", "ctl", "c", "con", "comparator", "comparison"), CONTROL),
        **dict.fromkeys(("placebo", "plac", "pla", "pbo", "2"), CONTROL),
        **dict.fromkeys(("pre", "before", "baseline", "base"), BEFORE),
    }
)
_FILLERS = frozenset(("of", "in", "the", "number", "no", "num", "arm", "group", "grp", "count", "with", "i"))
_BOUNDS: Mapping[str, str] = MappingProxyType(
    {
        **dict.fromkeys(("low", "lower", "lb", "lcl", "ll", "lo", "lci", "cilow", "cilower"), "ci_low"),
        **dict.fromkeys(("lowerci", "cilb", "lowerlimit", "lower95", "lowerbound"), "ci_low"),
        **dict.fromkeys(("high", "upper", "ub", "ucl", "ul", "hi", "uci", "cihigh", "ciupper"), "ci_high"),
        **dict.fromkeys(("upperci", "ciub", "upperlimit", "upper95", "upperbound"), "ci_high"),
    }
)
RATIOS = frozenset(("or", "rr", "hr", "irr", "oddsratio", "riskratio", "relativerisk", "hazardratio", "rateratio"))
LOG_RATIOS = frozenset(("lnor", "logor", "lnrr", "logrr", "lnhr", "loghr"))


@dataclass(frozen=True)
class Reading:
    """What a column's name says: the role, and how plainly (3 a package's own name, 2 with an arm, 1 bare)."""

    role: str
    rank: int


def squash(name: str) -> str:
    """Return the letters and digits of a name in lower case, by which names are compared."""
    return re.sub(r"[^a-z0-9]", "", name.lower())


def read_name(name: str) -> Reading | None:
    """Return the numeric role a column name stands for, None when it says nothing."""
    plain = squash(name)
    if plain in _EXACT:
        return Reading(_EXACT[plain], 3)
    if plain in _WORDS:
        return Reading(_WORDS[plain], 2)
    words = _split(name)
    if bound := _bound(words):
        return Reading(bound, 1)
    if plain in RATIOS:
        return Reading("yi", 1)
    return _count(words)


def text_names(role: str) -> tuple[str, ...]:
    """Return the names a text role goes by, the surest first."""
    return _TEXT.get(role, ())


def _split(name: str) -> list[str]:
    """Split a name at signs, capitals and between letters and digits: `nTreat`, `n.treat` and `n_1` alike."""
    spaced = re.sub(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Za-z])(?=[0-9])|(?<=[0-9])(?=[A-Za-z])", " ", name)
    words = [word for word in re.split(r"[^a-z0-9]+", spaced.lower()) if word]
    joined = "".join(words)
    for pair in ("standarddeviation", "samplesize", "nonevents", "nonresponders"):
        if pair in joined and pair not in words:
            rest = joined.replace(pair, "", 1)
            return [pair, *([rest] if rest else [])]
    return words


def _bound(words: list[str]) -> str | None:
    """Return ci_low or ci_high when the words name a limit, of an interval or of a ratio."""
    rest = [word for word in words if word not in RATIOS and word not in ("ci", "95", "limit", "bound", "i")]
    joined = "".join(rest)
    return _BOUNDS.get(joined) if rest else None


def _count(words: list[str]) -> Reading | None:
    """Return the role of a quantity word with or without an arm word; None when another word stands there."""
    kept = [word for word in words if word not in _FILLERS]
    arms = [word for word in kept if word in _ARMS and word not in _QUANTITIES]
    quantities = [word for word in kept if word in _QUANTITIES]
    if len(quantities) > 1 and "n" in quantities:  # n events, n total
        kept.remove("n")
        quantities.remove("n")
    if not quantities and len(kept) == 2 and kept[0] in _WITH_ARM and kept[1] in _ARMS:
        quantities, arms = [kept[0]], [kept[1]]
    if len(quantities) != 1 or len(arms) > 1 or len(quantities) + len(arms) != len(kept):
        return None
    quantity = "events" if quantities[0] in _WITH_ARM else _QUANTITIES[quantities[0]]
    return _with_arm(quantity, _ARMS[arms[0]] if arms else "")


def _with_arm(quantity: str, arm: str) -> Reading | None:
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
