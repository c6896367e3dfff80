"""From a file to a version on sale, to the next one and back."""

import asyncio
import os
import shutil
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from bot.wiring.inference import RUNTIMES
from db.base import table_of
from db.engine import Database
from db.tables.models import Model, VersionStatus
from db.tables.users import AuditEntry
from services.files.cleanup import FileCleanup
from services.files.folder import FolderStore
from services.files.scratch import PREFIX, scratch_folder
from services.files.store import StoreAway, key_of
from services.inference.engine import Engine
from services.models.offers import READ_AGAIN, SHADOWED, ModelNotOnSale, Models
from services.models.uploads import changes, claims, publishing
from services.models.uploads.changes import LABELS, NotNow
from services.models.uploads.checks import ATTEMPTS
from services.models.uploads.contents import VersionContents
from services.models.uploads.inspection import Inspection
from services.models.uploads.manage import BadNames, Sent
from services.models.uploads.publishing import NotAnswered
from services.models.uploads.receiving import AlreadyHere
from services.models.uploads.shelf import VersionShelf
from services.stuck import Stuck
from services.users.actor import Actor
from tests.integration.models.uploads.conftest import UploadShop
from tests.support.stores import STORE
from tests.support.uploads import linear, sorts

SHOP = Actor.system()


async def test_what_is_found(shop: UploadShop) -> None:
    view = await shop.checked(linear(), "Rent of flats (1).onnx")
    assert (view.slug, view.number, view.status) == ("rent-of-flats", 1, VersionStatus.CHECKED)
    assert view.report["outputs"] == {"roubles": 3.0}
    assert view.report["milliseconds"] >= 1
    manifest = (await shop.uploads.shelved(view)).manifest
    assert manifest.version == "1"
    assert getattr(manifest.runtime, "isolated", False)
    assert shop.told == ["checked"]


async def test_nothing_is_sold_before_its_name_and_price_are_told(shop: UploadShop) -> None:
    view = await shop.checked(linear())
    for part, tell in (
        ("ru", shop.uploads.set_title(view.id, "ru", "Аренда", actor=SHOP)),
        ("en", shop.uploads.set_title(view.id, "en", "Rent", actor=SHOP)),
        ("price", shop.uploads.set_price(view.id, 350, actor=SHOP)),
    ):
        with pytest.raises(NotAnswered) as missing:
            await shop.uploads.publish(view.id, actor=SHOP)
        assert missing.value.part == part
        await tell
    await shop.uploads.publish(view.id, actor=SHOP)
    await shop.models.read_uploads()
    offer = await shop.models.offer("rent")
    assert offer.price == 350
    assert offer.manifest.title.pick("ru") == "Аренда"


async def test_a_new_version_and_back(shop: UploadShop) -> None:
    first = await shop.on_sale(linear(1))
    assert await shop.version_sold("rent") == "1"
    second = await shop.on_sale(linear(2), slug="rent")
    assert second.title == first.title
    assert await shop.version_sold("rent") == "2"
    states = {each.number: each.status for each in await shop.uploads.versions("rent")}
    assert states == {2: VersionStatus.PUBLISHED, 1: VersionStatus.RETIRED}
    await shop.uploads.publish(first.id, actor=SHOP)
    assert await shop.version_sold("rent") == "1"
    assert (await shop.models.offer("rent")).price == 350


async def test_a_price_of_an_admin_stays_with_a_new_version(shop: UploadShop) -> None:
    await shop.on_sale(linear(1))
    models = table_of(Model)
    await shop.db.write(lambda session: session.execute(models.update().values(admin_price=900)) and None)
    await shop.on_sale(linear(2), slug="rent")
    await shop.models.read_uploads()
    assert (await shop.models.offer("rent")).price == 900


async def test_the_same_file_twice_is_one_version(shop: UploadShop) -> None:
    first = await shop.checked(linear())
    with pytest.raises(AlreadyHere) as known:
        await shop.uploads.receive(Sent(name="other.onnx", content=linear()), actor=SHOP)
    assert known.value.version.id == first.id
    await shop.uploads.discard(first.id, actor=SHOP)
    assert (await shop.checked(linear(), "other.onnx")).slug == "other"


async def test_two_owners_at_once(shop: UploadShop) -> None:
    """The same file is one version; two files of one name are two models."""
    same = [shop.uploads.receive(Sent(name="rent.onnx", content=linear()), actor=SHOP) for _ in range(2)]
    ended = await asyncio.gather(*same, return_exceptions=True)
    assert [type(each).__name__ for each in ended if isinstance(each, Exception)] == ["AlreadyHere"]
    others = [shop.uploads.receive(Sent(name="flat.onnx", content=linear(n)), actor=SHOP) for n in (2, 3)]
    assert sorted((each.slug, each.number) for each in await asyncio.gather(*others)) in (
        [("flat", 1), ("flat-2", 1)],
        [("flat", 1), ("flat", 2)],
    )


async def test_two_publish_at_once(shop: UploadShop) -> None:
    await shop.on_sale(linear(1))
    drafts = [await shop.checked(linear(bias), slug="rent") for bias in (2, 3)]
    await asyncio.gather(*(shop.uploads.publish(each.id, actor=SHOP) for each in drafts))
    published = [each for each in await shop.uploads.versions("rent") if each.status is VersionStatus.PUBLISHED]
    assert len(published) == 1


async def test_two_decide_at_once_in_two_processes(shop: UploadShop, database_url: str) -> None:
    """On sale, or discarded: never both, and whoever comes second is told."""
    other = Database(database_url)
    await shop.on_sale(linear(1))
    for bias in range(2, 8):
        draft = await shop.checked(linear(bias), slug="rent")
        view = await shop.db.read(publishing.to_publish, draft.id)
        manifest = (await shop.uploads.shelved(view)).manifest
        now = shop.clock()
        sold, gone = await asyncio.gather(
            shop.db.write(publishing.publish, view, manifest, actor=SHOP, now=now),
            other.write(changes.discard, draft.id, actor=SHOP, now=now),
            return_exceptions=True,
        )
        status = (await shop.uploads.card(draft.id)).version.status
        assert status is (VersionStatus.DISCARDED if isinstance(sold, NotNow) else VersionStatus.PUBLISHED)
        assert isinstance(gone, NotNow) is (status is VersionStatus.PUBLISHED)
    await other.close()


async def test_a_folder_of_the_same_slug_wins(shop: UploadShop) -> None:
    await shop.on_sale(linear(), "wine.onnx")
    shutil.copytree(STORE / "wine", shop.folders / "wine")
    problems = await shop.models.sync()
    assert [(each.slug, each.text) for each in problems] == [("wine", SHADOWED)]
    assert shop.models.folder("wine") == shop.folders / "wine"


async def test_a_folder_keeps_its_price_and_its_place_whatever_becomes_of_the_upload(shop: UploadShop) -> None:
    first = await shop.on_sale(linear(), "wine.onnx")
    shutil.copytree(STORE / "wine", shop.folders / "wine")
    await shop.models.sync()
    folders = (await shop.models.offer("wine")).price
    await shop.on_sale(linear(2), slug="wine")
    assert (await shop.models.offer("wine")).price == folders != first.price
    await shop.uploads.remove("wine", actor=SHOP)
    assert (await shop.models.offer("wine")).price == folders


async def test_names_of_answers_come_into_its_manifest(shop: UploadShop) -> None:
    view = await shop.checked(sorts(), "flowers.onnx")
    with pytest.raises(BadNames):
        await shop.uploads.set_names(view.id, LABELS, "", actor=SHOP)
    await shop.uploads.set_names(view.id, LABELS, "ru;en\nроза;rose\nтюльпан;tulip\nмак;poppy", actor=SHOP)
    await shop.checks.look()
    again = (await shop.uploads.card(view.id)).version
    assert again.status is VersionStatus.CHECKED, again.report
    output = (await shop.uploads.shelved(again)).manifest.outputs[0]
    assert [each.label.pick("ru") for each in output.classes] == ["роза", "тюльпан", "мак"]  # type: ignore[union-attr]


async def test_wrong_names_are_refused_and_may_be_told_anew(shop: UploadShop) -> None:
    view = await shop.checked(sorts(), "flowers.onnx")
    await shop.uploads.set_names(view.id, LABELS, "one\ntwo", actor=SHOP)
    await shop.checks.look()
    assert (await shop.uploads.card(view.id)).version.status is VersionStatus.REFUSED
    await shop.uploads.set_names(view.id, LABELS, "one\ntwo\nthree", actor=SHOP)
    await shop.checks.look()
    assert (await shop.uploads.card(view.id)).version.status is VersionStatus.CHECKED


async def test_a_removed_model_leaves_its_row_for_history(shop: UploadShop) -> None:
    await shop.on_sale(linear())
    await shop.models.sync()
    await shop.uploads.remove("rent", actor=SHOP)
    assert await shop.version_sold("rent") is None
    with pytest.raises(ModelNotOnSale):
        await shop.models.offer("rent")
    kept = shop.models.manifest("rent")  # what it answered is shown by it
    assert kept is not None
    assert kept.outputs[0].name == "roubles"
    models = table_of(Model)
    assert await shop.db.read(lambda session: session.scalars(select(models.c.present)).all()) == [False]


async def test_what_is_on_sale_is_not_discarded(shop: UploadShop) -> None:
    view = await shop.on_sale(linear())
    with pytest.raises(NotNow):
        await shop.uploads.discard(view.id, actor=SHOP)
    with pytest.raises(NotNow):
        await shop.uploads.set_price(view.id, 1, actor=SHOP)


async def test_contents_are_kept_while_somebody_may_want_them(shop: UploadShop) -> None:
    kept, gone = await shop.on_sale(linear(1)), await shop.checked(linear(2), "other.onnx")
    await shop.uploads.discard(gone.id, actor=SHOP)
    for file in shop.store.root.rglob("*"):
        os.utime(file, (0, 0))
    cleanup = FileCleanup(shop.db, shop.store, shop.clock, inputs_for=None, results_for=None)
    assert await cleanup.sweep() > 0
    for view, there in ((kept, True), (gone, False)):
        for stored in view.files.values():
            assert (await shop.store.get(key_of(stored.file)) is not None) is there
    shutil.rmtree(shop.shelf._root)  # another machine
    assert await shop.version_sold("rent") == "1"


async def test_a_changed_file_of_the_store_is_not_run(shop: UploadShop) -> None:
    view = await shop.on_sale(linear())
    shutil.rmtree(shop.shelf._root)
    await shop.store.put(key_of(view.files["model.onnx"].file), linear(7))
    assert await shop.version_sold("rent") is None
    assert [each.slug for each in shop.models.problems] == ["rent"]


async def test_a_worker_that_dies_is_followed_by_another(shop: UploadShop) -> None:
    view = await shop.uploads.receive(Sent(name="rent.onnx", content=linear()), actor=SHOP)
    now = shop.clock()
    taken = await shop.db.write(claims.claim, holder="dead", now=now, until=now + timedelta(seconds=30))
    assert taken is not None
    await shop.checks.look()
    assert (await shop.uploads.card(view.id)).version.status is VersionStatus.RECEIVED
    shop.clock.advance(seconds=31)
    await shop.checks.look()
    assert (await shop.uploads.card(view.id)).version.status is VersionStatus.CHECKED


async def test_a_file_that_ends_its_workers_is_given_up(shop: UploadShop) -> None:
    view = await shop.uploads.receive(Sent(name="rent.onnx", content=linear()), actor=SHOP)
    for _ in range(ATTEMPTS):
        now = shop.clock()
        await shop.db.write(claims.claim, holder="dead", now=now, until=now)
        shop.clock.advance(seconds=1)
    await shop.checks.look()
    assert (await shop.uploads.card(view.id)).version.status is VersionStatus.REFUSED


async def test_every_step_is_in_the_audit_log(shop: UploadShop) -> None:
    first = await shop.on_sale(linear(1))
    second = await shop.checked(linear(2), slug="rent")
    await shop.uploads.discard(second.id, actor=SHOP)
    await shop.uploads.remove(first.slug, actor=SHOP)
    entries = table_of(AuditEntry)
    actions = await shop.db.read(lambda session: session.scalars(select(entries.c.action).order_by(entries.c.id)).all())
    assert [each.removeprefix("upload.") for each in actions] == [
        *("receive", "check", "change", "change", "change", "publish"),
        *("receive", "check", "discard", "remove"),
    ]


@pytest.mark.parametrize("name", ["re\x00nt.onnx", "\ud83drent.onnx"])
async def test_a_name_that_no_database_keeps(shop: UploadShop, name: str) -> None:
    view = await shop.checked(linear(), name)
    assert (view.sent_name, view.status) == ("rent.onnx", VersionStatus.CHECKED)


class _StoreOfAnother(FolderStore):
    """As a machine sees it whose way there is cut."""

    away = True

    async def get(self, key: str) -> bytes | None:
        if self.away:
            raise StoreAway(problem="connection refused")
        return await super().get(key)


@pytest.mark.parametrize("works", [True, False])
async def test_a_machine_that_cannot_fetch_a_model_now_does_so_later(
    shop: UploadShop, tmp_path: Path, works: bool
) -> None:
    """`works`: it loads models, and says which are there."""
    await shop.on_sale(linear(1))
    store = _StoreOfAnother(shop.store.root)
    shelf = VersionShelf(shop.db, VersionContents(store), tmp_path / "elsewhere")
    models, engine = Models(shop.db, shop.clock, shop.folders, uploads=shelf), Engine(RUNTIMES, max_threads=1)
    (problem,) = await (models.sync(engine) if works else models.sync_new())
    assert (problem.slug, problem.passing) == ("rent", True)
    with pytest.raises(ModelNotOnSale):
        await models.offer("rent")
    store.away = False
    assert not models.is_to_be_read_again()
    shop.clock.advance(seconds=READ_AGAIN.total_seconds())
    assert models.is_to_be_read_again()
    assert not await (models.sync_uploads(engine) if works else models.read_uploads())
    assert not models.is_to_be_read_again()
    assert (await models.offer("rent")).manifest.version == "1"
    await shop.models.read_uploads()
    assert (await shop.models.offer("rent")).price == 350
    await engine.close()


async def test_what_a_killed_check_left_is_taken_away(shop: UploadShop, tmp_path: Path) -> None:
    """Nobody holds it any more; what another process works in stays."""
    place = tmp_path / "upload-checks"
    checks = replace(shop.checks, inspection=Inspection(place=place))
    left, not_ours = place / f"{PREFIX}left", place / "somebody's"
    for each in (left, not_ours):
        each.mkdir(parents=True)
        (each / "sent.onnx").write_bytes(linear())
    with scratch_folder(place) as held:
        left.mkdir()
        sent = await shop.uploads.receive(Sent(name="rent.onnx", content=linear()), actor=SHOP)
        await checks.look()
        assert (await shop.uploads.card(sent.id)).version.status is VersionStatus.CHECKED
        assert set(place.iterdir()) == {held, not_ours}
        await checks.inspection.tidy()


async def test_a_check_that_nobody_makes_is_told(shop: UploadShop) -> None:
    sent = await shop.uploads.receive(Sent(name="rent.onnx", content=linear()), actor=SHOP)
    shop.clock.advance(minutes=5)
    assert await shop.uploads.stuck() == Stuck()
    shop.clock.advance(minutes=1)
    assert await shop.uploads.stuck() == Stuck(count=1, longest=timedelta(minutes=6))
    now = shop.clock()
    assert await shop.db.write(claims.claim, holder="dead", now=now, until=now + timedelta(seconds=30)) is not None
    shop.clock.advance(minutes=6)
    assert (await shop.uploads.stuck()).count == 1
    await shop.checks.look()
    assert (await shop.uploads.card(sent.id)).version.status is VersionStatus.CHECKED
