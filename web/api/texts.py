"""What the description tells of texts beyond their length. The services refuse the others, each with a code of its own,
so this is told and not asked for twice."""

from typing import Annotated, Final

from pydantic import Field, JsonValue

SOMETHING: Final[dict[str, JsonValue]] = {"minLength": 1, "pattern": r"\S"}
HTTPS: Final[dict[str, JsonValue]] = {"format": "uri", "pattern": "^https://[!-~]+$"}

Address = Annotated[
    str, Field(max_length=254, examples=["vera@example.com"], json_schema_extra={"format": "idn-email"})
]
"""That people sign in by."""
ReceiptAddress = Annotated[str, Field(max_length=254, json_schema_extra={"format": "email"})]
