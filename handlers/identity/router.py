"""/start login_<token>: a browser asks who is there, and shows a number that its owner chooses here."""

import re
from typing import Final

from aiogram import Router
from aiogram.filters import Filter
from aiogram.types import CallbackQuery, Message

from handlers.identity import screens
from handlers.kit import buttons
from handlers.kit.context import Context
from handlers.kit.dialog import put
from handlers.kit.filters import Pressed
from handlers.menu.screens import greeting
from handlers.telegram import sender
from handlers.telegram.screen import Screen
from services.identity.telegram_login import NUMBERS, LoginRequestGone
from services.identity.tokens import TOKEN_LENGTH

_TOKEN: Final = rf"[A-Za-z0-9_-]{{{TOKEN_LENGTH}}}"
_LINK: Final = re.compile(rf"/start(?:@\w+)?\s+{screens.LOGIN}_({_TOKEN})", re.ASCII | re.IGNORECASE)
_ANSWER: Final = re.compile(rf"({_TOKEN}):(\d{{2}}|{screens.NOT_ME})")


class LoginLink(Filter):
    """Gives the handler the link's `token`."""

    async def __call__(self, message: Message) -> bool | dict[str, str]:
        found = _LINK.fullmatch((message.text or "").strip())
        return {"token": found[1]} if found else False


def router() -> Router:
    router = Router(name="identity")
    router.message.register(ask, LoginLink())
    router.callback_query.register(answer, Pressed(screens.LOGIN))
    return router


async def ask(message: Message, *, ctx: Context, token: str) -> None:
    """Whatever is under way in the chat stays so: they go back to a page."""
    question = await ctx.services.telegram_login.question(token, telegram_id=ctx.chat_id)
    if ctx.user.is_new:
        await put(message, Screen(text=greeting(ctx.viewer)))
    await put(message, screens.question_screen(question, token, ctx.tr))


async def answer(query: CallbackQuery, *, ctx: Context, argument: str) -> None:
    """`argument`: the link's token and what was chosen. Under an old button stands what became of it."""
    chosen = _ANSWER.fullmatch(argument)
    number = None if chosen is None else buttons.parse_number(chosen[2], most=NUMBERS[-1])
    login = ctx.services.telegram_login
    try:
        if chosen is None:
            raise LoginRequestGone()
        confirmed = await login.answer(chosen[1], number, telegram_id=ctx.chat_id)
    except LoginRequestGone as error:
        await sender.show(query, Screen(text=ctx.tr.error_html(error)))
        return
    if confirmed:
        await sender.show(query, screens.confirmed_screen(ctx.tr))
    else:
        await sender.show(query, screens.refused_screen(ctx.tr, wrong=number is not None))
