"""The weekly bonus came."""

from handlers.bonus.screens import mute_button
from handlers.kit import buttons
from handlers.telegram.delivery import Present, Rendered
from handlers.telegram.screen import Screen
from i18n.translator import Translator
from services.clock import Clock
from services.notifications.kinds.credits import BonusGranted
from services.notifications.notification import Notification
from services.notifications.presenting import presenting


def presenters(clock: Clock) -> dict[str, Present]:
    async def present(news: BonusGranted, notification: Notification, tr: Translator) -> Rendered | None:
        if news.expires_at <= clock():  # it waited so long that there is nothing left to spend
            return None
        text = tr.html(
            "🎁 The weekly bonus is here: <b>{credits}</b>. They are valid until {moment}.",
            credits=tr.credits(news.amount),
            moment=tr.moment(news.expires_at),
        )
        return Rendered(screen=Screen(text=text, rows=((buttons.models_button(tr),), (mute_button(tr, muted=False),))))

    return presenting(BonusGranted, present)
