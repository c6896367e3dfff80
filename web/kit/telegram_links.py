"""Links to the bot, as pages show them."""

from dataclasses import dataclass
from typing import Final
from urllib.parse import urlencode

import segno

from services.errors import N_, ShopError
from web.context import Site

LOGIN: Final = "login_"  # what the bot knows a question by


@dataclass(frozen=True, slots=True, kw_only=True)
class BotLink:
    """`url` for whoever has a browser; `app` for Telegram itself, where that address does not open; `qr`: an SVG for
    another device."""

    url: str
    app: str
    qr: str


class BotStarting(ShopError):
    message = N_("The bot is just starting. Please try again in a minute.")


def bot_link(site: Site, token: str) -> str:
    """Raises `BotStarting`: Telegram has not told yet what the bot is called."""
    if (name := site.bot_username()) is None:
        raise BotStarting()
    return f"{site.telegram_links}/{name}?{urlencode({'start': LOGIN + token})}"


def login_link(site: Site, token: str) -> BotLink:
    """Likewise, for a page."""
    url = bot_link(site, token)
    app = urlencode({"domain": site.bot_username(), "start": LOGIN + token})
    drawn = segno.make(url, error="m", micro=False).svg_inline(omitsize=True, border=3, light="#fff")
    return BotLink(url=url, app=f"tg://resolve?{app}", qr=drawn)
