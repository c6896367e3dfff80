"""Tables and their rows in words."""

import csv
import io
from collections.abc import Callable, Sequence
from typing import Final

from db.tables.predictions import ErrorCode
from db.tables.scorings import ScoringStatus
from i18n.tables import BOM
from i18n.text import cut_plain
from i18n.translator import Html, Translator
from services.errors import N_
from services.scoring.queries import ScoringView
from services.scoring.source import Wording
from services.values.errors import InvalidValue
from services.values.sheets import csv_delimiter

COLUMN: Final = 60  # characters of a column's name
STATES: Final = {
    ScoringStatus.QUEUED: ("⏳", N_("waits for its turn")),
    ScoringStatus.RUNNING: ("⚙️", N_("is answered")),
    ScoringStatus.SUCCEEDED: ("✅", N_("ready")),
    ScoringStatus.FAILED: ("↩️", N_("failed, credits returned")),
    ScoringStatus.CANCELED: ("✖️", N_("canceled, credits returned")),
}


def wording_in(tr: Translator) -> Wording:
    """What is written into a result."""
    return Wording(
        language=tr.language,
        note=tr.gettext("Note"),
        not_answered=tr.gettext("The model gave no answer; this row is not paid for."),
        share=tr.gettext("probability"),
        decimal=tr.decimal_sign,
    )


def cell_words(tr: Translator) -> Callable[[str, InvalidValue], str]:
    """What is wrong with the cell of an input."""

    def say(label: str, problem: InvalidValue) -> str:
        said, given = tr.error(problem), problem.params.get("given")
        if not label:
            return said
        known = not isinstance(given, str) or not given or given in said
        return (
            f"{label}: {said}"
            if known
            else tr.gettext("{label} (“{given}”): {why}", label=label, given=given, why=said)
        )

    return say


def problems_file(problems: Sequence[tuple[int, str]], tr: Translator) -> bytes:
    """CSV of all rows that cannot be taken."""
    text = io.StringIO()
    writer = csv.writer(text, delimiter=csv_delimiter(tr.decimal_sign))
    writer.writerow([tr.gettext("Row"), tr.gettext("What is wrong")])
    writer.writerows(problems)
    return text.getvalue().encode(BOM)


def facts_lines(view: ScoringView, tr: Translator) -> list[Html]:
    """What was found in a table."""
    source = view.source
    told = [tr.html("Rows: {rows}, of which can be answered: <b>{good}</b>", rows=view.rows, good=view.good)]
    if source.header_row > 1:
        told.append(
            tr.html("The headings stand in row {row}; what is above it is left as it is.", row=source.header_row)
        )
    if source.others:
        told.append(
            tr.nhtml(
                "The sheet “{sheet}” is taken; {n} other sheet is left out.",
                "The sheet “{sheet}” is taken; {n} other sheets are left out.",
                source.others,
                sheet=source.sheet,
            )
        )
    if source.by_order:
        told.append(tr.html("No heading was known, so the columns are taken in their order."))
    return told


def progress_words(view: ScoringView, tr: Translator) -> str:
    """While it is worked on."""
    if view.canceling:
        return tr.gettext("✋ Stopping: what is answered comes at once.")
    if view.status is ScoringStatus.QUEUED and not view.done:
        return tr.gettext("⏳ Your table waits for its turn.")
    rows = {"done": tr.number(view.done, 0), "rows": tr.number(view.good, 0)}
    return tr.gettext("⚙️ {percent} %: {done} of {rows} rows", percent=view.percent, **rows)


def column_words(view: ScoringView, at: int, tr: Translator) -> str:
    """Its heading and its first value."""
    heading = view.source.headings[at] or tr.gettext("Column {n}", n=at + 1)
    first = next((row[at] for row in view.source.samples if at < len(row) and row[at]), "")
    return cut_plain(f"{heading} ({first})" if first else heading, COLUMN)


def ended_lines(view: ScoringView, tr: Translator) -> list[Html]:
    """How a table ended, what was paid and what came back."""
    back = view.good - view.answered
    if view.status is not ScoringStatus.SUCCEEDED:
        told, back = [_why_not(view, tr)], view.good
    else:
        rows = {"answered": tr.number(view.answered, 0), "rows": tr.number(view.good, 0)}
        told = [tr.html("✅ Answered: {answered} of {rows} rows.", **rows)]
        if view.bad:
            told.append(
                tr.nhtml(
                    "❌ {n} row was not taken: the column “{note}” says why.",
                    "❌ {n} rows were not taken: the column “{note}” says why.",
                    view.bad,
                    note=view.wording.note,
                )
            )
        if view.canceling:
            told.append(tr.html("✋ You stopped it; what was not answered is not paid for."))
        if view.is_cut_short:
            told.append(
                tr.html("The model has been replaced, or was away for too long, before it came to the other rows.")
            )
        if view.price:
            told.append(tr.html("Paid: {price}.", price=tr.credits(view.answered * view.price)))
    if back and view.price:
        told.append(tr.html("↩️ Returned to you: {price}.", price=tr.credits(back * view.price)))
    return told


def _why_not(view: ScoringView, tr: Translator) -> Html:
    if view.status is ScoringStatus.CANCELED:
        return tr.html("✋ The table is canceled.")
    if view.error_code is ErrorCode.NOT_DELIVERED:
        return tr.html("The table with the answers could not be sent to you.")
    if view.is_cut_short:
        return tr.html("The model has been replaced, or was away for too long, before it came to this table.")
    return tr.html("The model could not answer this table.")
