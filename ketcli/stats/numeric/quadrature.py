"""Adaptive quadrature over normal random effects, laid out afresh around the mode of each study's integrand.

A study's integrand is exp(g(u)), g strictly concave, u of d dimensions (0, 1 or 2). After moving to the mode and
scaling by the Cholesky factor of -g'' there (Liu & Pierce 1994; Pinheiro & Bates 1995) the integral
is a trapezoidal sum over the box in which the integrand matters. For analytic integrands that sum converges
geometrically, as Gauss-Hermite does for nearly normal ones (Trefethen & Weideman 2014); but it also stays exact for
the lopsided integrands of studies without events, where Gauss-Hermite needs hundreds of nodes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import product

import numpy as np

from ketcli.stats.results import Array

MODE_STEPS = 200
MODE_TOLERANCE = 1e-11
# The box ends where the integrand has lost between the first and last of these nats; the middle is aimed at.
DROP = (33.0, 40.0, 60.0)
# Node spacing: in standard deviations of the integrand, and in units of the linear predictor, by dimension.
SPACING_SD = (0.75, 0.8)
SPACING_ETA = (0.35, 0.6)
FEWEST_NODES, MOST_NODES = 15, (2001, 121)
RAYS = 16


@dataclass(frozen=True, eq=False)
class Integrand:
    """k concave functions g of u (k, d): `height` gives g (k,), `slopes` its gradient (k, d) and -g'' (k, d, d).

    `stretch` gives, for displacements (k, d, n) of u, the largest change (k, n) of a linear predictor.
    """

    height: Callable[[Array], Array]
    slopes: Callable[[Array], tuple[Array, Array]]
    stretch: Callable[[Array], Array]


@dataclass(frozen=True, eq=False)
class Nodes:
    """The points u of every study's rule, shape (k, m, d), and their log weights, shape (k, m)."""

    points: Array
    log_weights: Array


def find_modes(integrand: Integrand, start: Array) -> tuple[Array, Array]:
    """Return the modes (k, d) and the precisions -g'' there (k, d, d), by Newton steps halved until they climb."""
    u, value = start, integrand.height(start)
    for _ in range(MODE_STEPS):
        gradient, precision = integrand.slopes(u)
        step = np.linalg.solve(precision, gradient[..., None])[..., 0]
        if np.max(np.abs(step), initial=0.0) < MODE_TOLERANCE:
            break
        for _ in range(60):
            trial = u + step
            reached = integrand.height(trial)
            falls = reached < value - 1e-10 * (1.0 + np.abs(value))
            if not falls.any():
                break
            step = np.where(falls[:, None], 0.5 * step, step)
        u, value = trial, reached
    return u, precision


def place_nodes(integrand: Integrand, mode: Array, precision: Array, count: int | None = None) -> Nodes:
    """Return the rule of every study, with `count` nodes per dimension (by default as many as it takes)."""
    k, d = mode.shape
    if d == 0:
        return Nodes(np.zeros((k, 1, 0)), np.zeros((k, 1)))
    # precision = L L'; in t with u = mode + L'^-1 t the integrand has unit curvature in every direction
    lower = np.linalg.cholesky(precision)
    axes = np.swapaxes(np.linalg.inv(lower), 1, 2)
    low, high = _box(integrand, mode, axes)
    if count is None:
        width = np.minimum(SPACING_SD[d - 1], SPACING_ETA[d - 1] / np.maximum(integrand.stretch(axes), 1e-9))
        count = int(np.clip(np.ceil(((high - low) / width).max()), FEWEST_NODES, MOST_NODES[d - 1]))
    # midpoints of `count` equal cells: the trapezoidal rule for an integrand that vanishes at the ends
    grid = np.array(list(product((np.arange(count) + 0.5) / count, repeat=d)))
    t = low[:, None, :] + (high - low)[:, None, :] * grid
    cell = ((high - low) / count).prod(axis=1)
    log_weight = np.log(cell) - np.log(np.diagonal(lower, axis1=1, axis2=2)).sum(axis=1)
    points = mode[:, None, :] + np.einsum("kij,kmj->kmi", axes, t)
    return Nodes(points, np.broadcast_to(log_weight[:, None], points.shape[:2]))


def _box(integrand: Integrand, mode: Array, axes: Array) -> tuple[Array, Array]:
    """Return the low and high corners (k, d), in t, of the box outside which the integrand is negligible."""
    d = mode.shape[1]
    angle = 2.0 * np.pi * np.arange(RAYS) / RAYS
    rays = np.array([[1.0], [-1.0]]) if d == 1 else np.column_stack([np.cos(angle), np.sin(angle)])
    ends = np.stack([_reach(integrand, mode, axes @ ray)[:, None] * ray for ray in rays])
    return ends.min(axis=0), ends.max(axis=0)


def _reach(integrand: Integrand, mode: Array, direction: Array) -> Array:
    """Return how far (k,) to go from the mode along `direction` (k, d) before the integrand is negligible."""
    enough, aim, plenty = DROP
    # g'' <= -1 in every direction of u, which bounds the distance from above
    low, high = np.zeros(mode.shape[0]), np.sqrt(2.0 * aim) / np.linalg.norm(direction, axis=1)
    peak = integrand.height(mode)
    t = np.minimum(np.sqrt(2.0 * aim), high)
    for attempt in range(80):
        drop = peak - integrand.height(mode + t[:, None] * direction)
        done = (drop >= enough) & (drop <= plenty)
        if done.all():
            break
        low, high = np.where(drop < enough, t, low), np.where(drop > plenty, t, high)
        guess = t * np.sqrt(aim / np.maximum(drop, 1e-3))
        middle = 0.5 * (low + high)
        better = (guess > low) & (guess < high) & (attempt % 2 == 0)
        t = np.where(done, t, np.where(better, guess, middle))
    return np.asarray(t)


def integrate(log_integrand: Array, rule: Nodes) -> tuple[Array, Array]:
    """Return the log integrals (k,) and the share (k, m) of each node in its study's integral."""
    terms = log_integrand + rule.log_weights
    top = terms.max(axis=1, keepdims=True)
    shares = np.exp(terms - top)
    total = shares.sum(axis=1, keepdims=True)
    return (top + np.log(total))[:, 0], shares / total
