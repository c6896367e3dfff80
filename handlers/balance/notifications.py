"""What the shop's people tell a customer: credits given or taken, and words of the owner."""

from handlers.kit import buttons
from handlers.telegram.delivery import Present, Rendered
from handlers.telegram.screen import Screen
from i18n.news import credits_changed
from i18n.translator import Html, Translator
from services.notifications.kinds.admins import CreditsChanged, WordsFromOwner
from services.notifications.notification import Notification
from services.notifications.presenting import presenting


def presenters() -> dict[str, Present]:
    return presenting(CreditsChanged, _credits_changed) | presenting(WordsFromOwner, _from_owner)


async def _credits_changed(news: CreditsChanged, notification: Notification, tr: Translator) -> Rendered:
    rows = ((buttons.models_button(tr), buttons.menu_button(tr)),)
    return Rendered(screen=Screen(text="\n".join(credits_changed(news, tr)), rows=rows))


async def _from_owner(news: WordsFromOwner, notification: Notification, tr: Translator) -> Rendered:
    heading = tr.html("<b>✉️ From the shop</b>")
    text = Html(f"{heading}\n\n{tr.escape(news.text)}")
    return Rendered(screen=Screen(text=text, rows=((buttons.menu_button(tr),),)))
