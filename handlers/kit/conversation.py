"""A conversation with an assistant as other features meet it: while its state is set, what is typed goes to the
assistant. Commands leave it so; the menu and questions pause it, as they do a form, and it stays open in the shop."""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from aiogram.fsm.context import FSMContext
from aiogram.fsm.state import State, StatesGroup

from handlers.kit import buttons
from handlers.telegram.screen import Button, Screen
from i18n.text import cut_plain
from i18n.translator import Translator

CHAT: Final = "chat"  # chat:<slug>: a new conversation
CHATS: Final = "chats"
"""The list of assistants."""
CHAT_CONTINUE: Final = "chat-continue"
CHAT_SEND: Final = "chat-send"
"""What was typed and not sent."""
UNSENT: Final = "chat_unsent"
"""Where the dialog's data keeps that: its text, and the key that makes it be sent once."""


class TalkState(StatesGroup):
    talking = State("talking", "Talk")  # stored as Talk:talking, whatever the class is called


async def is_talking(fsm: FSMContext) -> bool:
    return await fsm.get_state() == TalkState.talking.state


async def keep_unsent(fsm: FSMContext, text: str, key: str, pictures: Sequence[UUID] = ()) -> None:
    await fsm.update_data({UNSENT: {"text": text, "key": key, "pictures": [each.hex for each in pictures]}})


async def unsent(fsm: FSMContext) -> tuple[str, str, tuple[UUID, ...]] | None:
    """Text, key and files of pictures of what waits to be sent."""
    match (await fsm.get_data()).get(UNSENT):
        case {"text": str(text), "key": str(key), "pictures": [*pictures]}:
            return text, key, tuple(UUID(str(each)) for each in pictures)
    return None


def chats_button(tr: Translator) -> Button:
    return Button(text=tr.gettext("💬 Assistants"), action=CHATS)


def resume_button(title: str, tr: Translator) -> Button:
    """`title`: of the conversation, or of its assistant."""
    return Button(text=tr.gettext("💬 Continue: {title}", title=cut_plain(title, 40)), action=CHAT_CONTINUE)


def paused_screen(title: str, tr: Translator) -> Screen:
    """`title`: of the assistant whose conversation waits; what was typed is kept for it."""
    send = Button(text=tr.gettext("📨 Send it to {title}", title=cut_plain(title, 30)), action=CHAT_SEND)
    text = tr.html("Your conversation “{title}” is paused. Shall this go there?", title=title)
    return Screen(text=text, rows=((send,), (buttons.models_button(tr), buttons.menu_button(tr))))
