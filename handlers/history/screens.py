"""The history: predictions as buttons, operations as lines."""

from db.tables.predictions import PredictionStatus
from handlers.balance.screens import operation_lines
from handlers.kit import buttons
from handlers.kit.context import Viewer
from handlers.telegram.limits import BUTTON
from handlers.telegram.screen import Button, Screen
from i18n.history import MARKS
from i18n.text import cut_plain
from i18n.titles import Titles
from i18n.translator import Translator
from services.billing.statement import Operation
from services.pages import Page
from services.predictions.history import PredictionView

PREDICTIONS = "predictions"
OPERATIONS = "operations"


def predictions_screen(page: Page[PredictionView], titles: Titles) -> Screen:
    tr = titles.tr
    if not page.items:
        empty = tr.html("<b>🧾 History · predictions</b>\n\nNothing here yet. Your first prediction is in the models.")
        return Screen(text=empty, rows=(_tabs(PREDICTIONS, tr), *_end(tr, models=True)))
    unusual = [each.status for each in page.items if each.status is not PredictionStatus.SUCCEEDED]
    marks = dict.fromkeys(MARKS[status] for status in unusual)  # in the order of the list, once each
    legend = [f"{mark} {tr.escape(tr.gettext(words))}" for mark, words in marks]
    hint = tr.html("Press a prediction to open it; an opened one can be repeated.")
    text = "\n\n".join([tr.html("<b>🧾 History · predictions</b>"), hint, *(["\n".join(legend)] if legend else [])])
    rows = [(_prediction(each, page.page, titles),) for each in page.items]
    pages = buttons.pages_row(
        tr, page=page.page, pages=page.pages, action=lambda n: buttons.history_action(PREDICTIONS, n)
    )
    return Screen(text=text, rows=(_tabs(PREDICTIONS, tr), *rows, *((pages,) if pages else ()), *_end(tr)))


def operations_screen(page: Page[Operation], viewer: Viewer) -> Screen:
    tr = viewer.tr
    lines = [operation_lines(operation, viewer.titles) for operation in page.items]
    body = "\n".join(lines) or tr.html("Nothing happened with your credits yet.")
    text = "\n\n".join([tr.html("<b>🧾 History · operations</b>"), body])
    pages = buttons.pages_row(
        tr, page=page.page, pages=page.pages, action=lambda n: buttons.history_action(OPERATIONS, n)
    )
    return Screen(text=text, rows=(_tabs(OPERATIONS, tr), *((pages,) if pages else ()), *_end(tr)))


def _prediction(view: PredictionView, page: int, titles: Titles) -> Button:
    mark, _ = MARKS[view.status]
    text = cut_plain(f"{mark} {titles.tr.short_moment(view.created_at)} · {titles.bought(view).text}", BUTTON)
    return Button(text=text, action=buttons.prediction_action(view.id, page))


def _tabs(current: str, tr: Translator) -> buttons.Row:
    names = {PREDICTIONS: tr.gettext("Predictions"), OPERATIONS: tr.gettext("Operations")}
    return tuple(
        Button(text=f"• {name} •" if tab == current else name, action=buttons.history_action(tab))
        for tab, name in names.items()
    )


def _end(tr: Translator, *, models: bool = False) -> tuple[buttons.Row, ...]:
    return ((buttons.models_button(tr), buttons.menu_button(tr)),) if models else ((buttons.menu_button(tr),),)
