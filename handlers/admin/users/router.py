"""Finding customers, and their cards."""

from functools import partial

from aiogram import Router
from aiogram.types import CallbackQuery, Message

from handlers.admin import buttons as names
from handlers.admin.context import Matter, Office, OnDuty
from handlers.admin.users import change_screens as words
from handlers.admin.users import changes
from handlers.admin.users.screens import card_screen, find_question, found_screen
from handlers.kit import buttons as keyboards
from handlers.kit.dialog import Event
from handlers.kit.filters import Pressed
from handlers.kit.titles import titled
from services.billing.ledger import UnknownUser
from services.users.search import NobodyFound

FIND = "user.find"


def router() -> Router:
    router = Router(name="admin_users")
    router.callback_query.register(ask_whom, Pressed(names.USERS), OnDuty())
    router.callback_query.register(press, Pressed(names.USER), OnDuty())
    return router


async def ask_whom(event: Event, *, office: Office, problem: str = "") -> None:
    """`problem`: HTML."""
    await office.ask(event, find_question(office.tr, problem=problem), Matter.of(FIND))


async def find(message: Message, *, office: Office, matter: Matter) -> None:
    """The answer to whom to find."""
    await look_for(message, message.text or "", office=office)


async def look_for(message: Message, text: str, *, office: Office) -> None:
    found = await office.admin_users.search(text)
    if not found:
        problem = office.tr.error_html(NobodyFound(text=text[:64]))
        await ask_whom(message, office=office, problem=problem)
    elif len(found) > 1:
        await office.show(message, found_screen(found, office.tr))
    else:
        await show_card(message, found[0].id, office=office)


async def show_card(event: Event, user_id: int, *, office: Office, notice: str = "") -> None:
    """`notice`: HTML. Raises `UnknownUser`."""
    card = await office.admin_users.card(user_id)
    titles = partial(titled, models=office.models, tr=office.tr)
    await office.show(event, card_screen(card, titles, office.tr, role=office.role, notice=notice))


async def press(query: CallbackQuery, *, argument: str, office: Office) -> None:
    """`argument`: the user's id and what to do. Without a sense it shows the card."""
    number, _, verb = argument.partition(":")
    user_id = keyboards.parse_number(number)
    if user_id is None:
        raise UnknownUser(user_id=number[:32])
    match verb:
        case names.GIVE | names.TAKE:
            await changes.ask_amount(query, user_id, office=office, give=verb == names.GIVE)
        case names.WRITE:
            await changes.ask_letter(query, user_id, office=office)
        case names.OFF:
            office.require()
            matter = Matter.of(changes.DISABLE, user=user_id)
            card = await office.admin_users.card(user_id)
            await office.propose(query, words.disable_confirmation(card, matter.nonce, office.tr), matter)
        case names.ON:
            await office.admin_users.enable(user_id, actor=office.actor)
            await show_card(query, user_id, office=office, notice=office.tr.html("✅ The shop is open to them again."))
        case _:
            await show_card(query, user_id, office=office)
