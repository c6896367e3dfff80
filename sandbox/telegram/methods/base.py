"""What a method is, and reading its parameters."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from sandbox.telegram.errors import QUERY_TOO_OLD, BadRequest
from sandbox.telegram.files import Upload
from sandbox.telegram.types.base import Params
from sandbox.telegram.wire import JsonObject
from sandbox.telegram.world import World

_MISSING = {
    "chat_id": "chat_id is empty",
    "text": "message text is empty",
    "message_id": "message identifier is not specified",
    "message_ids": "message identifiers are not specified",
    "photo": "there is no photo in the request",
    "document": "there is no document in the request",
    "media": "media not specified",
    "action": "wrong parameter action in request",
    "file_id": "file_id not specified",
    "callback_query_id": QUERY_TOO_OLD,
    "commands": "can't parse commands JSON object",
    "title": "invoice title must be non-empty",
    "description": "invoice description must be non-empty",
    "payload": "INVOICE_PAYLOAD_INVALID",
    "pre_checkout_query_id": QUERY_TOO_OLD,
    "telegram_payment_charge_id": "CHARGE_ID_EMPTY",
}
_BAD_JSON = {
    "reply_markup": "can't parse reply keyboard markup JSON object",
    "entities": "can't parse entities JSON object",
    "caption_entities": "can't parse entities JSON object",
    "media": "can't parse media JSON object",
    "commands": "can't parse commands JSON object",
    "allowed_updates": "can't parse allowed updates JSON object",
    "scope": "can't parse BotCommandScope JSON object",
    "prices": "can't parse labeled prices JSON object",
    "reply_parameters": "can't parse reply parameters JSON object",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    world: World
    uploads: Mapping[str, Upload]
    is_heard: Callable[[], bool]
    """Whether the caller is still there to get the answer."""

    def upload(self, value: str) -> Upload | None:
        """The file sent along with the request, when `value` says that there is one."""
        if not value.startswith("attach://"):
            return None
        name = value.removeprefix("attach://")
        if name not in self.uploads:
            raise BadRequest(f"wrong file identifier/HTTP URL specified: no file is attached as {name}")
        return self.uploads[name]


Handler = Callable[[Call, Any], Awaitable[object]]  # Any: each method takes its own Params


@dataclass(frozen=True, slots=True)
class Method:
    params: type[Params]
    handler: Handler

    def read(self, raw: JsonObject) -> Params:
        try:
            return self.params.model_validate(raw)
        except ValidationError as error:
            raise BadRequest(_refusal(error)) from error


def _refusal(error: ValidationError) -> str:
    """The first error in Telegram's words; where Telegram would shrug, the field's name and what was expected."""
    errors = error.errors(include_url=False, include_input=False)
    first = next((each for each in errors if each["type"] == "telegram"), errors[0])
    name = str(first["loc"][0]) if first["loc"] else "request"
    if first["type"] == "telegram":
        return first["msg"]
    if first["type"] == "json":
        return _BAD_JSON.get(name, f"can't parse {name} JSON object")
    if first["type"] == "missing" and len(first["loc"]) == 1:
        return _MISSING.get(name, f"parameter {name} is required")
    path = ".".join(str(each) for each in first["loc"])
    return f"wrong parameter {path}: {first['msg']}"
