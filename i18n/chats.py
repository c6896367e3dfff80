"""Conversations with assistants, in words."""

from typing import Final

from db.tables.chats import FinishReason
from i18n.translator import Translator
from services.chats.export import ExportWords
from services.errors import N_

YOU: Final = N_("You")
GO_ON: Final = N_("Please go on.")
ENDED: Final = {
    FinishReason.LENGTH: N_("The answer has reached its longest length."),
    FinishReason.STOPPED: N_("Stopped."),
    FinishReason.CUT: N_("The connection broke off."),
    FinishReason.FILTERED: N_("The assistant's rules ended the answer here."),
}
PAID_IN_PART: Final = N_("Only what came was paid for.")
FIXED_IS_PAID: Final = N_("The fixed price of an answer is paid however early it is stopped.")
GOES_ON: Final = frozenset({FinishReason.LENGTH, FinishReason.STOPPED, FinishReason.CUT})


def export_words(assistant: str, tr: Translator) -> ExportWords:
    """`assistant`: how it is called."""
    return ExportWords(
        customer=tr.gettext(YOU),
        assistant=assistant,
        ended={reason: tr.gettext(words) for reason, words in ENDED.items()},
        moment=tr.moment,
    )
