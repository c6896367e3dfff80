"""Settings of letters: where they go out, and from whom."""

import pytest

from bot.settings import Settings, SettingsError, load_settings
from services.redaction import redact

TOKEN = "123456:" + "a" * 30
SMTP = "smtps://shop%40example.com:p%2Fss-word-9@smtp.example.com:465"


def load(**given: str) -> Settings:
    site = {"public_url": "https://shop.example.com"}
    return load_settings(_env_file=None, bot_token=TOKEN, **(site | given))


def test_a_server_and_a_sender() -> None:
    settings = load(smtp_url=SMTP, mail_from="Лавка предсказаний <shop@example.com>")
    assert settings.smtp_url is not None
    assert settings.mail_from is not None
    assert (settings.smtp_url.host, settings.smtp_url.port, settings.smtp_url.tls) == ("smtp.example.com", 465, True)
    assert (settings.smtp_url.user, settings.smtp_url.password) == ("shop@example.com", "p/ss-word-9")
    assert (settings.mail_from.name, settings.mail_from.address) == ("Лавка предсказаний", "shop@example.com")
    assert "ss-word-9" not in repr(settings) + str(settings.smtp_url)
    assert redact("535 wrong password: p/ss-word-9") == "535 wrong password: ***"


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("smtp.example.com", "is a mail server's address such as smtps://"),
        ("smtp://smtp.example.com", "is a mail server's address such as smtps://"),
        ("http://smtp.example.com:25", "is a mail server's address such as smtps://"),
        ("smtp://smtp.example.com:587/inbox", "is a mail server's address such as smtps://"),
        ("smtp://shop:hidden-1@smtp.example.com:465", "names port 465, .* write smtps://"),
        ("smtps://shop:hidden-1@smtp.example.com:587", "names port 587, .* write smtp://"),
        ("smtp://shop@smtp.example.com:587", "has a user without a password"),
        ("smtp://почта.рф:25", "has a host that is not written in Latin letters"),
    ],
)
def test_a_wrong_server_is_named_in_one_line(address: str, words: str) -> None:
    with pytest.raises(SettingsError, match=rf"^SMTP_URL {words}") as error:
        load(smtp_url=address, mail_from="shop@example.com")
    assert "\n" not in str(error.value)
    assert "hidden-1" not in str(error.value)


@pytest.mark.parametrize("sender", ["Kassandra", "shop@", "The shop <shop example.com>", "магазин@example.com"])
def test_a_wrong_sender(sender: str) -> None:
    with pytest.raises(SettingsError, match=r"^MAIL_FROM is an address that letters come from, such as"):
        load(smtp_url=SMTP, mail_from=sender)


def test_both_or_neither_and_an_address_for_links() -> None:
    for half in ({"smtp_url": SMTP}, {"mail_from": "shop@example.com"}):
        with pytest.raises(SettingsError, match=r"^SMTP_URL and MAIL_FROM go together"):
            load(**half)
    with pytest.raises(SettingsError, match=r"^SMTP_URL needs PUBLIC_URL"):
        load_settings(_env_file=None, bot_token=TOKEN, smtp_url=SMTP, mail_from="shop@example.com")
    assert load().smtp_url is None
