"""Background work has one owner."""

import asyncio

import pytest

from bot import supervisor as module
from bot.supervisor import Supervisor
from tests.support.waiting import until


@pytest.fixture(autouse=True)
def _short_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PAUSE", 0.01)


async def test_what_crashes_is_started_again(capsys: pytest.CaptureFixture[str]) -> None:
    starts: list[int] = []

    async def crash() -> None:
        starts.append(1)
        if len(starts) < 3:
            raise RuntimeError("a bug")
        await asyncio.Event().wait()

    supervisor = Supervisor()
    supervisor.keep(crash, name="crash")
    await until(lambda: _are(len(starts) == 3))
    await supervisor.close()
    assert capsys.readouterr().out.count("restart_in=") == 2


async def test_a_failed_task_is_told_of(capsys: pytest.CaptureFixture[str]) -> None:
    async def fail() -> None:
        raise RuntimeError("a bug")

    supervisor = Supervisor()
    await asyncio.wait([supervisor.spawn(fail(), name="once")])
    await asyncio.sleep(0)
    assert "background_task_failed" in capsys.readouterr().out
    await supervisor.close()


async def test_the_end_lets_short_work_finish_and_stops_the_rest() -> None:
    """Taking stops first, what was taken finishes, then everything is stopped."""
    order: list[str] = []

    async def take() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            order.append("stopped taking")

    async def handle() -> None:
        await asyncio.sleep(0.02)
        order.append("handled")

    async def work() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            order.append("stopped working")

    supervisor = Supervisor()
    supervisor.keep(work, name="worker")
    supervisor.keep(take, name="polling")
    supervisor.spawn(handle(), name="update-1")
    await asyncio.sleep(0)
    await supervisor.close(first=("polling",), drain=5.0)
    assert order == ["stopped taking", "handled", "stopped working"]


async def test_the_end_does_not_wait_for_ever() -> None:
    async def hang() -> None:
        await asyncio.Event().wait()

    supervisor = Supervisor()
    task = supervisor.spawn(hang(), name="update-1")
    await supervisor.close(drain=0.01)
    assert task.cancelled()


async def _are(fact: bool) -> bool:
    return fact


async def test_a_task_that_loses_its_cancellation_is_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """A library may take the cancellation for its own time-out; the process must end all the same."""
    monkeypatch.setattr("bot.supervisor.ASK_AGAIN_SECONDS", 0.01)
    lost = []

    async def deaf_once() -> None:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            lost.append("once")
            await asyncio.Event().wait()

    supervisor = Supervisor()
    task = supervisor.keep(deaf_once, name="deaf")
    await asyncio.sleep(0)
    await supervisor.close(first=("deaf",))
    assert lost == ["once"]
    assert task.cancelled()
