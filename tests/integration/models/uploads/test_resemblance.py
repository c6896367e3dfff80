"""A file that came as a new model may be the next version of one on sale."""

import pytest

from db.tables.models import VersionStatus
from services.models.uploads.changes import FEATURES, NotNow
from services.models.uploads.manage import Sent
from services.users.actor import Actor
from tests.integration.models.uploads.conftest import UploadShop
from tests.support.uploads import linear, sorts

SHOP = Actor.system()


async def test_a_file_of_the_same_questions_joins_the_model(shop: UploadShop) -> None:
    sold = await shop.on_sale(linear(1))
    await shop.texts.change(sold.id, {"icon": "🏠"}, actor=SHOP)
    view = await shop.checked(linear(2), "newer.onnx")
    assert [each.slug for each in (await shop.uploads.card(view.id)).resembled] == ["rent"]
    joined = await shop.uploads.join(view.id, "rent", actor=SHOP)
    assert (joined.slug, joined.number, joined.title, joined.texts) == ("rent", 2, sold.title, {"icon": "🏠"})
    card = await shop.uploads.card(view.id)
    assert (card.resembled, card.missing, card.compared is not None) == ([], [], True)
    await shop.uploads.publish(view.id, actor=SHOP)
    assert await shop.version_sold("rent") == "2"
    with pytest.raises(NotNow):
        await shop.uploads.join(view.id, "rent", actor=SHOP)


async def test_names_that_were_given_are_given_to_it(shop: UploadShop) -> None:
    first = await shop.checked(linear(1))
    await shop.uploads.set_names(first.id, FEATURES, "Area", actor=SHOP)
    await shop.checks.look()
    for language in ("ru", "en"):
        await shop.uploads.set_title(first.id, language, "Rent", actor=SHOP)
    await shop.uploads.set_price(first.id, 100, actor=SHOP)
    await shop.uploads.publish(first.id, actor=SHOP)
    view = await shop.checked(linear(2), "newer.onnx")
    joined = await shop.uploads.join(view.id, "rent", actor=SHOP)
    assert joined.status is VersionStatus.RECEIVED
    await shop.checks.look()
    checked = (await shop.uploads.card(view.id)).version
    assert [str(each.label) for each in (await shop.uploads.shelved(checked)).manifest.inputs] == ["Area"]


async def test_a_model_of_its_own(shop: UploadShop) -> None:
    await shop.on_sale(linear(1))
    view = await shop.checked(linear(2), "newer.onnx")
    await shop.uploads.keep_apart(view.id, actor=SHOP)
    assert (await shop.uploads.card(view.id)).resembled == []
    with pytest.raises(NotNow):
        await shop.uploads.join(view.id, "rent", actor=SHOP)
    other = await shop.checked(sorts(), "sorts.onnx")
    named = await shop.checked(sorts(0.5), "rent.onnx")
    said = await shop.uploads.receive(Sent(name="x.onnx", content=linear(3), apart=True), actor=SHOP)
    await shop.checks.look()
    cards = [await shop.uploads.card(each.id) for each in (other, named, said)]
    assert [[each.slug for each in card.resembled] for card in cards] == [[], ["rent"], []]
