"""Presets that set every statistical choice at once to what another program or an institute does."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from ketcli.errors import unknown_value


@dataclass(frozen=True)
class Style:
    """One preset: the choices it makes, by the names of `Plan`, and in words what it cannot reproduce.

    `models` are by kind of results; a kind not named keeps its default. Choices typed by the user go before it.
    """

    name: str
    title: str
    choices: Mapping[str, object] = field(default_factory=dict)
    models: Mapping[str, str] = field(default_factory=dict)
    limits: str = ""


STYLES: Mapping[str, Style] = MappingProxyType(
    {
        style.name: style
        for style in (
            Style(
                "revman5",
                "Review Manager 5",
                {
                    **{"tau2": "DL", "test": "z", "i2": "q", "prediction": "none", "mh_correction": 0.5},
                    **{"variance": "RevMan", "hedges": "approx", "correct_effect": False, "mh_q": True},
                },
                {
                    "two-arm": "mh",
                    "mean": "common",
                    "change": "common",
                    "generic": "common",
                    "proportion": "random",
                },
                "Its default is a common effect; --model random gives its random effects.",
            ),
            Style(
                "revman",
                "RevMan, the web version since 2025",
                {
                    **{"tau2": "REML", "test": "z", "i2": "tau2", "prediction": "V", "mh_correction": 0.5},
                    **{"variance": "RevMan", "hedges": "approx", "correct_effect": False},
                },
                {"proportion": "random"},
                "Reviews choose REML or DerSimonian-Laird and a Wald or Hartung-Knapp interval there: --tau2 DL, "
                "--test knha.",
            ),
            Style(
                "meta",
                "R package meta 8",
                {
                    **{"tau2": "REML", "test": "z", "i2": "q", "prediction": "V", "cells": "events"},
                    **{"mh_correction": 0.5, "correct_effect": False, "glmm_test": "z"},
                },
                {},
                "Standardised mean differences have Hedges' variance here; meta's default is White and Thomas's.",
            ),
            Style(
                "iqwig6",
                "IQWiG, General Methods 6",
                {"tau2": "PM", "test": "iqwig6", "i2": "q", "prediction": "V", "cells": "events"},
                {"proportion": "random"},
                "The rule keeps the Hartung-Knapp factor at 1 or more where its interval would be narrower than "
                "DerSimonian and Laird's.",
            ),
        )
    }
)


_WORDS: Mapping[tuple[str, object], str] = MappingProxyType(
    {
        ("test", "z"): "normal interval",
        ("test", "iqwig6"): "Hartung-Knapp interval by IQWiG's rule",
        ("i2", "q"): "I² from Q",
        ("i2", "tau2"): "I² from τ²",
        ("prediction", "none"): "no prediction interval",
        ("prediction", "V"): "prediction interval by t with k-1 df",
        ("mh_correction", 0.5): "0.5 in zero cells for Mantel-Haenszel too",
        ("variance", "RevMan"): "RevMan's variance of standardised differences",
        ("hedges", "approx"): "Hedges' correction approximate",
        ("correct_effect", False): "risk differences corrected in their variance alone",
        ("cells", "events"): "risk ratios corrected in their events alone",
        ("mh_q", True): "random effects with τ² about the Mantel-Haenszel mean",
        ("glmm_test", "z"): "normal interval of the mixed model",
    }
)


def described(style: Style) -> str:
    """Return what a preset sets, in words."""
    return "; ".join(
        _WORDS.get((name, value), f"τ² by {value}" if name == "tau2" else "")
        for name, value in style.choices.items()
    )


def find_style(name: str) -> Style:
    """Return the preset of this name; UsageError with the nearest for an unknown one."""
    if name.lower() not in STYLES:
        raise unknown_value("--style", name, STYLES)
    return STYLES[name.lower()]
