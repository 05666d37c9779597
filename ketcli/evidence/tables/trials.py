"""Studies and their arms: who was treated, how, and who paid."""

from __future__ import annotations

from ketcli.evidence import codes
from ketcli.evidence.fields import (
    ID_PATTERN,
    ForeignKey,
    Table,
    code,
    identifier,
    integer,
    number,
    text,
)
from ketcli.evidence.tables.common import ARM_ID, DOI, NOTES, PMID, SOURCE_URL, STUDY_ID, TO_STUDY

STUDIES = Table(
    "studies",
    "Studies",
    "One row per published record: a trial, a cohort, a secondary analysis, a pool, a label.",
    key=("study_id",),
    fields=(
        STUDY_ID,
        text("label", "Name shown in tables: TRANSFORM-2 (Popova 2019)", required=True),
        text("first_author", "Family name of the first author; empty when not shown"),
        integer("year", "Year of publication", minimum=1950, maximum=2100),
        text("journal", "Journal, abbreviated"),
        DOI,
        PMID,
        text("nct", "Registry numbers", pattern=r"NCT\d{8}|ACTRN\d{14}", list_of="; "),
        code("design", codes.DESIGNS, "Design of the study", required=True),
        code("blinding", codes.BLINDING, "Blinding as designed, not as achieved; empty when not seen"),
        code("population", codes.POPULATIONS, "Who was admitted", required=True),
        integer(
            "trd_min_failures",
            "Antidepressants that must have failed for entry; 0 means none, empty means not seen",
            minimum=0,
        ),
        text("countries", "Countries", list_of="; "),
        integer(
            "n_randomised",
            "People randomised, enrolled or analysed, as the notes say",
            unit="people",
            minimum=0,
        ),
        code("funding", codes.FUNDING, "Who paid; empty when not seen"),
        identifier(
            "cohort_id",
            "The sample of people: records with the same value share participants, wholly or partly; "
            "a value that begins with pool- spans several samples",
            required=True,
        ),
        text(
            "reuses",
            "Other records that share participants across samples; always named on both sides",
            pattern=ID_PATTERN,
            list_of=" ",
        ),
        NOTES,
        SOURCE_URL,
    ),
)

ARMS = Table(
    "arms",
    "Arms",
    "One row per group of people treated alike within a study.",
    key=("study_id", "arm_id"),
    fields=(
        STUDY_ID,
        ARM_ID,
        text("label", "The arm in words", required=True),
        code("drug", codes.DRUGS, "Treatment given", required=True),
        code("role", codes.ROLES, "Part the arm plays in its study", required=True),
        code("route", codes.ROUTES, "Route of administration; empty when not stated"),
        number("dose", "Usual or target single dose, in `dose_unit`", minimum=0),
        code("dose_unit", codes.DOSE_UNITS, "Unit of `dose` and `dose_text`"),
        text("dose_text", "Dose that is no single number: ranges, titrations, doses per day"),
        number("infusion_minutes", "Length of the infusion", unit="minutes", minimum=0),
        number("doses_n", "Doses in the course; a mean where the source gives a mean", unit="doses", minimum=1),
        text("doses_n_text", "Number of doses that is no single number: ranges, means with spread"),
        code("regimen", codes.REGIMENS, "Kind of course; empty when not stated"),
        text("schedule", "When the doses were given, in words"),
        code("background", codes.BACKGROUNDS, "Other antidepressant treatment; empty when not stated"),
        integer(
            "n",
            "People in the arm as the source gives it: randomised, treated, or first period of a crossover",
            unit="people",
            minimum=0,
        ),
        number("age_mean", "Mean age", unit="years", minimum=0, maximum=120),
        number("age_sd", "Standard deviation of age", unit="years", minimum=0),
        number("female_pct", "Women", unit="percent", minimum=0, maximum=100),
        number("failed_treatments_mean", "Mean number of antidepressants that had failed", minimum=0),
        text("baseline_scale", "Depression scale of `baseline_mean`"),
        number("baseline_mean", "Mean score before treatment", unit="points"),
        number("baseline_sd", "Standard deviation of the score before treatment", unit="points", minimum=0),
        identifier("part_of", "Larger arm of the same study that contains this one"),
        number(
            "course_days",
            "Nominal end of the acute course, in days after the first dose: the length the schedule names "
            "(twice weekly for 4 weeks = 28, over 12 days = 12), else the day of the last dose (two doses "
            "a day apart = 1); control arms carry the value of their trial; empty for single doses, for "
            "courses of no fixed length and where the schedule was not seen",
            unit="days",
            minimum=0,
        ),
        SOURCE_URL,
    ),
    foreign_keys=(TO_STUDY, ForeignKey(("study_id", "part_of"), "arms", ("study_id", "arm_id"))),
)
