"""Credits given and taken, letters, a shop closed to somebody: asked for, confirmed, done once."""

from aiogram.types import CallbackQuery, Message

from handlers.admin.context import Matter, Office
from handlers.admin.users import change_screens as view
from handlers.kit.dialog import Event
from i18n.translator import Html
from services.billing.credits import parse_amount
from services.errors import ShopError
from services.users.manage import MAX_CREDITS, CannotTake, Change, check_reason, check_text
from services.users.search import UserLine

AMOUNT, REASON, CHANGE = "credits.amount", "credits.reason", "credits.change"
LETTER, SEND = "letter.text", "letter.send"
DISABLE = "user.disable"


async def ask_amount(event: Event, user_id: int, *, office: Office, give: bool, problem: str = "") -> None:
    """`problem`: HTML."""
    office.require()
    card = await office.admin_users.card(user_id)
    screen = view.amount_question(card, office.tr, give=give, problem=problem)
    await office.ask(event, screen, Matter.of(AMOUNT, user=user_id, give=give))


async def take_amount(message: Message, *, office: Office, matter: Matter) -> None:
    user_id, give = matter.facts["user"], matter.facts["give"]
    card = await office.admin_users.card(user_id)
    try:
        amount = parse_change(message.text or "", card, give=give)
    except ShopError as problem:
        shown = office.tr.error_html(problem)
        await ask_amount(message, user_id, office=office, give=give, problem=shown)
        return
    screen = view.reason_question(card, office.tr)
    await office.ask(message, screen, Matter.of(REASON, user=user_id, amount=amount))


async def take_reason(message: Message, *, office: Office, matter: Matter) -> None:
    card = await office.admin_users.card(matter.facts["user"])
    try:
        reason = check_reason(message.text or "")
    except ShopError as problem:
        shown = office.tr.error_html(problem)
        await office.ask(message, view.reason_question(card, office.tr, problem=shown), matter)
        return
    await propose_change(message, card, matter.facts["amount"], reason, office=office)


async def propose_change(event: Event, user: UserLine, amount: int, reason: str, *, office: Office) -> None:
    """`amount` in hundredths, negative to take."""
    matter = Matter.of(CHANGE, user=user.id, amount=amount, reason=reason)
    await office.propose(event, view.change_confirmation(user, amount, reason, matter.nonce, office.tr), matter)


async def change(query: CallbackQuery, *, office: Office, matter: Matter) -> tuple[int, Html]:
    """What a confirmation does: whose card is to be shown, and with which notice."""
    facts, tr = matter.facts, office.tr
    wish = Change(user_id=facts["user"], amount=facts["amount"], reason=facts["reason"], nonce=matter.nonce)
    await office.admin_users.change(wish, actor=office.actor)
    if wish.amount > 0:
        return wish.user_id, tr.html("✅ Given: {credits}.", credits=tr.credits(wish.amount))
    return wish.user_id, tr.html("✅ Taken: {credits}.", credits=tr.credits(-wish.amount))


async def disable(query: CallbackQuery, *, office: Office, matter: Matter) -> tuple[int, Html]:
    await office.admin_users.disable(matter.facts["user"], actor=office.actor)
    return matter.facts["user"], office.tr.html("⛔ The shop is closed to them.")


async def ask_letter(event: Event, user_id: int, *, office: Office) -> None:
    office.require()
    card = await office.admin_users.card(user_id)
    await office.ask(event, view.letter_question(card, office.tr), Matter.of(LETTER, user=user_id))


async def take_letter(message: Message, *, office: Office, matter: Matter) -> None:
    card = await office.admin_users.card(matter.facts["user"])
    try:
        text = check_text(message.text or "")
    except ShopError as problem:
        shown = office.tr.error_html(problem)
        await office.ask(message, view.letter_question(card, office.tr, problem=shown), matter)
        return
    new = Matter.of(SEND, user=card.id, text=text)
    await office.propose(message, view.letter_confirmation(card, text, new.nonce, office.tr), new)


async def send(query: CallbackQuery, *, office: Office, matter: Matter) -> tuple[int, Html]:
    user_id, text = matter.facts["user"], matter.facts["text"]
    await office.admin_users.write_to(user_id, text, nonce=matter.nonce, actor=office.actor)
    return user_id, office.tr.html("✅ The message is on its way.")


def parse_change(text: str, user: UserLine, *, give: bool) -> int:
    """Hundredths, negative to take. Raises `BadAmount`, `CannotTake`."""
    amount = parse_amount(text, low=1, high=MAX_CREDITS)
    if give:
        return amount
    if amount > user.balance:
        raise CannotTake(rest=user.balance)
    return -amount
