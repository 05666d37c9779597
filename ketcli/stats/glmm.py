"""Generalised linear mixed models for pooling counts: one place to import them from."""

from ketcli.stats.glmm_proportion import (
    glmm_proportion,
    population_mean_probability,
    proportion_heterogeneity,
)

__all__ = ["glmm_proportion", "population_mean_probability", "proportion_heterogeneity"]
