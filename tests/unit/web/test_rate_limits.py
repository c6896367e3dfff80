"""What strangers can have for nothing."""

import asyncio

from web.kit.rate_limits import LINES, Cached, LogLimit


async def test_one_look_serves_all_who_ask_at_once() -> None:
    looks = []

    async def look() -> int:
        looks.append(1)
        await asyncio.sleep(0.01)
        return len(looks)

    cached = Cached(look, seconds=60.0)
    assert await asyncio.gather(*(cached() for _ in range(50))) == [1] * 50


async def test_a_look_grows_old() -> None:
    looks = iter(range(10))

    async def look() -> int:
        return next(looks)

    kept, old_at_once = Cached(look, seconds=60.0), Cached(look, seconds=0.0)
    assert [await kept(), await kept()] == [0, 0]
    assert [await old_at_once(), await old_at_once()] == [1, 2]


async def test_a_look_that_fails_is_not_the_last() -> None:
    results = iter([OSError("away"), None])

    async def look() -> str:
        if (error := next(results)) is not None:
            raise error
        return "ok"

    cached = Cached(look, seconds=60.0)
    first, second = await asyncio.gather(cached(), cached(), return_exceptions=True)
    assert isinstance(first, OSError)
    assert second == "ok"


def test_lines_are_few_and_say_how_many_are_missing() -> None:
    limit = LogLimit()
    said = [left_out for second in range(1, 50) if (left_out := limit.left_out(1000.0 + second)) is not None]
    assert said == [0] * LINES
    assert limit.left_out(1100.0) == 49 - LINES
    assert limit.left_out(1101.0) == 0
