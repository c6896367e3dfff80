"""The weekly bonus came."""

from datetime import datetime

from db.tables.outbox import OutboxKind
from handlers.bonus.screens import mute_button
from handlers.kit import buttons
from handlers.telegram.delivery import Present, Rendered
from handlers.telegram.screen import Screen
from i18n.translator import Translator
from services.clock import Clock
from services.notifications.outbox import Notification


def presenters(clock: Clock) -> dict[str, Present]:
    return {OutboxKind.BONUS: _bonus(clock)}


def _bonus(clock: Clock) -> Present:
    async def present(notification: Notification, tr: Translator) -> Rendered | None:
        until = datetime.fromisoformat(notification.payload["expires_at"])
        if until <= clock():  # it waited so long that there is nothing left to spend
            return None
        text = tr.html(
            "🎁 The weekly bonus is here: <b>{credits}</b>. They are valid until {moment}.",
            credits=tr.credits(notification.payload["amount"]),
            moment=tr.moment(until),
        )
        return Rendered(screen=Screen(text=text, rows=((buttons.models_button(tr),), (mute_button(tr, muted=False),))))

    return present
