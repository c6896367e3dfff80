"""What the bot asks of whoever comes by a page's link, whether they have an account here or not."""

import re
from typing import Final

from aiogram.types import CallbackQuery, Message

from handlers.identity import screens
from handlers.kit import buttons
from handlers.kit.dialog import put
from handlers.telegram import sender
from handlers.telegram.screen import Screen
from i18n.translator import Translator
from services.identity.login_requests import LoginRequestGone
from services.identity.telegram_login import NUMBERS, LoginQuestion, TelegramLogin
from services.identity.tokens import TOKEN_LENGTH

_TOKEN: Final = rf"[A-Za-z0-9_-]{{{TOKEN_LENGTH}}}"
_LINK: Final = re.compile(rf"/start(?:@\w+)?\s+{screens.LOGIN}_({_TOKEN})", re.ASCII | re.IGNORECASE)
_ANSWER: Final = re.compile(rf"({_TOKEN}):(\d{{2}}|{screens.NOT_ME})")


def token_of_link(message: Message) -> str | None:
    found = _LINK.fullmatch((message.text or "").strip())
    return found[1] if found else None


def token_of_answer(argument: str) -> str | None:
    found = _ANSWER.fullmatch(argument)
    return found[1] if found else None


async def show_question(message: Message, question: LoginQuestion, token: str, tr: Translator) -> None:
    await put(message, screens.question_screen(question, token, tr))


async def take_answer(query: CallbackQuery, argument: str, login: TelegramLogin, tr: Translator) -> None:
    """`argument`: the link's token and what was chosen. Under an old button stands what became of it."""
    chosen = _ANSWER.fullmatch(argument)
    number = None if chosen is None else buttons.parse_number(chosen[2], most=NUMBERS[-1])
    try:
        if chosen is None:
            raise LoginRequestGone()
        confirmed = await login.answer(chosen[1], number, telegram_id=query.from_user.id)
    except LoginRequestGone as error:
        await sender.show(query, Screen(text=tr.error_html(error)))
        return
    if confirmed:
        await sender.show(query, screens.confirmed_screen(tr))
    else:
        await sender.show(query, screens.refused_screen(tr, wrong=number is not None))
