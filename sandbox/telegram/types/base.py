"""How parameters arrive: as strings in forms, as JSON values in JSON, as JSON text for nested objects."""

from collections.abc import Iterator
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict
from pydantic_core import PydanticCustomError

from sandbox.telegram.wire import JsonObject, from_json


class ApiObject(BaseModel):
    """Unknown fields are kept aside: Telegram ignores them, the sandbox reports them."""

    model_config = ConfigDict(extra="allow", coerce_numbers_to_str=True, hide_input_in_errors=True)


class Params(ApiObject):
    """The parameters of one method."""


def unknown_fields(value: object, path: str = "") -> Iterator[str]:
    """Dotted paths of the fields that the Bot API does not have."""
    if isinstance(value, ApiObject):
        yield from (f"{path}{name}" for name in value.model_extra or ())
        for name in value.model_fields_set - (value.model_extra or {}).keys():
            field = getattr(value, name)
            if isinstance(field, ApiObject | list):
                yield from unknown_fields(field, f"{path}{name}.")
    elif isinstance(value, list):
        for each in value:
            if isinstance(each, ApiObject | list):
                yield from unknown_fields(each, path)


def telegram_error(text: str) -> PydanticCustomError:
    """A validation error that reaches the bot word for word."""
    return PydanticCustomError("telegram", "{text}", {"text": text})


def parse_json(value: object) -> object:
    if not isinstance(value, str):
        return value
    try:
        return from_json(value)
    except ValueError as error:
        raise PydanticCustomError("json", "not a JSON object") from error


def _chat_id(value: object) -> object:
    if isinstance(value, str) and value.removeprefix("-").isdigit():
        return int(value)
    return value


Jsoned = BeforeValidator(parse_json)
ChatId = Annotated[int | str, BeforeValidator(_chat_id)]
Opaque = Annotated[JsonObject, Jsoned]
"""An object that the sandbox takes and does nothing with."""
Text = str
File = str
"""An uploaded file by `attach://name`, a file_id or an address."""
Style = Literal["danger", "success", "primary"]
AnyJson = Any  # Any: a placeholder object of the Bot API, which holds nothing
