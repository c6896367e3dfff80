"""What a PATCH takes."""

from typing import Any

from pydantic import BaseModel, ConfigDict, GetJsonSchemaHandler
from pydantic_core import CoreSchema


class Change(BaseModel):
    """What is left out stays, so no default is told."""

    model_config = ConfigDict(extra="forbid")

    @classmethod
    def __get_pydantic_json_schema__(cls, core: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        schema = handler(core)  # Any: JSON
        for each in handler.resolve_ref_schema(schema)["properties"].values():
            each.pop("default", None)
        return schema
