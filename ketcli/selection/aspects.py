"""The flags of `ket factors`: which factor codes each asks for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from ketcli.errors import UsageError, unknown_value
from ketcli.evidence.codes import ROUTES

# What each flag of `ket factors` asks for; every factor code of the dataset stands in exactly one of them.
# Medicines taken at the same time belong to the protocol, age of onset to age, menopause to sex. Health is the
# state and the history people came with, other than diagnosed comorbidity and earlier treatment.
ASPECTS: Mapping[str, tuple[str, ...]] = {
    "dose": ("dose",),
    "frequency": ("frequency", "number-of-infusions"),
    "route": ("route", "formulation"),
    "concomitant": (
        *("adjunct-cbt", "adjunct-lithium", "adjunct-psychotherapy", "adjunct-riluzole"),
        *("antipsychotic", "benzodiazepine"),
    ),
    "age": ("age", "age-of-onset"),
    "sex": ("sex", "menopause"),
    "health": (
        *("bmi", "severity", "duration-of-episode", "diagnosis", "comorbid-medical", "cognition-moca"),
        *(
            "inpatient-status",
            "suicide-attempt-history",
            "childhood-trauma",
            "family-history-alcohol",
            "employment",
        ),
    ),
    "comorbidity": (
        *("comorbid-anxiety", "comorbid-ptsd", "comorbid-substance-use", "comorbid-personality"),
        *("comorbid-pain", "comorbid-psychiatric-any"),
    ),
    "prior-treatment": ("prior-failures", "prior-ect", "prior-neurostimulation", "prior-hospitalisation"),
    "biomarker": ("biomarker-bdnf-val66met", "biomarker-inflammation"),
    "other": ("early-response", "acute-dissociation", "composite", "region", "study-design", "treatment"),
}
# Flags that stand for several others.
WIDER = {"protocol": ("dose", "frequency", "route", "concomitant")}


def codes_of(aspects: Iterable[str], factors: Iterable[str] = ()) -> tuple[str, ...]:
    """Return the factor codes that aspects (flags) and single factors ask for; unknown names are refused.

    A name such as `route` is both: as an aspect it stands for its whole group, as a factor for itself.
    """
    known = {code: (code,) for codes in ASPECTS.values() for code in codes}
    groups = {**ASPECTS, **{name: sum((ASPECTS[part] for part in parts), ()) for name, parts in WIDER.items()}}
    chosen: list[str] = []
    for names, meanings in ((aspects, {**known, **groups}), (factors, {**groups, **known})):
        for name in names:
            if name not in meanings:
                raise unknown_value("factor", name, meanings)
            chosen += meanings[name]
    return tuple(dict.fromkeys(chosen))


def check_names(names: Iterable[str]) -> None:
    """Refuse a route typed behind the flag --route, which takes none here, with the option that does."""
    for name in names:
        if name in ROUTES:
            raise UsageError(
                f"--route takes no value here, but {name!r} was given",
                code="flag-with-value",
                hint=f"write --via {name} to limit the rows to this route",
            )
