"""What is read by a process that was kept from nothing, or that a file has taken over."""

import tempfile
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from db.engine import Database
from db.tables.models import VersionStatus
from services.models.uploads.inspection import LESS_CONFINED, Inspection
from services.models.uploads.manage import Sent
from services.models.uploads.versions import VersionView
from services.users.actor import Actor
from tests.integration.models.uploads.conftest import UploadShop, open_shop
from tests.support.clock import FakeClock
from tests.support.uploads import linear, sorts

SHOP = Actor.system()


@pytest.fixture
async def shop(sqlite_url: str, clock: FakeClock, tmp_path: Path) -> AsyncIterator[UploadShop]:
    database = Database(sqlite_url)
    yield open_shop(database, clock, tmp_path)
    await database.close()


async def test_who_looks_is_told_that_nothing_was_confined(shop: UploadShop) -> None:
    read = await _read_by(shop, "unconfined", linear())
    assert read.status is VersionStatus.CHECKED, read.report
    assert read.report["notes"][:2] == [*LESS_CONFINED.values()]


async def test_links_are_not_followed(shop: UploadShop, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    theirs = tmp_path / "of-the-shop"
    theirs.write_text("secret")
    read = await _read_by(shop, "linking", sorts())
    assert read.status is VersionStatus.CHECKED, read.report
    assert theirs.read_text() == "secret"


async def test_a_name_that_cannot_be_kept_is_told_in_a_sentence(shop: UploadShop) -> None:
    read = await _read_by(shop, "garbling", sorts())
    assert read.status is VersionStatus.REFUSED
    problem = {"problem": "a name in it has a character that cannot be kept", "fix": "Write the names anew"}
    assert read.report == problem


async def _read_by(shop: UploadShop, program: str, content: bytes) -> VersionView:
    sent = await shop.uploads.receive(Sent(name="model.onnx", content=content), actor=SHOP)
    inspection = Inspection(program=f"tests.support.readers.{program}")
    await replace(shop.checks, inspection=inspection).look()
    return (await shop.uploads.card(sent.id)).version
