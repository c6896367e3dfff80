"""A running shop writes to people without Telegram, by the sandbox's mail server."""

from collections.abc import AsyncIterator
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from structlog.testing import capture_logs

from bot.app import App
from bot.probes import OK
from bot.settings import Settings
from mail.account_letters import RESET, SECURITY
from sandbox.client.sandbox import Sandbox
from services.coordination.base import Topic
from services.users.actor import Actor
from services.users.manage import CreditChange
from tests.conversations.stage import shop_settings
from tests.support.ports import free_port
from tests.support.waiting import until
from tests.support.web import browser

VERA, PASSWORD = "vera@example.com", "fourteen green boats"


def settings_of(sandbox: Sandbox, url: str, smtp_url: str) -> Settings:
    letters = {"smtp_url": smtp_url, "mail_from": "Дельфы <shop@example.com>", "public_url": "https://shop.example.com"}
    return shop_settings(sandbox, url, **letters)


@pytest.fixture
async def app(sandbox: Sandbox, sqlite_url: str) -> AsyncIterator[App]:
    mailbox = await sandbox.mailbox()
    async with App(settings_of(sandbox, sqlite_url, mailbox.url)).running() as app:
        yield app


async def signs_up(page: httpx.AsyncClient, link: str) -> None:
    """By the link in the letter."""
    path, query = urlsplit(link).path, urlsplit(link).query
    assert (await page.get(f"{path}?{query}")).status_code == 200
    token = parse_qs(query)["token"][0]
    done = await page.post(path, data={"token": token, "name": "Вера", "password": PASSWORD})
    assert done.status_code == 303


@pytest.mark.parametrize(("language", "subject"), [("ru", "подтвердите адрес"), ("en", "confirm your address")])
async def test_from_the_sign_up_to_words_of_the_owner(app: App, sandbox: Sandbox, language: str, subject: str) -> None:
    mailbox, users = await sandbox.mailbox(), app.services.user_management
    async with browser(app, follow_redirects=False) as vera:
        vera.headers["accept-language"] = language
        await vera.post("/sign-up", data={"email": VERA})
        letter = await mailbox.letter(VERA, subject=f"Дельфы: {subject}")
        link = letter.link("/confirm?token=")
        assert link.startswith("https://shop.example.com/confirm?token=")
        assert letter.text is not None
        assert link in letter.text
        await signs_up(vera, link)
        me = (await vera.get("/api/v1/me")).json()
    user = await users.find(VERA)
    gift = CreditChange(user_id=user.id, amount=500, reason="за терпение", nonce="n")
    await users.change(gift, actor=Actor.system())
    await users.write_to(user.id, "Спасибо, что ждали!", nonce="m", actor=Actor.system())
    app.core.coordination.tell(Topic.NEWS)
    changed = await mailbox.letter(VERA, subject={"ru": "баланс изменён", "en": "balance was changed"}[language])
    assert changed.text is not None
    assert "за терпение" in changed.text
    sign = {"ru": ",", "en": "."}[language]
    assert f"{(me['balance'] + 500) // 100}{sign}00" in changed.text
    words = await mailbox.letter(VERA, subject={"ru": "сообщение", "en": "a message"}[language])
    assert words.text is not None
    assert words.text.startswith("Спасибо, что ждали!")


async def test_what_letters_link_to_is_there(app: App, sandbox: Sandbox) -> None:
    mailbox = await sandbox.mailbox()
    async with browser(app, follow_redirects=False) as vera:
        await vera.post("/sign-up", data={"email": VERA})
        await signs_up(vera, (await mailbox.letter(VERA)).link("/confirm"))
        for page in (RESET, SECURITY, "/"):
            assert (await vera.get(page)).status_code == 200


async def test_health_and_numbers(app: App, sandbox: Sandbox) -> None:
    mailbox = await sandbox.mailbox()
    await mailbox.fault("refuse")

    async def counted(outcome: str) -> bool:
        assert app.mail is not None
        return bool(app.mail.delivery.outcomes.labels(outcome=outcome)._value.get())

    async with browser(app) as stranger:
        await stranger.post("/sign-up", data={"email": "nobody@example.com"})
        await until(lambda: counted("failed"))
        await stranger.post("/sign-up", data={"email": VERA})
        await mailbox.letter(VERA)
        await until(lambda: counted("sent"))
        ready = (await stranger.get("/readyz")).json()
        metrics = (await stranger.get("/metrics")).text
    assert ready["mail"] == OK
    assert 'kassandra_mails_total{outcome="failed"} 1.0' in metrics
    assert "kassandra_mails_waiting 0.0" in metrics


async def test_a_server_that_is_away_is_named(sandbox: Sandbox, sqlite_url: str) -> None:
    away = f"smtp://127.0.0.1:{free_port()}"
    async with App(settings_of(sandbox, sqlite_url, away)).running() as app, browser(app) as vera:
        await vera.post("/sign-up", data={"email": VERA})
        delivery = app.mail.delivery if app.mail is not None else None

        async def is_away() -> bool:
            return delivery is not None and delivery.state != OK

        await until(is_away)
        ready = await vera.get("/readyz")
        assert (ready.status_code, away in ready.json()["mail"]) == (503, True)


async def test_without_a_mail_server_one_warning_tells_what_waits(sandbox: Sandbox, sqlite_url: str) -> None:
    mailbox = await sandbox.mailbox()
    away = settings_of(sandbox, sqlite_url, f"smtp://127.0.0.1:{free_port()}")
    async with App(away).running() as app, browser(app) as vera:
        await vera.post("/sign-up", data={"email": VERA})
    with capture_logs() as logs:
        async with App(shop_settings(sandbox, sqlite_url)).running() as app, browser(app) as vera:
            assert not app.services.features.letters
            assert "mail" not in (await vera.get("/readyz")).json()
            assert await app.services.outbox.backlog() == (0, 0.0)
    assert [line["waiting"] for line in logs if line["event"] == "letters_closed"] == [1]
    async with App(settings_of(sandbox, sqlite_url, mailbox.url)).running():
        assert (await mailbox.letter(VERA)).link("/confirm")
