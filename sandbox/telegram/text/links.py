"""Which addresses Telegram takes for links."""

import re
from urllib.parse import parse_qs, urlsplit

_SCHEME = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]*:")


def mentioned_user(url: str) -> int | None:
    """The id in `tg://user?id=…`."""
    if not url.lower().startswith("tg://user"):
        return None
    number = parse_qs(urlsplit(url).query).get("id", [""])[0]
    return int(number) if number.isascii() and number.isdigit() else None


def checked_link(url: str) -> str | None:
    """The address as Telegram would keep it, None when it takes it for none."""
    url = url.strip()
    if url.lower().startswith(("tg:", "ton:", "tonsite:")):
        return url
    if not url.lower().startswith(("http://", "https://")):
        if not url or (_SCHEME.match(url) and "." not in url.split(":", 1)[0]):
            return None
        url = f"http://{url}"
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
        _ = parts.port
    except ValueError:
        return None
    if " " in url or "." not in host.strip("."):
        return None
    return url if parts.path or parts.query or parts.fragment else f"{url}/"
