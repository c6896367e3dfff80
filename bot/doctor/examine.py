"""`kassandra doctor`: looks at everything a shop needs, and says how to mend what is wrong."""

import asyncio
import re
from collections.abc import AsyncIterator
from datetime import datetime
from ipaddress import ip_address
from urllib.parse import urlsplit

from aiogram import Bot
from aiogram.exceptions import AiogramError, TelegramUnauthorizedError

from bot.doctor.cloudpayments import cloudpayments
from bot.doctor.confinement import confinement
from bot.doctor.findings import Finding, State, bad, good, poor
from bot.doctor.mail import letters
from bot.doctor.market import prices
from bot.doctor.models import models, uploads_on_sale
from bot.doctor.payments import compare_books
from bot.doctor.stars import stars
from bot.doctor.stores import stores
from bot.settings import TELEGRAM_API, YOOKASSA_API, Settings, misspelt_settings
from bot.telegram_time import telegram_time
from bot.wiring.payments import open_yookassa, why_closed
from handlers.telegram.client import make_bot
from handlers.telegram.local_files import SHARING, NotReadable, is_local, open_local
from handlers.telegram.session import TelegramProxyFailed
from services.clock import Clock
from services.payments.providers.base import NotAuthorized, ProviderError, ProviderProxyFailed
from services.payments.providers.yookassa.answers import ShopFacts
from services.proxies import way

SKEW_SECONDS = 30.0
TELEGRAM_SECONDS = 15.0  # longer than a proxy may take


async def examine(settings: Settings, clock: Clock) -> AsyncIterator[Finding]:
    """One finding after the other, each with its fix."""
    for name, meant in misspelt_settings():
        yield poor("settings", f"nobody reads {name} of .env", f"perhaps {meant} is meant")
    token, proxy = settings.bot_token.get_secret_value(), settings.telegram_proxy
    bot = make_bot(token, settings.telegram_api_url, proxy, timeout=TELEGRAM_SECONDS)
    try:
        found = await _token(settings, bot)
        if found[0].state is not State.FAILED:
            found += await _webhook(settings, bot)
            found += await _files(settings, bot)
            found += await stars(settings, bot)
        for finding in found:
            yield finding
    finally:
        await bot.session.close()
    for finding in await _shop(settings):
        yield finding
    for finding in await cloudpayments(settings, clock):
        yield finding
    yield await letters(settings)
    for finding in await prices(settings, clock):
        yield finding
    found = await stores(settings, clock)
    uploaded: list[str] = []
    if not any(each.state is State.FAILED for each in found):  # a damaged file is not to be written to
        found = [*await _books(settings, clock), *found]
        uploaded = await uploads_on_sale(settings)
    for finding in [_senders(settings), *found]:
        yield finding
    for finding in await asyncio.to_thread(
        models, settings, uploaded
    ):  # models at servers are asked in a loop of their own
        yield finding
    yield await confinement()
    yield await _clock(settings, clock)


async def _token(settings: Settings, bot: Bot) -> list[Finding]:
    name = "token"
    try:
        me = await bot.me()
    except TelegramUnauthorizedError:
        return [bad(name, "Telegram does not know BOT_TOKEN", "copy it anew from @BotFather (/mybots, API Token)")]
    except TelegramProxyFailed as error:
        return [
            bad(
                name,
                f"no way to Telegram through the proxy {error.message}",
                proxy_fix("TELEGRAM_PROXY", error.message),
            )
        ]
    except AiogramError as error:
        url, fix = settings.telegram_api_url, "check the network, TELEGRAM_API_URL and TELEGRAM_PROXY"
        return [bad(name, f"no answer from {url} {way(settings.telegram_proxy)}: {error}", fix)]
    found = [good(name, f"@{me.username}, reached {way(settings.telegram_proxy)}")]
    if not settings.owner_ids:
        found.append(poor("owners", "OWNER_IDS is empty", "put your Telegram id there: owners are told of trouble"))
    return found


def proxy_fix(variable: str, words: str) -> str:
    """`words`: what the proxy said."""
    if re.search(r"\b407\b", words) or "auth" in words.lower():
        return f"it wants a user and password, or others: in {variable} they stand before the host, user:password@host"
    return f"check that the proxy runs, that {variable} names it and that it may go there"


async def _webhook(settings: Settings, bot: Bot) -> list[Finding]:
    name, wanted = "webhook", settings.webhook_url if settings.telegram_mode == "webhook" else ""
    try:
        info = await bot.get_webhook_info()
    except AiogramError:
        return []  # said above
    if info.url != wanted:
        there, here = info.url or "none", wanted or "none (polling)"
        return [poor(name, f"Telegram has {there}, the settings say {here}", "start the shop: it sets this itself")]
    if wanted and info.last_error_message and info.pending_update_count:
        fix = "check that PUBLIC_URL leads to WEB_PORT through a proxy with a valid certificate"
        return [bad(name, f"{info.pending_update_count} updates wait: {info.last_error_message}", fix)]
    return [good(name, wanted or "none: updates are polled")]


async def _files(settings: Settings, bot: Bot) -> list[Finding]:
    """Of one's own server: whether a file that it names can be read. A sticker that every bot may fetch is tried."""
    name = "files"
    if settings.telegram_api_url == TELEGRAM_API:
        return []
    try:
        stickers = await bot.get_forum_topic_icon_stickers()
        path = (await bot.get_file(stickers[0].file_id)).file_path or "" if stickers else ""
        if is_local(path):
            open_local(path, token=bot.token).close()
    except AiogramError as error:
        return [poor(name, f"whether they can be read was not found out: {error}", "try again later")]
    except NotReadable as error:
        return [bad(name, f"pictures and tables of customers cannot be read: {error}", SHARING)]
    return [good(name, "read from the disk of your Bot API server (--local)" if is_local(path) else "served over HTTP")]


async def _shop(settings: Settings) -> list[Finding]:
    name = "yookassa"
    if (missing := why_closed(settings)) is not None:
        fix = "the keys are in the provider's cabinet; or set PAYMENT_METHODS to nothing"
        return [poor(name, f"nobody can pay: {missing} are not set", fix)]
    provider = open_yookassa(settings)
    if provider is None or "yookassa" not in settings.payment_methods:
        return [good(name, "not used by this shop")]
    try:
        facts = await provider.about()
    except NotAuthorized as error:
        fix = "copy YOOKASSA_SHOP_ID and YOOKASSA_SECRET_KEY anew; a new key ends the old one"
        return [bad(name, f"YooKassa does not take the shop's id and key ({error.code})", fix)]
    except ProviderProxyFailed as error:
        words = f"no way to YooKassa through the proxy {settings.yookassa_proxy}: {error.detail}"
        return [bad(name, words, proxy_fix("YOOKASSA_PROXY", error.detail))]
    except ProviderError as error:
        fix = f"check the network, YOOKASSA_PROXY and YOOKASSA_API_URL ({settings.yookassa_api_url})"
        return [bad(name, f"YooKassa does not answer {way(settings.yookassa_proxy)} ({error.code})", fix)]
    finally:
        provider.close()
    return [*_account(settings, facts), _receipts(settings, facts)]


def _account(settings: Settings, facts: ShopFacts) -> list[Finding]:
    name, secret = "yookassa", settings.yookassa_secret_key
    assert secret is not None  # or there was no provider
    if facts.shop_id != settings.yookassa_shop_id:
        text = f"the key is of shop {facts.shop_id}, YOOKASSA_SHOP_ID is {settings.yookassa_shop_id}"
        return [bad(name, text, "take both from the same shop: no payment would be credited")]
    if facts.test != secret.get_secret_value().startswith("test_"):
        return [bad(name, "the key's kind is not the shop's (test or live)", "copy the key anew")]
    if not facts.enabled:
        return [bad(name, f"shop {facts.shop_id} is switched off at YooKassa", "finish its set-up in the cabinet")]
    kind = "test shop" if facts.test else "shop"
    methods = ", ".join(facts.methods) or "no means of payment listed"
    found = [good(name, f"{kind} {facts.shop_id}; {methods}; reached {way(settings.yookassa_proxy)}")]
    if facts.test and settings.yookassa_api_url == YOOKASSA_API:
        found.append(poor("live", "this is a test shop: cards are not charged", "put the live shop's id and key"))
    return found


def _receipts(settings: Settings, facts: ShopFacts) -> Finding:
    name = "receipts"
    if facts.receipts and settings.yookassa_vat_code is None:
        fix = "set YOOKASSA_VAT_CODE (1 is without VAT): payments would fail with “Receipt is missing or illegal”"
        return bad(name, "the shop sends receipts through YooKassa (54-FZ), and we send none", fix)
    if not facts.receipts and settings.yookassa_vat_code is not None:
        fix = "switch receipts on in the cabinet, or leave YOOKASSA_VAT_CODE empty"
        return poor(name, "YOOKASSA_VAT_CODE is set, but the shop does not send receipts", fix)
    code = settings.yookassa_vat_code
    return good(name, "none are sent" if code is None else f"sent with vat_code {code}; e-mail addresses are asked for")


async def _books(settings: Settings, clock: Clock) -> list[Finding]:
    """Money that providers know of and we do not."""
    name, books = "books", await compare_books(settings, clock)
    if books is None:
        return []
    found = [good(name, f"every paid payment of this shop at {books.providers} is in them")]
    if books.missing:
        text = f"{books.missing} paid payments of this shop are not in them ({', '.join(map(str, books.money))})"
        fix = f"run: kassandra reconcile --since {books.since}; a running shop does so at its start and every hour"
        found = [bad(name, text, fix)]
    if books.elsewhere:
        text = f"{books.elsewhere} unfinished payments are of another shop ({', '.join(books.shops)}): nobody asks"
        fix = "run kassandra reconcile once with that shop's id and key, or look at them in its cabinet"
        found.append(poor(name, text, fix))
    return found


def _senders(settings: Settings) -> Finding:
    """Whether notifications can come, and from whom they would seem to."""
    name = "notifications"
    if settings.yookassa_shop_id is None:
        return good(name, "not needed")
    if settings.yookassa_api_url != YOOKASSA_API:
        return good(name, "taken from this machine: YOOKASSA_API_URL is not YooKassa's own")
    if not settings.public_url:
        fix = (
            "set PUBLIC_URL and name PUBLIC_URL/webhooks/yookassa in the cabinet under Integration, HTTP notifications"
        )
        return poor(name, "none can come: PUBLIC_URL is not set. Payments are found within minutes by asking", fix)
    url = urlsplit(settings.public_url)
    if url.scheme != "https" or url.port not in (None, 443, 8443):
        return bad(
            name, f"YooKassa calls https on port 443 or 8443 only, not {settings.public_url}", "change PUBLIC_URL"
        )
    if not _is_local(settings.web_host) and not settings.trusted_proxies:
        fix = "if a proxy stands before WEB_PORT, name its address in TRUSTED_PROXIES, else its calls are refused"
        return poor(name, "TRUSTED_PROXIES is empty", fix)
    proxies = ", ".join(str(network) for network in settings.trusted_proxies) or "nobody"
    address = f"{settings.public_url.rstrip('/')}/webhooks/yookassa"
    return good(name, f"{address}; forwarded addresses are believed of {proxies}")


def _is_local(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


async def _clock(settings: Settings, clock: Clock) -> Finding:
    """Against the Date that Telegram's server puts on its answers."""
    name = "clock"
    try:
        theirs = await telegram_time(settings.telegram_api_url, settings.telegram_proxy)
    except (OSError, TimeoutError) as error:
        return poor(name, f"nobody to compare it with: {error or type(error).__name__}", "check the network")
    if theirs is None:
        return poor(name, f"{settings.telegram_api_url} does not tell the time", "compare it by hand")
    return judge_clock(clock(), theirs)


def judge_clock(ours: datetime, theirs: datetime) -> Finding:
    skew = (ours - theirs).total_seconds()
    if abs(skew) > SKEW_SECONDS:
        word = "ahead" if skew > 0 else "behind"
        fix = "let the machine keep time (timedatectl set-ntp true): bonuses and expiries follow this clock"
        return bad("clock", f"{abs(skew):.0f} s {word} of Telegram's", fix)
    return good("clock", f"within {max(abs(skew), 1):.0f} s of Telegram's")
