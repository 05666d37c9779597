"""Numbers and methods of `ket pool` in words: headings, the answer in a sentence, the notes on how it was made."""

from __future__ import annotations

import math
from collections.abc import Sequence

from ketcli.report import Value
from ketcli.stats.effects.transforms import MEASURES
from ketcli.summaries.pool.plan import Plan
from ketcli.wording import UNICODE, effect, limits, number, p_value

_TITLES = {
    "RR": "Risk ratio",
    "OR": "Odds ratio",
    "PETO": "Peto OR",
    "RD": "Difference",
    "AS": "Arcsine diff.",
    "ROM": "Ratio of means",
    "GEN": "Effect",
}
TEST_WORDS = {
    "adhoc": "Hartung-Knapp-Sidik-Jonkman interval, its factor kept at 1 or more, t with k-1 df",
    "knha": "Hartung-Knapp interval, t with k-1 df",
    "t": "t interval with k-1 df",
    "z": "normal interval",
    "iqwig6": "Hartung-Knapp interval by IQWiG's rule",
    "cr2": "cluster-robust interval (CR2, Satterthwaite's df)",
}
# Of the three-level model, whose means rest on clusters.
CLUSTER_PREDICTION_WORDS = {"V": "t with clusters-1 df", "HTS": "t with clusters-2 df", "z": "normal"}
PREDICTION_WORDS = {
    "V": "t with k-1 df",
    "HTS": "t with k-2 df (Higgins, Thompson & Spiegelhalter)",
    "HK": "t with k-1 df and the Hartung-Knapp error",
    "z": "normal",
}


def effect_title(plan: Plan) -> str:
    """Return the heading of the effects: what they are, and that they are on the analysis scale where they are."""
    kind = MEASURES[plan.measure].kind
    title = "Rate" if kind == "proportion" else _TITLES.get(plan.measure, plan.measure)
    if plan.measure == "GEN" and plan.ratio:
        title = "Ratio"
    if plan.natural or (plan.measure == "GEN" and not plan.ratio):
        return title
    return f"log {plan.measure}" if plan.ratio else plan.measure


def form(measure: str, plan: Plan, sizes: Sequence[float] = ()) -> str:
    """Return the name under which effects of a measure are written; `sizes` set the decimals of plain numbers."""
    if not plan.natural:
        return "number-3"
    if MEASURES[measure].ratio or (measure == "GEN" and plan.ratio):
        return "bare-ratio"
    if MEASURES[measure].kind == "proportion":
        return "rate"
    if measure == "RD":
        return "rd-difference"
    if measure in ("MD", "MC", "GEN"):
        return f"number-{decimals(sizes)}"
    return "number-3" if measure == "AS" else "number-2"


def decimals(sizes: Sequence[float]) -> int:
    """Return how many decimals show three figures of numbers of this size."""
    largest = max((abs(x) for x in sizes if math.isfinite(x)), default=1.0)
    return 0 if largest >= 100 else 1 if largest >= 10 else 2 if largest >= 0.1 else 3 if largest >= 0.01 else 4


def written(form_of: str, row: dict[str, Value]) -> str:
    """Return the effect of a row with its limits as the table writes it."""
    return effect([form_of, row.get("estimate"), row.get("ci_low"), row.get("ci_high")], UNICODE)


def answer_words(row: dict[str, Value], plan: Plan) -> str:
    """Return the pooled effect of a row with its interval, p-value and how much it rests on."""
    measure = str(row["measure"])
    name = "ratio" if measure == "GEN" and plan.ratio else MEASURES[measure].name
    name = "proportion" if MEASURES[measure].kind == "proportion" and plan.natural else name
    if not plan.natural and plan.ratio:
        name = f"logarithm of {name}"
    if row.get("estimate") is None:
        return f"no {name} can be estimated; the notes say why"
    text = f"{name} {effect([row.get(part) for part in ('form', 'estimate', 'ci_low', 'ci_high')], UNICODE)}"
    if isinstance(p := row.get("p"), float):
        text += f", p {p_value(p)}"
    return f"{text}; {str(row['label']).removeprefix('Pooled, ')}, {plan.percent} interval"


def between_words(row: dict[str, Value]) -> str:
    """Return the heterogeneity of a pooled row: τ² and I² with their limits, Q with its test."""
    parts: list[str] = []
    tau2, i2 = row.get("tau2"), row.get("i2")
    if row.get("k") == 1:
        return ""
    if isinstance(tau2, float) and row.get("model") not in ("common", "mh", "peto"):
        parts.append(f"τ² {plain(tau2)}{_limits(row, 'tau2_ci_low', 'tau2_ci_high')}")
    if isinstance(within := row.get("tau2_within"), float) and isinstance(tau2, float) and tau2 > 0.0:
        parts[-1] += f", {plain(within)} of it within clusters"
    if isinstance(i2, float):
        parts.append(f"I² {i2:.0f} %{_limits(row, 'i2_ci_low', 'i2_ci_high', digits=0)}")
    q, df, p = row.get("q"), row.get("q_df"), row.get("q_p")
    if isinstance(q, float) and isinstance(df, float) and isinstance(p, float) and df > 0:
        parts.append(f"Q {number(q, 1, UNICODE)} on {df:g} df, p {p_value(p)}")
    return "; ".join(parts)


def plain(value: float) -> str:
    """Return a number with three significant figures and no exponent."""
    if value == 0.0 or not math.isfinite(value):
        return f"{value:g}"
    digits = max(0, 2 - math.floor(math.log10(abs(value))))
    return number(value, min(digits, 8), UNICODE)


def _limits(row: dict[str, Value], low: str, high: str, digits: int | None = None) -> str:
    first, last = row.get(low), row.get(high)
    if not isinstance(first, float) or not isinstance(last, float):
        return ""
    if digits is not None:
        return f" ({limits(number(first, digits, UNICODE), number(last, digits, UNICODE), UNICODE)})"
    return f" ({limits(plain(first), plain(last), UNICODE)})"


def per_hundred(row: dict[str, Value], plan: Plan) -> str:
    """Return the absolute effect in 100 people and the number needed to treat, "" without one."""
    risk, rd, low, high = (row.get(name) for name in ("control_risk", "rd", "rd_low", "rd_high"))
    if not all(isinstance(x, float) for x in (risk, rd, low, high)):
        return ""
    risk, rd, low, high = (100.0 * float(x) for x in (risk, rd, low, high))  # type: ignore[arg-type]

    def people(value: float) -> str:
        return number(value, 1 if abs(value) < 9.95 else 0, UNICODE)

    where = f"given {people(risk)}" if plan.control_risk is not None else people(risk)
    change = f"{people(abs(rd))} {'more' if rd > 0 else 'fewer'}"
    ends = limits(people(low), people(high), UNICODE)
    needed = _needed(rd / 100.0, low / 100.0, high / 100.0)
    return f"{where} with the event in controls, {people(risk + rd)} treated: {change} ({ends}); {needed}"


def _needed(rd: float, low: float, high: float) -> str:
    def count(difference: float) -> str:
        value = 1.0 / abs(difference)
        return number(value, 1 if value < 9.95 else 0, UNICODE)

    if rd == 0.0:
        return "no difference, so no number needed to treat"
    if low <= 0.0 <= high:
        return f"number needed to treat {count(rd)}, its interval includes no difference"
    near, far = (high, low) if rd > 0 else (low, high)
    return f"number needed to treat {count(rd)} ({limits(count(near), count(far), UNICODE)})"


def test_words(name: str, statistic: float, df: float, df2: float, p: float) -> str:
    """Return a test in words: F 0.80 on 2 and 4.1 df, p 0.51; "undefined" without a statistic."""
    if math.isnan(statistic):
        return "undefined"
    parts = [f"{name} {number(statistic, 2, UNICODE)}", on_df(df, df2)]
    return f"{' '.join(filter(None, parts))}, p {p_value(p)}"


def on_df(df: float, df2: float = math.inf) -> str:
    """Return degrees of freedom in words: on 2 df, on 2 and 8.1 df; nothing for the normal distribution."""
    if math.isinf(df) or math.isnan(df):
        return ""
    second = "" if math.isinf(df2) or math.isnan(df2) else f" and {df2:.3g}"
    return f"on {df:.3g}{second} df"
