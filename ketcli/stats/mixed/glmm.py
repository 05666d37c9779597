"""Generalised linear mixed models for pooling counts: one place to import them from."""

from ketcli.stats.mixed.glmm_proportion import (
    glmm_proportion,
    glmm_proportions,
    population_mean_probability,
    proportion_heterogeneity,
)
from ketcli.stats.mixed.glmm_result import HeterogeneityTests
from ketcli.stats.mixed.glmm_two_arm import glmm_two_arm, two_arm_heterogeneity

__all__ = [
    "HeterogeneityTests",
    "glmm_proportion",
    "glmm_proportions",
    "glmm_two_arm",
    "population_mean_probability",
    "proportion_heterogeneity",
    "two_arm_heterogeneity",
]
