"""How long a process waits for a PostgreSQL that is not there."""

from dataclasses import dataclass, field

import pytest

from db.arrival import PAUSE_SECONDS, WAIT_SECONDS, when_there
from db.errors import DatabaseUnavailable

SERVER, FILE = "postgresql://shop@127.0.0.1/shop", "sqlite:///shop.db"
NOBODY = "DATABASE_URL: PostgreSQL at 127.0.0.1: connection failed: Connection refused"
STARTS = "connection failed: FATAL:  the database system is starting up"


@dataclass
class Start:
    """A work that cannot be done `away` times."""

    away: int
    problem: str
    now: float = 0.0
    told: list[str] = field(default_factory=list)

    def work(self) -> None:
        self.away -= 1
        if self.away >= 0:
            raise DatabaseUnavailable(self.problem)

    def sleep(self, seconds: float) -> None:
        self.now += seconds

    def begin(self, url: str = SERVER) -> None:
        when_there(url, self.work, lambda error: self.told.append(str(error)), clock=lambda: self.now, sleep=self.sleep)


@pytest.mark.parametrize("problem", [NOBODY, STARTS])
def test_it_is_waited_for_and_said_once(problem: str) -> None:
    start = Start(3, problem)
    start.begin()
    assert (start.now, start.told) == (3 * PAUSE_SECONDS, [problem])


def test_not_for_ever() -> None:
    start = Start(10_000, NOBODY)
    with pytest.raises(DatabaseUnavailable, match="Connection refused"):
        start.begin()
    assert start.now == WAIT_SECONDS
    assert len(start.told) == 1


@pytest.mark.parametrize(
    ("url", "problem"),
    [
        (SERVER, 'FATAL:  password authentication failed for user "shop"'),
        (SERVER, 'FATAL:  database "shop" does not exist'),
        (FILE, "the disk is full"),
    ],
)
def test_what_does_not_come_by_waiting_is_told_at_once(url: str, problem: str) -> None:
    start = Start(1, problem)
    with pytest.raises(DatabaseUnavailable):
        start.begin(url)
    assert (start.now, start.told) == (0.0, [])
