"""Lists, the newest first, a part at a time: `limit`, `cursor`, and in the answer `has_more` and `next_cursor`."""

import base64
import binascii
from collections.abc import Sequence
from typing import Annotated, Final, Generic, TypeVar
from uuid import UUID

from fastapi import Query
from pydantic import BaseModel, Field

from services.errors import N_, ShopError

T = TypeVar("T")
CURSOR: Final = "^[A-Za-z0-9_-]{1,128}$"

Limit = Annotated[int, Query(ge=1, le=100, description="How many at most.")]
Cursor = Annotated[
    str | None,
    Query(
        pattern=CURSOR,
        description="`next_cursor` of the part before. It is opaque: its form may change.",
    ),
]


class BadCursor(ShopError):
    message = N_("This cursor is not one of ours. Please begin the list anew.")


class Listed(BaseModel, Generic[T]):
    """A part of a list."""

    items: Sequence[T]
    has_more: bool = Field(description="Whether there is more after this part.")
    next_cursor: str | None = Field(description="For the next part; null at the end.")


def listed(items: Sequence[T], *, has_more: bool, last: object) -> Listed[T]:
    """`last`: what the last item is known by in its list, such as its id."""
    return Listed(items=items, has_more=has_more, next_cursor=write_cursor(last) if has_more else None)


def write_cursor(last: object) -> str:
    return base64.urlsafe_b64encode(str(last).encode()).decode().rstrip("=")


def read_cursor(cursor: str | None) -> str | None:
    """What `write_cursor` was given, in text. Raises `BadCursor`."""
    if cursor is None:
        return None
    try:
        return base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode()
    except (binascii.Error, ValueError) as error:
        raise BadCursor() from error


def read_uuid(cursor: str | None) -> UUID | None:
    """The same of a list whose items have ids. Raises `BadCursor`."""
    text = read_cursor(cursor)
    if text is None:
        return None
    try:
        return UUID(text)
    except ValueError as error:
        raise BadCursor() from error


def read_number(cursor: str | None) -> int | None:
    """The same of a list whose items are numbered. Raises `BadCursor`."""
    text = read_cursor(cursor)
    if text is not None and not (text.isascii() and text.isdigit() and len(text) < 19):
        raise BadCursor()
    return None if text is None else int(text)
