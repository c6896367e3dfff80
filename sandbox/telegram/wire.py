"""JSON of the Bot API, whose shapes its own documentation gives."""

from typing import Any

from pydantic_core import from_json, to_json

JsonObject = dict[str, Any]  # Any: one alias for every Bot API object, kept as Telegram would send it

__all__ = ["JsonObject", "from_json", "to_json"]
