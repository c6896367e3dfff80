"""Links to the bot, as pages show them."""

from dataclasses import dataclass
from typing import Final
from urllib.parse import urlencode

import segno

from web.context import Site

LOGIN: Final = "login_"  # what the bot knows a question by


@dataclass(frozen=True, slots=True, kw_only=True)
class BotLink:
    """`url` for whoever has a browser; `app` for Telegram itself, where that address does not open; `qr`: an SVG for
    another device."""

    url: str
    app: str
    qr: str


def login_link(site: Site, token: str) -> BotLink | None:
    """None until Telegram has told what the bot is called."""
    name, start = site.bot_username(), f"{LOGIN}{token}"
    if name is None:
        return None
    url = f"{site.telegram_links}/{name}?{urlencode({'start': start})}"
    drawn = segno.make(url, error="m", micro=False).svg_inline(omitsize=True, border=3, light="#fff")
    return BotLink(url=url, app=f"tg://resolve?{urlencode({'domain': name, 'start': start})}", qr=drawn)
