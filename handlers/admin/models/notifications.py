"""What owners read of a model that cannot be sold."""

from collections.abc import Callable

from db.tables.outbox import OutboxKind
from handlers.admin import buttons as names
from handlers.kit.titles import model_title
from handlers.telegram.delivery import Present, Rendered
from handlers.telegram.screen import Button, Screen
from i18n.translator import Translator
from services.container import Services
from services.notifications.outbox import Notification

Words = Callable[[str, str, str, Translator], Screen]  # a slug, a title, what is wrong


def presenters(services: Services) -> dict[str, Present]:
    words: dict[str, Words] = {
        OutboxKind.MODEL_PROBLEM: _model_problem,
        OutboxKind.ANSWER_UNDELIVERED: _undelivered,
        OutboxKind.MODEL_STOPPED: _stopped,
    }
    return {kind: _presenter(each, services) for kind, each in words.items()}


def _presenter(words: Words, services: Services) -> Present:
    async def present(notification: Notification, tr: Translator) -> Rendered:
        slug, problem = notification.payload["slug"], notification.payload["problem"]
        return Rendered(screen=words(slug, model_title(slug, services.models, tr), problem, tr))

    return present


def _model_problem(slug: str, title: str, problem: str, tr: Translator) -> Screen:
    text = tr.html("⚠️ The model “{model}” is not on sale: {problem}", model=title, problem=problem)
    return Screen(text=text)


def _undelivered(slug: str, title: str, problem: str, tr: Translator) -> Screen:
    text = tr.html(
        "⚠️ An answer of the model “{model}” could not be delivered, and the customer was paid back: {problem}",
        model=title,
        problem=problem,
    )
    return Screen(text=text)


def _stopped(slug: str, title: str, problem: str, tr: Translator) -> Screen:
    text = tr.html(
        "🛑 The model “{model}” is not sold any more: it failed several times in a row, at last with: {problem}",
        model=title,
        problem=problem,
    )
    again = Button(text=tr.gettext("🔁 Try it again"), action=names.action(names.MODEL, slug, names.AGAIN))
    card = Button(text=tr.gettext("🧠 To the model"), action=names.action(names.MODEL, slug))
    return Screen(text=text, rows=((again,), (card,)))
