"""A next version beside the one on sale: what its owner is told, and workers that die meanwhile."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from db.base import JsonObject, table_of
from db.engine import Database
from db.tables.models import ComparisonStatus, VersionStatus
from db.tables.outbox import OutboxKind, OutboxMessage
from db.tables.predictions import Prediction, PredictionStatus
from i18n.comparisons import comparison_lines
from i18n.translator import Catalogues
from services.files.files import Files
from services.models.uploads import comparisons
from services.models.uploads.changes import LABELS, NotNow
from services.models.uploads.comparison_worker import ATTEMPTS, ComparisonWorker
from services.models.uploads.comparisons import Comparison
from services.models.uploads.versions import VersionView
from services.users.actor import Actor
from tests.integration.models.uploads.conftest import UploadShop, open_shop
from tests.support.clock import START, FakeClock
from tests.support.shop import add_user
from tests.support.uploads import linear, sorts

SHOP = Actor.system()


def worker(shop: UploadShop) -> ComparisonWorker:
    return ComparisonWorker(
        db=shop.db,
        shelf=shop.shelf,
        files=Files(shop.db, shop.store, shop.clock),
        clock=shop.clock,
        on_compared=lambda: shop.told.append("compared"),
    )


async def beside(shop: UploadShop, version: VersionView) -> Comparison:
    compared = (await shop.uploads.card(version.id)).compared
    assert compared is not None
    return compared


async def test_the_example_and_the_latest_inputs_are_asked(shop: UploadShop) -> None:
    first = await shop.on_sale(linear())
    other_form = {"rooms": 3.0}  # of before: the version on sale refuses it itself
    await shop.db.write(_bought, first.slug, [*({"metres": float(number)} for number in range(25)), other_form])
    second = await shop.checked(linear(11.0), "next.onnx", slug=first.slug)
    assert (await beside(shop, second)).status is ComparisonStatus.QUEUED
    await worker(shop).look()
    report = (await beside(shop, second)).report
    assert (report["asked"], report["same"], report["refused"]) == (20, 0, [])
    assert report["largest"] == {"output": "roubles", "before": 3.0, "after": 13.0}
    assert all(each >= 1 for each in report["milliseconds"])
    assert shop.told.count("compared") == 1


async def test_a_little_slower_is_chance(shop: UploadShop) -> None:
    first = await shop.on_sale(linear())
    second = await shop.checked(linear(12.0), "next.onnx", slug=first.slug)
    await worker(shop).look()
    done, manifest = await beside(shop, second), await shop.uploads.manifest(second)
    assert manifest is not None
    tr = Catalogues()["en"]
    cases = (((1, 3), False), ((30, 55), False), ((1, 40), True))
    for took, expected in cases:
        lines = comparison_lines(replace(done, report={**done.report, "milliseconds": list(took)}), manifest, tr)
        assert any(line.startswith("An answer takes") for line in lines) is expected


async def test_what_the_next_one_refuses(shop: UploadShop) -> None:
    first = await shop.on_sale(linear())
    other = await shop.checked(sorts(), "other.onnx", slug=first.slug)
    await worker(shop).look()
    report = (await beside(shop, other)).report
    assert not report["shared"]
    assert [refused["input"] for refused in report["refused"]] == ["flower_1"]


async def test_a_worker_that_dies_is_followed_by_another(shop: UploadShop) -> None:
    first = await shop.on_sale(linear())
    second = await shop.checked(linear(2.0), "next.onnx", slug=first.slug)
    for number in range(ATTEMPTS):
        assert await _claimed(shop, f"dead-{number}") is not None
        assert await _claimed(shop, "beside it") is None
        shop.clock.advance(minutes=1)
    late = await beside(shop, second)
    nothing: JsonObject = {}
    assert not await shop.db.write(
        comparisons.settle, late, ComparisonStatus.DONE, nothing, holder="dead-0", now=shop.clock()
    )
    await worker(shop).look()
    compared = await beside(shop, second)
    assert compared.status is ComparisonStatus.FAILED
    await shop.uploads.compare(second.id, actor=SHOP)
    await worker(shop).look()
    assert (await beside(shop, second)).status is ComparisonStatus.DONE


async def test_there_and_back_and_there_again(shop: UploadShop) -> None:
    first = await shop.on_sale(linear())
    second = await shop.checked(linear(2.0), "next.onnx", slug=first.slug)
    for sold, other in ((second, first), (first, second), (second, first)):
        await shop.uploads.publish(sold.id, actor=SHOP)
        card = await shop.uploads.card(sold.id)
        assert card.before is not None
        assert (card.version.status, card.before.id) == (VersionStatus.PUBLISHED, other.id)
        assert await shop.version_sold(first.slug) == str(sold.number)


async def test_nothing_to_be_compared_with(shop: UploadShop) -> None:
    draft = await shop.checked(linear())
    assert (await shop.uploads.card(draft.id)).compared is None
    with pytest.raises(NotNow):
        await shop.uploads.compare(draft.id, actor=SHOP)


async def _claimed(shop: UploadShop, holder: str) -> Comparison | None:
    now = shop.clock()
    return await shop.db.write(comparisons.claim, holder=holder, now=now, until=now + timedelta(seconds=30))


def _bought(session: Session, slug: str, inputs: list[JsonObject]) -> None:
    user_id = add_user(session)
    rows = [
        {
            "id": uuid4(),
            "user_id": user_id,
            "model_slug": slug,
            "model_version": "1",
            "request_key": uuid4().hex,
            "inputs": each,
            "price": 0,
            "status": PredictionStatus.SUCCEEDED,
            "available_at": START,
            "created_at": START + timedelta(seconds=number),
        }
        for number, each in enumerate(inputs)
    ]
    session.execute(insert(table_of(Prediction)), rows)


async def test_whoever_asked_hears_of_it(database: Database, clock: FakeClock, tmp_path: Path) -> None:
    """One sends a file, another names its answers: both the check and the comparison that follows are the other's."""
    shop = open_shop(database, clock, tmp_path, owners=(1, 2))
    sender, other = [await database.write(_owner, number) for number in (1, 2)]
    first = await shop.on_sale(sorts())
    second = await shop.checked(sorts(1.0), "next.onnx", slug=first.slug, actor=Actor(sender))
    await worker(shop).look()
    assert await told(shop) == [(OutboxKind.UPLOAD_CHECKED, sender), (OutboxKind.UPLOAD_COMPARED, sender)]
    clock.advance(minutes=1)
    await shop.uploads.set_names(second.id, LABELS, "red\ngreen\nblue", actor=Actor(other))
    assert (await shop.uploads.card(second.id)).version.told_to == other
    await shop.checks.look()
    await worker(shop).look()
    assert (await told(shop))[2:] == [(OutboxKind.UPLOAD_CHECKED, other), (OutboxKind.UPLOAD_COMPARED, other)]
    assert (await shop.uploads.card(second.id)).version.told_to == sender
    clock.advance(minutes=1)
    await shop.uploads.compare(second.id, actor=Actor(other))
    await shop.uploads.compare(second.id, actor=Actor(sender))
    await worker(shop).look()
    assert (await told(shop))[4:] == [(OutboxKind.UPLOAD_COMPARED, sender)]


async def told(shop: UploadShop) -> list[tuple[str, int]]:
    outbox = table_of(OutboxMessage)
    query = select(outbox.c.kind, outbox.c.user_id).order_by(outbox.c.id)
    return [(row.kind, row.user_id) for row in await shop.db.read(lambda session: session.execute(query).all())]


def _owner(session: Session, number: int) -> int:
    return add_user(session, telegram_id=number)
