"""/start, with or without a link to a model: t.me/<bot>?start=model_<slug>."""

import re

from aiogram import Router
from aiogram.filters import Command, CommandObject
from aiogram.fsm.context import FSMContext
from aiogram.types import Message

from handlers.fallback import screens as fallback
from handlers.kit.dialog import open_form_title, put
from handlers.menu.screens import greeting, menu_screen
from handlers.models.router import model_page
from handlers.telegram.screen import Screen
from i18n.translator import Html, Translator
from services.models.offers import ModelNotOnSale, Models, ModelStopped
from services.users.accounts import UserView

_LINK = re.compile(r"model_([a-z0-9-]{1,32})")


def router() -> Router:
    router = Router(name="start")
    router.message.register(start, Command("start", ignore_case=True))
    return router


async def start(
    message: Message,
    *,
    command: CommandObject,
    user: UserView,
    tr: Translator,
    state: FSMContext,
    models: Models,
    can_top_up: bool,
) -> None:
    """A fresh start: a form under way ends, and is told of."""
    title = await open_form_title(state, models, tr)
    await state.clear()
    told = [greeting(user, tr)]
    if title is not None:
        told.append(fallback.form_left(tr, title))
    if command.args:
        page = await _linked(command.args, user, tr, models, can_top_up=can_top_up)
        if page is not None:
            if user.is_new or title is not None:
                await put(message, Screen(text="\n\n".join(told)))
            await put(message, page)
            return
        told.append(tr.html(fallback.LINK_UNKNOWN))
    await put(message, menu_screen(user, tr, can_top_up=can_top_up, above=Html("\n\n".join(told))))


async def _linked(payload: str, user: UserView, tr: Translator, models: Models, *, can_top_up: bool) -> Screen | None:
    """The page of the model that a link names, if there is one."""
    link = _LINK.fullmatch(payload.strip())
    if link is None:
        return None
    try:
        return await model_page(link[1], user=user, tr=tr, models=models, can_top_up=can_top_up)
    except ModelStopped as error:
        return fallback.notice_screen(tr.escape(tr.error(error)), tr)
    except ModelNotOnSale:
        return None
