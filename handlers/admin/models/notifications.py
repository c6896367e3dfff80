"""What owners read of a model that cannot be sold."""

from db.tables.outbox import OutboxKind
from handlers.admin import buttons as names
from handlers.telegram.delivery import Present, Rendered
from handlers.telegram.screen import Button, Screen
from i18n.translator import Translator
from services.notifications.outbox import Notification


def presenters() -> dict[str, Present]:
    return {
        OutboxKind.MODEL_PROBLEM: _model_problem,
        OutboxKind.ANSWER_UNDELIVERED: _undelivered,
        OutboxKind.MODEL_STOPPED: _stopped,
    }


async def _model_problem(notification: Notification, tr: Translator) -> Rendered:
    text = tr.html(
        "⚠️ The model “{slug}” is not on sale: {problem}",
        slug=notification.payload["slug"],
        problem=notification.payload["problem"],
    )
    return Rendered(screen=Screen(text=text))


async def _undelivered(notification: Notification, tr: Translator) -> Rendered:
    text = tr.html(
        "⚠️ An answer of the model “{slug}” could not be delivered, and the customer was paid back: {problem}",
        slug=notification.payload["slug"],
        problem=notification.payload["problem"],
    )
    return Rendered(screen=Screen(text=text))


async def _stopped(notification: Notification, tr: Translator) -> Rendered:
    slug = notification.payload["slug"]
    text = tr.html(
        "🛑 The model “{slug}” is not sold any more: it failed several times in a row, at last with: {problem}",
        slug=slug,
        problem=notification.payload["problem"],
    )
    again = Button(text=tr.gettext("🔁 Try it again"), action=names.action(names.MODEL, slug, names.AGAIN))
    card = Button(text=tr.gettext("🧠 To the model"), action=names.action(names.MODEL, slug))
    return Rendered(screen=Screen(text=text, rows=((again,), (card,))))
