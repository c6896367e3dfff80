"""`kassandra demo`: a local Telegram and YooKassa with a page to play in, and the real bot under them."""

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from types import FrameType

from bot.demo.clock import kept_ahead
from bot.errors import Failure
from sandbox.settings import DEFAULT_TOKEN
from services.payments.packages import PackageOffer

WAIT_SECONDS = 20.0
DEMO_OWNER = 100  # Ольга, see sandbox/README.md
HERE = "127.0.0.1"
MONDAY = "0 0 * * mon"  # it has begun at the page's noon in UTC, whatever the shop's time zone
DEMO_PACKAGES = (
    PackageOffer(title={"ru": "Стартовый", "en": "Starter"}, credits=50_00, price_kopecks=450_00, valid_days=90),
    PackageOffer(title={"ru": "Большой", "en": "Big"}, credits=200_00, price_kopecks=1_600_00, valid_days=365),
)

_here = urllib.request.build_opener(urllib.request.ProxyHandler({}))  # our own page is not behind anybody's HTTP_PROXY


def run_demo(*, host: str, port: int, data: Path) -> int:
    port = port or _free_port(host)
    data.mkdir(parents=True, exist_ok=True)
    url = f"http://{host}:{port}"
    time_file = data / "ahead"
    web_port = _free_port(HERE)
    database = f"sqlite+aiosqlite:///{data}/kassandra.db"
    signal.signal(signal.SIGTERM, _stop)
    children: list[subprocess.Popen[bytes]] = []
    try:
        command = [sys.executable, "-m", "sandbox", "--host", host, "--port", str(port)]
        command += ["--webhook-url", f"http://{HERE}:{web_port}/webhooks/yookassa"]
        command += ["--ahead", str(kept_ahead(time_file))]
        children.append(subprocess.Popen(command, stdout=subprocess.DEVNULL))
        fill_shelves(database)
        _wait_for(url, children[0])
        environment = os.environ | _settings(url, database, web_port)
        command = [sys.executable, "-m", "bot.demo.shop", _world(url), str(time_file)]
        children.append(subprocess.Popen(command, env=environment))
        print(f"Kassandra is open: {url}   (Ctrl+C closes it)", flush=True)
        return _watch(children)
    except KeyboardInterrupt:
        print("\nClosed.")
        return 0
    finally:
        for child in reversed(children):
            _end(child)


def _settings(url: str, database: str, web_port: int) -> dict[str, str]:
    """What the bot is told: where its Telegram and its YooKassa are."""
    shop = _shop_at(url)
    return {
        "BOT_TOKEN": DEFAULT_TOKEN,
        "TELEGRAM_API_URL": url,
        "TELEGRAM_MODE": "polling",
        "DATABASE_URL": database,
        "OWNER_IDS": str(DEMO_OWNER),
        "WEEKLY_BONUS_CRON": MONDAY,  # the page can make it Monday
        "WEB_HOST": HERE,
        "WEB_PORT": str(web_port),
        "PAYMENT_METHODS": "yookassa",
        "YOOKASSA_SHOP_ID": shop["shop_id"],
        "YOOKASSA_SECRET_KEY": shop["secret_key"],
        "YOOKASSA_API_URL": f"{url}/yookassa/v3",
        "LOG_LEVEL": os.environ.get("LOG_LEVEL", "WARNING"),
    }


def _world(url: str) -> str:
    """The sandbox's address for all that is the bot's."""
    return f"{url}/sandbox/api/{DEFAULT_TOKEN.partition(':')[0]}"


def _shop_at(url: str) -> dict[str, str]:
    """The shop that the sandbox has for the bot."""
    with _here.open(f"{_world(url)}/shop", timeout=5) as answer:
        shop: dict[str, str] = json.load(answer)
    return shop


def fill_shelves(database: str) -> None:
    """Two packages in a new shop; where there are any, what was made of them stays."""
    from db.engine import Database
    from db.migrate import upgrade
    from services.clock import system_clock
    from services.payments.packages import Packages
    from services.users.roles import Staff

    async def fill() -> None:
        db = Database(database)
        try:
            packages = Packages(db, system_clock, Staff((DEMO_OWNER,)))
            if not await packages.all():
                for offer in DEMO_PACKAGES:
                    await packages.create(offer, actor=DEMO_OWNER)
        finally:
            await db.close()

    upgrade(database)
    asyncio.run(fill())


def _watch(children: list[subprocess.Popen[bytes]]) -> int:
    while True:
        for child in children:
            if (code := child.poll()) is not None:
                raise Failure(f"{child.args!r} ended with code {code}")
        time.sleep(0.3)


def _wait_for(url: str, child: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + WAIT_SECONDS
    while time.monotonic() < deadline:
        if child.poll() is not None:
            raise Failure(f"the sandbox could not start on {url}; is the port taken? Try --port 0")
        try:
            with _here.open(url, timeout=1):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.05)
    raise Failure(f"the sandbox does not answer on {url}")


def _end(child: subprocess.Popen[bytes]) -> None:
    if child.poll() is None:
        child.terminate()
        try:
            child.wait(timeout=10)
        except subprocess.TimeoutExpired:
            child.kill()


def _free_port(host: str) -> int:
    with socket.socket() as probe:
        probe.bind((host, 0))
        port: int = probe.getsockname()[1]
        return port


def _stop(_signal: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt
