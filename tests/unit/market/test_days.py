"""Days of the exchange."""

import datetime as dt

import pytest
from pydantic import ValidationError

from services.manifests.live import ListedSymbol, LivePrices
from services.manifests.schema import Text
from services.market.days import EXCHANGE, FILE, MOSCOW, hours_of, last_finished, today

FRIDAY = dt.date(2026, 11, 13)


def at(day: int, hour: int, minute: int = 0) -> dt.datetime:
    return dt.datetime(2026, 11, day, hour, minute, tzinfo=MOSCOW)


@pytest.mark.parametrize(
    ("now", "last", "following"),
    [
        (at(13, 18, 59), dt.date(2026, 11, 12), at(13, 19)),
        (at(13, 19), FRIDAY, at(16, 19)),
        (at(14, 20), FRIDAY, at(16, 19)),
        (at(16, 0), FRIDAY, at(16, 19)),
        (at(16, 19), dt.date(2026, 11, 16), at(17, 19)),
    ],
)
def test_a_day_ends_at_seven_in_moscow(now: dt.datetime, last: dt.date, following: dt.datetime) -> None:
    now = now.astimezone(dt.UTC)
    assert last_finished(now) == last
    assert EXCHANGE.next_close(now) == following


def test_today_is_moscows() -> None:
    assert today(dt.datetime(2026, 11, 13, 21, 30, tzinfo=dt.UTC)) == dt.date(2026, 11, 14)


def test_what_has_the_last_day_is_fresh_until_the_next_close() -> None:
    assert EXCHANGE.fresh_until(at(16, 12), FRIDAY) == at(16, 19)
    assert EXCHANGE.fresh_until(at(16, 12), dt.date(2026, 11, 12)) == at(15 + 1, 15)
    assert EXCHANGE.fresh_until(at(16, 18), None) == at(16, 19)


def file(zone: str, final_at: str) -> LivePrices:
    listed = (ListedSymbol(value="gold", label=Text({"en": "Gold"})),)
    url = "https://prices.example/{symbol}.csv"
    return LivePrices(provider="csv", url=url, symbols=listed, zone=zone, final_at=final_at)


@pytest.mark.parametrize(
    ("zone", "final_at", "now", "last", "following"),
    [
        ("America/New_York", "16:30", at(14, 0, 29), 12, at(14, 0, 30)),  # Friday's session has just ended
        ("America/New_York", "16:30", at(14, 0, 30), 13, at(15, 0, 30)),
        ("America/New_York", "16:30", at(14, 8, 0), 13, at(15, 0, 30)),  # midnight there
        ("America/New_York", "16:30", at(17, 0, 29), 13, at(17, 0, 30)),
        ("America/New_York", "16:30", at(17, 0, 30), 16, at(18, 0, 30)),
        ("UTC", "24:00", at(14, 2, 59), 12, at(14, 3)),
        ("UTC", "24:00", at(14, 3), 13, at(15, 3)),
        ("Asia/Tokyo", "15:45", at(13, 9, 44), 12, at(13, 9, 45)),
        ("Asia/Tokyo", "15:45", at(13, 9, 45), 13, at(14, 9, 45)),
        ("Asia/Tokyo", "15:45", at(13, 18, 30), 13, at(14, 9, 45)),  # midnight there
    ],
)
def test_a_day_ends_when_its_exchange_says(
    zone: str, final_at: str, now: dt.datetime, last: int, following: dt.datetime
) -> None:
    hours = hours_of(file(zone, final_at))
    assert hours.last_finished(now) == dt.date(2026, 11, last)
    assert hours.next_close(now) == following


def test_summer_time_there_moves_the_end_here() -> None:
    hours = hours_of(file("America/New_York", "16:30"))
    for day, hour in ((dt.date(2026, 3, 6), 0), (dt.date(2026, 3, 9), 23)):  # clocks there changed on the 8th
        noon = dt.datetime.combine(day, dt.time(12), MOSCOW)
        assert hours.next_close(noon).astimezone(MOSCOW).time() == dt.time(hour, 30)


def test_a_file_that_says_nothing_ends_its_day_at_midnight_and_is_asked_every_day() -> None:
    assert [FILE.last_finished(at(16, hour)).day for hour in (0, 23)] == [13, 13]
    assert FILE.last_finished(at(17, 0)).day == 16
    assert FILE.fresh_until(at(14, 12), FRIDAY) == at(15, 0)
    assert FILE.fresh_until(at(14, 12), None) == at(14, 15)


@pytest.mark.parametrize(
    "more",
    [
        {"zone": "UTC"},
        {"final_at": "16:30"},
        {"zone": "Mars/Base", "final_at": "16:30"},
        {"zone": "../etc", "final_at": "16:30"},
        {"zone": "UTC", "final_at": "25:00"},
    ],
)
def test_hours_that_make_no_sense_are_refused(more: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        LivePrices.model_validate(file("UTC", "24:00").model_dump(exclude={"zone", "final_at"}) | more)
