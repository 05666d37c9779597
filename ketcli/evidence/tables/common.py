"""Columns that mean the same in several tables, described once."""

from __future__ import annotations

from ketcli.evidence import codes
from ketcli.evidence.fields import ForeignKey, code, flag, identifier, integer, number, slug, text, url

STUDY_ID = identifier(
    "study_id",
    "The study: first author and year in lower case, or a short description where no author was shown",
    required=True,
)
ARM_ID = identifier("arm_id", "The arm of the study", required=True)
REVIEW_ID = identifier("review_id", "The review: first author and year, or a description", required=True)
DOI = text(
    "doi",
    "Digital object identifier, without the address of the resolver; empty when not seen",
    pattern=r"10\.\d{4,9}/\S+",
)
PMID = text("pmid", "PubMed number; empty when not seen", pattern=r"\d{1,8}")
OUTCOME = slug("outcome", "What was measured", required=True)
TIME_DAYS = number(
    "time_days",
    "Time of the measurement in days (4 h = 0.167, 24 h = 1); empty when it varied or was not stated",
    unit="days",
    minimum=0,
)
TIME_ANCHOR = code("time_anchor", codes.TIME_ANCHORS, "What `time_days` is counted from", required=True)
EVERYBODY = 10_000_000_000
EVENTS = integer("events", "People with the outcome or event", unit="people", minimum=0, maximum=EVERYBODY)
TOTAL = integer("total", "People it was counted among", unit="people", minimum=1, maximum=EVERYBODY)
PERCENT = number(
    "percent",
    "Per cent of people, as printed where a percent was seen",
    unit="percent",
    minimum=0,
    maximum=100,
)
EVENTS_DERIVED = flag(
    "events_derived", "1 when `events` was computed from a printed percent and `total`", required=True
)
CI_LOW = number("ci_low", "Lower limit of the 95 % confidence interval")
CI_HIGH = number("ci_high", "Upper limit of the 95 % confidence interval")
SOURCE_KIND = code(
    "source_kind", codes.SOURCE_KINDS, "How near the number is to where it was measured", required=True
)
SOURCE_URL = url("source_url", "Web page on which the number was seen")
SOURCE_WHERE = text("source_where", "Place on that page: abstract, a table, a figure legend, a mirrored copy")
CHECKED = code("checked", codes.CHECKED, "Result of a second reading of the row; empty means read once")
ALSO_SEEN = text("also_seen", "Second source that gives the same number")
NOTES = text("notes", "Remarks: what is unusual about the row and what was inferred")

TO_STUDY = ForeignKey(("study_id",), "studies", ("study_id",))
TO_ARM = ForeignKey(("study_id", "arm_id"), "arms", ("study_id", "arm_id"))
