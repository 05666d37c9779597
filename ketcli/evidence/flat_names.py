"""The names that columns of a flat file go by, and the words that stand for its codes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType

from ketcli.evidence.aliases import ALIASES
from ketcli.evidence.fields import Field
from ketcli.naming.roles import read_name, squash, text_names

# Names by column, letters and digits only, the surest first.
TEXT_NAMES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "study": text_names("study"),
        "drug": (
            *("drug", "drugname", "medication", "medicine", "substance", "compound", "agent", "treatment"),
            *("medikament", "wirkstoff", "traitement", "medicament", "tratamiento", "farmaco"),
            *("intervention", "condition", "arm", "armname", "group"),
        ),
        "control_drug": ("controldrug", "comparator", "control", "controlarm", "controlcondition", "comparison"),
        "route": (
            "route",
            "routeofadministration",
            "administration",
            "administrationroute",
            "adminroute",
            "roa",
            "voie",
            "via",
        ),
        "outcome": ("outcome", "outcomename", "outcomemeasure", "endpoint", "outcometype", "endpunkt", "critere"),
        "role": text_names("part"),
        "regimen": ("regimen", "regime", "treatmentregimen"),
        "population": ("population", "studypopulation", "patientpopulation"),
        "dose": ("dose", "dosage", "singledose"),
        "scale": ("scale", "ratingscale", "instrument", "questionnaire"),
        "time_anchor": ("timeanchor", "anchor", "countedfrom"),
        "analysis_set": ("analysisset", "analysispopulation", "analysis", "analysed", "analyzed"),
        "design": ("design", "studydesign", "trialdesign"),
        "year": text_names("year"),
        "background": ("background", "backgroundtreatment", "addedto", "concomitant", "concomitanttreatment"),
        "course_days": ("coursedays", "courselengthdays", "courselength"),
        "source_url": ("sourceurl", "url", "link", "webpage", "webaddress"),
    }
)
# a dose of ketamine per kilogram stays below this, a whole dose does not come down to it
LARGEST_DOSE_PER_KG = 10.0
COUNTS = ("events", "total", "control_events", "control_total")
_COUNTED = re.compile(r"(?:n|num|number)(?:of)?[ _.-]*")
_MORE_EVENTS = frozenset(("remitters", "remitter", "remitted", "responded", "responses"))

# Units by what a column of times is called after; "" is a time without a unit, which has to be asked for.
TIME_UNITS: Mapping[str, float | None] = MappingProxyType(
    {
        **dict.fromkeys(("timedays", "days", "day", "timeday", "timed", "dayssincefirstdose", "followupdays"), 1.0),
        **dict.fromkeys(("timeindays", "daysafterfirstdose", "studyday"), 1.0),
        **dict.fromkeys(("tag", "tage", "jour", "jours", "dia", "dias"), 1.0),
        **dict.fromkeys(("timeweeks", "weeks", "week", "timeweek", "timew", "timeinweeks", "followupweeks"), 7.0),
        **dict.fromkeys(("woche", "wochen", "semaine", "semaines", "semana", "semanas"), 7.0),
        **dict.fromkeys(("timehours", "hours", "hour", "timehour", "timeh", "timeinhours", "hrs"), 1.0 / 24.0),
        **dict.fromkeys(("stunde", "stunden", "heure", "heures", "hora", "horas"), 1.0 / 24.0),
        **dict.fromkeys(("time", "timepoint", "followup", "assessmenttime", "visit"), None),
    }
)
_UNIT = r"(min|minutes?|h|hrs?|hours?|d|days?|w|wks?|weeks?)"
_AMOUNT = r"(\d+(?:[.,]\d+)?)"
# after the treatment is another time than after the first dose: what follows a time may be the dose alone
_DOSING = r"(?:dose|infusion|injection|administration)"
_AFTER = rf"(?:\s*(?:post|after|since|from)(?:[ -]*(?:the\s*)?(?:first|1st)?\s*{_DOSING})?)?"
_CELL_TIME = re.compile(rf"(?:t\s*=?\s*|at\s+|~\s*)?{_AMOUNT}\s*-?\s*{_UNIT}\.?{_AFTER}", re.IGNORECASE)
_VISIT = re.compile(rf"(?:at\s+)?{_UNIT}\s*[-=]?\s*{_AMOUNT}", re.IGNORECASE)
_UNIT_DAYS = MappingProxyType({"m": 1.0 / 1440.0, "h": 1.0 / 24.0, "d": 1.0, "w": 7.0})

_WORDS: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "outcome": {
            **dict.fromkeys(("responder", "responders", "responded", "responserate"), "response"),
            **dict.fromkeys(("ansprechen", "reponse", "respuesta"), "response"),
            **dict.fromkeys(("remitter", "remitters", "remitted", "remissionrate", "remision"), "remission"),
        },
        "drug": {
            **dict.fromkeys(("ketamin", "ketamina"), "ketamine"),
            **dict.fromkeys(("esketamin", "esketamina", "sketamin", "sketamina"), "esketamine"),
        },
        "regimen": {"single": "single-dose", "onedose": "single-dose", "repeatedcourse": "repeated"},
        "analysis_set": {"intentiontotreat": "itt", "intenttotreat": "itt", "completer": "completers"},
        "role": {
            **dict.fromkeys(("treatment", "experimental", "intervention", "treated"), "active"),
            **dict.fromkeys(("placebo", "comparator", "reference"), "control"),
        },
    }
)


def text_rank(field: str, name: str) -> int | None:
    """Return the place of a column's name among the names of a field, the surest 0; None when not among them."""
    names = TEXT_NAMES.get(field, ())
    return names.index(squash(name)) if squash(name) in names else None


def count_role(name: str) -> tuple[str, int] | None:
    """Return which count a column's name stands for and how plainly (higher is plainer), None for none.

    `n_responders` is the number of responders, not a total beside one.
    """
    reading = read_name(name)
    if reading is None:
        rest = _COUNTED.sub("", name.lower(), count=1)
        reading = read_name(rest) if rest != name.lower() else None
        if squash(rest) in _MORE_EVENTS:
            return "events", 1
    return (reading.role, reading.rank) if reading is not None and reading.role in COUNTS else None


def means_something(name: str) -> bool:
    """Return whether a column's name is known anywhere here, by which a delimiter is told."""
    return (
        squash(name) in TIME_UNITS
        or read_name(name) is not None
        or count_role(name) is not None
        or any(squash(name) in names for names in TEXT_NAMES.values())
    )


def in_days(text: str) -> float | None:
    """Return a time that carries its unit (24 h, 2 weeks, day 7, t=2h) in days, None when it carries none."""
    if found := _CELL_TIME.fullmatch(text.strip()):
        return _number(found[1]) * _UNIT_DAYS[found[2][0].lower()]
    if found := _VISIT.fullmatch(text.strip()):
        return _number(found[2]) * _UNIT_DAYS[found[1][0].lower()]
    return None


def _number(text: str) -> float:
    return float(text.replace(",", "."))


@dataclass(frozen=True)
class Treatment:
    """What a cell says of a treatment: its drug and, where they stand beside it, route and dose ("" if not)."""

    drug: str
    route: str
    dose: str


_DOSE = re.compile(r"(\d+(?:[.,]\d+)?)\s*mg(?:\s*/\s*kg)?(?:\s*/\s*\d*\s*(?:min|h|hr|d|day))?\b", re.IGNORECASE)
_BESIDE_DRUGS = frozenset(
    ("infusion", "infusions", "hcl", "hydrochloride", "spray", "single", "dose", "arm", "group", "the", "of")
)


def as_dose(text: str) -> str:
    """Return the number of a dose in mg/kg below 10 or in mg from 10 (which is how doses are kept), else ""."""
    found = _DOSE.fullmatch(text.strip())
    number = found[1].replace(",", ".") if found else ""
    return number if number and ("kg" in text.lower()) == (float(number) < LARGEST_DOSE_PER_KG) else ""


def as_treatment(drug: Field, route: Field, text: str) -> Treatment | None:
    """Return the treatment in a cell such as `Ket IV 0.5mg/kg`, None when its words are not all understood."""
    doses = _DOSE.findall(text)
    words = [word for word in re.split(r"[\s;]+|,\s+", _DOSE.sub(" ", text)) if squash(word)]
    routes = [code for word in words if (code := as_code(route, word))]
    rest = [w for w in words if not as_code(route, w) and squash(w) not in _BESIDE_DRUGS]
    found = as_code(drug, " ".join(rest)) if rest else None
    if found is None or len(doses) > 1 or len(set(routes)) > 1:
        return None
    dose = next((as_dose(whole[0]) for whole in _DOSE.finditer(text)), "")
    return Treatment(found, routes[0] if routes else "", dose) if bool(dose) == bool(doses) else None


def as_code(field: Field, text: str) -> str | None:
    """Return the code of a column that a word stands for (Ketamine, i.v., responders), None when there is none."""
    wanted = squash(text)
    for code in field.codes or ():
        if squash(code) == wanted:
            return code
    if field.name in _WORDS and wanted in _WORDS[field.name]:
        return _WORDS[field.name][wanted]
    found = _aliases().get(wanted, "")
    if found in (field.codes or ()):
        return found
    words = text.split()
    plain = [word for word in words if squash(word) not in _BESIDE_DRUGS]
    return as_code(field, " ".join(plain)) if field.name == "route" and 0 < len(plain) < len(words) else None


@cache
def _aliases() -> Mapping[str, str]:
    """Return the aliases by their letters and digits."""
    return {squash(alias): code for alias, code in ALIASES.items()}
