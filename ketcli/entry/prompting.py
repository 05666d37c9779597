"""Questions put at a terminal, one line each, until the answer keeps the rules of its column."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from ketcli.entry.questions import AnswerError, Answers, Question, check_answer, check_together

HELP = "?"
Ask = Callable[[str], str]
Say = Callable[[str], None]


def put(questions: Iterable[Question], given: Answers, ask: Ask, say: Say) -> dict[str, str]:
    """Return the answers to questions, those in `given` already answered; `ask` reads a line, `say` writes one.

    "?" lists the codes of a question. Counts that cannot be are asked for again together.
    """
    answers = dict(given)
    for question in questions:
        if question.name in given or not question.when(answers):
            continue
        answers[question.name] = _answer(question, ask, say)
        pair = {"total": "events", "control_total": "control_events"}.get(question.name)
        while pair is not None and (problem := _clash(answers)):
            say(problem)
            for name in (pair, question.name):
                again = next(q for q in questions if q.name == name)
                answers[name] = _answer(again, ask, say)
    return answers


def _answer(question: Question, ask: Ask, say: Say) -> str:
    codes = [code for code in question.field.codes or () if code]
    choices = f" ({', '.join(codes)})" if 0 < len(codes) <= 6 else " (? lists them)" if codes else ""
    rest = "" if question.needed else f" [empty: {question.blank}]"
    while True:
        typed = ask(f"{question.prompt}{choices}{rest}: ")
        if typed.strip() == HELP and question.field.codes:
            for code, meaning in question.field.codes.items():
                say(f"  {code}: {meaning}")
            continue
        try:
            return check_answer(question, typed)
        except AnswerError as error:
            say(f"  {error.message}; {error.fix}")


def _clash(answers: Answers) -> str:
    try:
        check_together(answers)
    except AnswerError as error:
        return f"  {error.message}; {error.fix}"
    return ""
