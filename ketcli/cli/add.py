"""`ket data add`: one result of a study, asked for at a terminal or given by options."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from ketcli.cli import complete
from ketcli.cli.options import OutputOptions, shared_options
from ketcli.cli.run import answer
from ketcli.errors import UsageError

if TYPE_CHECKING:
    from ketcli.entry.questions import Question
    from ketcli.entry.store import Added
    from ketcli.report import Report
    from ketcli.terminal import Terminal

STUDY, ARMS, RESULT = "The study", "Its arms", "The result"


def register(app: typer.Typer) -> None:
    """Put the command on the family `ket data`."""
    app.command("add")(add)


def _asked(name: str, text: str, panel: str, metavar: str = "TEXT", **extra: Any) -> Any:
    return typer.Option(name, help=text, rich_help_panel=panel, metavar=metavar, **extra)


@shared_options
def add(
    output: OutputOptions,
    target: Annotated[
        str, typer.Argument(help="A folder of tables, or a CSV file of trials.", metavar="FOLDER|FILE")
    ],
    study: Annotated[
        str | None, _asked("--study", "Its name; one that is there already gains a result.", STUDY)
    ] = None,
    year: Annotated[str | None, _asked("--year", "Year of publication.", STUDY, "YEAR")] = None,
    design: Annotated[
        str | None, _asked("--design", "rct-parallel ...", STUDY, "CODE", autocompletion=complete.designs)
    ] = None,
    population: Annotated[
        str | None, _asked("--population", "trd-mdd ...", STUDY, "CODE", autocompletion=complete.populations)
    ] = None,
    source_url: Annotated[
        str | None, _asked("--source-url", "Page the numbers were seen on.", STUDY, "URL")
    ] = None,
    source_kind: Annotated[str | None, _asked("--source-kind", "primary-fulltext ...", STUDY, "CODE")] = None,
    drug: Annotated[str | None, _asked("--drug", "Treatment.", ARMS, "CODE", autocompletion=complete.drugs)] = None,
    route: Annotated[
        str | None, _asked("--route", "intravenous ...", ARMS, "CODE", autocompletion=complete.routes)
    ] = None,
    dose: Annotated[str | None, _asked("--dose", "Single dose.", ARMS, "NUMBER")] = None,
    dose_unit: Annotated[str | None, _asked("--dose-unit", "mg or mg/kg.", ARMS, "UNIT")] = None,
    regimen: Annotated[str | None, _asked("--regimen", "single-dose or repeated.", ARMS, "CODE")] = None,
    course_days: Annotated[str | None, _asked("--course-days", "Length of a course.", ARMS, "DAYS")] = None,
    background: Annotated[str | None, _asked("--background", "add-on, new-oral-ad ...", ARMS, "CODE")] = None,
    control: Annotated[str | None, _asked("--control", "What the control received.", ARMS, "CODE")] = None,
    outcome: Annotated[
        str | None, _asked("--outcome", "response ...", RESULT, "CODE", autocompletion=complete.outcomes)
    ] = None,
    scale: Annotated[str | None, _asked("--scale", "MADRS ...", RESULT)] = None,
    definition: Annotated[str | None, _asked("--definition", "Criterion in words.", RESULT)] = None,
    time: Annotated[str | None, _asked("--time", "Since the first dose: 24h, 7d, 28.", RESULT, "TIME")] = None,
    analysis_set: Annotated[str | None, _asked("--analysis-set", "itt, mitt ...", RESULT, "CODE")] = None,
    crossover: Annotated[
        str | None, _asked("--crossover", "first-period ... of a crossover.", RESULT, "CODE")
    ] = None,
    events: Annotated[str | None, _asked("--events", "People with the outcome.", RESULT, "N")] = None,
    total: Annotated[str | None, _asked("--total", "People counted.", RESULT, "N")] = None,
    control_events: Annotated[
        str | None, _asked("--control-events", "The same of the control.", RESULT, "N")
    ] = None,
    control_total: Annotated[str | None, _asked("--control-total", "The same of the control.", RESULT, "N")] = None,
    events_derived: Annotated[
        str | None, _asked("--events-derived", "1 when worked out from a percent.", RESULT, "0|1")
    ] = None,
    backup: Annotated[
        bool, typer.Option("--backup", help="Keep a copy of every changed file as NAME.bak.")
    ] = False,
    drop_examples: Annotated[
        bool, typer.Option("--drop-examples", help="Remove the made-up studies of a new folder.")
    ] = False,
) -> None:
    """Add a study, or one more result of a study; what options do not say is asked for at a terminal."""
    names = (
        *("study", "year", "design", "population", "source_url", "source_kind", "drug", "route", "dose"),
        *("dose_unit", "regimen", "course_days", "background", "control", "outcome", "scale", "definition", "time"),
        *("analysis_set", "crossover", "events", "total", "control_events", "control_total", "events_derived"),
    )
    here = locals()
    given: dict[str, str] = {name: here[name] for name in names if here[name] is not None}

    def make(terminal: Terminal) -> Report:
        from pathlib import Path

        from ketcli.entry import store
        from ketcli.entry.questions import questions
        from ketcli.summaries import storing

        place = Path(target)
        asked = questions(flat=not store.is_folder(place))
        answers = _checked(asked, given)
        known = store.known_study(place, answers["study"]) if answers.get("study") else store.Known()
        whole = {**known.fixed, **answers}
        lacking = [q.option for q in asked if q.needed and q.when(whole) and not whole.get(q.name)]

        def put(these: dict[str, str], first: bool = True) -> Added:
            return store.add(place, these, backup=backup, drop_examples=drop_examples and first)

        if not lacking:
            return storing.added(target, [put(whole)])
        if not terminal.stdin_is_terminal:
            raise UsageError(
                f"still to be said: {', '.join(lacking)}",
                code="missing-answers",
                hint="give these options, or run ket data add at a terminal to be asked",
            )
        from ketcli.cli import interview

        return storing.added(
            target, interview.hold(target, store.fitting(place, asked, answers), answers, put, terminal)
        )

    answer(make, output)


def _checked(asked: tuple[Question, ...], given: dict[str, str]) -> dict[str, str]:
    """Return the answers that options gave, in the words of their columns."""
    from ketcli.entry.questions import AnswerError, check_answer, check_together

    by_name = {question.name: question for question in asked}
    if strange := sorted(set(given) - set(by_name)):
        raise UsageError(
            f"{', '.join('--' + name.replace('_', '-') for name in strange)} has no column in a file of trials",
            code="option-without-effect",
            hint="leave it out, or keep the studies in a folder: ket data new FOLDER",
        )
    answers: dict[str, str] = {}
    name = ""
    try:
        for name, text in given.items():
            answers[name] = check_answer(by_name[name], text)
        check_together(answers)
    except AnswerError as error:
        raise UsageError(f"{by_name[name].option}: {error.message}", code="bad-answer", hint=error.fix) from None
    return answers
