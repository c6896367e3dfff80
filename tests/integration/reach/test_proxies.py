"""Telegram and YooKassa each through a proxy of its own: everything goes there, nothing past it."""

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from aiogram.exceptions import TelegramNetworkError
from aiogram.types import BufferedInputFile

from bot.app import App
from bot.doctor.examine import examine
from bot.doctor.findings import Finding, State
from handlers.telegram.client import make_bot
from sandbox.client.sandbox import Sandbox
from sandbox.testing import new_world, running_sandbox
from services.billing.audit import run_audit
from services.clock import system_clock
from services.payments.providers.base import ResultUnknown
from services.proxies import parse_proxy
from tests.conversations.shopping import DATA
from tests.integration.payments.stand import Stand, provider
from tests.integration.reach.behind import TELEGRAM, YOOKASSA, Behind, address, behind, hosts, port_of
from tests.support.certificates import server_side, trust
from tests.support.proxy import proxy_to
from tests.support.proxy_servers import LOGIN, ProxyServer, proxy_server
from tests.support.stores import STORE
from tests.support.waiting import until

CALLS = {
    *("getme", "getwebhookinfo", "getupdates", "setmycommands", "setmyshortdescription", "setmydescription"),
    *("sendmessage", "editmessagetext", "answercallbackquery", "getfile", "editmessagemedia"),
}


@pytest.fixture
async def proxies(sandbox: Sandbox) -> AsyncIterator[dict[str, ProxyServer]]:
    """By scheme; all of them want a password."""
    async with AsyncExitStack() as stack:
        yield {
            scheme: await stack.enter_async_context(proxy_server(scheme, hosts=hosts(port_of(sandbox))))
            for scheme in ("http", "socks5")
        }


@pytest.fixture
async def tunnels(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[dict[str, ProxyServer]]:
    """As `proxies`, to a Telegram and a YooKassa that speak TLS."""
    trust(monkeypatch)
    async with proxy_to("127.0.0.1", port_of(sandbox), tls=server_side()) as front, AsyncExitStack() as stack:
        opened = {"http": None, "https": server_side(), "socks5": None}
        yield {
            scheme: await stack.enter_async_context(proxy_server(scheme, hosts=hosts(front.port), tls=tls))
            for scheme, tls in opened.items()
        }


@pytest.fixture
async def shop(sandbox: Sandbox, sqlite_url: str, proxies: dict[str, ProxyServer]) -> Behind:
    return await behind(
        sandbox,
        sqlite_url,
        telegram=address("socks5", proxies["socks5"]),
        yookassa=address("http", proxies["http"]),
    )


@pytest.fixture(autouse=True)
def _short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("handlers.telegram.client.PAUSE", 0.01)


async def diagnosis(shop: Behind) -> dict[str, Finding]:
    settings = shop.settings.model_copy(update={"models_dir": Path("nothing to check")})
    found = [finding async for finding in examine(settings, system_clock)]
    return {finding.name: finding for finding in sorted(found, key=lambda each: each.state is State.FAILED)}


@pytest.mark.parametrize("schemes", [("http", "socks5"), pytest.param(("socks5", "http"), marks=pytest.mark.slow)])
async def test_a_day_behind_proxies(
    sandbox: Sandbox,
    sqlite_url: str,
    proxies: dict[str, ProxyServer],
    schemes: tuple[str, str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Every kind of call, files in both directions; the usual variables of the environment are nobody's business."""
    telegram, yookassa = schemes
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    one, other = proxies[telegram], proxies[yookassa]
    proxied = {"telegram": address(telegram, one), "yookassa": address(yookassa, other)}
    here = await behind(sandbox, sqlite_url, **proxied, models_dir=STORE)
    async with App(here.settings).running() as app:
        assert app.services.payments is not None
        stand = Stand(sandbox, here.shop, app, app.services.payments)
        anna, user_id = await stand.customer()
        await anna.says("/start model_digit")
        await anna.presses("▶️")
        await anna.sees("1/")
        await anna.sends_photo(DATA / "digit-3-portrait.jpg")
        await anna.presses("🔮 Предсказать за 0,50 кредита")
        await anna.sees_photo("Цифра: 3")
        payment = await stand.begins(user_id)
        await here.shop.pays()
        await app.services.payments.reconciler.round(everything=True)
        await anna.sees("Оплачено: 300 ₽")
        assert payment.confirmation_url is not None
        await until(lambda: _called(sandbox))
    assert set(one.went) == {f"{TELEGRAM}:80"}
    assert set(other.went) == {f"{YOOKASSA}:80"}


async def _called(sandbox: Sandbox) -> bool:
    return {call["method"].lower() for call in await sandbox.log()} >= CALLS


async def test_each_has_its_own_and_neither_takes_the_others(
    sandbox: Sandbox, sqlite_url: str, proxies: dict[str, ProxyServer]
) -> None:
    socks = address("socks5", proxies["socks5"])
    only_telegram = await behind(sandbox, sqlite_url, telegram=socks)
    told = await diagnosis(only_telegram)
    assert told["token"].state is State.OK
    assert "YooKassa does not answer directly" in told["yookassa"].text
    only_yookassa = await behind(sandbox, sqlite_url, yookassa=socks)
    told = await diagnosis(only_yookassa)
    assert f"no answer from http://{TELEGRAM} directly" in told["token"].text
    assert told["yookassa"].state is State.OK


async def test_the_doctor_says_which_way(shop: Behind, proxies: dict[str, ProxyServer]) -> None:
    told = await diagnosis(shop)
    assert told["token"].text.endswith(f"reached through socks5://127.0.0.1:{proxies['socks5'].port}")
    assert told["yookassa"].text.endswith(f"reached through http://127.0.0.1:{proxies['http'].port}")
    assert told["clock"].state is State.OK


@pytest.mark.parametrize("scheme", ["http", "https", "socks5"])
async def test_the_doctor_names_a_proxy_that_fails(
    sandbox: Sandbox, sqlite_url: str, tunnels: dict[str, ProxyServer], scheme: str
) -> None:
    proxy = tunnels[scheme]
    right, wrong = address(scheme, proxy), address(scheme, proxy, "clerk:guessed-by-nobody")
    named = f"proxy {scheme}://127.0.0.1:{proxy.port}: "

    async def told(address: str) -> list[Finding]:
        here = await behind(sandbox, sqlite_url, telegram=address, yookassa=address, scheme="https")
        found = await diagnosis(here)
        return [found["token"], found["yookassa"]]

    for finding in await told(right):
        assert finding.state is State.OK
        assert finding.text.endswith(f"through {scheme}://127.0.0.1:{proxy.port}")
    for finding in await told(wrong):
        assert finding.state is State.FAILED
        assert named in finding.text
        assert "user and password" in finding.fix
        assert "guessed" not in f"{finding}"
    proxy.closed = True
    for finding in await told(right):
        assert named in finding.text
        assert "it may go there" in finding.fix
    await proxy.die()
    for finding in await told(right):
        assert named in finding.text
        assert "check that the proxy runs" in finding.fix


@pytest.mark.parametrize("scheme", ["http", "socks5"])
async def test_a_proxy_dies_and_comes_back(
    sandbox: Sandbox, sqlite_url: str, proxies: dict[str, ProxyServer], scheme: str
) -> None:
    """What was typed, paid and to be told meanwhile is done when it is back, by itself."""
    proxy = proxies[scheme]
    through = address(scheme, proxy)
    here = await behind(sandbox, sqlite_url, telegram=through, yookassa=through)
    async with App(here.settings, parts=("bot", "web", "scheduler")).running() as app:
        assert app.services.payments is not None
        stand = Stand(sandbox, here.shop, app, app.services.payments)
        anna, user_id = await stand.customer()
        await stand.begins(user_id)
        await proxy.die()
        await here.shop.pays()
        await anna.says("/balance")
        await app.services.payments.reconciler.round(everything=True)
        assert await stand.balance(user_id) == 10_00
        await proxy.start()
        await app.services.payments.reconciler.round(everything=True)
        await anna.sees("Оплачено: 300 ₽")
        await anna.sees("Баланс: 40,00")
        assert (await run_audit(app.db)).ok


@pytest.mark.parametrize("scheme", ["http", "https", "socks5"])
def test_tls_under_the_loop_of_the_shop(scheme: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Through TLS within TLS where the proxy speaks it, too: 5 MB up, 19 MB down."""
    uvloop = pytest.importorskip("uvloop")
    trust(monkeypatch)
    data = random.Random(1).randbytes(19_000_000)

    async def carry() -> None:
        async with running_sandbox() as url, new_world(url) as sandbox, AsyncExitStack() as stack:
            front = await stack.enter_async_context(proxy_to("127.0.0.1", port_of(sandbox), tls=server_side()))
            tls = server_side() if scheme == "https" else None
            proxy = await stack.enter_async_context(proxy_server(scheme, hosts=hosts(front.port), tls=tls))
            assert sandbox.token is not None
            bot = make_bot(sandbox.token, f"https://{TELEGRAM}", parse_proxy(address(scheme, proxy)))
            stack.push_async_callback(bot.session.close)
            anna = await sandbox.person()
            await anna.says("/start")
            sent = await bot.send_document(anna.id, BufferedInputFile(data[:5_000_000], "five.bin"))
            assert sent.document is not None
            assert sent.document.file_size == 5_000_000
            await anna.sends_file("big.bin", data)
            [update] = [each for each in await bot.get_updates() if each.message and each.message.document]
            assert update.message is not None
            assert update.message.document is not None
            got = await bot.download(update.message.document)
            assert got is not None
            assert got.read() == data
            assert set(proxy.went) == {f"{TELEGRAM}:443"}
            assert len(proxy.went) < 3  # one connection serves many calls

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(carry())


async def test_a_proxy_at_an_ipv6_address(sandbox: Sandbox) -> None:
    assert sandbox.token is not None
    async with proxy_server("socks5", hosts=hosts(port_of(sandbox)), host="::1") as proxy:
        bot = make_bot(sandbox.token, f"http://{TELEGRAM}", parse_proxy(address("socks5", proxy)))
        assert (await bot.me()).is_bot
        await bot.session.close()


@pytest.mark.parametrize("words", [b"", b"\x05", b"HTTP/1.1 400 Bad Request\r\n\r\n", b"\x05\x02\x01"])
@pytest.mark.parametrize("scheme", ["http", "socks5"])
async def test_whatever_a_proxy_says_is_an_error_of_the_network(sandbox: Sandbox, scheme: str, words: bytes) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.write(words)
        writer.close()

    assert sandbox.token is not None
    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        proxy = parse_proxy(f"{scheme}://{LOGIN}@127.0.0.1:{port}")
        bot = make_bot(sandbox.token, f"https://{TELEGRAM}", proxy)
        with pytest.raises(TelegramNetworkError):
            await bot.me()
        await bot.session.close()
        async with provider(await sandbox.shop(), api_url=f"https://{YOOKASSA}/v3", proxy=proxy.url) as yookassa:
            with pytest.raises(ResultUnknown):
                await yookassa.about()
