"""Questions put at a terminal until the answers keep the rules of their columns, shown once more before they count.

Enter takes what stands in brackets, ? explains, < goes back one question, - leaves an answer empty.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from ketcli.entry.questions import AnswerError, Answers, Question, check_answer, check_together
from ketcli.wording import duration

HELP, BACK, NOTHING = "?", "<", "-"
GUIDE = (
    "Enter takes what stands in [brackets]; ? explains the choices, < goes back one question, - leaves an answer "
    "empty, Ctrl-C stops. Nothing is written before you have seen it all."
)
# the count that a total belongs to, and the answers that a later one can make wrong
_COUNT_OF = {"total": "events", "control_total": "control_events"}
_TOTAL_OF = {count: total for total, count in _COUNT_OF.items()}
_NAME_WIDTH = 22

Ask = Callable[[str, Sequence[str]], str]
Say = Callable[[str], None]


@dataclass
class Interview:
    """One study asked for: `ask` reads a line after a prompt and may complete some words; `say` writes a line.

    `given` are answers known already, never asked for; `usual` are offered as defaults. `answers` hold what was
    said so far, also when the interview is broken off.
    """

    questions: Sequence[Question]
    ask: Ask
    say: Say
    given: Answers = field(default_factory=dict)
    usual: Answers = field(default_factory=dict)
    answers: dict[str, str] = field(default_factory=dict)
    section: str = ""

    def run(self) -> None:
        """Put every question that is not answered yet."""
        self.answers.update(self.given)
        self._put(self.answers)

    def confirmed(self) -> bool:
        """Show the answers until they are confirmed (True) or thrown away (False); any of them can be changed."""
        self._show(self.answers)
        while True:
            reply = self.ask("Write this? (y, n, or the number of a line to change): ", ()).strip().lower()
            if reply in ("y", "yes"):
                return True
            if reply in ("n", "no"):
                return False
            shown = self._shown(self.answers)
            if reply.isdecimal() and 1 <= int(reply) <= len(shown):
                self.answers = self._changed(self.answers, shown[int(reply) - 1])
                self._show(self.answers)
            else:
                self.say(f"  y writes it, n leaves everything as it was, 1 to {len(shown)} changes a line")

    def _put(self, answers: dict[str, str]) -> None:
        """Ask what is not known and put it into `answers`; < takes back the answer before."""
        asked: list[int] = []
        place = 0
        while place < len(self.questions):
            question = self.questions[place]
            if question.name in answers or not question.when(answers):
                place += 1
                continue
            if question.section != self.section:
                self.section = question.section
                self.say(f"\n{self.section}")
            typed = self._answer(question, answers)
            if typed == BACK:
                if asked:
                    place = asked.pop()
                    self._take_back(answers, self.questions[place].name)
                else:
                    self.say("  this is the first question")
                continue
            answers[question.name] = typed
            asked.append(place)
            for name in self._settle(question, answers):
                answers.pop(name, None)
                asked = [i for i in asked if self.questions[i].name != name]
                place = min(place, next(i for i, q in enumerate(self.questions) if q.name == name))

    def _take_back(self, answers: dict[str, str], name: str) -> None:
        """Forget an answer, and those that only made sense with it."""
        answers.pop(name, None)
        if name in _TOTAL_OF:  # both may have come in one answer: 12/20, or the count from a percent
            answers.pop(_TOTAL_OF[name], None)
            if "events_derived" not in self.given:
                answers.pop("events_derived", None)
        for question in self.questions:
            if question.name in answers and question.name not in self.given and not question.when(answers):
                del answers[question.name]

    def _settle(self, question: Question, answers: dict[str, str]) -> tuple[str, ...]:
        """Take apart 12/20 and 60 %; return what must be asked again because both counts cannot be right."""
        count = _COUNT_OF.get(question.name, question.name)
        if count not in _TOTAL_OF:
            return ()
        total = _TOTAL_OF[count]
        if whole := _FRACTION.fullmatch(answers.get(count, "")):
            answers[count], answers[total] = whole.groups()
        share = _PERCENT.fullmatch(answers.get(count, ""))
        if share and answers.get(total):
            people = round(float(share[1].replace(",", ".")) / 100.0 * float(answers[total]))
            marked = any(q.name == "events_derived" for q in self.questions)
            said = "; kept as worked out from a percent" if marked else ""
            self.say(f"  {share[1]} % of {answers[total]} people are {people}{said}")
            answers |= {count: str(people)} | ({"events_derived": "1"} if marked else {})
        try:
            check_together(answers)
        except AnswerError as error:
            self.say(f"  {error.message}; {error.fix}")
            return (count, total)
        return ()

    def _answer(self, question: Question, answers: Answers) -> str:
        """Return a checked answer, or < for the question before."""
        codes = [code for code in question.field.codes or () if code]
        usual = self._usual(question, answers)
        stands = in_words(question, usual) or ("" if question.needed else question.blank)
        if codes:
            self.say(
                "  " + "  ".join(f"{number}\N{NO-BREAK SPACE}{code}" for number, code in enumerate(codes, start=1))
            )
        while True:
            typed = self.ask(f"{question.prompt}{f' [{stands}]' if stands else ''}: ", codes)
            typed = " ".join(typed.split())  # a pasted line break is a blank
            if typed == HELP:
                self._explain(question)
                continue
            if typed == BACK:
                return BACK
            typed = usual if not typed else "" if typed == NOTHING and not question.needed else typed
            try:
                if question.name in _TOTAL_OF and (_FRACTION.fullmatch(typed) or _PERCENT.fullmatch(typed)):
                    return _counted(question, typed)
                taken = check_answer(question, chosen(typed, codes) if codes else typed)
                if codes and taken != typed:
                    self.say(f"  {taken or question.blank}")
                return taken
            except AnswerError as error:
                fix = "write its number, the beginning of its name, or ? for what they mean" if codes else error.fix
                self.say(f"  {error.message}; {fix}")

    def _usual(self, question: Question, answers: Answers) -> str:
        """Return what Enter means: the answer of the result before, or what goes without saying with the drug."""
        return self.usual.get(question.name, "") or question.usual(answers)

    def _explain(self, question: Question) -> None:
        meanings = {code: meaning for code, meaning in (question.field.codes or {}).items() if code}
        self.say(f"  {question.help}")
        for number, (code, meaning) in enumerate(meanings.items(), start=1):
            self.say(f"  {number} {code}: {meaning}")

    def _shown(self, answers: Answers) -> list[Question]:
        """Return the questions that the answers call for, those left empty too, in the order of their numbers."""
        return [q for q in self.questions if q.when(answers)]

    def _show(self, answers: Answers) -> None:
        """Show all answers, numbered, and in one line what was left empty."""
        self.say("\nThis is what will be written:")
        empty = []
        for number, question in enumerate(self._shown(answers), start=1):
            name = question.name.replace("_", " ")
            if text := answers.get(question.name):
                self.say(f"  {number:2} {name.capitalize():{_NAME_WIDTH}}{in_words(question, text)}")
            else:
                empty.append(f"{number} {name}")
        if empty:
            self.say(f"  Left empty: {', '.join(empty)}")

    def _changed(self, answers: dict[str, str], question: Question) -> dict[str, str]:
        """Return the answers with one asked again, and with what then is to be asked or no longer makes sense."""
        kept = dict(answers)
        again = Interview(self.questions, self.ask, self.say, usual={**self.usual, **answers})
        self._take_back(kept, question.name)
        pair = _COUNT_OF.get(question.name, question.name)
        if pair in _TOTAL_OF:
            kept = {name: text for name, text in kept.items() if name not in (pair, _TOTAL_OF[pair])}
        again._put(kept)
        return {q.name: kept[q.name] for q in self.questions if q.name in kept and q.when(kept)}


_FRACTION = re.compile(r"(\d+)\s*(?:/|of|von|out of)\s*(\d+)")
_PERCENT = re.compile(r"(\d{1,3}(?:[.,]\d+)?)\s*%")


def in_words(question: Question, text: str) -> str:
    """Return an answer as people say it: a time in its usual unit, everything else as it is written."""
    return duration(float(text)) if text and question.name == "time" else text


def chosen(typed: str, codes: Sequence[str]) -> str:
    """Return the code that a number of the list or the beginning of a name stands for, else what was typed.

    AnswerError when several codes begin so.
    """
    if typed.isdecimal() and 1 <= int(typed) <= len(codes):
        return codes[int(typed) - 1]
    begun = [code for code in codes if typed and code.startswith(typed.lower())]
    if len(begun) > 1 and typed.lower() not in begun:
        raise AnswerError(f"{typed!r} fits {', '.join(begun)}", "write more of it, or its number")
    return begun[0] if len(begun) == 1 else typed


def _counted(question: Question, typed: str) -> str:
    """Return 12/20 or 60 % when the numbers can be; AnswerError otherwise."""
    if share := _PERCENT.fullmatch(typed):
        if float(share[1].replace(",", ".")) > 100.0:
            raise AnswerError(f"{typed} is more than everybody", "look up the number in the source")
        return typed
    for part in _FRACTION.fullmatch(typed).groups():  # type: ignore[union-attr]
        check_answer(question, part)
    return typed
