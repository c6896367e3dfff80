"""Operations and predictions in a few words."""

from typing import Final

from db.tables.billing import TransactionKind
from db.tables.predictions import PredictionStatus
from i18n.titles import Titles
from i18n.translator import Translator
from services.billing.statement import Operation
from services.errors import N_

OPERATION_WORDS: Final = {
    TransactionKind.WELCOME: N_("Welcome credits"),
    TransactionKind.BONUS: N_("Weekly bonus"),
    TransactionKind.GRANT: N_("A gift from the shop"),
    TransactionKind.TOPUP: N_("Top-up"),
    TransactionKind.PERIOD: N_("Credits of your plan"),
    TransactionKind.PERIOD_RETURN: N_("Unused part of your plan"),
    TransactionKind.CHARGE: N_("Prediction"),
    TransactionKind.CHARGE_REFUND: N_("Credits returned"),
    TransactionKind.CHARGE_RETURN: N_("Reserved and not used"),
    TransactionKind.EXPIRE: N_("Credits expired"),
    TransactionKind.TAKE_BACK: N_("Taken back"),
    TransactionKind.MERGED_OUT: N_("Moved to your other account"),
    TransactionKind.MERGED_IN: N_("From your other account"),
}

MARKS: Final = {
    PredictionStatus.QUEUED: ("⏳", N_("waits in the queue")),
    PredictionStatus.RUNNING: ("⚙️", N_("is running")),
    PredictionStatus.SUCCEEDED: ("✅", N_("ready")),
    PredictionStatus.FAILED: ("↩️", N_("failed, credits returned")),
    PredictionStatus.CANCELED: ("✖️", N_("canceled, credits returned")),
}


def operation_words(operation: Operation, titles: Titles) -> str:
    """What it was, without its amount."""
    tr = titles.tr
    what = tr.gettext(OPERATION_WORDS[operation.kind])
    if operation.model_slug is not None:
        title = str(titles.of(operation.model_slug))
        bought = operation.kind is TransactionKind.CHARGE  # the minus says so
        if bought and operation.rows is not None:
            title = tr.ngettext("{title}: a table, {n} row", "{title}: a table, {n} rows", operation.rows, title=title)
        what = title if bought else tr.gettext("{what}: {title}", what=what, title=title)
    if operation.money is not None:
        kind = N_("Money sent back") if operation.kind is TransactionKind.TAKE_BACK else OPERATION_WORDS[operation.kind]
        what = tr.gettext(
            "{what}: {title}", what=tr.gettext(kind), title=tr.money(operation.money).replace(" ₽", "\u00a0₽")
        )
    if operation.comment:
        what = tr.gettext("{what} ({comment})", what=what, comment=operation.comment)
    return what


def signed(amount: int, tr: Translator) -> str:
    """`+10.00` or `−1.00`, with a true minus."""
    return f"{'+' if amount > 0 else '−'}{tr.amount(abs(amount))}"
