"""Closes from CSV files of strangers."""

import datetime as dt

import pytest

from services.market.providers.base import ProviderNonsense
from services.market.providers.closes import checked
from services.market.providers.csv import read_csv

TODAY = dt.date(2026, 11, 16)
TWO = [(dt.date(2026, 11, 12), 10.5), (dt.date(2026, 11, 13), 11.0)]


@pytest.mark.parametrize(
    "text",
    [
        "Date,Close\n2026-11-12,10.5\n2026-11-13,11\n",
        "\ufeffDate,Open,High,Low,Close,Volume\n2026-11-12,1,2,3,10.5,7\n2026-11-13,1,2,3,11.00,7\n",
        "дата;цена\n12.11.2026;10,5\n13.11.2026;11,0\n",
        "20261112,10.5\n20261113,1.1e1\n",
        "когда,сколько\n2026-11-12,10.5\n2026-11-13,11",
        "Close,Date\r\n10.5,2026-11-12\r\n11,2026-11-13\r\n",
    ],
)
def test_many_shapes_are_read(text: str) -> None:
    assert list(read_csv(text.encode())) == TWO


@pytest.mark.parametrize("nothing", ["", "null", "N/D", "NaN", "-"])
def test_a_day_without_a_close_is_one_without_trades(nothing: str) -> None:
    assert list(read_csv(f"Date,Close\n2026-11-12,{nothing}\n".encode())) == [(dt.date(2026, 11, 12), None)]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>Please log in</html>",
        b"\xff\xfe\x00",
        b"Date,Close\n2026-11-12,abc\n",
        b"Date,Close\nyesterday,1\n",
        b"Date,Close\n2026-11-12\n",
        b"Date,Close\n2026-11-12,1\n2026-13-45,1\n",
        b"Date,Close\n2026-11-12," + b"9" * 500 + b"\n",
        b'Date,Close\n"2026-11-12,1\n',
        b"No data",
    ],
)
def test_what_is_none_is_refused(body: bytes) -> None:
    with pytest.raises(ProviderNonsense):
        checked(read_csv(body), today=TODAY)


@pytest.mark.parametrize(
    "rows",
    [
        [TWO[1], TWO[0]],
        [TWO[0], TWO[0]],
        [(dt.date(2026, 11, 17), 1.0)],
        [(TODAY, 0.0)],
        [(TODAY, -1.0)],
        [(TODAY, float("inf"))],
        [(TODAY, float("nan"))],
        [(TODAY, None)],
    ],
)
def test_days_ascend_and_closes_are_prices(rows: list[tuple[dt.date, float | None]]) -> None:
    with pytest.raises(ProviderNonsense):
        checked(rows, today=TODAY)
