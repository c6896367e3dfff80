"""A machine reads the description and tries whatever it allows, and more; then it follows what it was given, on and on.
It finds nothing: no answer that the description does not tell, no refusal of what it allows, nobody let in."""

import asyncio
import os
import sys
from pathlib import Path

import pytest

from db.tables.identities import ApiScope, SessionKind
from services.identity.sessions import Device
from services.users.accounts import UserView
from tests.integration.api.conftest import Callers

PROGRAM = Path(sys.executable).parent / "schemathesis"
CONFIG = Path(__file__).parent / "schemathesis.toml"
CHECKS = Path(__file__).parent / "machine_checks.py"
STAFF = ("--include-path-regex", "^/admin")
SIGN_IN = ("--exclude-path-regex", "^/auth", "--exclude-operation-id", "deleteMe")  # it would end its own session
ENTRANCE = ("--include-path-regex", "^/auth", "--exclude-path-regex", "sign-out|sessions")


async def test_a_short_look(whole_shop: Callers, tmp_path: Path) -> None:
    await finds_nothing(whole_shop, await key(whole_shop), tmp_path, "--max-examples", "1", "--max-time", "8", *SIGN_IN)


@pytest.mark.slow
@pytest.mark.parametrize("proof", ["key", "session"])
async def test_a_long_look(whole_shop: Callers, tmp_path: Path, proof: str) -> None:
    token = await (key if proof == "key" else session)(whole_shop)
    await finds_nothing(whole_shop, token, tmp_path, "--max-time", "30", *SIGN_IN)


@pytest.mark.slow
async def test_where_people_sign_in(whole_shop: Callers, tmp_path: Path) -> None:
    await finds_nothing(whole_shop, await session(whole_shop), tmp_path, "--max-time", "20", *ENTRANCE)


@pytest.mark.slow
async def test_what_staff_may_do(whole_shop: Callers, tmp_path: Path) -> None:
    token = await key(whole_shop, await whole_shop.owner())
    await finds_nothing(whole_shop, token, tmp_path, "--max-time", "20", *STAFF)


async def key(whole_shop: Callers, user: UserView | None = None) -> str:
    user = user or await whole_shop.customer()
    _, key = await whole_shop.app.services.api_keys.create(user.id, "a machine", tuple(ApiScope))
    return key


async def session(whole_shop: Callers) -> str:
    user = await whole_shop.customer()
    return await whole_shop.app.services.web_sessions.begin(user.id, SessionKind.API, Device(agent="a machine"))


async def finds_nothing(whole_shop: Callers, token: str, folder: Path, *arguments: str) -> None:
    api = f"http://127.0.0.1:{whole_shop.app.web_port}/api/v1"
    process = await asyncio.create_subprocess_exec(
        PROGRAM, "--config-file", CONFIG, "run", f"{api}/openapi.json", "--url", api,
        "--header", f"Authorization: Bearer {token}", "--no-color", *arguments,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT, cwd=folder,
        env=os.environ | {"SCHEMATHESIS_HOOKS": CHECKS.stem, "PYTHONPATH": str(CHECKS.parent)},
    )  # fmt: skip
    said, _ = await process.communicate()
    assert process.returncode == 0, said.decode()
