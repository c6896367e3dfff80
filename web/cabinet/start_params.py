"""Where links such as `t.me/<bot>?startapp=model_wine` lead."""

import re
from collections.abc import Mapping
from typing import Final

from web.kit.places import HOME

PLACES: Final[Mapping[str, str]] = {
    "balance": "/balance",
    "bonus": "/bonus",
    "chats": "/chats",
    "history": "/history",
    "payments": "/payments",
    "profile": "/profile",
    "security": "/security",
    "styles": "/styles",
    "topup": "/top-up",
}
PATTERNS: Final = (
    (re.compile(r"chat_([a-z0-9-]{1,32})"), "/chats/with/{}"),
    (re.compile(r"model_([a-z0-9-]{1,32})"), "/models/{}"),
    (re.compile(r"prediction_([0-9a-f]{8}-?(?:[0-9a-f]{4}-?){3}[0-9a-f]{12})"), "/predictions/{}"),
)


def place_for(start_param: str | None) -> str:
    """A page of ours; what nobody knows leads to the first."""
    told = start_param or ""
    for pattern, place in PATTERNS:
        if (found := pattern.fullmatch(told)) is not None:
            return place.format(found[1])
    return PLACES.get(told, HOME)
