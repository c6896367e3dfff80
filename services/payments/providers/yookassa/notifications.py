"""What YooKassa posts: https://yookassa.ru/developers/using-api/webhooks. Nothing of it is believed."""

import json
import re
from typing import Final, NoReturn

from services.payments.providers.base import BadNotification, ProviderEvent, Subject

NAME: Final = "yookassa"
SUBJECTS: Final = {
    "payment.waiting_for_capture": Subject.PAYMENT,
    "payment.succeeded": Subject.PAYMENT,
    "payment.canceled": Subject.PAYMENT,
    "refund.succeeded": Subject.REFUND,
    "payment_method.active": Subject.METHOD,
}
OBJECT_ID = re.compile(r"[0-9A-Za-z_-]{1,64}", re.ASCII)  # it becomes part of an address
EVENT = re.compile(r"[a-z_.]{1,64}", re.ASCII)


def read_notification(raw: bytes) -> ProviderEvent:
    """Raises `BadNotification`."""
    try:
        body = json.loads(raw, parse_constant=_refuse_constant)
        text = json.dumps(body, ensure_ascii=False)
        text.encode()
    except (ValueError, RecursionError) as error:  # half a surrogate pair is a ValueError too
        raise BadNotification("not JSON") from error
    if "\\u0000" in text:  # PostgreSQL keeps no zero characters
        raise BadNotification("not text")
    if not isinstance(body, dict) or body.get("type") != "notification":
        raise BadNotification("not a notification")
    event, thing = body.get("event"), body.get("object")
    object_id = thing.get("id") if isinstance(thing, dict) else None
    if not (isinstance(event, str) and EVENT.fullmatch(event)):
        raise BadNotification("no event")
    if not (isinstance(object_id, str) and OBJECT_ID.fullmatch(object_id)):
        raise BadNotification("no object id")
    return ProviderEvent(provider=NAME, event=event, object_id=object_id, body=body)


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")
