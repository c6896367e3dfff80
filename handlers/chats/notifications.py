"""How an answer ended: the answer itself, in as many messages as it needs, or why there is none."""

import asyncio
from dataclasses import replace
from functools import partial

from db.tables.chats import FinishReason, MessageStatus
from db.tables.predictions import ErrorCode
from handlers.chats.answer import answer_part, failed_screen, rest_lost_screen, stopped_screen
from handlers.chats.formatting import is_long
from handlers.telegram.delivery import Present, Rendered
from handlers.telegram.screen import Screen
from i18n.translator import Translator
from services.chats.answers import AnswerView
from services.chats.next_cost import NextCost
from services.chats.orders import MessageNotFound
from services.container import Services
from services.errors import ShopError
from services.notifications.kinds.chats import AnswerReady
from services.notifications.message_ref import message_of, thread_of
from services.notifications.notification import Notification
from services.notifications.presenting import presenting


def presenters(services: Services) -> dict[str, Present]:
    async def present(news: AnswerReady, notification: Notification, tr: Translator) -> Rendered | None:
        try:
            view = await services.chats.answer(news.message_id, user_id=notification.user_id)
        except MessageNotFound:
            return None
        if view.place is None:  # it was asked for elsewhere, and is read there
            return None
        if view.status is MessageStatus.SUCCEEDED:
            return await _part(view, news, services, tr)
        if view.error_code is ErrorCode.NOT_DELIVERED and not news.returned:
            return None  # it was given up, and another notification says so
        if view.status is MessageStatus.CANCELED:
            return None if view.replaced else _whole(view, stopped_screen(tr))
        return _whole(view, failed_screen(view, tr))

    return presenting(AnswerReady, present)


async def _part(view: AnswerView, news: AnswerReady, services: Services, tr: Translator) -> Rendered | None:
    if view.text is None:  # deleted meanwhile
        return None
    if view.error_code is ErrorCode.NOT_DELIVERED:  # not whole: what is left to say is that, once
        user = await services.users.get(view.user_id)
        lost = rest_lost_screen(view, news.back, user.balance, tr)
        return Rendered(screen=lost, thread_id=thread_of(view.place)) if news.returned else None
    left = await services.chats.remaining(view.id, user_id=view.user_id)
    work = partial(answer_part, view, news.part, left, await _next_cost(view, services), tr)
    part = await asyncio.to_thread(work) if is_long(view.text) else work()
    return Rendered(
        screen=part.screen,
        into=message_of(view.place) if news.part == 0 else None,
        thread_id=thread_of(view.place),
        then=replace(news, part=news.part + 1, shown=part.shown, whole=part.whole) if not part.last else None,
    )


async def _next_cost(view: AnswerView, services: Services) -> NextCost | None:
    if not view.latest or view.finish is FinishReason.FILTERED:
        return None
    try:
        return await services.chats.next_cost(view.session_id, user_id=view.user_id)
    except ShopError:  # the assistant is not sold any more, the conversation is deleted
        return None


def _whole(view: AnswerView, screen: Screen) -> Rendered:
    return Rendered(screen=screen, into=message_of(view.place), thread_id=thread_of(view.place))
