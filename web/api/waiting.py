"""`Prefer: wait`: an answer holds on until what was asked for has ended."""

import asyncio
import re
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Annotated, Final

from fastapi import Header

LONGEST: Final = 60  # seconds that `Prefer: wait` holds a request
Wait = Annotated[
    str | None,
    Header(
        alias="Prefer",
        description="`wait=20`: answer when it is finished, or after so many seconds, 60 at most. "
        "`respond-async`: at once, with 202.",
        examples=["wait=20"],
    ),
]


def preference(prefer: str | None) -> tuple[int, bool]:
    """How many seconds to wait, and whether the answer is wanted at once. What is not understood is passed over, as
    RFC 7240 says."""
    words = {word.strip().lower() for word in (prefer or "").split(",")}
    for word in words:
        if found := re.fullmatch(r"wait(?:\s*=\s*\"?(\d{1,4})\"?)?", word):
            return min(LONGEST, int(found[1] or LONGEST)), False
    return 0, "respond-async" in words


async def wait_for_end(states: AsyncGenerator[object, None], seconds: float) -> None:
    """Until there are no more, or the time is over."""
    try:
        async with asyncio.timeout(seconds), aclosing(states):
            async for _ in states:
                pass
    except TimeoutError:
        pass
