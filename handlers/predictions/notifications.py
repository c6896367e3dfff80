"""The answer to a prediction, and what comes below it."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from db.tables.predictions import ErrorCode, PredictionStatus
from handlers.predictions.enclosures import enclosed
from handlers.predictions.screens import prediction_screen
from handlers.predictions.sources import AnswerSources
from handlers.telegram.delivery import Present, Rendered
from handlers.telegram.screen import Screen
from handlers.telegram.sender import ALBUM, album
from i18n.translator import Translator
from services.clock import Clock
from services.container import Services
from services.notifications.kinds.predictions import AnswerEnclosure, PredictionEnded
from services.notifications.message_ref import message_of, thread_of
from services.notifications.notification import Notification
from services.notifications.presenting import presenting
from services.predictions.enclosures import Enclosure
from services.predictions.history import PredictionNotFound, PredictionView

IN_PLACE = timedelta(minutes=1)  # who waits longer has put the phone away


def presenters(services: Services, clock: Clock) -> dict[str, Present]:
    return _prediction(services, clock) | _enclosure(services)


def _prediction(services: Services, clock: Clock) -> dict[str, Present]:
    async def present(news: PredictionEnded, notification: Notification, tr: Translator) -> Rendered | None:
        try:
            view = await services.history.get(news.prediction_id, user_id=notification.user_id)
        except PredictionNotFound:
            return None
        if news.look and not _answered_in_place(view):
            return None
        if not (news.look or news.returned) and view.error_code is ErrorCode.NOT_DELIVERED:
            return None  # it was given up, and another notification says so
        user = await services.users.get(notification.user_id)
        screen = await prediction_screen(view, AnswerSources.of(services, tr), balance=user.balance)
        if news.look:
            return Rendered(screen=screen, into=message_of(view.shown_in), told=True)
        if news.below:
            return Rendered(screen=screen, thread_id=thread_of(view.shown_in))
        late = clock() - view.created_at > IN_PLACE
        place = view.shown_in
        return Rendered(screen=screen, into=message_of(place), aloud=late, thread_id=thread_of(place))

    return presenting(PredictionEnded, present)


def _enclosure(services: Services) -> dict[str, Present]:
    async def present(news: AnswerEnclosure, notification: Notification, tr: Translator) -> Rendered | None:
        try:
            view = await services.history.get(news.prediction_id, user_id=notification.user_id)
        except PredictionNotFound:
            return None
        if view.status is not PredictionStatus.SUCCEEDED:  # paid back meanwhile
            return None
        screens = await enclosed(view, Enclosure(news.what), AnswerSources.of(services, tr))
        return _part(screens, news, thread_of(view.shown_in))

    return presenting(AnswerEnclosure, present)


def _part(screens: Sequence[Screen], news: AnswerEnclosure, thread_id: int | None) -> Rendered | None:
    """One message of an enclosure, each in a notification of its own: what has arrived is not sent again because of the
    next."""
    rest = screens[news.begin :]
    if not rest:
        return None
    count = album(rest, ALBUM if news.most is None else news.most)
    return Rendered(
        screen=rest[0],
        album=tuple(rest[1:count]),
        thread_id=thread_id,
        then=replace(news, begin=news.begin + count) if count < len(rest) else None,
        alone=replace(news, most=1),
    )


def _answered_in_place(view: PredictionView) -> bool:
    """Whether its message shows the answer, and no new one."""
    return view.finished_at is not None and view.finished_at - view.created_at <= IN_PLACE
