"""Names of columns as people and programs write them: two arms told apart, four languages, packages' own names."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest

from tests.command import Result, ket

COUNTS = "Oak,4,8,1,9\nElm,12,17,2,14\nAsh,30,47,7,25\n"
MEANS = "Oak,12.5,8.3,20,18.4,7.9,21\nElm,14.1,9,17,20.2,8.8,14\n"


def pool(text: str, *options: str) -> Result:
    return ket("pool", "-", "--csv", *options, stdin=text.encode())


def first(result: Result) -> dict[str, Any]:
    assert result.code == 0, result.err
    return next(row for row in csv.DictReader(io.StringIO(result.out)) if row["kind"] == "study")


@pytest.mark.parametrize(
    "header",
    [
        "ai,n1i,ci,n2i",
        "event.e,n.e,event.c,n.c",
        "Ee,Ne,Ec,Nc",
        "xt,nt,xc,nc",
        "xTi,nTi,xCi,nCi",
        "EventsExp,NExp,EventsCtrl,NCtrl",
        "ev.trt,n.trt,ev.ctrl,n.ctrl",
        "n_event_int,n_int,n_event_con,n_con",
        "exp_events,exp_n,ctrl_events,ctrl_n",
        "event1,total1,event0,total0",
        "Events (ketamine),Total (ketamine),Events (control),Total (control)",
        "Ketamine responders,Ketamine total,Placebo responders,Placebo total",
        "n_resp_ket,n_ket,n_resp_pbo,n_pbo",
        "x.nrt,n.nrt,x.ctrl,n.ctrl",
        "Treatment deaths,Treatment N,Sham deaths,Sham N",
        "Events treated,N treated,Events midazolam,N midazolam",
        "Ereignisse,Gesamt,Ereignisse Kontrolle,Gesamt Kontrolle",
        "Évènements,Effectif,Évènements témoin,Effectif témoin",
        "Eventos tratamiento,Total tratamiento,Eventos control,Total control",
    ],
)
def test_two_arms_by_any_usual_name(header: str) -> None:
    """Every style of naming the four counts gives the same comparison; one unusual arm is told by the other."""
    row = first(pool(f"Study,{header}\n{COUNTS}"))
    assert [row[c] for c in ("events", "total", "control_events", "control_total")] == ["4", "8", "1", "9"]


@pytest.mark.parametrize(
    "header",
    [
        "mean.e,sd.e,n.e,mean.c,sd.c,n.c",
        "mt,sdt,nt,mc,sdc,nc",
        "MeanTreat,SDTreat,NTreat,MeanCtrl,SDCtrl,NCtrl",
        "post_mean_e,post_sd_e,n_e,post_mean_c,post_sd_c,n_c",
        "Mean (ketamine),SD (ketamine),N (ketamine),Mean (placebo),SD (placebo),N (placebo)",
        "MW,SD,n,MW Kontrolle,SD Kontrolle,n Kontrolle",
        "moyenne,écart-type,effectif,moyenne témoin,écart-type témoin,effectif témoin",
    ],
)
def test_means_by_any_usual_name(header: str) -> None:
    """The six numbers of two arms."""
    row = first(pool(f"Study,{header}\n{MEANS}"))
    assert [row[c] for c in ("mean", "sd", "control_mean", "control_total")] == ["12.5", "8.3", "18.4", "21"]


def test_standard_errors_of_means_are_turned_into_deviations() -> None:
    """SE per arm is not mistaken for the SD, and the note says what was done."""
    result = pool("Study,mean.e,se.e,n.e,mean.c,se.c,n.c\nOak,12,2,16,18,1,25\nElm,14,2,16,20,1,25\n")
    row = first(result)
    assert (row["sd"], row["control_sd"]) == ("8", "5")
    assert "Standard deviations are the standard errors times the root of n." in result.err


@pytest.mark.parametrize(
    ("effect", "error"),
    [("lnOR", "selnOR"), ("logRR", "se.logRR"), ("Hedges' g", "SE g"), ("SMD", "SE (SMD)"), ("TE", "seTE"),
     ("Mean difference", "Standard error"), ("yi", "sei")],
)  # fmt: skip
def test_effects_with_errors_named_after_them(effect: str, error: str) -> None:
    """The error of an effect is often called after it."""
    assert float(first(pool(f"Study,{effect},{error}\nOak,-0.7,0.2\nElm,-0.2,0.3\n"))["yi"]) == -0.7


@pytest.mark.parametrize(
    ("header", "hint"),
    [
        (
            "ketamine_responders,ketamine_n,midazolam_responders,midazolam_n",
            "--control ketamine or --control midazolam",
        ),
        ("x.a,n.a,x.p,n.p", "--control a or --control p"),
    ],
)
def test_two_unknown_arms_are_asked_for(header: str, hint: str) -> None:
    """Which of two arms is the control decides the sign of the result: the hint names the option, and it works."""
    text = f"Study,{header}\n{COUNTS}"
    asked = pool(text)
    assert (asked.code, asked.out, hint in asked.err) == (1, "", True)
    assert first(pool(text, "--control", hint.rsplit(maxsplit=1)[-1]))["control_events"] == "1"
    assert first(pool(text, "--control", hint.split()[1]))["control_events"] == "4"


def test_third_arm_is_asked_for() -> None:
    """Of three numbered arms no two are compared unasked; named by options they are."""
    text = "Study,resp1,n1,resp2,n2,resp3,n3\nOak,4,8,1,9,3,9\nElm,12,17,2,14,6,15\n"
    asked = pool(text)
    assert (asked.code, "[ambiguous-column]" in asked.err) == (2, True)
    options = ("--events", "resp1", "--total", "n1", "--control-events", "resp3", "--control-total", "n3")
    assert first(pool(text, *options))["control_events"] == "3"


def test_two_totals_of_one_arm_are_not_chosen_between() -> None:
    """`n` and `N` of an arm: events among people by convention, which is asked for and not relied on."""
    text = "Study,Ketamine n,Ketamine N,Placebo n,Placebo N\n" + COUNTS
    assert (pool(text).code, pool(text).out) == (2, "")
    options = ("--events", "Ketamine n", "--total", "Ketamine N", "--control-events", "Placebo n")
    assert first(pool(text, *options))["control_total"] == "9"


@pytest.mark.parametrize(
    "header",
    ["ai,ni", "ci,ni", "nt,year", "mi,ni"],
)
def test_names_of_packages_mean_something_beside_each_other_alone(header: str) -> None:
    """`ai` without `bi` or `n1i` is no count of events: in published data it is a number of items."""
    result = pool(f"study,{header}\nOak,4,8\nElm,12,17\n")
    assert (result.code != 0, result.out) == (True, "")


def test_total_of_both_arms_does_not_compete() -> None:
    """`ni` beside `n1i` and `n2i` is everybody: the arm's own total is not in doubt."""
    row = first(pool("study,ni,ai,n1i,ci,n2i\nOak,17,4,8,1,9\nElm,31,12,17,2,14\n"))
    assert (row["total"], row["control_total"]) == ("8", "9")


def test_effects_that_are_there_are_taken() -> None:
    """Ready-made effects need no other reading of columns whose arms are unknown."""
    result = pool("study,Red_N,Red_M,Red_SD,Control_N,Control_M,Control_SD,yi,vi\nOak,9,1,1,9,2,1,-0.9,0.2\n")
    assert float(first(result)["yi"]) == -0.9


def test_arm_column_of_any_usual_name_is_an_arm() -> None:
    """A long table pools no control with the treated, whatever its column of arms is called."""
    for name in ("treat", "Drug", "Condition", "Gruppe", "tx"):
        rows = "Oak,Ketamine,30,47\nOak,Placebo,7,25\nElm,Ketamine,9,18\nElm,Placebo,2,16\n"
        text = f"study,{name},events,total\n{rows}"
        assert first(pool(text))["control_events"] == "7"
    asked = pool("study,treat,events,total\nOak,1,30,47\nOak,0,7,25\nElm,1,9,18\nElm,0,2,16\n")
    assert "--control NAME" in asked.err


def test_control_named_is_one_more_control() -> None:
    """Naming the midazolam arms as controls does not make the placebo arms active."""
    text = "study,arm,events,total\nOak,Ketamine,30,47\nOak,Midazolam,7,25\nElm,Ketamine,9,18\nElm,Placebo,2,16\n"
    result = pool(text, "--control", "Midazolam")
    rows = [r for r in csv.DictReader(io.StringIO(result.out)) if r["kind"] == "study"]
    assert [r["control_events"] for r in rows] == ["7", "2"]


def test_missing_part_names_every_option_that_gives_it() -> None:
    """An effect's error may be a variance, an error or an interval: the hint names all three."""
    result = pool("Study,SMD,p-value\nOak,-0.7,<0.05\n")
    assert "--vi COLUMN or --se COLUMN or --ci-low COLUMN --ci-high COLUMN" in result.err


def test_studies_on_several_rows_are_one_question() -> None:
    """Dozens of studies that stand there twice are told once."""
    rows = "".join(f"S{i},4,8\nS{i},3,9\n" for i in range(6))
    result = pool(f"study,events,total\n{rows}")
    assert result.err.count("[same-trial-twice]") == 1
    assert "6 studies stand there more than once (S0 2 times" in result.err


@pytest.mark.parametrize(
    "text",
    [
        "Study,events,total,Dropouts\nOak,4,8,3/8\nElm,12,17,2/17\n",
        "Study,events,total,events male,total male\nOak,4,8,3,8\nElm,12,17,2,9\n",
        "Study,events,n,Visit date\nOak,4,8,12/20\nElm,12,17,11/18\n",
    ],
)
def test_other_counts_are_no_control(text: str) -> None:
    """Beside counts that name no arm, further counts are no other arm."""
    row = first(pool(text))
    assert (row["events"], row["total"], row["measure"]) == ("4", "8", "PLO")


def test_second_arm_without_a_name_is_asked_about() -> None:
    """Programs call a repeated column `Events.1`: that is the control's and not the treated arm's."""
    asked = pool("Study,Events,Total,Events.1,Total.1\nOak,4,8,1,9\nElm,12,17,2,14\n")
    assert (asked.code, asked.out, "is it column 'Events' or 'Events.1'?" in asked.err) == (2, "", True)


def test_two_outcomes_of_named_arms_are_asked_about() -> None:
    """Responders and remitters of each arm: which are meant is asked with both columns, arm after arm."""
    text = (
        "Study,N ketamine,Responders ketamine,N placebo,Responders placebo,Remitters ketamine,Remitters placebo\n"
        "Oak,8,4,9,1,2,0\nElm,17,12,14,2,5,1\n"
    )
    asked = pool(text)
    assert "is it column 'Responders placebo' or 'Remitters placebo'?" in asked.err
    options = ("--control-events", "Remitters placebo")
    assert "is it column 'Responders ketamine' or 'Remitters ketamine'?" in pool(text, *options).err
    assert first(pool(text, *options, "--events", "Remitters ketamine"))["events"] == "2"


@pytest.mark.parametrize(("effect", "error"), [("_meta_es", "_meta_se"), ("_ES", "_seES"), ("d", "var_d")])
def test_names_that_programs_give_to_effects(effect: str, error: str) -> None:
    """Columns that Stata's commands leave behind, and those of textbooks."""
    assert first(pool(f"studylabel,{effect},{error}\nOak,0.6,0.04\nElm,0.7,0.09\n"))["label"] == "Oak"


@pytest.mark.parametrize("names", ["Intervention,Comparison", "treat1,treat2", "Drug,Control"])
def test_treatment_on_either_side_is_asked_about(names: str) -> None:
    """A comparison entered the other way round would turn its effect about."""
    text = f"Study,{names},r1,n1,r2,n2\nOak,ketamine,saline,4,8,1,9\nElm,saline,ketamine,2,14,12,17\n"
    assert "lines 2, 3: saline is in" in pool(text).err
    assert "[arm-on-either-side]" in pool(text).err
    assert "[arm-on-either-side]" not in pool(text.replace("Elm,saline,ketamine", "Elm,esketamine,saline")).err
