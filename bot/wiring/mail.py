"""The way of letters, as the settings say."""

from typing import TYPE_CHECKING

import structlog

from bot.settings import Settings
from services.notifications.letters import Letters

if TYPE_CHECKING:
    from mail.client import MailClient

log = structlog.get_logger()


def open_client(settings: Settings) -> "MailClient | None":
    """None where the settings name no mail server."""
    if settings.smtp_url is None or settings.mail_from is None:
        return None
    from mail.client import MailClient  # of shops without letters nobody imports it

    return MailClient(settings.smtp_url, name=settings.mail_from.domain)


async def tell_letters_closed(settings: Settings, letters: Letters) -> None:
    """Once at the start, where letters wait for a mail server that the settings do not name."""
    if settings.smtp_url is not None:
        return
    waiting, _ = await letters.backlog()
    if waiting:
        log.warning("letters_closed", waiting=waiting, missing="SMTP_URL, MAIL_FROM")
