"""The kinds of results that are pooled, and what each needs: counts of one or two arms, means, changes, effects."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Literal

Kind = Literal["proportion", "two-arm", "mean", "change", "generic"]
Part = tuple[tuple[str, ...], ...]  # the ways to give a part of a result, each the roles it takes


@dataclass(frozen=True)
class Shape:
    """One kind of results: what it is called, and its parts."""

    kind: Kind
    title: str
    measures: str
    parts: tuple[Part, ...]

    @property
    def roles(self) -> frozenset[str]:
        """Return every role that any way of giving the parts uses."""
        return frozenset(role for part in self.parts for way in part for role in way)

    def lacking(self, roles: Collection[str]) -> list[Part]:
        """Return the parts that no way gives when these roles are there."""
        return [part for part in self.parts if not any(set(way) <= set(roles) for way in part)]

    def is_complete(self, roles: Collection[str]) -> bool:
        """Return whether these roles give every part."""
        return not self.lacking(roles)


def _one(*ways: str) -> Part:
    """Return the ways to give a part; a plus sign joins the roles of a way."""
    return tuple(tuple(way.split("+")) for way in ways)


SHAPES: Mapping[str, Shape] = MappingProxyType(
    {
        shape.kind: shape
        for shape in (
            Shape(
                "two-arm",
                "counts of two arms",
                "RR, OR or RD",
                (
                    _one("events"),
                    _one("total", "nonevents"),
                    _one("control_events"),
                    _one("control_total", "control_nonevents"),
                ),
            ),
            Shape("proportion", "counts of one arm", "PLO", (_one("events"), _one("total", "nonevents"))),
            Shape(
                "mean",
                "means of two arms",
                "MD, SMD or ROM",
                (
                    _one("mean"),
                    _one("sd", "arm_se"),
                    _one("total"),
                    _one("control_mean"),
                    _one("control_sd", "control_se"),
                    _one("control_total"),
                ),
            ),
            Shape(
                "change",
                "means before and after",
                "SMCR",
                tuple(_one(r) for r in ("mean", "sd", "pre_mean", "pre_sd", "total", "correlation")),
            ),
            Shape(
                "generic",
                "effects with their errors",
                "GEN",
                (_one("yi"), _one("vi", "se", "ci_low+ci_high")),
            ),
        )
    }
)
# Shapes whose events are worked out from percents of a total: looked at when no other is complete.
OF_PERCENTS: Mapping[str, Shape] = MappingProxyType(
    {
        "two-arm": replace(
            SHAPES["two-arm"],
            parts=(
                _one("events", "percent"),
                _one("total"),
                _one("control_events", "control_percent"),
                _one("control_total"),
            ),
        ),
        "proportion": replace(SHAPES["proportion"], parts=(_one("events", "percent"), _one("total"))),
    }
)
