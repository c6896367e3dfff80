"""Telegram's pace, by a clock that the test moves."""

from itertools import pairwise

from handlers.telegram.pace import EVERYWHERE, ONE_CHAT, REMEMBERED, Pace


class Loop:
    def __init__(self) -> None:
        self.now = 100.0

    def time(self) -> float:
        return self.now


def test_the_first_message_goes_at_once() -> None:
    loop = Loop()
    assert Pace(loop.time).book(1) == 100.0


def test_one_chat_gets_one_a_second() -> None:
    pace = Pace(Loop().time)
    assert [pace.book(1) for _ in range(3)] == [100.0, 100.0 + ONE_CHAT, 100.0 + 2 * ONE_CHAT]


def test_all_chats_together_get_thirty_a_second() -> None:
    pace = Pace(Loop().time)
    places = [pace.book(chat) for chat in range(31)]
    assert places[30] - places[0] > 0.999
    assert min(b - a for a, b in pairwise(places)) > 0.9 * EVERYWHERE


def test_a_chat_that_waits_holds_up_no_other() -> None:
    pace = Pace(Loop().time)
    for _ in range(5):
        pace.book(1)
    assert pace.book(2) < 100.0 + 6 * EVERYWHERE


def test_quiet_time_is_not_saved_up() -> None:
    loop = Loop()
    pace = Pace(loop.time)
    pace.book(1)
    loop.now = 200.0
    places = [pace.book(chat) for chat in range(3)]
    assert places == [200.0, 200.0 + EVERYWHERE, 200.0 + 2 * EVERYWHERE]


def test_old_chats_are_forgotten() -> None:
    pace = Pace(Loop().time)
    for chat in range(REMEMBERED + 10):
        pace.book(chat)
    assert len(pace._chats) == REMEMBERED
