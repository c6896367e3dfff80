"""What one process remembers goes when its time is over, however little comes after it."""

from services.coordination.base import Rate
from services.coordination.memory import SWEEP_SECONDS, MemoryCoordination


async def test_what_has_ended_takes_no_room() -> None:
    now = [100.0]
    memory = MemoryCoordination(lambda: now[0])
    for number in range(1_000):
        await memory.remember(f"update:{number}", seconds=30)
        await memory.book(Rate(key="all", seconds=0.01), Rate(key=f"chat:{number}", seconds=1))
    assert await memory.claim("long", "me", seconds=10 * SWEEP_SECONDS)
    now[0] += SWEEP_SECONDS
    await memory.remember("next", seconds=30)
    assert list(memory._claims) == ["long", "next"]
    assert memory._rates == {}
    assert not await memory.claim("long", "another", seconds=1)
    assert not await memory.seen("update:999")


async def test_what_was_counted_takes_no_room_when_it_counts_no_more() -> None:
    now = [100.0]
    memory = MemoryCoordination(lambda: now[0])
    for number in range(1_000):
        assert await memory.allow(f"letter:{number}", times=1, seconds=30)
    assert await memory.allow("asked", times=1, seconds=2)
    now[0] += 3
    assert await memory.allow("asked", times=1, seconds=15), "it counted for two seconds"
    assert not await memory.allow("asked", times=1, seconds=15)
    now[0] += SWEEP_SECONDS
    assert await memory.allow("next", times=1, seconds=30)
    assert list(memory._counts) == ["next"]
