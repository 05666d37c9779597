"""What people call a treatment: drug, route, frequency or class, alone or together, and the arms it means."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from ketcli.errors import UsageError, unknown_value
from ketcli.evidence.aliases import ALIASES
from ketcli.evidence.codes import DRUGS, ROUTES, STUDY_DRUGS

# saline and placebo are both inactive; midazolam and niacin are not, since they are felt
# a salt-water infusion is a placebo; midazolam is not, since it is felt
KINDS = {"saline": "placebo"}
CLASSES = {
    "ketamine or esketamine": STUDY_DRUGS,
    "active placebo": ("midazolam", "niacin"),
    "brain stimulation": ("ect", "rtms", "itbs"),
    "conventional": (
        *("antidepressant-sequence", "antidepressant-switch", "quetiapine", "aripiprazole", "lithium"),
        *("bupropion", "venlafaxine", "nortriptyline"),
    ),
    "star-d": ("antidepressant-sequence",),
    "switching": ("antidepressant-switch", "bupropion", "venlafaxine", "nortriptyline"),
    "augmentation": ("quetiapine", "aripiprazole", "lithium", "bupropion"),
}
# the same drug can replace the antidepressant taken so far or be added to it
CLASS_BACKGROUNDS = {"switching": ("monotherapy", ""), "augmentation": ("add-on",)}
# what the table of conventional treatment calls these steps; every row for the class as a whole
STEPS = {"conventional": "", "star-d": "STAR*D", "switching": "switch", "augmentation": "augment"}
FREQUENCIES = {
    "weekly": re.compile(r"(once )?weekly(?! or| to)|once a week"),
    "twice-weekly": re.compile(r"twice (weekly|a week|in one week)"),
    "thrice-weekly": re.compile(r"3x/week|three (times weekly|times a week|a week)|mon-wed-fri"),
}
NEW_ANTIDEPRESSANT = "new-oral-ad"
NEW = "new antidepressant"
FILLERS = ("a", "and", "by", "given", "plus", "with")
_SEPARATORS = re.compile(r"[\s_+-]+")


@dataclass(frozen=True)
class Treatment:
    """One side of a comparison; an empty field does not limit, without `drugs` any study drug is meant."""

    name: str
    drugs: tuple[str, ...] = ()
    route: str = ""
    frequency: str = ""
    backgrounds: tuple[str, ...] = ()
    step: str | None = None

    def admits(self, arm: Mapping[str, object]) -> bool:
        """Return True when a row of the arms table is such a treatment."""
        return (
            arm["drug"] in (self.drugs or STUDY_DRUGS)
            and (not self.route or arm["route"] == self.route)
            and (not self.frequency or frequency(str(arm.get("schedule") or "")) == self.frequency)
            and (not self.backgrounds or arm.get("background", "") in self.backgrounds)
        )


def kind(arm: Mapping[str, object], compared_by: str = "") -> str:
    """Return the name under which an arm is pooled: route and drug; saline is placebo, a lone conventional drug so.

    `compared_by` is the frequency of doses, named only where treatments are compared by it.
    """
    drug = str(arm["drug"])
    if drug in STUDY_DRUGS:
        words = f"{arm['route']} {drug}".strip()
        return f"{words}, {compared_by.replace('-', ' ')}" if compared_by else words
    alone = drug in CLASSES["conventional"] and arm.get("background") == "monotherapy"
    return f"{drug} alone" if alone else KINDS.get(drug, drug)


def began_antidepressant(arm: Mapping[str, object]) -> bool:
    """Return True when a new antidepressant was begun with the treatment."""
    return arm.get("background") == NEW_ANTIDEPRESSANT


def frequency(schedule: str) -> str:
    """Return how often doses were given at first, from the schedule's opening words; "" when it does not say."""
    return next((name for name, words in FREQUENCIES.items() if words.match(schedule.lower())), "")


def parse(text: str) -> Treatment:
    """Return the treatment that words mean: `iv ketamine`, `placebo`, `twice-weekly`, `star-d`, `s-ketamine`.

    Words are joined by blanks, hyphens or plus signs. UsageError with the nearest names for a word that means
    nothing here, and where two words of one sort (two drugs, two routes) contradict each other.
    """
    names = _names()
    parts = [part for part in _SEPARATORS.split(text.strip().lower()) if part]
    found: list[Treatment] = []
    while parts:
        for size in range(len(parts), 0, -1):
            meaning = names.get(" ".join(parts[:size]))
            if meaning is not None:
                found.append(meaning)
                del parts[:size]
                break
        else:
            if parts.pop(0) not in FILLERS:
                raise unknown_value("treatment", text, [name.replace(" ", "-") for name in names])
    if not found:
        raise UsageError(f"{text!r} names no treatment", code="unknown-value", hint="such as ketamine or placebo")
    return _joined(text, found)


def known() -> tuple[str, ...]:
    """Return the names without their aliases, for help and completion."""
    return (*DRUGS, *(code for code in ROUTES if code not in ("mixed", "not-applicable")), *FREQUENCIES, *CLASSES)


def _names() -> dict[str, Treatment]:
    """Return every phrase, words joined by one blank, with its meaning."""
    plain = {code: Treatment(code, drugs=(code,)) for code in DRUGS}
    plain["placebo"] = Treatment("placebo", drugs=("placebo", "saline"))
    for name, drugs in CLASSES.items():
        plain[name] = Treatment(name, drugs, backgrounds=CLASS_BACKGROUNDS.get(name, ()), step=STEPS.get(name))
    plain |= {code: Treatment(code, route=code) for code in ROUTES if code != "not-applicable"}
    plain |= {name: Treatment(name, frequency=name) for name in FREQUENCIES}
    plain[NEW] = Treatment(NEW, backgrounds=(NEW_ANTIDEPRESSANT,))
    plain |= {alias: plain[name] for alias, name in ALIASES.items()}
    return {_SEPARATORS.sub(" ", phrase): meaning for phrase, meaning in plain.items()}


def _joined(text: str, found: list[Treatment]) -> Treatment:
    """Return several meanings as one treatment: every one of them must hold."""
    whole = found[0]
    for other in found[1:]:
        for field in ("drugs", "route", "frequency", "backgrounds"):
            here, there = getattr(whole, field), getattr(other, field)
            if here and there and here != there:
                raise UsageError(
                    f"{text!r} names two treatments: {whole.name} and {other.name}",
                    code="unknown-value",
                    hint="give them as two: ket compare FIRST SECOND",
                )
            whole = replace(whole, **{field: here or there})
        whole = replace(whole, step=other.step if whole.step is None else whole.step)
    order = sorted(found, key=lambda t: (not t.frequency, not t.route, not t.drugs))
    name = " ".join(dict.fromkeys(t.name for t in order if t.name != NEW))
    added = " with a new antidepressant" if NEW in (t.name for t in found) else ""
    return replace(whole, name=f"{name}{added}".strip())
