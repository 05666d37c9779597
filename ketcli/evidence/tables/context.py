"""What surrounds the results: safety facts, statements to check, other treatments, mechanism and outlook."""

from __future__ import annotations

from ketcli.evidence import codes, topic_codes
from ketcli.evidence.fields import ID_PATTERN, Table, code, identifier, integer, number, slug, text
from ketcli.evidence.tables.common import (
    CI_HIGH,
    CI_LOW,
    EVENTS,
    NOTES,
    OUTCOME,
    PERCENT,
    SOURCE_KIND,
    SOURCE_URL,
    SOURCE_WHERE,
    STUDY_ID,
    TO_STUDY,
    TOTAL,
)

EVIDENCE_IDS = text(
    "evidence_ids",
    "Studies and reviews of this set that the row rests on",
    pattern=ID_PATTERN,
    list_of=" ",
)

SAFETY = Table(
    "safety",
    "Safety facts",
    "One row per safety fact that is no count of people with an event: peaks, courses, label requirements.",
    key=("topic", "study_id", "metric"),
    fields=(
        code("topic", topic_codes.TOPICS, "Subject", required=True),
        STUDY_ID,
        code("drug", codes.DRUGS, "Drug the fact is about; empty when it is about both or either"),
        code("route", codes.ROUTES, "Route the fact is about; empty when it is about several"),
        slug("metric", "What was measured or stated", required=True),
        number("value", "The figure, in `unit`; empty when the fact is in words"),
        code("unit", topic_codes.UNITS, "Unit of `value`", required=True),
        text("value_text", "The fact in words"),
        integer("n", "People it was seen in", unit="people", minimum=1),
        SOURCE_KIND,
        SOURCE_URL,
        SOURCE_WHERE,
        NOTES,
    ),
    foreign_keys=(TO_STUDY,),
)

CLAIMS = Table(
    "claims",
    "Claims",
    "One row per checkable statement of a popular article, restated, with a verdict.",
    key=("claim_id",),
    fields=(
        identifier("claim_id", "Number of the statement, in the order of the article", required=True),
        text("section", "Part of the article", required=True),
        text("statement_in_own_words", "The statement, restated", required=True),
        text("quantity", "The quantity claimed, as written"),
        number("low", "Lower end of the quantity claimed"),
        number("high", "Upper end of the quantity claimed"),
        text("unit", "Unit of the quantity claimed"),
        text("population", "Whom it is about"),
        text("outcome", "Which outcome it is about"),
        text("timeframe", "Which time it is about"),
        text("likely_source_study", "Study the article probably leans on"),
        code("verdict", topic_codes.VERDICTS, "How the statement stands against the evidence", required=True),
        text("evidence_note", "Why", required=True),
        EVIDENCE_IDS,
        text(
            "check",
            "What the tables are asked: pairs key=value joined by semicolons; | means or, day=a-b a span, expect= "
            "what is claimed; ' + ' joins a further question, shown beside and not tested",
        ),
        SOURCE_URL,
    ),
)

CONVENTIONAL = Table(
    "conventional",
    "Conventional treatment",
    "One row per result of another treatment of depression: antidepressant steps, augmentation, ECT.",
    key=("label", "treatment", "outcome"),
    fields=(
        text("label", "Study or review, as shown in tables", required=True),
        text("treatment", "Treatment, in words", required=True),
        OUTCOME,
        code("measure", topic_codes.CONVENTIONAL_MEASURES, "Which of the following columns hold the result"),
        PERCENT,
        EVENTS,
        TOTAL,
        number("estimate", "Odds ratio against placebo or sham", minimum=0),
        CI_LOW,
        CI_HIGH,
        identifier("evidence_id", "Study or review of this set that the row rests on"),
        NOTES,
        SOURCE_URL,
        SOURCE_WHERE,
    ),
)

PREVALENCE = Table(
    "prevalence",
    "Prevalence",
    "One row per published share of depression that is treatment resistant.",
    key=("label",),
    fields=(
        text("label", "Study or statement", required=True),
        number("estimate_percent", "Share", unit="percent", minimum=0, maximum=100),
        number("low", "Lower end of a range", unit="percent", minimum=0, maximum=100),
        number("high", "Upper end of a range", unit="percent", minimum=0, maximum=100),
        text("denominator", "Share of whom"),
        text("definition", "What counts as treatment resistant"),
        integer("n", "People in the study", unit="people", minimum=1),
        text("country", "Country"),
        integer("year", "Year of publication", minimum=1950, maximum=2100),
        NOTES,
        SOURCE_URL,
        SOURCE_WHERE,
    ),
)

STAGING = Table(
    "staging",
    "Staging methods",
    "One row per published way to grade how resistant a depression is.",
    key=("method",),
    fields=(
        text("method", "Name of the method", required=True),
        text("counts", "What is counted"),
        text("stages", "Stages or range of the score"),
        text("validation", "How well it is known to predict the course"),
        NOTES,
        SOURCE_KIND,
        SOURCE_URL,
        SOURCE_WHERE,
    ),
)

PIPELINE = Table(
    "pipeline",
    "Pipeline",
    "One row per compound and indication in development, with its status at a date.",
    key=("compound", "indication", "pivotal_trial"),
    fields=(
        text("compound", "Compound", required=True),
        text("alternative_names", "Other names", list_of="; "),
        text("mechanism", "Mechanism"),
        text("stage", "Stage of development", required=True),
        text("indication", "Indication", required=True),
        text("status_as_of", "Date of the status: a year, a month or a day", required=True),
        text("pivotal_trial", "Trial that decides"),
        text("result_note", "Result so far"),
        EVIDENCE_IDS,
        SOURCE_URL,
    ),
)

BIOMARKERS = Table(
    "biomarkers",
    "Biomarkers",
    "One row per finding on a measure that might tell who responds.",
    key=("biomarker", "direction", "evidence"),
    fields=(
        text("biomarker", "The measure", required=True),
        text("direction", "Which way it points", required=True),
        text("evidence", "What was found, in whom", required=True),
        integer("n", "People examined", unit="people", minimum=1),
        EVIDENCE_IDS,
        SOURCE_URL,
    ),
)

MECHANISM = Table(
    "mechanism",
    "Mechanism",
    "One row per step of the chain by which ketamine is thought to act.",
    key=("order",),
    fields=(
        integer("order", "Place in the chain", required=True, minimum=1),
        text("step", "Name of the step", required=True),
        text("target", "What is acted upon"),
        text("effect", "What happens"),
        text("time_course", "When"),
        text("evidence_level", "How good the evidence is"),
        SOURCE_URL,
    ),
)
