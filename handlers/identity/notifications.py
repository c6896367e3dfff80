"""What the chat says when a way in was added on the web, or a webhook was switched off."""

from handlers.kit import buttons
from handlers.telegram.delivery import Present, Rendered
from handlers.telegram.screen import Screen
from i18n import news as words_of
from i18n.translator import Html, Translator
from services.notifications.kinds.identity import AccountsMerged, EmailLinked, SecondFactorChanged, TelegramLinked
from services.notifications.kinds.webhooks import WebhookOff
from services.notifications.notification import Notification
from services.notifications.presenting import presenting


def presenters() -> dict[str, Present]:
    return (
        presenting(AccountsMerged, _merged)
        | presenting(EmailLinked, _email_linked)
        | presenting(TelegramLinked, _telegram_linked)
        | presenting(SecondFactorChanged, _second_factor)
        | presenting(WebhookOff, _webhook_off)
    )


async def _merged(news: AccountsMerged, notification: Notification, tr: Translator) -> Rendered:
    return _rendered(words_of.accounts_merged(news, tr), tr)


async def _email_linked(news: EmailLinked, notification: Notification, tr: Translator) -> Rendered:
    return _rendered(words_of.email_linked(news, tr), tr)


async def _telegram_linked(news: TelegramLinked, notification: Notification, tr: Translator) -> Rendered:
    return _rendered(words_of.telegram_linked(news, tr), tr)


async def _second_factor(news: SecondFactorChanged, notification: Notification, tr: Translator) -> Rendered:
    return _rendered(words_of.second_factor_changed(news, tr), tr)


async def _webhook_off(news: WebhookOff, notification: Notification, tr: Translator) -> Rendered:
    return _rendered(words_of.webhook_off(news, tr), tr)


def _rendered(lines: tuple[Html, ...], tr: Translator) -> Rendered:
    return Rendered(screen=Screen(text="\n".join(lines), rows=((buttons.menu_button(tr),),)))
