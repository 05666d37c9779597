"""The single-file layout for people's own data: one row per arm and result, in plain words."""

from __future__ import annotations

from ketcli.evidence import codes
from ketcli.evidence.fields import Table, code, integer, number, text, url
from ketcli.evidence.tables.common import EVENTS, TIME_DAYS, TOTAL

FLAT = Table(
    "flat",
    "Trials in one file",
    "One row per study, arm, outcome and time: how many of how many.",
    key=(
        "study",
        "drug",
        "route",
        "dose",
        "role",
        "regimen",
        "outcome",
        "scale",
        "time_days",
        "time_anchor",
        "analysis_set",
    ),
    fields=(
        text("study", "Name of the study", required=True),
        code("drug", codes.DRUGS, "Treatment given", required=True),
        code("route", codes.ROUTES, "Route of administration"),
        code("outcome", codes.OUTCOMES, "What was counted", required=True),
        TIME_DAYS,
        EVENTS.but(required=True),
        TOTAL.but(required=True),
        code(
            "role",
            codes.ROLES,
            "Part the arm plays; when empty, ketamine and esketamine are active, all else control",
        ),
        code("regimen", codes.REGIMENS, "Kind of course"),
        code("population", codes.POPULATIONS, "Who was admitted"),
        number("dose", "Single dose, in mg/kg below 10 and in mg from 10", minimum=0),
        text("scale", "Scale it was judged by"),
        code("time_anchor", codes.TIME_ANCHORS, "What `time_days` is counted from; first dose when empty"),
        code("analysis_set", codes.ANALYSIS_SETS, "Who was counted"),
        code("design", codes.DESIGNS, "Design of the study"),
        integer("year", "Year of publication", minimum=1950, maximum=2100),
        code(
            "background",
            codes.BACKGROUNDS,
            "What the treatment was added to, for every arm of the row",
        ),
        number("course_days", "Nominal end of the course, days after the first dose", unit="days", minimum=0),
        url("source_url", "Web page on which the numbers were seen"),
    ),
)
FLAT_REQUIRED_COLUMNS = ("study", "drug", "route", "outcome", "time_days", "events", "total")
# columns of a file that puts a control arm beside the treated one: each row becomes two
CONTROLS = (
    code("control_drug", codes.DRUGS, "What the control arm of the same row received"),
    EVENTS.but(name="control_events", description="People with the outcome in the control arm"),
    TOTAL.but(name="control_total", description="People it was counted among in the control arm"),
)
