"""A conversation with an assistant as other features meet it: while its state is set, what is typed goes to the
assistant. Commands leave it so; the menu and questions pause it, as they do a form, and it stays open in the shop."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final
from uuid import UUID

from aiogram.fsm.context import FSMContext
from aiogram.fsm.state import State, StatesGroup

from handlers.kit import buttons
from handlers.telegram.screen import Button, Screen
from i18n.text import cut_plain
from i18n.translator import Translator
from services.chats.voices import SentVoice

CHAT: Final = "chat"  # chat:<slug>: a new conversation
CHATS: Final = "chats"
"""The list of assistants."""
CHAT_CONTINUE: Final = "chat-continue"
CHAT_SEND: Final = "chat-send"
"""chat-send:<key>: what was written and not sent."""
UNSENT: Final = "chat_unsent"  # where the dialog's data keeps that
ALBUM: Final = "chat_album"
"""Where it keeps what is known of the last album, with words that wait for one of its pictures."""
MOST_UNSENT: Final = 5


class TalkState(StatesGroup):
    talking = State("talking", "Talk")  # stored as Talk:talking, whatever the class is called


async def is_talking(fsm: FSMContext) -> bool:
    return await fsm.get_state() == TalkState.talking.state


@dataclass(frozen=True, slots=True, kw_only=True)
class UnsentMessage:
    """What was written and not sent: it goes to the conversation `session_id`. `key` makes it be sent once, and is in
    its button; `replaces`: a message of theirs that was edited; `grows`: what is written now joins it."""

    text: str
    key: str
    session_id: UUID
    pictures: tuple[UUID, ...] = ()
    voice: SentVoice | None = None
    replaces: UUID | None = None
    grows: bool = False

    @property
    def action(self) -> str:
        return f"{CHAT_SEND}:{self.key}"

    def dump(self) -> dict[str, object]:
        return {
            "text": self.text,
            "key": self.key,
            "session": self.session_id.hex,
            "pictures": [each.hex for each in self.pictures],
            "voice": self.voice and [self.voice.file_id.hex, self.voice.seconds],
            "replaces": self.replaces and self.replaces.hex,
            "grows": self.grows,
        }

    @classmethod
    def load(cls, stored: object) -> "UnsentMessage | None":
        match stored:
            case {
                "text": str(text),
                "key": str(key),
                "session": str(session),
                "pictures": [*pictures],
                "replaces": replaces,
                "grows": bool(grows),
                **others,
            }:
                return cls(
                    text=text,
                    key=key,
                    session_id=UUID(session),
                    pictures=tuple(UUID(str(each)) for each in pictures),
                    voice=_voice(others.get("voice")),
                    replaces=UUID(replaces) if isinstance(replaces, str) else None,
                    grows=grows,
                )
        return None


def _voice(stored: object) -> SentVoice | None:
    match stored:
        case [str(file_id), int(seconds)]:
            return SentVoice(file_id=UUID(file_id), seconds=seconds)
    return None


async def unsent(fsm: FSMContext) -> list[UnsentMessage]:
    """The oldest first."""
    return _read(await fsm.get_data())


def last_unsent(data: Mapping[str, object]) -> UnsentMessage | None:
    """`data`: of the dialog."""
    return next(reversed(_read(data)), None)


def _read(data: Mapping[str, object]) -> list[UnsentMessage]:
    stored = data.get(UNSENT)
    return [kept for each in stored if (kept := UnsentMessage.load(each))] if isinstance(stored, list) else []


async def keep_unsent(fsm: FSMContext, new: UnsentMessage) -> None:
    """Instead of what has its key; of many the oldest go."""
    others = [each for each in await unsent(fsm) if each.key != new.key]
    await _write(fsm, [*others, new][-MOST_UNSENT:])


async def note_sent(fsm: FSMContext, key: str) -> None:
    """A message with this key was taken: it is kept no more, and what else is kept stays as it is."""
    if kept := await unsent(fsm):
        await _write(fsm, [replace(each, grows=False) for each in kept if each.key != key])


async def forget_unsent(fsm: FSMContext, session_id: UUID | None = None) -> None:
    """What was written to this conversation, or to any."""
    await fsm.update_data({ALBUM: None})
    if kept := await unsent(fsm):
        await _write(fsm, [each for each in kept if session_id not in (None, each.session_id)])


async def _write(fsm: FSMContext, kept: Sequence[UnsentMessage]) -> None:
    await fsm.update_data({UNSENT: [each.dump() for each in kept]})


def chats_button(tr: Translator) -> Button:
    return Button(text=tr.gettext("💬 Assistants"), action=CHATS)


def resume_button(title: str, tr: Translator) -> Button:
    """`title`: of the conversation, or of its assistant."""
    return Button(text=tr.gettext("💬 Continue: {title}", title=cut_plain(title, 40)), action=CHAT_CONTINUE)


def paused_screen(kept: UnsentMessage, title: str, tr: Translator) -> Screen:
    """`title`: of the conversation that waits, for which what was typed is kept."""
    send = Button(text=tr.gettext("📨 Send it to {title}", title=cut_plain(title, 30)), action=kept.action)
    text = tr.html("Your conversation “{title}” is paused. Shall this go there?", title=title)
    return Screen(text=text, rows=((send,), (buttons.models_button(tr), buttons.menu_button(tr))))
