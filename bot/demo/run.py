"""`kassandra demo`: a local Telegram, YooKassa, servers of models, a page to play in, and the real bot under them."""

import errno
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from types import FrameType
from typing import Any
from urllib.parse import urlsplit

from bot.demo.clock import kept_ahead
from bot.demo.goods import fill_shelves
from bot.demo.llm import find_weights
from bot.demo.shelf import stock
from bot.errors import Failure
from sandbox.settings import DEFAULT_TOKEN

WAIT_SECONDS = 60.0
DEMO_OWNER = 100  # Ольга, see sandbox/README.md
DEMO_BOT = DEFAULT_TOKEN.partition(":")[0]
HERE = "127.0.0.1"
MONDAY = "0 0 * * mon"  # it has begun at the page's noon in UTC, whatever the shop's time zone

_here = urllib.request.build_opener(urllib.request.ProxyHandler({}))  # our own page is not behind anybody's HTTP_PROXY


def run_demo(*, host: str, port: int, data: Path, llm: bool = False) -> int:
    """`llm`: with a real language model to talk to."""
    if llm:
        find_weights()
    port = _free_port(host, port)
    data.mkdir(parents=True, exist_ok=True)
    url = f"http://{host}:{port}"
    time_file = data / "ahead"
    web_port = _free_port(HERE)
    database = f"sqlite+aiosqlite:///{data}/kassandra.db"
    signal.signal(signal.SIGTERM, _stop)
    children: dict[str, subprocess.Popen[bytes]] = {}
    try:
        arguments = ["--host", host, "--port", str(port), "--ahead", str(kept_ahead(time_file))]
        arguments += ["--webhook-url", f"http://{HERE}:{web_port}/webhooks/yookassa"]
        children["sandbox"] = _started("sandbox", *arguments, stdout=subprocess.DEVNULL)
        llm_url = _start_llm(children) if llm else None
        fill_shelves(database, DEMO_OWNER)
        _wait_for(url, "sandbox", children)
        shelf = stock(data / "models", _own_models(), sandbox=url, bot=DEMO_BOT, llm=llm_url)
        environment = os.environ | _settings(url, database, web_port) | {"MODELS_DIR": str(shelf.resolve())}
        public_url = environment["PUBLIC_URL"]
        _ask(f"{_world(url)}/webapp", {"main_url": f"{public_url}/mini-app"})
        if llm_url is not None:
            _wait_for(f"{llm_url}/health", "language model", children)
        children["shop"] = _started("bot.demo.shop", _world(url), str(time_file), env=environment)
        print(f"Kassandra is open: {url}   without Telegram: {public_url}   (Ctrl+C closes it)", flush=True)
        return _watch(children)
    except KeyboardInterrupt:
        print("\nClosed.")
        return 0
    finally:
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.SIG_IGN)  # whoever cannot wait does not leave half of it open
        for child in reversed(children.values()):
            _end(child)


def _started(module: str, *arguments: str, **options: Any) -> subprocess.Popen[bytes]:  # Any: those of Popen
    command = [sys.executable, "-m", "bot.demo.child", module, *arguments]
    return subprocess.Popen(command, stdin=subprocess.PIPE, **options)


def _start_llm(children: dict[str, subprocess.Popen[bytes]]) -> str:
    """Its address. It loads while other things are made ready."""
    port = _free_port(HERE)
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}  # llama.cpp tells every step
    children["language model"] = _started("bot.demo.llm", str(port), **quiet)
    return f"http://{HERE}:{port}"


def _settings(url: str, database: str, web_port: int) -> dict[str, str]:
    """What the bot is told: where its Telegram, its payment providers and its mail server are. Its pages have another
    host name than the sandbox's, as they do within Telegram Web: browsers then treat their cookies as a stranger's."""
    shop = _ask(f"{_world(url)}/shop")
    site = _ask(f"{_world(url)}/cloudpayments", {"webhook_url": f"http://{HERE}:{web_port}/webhooks/cloudpayments"})
    host = "localhost" if urlsplit(url).hostname != "localhost" else HERE
    return {
        "BOT_TOKEN": DEFAULT_TOKEN,
        "TELEGRAM_API_URL": url,
        "TELEGRAM_LINKS_URL": f"{url}/t.me",
        "TELEGRAM_MODE": "polling",
        "DATABASE_URL": database,
        "OWNER_IDS": str(DEMO_OWNER),
        "WEEKLY_BONUS_CRON": MONDAY,  # the page can make it Monday
        "WEB_HOST": HERE,
        "WEB_PORT": str(web_port),
        "PUBLIC_URL": f"http://{host}:{web_port}",
        "SMTP_URL": _ask(f"{_world(url)}/mail")["url"],
        "MAIL_FROM": "Kassandra <kassandra@example.com>",
        "PAYMENT_METHODS": "yookassa, cloudpayments, stars",
        "STARS_PRICE": "0.13",
        "YOOKASSA_SHOP_ID": shop["shop_id"],
        "YOOKASSA_SECRET_KEY": shop["secret_key"],
        "YOOKASSA_API_URL": f"{url}/yookassa/v3",
        "CLOUDPAYMENTS_PUBLIC_ID": site["public_id"],
        "CLOUDPAYMENTS_API_SECRET": site["api_secret"],
        "CLOUDPAYMENTS_API_URL": f"{url}/cloudpayments/api",
        "MARKET_DATA_URL": f"{url}/exchange/{DEMO_BOT}/iss",
        "LOG_LEVEL": os.environ.get("LOG_LEVEL", "WARNING"),
    }


def _world(url: str) -> str:
    """The sandbox's address for all that is the bot's."""
    return f"{url}/sandbox/api/{DEMO_BOT}"


def _own_models() -> Path:
    from bot.settings import load_store_settings

    return load_store_settings().models_dir


def _ask(url: str, changes: dict[str, str] | None = None) -> dict[str, Any]:  # Any: the values of a JSON object
    """What the sandbox's control API tells, after `changes`."""
    body = None if changes is None else json.dumps(changes).encode()
    headers = {"Content-Type": "application/json"}
    request = urllib.request.Request(url, body, headers, method="GET" if changes is None else "PATCH")
    with _here.open(request, timeout=5) as answer:
        told: dict[str, Any] = json.load(answer)
    return told


def _watch(children: Mapping[str, subprocess.Popen[bytes]]) -> int:
    while True:
        for name, child in children.items():
            if (code := child.poll()) is not None:
                raise Failure(f"the {name} of the demo ended by itself, with code {code}")
        time.sleep(0.3)


def _wait_for(url: str, name: str, children: Mapping[str, subprocess.Popen[bytes]]) -> None:
    child = children[name]
    deadline = time.monotonic() + WAIT_SECONDS
    while time.monotonic() < deadline:
        if child.poll() is not None:
            raise Failure(f"the {name} could not start on {url}")
        try:
            with _here.open(url, timeout=1):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.05)
    raise Failure(f"the {name} does not answer on {url}")


def _end(child: subprocess.Popen[bytes]) -> None:
    if child.poll() is None:
        child.terminate()
        try:
            child.wait(timeout=10)
        except subprocess.TimeoutExpired:
            child.kill()


def _free_port(host: str, wanted: int = 0) -> int:
    """This one, or any where it is 0."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # what has just been closed is free
        try:
            probe.bind((host, wanted))
        except (OSError, OverflowError) as error:
            why = "is taken" if isinstance(error, OSError) and error.errno == errno.EADDRINUSE else "cannot be had"
            raise Failure(f"port {wanted} of {host} {why}; another one: --port 0 takes any that is free") from None
        port: int = probe.getsockname()[1]
        return port


def _stop(_signal: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt
