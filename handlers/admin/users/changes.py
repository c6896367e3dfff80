"""Credits given and taken, words of the owner, a shop closed to somebody: asked for, confirmed, done once."""

from functools import partial

from aiogram.types import CallbackQuery, Message

from handlers.admin.context import AdminContext, PendingAction
from handlers.admin.users import change_screens as view
from handlers.admin.users.card import show_card
from handlers.kit.dialog import Event
from services.errors import ShopError
from services.users.manage import CreditChange, check_reason, check_text, parse_change
from services.users.search import UserLine

AMOUNT, REASON, CHANGE = "credits.amount", "credits.reason", "credits.change"
LETTER, SEND = "letter.text", "letter.send"
DISABLE, FACTOR = "user.disable", "user.factor"


async def ask_amount(event: Event, user_id: int, *, ctx: AdminContext, give: bool) -> None:
    ctx.require()
    card = await ctx.services.user_management.card(user_id)
    screen = view.amount_question(card, ctx.tr, give=give)
    await ctx.ask(event, screen, PendingAction.of(AMOUNT, user=user_id, give=give))


async def take_amount(message: Message, *, ctx: AdminContext, action: PendingAction) -> None:
    ctx.require()
    user_id, give = action.facts["user"], action.facts["give"]
    card = await ctx.services.user_management.card(user_id)
    try:
        amount = parse_change(message.text or "", balance=card.balance, give=give)
    except ShopError as problem:
        await ctx.ask_again(message, partial(view.amount_question, card, ctx.tr, give=give), problem)
        return
    screen = view.reason_question(card, ctx.tr)
    await ctx.ask(message, screen, PendingAction.of(REASON, user=user_id, amount=amount))


async def take_reason(message: Message, *, ctx: AdminContext, action: PendingAction) -> None:
    card = await ctx.services.user_management.card(action.facts["user"])
    try:
        reason = check_reason(message.text or "")
    except ShopError as problem:
        await ctx.ask_again(message, partial(view.reason_question, card, ctx.tr), problem)
        return
    await propose_change(message, card, action.facts["amount"], reason, ctx=ctx)


async def propose_change(event: Event, user: UserLine, amount: int, reason: str, *, ctx: AdminContext) -> None:
    """`amount` in hundredths, negative to take."""
    action = PendingAction.of(CHANGE, user=user.id, amount=amount, reason=reason)
    await ctx.propose(event, view.change_confirmation(user, amount, reason, action.nonce, ctx.tr), action)


async def change(query: CallbackQuery, *, ctx: AdminContext, action: PendingAction) -> None:
    """What a confirmation does."""
    facts, tr = action.facts, ctx.tr
    request = CreditChange(user_id=facts["user"], amount=facts["amount"], reason=facts["reason"], nonce=action.nonce)
    await ctx.services.user_management.change(request, actor=ctx.actor)
    await ctx.close()
    notice = (
        tr.html("✅ Given: {credits}.", credits=tr.credits(request.amount))
        if request.amount > 0
        else tr.html("✅ Taken: {credits}.", credits=tr.credits(-request.amount))
    )
    await show_card(query, request.user_id, ctx=ctx, notice=notice)


async def disable(query: CallbackQuery, *, ctx: AdminContext, action: PendingAction) -> None:
    """What a confirmation does."""
    user_id = action.facts["user"]
    await ctx.services.user_management.disable(user_id, actor=ctx.actor)
    await ctx.close()
    await show_card(query, user_id, ctx=ctx, notice=view.let_in_notice(ctx.tr, allowed=False))


async def turn_off_factor(query: CallbackQuery, *, ctx: AdminContext, action: PendingAction) -> None:
    """What a confirmation does."""
    user_id = action.facts["user"]
    await ctx.services.user_management.turn_off_factor(user_id, actor=ctx.actor)
    await ctx.close()
    await show_card(query, user_id, ctx=ctx, notice=ctx.tr.html("✅ The second factor is off."))


async def let_in(event: Event, user_id: int, *, ctx: AdminContext, allowed: bool, reason: str | None = None) -> None:
    """Open the shop to somebody, or close it. Raises `NotAllowed`, `OneOfUs`."""
    users = ctx.services.user_management
    act = users.enable if allowed else users.disable
    await act(user_id, actor=ctx.actor, reason=reason)
    await show_card(event, user_id, ctx=ctx, notice=view.let_in_notice(ctx.tr, allowed=allowed))


async def ask_letter(event: Event, user_id: int, *, ctx: AdminContext) -> None:
    ctx.require()
    card = await ctx.services.user_management.card(user_id)
    await ctx.ask(event, view.letter_question(card, ctx.tr), PendingAction.of(LETTER, user=user_id))


async def take_letter(message: Message, *, ctx: AdminContext, action: PendingAction) -> None:
    card = await ctx.services.user_management.card(action.facts["user"])
    try:
        text = check_text(message.text or "")
    except ShopError as problem:
        await ctx.ask_again(message, partial(view.letter_question, card, ctx.tr), problem)
        return
    new = PendingAction.of(SEND, user=card.id, text=text)
    await ctx.propose(message, view.letter_confirmation(card, text, new.nonce, ctx.tr), new)


async def send(query: CallbackQuery, *, ctx: AdminContext, action: PendingAction) -> None:
    """What a confirmation does."""
    user_id, text = action.facts["user"], action.facts["text"]
    await ctx.services.user_management.write_to(user_id, text, nonce=action.nonce, actor=ctx.actor)
    await ctx.close()
    await show_card(query, user_id, ctx=ctx, notice=ctx.tr.html("✅ The message is on its way."))
