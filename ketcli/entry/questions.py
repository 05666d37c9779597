"""What is asked to enter a study's result: each question with its option, its column and when it is put."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from ketcli.evidence.cells import CellError, decimal_point
from ketcli.evidence.checks.rows import check_rows
from ketcli.evidence.codes import DRUGS, STUDY_DRUGS
from ketcli.evidence.fields import Field, Table, code, integer, number, text
from ketcli.evidence.flat_names import as_code, in_days
from ketcli.evidence.grid import Grid
from ketcli.evidence.schema import TABLES
from ketcli.evidence.tables.flat import FLAT

Answers = Mapping[str, str]


class AnswerError(ValueError):
    """What is wrong with an answer and how to mend it."""

    def __init__(self, message: str, fix: str) -> None:
        super().__init__(f"{message}: {fix}")
        self.message = message
        self.fix = fix


THE_STUDY, THE_ARM, THE_CONTROL, THE_RESULT = "The study", "The treated arm", "The control arm", "The result"


@dataclass(frozen=True)
class Question:
    """One question: `name` is its option's and its answer's, `field` the column that an answer must fit.

    It is put where `when` holds; there `needed` refuses an empty answer. `blank` is what an empty answer means,
    `usual` what goes without saying after the answers before. `about` explains the question; without it the
    description of the column does.
    """

    name: str
    section: str
    prompt: str
    field: Field
    needed: bool = False
    blank: str = "not stated"
    when: Callable[[Answers], bool] = lambda _: True
    usual: Callable[[Answers], str] = lambda _: ""
    about: str = ""

    @property
    def option(self) -> str:
        """Return the option that answers the question."""
        return "--" + self.name.replace("_", "-")

    @property
    def help(self) -> str:
        """Return what the question is about, in a sentence."""
        text = self.about or self.field.description
        return f"{text[:1].upper()}{text[1:]}{'' if text.endswith('.') else '.'}"


def _has_control(answers: Answers) -> bool:
    return bool(answers.get("control"))


def _is_course(answers: Answers) -> bool:
    return answers.get("regimen") == "repeated"


def _usual_route(answers: Answers) -> str:
    return {"ketamine": "intravenous", "esketamine": "intranasal"}.get(answers.get("drug", ""), "")


def _usual_unit(answers: Answers) -> str:
    """Return the unit that doses are told in: by weight into a vein, absolute into the nose."""
    return {"intravenous": "mg/kg", "intranasal": "mg"}.get(answers.get("route", ""), "")


_STUDIES, _ARMS, _OUTCOMES = TABLES["studies"], TABLES["arms"], TABLES["outcomes"]
_EVENTS = _OUTCOMES.field("events").but(required=True)
_TOTAL = _OUTCOMES.field("total").but(required=True)
_COUNT_HELP = "A count (12), a count with its total (12/20), or a percent (60 %) of the people asked for next"

QUESTIONS = (
    Question("study", THE_STUDY, "Study, as people know it (Oak 2019)", text("study", "Its name", required=True),
             needed=True,
             about="The name it is shown by; with one that is there already the study gains a result"),
    Question("year", THE_STUDY, "Year of publication", _STUDIES.field("year")),
    Question("design", THE_STUDY, "Design", _STUDIES.field("design"), needed=True),
    Question("population", THE_STUDY, "Who was admitted", _STUDIES.field("population"), needed=True),
    Question("source_url", THE_STUDY, "Web page the numbers were seen on (https://...)",
             _STUDIES.field("source_url")),
    Question("source_kind", THE_STUDY, "What kind of page that is", _OUTCOMES.field("source_kind"), needed=True),
    Question("drug", THE_ARM, "Treatment", code("drug", DRUGS, "Treatment given", required=True), needed=True),
    Question("route", THE_ARM, "Route", _ARMS.field("route"), usual=_usual_route),
    Question("dose", THE_ARM, "Single dose, the number alone (0.5, 56)", _ARMS.field("dose")),
    Question("dose_unit", THE_ARM, "Unit of the dose", _ARMS.field("dose_unit"), needed=True,
             when=lambda a: bool(a.get("dose")), usual=_usual_unit),
    Question("regimen", THE_ARM, "Kind of course", _ARMS.field("regimen"),
             when=lambda a: a.get("drug") in STUDY_DRUGS),
    Question("course_days", THE_ARM, "Length of the course in days", _ARMS.field("course_days"),
             when=_is_course),
    Question("background", THE_ARM, "Other antidepressant treatment", _ARMS.field("background")),
    Question("control", THE_CONTROL, "What the control arm received",
             code("control", DRUGS, "What the control arm received; nothing for a study of one arm"),
             blank="no control"),
    Question("outcome", THE_RESULT, "Outcome", _OUTCOMES.field("outcome"), needed=True),
    Question("scale", THE_RESULT, "Scale it was judged by (MADRS)", _OUTCOMES.field("scale")),
    Question("definition", THE_RESULT, "Criterion in words", _OUTCOMES.field("definition")),
    Question("time", THE_RESULT, "Time since the first dose (24h, 7d, 4w)", number("time", "Days", minimum=0),
             blank="not stated, never pooled", about="A time with its unit, or a bare number of days"),
    Question("analysis_set", THE_RESULT, "Who was counted", _OUTCOMES.field("analysis_set"), needed=True),
    Question("crossover", THE_RESULT, "Which periods of the crossover are counted",
             _OUTCOMES.field("crossover_data"), needed=True, when=lambda a: a.get("design") == "rct-crossover"),
    Question("events", THE_RESULT, "People with the outcome (12, 12/20 or 60 %)", _EVENTS, needed=True,
             about=_COUNT_HELP),
    Question("total", THE_RESULT, "People it was counted among", _TOTAL, needed=True),
    Question("control_events", THE_RESULT, "The same of the control arm (4, 4/21 or 19 %)",
             _EVENTS.but(required=False), blank="not reported", when=_has_control, about=_COUNT_HELP),
    Question("control_total", THE_RESULT, "People in the control arm", _TOTAL, needed=True,
             when=lambda a: _has_control(a) and bool(a.get("control_events"))),
    Question("events_derived", THE_RESULT, "Was a count worked out from a percent? (y, n)",
             integer("events_derived", "1 for yes", minimum=0, maximum=1), blank="no"),
)  # fmt: skip
_YES_OR_NO = {"y": "1", "yes": "1", "n": "0", "no": "0"}
_TABLES_ALONE = ("source_kind", "dose_unit", "definition", "crossover", "events_derived")


def questions(*, flat: bool) -> tuple[Question, ...]:
    """Return the questions for a folder of tables, or the fewer for a single file of trials, which needs less."""
    if not flat:
        return QUESTIONS
    columns = {field.name: field for field in FLAT.fields}
    kept = [question for question in QUESTIONS if question.name not in _TABLES_ALONE]
    return tuple(replace(q, needed=q.needed and columns.get(q.name, q.field).required) for q in kept)


def check_answer(question: Question, answer: str) -> str:
    """Return an answer in the words of its column; "" for an empty one. AnswerError when it breaks a rule."""
    answer = answer.strip()
    if not answer:
        if question.needed:
            raise AnswerError("an answer is needed here", "give one, or press Ctrl-C to stop without a change")
        return ""
    field = question.field
    if question.name == "events_derived":
        answer = _YES_OR_NO.get(answer.lower(), answer)
    if field.codes is not None:
        answer = as_code(field, answer) or answer
    elif field.numeric:
        answer = _number(question, answer)
    if question.name == "study" and not re.search(r"\w", answer):
        raise AnswerError(f"{answer!r} holds no letter", "give the study a name")
    for problem in check_rows(Grid("answer", (field.name,), [[answer]], [1]), _alone(field)):
        if problem.code != "no-source":
            raise AnswerError(problem.message.removeprefix(f"{field.name}: "), problem.fix)
    return answer


def check_together(answers: Answers) -> None:
    """Refuse counts that cannot be: AnswerError where more people have the outcome than were counted."""
    for events, total in (("events", "total"), ("control_events", "control_total")):
        if answers.get(events) and answers.get(total) and float(answers[events]) > float(answers[total]):
            raise AnswerError(
                f"{events.replace('_', ' ')} ({answers[events]}) is larger than {total.replace('_', ' ')} "
                f"({answers[total]})",
                "look up both numbers in the source",
            )


def _number(question: Question, answer: str) -> str:
    if question.name == "time" and (days := in_days(answer)) is not None:
        return f"{days:.12g}"
    try:
        text = decimal_point(answer)
        whole = question.field.type == "integer" and re.fullmatch(r"\d{1,15}\.0*", text)
        return text.partition(".")[0] if whole else text
    except CellError as error:
        raise AnswerError(error.message, error.fix) from None


def _alone(field: Field) -> Table:
    return Table("answer", "Answer", "One answer.", key=(field.name,), fields=(field,))
