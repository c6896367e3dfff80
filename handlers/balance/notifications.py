"""What the shop's people tell a customer: credits given or taken, and words of the owner."""

from db.tables.outbox import OutboxKind
from handlers.kit import buttons
from handlers.telegram.delivery import Present, Rendered
from handlers.telegram.screen import Screen
from i18n.translator import Html, Translator
from services.notifications.outbox import Notification


def presenters() -> dict[str, Present]:
    return {OutboxKind.CREDITS_CHANGED: _credits_changed, OutboxKind.FROM_OWNER: _from_owner}


async def _credits_changed(notification: Notification, tr: Translator) -> Rendered:
    amount, balance = notification.payload["amount"], notification.payload["balance"]
    given = amount > 0
    what = (
        tr.html("🎁 The shop gave you <b>{credits}</b>.", credits=tr.credits(amount))
        if given
        else tr.html("The shop took back <b>{credits}</b>.", credits=tr.credits(-amount))
    )
    why = tr.html("Reason: {reason}", reason=notification.payload["reason"])
    now = tr.html("💳 Balance: <b>{credits}</b>", credits=tr.credits(balance))
    rows = ((buttons.models_button(tr), buttons.menu_button(tr)),)
    return Rendered(screen=Screen(text="\n".join([what, why, now]), rows=rows))


async def _from_owner(notification: Notification, tr: Translator) -> Rendered:
    heading = tr.html("<b>✉️ From the shop</b>")
    text = Html(f"{heading}\n\n{tr.escape(notification.payload['text'])}")
    return Rendered(screen=Screen(text=text, rows=((buttons.menu_button(tr),),)))
