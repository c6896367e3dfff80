"""Addresses of ours that a form or a link names."""

from typing import Final
from urllib.parse import quote, urlsplit

HOME: Final = "/"
TOP_UP: Final = "/top-up"  # `next`: where to go on with the credits
FACTOR: Final = "/second-factor"  # `next`: where to go on when it was turned on
FACTOR_STEP: Final = "/second-factor/step"  # `next`: as above, when it was shown
MOST: Final = 2000  # characters


def own_place(text: str | None, *, otherwise: str = HOME) -> str:
    """Where on this site to go on. What leads to another host, as browsers read it, or is none, is `otherwise`."""
    place = text or ""
    clean = place.isprintable() and " " not in place and "\\" not in place and len(place) <= MOST
    if not clean or not place.startswith("/") or place.startswith("//"):
        return otherwise
    parts = urlsplit(place)
    return place if not parts.scheme and not parts.netloc else otherwise


def factor_place(place: str, page: str = FACTOR_STEP) -> str:
    """Where a second factor is asked for, or turned on, before `place`."""
    return f"{page}?next={quote(place, safe='')}"
