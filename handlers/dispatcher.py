"""aiogram's dispatcher for this shop: storage, isolation, middlewares, routers."""

from aiogram import Dispatcher
from aiogram.fsm.storage.base import BaseEventIsolation, BaseStorage

from handlers.identity.guests import GuestMiddleware
from handlers.kit.deferred import DeferredUpdates
from handlers.kit.middlewares import DeduplicateUpdates, Entered, ErrorMiddleware, UserMiddleware
from handlers.kit.pre_checkout import AnswerPreCheckout
from handlers.kit.topics import KeepMessage, NoteReplyTarget
from handlers.routers import routers
from handlers.telegram.inbox import ONLY_ONCE
from handlers.telegram.messages import Messages
from i18n.translator import Catalogues
from services.container import Services

ALLOWED_UPDATES = ["message", "edited_message", "callback_query", "my_chat_member", *sorted(ONLY_ONCE)]


def make_dispatcher(
    services: Services,
    catalogues: Catalogues,
    storage: BaseStorage,
    isolation: BaseEventIsolation,
    *,
    deferred: DeferredUpdates,
    messages: Messages,
    on_entered: Entered,
) -> Dispatcher:
    """Handlers get `ctx`, a `Context`."""
    dispatcher = Dispatcher(
        storage=storage,
        events_isolation=isolation,
        disable_fsm=True,  # it is put in below: a database that is away must be told of, too
    )
    tell, enter = (
        ErrorMiddleware(services.users, catalogues),
        UserMiddleware(services, catalogues, messages, on_entered),
    )
    for middleware in (
        deferred,
        NoteReplyTarget(),
        tell,
        AnswerPreCheckout(catalogues),
        dispatcher.fsm,
        DeduplicateUpdates(services.coordination),
        GuestMiddleware(services, catalogues),
        enter,
        KeepMessage(services.kept),
    ):
        dispatcher.update.outer_middleware(middleware)
    dispatcher.include_routers(*routers())
    return dispatcher
