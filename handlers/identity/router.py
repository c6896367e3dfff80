"""/start login_<token>: a browser asks who is there, and shows a number that its owner chooses here."""

from aiogram import Router
from aiogram.filters import Filter
from aiogram.types import CallbackQuery, Message

from handlers.identity import screens
from handlers.identity.questions import show_question, take_answer, token_of_link
from handlers.kit.context import Context
from handlers.kit.dialog import put
from handlers.kit.filters import Pressed
from handlers.menu.screens import greeting
from handlers.telegram.screen import Screen


class LoginLink(Filter):
    """Gives the handler the link's `token`."""

    async def __call__(self, message: Message) -> bool | dict[str, str]:
        token = token_of_link(message)
        return {"token": token} if token else False


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
    await show_question(message, question, token, ctx.tr)


async def answer(query: CallbackQuery, *, ctx: Context, argument: str) -> None:
    await take_answer(query, argument, ctx.services.telegram_login, ctx.tr)
