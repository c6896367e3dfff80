"""Operations and predictions in a few words."""

from typing import Final

from db.tables.billing import TransactionKind
from db.tables.predictions import PredictionStatus
from services.errors import N_

OPERATION_WORDS: Final = {
    TransactionKind.WELCOME: N_("Welcome credits"),
    TransactionKind.BONUS: N_("Weekly bonus"),
    TransactionKind.GRANT: N_("A gift from the shop"),
    TransactionKind.TOPUP: N_("Top-up"),
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
