"""Proxies as they stand in the settings."""

import pytest

from bot.settings import Settings, SettingsError, load_settings
from services.proxies import parse_proxy, way

TOKEN = "123456:" + "a" * 30


def load(**given: object) -> Settings:
    return load_settings(_env_file=None, bot_token=TOKEN, **given)


@pytest.mark.parametrize(
    ("text", "shown", "url"),
    [
        ("http://proxy.example:3128", "http://proxy.example:3128", "http://proxy.example:3128"),
        ("https://proxy.example:443/", "https://proxy.example:443", "https://proxy.example:443"),
        ("socks5://proxy.example:1080", "socks5://proxy.example:1080", "socks5h://proxy.example:1080"),
        (" socks5h://u:p@[2001:db8::7]:1080 ", "socks5h://[2001:db8::7]:1080", "socks5h://u:p@[2001:db8::7]:1080"),
        ("HTTP://clerk:a%40b%3Ac%2F@10.0.0.1:80", "http://10.0.0.1:80", "http://clerk:a%40b%3Ac%2F@10.0.0.1:80"),
        ("http://clerk:a@b@10.0.0.1:80", "http://10.0.0.1:80", "http://clerk:a%40b@10.0.0.1:80"),
    ],
)
def test_what_is_understood(text: str, shown: str, url: str) -> None:
    proxy = parse_proxy(text)
    assert (str(proxy), proxy.url) == (shown, url)


@pytest.mark.parametrize(
    "text",
    [
        *("proxy.example:1080", "socks4://proxy.example:1080", "http://proxy.example", "http://:3128", "ftp://a:1"),
        *(
            "http://proxy.example:port",
            "http://proxy.example:99999",
            "http://proxy.example:1/path",
            "http://a:1?b",
            "http",
        ),
        *("socks5://clerk@proxy.example:1", "http://:hunter2hunter2@proxy.example:1", "http://clerk:hun/ter2@proxy:1"),
        *(
            "http://clerk:пароль@proxy.example:1",
            "http://cl%3Aerk:hunter2@proxy:1",
            f"http://clerk:{'hunter2' * 37}@p:1",
        ),
    ],
)
@pytest.mark.parametrize("name", ["telegram_proxy", "yookassa_proxy"])
def test_what_is_not_is_one_line_that_names_the_setting_and_no_value(name: str, text: str) -> None:
    with pytest.raises(SettingsError) as caught:
        load(**{name: text})
    line = str(caught.value)
    assert line.startswith(f"{name.upper()} ")
    assert "\n" not in line
    for piece in ("hunter2", "ter2", "пароль"):
        assert piece not in line


def test_they_are_two_and_neither_shows_a_login() -> None:
    settings = load(telegram_proxy="socks5://clerk:hunter2hunter2@one.example:1080")
    assert settings.telegram_proxy is not None
    assert settings.telegram_proxy.password == "hunter2hunter2"
    assert settings.yookassa_proxy is None
    for shown in (repr(settings), str(settings), repr(settings.telegram_proxy), way(settings.telegram_proxy)):
        assert "hunter2" not in shown
        assert "clerk" not in shown
    assert way(settings.telegram_proxy) == "through socks5://one.example:1080"
    assert way(None) == "directly"
