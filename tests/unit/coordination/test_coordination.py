"""What holds of any memory that processes share, whatever it is made of."""

import asyncio

import pytest

from services.coordination.base import Rate, Topic
from tests.support.waiting import until
from tests.unit.coordination.conftest import Processes

LONG, MOMENT, LONGER = 60.0, 0.05, 0.1


async def test_what_one_remembers_the_other_has_seen(shop: Processes) -> None:
    assert not await shop.one.seen("update:1")
    await shop.one.remember("update:1", seconds=LONG)
    assert await shop.other.seen("update:1")
    assert not await shop.other.seen("update:2")


async def test_it_is_forgotten_in_time(shop: Processes) -> None:
    await shop.one.remember("update:1", seconds=MOMENT)
    await shop.passes(LONGER)
    assert not await shop.other.seen("update:1")


async def test_the_first_to_claim_has_it_and_may_ask_again(shop: Processes) -> None:
    assert await shop.one.claim("album", "first", seconds=LONG)
    assert not await shop.other.claim("album", "second", seconds=LONG)
    assert await shop.other.claim("album", "first", seconds=LONG)


async def test_a_claim_ends(shop: Processes) -> None:
    assert await shop.one.claim("album", "first", seconds=MOMENT)
    await shop.passes(LONGER)
    assert await shop.other.claim("album", "second", seconds=LONG)


async def test_so_many_are_allowed_by_both_together(shop: Processes) -> None:
    asked = [await each.allow("searches:1", times=3, seconds=LONG) for each in (shop.one, shop.other) * 3]
    assert asked == [True] * 3 + [False] * 3
    assert await shop.one.allow("searches:2", times=3, seconds=LONG)


async def test_each_of_them_counts_for_its_time(shop: Processes) -> None:
    assert await shop.one.allow("searches", times=1, seconds=MOMENT)
    await shop.passes(LONGER)
    assert await shop.other.allow("searches", times=1, seconds=MOMENT)


async def test_what_is_left_of_a_quota_is_told(shop: Processes) -> None:
    taken = [await each.take("api:1", times=2, seconds=LONG) for each in (shop.one, shop.other, shop.one)]
    assert [quota.left for quota in taken] == [1, 0, -1]
    assert all(0 < quota.resets <= LONG for quota in taken)
    assert (await shop.other.take("api:2", times=2, seconds=LONG)).left == 1


async def test_a_quota_is_a_new_one_after_its_time(shop: Processes) -> None:
    assert (await shop.one.take("api", times=1, seconds=MOMENT)).left == 0
    await shop.passes(LONGER)
    assert (await shop.other.take("api", times=1, seconds=MOMENT)).left == 0


async def test_both_stand_in_one_row(shop: Processes) -> None:
    waits = [
        await each.book(Rate(key="all", seconds=10), Rate(key=f"chat:{number}", seconds=1))
        for number, each in enumerate((shop.one, shop.other, shop.one))
    ]
    assert waits == pytest.approx([0, 10, 20], abs=1)


async def test_who_waits_for_their_own_place_holds_up_nobody_else(shop: Processes) -> None:
    crowd, own = Rate(key="all", seconds=1), Rate(key="chat:1", seconds=20)
    assert [await each.book(crowd, own) for each in (shop.one, shop.other)] == pytest.approx([0, 20], abs=1)
    assert await shop.other.book(crowd, Rate(key="chat:2", seconds=20)) == pytest.approx(2, abs=1)


async def test_one_holds_at_a_time(shop: Processes) -> None:
    inside = most = 0

    async def enter(number: int) -> None:
        nonlocal inside, most
        async with (shop.one if number % 2 else shop.other).hold("chat:1"):
            inside += 1
            most = max(most, inside)
            await asyncio.sleep(0)
            inside -= 1

    async with asyncio.TaskGroup() as tasks:
        for number in range(10):
            tasks.create_task(enter(number))
    assert most == 1


async def test_another_key_is_free(shop: Processes) -> None:
    async with asyncio.timeout(20), shop.one.hold("chat:1"), shop.other.hold("chat:2"):
        pass


async def test_who_fails_or_is_stopped_lets_go(shop: Processes) -> None:
    with pytest.raises(ZeroDivisionError):
        async with shop.one.hold("chat:1"):
            raise ZeroDivisionError
    async with shop.one.hold("chat:1"):
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.01), shop.other.hold("chat:1"):
                raise AssertionError("it is held")
    async with asyncio.timeout(20), shop.other.hold("chat:1"):
        pass


async def test_what_one_tells_both_hear(shop: Processes) -> None:
    here: list[str] = []
    there: list[str] = []
    shop.one.hear(Topic.SOLD, here.append)
    shop.other.hear(Topic.SOLD, there.append)

    async def is_heard() -> bool:
        shop.one.tell(Topic.SOLD, "wine")  # again, until the other listens
        return "wine" in there

    shop.one.tell(Topic.NEWS)
    shop.one.tell(Topic.SOLD, "wine")
    assert here[0] == "wine"
    await until(is_heard)
    assert set(there) == {"wine"}
