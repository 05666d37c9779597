"""The options of `ket pool` by name, from the command line or from Python, sorted by what they are about."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from ketcli.errors import UsageError
from ketcli.owndata.table import Request
from ketcli.summaries.pool.plan import Wanted

# Option name to role, where they differ.
_ROLES = {"r": "correlation", "role": "part", "n": "total", "control_n": "control_total"}
COLUMNS = (
    *(
        "study",
        "events",
        "total",
        "n",
        "control_events",
        "control_total",
        "control_n",
        "mean",
        "sd",
        "control_mean",
    ),
    *("control_sd", "pre_mean", "pre_sd", "r", "yi", "vi", "se", "ci_low", "ci_high", "cluster", "arm", "role"),
    "crossover",
)
_WANTED = {"pi": "prediction"}


@dataclass(frozen=True)
class Extras:
    """What is asked for besides the pooled line."""

    common_tau2: bool = False
    leave_one_out: bool = False
    influence: bool = False
    bias: bool = False
    force: bool = False
    robustness: bool = False
    explain: bool = False


def from_options(options: Mapping[str, Any]) -> tuple[Request, Wanted, Extras]:
    """Return what the options ask of the reading, the statistics and the report; None and () ask nothing.

    Raises UsageError for a part named twice (--total and --n), TypeError for a name that is no option.
    """
    given = {name: value for name, value in options.items() if value is not None}
    columns: dict[str, str] = {}
    for name in COLUMNS:
        if name not in given:
            continue
        role = _ROLES.get(name, name)
        if role in columns and columns[role] != given[name]:
            raise UsageError(
                f"--{name.replace('_', '-')} and --{role.replace('_', '-')} name two columns for one part",
                code="option-conflict",
                hint="give one of them",
            )
        columns[role] = str(given[name])
    for name, other in (("common_tau2", "by"), ("force", "bias")):
        if given.get(name) and not given.get(other):
            raise UsageError(
                f"--{name.replace('_', '-')} is about --{other}",
                code="option-without-effect",
                hint=f"give --{other} too",
            )
    request = Request(
        columns=columns,
        group=given.get("by", ""),
        moderators=_many(given.get("moderator")),
        order=given.get("cumulative", ""),
        controls=_many(given.get("control")),
        where=_many(given.get("where")),
        keep_arms=bool(given.get("keep_arms", False)),
    )
    wanted = {field.name for field in fields(Wanted)}
    extras = {field.name for field in fields(Extras)}
    known = {*COLUMNS, "by", "moderator", "cumulative", "control", "where", "keep_arms", "pi", *wanted, *extras}
    if strange := [name for name in given if name not in known]:
        raise TypeError(f"pool() has no option {strange[0]!r}")
    choices = {_WANTED.get(name, name): value for name, value in given.items()}
    words = {name: choices[name] for name in wanted & choices.keys()}
    numbers: dict[str, Any] = {name: words.pop(name) for name in ("level", "control_risk") if name in words}
    spoken: dict[str, Any] = {name: str(value) for name, value in words.items()}
    return request, Wanted(**numbers, **spoken), Extras(**{n: bool(given[n]) for n in extras & given.keys()})


def _many(value: Any) -> tuple[str, ...]:
    """Return one name or several as a tuple."""
    if value is None:
        return ()
    return (value,) if isinstance(value, str) else tuple(str(item) for item in value)
