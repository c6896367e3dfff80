"""Where links to a bot lead: to its chat on the page."""

from collections.abc import Iterable
from urllib.parse import parse_qsl, urlencode, urlsplit

from sandbox.telegram.world import World

TELEGRAM = "https://t.me/"
_TOLD = ("start", "startapp", "mode")


def page_of(link: str, worlds: Iterable[World]) -> str | None:
    """The path and query of the page for `https://t.me/<bot>?start=…` or `?startapp=…`; None where nobody of that name
    lives here."""
    if not link.startswith(TELEGRAM):
        return None
    parts = urlsplit(link)
    name = parts.path.strip("/").partition("/")[0].lower()
    told = {key: value for key, value in parse_qsl(parts.query, keep_blank_values=True) if key in _TOLD}
    for world in worlds:
        if world.username.lower() == name:
            return f"/?{urlencode({'bot': world.bot_id, **told})}"
    return None
