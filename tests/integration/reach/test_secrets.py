"""Nothing ever shows a token, a key or a password, whichever library quotes it: no log, no terminal, no chat."""

import asyncio
import html
import io
import json
import logging
import os
import subprocess
import sys
import traceback
from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote, quote_plus

import pytest
import structlog

from bot.logs import set_up
from bot.settings import SettingsError, load_settings
from bot.terminal import Redacted
from db.engine import Database
from db.tables.outbox import OutboxKind
from handlers.telegram.client import make_bot
from sandbox.client.sandbox import Sandbox
from services.notifications.outbox import enqueue
from services.notifications.sending import Outbox
from services.redaction import redact
from tests.integration.reach import errors
from tests.integration.reach.errors import DATABASE, HOOK, KEY, PROXY, REDIS, SECRETS, SHOP_ID, TOKEN, Places, login
from tests.support.clock import START, FakeClock
from tests.support.shop import add_user

ROOT = Path(__file__).parents[3]


def spellings(secret: str) -> set[str]:
    """As libraries write it."""
    plain = {
        secret,
        repr(secret)[1:-1],
        json.dumps(secret)[1:-1],
        html.escape(secret),
        html.escape(secret, quote=False),
    }
    percent = {quote(secret, safe=""), quote(secret), quote_plus(secret), quote(secret, safe="").lower()}
    return plain | percent | {json.dumps(each)[1:-1] for each in plain}


LOGINS = [(SHOP_ID, KEY), ("clerk", PROXY), ("clerk", DATABASE)]
FORBIDDEN = {each for secret in SECRETS for each in spellings(secret)} | {
    b64encode(f"{user}:{secret}".encode()).decode() for user, secret in LOGINS
}


def leaks(text: str) -> set[str]:
    return {each for each in FORBIDDEN if each in text}


async def _serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """As error pages do: it quotes the request."""
    request = await reader.readuntil(b"\r\n\r\n")
    body = b"%b was not understood" % request
    if b"/v3/me" in request:
        body = json.dumps({"type": "error", "code": "invalid_request", "description": request.decode()}).encode()
    writer.write(b"HTTP/1.1 400 Bad\r\nConnection: close\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body))
    await writer.drain()
    writer.close()


async def _provoke() -> list[Exception]:
    found: list[Exception] = []
    async with await asyncio.start_server(_serve, "127.0.0.1", 0) as server:
        places = Places(echo=f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}")
        for provoke in errors.ALL:
            try:
                await provoke(places)
            except Exception as error:  # noqa: BLE001 - whatever a library raises
                found.append(error)
    return found


@pytest.fixture(scope="module")
def raised() -> list[Exception]:
    """One of each library's errors, and one that quotes everything in every way. What is secret is known from the
    settings alone."""
    load_settings(
        _env_file=None,
        bot_token=TOKEN,
        telegram_webhook_secret=HOOK,
        telegram_proxy=f"socks5://{login(PROXY)}@proxy.example:1080",
        yookassa_shop_id=SHOP_ID,
        yookassa_secret_key=KEY,
        database_url=f"postgresql+asyncpg://{login(DATABASE)}@db.example/shop",
        redis_url=f"redis://:{quote(REDIS, safe='')}@redis.example/0",
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("handlers.telegram.client.PAUSE", 0.01)
        found = asyncio.run(_provoke())
    assert len(found) == len(errors.ALL)
    said = [" ".join(traceback.format_exception(error)) for error in found]
    assert sum(bool(leaks(each)) for each in said) >= 5, "libraries do quote what they were given"
    return [*found, ValueError("\n".join(sorted(FORBIDDEN)))]


@pytest.fixture
def _own_log() -> Iterator[None]:
    root, before = logging.getLogger(), structlog.get_config()
    kept = (root.handlers, root.level)
    yield
    root.handlers, root.level = kept
    structlog.configure(**before)


@pytest.mark.usefixtures("_own_log")
@pytest.mark.parametrize("fmt", ["console", "json"])
async def test_the_log(raised: list[Exception], capsys: pytest.CaptureFixture[str], fmt: str) -> None:
    set_up("DEBUG", fmt)
    ours, theirs = structlog.get_logger(), logging.getLogger("library")
    for error in raised:
        ours.error("failed", error=str(error), whole=error, nested={"why": [error]}, exc_info=error)
        theirs.error("failed: %s", error, exc_info=error)
    told = capsys.readouterr().err
    assert told.count("failed") >= 2 * len(raised)
    assert "ValueError" in told
    assert leaks(told) == set()
    if fmt == "json":
        assert all(json.loads(line) for line in told.splitlines())


async def test_the_terminal(raised: list[Exception]) -> None:
    written = io.BytesIO()
    terminal = Redacted(io.TextIOWrapper(written, encoding="utf-8"))
    for error in raised:
        print(error, [error], file=terminal)
        traceback.print_exception(error, file=terminal)
    terminal.flush()
    told = written.getvalue().decode()
    assert "Traceback" in told
    assert leaks(told) == set()


async def test_the_chat(sandbox: Sandbox, raised: list[Exception]) -> None:
    assert sandbox.token is not None
    bot = make_bot(sandbox.token, sandbox.base_url)
    anna = await sandbox.person()
    await anna.says("/start")
    for error in raised:
        await bot.send_message(anna.id, html.escape(f"It went wrong: {error}")[:3000], parse_mode="HTML")
    await bot.session.close()
    assert leaks("\n".join(message.text for message in await anna.looks())) == set()


async def test_what_is_kept_beside_a_notification(
    sqlite_database: Database, clock: FakeClock, raised: list[Exception]
) -> None:
    user_id = await sqlite_database.write(add_user)
    outbox = Outbox(sqlite_database, clock)
    for number, error in enumerate(raised):
        await sqlite_database.write(
            enqueue, user_id=user_id, kind=OutboxKind.BONUS, payload={}, key=f"x{number}", now=START
        )
        [notification] = await outbox.claim()
        await outbox.fail(notification, f"{error}")
    kept = await sqlite_database.read(lambda s: str(s.connection().exec_driver_sql("SELECT error FROM outbox").all()))
    assert leaks(kept) == set()


def test_settings_that_do_not_load_hide_what_they_were_given() -> None:
    rubbish, password = "not-a-token-but-somebodys-secret", "another/pass@word"
    with pytest.raises(SettingsError):
        load_settings(_env_file=None, bot_token=rubbish, telegram_proxy=f"socks5://clerk:{password}@host")
    assert rubbish not in redact(f"{rubbish} stood there")
    assert "word" not in redact(f"could not translate host name “word@host” of {password}")


@pytest.mark.parametrize(
    "text",
    [
        "GET /bot123456789:AAHabcdefghijklmnopqrstuvwxyz012345/getMe",
        "https://api.telegram.org/file/bot123456789%3AAAHabcdefghijklmnopqrstuvwxyz012345/photos/1.jpg",
        "no such folder: /var/lib/telegram-bot-api/123456789:AAHabcdefghijklmnopqrstuvwxyz012345/photos",
        "postgresql://someone:AAHabcdef@db.example/shop, redis://:AAHabcdef@redis",
        "connection failed: host=db user=someone password=AAHabcdef dbname=shop",
        "{'Proxy-Authorization': 'Basic QUFIYWJjZGVm', 'authorization': 'Bearer AAHabcdef'}",
    ],
)
def test_what_looks_like_a_secret_is_one(text: str) -> None:
    """Also of another bot, also before any settings were read."""
    assert "AAH" not in redact(text)
    assert "QUFI" not in redact(text)


def test_a_tag_behind_a_password_stays() -> None:
    """Telegram refuses a text whose tags do not close."""
    assert redact("<code>host=db password=AAHabcdef</code>") == "<code>host=db password=***</code>"


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-26T17:29:56 payment_problem:off:settings:123456789",
        "key=123456789:0b9c1b9e-5f4e-4d0c-9f57-2f2f7a3c1d11",
        "Баланс: 10,00 кредитов; https://t.me/shop_bot?start=model_wine, anna@example.com",
        "the basic price is 1.00; clerk, proxy.example and shop are no secrets",
    ],
)
def test_what_does_not_stays(text: str) -> None:
    assert redact(text) == text


@pytest.mark.parametrize("url", ["api.telegram.org", "http://clerk:hunter2hunter2@127.0.0.1:1"])
def test_the_doctor_prints_no_token(tmp_path: Path, url: str) -> None:
    """People paste what it prints into chats."""
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(ROOT),
        "BOT_TOKEN": TOKEN,
        "TELEGRAM_API_URL": url,
        "DATABASE_URL": f"sqlite+aiosqlite:///{tmp_path}/shop.db",
        "MODELS_DIR": str(tmp_path),
    }
    done = subprocess.run(
        [sys.executable, "-m", "bot", "doctor"],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 1
    for secret in (TOKEN, TOKEN.partition(":")[2], "hunter2"):
        assert secret not in done.stdout + done.stderr
