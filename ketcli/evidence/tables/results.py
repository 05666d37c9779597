"""Results of arms: outcomes as counts, scores as means, side effects, and how long an effect lasts."""

from __future__ import annotations

from ketcli.evidence import codes, topic_codes
from ketcli.evidence.fields import Table, code, flag, integer, number, slug, text
from ketcli.evidence.tables.common import (
    ALSO_SEEN,
    ARM_ID,
    CHECKED,
    CI_HIGH,
    CI_LOW,
    EVENTS,
    EVENTS_DERIVED,
    NOTES,
    PERCENT,
    SOURCE_KIND,
    SOURCE_URL,
    SOURCE_WHERE,
    STUDY_ID,
    TIME_ANCHOR,
    TIME_DAYS,
    TO_ARM,
    TO_STUDY,
    TOTAL,
)

EXCLUDE_REASON = code(
    "exclude_reason", codes.EXCLUDE_REASONS, "Why the row must not be pooled; empty means it may be"
)

OUTCOMES = Table(
    "outcomes",
    "Outcomes",
    "One row per outcome, time and set of people analysed: how many of how many.",
    key=(
        "study_id",
        "arm_id",
        "outcome",
        "scale",
        "time_days",
        "time_anchor",
        "analysis_set",
        "definition",
    ),
    fields=(
        STUDY_ID,
        ARM_ID,
        code("outcome", codes.OUTCOMES, "What was counted", required=True),
        text("scale", "Scale it was judged by; empty for dropout and discontinuation"),
        text("definition", "Criterion; cut-offs for remission differ between studies"),
        TIME_DAYS,
        TIME_ANCHOR,
        EVENTS,
        TOTAL,
        PERCENT,
        EVENTS_DERIVED,
        code("analysis_set", codes.ANALYSIS_SETS, "Who was counted", required=True),
        EXCLUDE_REASON,
        code(
            "crossover_data",
            codes.CROSSOVER_DATA,
            "Which periods of a crossover are counted; empty when the study is no crossover",
        ),
        integer(
            "pool_rank",
            "1 is the first choice among poolable rows of one study, arm, outcome and time: MADRS before "
            "HDRS before other scales, then itt, mitt, period1, observed, completers, then the better source",
            minimum=1,
        ),
        SOURCE_KIND,
        SOURCE_URL,
        SOURCE_WHERE,
        CHECKED,
        ALSO_SEEN,
        NOTES,
    ),
    foreign_keys=(TO_STUDY, TO_ARM),
)

SCORES = Table(
    "scores",
    "Scores",
    "One row per mean score of a rating scale at one time.",
    key=("study_id", "arm_id", "scale", "measure", "time_days", "time_anchor", "analysis_set", "subgroup"),
    fields=(
        STUDY_ID,
        ARM_ID,
        text("scale", "Rating scale", required=True),
        code("measure", codes.MEASURES, "What the mean is a mean of", required=True),
        TIME_DAYS,
        TIME_ANCHOR,
        code("analysis_set", codes.ANALYSIS_SETS, "Who was rated; empty when not stated"),
        text("subgroup", "Class of people, where the rows are of a class and not of the whole arm"),
        integer("n", "People rated", unit="people", minimum=1),
        number("mean", "Mean; a fall is negative in changes", unit="points"),
        number("sd", "Standard deviation", unit="points", minimum=0),
        number("se", "Standard error", unit="points", minimum=0),
        CI_LOW,
        CI_HIGH,
        SOURCE_KIND,
        SOURCE_URL,
        SOURCE_WHERE,
        CHECKED,
        NOTES,
    ),
    foreign_keys=(TO_STUDY, TO_ARM),
)

SIDE_EFFECTS = Table(
    "side_effects",
    "Side effects",
    "One row per adverse event term, arm and phase: how many people had it.",
    key=("study_id", "arm_id", "event", "phase", "serious"),
    fields=(
        STUDY_ID,
        ARM_ID,
        text(
            "event",
            "Preferred term in the British spelling of MedDRA, lower case; an event defined by a scale names "
            "it in brackets and is never merged with spontaneous reports",
            required=True,
        ),
        text("term_reported", "The term as the source has it"),
        EVENTS.but(description="People with the event"),
        TOTAL,
        PERCENT,
        EVENTS_DERIVED,
        code("phase", codes.PHASES, "Part of the study in which it was counted", required=True),
        text("phase_reported", "The phase as the source has it"),
        flag(
            "serious",
            "1 when the row comes from the list of serious events, which stands beside the ordinary list; "
            "empty when the source does not part them",
        ),
        flag(
            "label_grouped",
            "1 when a label or company page groups related terms, so that the count exceeds the single terms "
            "of the trials",
            required=True,
        ),
        EXCLUDE_REASON,
        SOURCE_KIND,
        SOURCE_URL,
        SOURCE_WHERE,
        CHECKED,
        ALSO_SEEN,
        NOTES,
    ),
    foreign_keys=(TO_STUDY, TO_ARM),
)

DURABILITY = Table(
    "durability",
    "Durability",
    "One row per figure on how long an effect lasts: time to relapse, relapse hazard, time in remission.",
    key=("study_id", "arm_id", "metric"),
    fields=(
        STUDY_ID,
        ARM_ID.but(required=False),
        slug("metric", "What was measured", required=True),
        number("value", "The figure, in `unit`"),
        code("unit", topic_codes.UNITS, "Unit of `value`", required=True),
        CI_LOW,
        CI_HIGH,
        integer("n", "People analysed", unit="people", minimum=1),
        SOURCE_KIND,
        SOURCE_URL,
        SOURCE_WHERE,
        CHECKED,
        NOTES,
    ),
    foreign_keys=(TO_STUDY, TO_ARM),
)
