"""Lists, the newest first, a part at a time: `limit`, `cursor`, and in the answer `has_more` and `next_cursor`."""

import base64
from collections.abc import Sequence
from typing import Annotated, Final, Generic, TypeVar
from uuid import UUID

from fastapi import Query
from pydantic import BaseModel, Field

T = TypeVar("T")
IDS: Final = "^[A-Za-z0-9_-]{21}[AQgw]$"  # whatever is of this form is the id of something, if not of ours
NUMBERS: Final = "^[A-Za-z0-9_-]{8}$"
PLACES: Final = "^[A-Za-z0-9._-]{0,64}$"
OPAQUE: Final = "`next_cursor` of the part before. It is opaque: its form may change."

Limit = Annotated[int, Query(ge=1, le=100, description="How many at most.")]
Cursor = Annotated[str | None, Query(pattern=IDS, description=OPAQUE)]
"""Of a list whose items have ids."""
NumberCursor = Annotated[str | None, Query(pattern=NUMBERS, description=OPAQUE)]
"""Of a list whose items are numbered."""
PlaceCursor = Annotated[str, Query(pattern=PLACES, description=OPAQUE)]
"""Of a list that is sorted otherwise; one that is not of ours begins it anew."""


class Listed(BaseModel, Generic[T]):
    """A part of a list."""

    items: Sequence[T]
    has_more: bool = Field(description="Whether there is more after this part.")
    next_cursor: str | None = Field(description="For the next part; null at the end.")


def listed(items: Sequence[T], *, has_more: bool, last: UUID | int | str | None) -> Listed[T]:
    """`last`: what the last item is known by in its list, its id."""
    return Listed(items=items, has_more=has_more, next_cursor=write_cursor(last) if has_more and last else None)


def write_cursor(last: UUID | int | str) -> str:
    if isinstance(last, str):
        return last
    raw = last.bytes if isinstance(last, UUID) else last.to_bytes(6)
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def read_uuid(cursor: str | None) -> UUID | None:
    return None if cursor is None else UUID(bytes=base64.urlsafe_b64decode(f"{cursor}=="))


def read_number(cursor: str | None) -> int | None:
    return None if cursor is None else int.from_bytes(base64.urlsafe_b64decode(cursor))
