"""/start, with or without a link to a model: t.me/<bot>?start=model_<slug>."""

import re

from aiogram import Router
from aiogram.filters import Command, CommandObject
from aiogram.types import Message

from handlers.kit.commands import set_chat_menu_button
from handlers.kit.context import Context
from handlers.kit.dialog import put
from handlers.kit.notices import form_left, notice_screen
from handlers.menu.screens import LINK_UNKNOWN, greeting, menu_screen
from handlers.models.router import model_page
from handlers.telegram.screen import Screen
from i18n.translator import Html
from services.models.offers import ModelNotOnSale, ModelStopped

_LINK = re.compile(r"model_([a-z0-9-]{1,32})")


def router() -> Router:
    router = Router(name="start")
    router.message.register(start, Command("start", ignore_case=True))
    return router


async def start(message: Message, *, command: CommandObject, ctx: Context) -> None:
    """A fresh start: a form under way ends, and is told of."""
    await _greet(message, command.args, ctx)
    await set_chat_menu_button(ctx.bot, ctx.chat_id, ctx.tr, ctx.services.features)


async def _greet(message: Message, payload: str | None, ctx: Context) -> None:
    title = await ctx.open_form_title()
    await ctx.fsm.clear()
    told = [greeting(ctx.viewer)]
    if title is not None:
        told.append(form_left(title, ctx.tr))
    if payload:
        page = await _linked(payload, ctx)
        if page is not None:
            if ctx.user.is_new or title is not None:
                await put(message, Screen(text="\n\n".join(told)))
            await put(message, page)
            return
        told.append(ctx.tr.html(LINK_UNKNOWN))
    await put(message, menu_screen(ctx.viewer, above=Html("\n\n".join(told))))


async def _linked(payload: str, ctx: Context) -> Screen | None:
    """The page of the model that a link names, if there is one."""
    link = _LINK.fullmatch(payload.strip())
    if link is None:
        return None
    try:
        return await model_page(link[1], ctx)
    except ModelStopped as error:
        return notice_screen(ctx.tr.error_html(error), ctx.tr)
    except ModelNotOnSale:
        return None
