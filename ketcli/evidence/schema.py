"""The dataset described: every table and column once, with types, units, code lists, keys and meanings."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from ketcli.evidence.fields import Table
from ketcli.evidence.tables import context, factors, results, reviews, trials

TABLES: Mapping[str, Table] = MappingProxyType(
    {
        table.name: table
        for table in (
            trials.STUDIES,
            trials.ARMS,
            results.OUTCOMES,
            results.SCORES,
            results.SIDE_EFFECTS,
            factors.FACTORS,
            results.DURABILITY,
            context.SAFETY,
            reviews.REVIEWS,
            reviews.REVIEWS_TRIALS,
            reviews.REVIEWS_TRIALS_EFFECTS,
            reviews.REVIEWS_TRIALS_CONTINUOUS,
            context.CLAIMS,
            context.CONVENTIONAL,
            context.PREVALENCE,
            context.STAGING,
            context.PIPELINE,
            context.BIOMARKERS,
            context.MECHANISM,
        )
    }
)
# Columns that name studies or reviews in lists instead of by a foreign key.
EVIDENCE_LISTS = (
    ("claims", "evidence_ids"),
    ("pipeline", "evidence_ids"),
    ("biomarkers", "evidence_ids"),
    ("conventional", "evidence_id"),
)
