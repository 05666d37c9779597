"""Published meta-analyses: their pooled estimates and the data of single trials behind some of them."""

from __future__ import annotations

from ketcli.evidence import codes, topic_codes
from ketcli.evidence.fields import ForeignKey, Table, code, integer, number, slug, text
from ketcli.evidence.tables.common import (
    ALSO_SEEN,
    CI_HIGH,
    CI_LOW,
    DOI,
    NOTES,
    OUTCOME,
    PMID,
    REVIEW_ID,
    SOURCE_KIND,
    SOURCE_URL,
    SOURCE_WHERE,
    STUDY_ID,
    TIME_DAYS,
)

SUBSET = text("subset", "Which of the review's pools, when there are several of one outcome")
TRIAL_LABEL = text("trial_label", "Name of the trial as the review prints it", required=True)
TRIAL_STUDY = STUDY_ID.but(
    required=False, description="The trial's record here; empty when the trial is not in the set"
)
TRIAL_KEYS = (
    ForeignKey(("review_id",), "reviews", ("review_id",)),
    ForeignKey(("study_id",), "studies", ("study_id",)),
)
TRIAL_KEY = ("review_id", "outcome", "subset", "trial_label")

REVIEWS = Table(
    "reviews",
    "Reviews",
    "One row per pooled estimate of a published review.",
    key=("review_id", "outcome", "subset", "drug", "time_days", "measure"),
    fields=(
        REVIEW_ID,
        text("label", "Name shown in tables", required=True),
        integer("year", "Year of publication", minimum=1950, maximum=2100),
        text("journal", "Journal, abbreviated"),
        DOI,
        PMID,
        OUTCOME,
        SUBSET,
        text("comparison", "What is compared with what; the first and second named give `sign` its meaning"),
        text("population", "Who was in the trials, in words"),
        slug("drug", "Treatment", required=True),
        code("route", codes.ROUTES, "Route of administration; empty when not stated"),
        TIME_DAYS,
        integer("k_studies", "Trials pooled, or in the whole review as the notes say", unit="studies", minimum=1),
        integer("n_patients", "People pooled, or in the whole review as the notes say", unit="people", minimum=1),
        slug("model", "Model of pooling; empty when not stated"),
        code("measure", topic_codes.REVIEW_MEASURES, "What `estimate` is", required=True),
        number("estimate", "The pooled estimate"),
        CI_LOW,
        CI_HIGH,
        code("sign", topic_codes.SIGNS, "How to read the direction of `estimate`"),
        number("i2", "Inconsistency I-squared", unit="percent", minimum=0, maximum=100),
        number("tau2", "Variance between studies", minimum=0),
        NOTES,
        SOURCE_KIND.but(codes=topic_codes.REVIEW_SOURCE_KINDS),
        SOURCE_URL,
        SOURCE_WHERE,
        ALSO_SEEN,
    ),
)

REVIEWS_TRIALS = Table(
    "reviews_trials",
    "Trial counts behind reviews",
    "One row per trial of a pooled outcome: counts of both arms as the review has them, to check it.",
    key=TRIAL_KEY,
    fields=(
        REVIEW_ID,
        OUTCOME,
        SUBSET,
        TRIAL_LABEL,
        TRIAL_STUDY,
        integer("events_active", "People with the outcome, active arm", required=True, unit="people", minimum=0),
        integer("total_active", "People in the active arm", required=True, unit="people", minimum=1),
        integer("events_control", "People with the outcome, control arm", required=True, unit="people", minimum=0),
        integer("total_control", "People in the control arm", required=True, unit="people", minimum=1),
        NOTES,
        SOURCE_URL,
        SOURCE_WHERE,
    ),
    foreign_keys=TRIAL_KEYS,
)

REVIEWS_TRIALS_EFFECTS = Table(
    "reviews_trials_effects",
    "Trial effects behind reviews",
    "One row per trial of a pooled outcome: effect and interval as the review has them, to check it.",
    key=TRIAL_KEY,
    fields=(
        REVIEW_ID,
        OUTCOME,
        SUBSET,
        TRIAL_LABEL,
        TRIAL_STUDY,
        code("measure", topic_codes.TRIAL_EFFECT_MEASURES, "What `estimate` is", required=True),
        number("estimate", "Effect of the trial", required=True),
        CI_LOW,
        CI_HIGH,
        integer("n_active", "People in the active arm", unit="people", minimum=1),
        integer("n_control", "People in the control arm", unit="people", minimum=1),
        NOTES,
        SOURCE_URL,
        SOURCE_WHERE,
    ),
    foreign_keys=TRIAL_KEYS,
)

REVIEWS_TRIALS_CONTINUOUS = Table(
    "reviews_trials_continuous",
    "Trial means behind reviews",
    "One row per trial of a pooled outcome: means and spread as the review has them, to check it.",
    key=TRIAL_KEY,
    fields=(
        REVIEW_ID,
        OUTCOME,
        SUBSET,
        TRIAL_LABEL,
        TRIAL_STUDY,
        integer("n_active", "People in the active arm", required=True, unit="people", minimum=1),
        number("mean_active", "Mean of the active arm", required=True),
        number("sd_active", "Standard deviation of the active arm", required=True, minimum=0),
        integer("n_control", "People in the control arm", required=True, unit="people", minimum=1),
        number("mean_control", "Mean of the control arm", required=True),
        number("sd_control", "Standard deviation of the control arm", required=True, minimum=0),
        NOTES,
        SOURCE_URL,
        SOURCE_WHERE,
    ),
    foreign_keys=TRIAL_KEYS,
)
