"""What strangers can have for nothing."""

import asyncio

import pytest

from web import sparing
from web.sparing import LINES, Seldom, Shared


async def test_one_look_serves_all_who_ask_at_once() -> None:
    looks = []

    async def look() -> int:
        looks.append(1)
        await asyncio.sleep(0.01)
        return len(looks)

    shared = Shared(look)
    assert await asyncio.gather(*(shared() for _ in range(50))) == [1] * 50


async def test_a_look_grows_old(monkeypatch: pytest.MonkeyPatch) -> None:
    looks = iter(range(10))

    async def look() -> int:
        return next(looks)

    shared = Shared(look)
    assert [await shared(), await shared()] == [0, 0]
    monkeypatch.setattr(sparing, "FRESH_SECONDS", 0.0)
    assert await shared() == 1


async def test_a_look_that_fails_is_not_the_last() -> None:
    results = iter([OSError("away"), None])

    async def look() -> str:
        if (error := next(results)) is not None:
            raise error
        return "ok"

    shared = Shared(look)
    first, second = await asyncio.gather(shared(), shared(), return_exceptions=True)
    assert isinstance(first, OSError)
    assert second == "ok"


def test_lines_are_few_and_say_how_many_are_missing() -> None:
    seldom = Seldom()
    said = [left_out for second in range(1, 50) if (left_out := seldom.left_out(1000.0 + second)) is not None]
    assert said == [0] * LINES
    assert seldom.left_out(1100.0) == 49 - LINES
    assert seldom.left_out(1101.0) == 0
