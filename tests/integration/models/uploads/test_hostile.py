"""Files that are sent to hurt a shop, or by mistake: each is refused with a sentence, and the shop goes on."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from db.engine import Database
from db.tables.models import VersionStatus
from services.models.uploads.manage import Sent
from services.users.actor import Actor
from tests.integration.models.uploads.conftest import UploadShop, open_shop
from tests.support.clock import FakeClock
from tests.support.uploads import HOSTILE, linear


@pytest.fixture
async def shop(sqlite_url: str, clock: FakeClock, tmp_path: Path) -> AsyncIterator[UploadShop]:
    """On one database: what is refused does not depend on it."""
    database = Database(sqlite_url)
    yield open_shop(database, clock, tmp_path)
    await database.close()


@pytest.mark.parametrize("kind", HOSTILE)
async def test_it_is_refused_in_a_sentence(shop: UploadShop, kind: str) -> None:
    make, sentence = HOSTILE[kind]
    sent = await shop.uploads.receive(Sent(name="model.onnx", content=make()), actor=Actor.system())
    await shop.within(8).look()
    refused = (await shop.uploads.card(sent.id)).version
    assert refused.status is VersionStatus.REFUSED, refused.report
    assert sentence in refused.report["problem"]
    assert refused.report["fix"]


async def test_the_next_file_is_looked_at_as_ever(shop: UploadShop) -> None:
    await shop.checked(b"PK\x03\x04", "bad.onnx")
    assert (await shop.checked(linear(), "good.onnx")).status is VersionStatus.CHECKED
