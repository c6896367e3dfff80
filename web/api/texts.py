"""What the description tells of texts beyond their length. The services refuse the others, each with a code of its own,
so this is told and not asked for twice."""

from typing import Annotated, Final

from pydantic import Field, JsonValue

SOMETHING: Final[dict[str, JsonValue]] = {"minLength": 1, "pattern": r"\S"}
_KEPT: Final = r"[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]*"
STORABLE: Final[dict[str, JsonValue]] = {"minLength": 1, "pattern": rf"^{_KEPT}[^\s\x00-\x1f\x7f-\x9f]{_KEPT}$"}
"""Something, and no control characters but for ends of lines and tabs."""
HTTPS: Final[dict[str, JsonValue]] = {"format": "uri", "pattern": "^https://[!-~]+$"}

Address = Annotated[
    str, Field(max_length=254, examples=["vera@example.com"], json_schema_extra={"format": "idn-email"})
]
"""That people sign in by."""
ReceiptAddress = Annotated[str, Field(max_length=254, json_schema_extra={"format": "email"})]
