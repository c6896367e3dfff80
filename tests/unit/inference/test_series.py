import random
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.manifests.manifest import SeriesInput
from services.values import errors
from services.values.errors import InvalidValue
from services.values.series import MAX_BYTES, load_source, parse_series
from tests.unit.inference.models import field

PRICES: SeriesInput = field("series", above=0, min_length=3, max_length=5)
THREE = [1.5, 2.5, 3.5]

FINAM = """<TICKER>;<PER>;<DATE>;<TIME>;<OPEN>;<HIGH>;<LOW>;<CLOSE>;<VOL>
SBER;D;20200103;000000;1;9;1;1.5;100
SBER;D;20200106;000000;1;9;1;2.5;100
SBER;D;20200107;000000;1;9;1;3.5;100
"""
INVESTING = """"Дата","Цена","Откр.","Макс.","Мин.","Объём","Изм. %"
"07.01.2020","3,5","1,0","9,0","1,0","1,2M","0,50%"
"06.01.2020","2,5","1,0","9,0","1,0","1,2M","0,50%"
"03.01.2020","1,5","1,0","9,0","1,0","1,2M","0,50%"
"""
YAHOO = """Date,Open,High,Low,Close,Adj Close,Volume
2020-01-03,1,9,1,1.5,1.4,100
2020-01-06,null,null,null,null,null,null
2020-01-07,1,9,1,2.5,2.4,100
2020-01-08,1,9,1,3.5,3.4,100
"""


@pytest.mark.parametrize(
    "data",
    [
        "1.5 2.5 3.5",
        "1,5 2,5 3,5",
        "1,5; 2,5; 3,5",
        "1.5, 2.5, 3.5",
        "1.5,2.5,3.5",
        "1,5\n2,5\n3,5\n",
        "1.5\r\n2.5\r\n3.5",
        "1.5 $\n2.5 $\n3.5 $".replace(" ", ""),
        "Close\n1.5\n2.5\n3.5",
        "цена\n1,5\n2,5\n3,5",
        "Цена, руб.\n1,5\n2,5\n3,5",
        "2020-01-03 1.5\n2020-01-06 2.5\n2020-01-07 3.5",
        "03.01.2020\t1,5\n06.01.2020\t2,5\n07.01.2020\t3,5",
        "S&P 500 prices\n\nDate;Close\n2020-01-03;1,5\n2020-01-06;2,5\n2020-01-07;3,5",
        "Date;Close;Volume\n2020-01-03;1,5;7\n2020-01-06;;7\n2020-01-07;2,5;7\n2020-01-08;3,5;7",
        "day,close\n1,1.5\n2,2.5\n3,3.5",
        "Close (USD),Volume\n1.5,100\n2.5,100\n3.5,100",
        "a|b\n1|1.5\n1|2.5\n1|3.5",
        "Jan 07, 2020;3.5\nJan 06, 2020;2.5\nJan 03, 2020;1.5",
        "1/13/2020;3.5\n1/7/2020;2.5\n12/31/2019;1.5",
        "2020-01-03 10:00:00;1.5\n2020-01-03 11:00:00;2.5\n2020-01-03 12:00:00;3.5",
        FINAM,
        INVESTING,
        YAHOO,
    ],
)
@pytest.mark.parametrize("encoding", [None, "utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp1251"])
def test_the_same_prices_in_all_clothes(data: str, encoding: str | None) -> None:
    assert parse_series(PRICES, data.encode(encoding) if encoding else data) == THREE


def test_a_message_flows_and_a_file_has_columns() -> None:
    numbers = "1.5,10.5\n2.5,20.5\n3.5,30.5"
    assert parse_series(PRICES, numbers.encode()) == [10.5, 20.5, 30.5]
    assert parse_series(PRICES, "1.5, 2.5\n3.5, 4.5") == [1.5, 2.5, 3.5, 4.5]


def test_spaces_between_thousands() -> None:
    assert parse_series(PRICES, "1 234,5\n1 235,5\n12 236") == [1234.5, 1235.5, 12236.0]
    assert parse_series(PRICES, "1\u00a0234,5 1\u202f235,5 3") == [1234.5, 1235.5, 3.0]
    assert parse_series(PRICES, "100 200 300\n400 500") == [100.0, 200.0, 300.0, 400.0, 500.0]


def test_the_last_values_of_too_many_are_kept() -> None:
    assert parse_series(PRICES, " ".join(map(str, range(1, 100)))) == [95.0, 96.0, 97.0, 98.0, 99.0]


def test_too_few() -> None:
    with pytest.raises(errors.TooFewValues) as caught:
        parse_series(PRICES, "1 2")
    assert caught.value.params == {"min": 3, "count": 2}


@pytest.mark.parametrize(
    ("data", "line"), [("1\n\n0\n3", 3), ("1 2 -3", 1), ("Date;Close\n2020-01-01;1\n2020-01-02;-2\n2020-01-03;3", 3)]
)
def test_zero_and_negative_prices_are_named_by_their_line(data: str, line: int) -> None:
    with pytest.raises(errors.LineOutOfRange) as caught:
        parse_series(PRICES, data)
    assert caught.value.params["line"] == line
    assert caught.value.params["problem"].params["above"] == "0"


@pytest.mark.parametrize(
    ("data", "line"), [("1\n2\nthree\n4", 3), ("1.5\n2..5\n3.5", 2), ("a;b\n1;1\n1;1\n1;1\n1;1\n1;x", 6)]
)
def test_what_is_no_number_is_named_by_its_line(data: str, line: int) -> None:
    with pytest.raises(errors.BadLine) as caught:
        parse_series(PRICES, data)
    assert caught.value.params["line"] == line


def test_a_decimal_comma_without_quotes_in_a_file_of_commas() -> None:
    with pytest.raises(errors.TooManyColumns) as caught:
        parse_series(PRICES, b"Date,Close\n2020-01-01,1,5\n2020-01-02,2,5\n2020-01-03,3,5")
    assert caught.value.params == {"line": 2, "count": 3, "expected": 2}


@pytest.mark.parametrize("data", [b"", b" \n ", b"hello world", "нет цен".encode(), b"a;b\nc;d\n"])
def test_nothing_in_it(data: bytes) -> None:
    with pytest.raises(errors.NoNumbers):
        parse_series(PRICES, data)


@pytest.mark.parametrize(
    "data", [b"\x89PNG\r\n\x1a\n\x00\x00", bytes(range(256)), b"\xff\xfe\x00", b"PK\x03\x04" + b"\x00" * 50]
)
def test_rubbish(data: bytes) -> None:
    with pytest.raises((errors.NotATextFile, errors.NoNumbers)):
        parse_series(PRICES, data)


def test_a_file_too_large() -> None:
    with pytest.raises(errors.FileTooLarge):
        parse_series(PRICES, b"1\n" * (MAX_BYTES // 2 + 1))


def test_sources_are_read_like_files(tmp_path: Path) -> None:
    (tmp_path / "index.csv").write_text(INVESTING, encoding="utf-8")
    own = field("series", sources=[{"value": "index", "label": "Index", "file": "index.csv"}])
    assert load_source(tmp_path, own, "index") == THREE


@settings(deadline=None)  # the machine may be busy
@given(st.binary(max_size=300) | st.text(max_size=300) | st.text(alphabet='0123456789.,;\n\t "-:/Date', max_size=120))
def test_whatever_is_sent_gives_numbers_or_a_refusal(data: bytes | str) -> None:
    try:
        values = parse_series(PRICES, data)
    except InvalidValue as refusal:
        refusal.message.format(**refusal.params)
    else:
        assert 3 <= len(values) <= 5
        assert all(type(value) is float and value > 0 for value in values)


@pytest.mark.parametrize("separator", ["\n", " ", "; ", "\t"])
@pytest.mark.parametrize("comma", [".", ","])
def test_many_prices_survive_the_way(separator: str, comma: str) -> None:
    long = field("series", above=0, min_length=253, max_length=253)
    prices = [round(random.Random(n).uniform(10, 5000), 2) for n in range(300)]
    text = separator.join(str(price).replace(".", comma) for price in prices)
    assert parse_series(long, text) == prices[-253:]


ANY = field("series", min_length=1)


@pytest.mark.parametrize(
    ("data", "numbers"),
    [
        ("5-\n6-\n7\n", [-5.0, -6.0, 7.0]),
        ("1 234,50-\n1 002,5\n", [-1234.5, 1002.5]),
        ("p\n$1,234.50\n$2,000\n", [1234.5, 2000.0]),
        ('price,q\n"2,000",1\n"1,234,567",1\n', [2000.0, 1234567.0]),
        ("p\n1.234,50\n2.000\n", [1234.5, 2000.0]),
        ("p\n1,234\n2,345\n", [1.234, 2.345]),
    ],
)
def test_one_rule_reads_a_column(data: str, numbers: list[float]) -> None:
    """A sign that can only stand between thousands in one number stands between thousands in all of them."""
    assert parse_series(ANY, data.encode()) == numbers


@pytest.mark.parametrize(
    ("data", "line"),
    [
        ("p\n1,234.50\n2,5\n", 3),
        ("p\n1,234.50\n1.234,50\n", 3),
        ("p\n1\nNaN\n3\n", 3),
        ("inf\n1\n", 1),
        ("d;p\n2020-01-01;1\n2020-01-02;-inf\n2020-01-03;3\n", 3),
        ("p\n<5\n6\n", 2),
        ("p\n5\n±6\n", 3),
    ],
)
def test_what_means_another_number_is_told_with_its_line(data: str, line: int) -> None:
    with pytest.raises(errors.BadLine) as caught:
        parse_series(ANY, data.encode())
    assert caught.value.params["line"] == line


def test_uneven_columns_and_open_quotes_are_no_row_of_numbers() -> None:
    with pytest.raises(errors.TooManyColumns) as uneven:
        parse_series(ANY, b"a;b\n1;2\n3\n4;5;6\n")
    assert uneven.value.params["line"] == 4
    with pytest.raises(errors.UnclosedQuote) as quoted:
        parse_series(ANY, b'a;b\n"1;2\n3;4\n')
    assert quoted.value.params["line"] == 2
    assert parse_series(ANY, b'a;b\n"two\nlines";2\n"one";4\n') == [2.0, 4.0]
