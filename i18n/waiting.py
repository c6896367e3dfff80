"""How much waits, and for how long."""

from i18n.translator import Translator
from services.reports.statistics import Waiting


def waiting_line(waiting: Waiting, tr: Translator) -> str:
    """How long the queue is and how old."""
    if not waiting.predictions:
        return tr.html("No prediction waits.")
    return tr.nhtml(
        "{n} prediction waits, the oldest for {age}.",
        "{n} predictions wait, the oldest for {age}.",
        waiting.predictions,
        age=age_words(waiting.predictions_age, tr),
    )


def age_words(seconds: float, tr: Translator) -> str:
    """Roughly."""
    if seconds < 100:
        return tr.gettext("{n} s", n=round(seconds))
    return (
        tr.gettext("{n} min", n=round(seconds / 60)) if seconds < 6000 else tr.gettext("{n} h", n=round(seconds / 3600))
    )
