"""`kassandra doctor` tries to sign in at the mail server, and sends nothing."""

import pytest

from bot.doctor.findings import State
from bot.doctor.mail import letters
from bot.settings import Settings, load_settings
from tests.support.certificates import CERTIFICATE, server_side
from tests.support.ports import free_port
from tests.support.smtp import PASSWORD, USER, mail_server


def shop(url: str = "") -> Settings:
    mail = {"smtp_url": url, "mail_from": "shop@example.com", "public_url": "https://shop.example.com"}
    return load_settings(_env_file=None, bot_token="123456:" + "a" * 30, **(mail if url else {}))


@pytest.fixture(autouse=True)
def _trusted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(CERTIFICATE))


async def test_all_is_well() -> None:
    async with mail_server(starttls=server_side(), auth=True) as server:
        found = await letters(shop(f"smtp://shop%40example.com:{PASSWORD}@127.0.0.1:{server.port}"))
        assert (found.state, found.text) == (
            State.OK,
            f"from shop@example.com by smtp://127.0.0.1:{server.port}, with TLS",
        )
        assert (server.logins, server.letters, server.recipients) == ([USER], [], [])


async def test_what_is_wrong_is_one_line_with_its_fix() -> None:
    async with mail_server(starttls=server_side(), auth=True) as server:
        found = await letters(shop(f"smtp://shop%40example.com:wrong-word@127.0.0.1:{server.port}"))
        assert found.state is State.FAILED
        assert "does not take user and password: 535" in found.text
        assert "app password" in found.fix
        assert "wrong-word" not in found.text
        server.on_sender = ["553 5.7.1 Not your address"]
        refused = await letters(shop(f"smtp://shop%40example.com:{PASSWORD}@127.0.0.1:{server.port}"))
        assert "does not take MAIL_FROM: 553" in refused.text
    nobody = await letters(shop(f"smtp://127.0.0.1:{free_port()}"))
    assert (nobody.state, "check host and port" in nobody.fix) == (State.FAILED, True)
    for finding in (found, refused, nobody):
        assert "\n" not in finding.text


async def test_a_shop_without_letters() -> None:
    assert (await letters(shop())).state is State.OK
