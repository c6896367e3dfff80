"""Messages from the back room: the weekly bonus, credits that an admin gave or took, words of the owner."""

from collections.abc import Awaitable, Callable
from datetime import datetime

from db.tables.outbox import OutboxKind
from handlers.bonus.screens import mute_button
from handlers.kit import buttons as keyboards
from handlers.telegram.delivery import Parcel, Present
from handlers.telegram.screen import Screen
from i18n.translator import Html, Translator
from services.clock import Clock
from services.notifications.outbox import Letter


def office_presenters(clock: Clock) -> dict[str, Present]:
    return {
        OutboxKind.BONUS: _bonus(clock),
        OutboxKind.CREDITS_CHANGED: _credits_changed,
        OutboxKind.FROM_OWNER: _from_owner,
    }


def _bonus(clock: Clock) -> Callable[[Letter, Translator], Awaitable[Parcel | None]]:
    async def present(letter: Letter, tr: Translator) -> Parcel | None:
        until = datetime.fromisoformat(letter.payload["expires_at"])
        if until <= clock():  # it waited so long that there is nothing left to spend
            return None
        text = tr.html(
            "🎁 The weekly bonus is here: <b>{credits}</b>. They are valid until {moment}.",
            credits=tr.credits(letter.payload["amount"]),
            moment=tr.moment(until),
        )
        return Parcel(screen=Screen(text=text, rows=((keyboards.models_button(tr),), (mute_button(tr, muted=False),))))

    return present


async def _credits_changed(letter: Letter, tr: Translator) -> Parcel:
    amount, balance = letter.payload["amount"], letter.payload["balance"]
    given = amount > 0
    what = (
        tr.html("🎁 The shop gave you <b>{credits}</b>.", credits=tr.credits(amount))
        if given
        else tr.html("The shop took back <b>{credits}</b>.", credits=tr.credits(-amount))
    )
    why = tr.html("Reason: {reason}", reason=letter.payload["reason"])
    now = tr.html("💳 Balance: <b>{credits}</b>", credits=tr.credits(balance))
    rows = ((keyboards.models_button(tr), keyboards.menu_button(tr)),)
    return Parcel(screen=Screen(text="\n".join([what, why, now]), rows=rows))


async def _from_owner(letter: Letter, tr: Translator) -> Parcel:
    heading = tr.html("<b>✉️ From the shop</b>")
    text = Html(f"{heading}\n\n{tr.escape(letter.payload['text'])}")
    return Parcel(screen=Screen(text=text, rows=((keyboards.menu_button(tr),),)))
