"""/profile: each part can be changed and cleared."""

from aiogram import Router
from aiogram.filters import Command, StateFilter
from aiogram.fsm.state import State
from aiogram.types import CallbackQuery, Message

from db.tables.users import Gender
from handlers.kit import buttons
from handlers.kit.context import Context
from handlers.kit.dialog import ChatQuestion, Event, put
from handlers.kit.filters import Pressed
from handlers.profile import screens
from services.errors import N_, ShopError


class ProfileQuestion(ChatQuestion):
    left = N_("The question is left; the profile stays as it was.")
    email = State("email", "ProfileQuestion")  # stored as ProfileQuestion:email, whatever the class is called
    age = State("age", "ProfileQuestion")


TYPED = {screens.EMAIL: ProfileQuestion.email, screens.AGE: ProfileQuestion.age}


def router() -> Router:
    """The command and the buttons."""
    router = Router(name="profile")
    router.message.register(show_profile, Command("profile", ignore_case=True))
    router.callback_query.register(press, Pressed(buttons.PROFILE))
    return router


def answers_router() -> Router:
    """What is typed in answer to a question."""
    router = Router(name="profile_answers")
    router.message.register(take_answer, StateFilter(ProfileQuestion))
    return router


async def show_profile(event: Event, *, ctx: Context) -> None:
    await ctx.respond(event, screens.profile_screen(ctx.viewer))


async def press(query: CallbackQuery, *, ctx: Context, argument: str) -> None:
    """`argument`: nothing, a part to ask for, or `<part>:<value>`. One that makes no sense shows the profile."""
    part, _, value = argument.partition(":")
    users, user_id = ctx.services.users, ctx.user.id
    match part, value:
        case ((screens.EMAIL | screens.AGE | screens.GENDER), ""):
            await _ask(query, part, ctx)
            return
        case screens.EMAIL, screens.CLEAR:
            await users.set_email(user_id, None)
        case screens.AGE, screens.CLEAR:
            await users.set_age(user_id, None)
        case screens.GENDER, screens.CLEAR:
            await users.set_gender(user_id, None)
        case screens.GENDER, (Gender.FEMALE | Gender.MALE):
            await users.set_gender(user_id, Gender(value))
        case screens.BONUS, ("on" | "off"):
            await users.mute_bonus(user_id, muted=value == "off")
        case screens.OUTCOMES, ("on" | "off"):
            await users.mute_outcomes(user_id, muted=value == "off")
    await show_profile(query, ctx=await ctx.refreshed())


async def take_answer(message: Message, *, ctx: Context) -> None:
    part = screens.EMAIL if await ctx.fsm.get_state() == ProfileQuestion.email.state else screens.AGE
    users, typed = ctx.services.users, message.text or ""
    try:
        if part == screens.EMAIL:
            await users.set_email(ctx.user.id, typed)
        else:
            await users.set_age(ctx.user.id, typed)
    except ShopError as problem:
        await put(message, screens.question_screen(part, ctx.viewer, problem=ctx.tr.error_html(problem)))
        return
    changed = await ctx.refreshed()
    await ctx.respond(message, screens.profile_screen(changed.viewer, notice=ctx.tr.html("✅ Saved.")))


async def _ask(query: CallbackQuery, part: str, ctx: Context) -> None:
    """What is typed next answers this; a form waits meanwhile."""
    await ctx.fsm.set_state(TYPED.get(part))
    await put(query, screens.question_screen(part, ctx.viewer))
