"""A machine reads the description and tries whatever it allows, and more."""

import asyncio
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.app import App
from db.tables.identities import SessionKind
from sandbox.client.sandbox import Sandbox
from services.billing.audit import run_audit
from services.identity.sessions import Device
from tests.conversations.stage import shop_settings
from tests.integration.api.conftest import Callers

PROGRAM = Path(sys.executable).parent / "schemathesis"
# Cursors, keys of requests and a model's answers cannot be told by a schema: a refusal of those is no finding.
CHECKS = ["--checks", "all", "--exclude-checks", "positive_data_acceptance"]
SIGN_IN = ["--exclude-path-regex", "^/auth"]  # it would end its own session


@pytest.fixture
async def app(sandbox: Sandbox, sqlite_url: str) -> AsyncIterator[App]:
    settings = shop_settings(sandbox, sqlite_url, api_requests_a_minute=1_000_000, welcome_credits=10_000_000)
    async with App(settings).running() as app:
        yield app


@pytest.mark.slow
async def test_nothing_is_found(callers: Callers) -> None:
    user = await callers.customer()
    app = callers.app
    token = await app.services.web_sessions.begin(user.id, SessionKind.API, Device(agent="a machine"))
    process = await asyncio.create_subprocess_exec(
        PROGRAM, "run", f"http://127.0.0.1:{app.web_port}/api/v1/openapi.json",
        "--header", f"Authorization: Bearer {token}", "--seed", "1", "--max-examples", "15", *CHECKS, *SIGN_IN,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    said, _ = await process.communicate()
    assert process.returncode == 0, said.decode()
    assert (await run_audit(app.db)).ok
