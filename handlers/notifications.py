"""How each kind of message in the outbox looks in a chat."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from uuid import UUID

from db.tables.outbox import OutboxKind
from db.tables.predictions import ErrorCode, PredictionStatus
from handlers.admin import buttons as names
from handlers.balance.notifications import office_presenters
from handlers.predictions.enclosures import enclosed
from handlers.predictions.screens import prediction_screen
from handlers.telegram.delivery import Parcel, Present
from handlers.telegram.screen import Button, Screen
from i18n.translator import Translator
from services.clock import Clock
from services.container import Services
from services.notifications.outbox import Letter
from services.predictions import enclosures
from services.predictions.history import PredictionNotFound, PredictionView
from services.predictions.undelivered import RETURNED

IN_PLACE = timedelta(minutes=1)  # who waits longer has put the phone away


def letter_presenters(services: Services, clock: Clock) -> dict[str, Present]:
    shown: dict[str, Present] = {
        OutboxKind.PREDICTION: _prediction(services, clock),
        OutboxKind.ENCLOSURE: _enclosure(services),
        OutboxKind.MODEL_PROBLEM: _model_problem,
        OutboxKind.MODEL_STOPPED: _stopped,
        OutboxKind.ANSWER_UNDELIVERED: _undelivered,
    }
    return shown | office_presenters(clock)


def _prediction(services: Services, clock: Clock) -> Callable[[Letter, Translator], Awaitable[Parcel | None]]:
    async def present(letter: Letter, tr: Translator) -> Parcel | None:
        try:
            view = await services.history.get(UUID(letter.payload["prediction_id"]), user_id=letter.user_id)
        except PredictionNotFound:
            return None
        if letter.payload.get("look") and not _answered_in_place(view):
            return None
        if _is_answer(letter) and view.error_code is ErrorCode.NOT_DELIVERED:
            return None  # it was given up, and another letter says so
        user = await services.users.get(letter.user_id)
        screen = await prediction_screen(view, services.models, services.history, tr, balance=user.balance)
        if letter.payload.get("look"):
            return Parcel(screen=screen, into=view.message_id, told=True)
        late = clock() - view.created_at > IN_PLACE
        return Parcel(screen=screen, into=view.message_id, aloud=late, thread_id=view.thread_id)

    return present


def _enclosure(services: Services) -> Present:
    async def present(letter: Letter, tr: Translator) -> Parcel | None:
        try:
            view = await services.history.get(UUID(letter.payload["prediction_id"]), user_id=letter.user_id)
        except PredictionNotFound:
            return None
        if view.status is not PredictionStatus.SUCCEEDED:  # paid back meanwhile
            return None
        what = enclosures.Enclosure(letter.payload["what"])
        screens = await enclosed(view, what, services.models, services.history, tr)
        if not screens:
            return None
        first, *more = screens
        return Parcel(screen=first, thread_id=view.thread_id, album=tuple(more))

    return present


def _is_answer(letter: Letter) -> bool:
    return not (letter.payload.get("look") or letter.payload.get(RETURNED))


def _answered_in_place(view: PredictionView) -> bool:
    """Whether its message shows the answer, and no new one."""
    return view.finished_at is not None and view.finished_at - view.created_at <= IN_PLACE


async def _model_problem(letter: Letter, tr: Translator) -> Parcel:
    text = tr.html(
        "⚠️ The model “{slug}” is not on sale: {problem}",
        slug=letter.payload["slug"],
        problem=letter.payload["problem"],
    )
    return Parcel(screen=Screen(text=text))


async def _undelivered(letter: Letter, tr: Translator) -> Parcel:
    text = tr.html(
        "⚠️ An answer of the model “{slug}” could not be delivered, and the customer was paid back: {problem}",
        slug=letter.payload["slug"],
        problem=letter.payload["problem"],
    )
    return Parcel(screen=Screen(text=text))


async def _stopped(letter: Letter, tr: Translator) -> Parcel:
    slug = letter.payload["slug"]
    text = tr.html(
        "🛑 The model “{slug}” is not sold any more: it failed several times in a row, at last with: {problem}",
        slug=slug,
        problem=letter.payload["problem"],
    )
    again = Button(text=tr.gettext("🔁 Try it again"), action=names.action(names.MODEL, slug, names.AGAIN))
    card = Button(text=tr.gettext("🧠 To the model"), action=names.action(names.MODEL, slug))
    return Parcel(screen=Screen(text=text, rows=((again,), (card,))))
