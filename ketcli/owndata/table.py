"""From the bytes of somebody's CSV to trials that can be pooled: read, recognised, checked, formed from arms."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from ketcli.errors import UsageError
from ketcli.naming.roles import read_other_arm, squash
from ketcli.naming.vocabulary import LOG_RATIOS, RATIOS
from ketcli.naming.words import crossover_of
from ketcli.owndata.arms import Formed, active_arms, assign_parts, first_periods, form_comparisons
from ketcli.owndata.choose import only_where, refuse_repeats
from ketcli.owndata.columns import Found, find_columns
from ketcli.owndata.lint import Question, question_rows
from ketcli.owndata.read import Sheet, is_missing, read_sheet
from ketcli.owndata.shape import Layout, find_layout
from ketcli.owndata.shapes import Kind
from ketcli.owndata.trials import Trial, read_trials


@dataclass(frozen=True)
class Request:
    """How to read a table: columns by role, the kind of results wanted, and what to do with arms and groups.

    `group`, `moderators`, `order` name columns as typed; `controls` are arms that are controls; `where` are the
    values, as COLUMN=VALUE, that rows must have.
    """

    columns: Mapping[str, str] = field(default_factory=dict)
    kind: Kind | None = None
    group: str = ""
    moderators: tuple[str, ...] = ()
    order: str = ""
    controls: tuple[str, ...] = ()
    where: tuple[str, ...] = ()
    keep_arms: bool = False


@dataclass(frozen=True)
class OwnTable:
    """Trials of one shape with what was decided on the way; `notes` say it.

    `group`, `moderators`, `order`, `cluster` are the columns as the header spells them, "" where none is asked for;
    `study_column` holds the studies' names, `study_option` is it when an option named it.
    `scale` says of effects given as they are whether they are ratios or logarithms of ratios ("" for neither);
    `apart` that several comparisons of one study share its control. `questions` are rows to look at again.
    """

    name: str
    layout: Layout
    trials: tuple[Trial, ...]
    sheet: Sheet
    group: str = ""
    moderators: tuple[str, ...] = ()
    order: str = ""
    cluster: str = ""
    scale: str = ""
    study_column: str = ""
    study_option: str = ""
    apart: bool = False
    questions: tuple[Question, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def kind(self) -> Kind:
        """Return the kind of results: the shape's."""
        return self.layout.shape.kind


def read_table(content: bytes, name: str, request: Request) -> OwnTable:
    """Return the trials of a CSV file called `name` in messages.

    Raises InputError, DataError and UsageError as the steps do: `read_sheet`, `find_columns`, `find_layout`,
    `read_trials`, `assign_parts`.
    """
    sheet, notes = _studies_only(read_sheet(content, name))
    sheet, chosen = only_where(sheet, request.where)
    found = find_columns(sheet, request.columns, request.controls)
    layout = find_layout(sheet, found, request.kind)
    _refuse_idle(request, layout)
    group = sheet.find(request.group, "--by") if request.group else ""
    table = OwnTable(
        name=name,
        layout=layout,
        trials=(),
        sheet=sheet,
        group=group,
        moderators=tuple(_moderator(sheet, typed) for typed in request.moderators),
        order=sheet.find(request.order, "--cumulative") if request.order else "",
        cluster=found.given.get("cluster", ""),
        scale=_scale(layout),
        study_column=found.get("study") or "",
        study_option=found.given.get("study", ""),
    )
    trials = _marked(read_trials(sheet, found, layout), found)
    questions = question_rows(found, layout, trials, group)
    periods = first_periods(trials, group)
    formed = _formed(periods.trials, table, found, request) if layout.arms else None
    trials = formed.trials if formed else periods.trials
    if layout.shape.kind == "proportion" and not layout.arms and found.has("control_events"):
        notes = (*notes, "Counts of the treated arm alone are pooled; the control columns are not used.")
    if not (layout.arms or table.cluster):
        refuse_repeats(trials, name, group, table.study_column)
    studies = [trial.study for trial in trials if not trial.reason]
    return replace(
        table,
        trials=tuple(trials),
        questions=tuple(questions),
        apart=request.keep_arms and len(set(studies)) < len(studies),
        notes=(
            *sheet.notes,
            *notes,
            *chosen,
            *_columns_note(table, found),
            *periods.notes,
            *(formed.notes if formed else ()),
        ),
    )


def _refuse_idle(request: Request, layout: Layout) -> None:
    """Raise UsageError for options about arms that neither a row nor a column's name is of."""
    words = {squash(word) for word in request.controls}
    sides = {side[1] for column in layout.columns.values() if (side := read_other_arm(column))}
    for option, typed in (("--keep-arms", request.keep_arms), ("--control", words - sides)):
        if typed and not layout.arms:
            raise UsageError(
                f"{option} needs one row per arm",
                code="option-without-effect",
                hint="leave it out: the rows are whole studies",
            )


def _formed(trials: list[Trial], table: OwnTable, found: Found, request: Request) -> Formed:
    merge = merge_means if table.layout.shape.kind == "mean" else merge_counts
    arms = assign_parts(trials, table.name, request.controls)
    if table.layout.shape.kind == "proportion":
        by_part = bool(table.group) and table.group == found.get("part")
        return active_arms(arms, table.name, group=table.group, by_part=by_part, merge=merge)
    return form_comparisons(arms, table.name, group=table.group, keep_arms=request.keep_arms, merge=merge)


def merge_counts(arms: Sequence[Trial]) -> Trial:
    """Return several arms as one: their counts added up."""
    roles = arms[0].numbers
    numbers = {
        role: sum(arm.numbers[role] for arm in arms) for role in roles if all(role in a.numbers for a in arms)
    }
    return replace(arms[0], numbers=numbers, arm=_joined(arms))


def merge_means(arms: Sequence[Trial]) -> Trial:
    """Return several arms as one: the mean and SD of all their people."""
    from ketcli.stats.effects.arms import Arm, combine_means

    if len(arms) == 1:
        return arms[0]
    one = combine_means([Arm(*(a.numbers[role] for role in ("mean", "sd", "total"))) for a in arms])
    return replace(arms[0], numbers={"mean": one.mean, "sd": one.sd, "total": one.n}, arm=_joined(arms))


def _joined(arms: Sequence[Trial]) -> str:
    return " + ".join(arm.arm for arm in arms if arm.arm)


def _studies_only(sheet: Sheet) -> tuple[Sheet, tuple[str, ...]]:
    """Return the rows of single studies where a column `kind` tells them from others, as in ket's own tables."""
    if "kind" not in sheet.header or "study" not in sheet.column("kind"):
        return sheet, ()
    kinds = sheet.column("kind")
    pooled = sheet.column("pooled") if "pooled" in sheet.header else ("1",) * len(kinds)
    kept = [i for i, kind in enumerate(kinds) if kind == "study" and pooled[i] != "0"]
    if len(kept) == len(kinds):
        return sheet, ()
    rows = f"{len(kinds) - len(kept)} row{'s' * (len(kinds) - len(kept) > 1)}"
    return sheet.take(kept), (f"{rows} left out whose kind is not study, or that are marked as not to be pooled.",)


def _marked(trials: list[Trial], found: Found) -> list[Trial]:
    """Return the trials with what their crossover cell says."""
    column = found.get("crossover")
    if column is None:
        return trials
    return [replace(t, crossover=crossover_of(column, t.crossover)) if t.crossover else t for t in trials]


def _moderator(sheet: Sheet, typed: str) -> str:
    """Return the column of a moderator as typed: COLUMN, or COLUMN=REFERENCE for a categorical one."""
    name, sign, reference = typed.partition("=")
    if sign and typed in sheet.header:
        return typed
    column = sheet.find(name, "--moderator")
    if not sign:
        return column
    levels = sorted({cell for cell in sheet.column(column) if not is_missing(cell)})
    if reference not in levels:
        raise UsageError(f"column {column!r} has no value {reference!r}", code="unknown-value",
                         hint="values: " + ", ".join(levels[:12]))  # fmt: skip
    return f"{column}={reference}"


def _scale(layout: Layout) -> str:
    """Return ratio or log when the name of the effects' column says so."""
    name = squash(layout.columns.get("yi", ""))
    return "ratio" if name in RATIOS else "log" if name in LOG_RATIOS else ""


def _columns_note(table: OwnTable, found: Found) -> tuple[str, ...]:
    rows = f"{len(table.sheet.rows)} row{'s' * (len(table.sheet.rows) != 1)}"
    by_name = any(column not in found.given.values() for column in table.layout.columns.values())
    how = "recognised by name" if by_name else "as named"
    study = f", {table.study_column} (study)" if table.study_column else "; no column names the studies"
    told = f"{table.name}: {rows}, {table.layout.shape.title}; columns {how}: {table.layout.described()}{study}."
    made = {
        "Events are worked out from percents, to whole people.": ("percent", "control_percent"),
        "Standard deviations are the standard errors times the root of n.": ("arm_se", "control_se"),
    }
    return (told, *(note for note, roles in made.items() if any(role in table.layout.columns for role in roles)))
