"""The history: predictions and tables as buttons, operations as lines."""

from collections.abc import Iterable

from db.tables.predictions import PredictionStatus
from db.tables.scorings import ScoringStatus
from handlers.balance.screens import operation_lines
from handlers.kit import buttons
from handlers.kit.context import Viewer
from handlers.telegram.limits import BUTTON
from handlers.telegram.screen import Button, Screen
from i18n.history import MARKS
from i18n.scorings import STATES
from i18n.text import cut_plain
from i18n.titles import Titles
from i18n.translator import Translator
from services.billing.statement import Operation
from services.pages import Page
from services.predictions.history import PredictionView
from services.scoring.queries import ScoringView

PREDICTIONS = "predictions"
TABLES = "tables"
OPERATIONS = "operations"
TABLES_SHOWN = 8


def predictions_screen(page: Page[PredictionView], titles: Titles, *, tables: bool) -> Screen:
    """`tables`: whether there are any."""
    tr = titles.tr
    if not page.items:
        empty = tr.html("<b>🧾 History · predictions</b>\n\nNothing here yet. Your first prediction is in the models.")
        return Screen(text=empty, rows=(_tabs(PREDICTIONS, tr), *_end(tr, models=True)))
    to_tables = ((Button(text=tr.gettext("📋 Tables"), action=buttons.history_action(TABLES)),),) if tables else ()
    unusual = [MARKS[each.status] for each in page.items if each.status is not PredictionStatus.SUCCEEDED]
    hint = tr.html("Press a prediction to open it; an opened one can be repeated.")
    text = "\n\n".join([tr.html("<b>🧾 History · predictions</b>"), hint, *_legend(unusual, tr)])
    rows = [(_prediction(each, page.page, titles),) for each in page.items]
    pages = buttons.pages_row(
        tr, page=page.page, pages=page.pages, action=lambda n: buttons.history_action(PREDICTIONS, n)
    )
    return Screen(text=text, rows=(_tabs(PREDICTIONS, tr), *to_tables, *rows, *((pages,) if pages else ()), *_end(tr)))


def tables_screen(page: Page[ScoringView], titles: Titles) -> Screen:
    tr = titles.tr
    hint = tr.html("Press a table to see how it went; its file comes again while it is kept.")
    if not page.items:
        hint = tr.html("No table yet. Models that take one say so on their page.")
    unusual = [STATES[each.status] for each in page.items if each.status is not ScoringStatus.SUCCEEDED]
    text = "\n\n".join([tr.html("<b>🧾 History · tables</b>"), hint, *_legend(unusual, tr)])
    rows = [(_table(each, titles),) for each in page.items]
    pages = buttons.pages_row(tr, page=page.page, pages=page.pages, action=lambda n: buttons.history_action(TABLES, n))
    return Screen(text=text, rows=(_tabs(TABLES, tr), *rows, *((pages,) if pages else ()), *_end(tr)))


def operations_screen(page: Page[Operation], viewer: Viewer) -> Screen:
    tr = viewer.tr
    lines = [operation_lines(operation, viewer.titles) for operation in page.items]
    body = "\n".join(lines) or tr.html("Nothing happened with your credits yet.")
    text = "\n\n".join([tr.html("<b>🧾 History · operations</b>"), body])
    pages = buttons.pages_row(
        tr, page=page.page, pages=page.pages, action=lambda n: buttons.history_action(OPERATIONS, n)
    )
    return Screen(text=text, rows=(_tabs(OPERATIONS, tr), *((pages,) if pages else ()), *_end(tr)))


def _legend(marks: Iterable[tuple[str, str]], tr: Translator) -> list[str]:
    """What they mean, in the order of the list, once each; nothing where there are none."""
    lines = [f"{mark} {tr.escape(tr.gettext(words))}" for mark, words in dict.fromkeys(marks)]
    return ["\n".join(lines)] if lines else []


def _prediction(view: PredictionView, page: int, titles: Titles) -> Button:
    mark, _ = MARKS[view.status]
    text = cut_plain(f"{mark} {titles.tr.short_moment(view.created_at)} · {titles.listed(view).text}", BUTTON)
    return Button(text=text, action=buttons.prediction_action(view.id, page))


def _table(view: ScoringView, titles: Titles) -> Button:
    mark, _ = STATES[view.status]
    named = " · ".join(part for part in (titles.bought(view).text, view.source.name) if part)
    text = cut_plain(f"{mark} {titles.tr.short_moment(view.created_at)} · {named}", BUTTON)
    return Button(text=text, action=buttons.table_action(view.id))


def _tabs(current: str, tr: Translator) -> buttons.Row:
    names = {PREDICTIONS: tr.gettext("Predictions"), OPERATIONS: tr.gettext("Operations")}
    return tuple(
        Button(text=f"• {name} •" if tab == current else name, action=buttons.history_action(tab))
        for tab, name in names.items()
    )


def _end(tr: Translator, *, models: bool = False) -> tuple[buttons.Row, ...]:
    return ((buttons.models_button(tr), buttons.menu_button(tr)),) if models else ((buttons.menu_button(tr),),)
