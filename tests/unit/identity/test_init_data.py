"""What Telegram says of who opens the Mini App, and what strangers make of it."""

import hashlib
import hmac
import json
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from aiogram.utils.web_app import check_webapp_signature

from services.identity.init_data import InitDataRefused, InitDataTooOld, Launch, read_init_data
from tests.support.clock import START

TOKEN = "123456:a-token-of-the-test"
ANNA = {"id": 77, "first_name": "Анна", "username": "anna", "language_code": "ru"}


def signed(token: str = TOKEN, *, at: datetime = START, user: Any = ANNA, **more: str) -> str:
    """As Telegram makes it."""
    who = {} if user is None else {"user": user if isinstance(user, str) else json.dumps(user)}
    fields = {"auth_date": str(int(at.timestamp())), "query_id": "", **who, "signature": "abc", **more}
    text = "\n".join(f"{name}={fields[name]}" for name in sorted(fields))
    secret = hmac.new(b"WebAppData", token.encode(), hashlib.sha256).digest()
    return urlencode(fields | {"hash": hmac.new(secret, text.encode(), hashlib.sha256).hexdigest()})


def test_a_launch() -> None:
    launch = read_init_data(signed(start_param="model_wine"), TOKEN, START + timedelta(hours=1))
    assert launch == Launch(
        telegram_id=77,
        username="anna",
        first_name="Анна",
        language_code="ru",
        start_param="model_wine",
        auth_date=START.replace(microsecond=0),
    )


def test_it_is_signed_as_others_read_it() -> None:
    without_blanks = signed().replace("&query_id=", "")
    assert not check_webapp_signature(TOKEN, without_blanks)  # what was empty was signed
    assert check_webapp_signature(TOKEN, signed(query_id="AAA"))


@pytest.mark.parametrize("age", [timedelta(hours=25), timedelta(days=400), timedelta(minutes=-6)])
def test_old_ones_and_those_of_the_future(age: timedelta) -> None:
    with pytest.raises(InitDataTooOld):
        read_init_data(signed(), TOKEN, START + age)


@pytest.mark.parametrize(
    "forged",
    [
        "",
        "hash=",
        "a" * 9000,
        signed("123456:another-token"),
        signed().replace("77", "78"),
        signed() + "&user=%7B%22id%22%3A1%7D",
        signed() + "&hash=0",
        signed().replace("hash=", "hash=" + quote("ё")),
        signed() + "&x=%ff",
        "user=\ud800&hash=0",
        signed(user=None),
        signed(user="not json"),
        signed(user="[]"),
        signed(user={"id": "77"}),
        signed(user={"id": True}),
        signed(user={"id": -5}),
        signed(user={"id": 10**20}),
        signed(user=ANNA | {"is_bot": True}),
        signed(auth_date="soon"),
        signed(auth_date="9" * 30),
    ],
)
def test_what_is_not_telegrams(forged: str) -> None:
    with pytest.raises(InitDataRefused):
        read_init_data(forged, TOKEN, START)
