"""A machine reads the description and tries whatever it allows, and more; then it follows what it was given, on and on.
It finds nothing: no answer that the description does not tell, no refusal of what it allows, nobody let in."""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from db.tables.identities import ApiScope, SessionKind
from sandbox.client.sandbox import Sandbox
from services.billing.audit import run_audit
from services.identity.sessions import Device
from tests.conversations.payments.conftest import open_till
from tests.conversations.test_talking import place_oracle
from tests.integration.api.conftest import Callers
from tests.support.stores import QUICK, STORE

PROGRAM = Path(sys.executable).parent / "schemathesis"
CONFIG = Path(__file__).parent / "schemathesis.toml"
SIGN_IN = ("--exclude-path-regex", "^/auth", "--exclude-operation-id", "deleteMe")  # it would end its own session
ENTRANCE = ("--include-path-regex", "^/auth", "--exclude-path-regex", "sign-out|sessions")


@pytest.fixture
async def callers(sandbox: Sandbox, sqlite_url: str, tmp_path: Path) -> AsyncIterator[Callers]:
    """All that is sold: models, an assistant, credits. Its letters reach nobody."""
    store = tmp_path / "models"
    store.mkdir()
    for slug in QUICK:
        (store / slug).symlink_to(STORE / slug)
    place_oracle(store, sandbox.openai().url, free_answers="0")
    letters = {
        "smtp_url": "smtp://127.0.0.1:1",
        "mail_from": "shop@example.com",
        "public_url": "https://shop.example.com",
    }
    more = letters | {"models_dir": store, "api_requests_a_minute": 1_000_000, "welcome_credits": 10_000_000}
    async with open_till(sandbox, sqlite_url, **more) as stage, AsyncExitStack() as exits:
        yield Callers(stage.app, exits)
        report = await run_audit(stage.app.db)
        assert report.ok, str(report)


async def test_a_short_look(callers: Callers, tmp_path: Path) -> None:
    await finds_nothing(callers, await key(callers), tmp_path, "--max-examples", "1", "--max-time", "8", *SIGN_IN)


@pytest.mark.slow
@pytest.mark.parametrize("proof", ["key", "session"])
async def test_a_long_look(callers: Callers, tmp_path: Path, proof: str) -> None:
    token = await (key if proof == "key" else session)(callers)
    await finds_nothing(callers, token, tmp_path, "--max-time", "30", *SIGN_IN)


@pytest.mark.slow
async def test_where_people_sign_in(callers: Callers, tmp_path: Path) -> None:
    await finds_nothing(callers, await session(callers), tmp_path, "--max-time", "20", *ENTRANCE)


async def key(callers: Callers) -> str:
    user = await callers.customer()
    _, key = await callers.app.services.api_keys.create(user.id, "a machine", tuple(ApiScope))
    return key


async def session(callers: Callers) -> str:
    user = await callers.customer()
    return await callers.app.services.web_sessions.begin(user.id, SessionKind.API, Device(agent="a machine"))


async def finds_nothing(callers: Callers, token: str, folder: Path, *arguments: str) -> None:
    api = f"http://127.0.0.1:{callers.app.web_port}/api/v1"
    process = await asyncio.create_subprocess_exec(
        PROGRAM, "--config-file", CONFIG, "run", f"{api}/openapi.json", "--url", api,
        "--header", f"Authorization: Bearer {token}", "--no-color", *arguments,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT, cwd=folder,
    )  # fmt: skip
    said, _ = await process.communicate()
    assert process.returncode == 0, said.decode()
