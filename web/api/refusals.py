"""What the API refuses: codes of its own beside those of `web/kit/refusals.py`."""

from typing import Final

from services.errors import ShopError
from web.api.callers import ScopeMissing, SessionWanted
from web.api.lists import BadCursor
from web.api.routes import BadIdempotencyKey, BodyCutOff, BodyTooLarge, NotSupported
from web.kit.refusals import OTHER, REFUSALS, Refusal

OF_API: Final[dict[type[ShopError], Refusal]] = {
    BadCursor: Refusal(400, "invalid_cursor"),
    BodyCutOff: Refusal(400, "body_cut_off"),
    BadIdempotencyKey: Refusal(400, "invalid_idempotency_key"),
    ScopeMissing: Refusal(403, "scope_missing"),
    SessionWanted: Refusal(403, "session_wanted"),
    BodyTooLarge: Refusal(413, "body_too_large"),
    NotSupported: Refusal(415, "unsupported_media_type"),
}
ALL: Final = {**REFUSALS, **OF_API}


def refusal_of(error: ShopError) -> Refusal:
    """Of its class, or the nearest one above that has one."""
    return next((ALL[kind] for kind in type(error).__mro__ if kind in ALL), OTHER)
