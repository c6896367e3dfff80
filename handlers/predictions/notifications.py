"""The answer to a prediction, and what comes below it."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from db.tables.outbox import OutboxKind
from db.tables.predictions import ErrorCode, PredictionStatus
from handlers.predictions.enclosures import enclosed
from handlers.predictions.screens import prediction_screen
from handlers.telegram.delivery import Present, Rendered
from handlers.telegram.screen import Screen
from handlers.telegram.sender import ALBUM, album
from i18n.translator import Translator
from services.clock import Clock
from services.container import Services
from services.notifications.outbox import Notification, Payload
from services.predictions.enclosures import Enclosure
from services.predictions.history import PredictionNotFound, PredictionView
from services.predictions.undelivered import BELOW, RETURNED

FROM, MOST = "from", "most"  # in the payload of an enclosure
IN_PLACE = timedelta(minutes=1)  # who waits longer has put the phone away


def presenters(services: Services, clock: Clock) -> dict[str, Present]:
    return {OutboxKind.PREDICTION: _prediction(services, clock), OutboxKind.ENCLOSURE: _enclosure(services)}


def _prediction(services: Services, clock: Clock) -> Present:
    async def present(notification: Notification, tr: Translator) -> Rendered | None:
        try:
            view = await services.history.get(UUID(notification.payload["prediction_id"]), user_id=notification.user_id)
        except PredictionNotFound:
            return None
        if notification.payload.get("look") and not _answered_in_place(view):
            return None
        if _is_answer(notification) and view.error_code is ErrorCode.NOT_DELIVERED:
            return None  # it was given up, and another letter says so
        user = await services.users.get(notification.user_id)
        screen = await prediction_screen(view, services.models, services.history, tr, balance=user.balance)
        if notification.payload.get("look"):
            return Rendered(screen=screen, into=view.message_id, told=True)
        if notification.payload.get(BELOW):
            return Rendered(screen=screen, thread_id=view.thread_id)
        late = clock() - view.created_at > IN_PLACE
        return Rendered(screen=screen, into=view.message_id, aloud=late, thread_id=view.thread_id)

    return present


def _enclosure(services: Services) -> Present:
    async def present(notification: Notification, tr: Translator) -> Rendered | None:
        try:
            view = await services.history.get(UUID(notification.payload["prediction_id"]), user_id=notification.user_id)
        except PredictionNotFound:
            return None
        if view.status is not PredictionStatus.SUCCEEDED:  # paid back meanwhile
            return None
        what = Enclosure(notification.payload["what"])
        screens = await enclosed(view, what, services.models, services.history, tr)
        return _part(screens, notification.payload, view.thread_id)

    return present


def _part(screens: Sequence[Screen], payload: Payload, thread_id: int | None) -> Rendered | None:
    """One message of an enclosure, each in a letter of its own: what has arrived is not sent again because of the
    next. The payload says from which on, and how many at most come together."""
    begin, most = payload.get(FROM, 0), payload.get(MOST, ALBUM)
    rest = screens[begin:]
    if not rest:
        return None
    count = album(rest, most)
    return Rendered(
        screen=rest[0],
        album=tuple(rest[1:count]),
        thread_id=thread_id,
        then=payload | {FROM: begin + count} if count < len(rest) else None,
        alone=payload | {FROM: begin, MOST: 1},
    )


def _is_answer(notification: Notification) -> bool:
    return not (notification.payload.get("look") or notification.payload.get(RETURNED))


def _answered_in_place(view: PredictionView) -> bool:
    """Whether its message shows the answer, and no new one."""
    return view.finished_at is not None and view.finished_at - view.created_at <= IN_PLACE
