"""What `ket pool` is asked to do: typed choices checked against the data, defaults filled in, and said in words."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from ketcli.errors import UsageError, unknown_value
from ketcli.owndata.shapes import Kind
from ketcli.stats.effects.transforms import MEASURES
from ketcli.summaries.pool.styles import find_style
from ketcli.summaries.pooling import INTERVALS, TAU2_METHODS, TESTS, as_level

MODELS = ("random", "common", "mh", "peto", "glmm", "three-level")
PREDICTIONS = {"v": "V", "hts": "HTS", "hk": "HK", "z": "z", "none": "none"}
VARIANCES = ("LS", "LS2", "UB", "RevMan", "HO")
DEFAULT_MEASURE: dict[Kind, str] = {
    "proportion": "PLO",
    "two-arm": "RR",
    "mean": "MD",
    "change": "SMCR",
    "generic": "GEN",
}
# The measures that weights other than inverse variances exist for.
MH_MEASURES = ("RR", "OR", "RD")
TACC = "tacc"
WHERE = ("only0", "all", "if0all", "none")


@dataclass(frozen=True)
class Wanted:
    """What was typed, as it was typed; None where nothing was."""

    measure: str | None = None
    model: str | None = None
    tau2: str | None = None
    test: str | None = None
    level: float | None = None
    correction: str | None = None
    prediction: str | None = None
    i2: str | None = None
    style: str | None = None
    scale: str | None = None
    interval: str | None = None
    variance: str | None = None
    effects_are: str | None = None
    control_risk: float | None = None


@dataclass(frozen=True)
class Plan:
    """Every choice that shapes a number.

    `test` is cr2 too with the three-level model. `correction` is a number or tacc and `where` says which tables
    get it; `mh_correction` is what Mantel-Haenszel adds to zero cells (0: nothing). `cells`, `correct_effect`,
    `hedges`, `mh_q` and `glmm_test` belong to presets. `typed` names the choices the user made.
    """

    measure: str
    model: str
    tau2: str = "REML"
    test: str = "adhoc"
    level: float = 0.95
    correction: float | str = 0.5
    where: str = "only0"
    mh_correction: float = 0.0
    prediction: str = "V"
    i2: str = "tau2"
    style: str = ""
    scale: str = "natural"
    interval: str = "wilson"
    variance: str = "LS"
    hedges: str = "exact"
    cells: str = "all"
    correct_effect: bool = True
    mh_q: bool = False
    glmm_test: str = "t"
    effects_are: str = ""
    control_risk: float | None = None
    typed: frozenset[str] = field(default_factory=frozenset)

    @property
    def percent(self) -> str:
        """Return the level as people write it: 95 %."""
        return f"{100 * self.level:g} %"

    @property
    def ratio(self) -> bool:
        """Return whether effects are ratios whose logarithms are analysed."""
        return MEASURES[self.measure].ratio or (self.measure == "GEN" and self.effects_are in ("ratio", "log"))

    @property
    def natural(self) -> bool:
        """Return whether estimates are shown on the natural scale."""
        return self.scale == "natural"


def kind_wanted(wanted: Wanted) -> Kind | None:
    """Return the kind of results that the typed measure, or a model of counts, needs; None when any will do."""
    if wanted.measure:
        return MEASURES[_choice("--measure", wanted.measure.upper(), MEASURES)].kind
    if wanted.model and _choice("--model", wanted.model.lower(), MODELS) in ("mh", "peto"):
        return "two-arm"
    return None


def settle(wanted: Wanted, kind: Kind, *, clustered: bool, scale: str = "") -> Plan:
    """Return the plan for results of this kind: typed choices first, then those of a preset, then the defaults.

    `clustered` says that rows belong to clusters; `scale` is what the name of the effects' column says of them.
    Raises UsageError for unknown names and for choices that exclude each other.
    """
    style = find_style(wanted.style) if wanted.style else None
    measure = wanted.measure.upper() if wanted.measure else _measure(kind, wanted)
    model = _model(measure, wanted, kind, style.models.get(kind, "") if style else "", clustered=clustered)
    plan = Plan(measure, model, style=style.name if style else "", effects_are=scale)
    if style:
        plan = replace(plan, **dict(style.choices))  # type: ignore[arg-type]
        if model == "three-level" and plan.test == "iqwig6":
            plan = replace(plan, test="adhoc")
    typed = {name: value for name, value in vars(wanted).items() if value is not None}
    plan = replace(plan, **_checked(wanted), typed=frozenset(typed))  # type: ignore[arg-type]
    return _fitting(plan, kind)


def _measure(kind: Kind, wanted: Wanted) -> str:
    """Return the measure of a kind, or the one that the typed model is about."""
    model = (wanted.model or "").lower()
    if kind == "two-arm" and model in ("peto", "glmm"):
        return "PETO" if model == "peto" else "OR"
    return DEFAULT_MEASURE[kind]


def _model(measure: str, wanted: Wanted, kind: Kind, preset: str, *, clustered: bool) -> str:
    if wanted.model:
        model = _choice("--model", wanted.model.lower(), MODELS)
        if clustered and model != "three-level":
            raise UsageError(
                f"--model {model} takes rows for independent, which clusters and arms kept apart are not",
                code="option-conflict",
                hint="leave --model out for the three-level model, or leave out --cluster or --keep-arms",
            )
    elif clustered:
        model = "three-level"
    elif preset and (preset != "mh" or measure in MH_MEASURES):
        model = preset
    elif (
        wanted.tau2 or (wanted.test or "").lower() in ("adhoc", "knha") or (wanted.prediction or "").lower() == "hk"
    ):
        model = "random"  # what was typed means something in this model alone
    else:
        model = {"PLO": "glmm", "PETO": "peto"}.get(measure, "random")
    fits = {
        "mh": measure in MH_MEASURES,
        "peto": measure == "PETO",
        "glmm": measure in ("PLO", "OR"),
        "three-level": clustered,
    }
    if fits.get(model, True):
        return model
    if model == "three-level":
        raise UsageError(
            "the three-level model needs to know which rows belong together",
            code="no-cluster",
            hint="name the column: --cluster COLUMN",
        )
    measures = {"mh": "RR, OR or RD", "peto": "PETO", "glmm": "PLO (one arm) or OR (two arms)"}[model]
    raise UsageError(
        f"--model {model} has no {MEASURES[measure].name} ({measure})",
        code="model-measure",
        hint=f"it is for --measure {measures}"
        if kind in ("two-arm", "proportion")
        else "use --model random or common",
    )


def _checked(wanted: Wanted) -> dict[str, object]:
    """Return the typed choices other than measure, model and style, each checked."""
    out: dict[str, object] = {}
    if wanted.tau2:
        out["tau2"] = _choice("--tau2", wanted.tau2.upper(), TAU2_METHODS)
    if wanted.test:
        out["test"] = _choice("--test", wanted.test.lower(), (*TESTS, "cr2"))
    if wanted.level is not None:
        out["level"] = as_level(wanted.level)
    if wanted.correction is not None:
        out |= _correction(wanted.correction)
    if wanted.prediction:
        out["prediction"] = PREDICTIONS[_choice("--pi", wanted.prediction.lower(), PREDICTIONS)]
    if wanted.i2:
        out["i2"] = _choice("--i2", wanted.i2.lower(), ("tau2", "q"))
    if wanted.scale:
        out["scale"] = _choice("--scale", wanted.scale.lower(), ("natural", "model"))
    if wanted.interval:
        out["interval"] = _choice("--interval", wanted.interval.lower(), INTERVALS)
    if wanted.variance:
        by_letters = {name.upper(): name for name in VARIANCES}
        out["variance"] = by_letters[_choice("--variance", wanted.variance.upper(), by_letters)]
    if wanted.effects_are:
        given = _choice("--effects-are", wanted.effects_are.lower(), ("plain", "log", "ratio"))
        out["effects_are"] = "" if given == "plain" else given
    if wanted.control_risk is not None:
        risk = wanted.control_risk / 100.0 if wanted.control_risk > 1.0 else wanted.control_risk
        if not 0.0 < risk < 1.0:
            raise UsageError(
                f"a control risk of {wanted.control_risk:g} is not usable",
                code="bad-risk",
                hint="give a share such as 0.3, or a percent such as 30",
            )
        out["control_risk"] = risk
    return out


def _correction(text: str) -> dict[str, object]:
    """Read a correction: a number, tacc or none, and after a colon the tables that get it (only0, all, if0all)."""
    amount, _, where = text.strip().lower().partition(":")
    place = _choice("place in --correction", where, WHERE) if where else "only0"
    if amount == "none":
        return {"correction": 0.0, "where": "none", "mh_correction": 0.0}
    if amount == TACC:
        return {"correction": TACC, "where": place}
    try:
        size = float(amount)
    except ValueError:
        size = -1.0
    if not 0.0 <= size < 100.0:
        raise UsageError(
            f"{text!r} is no correction", code="bad-correction", hint="give a number such as 0.5, tacc or none"
        )
    return {"correction": size, "where": place, "mh_correction": size}


def _fitting(plan: Plan, kind: Kind) -> Plan:
    """Return the plan with the test that its model has; UsageError where a typed choice has no meaning."""
    test = plan.test
    if plan.model in ("common", "glmm", "mh", "peto"):
        allowed = ("t", "z") if plan.model == "glmm" else ("z",)
        if "test" in plan.typed and test not in allowed:
            raise _no_meaning(f"--test {test}", f"--model {plan.model}", f"it has --test {' or '.join(allowed)}")
        fallback = plan.glmm_test if plan.model == "glmm" else "z"
        test = test if "test" in plan.typed else fallback
    elif plan.model == "three-level":
        if "test" in plan.typed and test not in ("t", "z", "cr2"):
            raise _no_meaning(f"--test {test}", "--model three-level", "it has --test cr2, t or z")
        test = test if "test" in plan.typed else "cr2"
    elif test == "cr2":
        raise _no_meaning("--test cr2", f"--model {plan.model}", "name the clusters: --cluster COLUMN")
    if plan.prediction == "HK" and plan.model in ("glmm", "three-level"):
        raise _no_meaning("--pi hk", f"--model {plan.model}", "use --pi v, hts or z")
    _refuse_idle(plan, kind)
    return replace(plan, test=test)


def _refuse_idle(plan: Plan, kind: Kind) -> None:
    """Raise UsageError for typed choices that would change nothing."""
    measure, model = f"--measure {plan.measure}", f"--model {plan.model}"
    uncorrected = plan.measure in ("PAS", "PFT", "AS")
    for name, option, useful, other in (
        ("effects_are", "--effects-are", kind == "generic", measure),
        ("interval", "--interval", kind == "proportion", measure),
        ("correction", "--correction", kind in ("proportion", "two-arm") and not uncorrected, measure),
        ("correction", "--correction", plan.model not in ("glmm", "peto"), model),
        ("control_risk", "--control-risk", plan.measure in ("RR", "OR", "PETO"), measure),
        ("tau2", "--tau2", plan.model == "random", model),
        ("i2", "--i2", plan.model == "random", model),
        ("prediction", "--pi", plan.model in ("random", "glmm", "three-level"), model),
    ):
        if name in plan.typed and not useful:
            raise _no_meaning(option, other, "leave it out")
    if "variance" in plan.typed:
        _check_variance(plan)


def _check_variance(plan: Plan) -> None:
    from ketcli.stats.effects.means import VARIANCES as BY_MEASURE

    allowed = ("LS", "LS2") if plan.measure in ("SMCC", "SMCR") else BY_MEASURE.get(plan.measure, ())
    if plan.variance not in allowed:
        hint = f"it has {' and '.join(allowed)}" if allowed else "leave it out"
        raise _no_meaning(f"--variance {plan.variance}", f"--measure {plan.measure}", hint)


def _no_meaning(option: str, other: str, hint: str) -> UsageError:
    return UsageError(f"{option} has no meaning with {other}", code="option-conflict", hint=hint)


def _choice(what: str, value: str, valid: Iterable[str]) -> str:
    """Return the value when it is one of the choices; UsageError with the nearest otherwise."""
    if value not in valid:
        raise unknown_value(what, value, valid)
    return value
