"""A study entered at a terminal: asked for, shown, written, and asked for its next result."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ketcli.entry import keyboard, store
from ketcli.entry.prompting import GUIDE, Ask, Interview, Say
from ketcli.errors import DataError, InputError, KetError

if TYPE_CHECKING:
    from ketcli.entry.questions import Question
    from ketcli.entry.store import Added
    from ketcli.terminal import Terminal

# what is new in every result; the rest is proposed again
_OF_ONE_RESULT = ("events", "total", "control_events", "control_total", "events_derived", "definition")
_OF_THE_STUDY = ("study", "year", "design", "population")

Put = Callable[[dict[str, str], bool], "Added"]


def hold(
    target: str, asked: Sequence[Question], given: Mapping[str, str], put: Put, terminal: Terminal
) -> list[Added]:
    """Return what was put into a folder or file, one result after the other until the person has had enough.

    `put` writes the answers of one result and is told whether it is the first. Broken off, the answers so far are
    shown as the options that go on from there.
    """
    ask, say = keyboard.reader(terminal), keyboard.writer(terminal)
    say(f"A result of a study for {target}.")
    say(GUIDE)
    talk = Interview(asked, ask, say, given=dict(given))
    done: list[Added] = []
    try:
        _first_question(talk, target)
        _ask_and_write(talk, put, done)
        while _another(talk.answers["study"], ask, say):
            fixed = {name: talk.answers.get(name, "") for name in _OF_THE_STUDY if name in talk.answers}
            usual = {name: text for name, text in talk.answers.items() if name not in _OF_ONE_RESULT}
            talk = Interview(asked, ask, say, given=fixed, usual=usual)
            _ask_and_write(talk, put, done)
    except (KeyboardInterrupt, InputError) as stop:
        say("")
        if done or isinstance(stop, KeyboardInterrupt):
            say("Stopped; what was written before stays." if done else "Stopped; nothing was written.")
        if said := _options(talk):
            # in one line, however long: a command that is copied must not break
            terminal.stderr.write(f"To go on from here: {shlex.join(('ket', 'data', 'add', target, *said))}\n")
        if not done:
            raise
    return done


def _first_question(talk: Interview, target: str) -> None:
    """Ask for the study, and take over what is there of it already."""
    whole = talk.questions
    talk.questions = [question for question in whole if question.name == "study"]
    talk.run()
    known = store.known_study(Path(target), talk.answers["study"])
    if known.fixed or known.latest:
        talk.say(f"  {talk.answers['study']} is there already: it gains a result, its latest is proposed again.")
    talk.questions = whole
    talk.given = {**known.fixed, **talk.given, "study": talk.answers["study"]}
    talk.usual = known.latest


def _ask_and_write(talk: Interview, put: Put, done: list[Added]) -> None:
    """Put the questions, and write what is confirmed; what cannot be written is said and can be mended."""
    talk.run()
    while True:
        if not talk.confirmed():
            raise InputError("not confirmed; this result was not written", code="no-input", hint="start again")
        try:
            done.append(put(dict(talk.answers), not done))
        except KetError as error:
            problems = error.problems[:3] if isinstance(error, DataError) else ()
            for text in [str(problem) for problem in problems] or [str(error)]:
                talk.say(f"  {text}")
            talk.say(f"  Nothing was written: {error.hint}" if error.hint else "  Nothing was written.")
        else:
            talk.say("  Written.")
            return


def _another(study: str, ask: Ask, say: Say) -> bool:
    """Return whether the study has one more result to enter."""
    while True:
        reply = ask(f"Another outcome, time or arm of {study}? (y, n) [n]: ", ()).strip().lower()
        if reply in ("", "n", "no"):
            return False
        if reply in ("y", "yes"):
            return True
        say("  y or n")


def _options(talk: Interview) -> list[str]:
    """Return what was answered so far as options; [] for a study's name alone."""
    said = {name: text for name, text in talk.answers.items() if text}
    return (
        [word for name, text in said.items() for word in (f"--{name.replace('_', '-')}", text)]
        if said.keys() - {"study"}
        else []
    )
