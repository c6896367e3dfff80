"""The balance: what there is, what will expire, what happened last."""

from collections.abc import Sequence

from handlers.kit import buttons
from handlers.kit.context import Viewer
from handlers.telegram.screen import Button, Screen
from i18n.history import operation_words, signed
from i18n.titles import Titles
from i18n.translator import Html, Translator
from services.billing.statement import Expiring, Operation

LOTS_SHOWN = 3


def balance_screen(expiring: Sequence[Expiring], last: Sequence[Operation], viewer: Viewer) -> Screen:
    user, tr = viewer.user, viewer.tr
    parts = [tr.html("💰 Balance: <b>{credits}</b>", credits=tr.credits(user.balance))]
    if expiring:
        parts.append(_expiring(expiring, tr))
    if last:
        lines = [operation_lines(operation, viewer.titles) for operation in last]
        parts.append(Html("\n".join([tr.html("<b>Last operations</b>"), *lines])))
    rows = (
        *(((buttons.topup_button(tr),),) if viewer.features.payments else ()),
        (buttons.models_button(tr),),
        (
            Button(text=tr.gettext("🧾 All operations"), action=buttons.history_action("operations")),
            buttons.menu_button(tr),
        ),
    )
    return Screen(text="\n\n".join(parts), rows=rows)


def operation_lines(operation: Operation, titles: Titles) -> str:
    """Two lines: what and how much; when and what was left."""
    tr = titles.tr
    what = tr.escape(operation_words(operation, titles))
    when = tr.html(
        "{moment}, balance {amount}",
        moment=tr.moment(operation.created_at),
        amount=tr.amount(operation.balance_after),
    )
    return f"<b>{signed(operation.amount, tr)}</b> · {what}\n<i>{when}</i>"


def _expiring(lots: Sequence[Expiring], tr: Translator) -> Html:
    lines = [
        tr.html("⏳ {credits}: until {date}", credits=tr.credits(lot.remaining), date=tr.date(lot.expires_at))
        for lot in lots[:LOTS_SHOWN]
    ]
    if (more := len(lots) - LOTS_SHOWN) > 0:
        rest = tr.credits(sum(lot.remaining for lot in lots[LOTS_SHOWN:]))
        lines.append(tr.nhtml("… and {n} more later, {credits}", "… and {n} more later, {credits}", more, credits=rest))
    return Html("\n".join(lines))
