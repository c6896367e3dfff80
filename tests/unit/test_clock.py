"""A clock that jumps is not believed until somebody else tells the same time."""

from datetime import UTC, datetime, timedelta

import pytest

from services.clock import SteadyClock
from tests.support.clock import START, FakeClock

YEARS = timedelta(days=400)


class Machine:
    """Its clock can be set; the seconds that go by cannot."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.seconds = 1000.0
        self.steady = SteadyClock(self.clock, seconds=lambda: self.seconds)

    def goes_on(self, **time: float) -> datetime:
        self.seconds += timedelta(**time).total_seconds()
        return self.clock.advance(**time)

    def is_set(self, by: timedelta) -> None:
        self.clock.now += by


@pytest.fixture
def machine() -> Machine:
    return Machine()


def test_time_goes_by(machine: Machine) -> None:
    assert machine.steady() == START
    for _ in range(5):
        now = machine.goes_on(days=30)
        assert machine.steady() == now
        assert not machine.steady.is_doubted


@pytest.mark.parametrize("by", [timedelta(hours=-23), timedelta(minutes=3), timedelta(hours=23)])
def test_a_clock_that_is_put_right_is_followed(machine: Machine, by: timedelta) -> None:
    machine.is_set(by)
    assert machine.steady() == START + by
    assert not machine.steady.is_doubted


@pytest.mark.parametrize("by", [YEARS, -YEARS, timedelta(days=1, seconds=1)])
def test_a_jump_is_not_followed(machine: Machine, by: timedelta) -> None:
    machine.is_set(by)
    assert machine.steady() == START
    assert (machine.steady.ahead, machine.steady.is_doubted) == (by, True)
    machine.goes_on(minutes=1)
    assert machine.steady() == START + timedelta(minutes=1)
    machine.is_set(-by)
    assert machine.steady() == START + timedelta(minutes=1)
    assert (machine.steady.ahead, machine.steady.is_doubted) == (None, False)


def test_another_machine_agrees_with_the_jump(machine: Machine) -> None:
    machine.is_set(YEARS)
    assert machine.steady() == START
    machine.steady.hear(START + YEARS + timedelta(minutes=1))
    assert machine.steady() == START + YEARS
    assert not machine.steady.is_doubted


def test_another_machine_does_not(machine: Machine) -> None:
    machine.is_set(YEARS)
    machine.steady.hear(START + timedelta(seconds=1))
    assert machine.steady() == START
    assert machine.steady.ahead == YEARS


def test_a_wrong_clock_from_the_start(machine: Machine) -> None:
    """The other machine's time is lived by, until ours is put right."""
    machine.is_set(YEARS)
    machine.steady.accept()
    machine.steady.compare(START - timedelta(hours=1))
    assert machine.steady.is_doubted
    machine.steady.hear(START)
    assert machine.steady() == START
    assert machine.steady.ahead == YEARS
    machine.goes_on(hours=1)
    machine.is_set(-YEARS)
    assert machine.steady() == START + timedelta(hours=1)
    machine.steady.hear(START + timedelta(hours=1))
    assert not machine.steady.is_doubted


def test_a_clock_behind_what_was_written_down(machine: Machine) -> None:
    machine.is_set(-YEARS)
    machine.steady.accept()
    machine.steady.compare(START - timedelta(days=30))
    machine.steady.hear(START)
    assert machine.steady() == START


@pytest.mark.parametrize(
    "theirs",
    [START - 10 * YEARS, START + YEARS, datetime.max.replace(tzinfo=UTC), datetime.min.replace(tzinfo=UTC)],
    ids=["past", "future", "the end", "the beginning"],
)
@pytest.mark.parametrize("last", [START - timedelta(hours=1), START - timedelta(days=60), None])
def test_who_tells_nonsense_is_not_lived_by(machine: Machine, theirs: datetime, last: datetime | None) -> None:
    """Whatever stands in Telegram's place: ours goes on, and what cannot be undone waits."""
    machine.steady.compare(last)
    for _ in range(2):
        machine.steady.hear(theirs)
        assert machine.steady() == machine.goes_on(hours=0)
        assert machine.steady.is_doubted
    machine.goes_on(hours=5)
    machine.steady.hear(machine.clock())
    assert machine.steady() == machine.clock()
    assert not machine.steady.is_doubted


@pytest.mark.parametrize(
    ("ago", "doubted"),
    [(timedelta(hours=23), False), (timedelta(days=7), True), (timedelta(days=-7), True), (-YEARS, True)],
)
def test_at_the_start_what_was_written_last_is_looked_at(machine: Machine, ago: timedelta, doubted: bool) -> None:
    machine.steady.compare(START - ago)
    assert machine.steady.is_doubted is doubted
    assert machine.steady() == START, "nothing speaks against it either"
    machine.steady.hear(START + timedelta(seconds=2))
    assert not machine.steady.is_doubted


def test_nothing_was_written_yet(machine: Machine) -> None:
    machine.steady.compare(None)
    assert not machine.steady.is_doubted


def test_who_answers_without_a_time_proves_nothing_and_is_no_reason_to_wait(machine: Machine) -> None:
    machine.steady.compare(START - YEARS)
    machine.steady.hear(None)
    assert not machine.steady.is_doubted
    machine.is_set(YEARS)
    machine.steady.hear(None)
    assert machine.steady.is_doubted


def test_moved_on_purpose(machine: Machine) -> None:
    machine.is_set(timedelta(days=7))
    machine.steady.accept()
    assert machine.steady() == START + timedelta(days=7)
    assert not machine.steady.is_doubted
