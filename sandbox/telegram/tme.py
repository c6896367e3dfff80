"""Where links to a bot or to an invoice lead: to the page."""

from collections.abc import Iterable
from urllib.parse import parse_qsl, urlencode, urlsplit

from sandbox.telegram.world import World

TELEGRAM = "https://t.me/"
_TOLD = ("start", "startapp", "mode")


def page_of(link: str, worlds: Iterable[World]) -> str | None:
    """The path and query of the page for `https://t.me/<bot>?start=…`, `?startapp=…` or `https://t.me/$<invoice>`; None
    where nothing of that name lives here."""
    if not link.startswith(TELEGRAM):
        return None
    parts = urlsplit(link)
    name = parts.path.strip("/").partition("/")[0].lower()
    slug = _invoice_of(parts.path)
    told = {key: value for key, value in parse_qsl(parts.query, keep_blank_values=True) if key in _TOLD}
    for world in worlds:
        if slug in world.stars.links:
            return f"/?{urlencode({'bot': world.bot_id, 'invoice': slug})}"
        if world.username.lower() == name:
            return f"/?{urlencode({'bot': world.bot_id, **told})}"
    return None


def _invoice_of(path: str) -> str | None:
    """Of `/$<invoice>` and `/invoice/<invoice>`."""
    for prefix in ("/$", "/invoice/"):
        if path.startswith(prefix):
            return path.removeprefix(prefix).strip("/")
    return None
