"""Columns of people's own files: matched forgivingly, said aloud, and asked for where two readings are possible."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest

import ketcli
from ketcli.errors import UsageError
from ketcli.evidence.flat_columns import parse_given
from ketcli.evidence.flat_names import in_days
from ketcli.evidence.load import Evidence
from tests.command import ket

ROW = "Smith 2001,ketamine,intravenous,response,1,9,18"


def rates(content: str | bytes, *options: str) -> dict[str, Any]:
    """The one row that `ket rates` makes of a piped file."""
    data = content.encode() if isinstance(content, str) else content
    result = ket("rates", "--data", "-", "--csv", *options, stdin=data)
    assert result.code == 0, result.err
    (row,) = csv.DictReader(io.StringIO(result.out))
    return row


def notes(content: str | bytes, *options: str) -> str:
    data = content.encode() if isinstance(content, str) else content
    return ket("rates", "--data", "-", "--csv", *options, stdin=data).err


@pytest.mark.parametrize(
    "header",
    [
        "study,drug,route,outcome,time_days,events,total",
        "Study,Drug,Route,Outcome,Time Days,Events,Total",
        " STUDY , drug,ROUTE,outcome,time-days,EVENTS,total ",
        "Trial,Treatment,Route of administration,Endpoint,Days,Responders,N",
        "author,medication,ROA,outcome measure,day,n_responders,n",
        "Study ID,substance,admin route,outcome,time (days),number of responders,sample size",
        "trial_name,intervention,route,outcome,Day,cases,n total",
    ],
)
def test_usual_names_are_matched(header: str) -> None:
    """Case, blanks and the usual synonyms do not matter: every header gives the same row."""
    row = rates(f"{header}\n{ROW}\n")
    assert (row["study_id"], row["drug"], row["route"], row["outcome"]) == (
        "Smith 2001",
        "ketamine",
        "intravenous",
        "response",
    )
    assert (row["events"], row["total"], row["time_days"]) == ("9", "18", "1.0")


def test_what_was_matched_is_said() -> None:
    """Nobody has to guess how a file was read; a file in the documented words needs no word."""
    said = notes(f"Trial,Treatment,route,outcome,day,Responders,N\n{ROW}\n")
    assert "columns matched: 'Trial' is study, 'Treatment' is drug, 'day' is time_days" in said
    assert "'Responders' is events, 'N' is total" in said
    assert "columns matched" not in notes(f"study,drug,route,outcome,time_days,events,total\n{ROW}\n")


def test_documented_name_wins_over_synonyms() -> None:
    """A column called `events` is the events, whatever else could be called so; the other is named as unused."""
    content = "study,drug,route,outcome,time_days,events,total,responders\n" + ROW + ",17\n"
    assert rates(content)["events"] == "9"
    assert "unknown column not used: responders" in notes(content)


@pytest.mark.parametrize(
    ("header", "row", "hint"),
    [
        ("study,drug,outcome,day,n,N", "A,ketamine,response,1,9,18", "--column events=n --column total=N"),
        ("study,drug,outcome,day,cases,responders,n", "A,ketamine,response,1,9,9,18", "--column events=cases"),
        ("study,drug,outcome,day,events,patients,participants", "A,ketamine,response,1,9,18,18", "--column total="),
        ("study,drug,outcome,time,events,total", "A,ketamine,response,1,9,18", "--column time_days=time"),
        ("Study,study ,drug,outcome,day,events,total", "A,B,ketamine,response,1,9,18", "--column study="),
    ],
)
def test_doubt_is_a_question(header: str, row: str, hint: str) -> None:
    """Two columns that say the same, or a time without a unit, are asked for by option and never guessed."""
    result = ket("rates", "--data", "-", stdin=f"{header}\n{row}\n".encode())
    assert (result.code, result.out) == (2, "")
    assert "[ambiguous-column]" in result.err
    assert hint in result.err


def test_option_settles_the_doubt() -> None:
    """--column says which column is what, in any case, and a name of the file's own as well."""
    content = "study,drug,outcome,day,n,N\nA,ketamine,response,1,9,18\n"
    row = rates(content, "--column", "events=n", "--column", "total=N")
    assert (row["events"], row["total"]) == ("9", "18")
    odd = "study,drug,outcome,day,Wirkung,Gesamt\nA,ketamine,response,1,9,18\n"
    row = rates(odd, "--column", "events=wirkung", "--column", "TOTAL=Gesamt")
    assert (row["events"], row["total"]) == ("9", "18")


def test_fixed_values_fill_what_a_file_does_not_say() -> None:
    """A sheet about one drug and one outcome need not repeat them in every row; the note tells."""
    options = ("--column", "drug=Ketamine", "--column", "route=iv", "--column", "outcome=response")
    row = rates("study,responders,n\nA,9,18\n", *options, "--column", "time_days=24 h")
    assert (row["drug"], row["route"], row["outcome"], row["time_days"]) == (
        "ketamine",
        "intravenous",
        "response",
        "1.0",
    )
    assert "drug is ketamine in every row" in notes("study,responders,n\nA,9,18\n", *options)


@pytest.mark.parametrize(
    ("option", "code"),
    [
        ("events", "bad-column-option"),
        ("=x", "bad-column-option"),
        ("events=", "bad-column-option"),
        ("evnts=responders", "unknown-value"),
        ("events=respnders", "unknown-column"),
        ("drug=aspirin", "unknown-column"),
        ("total=18", "unknown-column"),
    ],
)
def test_options_that_name_nothing(option: str, code: str) -> None:
    """A slip in --column is a usage error that names the nearest; counts are never a fixed value."""
    result = ket("rates", "--data", "-", "--column", option, stdin=b"study,drug,responders,n\nA,ketamine,9,18\n")
    assert (result.code, result.out) == (2, "")
    assert f"[{code}]" in result.err


def test_column_twice_is_refused() -> None:
    """Two columns for one part contradict each other."""
    with pytest.raises(UsageError):
        parse_given(["events=a", "Events=b"])


def test_columns_are_for_single_files(tmp_path: Path) -> None:
    """The tables of a folder, and the bundled data, have fixed names: --column there is a misunderstanding."""
    ket("data", "new", str(tmp_path / "mine"))
    for data in ((), ("--data", str(tmp_path / "mine"))):
        result = ket("rates", "--column", "events=x", *data)
        assert result.code == 2
        assert "[option-without-effect]" in result.err


@pytest.mark.parametrize(
    ("column", "cell", "days"),
    [
        ("time_days", "1", 1.0),
        ("weeks", "4", 28.0),
        ("Time (weeks)", "2", 14.0),
        ("hours", "24", 1.0),
        ("time", "24 h", 1.0),
        ("time", "day 7", 7.0),
        ("timepoint", "4 weeks", 28.0),
        ("days", "24 h", 1.0),
        ("days", "0,5", 0.5),
    ],
)
def test_times_become_days(column: str, cell: str, days: float) -> None:
    """The unit is taken from the name of the column or from the cell, and a note says that times were turned."""
    content = f"study;drug;outcome;{column};events;total\nA;ketamine;response;{cell};9;18\n"
    assert float(rates(content, "--at", "0-60d")["time_days"]) == days


def test_months_are_not_turned_into_days() -> None:
    """A month has no fixed number of days."""
    assert in_days("1 month") is None
    assert in_days("3 mo") is None


@pytest.mark.parametrize(
    ("name", "written", "read"),
    [
        ("drug", "Ketamine", "ketamine"),
        ("drug", "S-Ketamine", "esketamine"),
        ("drug", "Spravato", "esketamine"),
        ("route", "i.v.", "intravenous"),
        ("route", "IV", "intravenous"),
        ("route", "Nasal", "intranasal"),
        ("outcome", "Responders", "response"),
        ("outcome", "REMISSION", "remission"),
        ("analysis_set", "ITT", "itt"),
        ("population", "TRD MDD", "trd-mdd"),
    ],
)
def test_words_become_codes(name: str, written: str, read: str) -> None:
    """Codes in other letters and the usual abbreviations are understood, and a note says so."""
    cells = {"study": "A", "drug": "ketamine", "route": "oral", "outcome": "response", "day": "1"} | {name: written}
    content = f"{','.join(cells)},events,total\n{','.join(cells.values())},9,18\n"
    assert rates(content)[name] == read
    assert f"{written!r} as {read}" in notes(content)


def test_decimal_commas_and_missing_words(tmp_path: Path) -> None:
    """A continental spreadsheet and R's NA are read; a comma that may part thousands is not guessed at."""
    header = "study;drug;outcome;day;events;total;dose;scale"
    row = rates(f"{header}\nA;ketamine;response;1;9;18;0,5;NA\n")
    assert (row["dose"], row["scale"]) == ("0.5 mg/kg", "")
    assert "decimal commas are read as points" in notes(f"{header}\nA;ketamine;response;1;9;18;0,5;MADRS\n")
    result = ket("rates", "--data", "-", stdin=f"{header}\nA;ketamine;response;1;9;1,800;0,5;\n".encode())
    assert result.code == 1
    assert "[ambiguous-comma]" in result.err


def test_missing_word_in_a_needed_cell_is_named() -> None:
    """NA in a count is a missing count, not a zero."""
    result = ket(
        "rates", "--data", "-", stdin=b"study,drug,outcome,day,events,total\nA,ketamine,response,1,NA,18\n"
    )
    assert result.code == 1
    assert "events: 'NA' stands for a missing value" in result.err


def test_problems_name_the_columns_of_the_file(tmp_path: Path) -> None:
    """Messages speak of the file as its owner knows it: its own column, its own line."""
    file = tmp_path / "mine.csv"
    file.write_text(
        "Trial,Treatment,outcome,day,Responders,N\nA,ketamine,response,1,19,18\nB,ketamine,response,1,x,9\n"
    )
    out = json.loads(ket("check", str(file), "--json").out)
    found = [(row["line"], row["column"], row["code"]) for row in out["rows"]]
    assert found == [(2, "Responders", "events-over-total"), (3, "Responders", "not-a-number")]
    assert all("Responders" in row["message"] or "events" in row["message"] for row in out["rows"])
    assert any("'N' is total" in str(note) for note in out["notes"])


CONTROL = "study,drug,control,outcome,day,events,n,control events,control n\n"


def test_control_beside_the_treated_arm_becomes_an_arm_of_its_own() -> None:
    """A two-arm sheet feeds the commands that compare, and its control is never pooled with the drug."""
    row = rates(f"{CONTROL}A,ketamine,Midazolam,response,1,9,18,3,17\n")
    assert (row["events"], row["total"]) == ("9", "18")
    assert (row["control_drug"], row["control_events"], row["control_total"]) == ("midazolam", "3", "17")


def test_control_that_is_not_named_is_asked_for() -> None:
    """Counts of a control of unknown kind are not used, and the note tells how to say what it was."""
    content = "study,drug,outcome,day,events,n,control_events,control_n\nA,ketamine,response,1,9,18,3,17\n"
    assert rates(content)["control_events"] == ""
    assert "--column control_drug=placebo" in notes(content)
    assert rates(content, "--column", "control_drug=placebo")["control_events"] == "3"


def test_problem_of_a_control_names_its_column() -> None:
    """Of a row with two arms the message points at the arm that is wrong."""
    result = ket("rates", "--data", "-", stdin=f"{CONTROL}A,ketamine,placebo,response,1,9,18,30,17\n".encode())
    assert "control events: events (30) is larger than total (17)" in result.err


def test_python_takes_columns_too(tmp_path: Path) -> None:
    """The same naming of columns from Python."""
    file = tmp_path / "mine.csv"
    file.write_text("study,drug,outcome,day,n,N\nA,ketamine,response,1,9,18\n")
    evidence = Evidence.open(str(file), columns={"events": "n", "total": "N"})
    assert [(r["events"], r["total"]) for r in evidence.rows("outcomes")] == [(9, 18)]
    frame = ketcli.rates(str(file), column={"events": "n", "total": "N"})
    assert frame[["events", "total"]].to_numpy().tolist() == [[9, 18]]
    assert any("'n' is events" in note for note in frame.attrs["notes"])


@pytest.mark.parametrize(
    ("cell", "days"),
    [
        ("t=2h", 2 / 24),
        ("D7", 7.0),
        ("W4", 28.0),
        ("wk 4", 28.0),
        ("4w", 28.0),
        ("24 hrs", 1.0),
        ("24h post-dose", 1.0),
        ("2 hours after the first infusion", 2 / 24),
        ("0,5 d", 0.5),
    ],
)
def test_times_of_any_usual_form(cell: str, days: float) -> None:
    """A time that carries its unit is understood however it is put."""
    assert in_days(cell) == pytest.approx(days)


@pytest.mark.parametrize(
    "cell", ["post-treatment", "4 weeks post-treatment", "endpoint", "end of week", "7", "week"]
)
def test_times_counted_from_something_else_are_not_understood(cell: str) -> None:
    """After the treatment is not after the first dose, and a bare number carries no unit."""
    assert in_days(cell) is None


def test_time_without_its_unit_among_others_is_named() -> None:
    """Of a column that says its units in the cells the cell without one is the mistake."""
    content = "study,drug,outcome,time,events,total\nA,ketamine,response,24 h,9,18\nB,ketamine,response,end,9,18\n"
    result = ket("rates", "--data", "-", stdin=content.encode())
    assert (result.code, result.out) == (1, "")
    assert "standard input:3: time: 'end' is no time with its unit, as others of the column are" in result.err


@pytest.mark.parametrize(
    ("cell", "drug", "route", "dose"),
    [
        ("Ket IV 0.5mg/kg", "ketamine", "intravenous", "0.5 mg/kg"),
        ("Ketamine 0,5 mg/kg", "ketamine", "", "0.5 mg/kg"),
        ("IV ketamine infusion", "ketamine", "intravenous", ""),
        ("Spravato 84 mg nasal spray", "esketamine", "intranasal", "84 mg"),
        ("(S)-ketamine", "esketamine", "", ""),
        ("(R,S)-ketamine", "ketamine", "", ""),
        ("Racemic ketamine", "ketamine", "", ""),
        ("ketamine hydrochloride", "ketamine", "", ""),
    ],
)
def test_treatment_with_its_route_and_dose(cell: str, drug: str, route: str, dose: str) -> None:
    """A cell that says the drug with its route and dose fills the columns of these that the file lacks."""
    row = rates(f'study,drug,outcome,day,events,total\nA,"{cell}",response,1,9,18\n')
    assert (row["drug"], row["route"], row["dose"]) == (drug, route, dose)


@pytest.mark.parametrize(
    "cell", ["Arketamine", "R-ketamine", "ketamine + psilocybin", "ketamine 0.5 mg/kg v 1 mg/kg"]
)
def test_treatment_that_is_not_understood_is_no_ketamine(cell: str) -> None:
    """A word that is not known changes the treatment: it is asked about and never dropped."""
    content = f"study,drug,outcome,day,events,total\nA,{cell},response,1,9,18\n"
    result = ket("rates", "--data", "-", stdin=content.encode())
    assert (result.code, result.out, "[unknown-code]" in result.err) == (1, "", True)


def test_route_beside_the_drug_must_agree() -> None:
    """Two routes for one arm are a mistake in one of the columns."""
    content = "study,drug,route,outcome,day,events,total\nA,Ket IV,oral,response,1,9,18\n"
    result = ket("rates", "--data", "-", stdin=content.encode())
    assert (result.code, "route: oral, but intravenous beside the drug" in result.err) == (1, True)


def test_percent_is_not_offered_as_events() -> None:
    """The hint for a file of percents says how to get the counts, not to call percents counts."""
    content = "study,drug,outcome,day,percent,total\nA,ketamine,response,1,50,18\n"
    err = ket("rates", "--data", "-", stdin=content.encode()).err
    assert "percent x total / 100" in err
    assert "Then call it" not in err


def test_outcome_that_holds_for_all_rows_is_offered_as_an_option() -> None:
    """A file of one outcome need not say it on every row: the hint names the option, and it works."""
    content = "study,drug,day,events,total\nA,ketamine,1,9,18\n"
    assert "--column outcome=" in ket("rates", "--data", "-", stdin=content.encode()).err
    assert rates(content, "--column", "outcome=response")["events"] == "9"


def test_columns_of_other_tables_names_are_no_numbers_of_this_one() -> None:
    """A percent or limits beside the counts are columns the file of trials does not have: kept out of its rules."""
    content = (
        "study,drug,outcome,day,events,total,percent,ci_low,ci_high,rate\n"
        "A,ketamine,response,1,9,18,50 %,9,12,x\nB,ketamine,response,1,30,47,63.8,100,9,y\n"
    )
    result = ket("rates", "--data", "-", "--csv", stdin=content.encode())
    assert (result.code, "Traceback" in result.err) == (0, False)
    assert ket("check", "-", stdin=content.encode()).code == 0


def test_arm_of_an_unusual_name_beside_its_control() -> None:
    """`Events ketamine` beside `Events control` are the counts of the treated arm here too."""
    row = rates(
        "Study,Drug,Comparator,Outcome,Day,Events ketamine,N ketamine,Events control,N control\n"
        "A,ketamine,midazolam,response,1,9,18,3,17\n"
    )
    assert [row[c] for c in ("events", "total", "control_events", "control_drug")] == ["9", "18", "3", "midazolam"]


@pytest.mark.parametrize(
    ("cell", "dose"), [("0.5 mg/kg", "0.5 mg/kg"), ("84 mg", "84 mg"), ("0,5mg/kg", "0.5 mg/kg")]
)
def test_doses_with_their_unit(cell: str, dose: str) -> None:
    """A unit that says what the size of the number says is no mistake."""
    content = f'study,drug,dose,outcome,day,events,total\nA,ketamine,"{cell}",response,1,9,18\n'
    assert rates(content)["dose"] == dose


@pytest.mark.parametrize("cell", ["5 mg", "20 mg/kg", "0.5 g"])
def test_doses_of_another_unit_are_refused(cell: str) -> None:
    """5 mg kept as 5 would be shown as 5 mg/kg."""
    content = f"study,drug,dose,outcome,day,events,total\nA,ketamine,{cell},response,1,9,18\n"
    result = ket("rates", "--data", "-", stdin=content.encode())
    assert (result.code, result.out) == (1, "")


@pytest.mark.parametrize(
    "content",
    [
        "Studie;Medikament;Endpunkt;Tage;Ereignisse;Gesamt\nA;Ketamin;Ansprechen;1;9;18\n",
        "Étude;Traitement;Critère;Jours;Évènements;Effectif\nA;Kétamine;Réponse;1;9;18\n",
        "Estudio;Tratamiento;Outcome;Días;Eventos;Total\nA;Ketamina;Respuesta;1;9;18\n",
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "cp1252"])
def test_files_in_other_languages(content: str, encoding: str) -> None:
    """Headings and the commonest words of German, French and Spanish files."""
    row = rates(content.encode(encoding))
    assert [row[c] for c in ("drug", "outcome", "events", "total")] == ["ketamine", "response", "9", "18"]
