"""/profile: each part can be changed and cleared."""

from aiogram import Router
from aiogram.filters import Command, StateFilter
from aiogram.fsm.context import FSMContext
from aiogram.types import CallbackQuery, Message

from db.tables.users import Gender
from handlers.kit import buttons as keyboards
from handlers.kit.dialog import Event, ProfileQuestion, respond
from handlers.kit.filters import Pressed
from handlers.profile import screens as view
from handlers.telegram import sender as chat
from i18n.translator import Translator
from services.errors import ShopError
from services.users.accounts import Users, UserView

TYPED = {view.EMAIL: ProfileQuestion.email, view.AGE: ProfileQuestion.age}


def router() -> Router:
    """The command and the buttons."""
    router = Router(name="profile")
    router.message.register(show_profile, Command("profile", ignore_case=True))
    router.callback_query.register(press, Pressed(keyboards.PROFILE))
    return router


def answers_router() -> Router:
    """What is typed in answer to a question."""
    router = Router(name="profile_answers")
    router.message.register(take_answer, StateFilter(ProfileQuestion))
    return router


async def show_profile(event: Event, *, user: UserView, tr: Translator, state: FSMContext, notice: str = "") -> None:
    await respond(event, state, tr, view.profile_screen(user, tr, notice=notice))


async def press(
    query: CallbackQuery, *, user: UserView, tr: Translator, state: FSMContext, users: Users, argument: str
) -> None:
    """`argument`: nothing, a part to ask for, or `<part>:<value>`. One that makes no sense shows the profile."""
    part, _, value = argument.partition(":")
    match part, value:
        case ((view.EMAIL | view.AGE | view.GENDER), ""):
            await _ask(query, part=part, user=user, tr=tr, state=state)
            return
        case view.EMAIL, view.CLEAR:
            await users.set_email(user.id, None)
        case view.AGE, view.CLEAR:
            await users.set_age(user.id, None)
        case view.GENDER, view.CLEAR:
            await users.set_gender(user.id, None)
        case view.GENDER, (Gender.FEMALE | Gender.MALE):
            await users.set_gender(user.id, Gender(value))
        case view.BONUS, ("on" | "off"):
            await users.mute_bonus(user.id, muted=value == "off")
    await show_profile(query, user=await users.get(user.id), tr=tr, state=state)


async def take_answer(message: Message, *, user: UserView, tr: Translator, state: FSMContext, users: Users) -> None:
    part = view.EMAIL if await state.get_state() == ProfileQuestion.email.state else view.AGE
    assert message.bot is not None
    try:
        if part == view.EMAIL:
            await users.set_email(user.id, message.text or "")
        else:
            await users.set_age(user.id, message.text or "")
    except ShopError as problem:
        screen = view.question_screen(part, user, tr, problem=tr.escape(tr.error(problem)))
        await chat.send(message.bot, message.chat.id, screen)
        return
    changed = await users.get(user.id)
    await show_profile(message, user=changed, tr=tr, state=state, notice=tr.html("✅ Saved."))


async def _ask(query: CallbackQuery, *, part: str, user: UserView, tr: Translator, state: FSMContext) -> None:
    """What is typed next answers this; a form waits meanwhile."""
    await state.set_state(TYPED.get(part))
    await chat.show(query, view.question_screen(part, user, tr))
