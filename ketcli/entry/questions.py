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


@dataclass(frozen=True)
class Question:
    """One question: `name` is its option's and its answer's, `field` the column that an answer must fit.

    It is put where `when` holds; there `needed` refuses an empty answer. `blank` is what an empty answer
    means.
    """

    name: str
    prompt: str
    field: Field
    needed: bool = False
    blank: str = "not stated"
    when: Callable[[Answers], bool] = lambda _: True

    @property
    def option(self) -> str:
        """Return the option that answers the question."""
        return "--" + self.name.replace("_", "-")


def _has_control(answers: Answers) -> bool:
    return bool(answers.get("control"))


def _is_course(answers: Answers) -> bool:
    return answers.get("regimen") == "repeated"


_STUDIES, _ARMS, _OUTCOMES = TABLES["studies"], TABLES["arms"], TABLES["outcomes"]
_EVENTS = _OUTCOMES.field("events").but(required=True)
_TOTAL = _OUTCOMES.field("total").but(required=True)

QUESTIONS = (
    Question("study", "Study, as people know it (Oak 2019)", text("study", "Its name", required=True), needed=True),
    Question("year", "Year of publication", _STUDIES.field("year")),
    Question("design", "Design", _STUDIES.field("design"), needed=True),
    Question("population", "Who was admitted", _STUDIES.field("population"), needed=True),
    Question("source_url", "Web page on which the numbers were seen", _STUDIES.field("source_url")),
    Question("source_kind", "How near that page is to the source", _OUTCOMES.field("source_kind"), needed=True),
    Question("drug", "Treatment", code("drug", DRUGS, "Treatment given", required=True), needed=True),
    Question("route", "Route", _ARMS.field("route")),
    Question("dose", "Single dose (0.5, 56)", _ARMS.field("dose")),
    Question("dose_unit", "Unit of the dose", _ARMS.field("dose_unit"), needed=True,
             when=lambda a: bool(a.get("dose"))),
    Question("regimen", "Kind of course", _ARMS.field("regimen"),
             when=lambda a: a.get("drug") in STUDY_DRUGS),
    Question("course_days", "Length of the course in days", _ARMS.field("course_days"),
             when=_is_course),
    Question("background", "Other antidepressant treatment", _ARMS.field("background")),
    Question("control", "What the control arm received",
             code("control", DRUGS, "What the control arm received"), blank="no control"),
    Question("outcome", "Outcome", _OUTCOMES.field("outcome"), needed=True),
    Question("scale", "Scale it was judged by (MADRS)", _OUTCOMES.field("scale")),
    Question("definition", "Criterion in words", _OUTCOMES.field("definition")),
    Question("time", "Time since the first dose (24h, 28d)", number("time", "Days", minimum=0)),
    Question("analysis_set", "Who was counted", _OUTCOMES.field("analysis_set"), needed=True),
    Question("crossover", "Which periods of the crossover are counted", _OUTCOMES.field("crossover_data"),
             needed=True, when=lambda a: a.get("design") == "rct-crossover"),
    Question("events", "People with the outcome", _EVENTS, needed=True),
    Question("total", "People it was counted among", _TOTAL, needed=True),
    Question("control_events", "People with the outcome in the control arm", _EVENTS, needed=True,
             when=_has_control),
    Question("control_total", "People in the control arm", _TOTAL, needed=True, when=_has_control),
    Question("events_derived", "Was the count worked out from a percent? 1 for yes",
             integer("events_derived", "1 for yes", minimum=0, maximum=1), blank="no"),
)  # fmt: skip
_TABLES_ALONE = ("source_kind", "dose_unit", "background", "definition", "crossover", "events_derived")


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
        return decimal_point(answer)
    except CellError as error:
        raise AnswerError(error.message, error.fix) from None


def _alone(field: Field) -> Table:
    return Table("answer", "Answer", "One answer.", key=(field.name,), fields=(field,))
