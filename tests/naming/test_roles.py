"""Column names are read as people write them, and never as something they do not say."""

from __future__ import annotations

import pytest

from ketcli.naming.roles import Reading, read_name

SAID = {
    "events": "events n_events Events x cases Responders events1 event.e e1 r1 ai tpos",
    "control_events": "events2 events_control Events_Placebo event.c e2 r2 ci cpos responders_ctrl x2",
    "total": "total n N n1 n1i n.e ni n_total Patients sample_size Total_t nTreat",
    "control_total": "n2 n2i n.c n_control control_n ControlTotal total_placebo",
    "nonevents": "bi tneg nonevents non-events nonresponders",
    "control_nonevents": "di cneg nonevents_c",
    "mean": "mean m1 m1i mean.e Mean_T m_post mean_after",
    "control_mean": "m2 m2i mean.c mean_control",
    "pre_mean": "m_pre mean_baseline pre.mean",
    "sd": "sd sd1 sd1i sd.e sd_post stdev",
    "control_sd": "sd2 sd2i sd.c sd_placebo",
    "pre_sd": "sd_pre sdPre baseline_sd",
    "yi": "yi TE effect estimate SMD lnRR logOR or RR",
    "vi": "vi var variance",
    "se": "se sei seTE stderr standard_error",
    "ci_low": "ci_low lower LCL ci.lb or.lb hr_lower lower95 ll",
    "ci_high": "ci_high upper UCL ci.ub or.ub hr_upper ul",
    "correlation": "r ri corr",
    "percent": "pct percent percent_t",
    "control_percent": "percent_control",
}
PAIRS = [(name, role) for role, names in SAID.items() for name in names.split()]
SILENT = (
    "year",
    "author",
    "weeks",
    "d.asp",
    "n.asp",
    "alloc",
    "country",
    "dose",
    "percent_female",
    "time_days",
    "",
)
WORDS = {
    "Experimental cases": "events",
    "Control N": "control_total",
    "Number of events": "events",
    "Sample size (control)": "control_total",
    "standard deviation placebo": "control_sd",
    "95% CI lower": "ci_low",
    "Events in control group": "control_events",
    "Odds ratio": "yi",
}


@pytest.mark.parametrize(("name", "role"), PAIRS)
def test_a_name_says_its_role(name: str, role: str) -> None:
    reading = read_name(name)
    assert reading is not None
    assert reading.role == role


@pytest.mark.parametrize(("name", "role"), WORDS.items())
def test_names_in_several_words(name: str, role: str) -> None:
    reading = read_name(name)
    assert reading is not None
    assert reading.role == role


@pytest.mark.parametrize("name", SILENT)
def test_other_names_say_nothing(name: str) -> None:
    assert read_name(name) is None


def test_a_packages_own_name_goes_before_a_word_and_an_arm_before_none() -> None:
    assert [read_name(name) for name in ("ai", "events_t", "events")] == [
        Reading("events", 3),
        Reading("events", 2),
        Reading("events", 1),
    ]
