"""CloudPayments' notifications: each kind to an address of its own, signed, repeated up to a hundred times until the
answer is code 0."""

import base64
import hmac
import json
from dataclasses import dataclass
from decimal import Decimal
from typing import Final, Literal
from urllib.parse import unquote_to_bytes, urlencode

from sandbox.clock import Clock
from sandbox.cloudpayments.notices import KINDS, Kind
from sandbox.cloudpayments.wire import JsonObject, amount_of, to_json
from sandbox.faults import Faults
from sandbox.notifier import Notifier, Post, Reply, WebhookCall
from sandbox.provider_faults import NOTIFICATION_FAULTS, ShopFault

Format = Literal["form", "json"]
PAUSES: Final = (60.0, 120.0, 300.0, 600.0, 1800.0)
REPEATS: Final = 100
FORM: Final = "application/x-www-form-urlencoded; charset=utf-8"
JSON: Final = "application/json; charset=utf-8"


@dataclass(slots=True, kw_only=True)
class NotificationSettings:
    """Of one kind, as the account has them."""

    enabled: bool = False
    address: str = ""
    method: str = "POST"

    def model(self) -> JsonObject:
        return {
            "IsEnabled": self.enabled,
            "Address": self.address,
            "HttpMethod": self.method,
            "Encoding": "UTF8",
            "Format": "CloudPayments",
        }


def signature(secret: str, message: bytes) -> str:
    return base64.b64encode(hmac.digest(secret.encode(), message, "sha256")).decode()


def signed(secret: str, body: bytes, content_type: str) -> dict[str, str]:
    """Over the body as it is, and over the decoded one, where '+' is a space."""
    plain = unquote_to_bytes(body.replace(b"+", b" ")) if content_type == FORM else body
    return {"Content-HMAC": signature(secret, body), "X-Content-HMAC": signature(secret, plain)}


class CloudPaymentsNotifier(Notifier):
    def __init__(self, clock: Clock, faults: Faults[ShopFault], secret: str) -> None:
        super().__init__(clock, faults)
        self.secret = secret
        self.format: Format = "form"
        self.settings: dict[Kind, NotificationSettings] = {kind: NotificationSettings() for kind in KINDS}
        self._courier: Post | None = None

    def address(self, event: str) -> str | None:
        """None where it is switched off, or set to GET, which the sandbox does not speak."""
        found = self.settings.get(event)  # type: ignore[call-overload]  # a forged one may name anything
        return found.address if found and found.enabled and found.address and found.method == "POST" else None

    def is_taken(self, reply: Reply) -> bool:
        return _code(reply) == 0

    def pause(self, notification: WebhookCall) -> float | None:
        done = notification.repeats
        return None if done >= REPEATS else PAUSES[min(done, len(PAUSES) - 1)]

    def notify(self, kind: Kind, fields: JsonObject) -> WebhookCall | None:
        """None where the account wants no such ones."""
        if not self.settings[kind].enabled:
            return None
        return self.send(kind, str(fields["TransactionId"]), *self.packed(fields))

    async def ask(self, fields: JsonObject) -> int | None:
        """A Check, posted once and now: the code that the shop answers. 0 where nobody is to be asked, None where there
        is no answer, or none that can be understood."""
        if not self.settings["check"].enabled or self._courier is None:
            return 0
        asked = self._new("check", str(fields["TransactionId"]), *self.packed(fields))
        if self._faults.take("check", NOTIFICATION_FAULTS):
            asked.status = "lost"
            return None
        reply = await self.post(asked, self._courier)
        asked.status = "delivered" if reply is not None else "given_up"
        return None if reply is None else _code(reply)

    def packed(self, fields: JsonObject) -> tuple[bytes, dict[str, str]]:
        """The body and its headers."""
        content_type = FORM if self.format == "form" else JSON
        body = urlencode({name: _shown(value) for name, value in fields.items()}).encode()
        body = body if self.format == "form" else to_json(fields)
        return body, {"Content-Type": content_type, **signed(self.secret, body, content_type)}

    async def run(self, post: Post) -> None:
        self._courier = post
        await super().run(post)


def _shown(value: object) -> str:
    if value is None:
        return ""
    return amount_of(int(value * 100)) if isinstance(value, Decimal) else str(value)


def _code(reply: Reply) -> int | None:
    if reply.status != 200:
        return None
    try:
        told = json.loads(reply.body)
    except ValueError:
        return None
    code = told.get("code") if isinstance(told, dict) else None
    return code if isinstance(code, int) and not isinstance(code, bool) else None
