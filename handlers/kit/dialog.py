"""How commands, menus and forms live together in one chat.

A form that is under way survives every other screen: those of commands bear a button back to it. While its state is
set, what is typed answers it; the main menu and questions of the profile, of payments or of the admins pause it (the
state goes, the answers stay). /start, /cancel and another form end it.
"""

from typing import ClassVar, Final

from aiogram.fsm.context import FSMContext
from aiogram.fsm.state import StatesGroup
from aiogram.types import CallbackQuery, Message

from handlers.kit import buttons
from handlers.kit.form_state import FormState
from handlers.telegram import sender
from handlers.telegram.screen import Screen
from i18n.translator import Translator
from services.users.accounts import UserView

Event = Message | CallbackQuery  # a command and the button that does the same share a handler


class ChatQuestion(StatesGroup):
    """What a feature asks beside the form. Each feature has a subclass of its own, known here once it is imported; the
    states are stored with the dialog under the names given to them. `left`: what /cancel says of it."""

    left: ClassVar[str]
    _known: ClassVar[list[type["ChatQuestion"]]] = []

    def __init_subclass__(cls) -> None:
        ChatQuestion._known.append(cls)

    @classmethod
    async def asked(cls, fsm: FSMContext) -> type["ChatQuestion"] | None:
        """Which question an answer is expected to, if it is none of the form's."""
        name = await fsm.get_state()
        return next((question for question in cls._known if name in question.__state_names__), None)


async def respond(event: Event, fsm: FSMContext, tr: Translator, screen: Screen) -> int:
    """Show a screen that has nothing to do with the form: below a command, in place under a button. A question that is
    none of the form's is left; a form gets a way back. Returns the id of the message that shows it."""
    await leave_question(fsm)
    if await open_form(fsm) is not None:
        screen = buttons.with_continue(screen, tr)
    return await put(event, screen)


async def put(event: Event, screen: Screen) -> int:
    """Returns the id of the message that shows it."""
    if isinstance(event, CallbackQuery):
        return await show_in_place(event, screen)
    assert event.bot is not None
    return (await sender.send(event.bot, event.chat.id, screen)).message_id


async def show_below(event: Event, screen: Screen, *, old: int | None) -> int:
    """The screen as a new message; `old`, the message before it, loses its buttons. Returns the new message's id."""
    bot, chat_id = event.bot, event.chat.id if isinstance(event, Message) else event.from_user.id
    assert bot is not None
    sent = await sender.send(bot, chat_id, screen)
    if old is not None:
        await sender.strip_buttons(bot, chat_id, old)
    return sent.message_id


async def show_in_place(query: CallbackQuery, screen: Screen, notice: str | None = None) -> int:
    """The screen in the message of the button. Returns the id of the message that shows it."""
    sent = await sender.show(query, screen, notice)
    if sent is not None:
        return sent.message_id
    assert query.message is not None
    return query.message.message_id


async def leave_question(fsm: FSMContext) -> type[ChatQuestion] | None:
    """Which question that is none of the form's was asked."""
    asked = await ChatQuestion.asked(fsm)
    if asked is not None:
        await pause(fsm)
    return asked


async def pause(fsm: FSMContext) -> None:
    """What is typed answers nothing any more; the form's answers stay."""
    await fsm.set_state(None)


async def open_form(fsm: FSMContext) -> FormState | None:
    """The form under way or paused."""
    return FormState.load(await fsm.get_data())


async def lacking(fsm: FSMContext, user: UserView) -> int:
    """Hundredths of a credit that the form waits for."""
    data = await fsm.get_data()
    price = data.get("price")
    if FormState.load(data) is None or not isinstance(price, int):
        return 0
    return max(0, price - user.balance)


PHOTOS: Final = "photos"
"""Files of pictures that were sent before anybody asked for one, by their hex ids."""


async def waiting_photos(fsm: FSMContext) -> list[str]:
    """Pictures that wait for a model to be chosen; a form that begins takes them."""
    photos = (await fsm.get_data()).get(PHOTOS)
    return [each for each in photos if isinstance(each, str)] if isinstance(photos, list) else []
