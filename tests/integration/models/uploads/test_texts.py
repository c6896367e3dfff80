"""What customers read of an uploaded model is written by its owner, at any time."""

import pytest
from sqlalchemy import select

from db.base import table_of
from db.tables.models import Model, VersionStatus
from services.models.uploads.changes import LABELS, NotNow
from services.models.uploads.texts import BadShownText, OtherCount
from services.models.uploads.versions import VersionView
from services.models.uploads.wording import TextGone
from services.users.actor import Actor
from services.users.roles import NotAllowed
from tests.integration.models.uploads.conftest import UploadShop
from tests.support.uploads import linear, sorts

SHOP = Actor.system()


async def sold_with_classes(shop: UploadShop) -> VersionView:
    view = await shop.checked(sorts(), "sort.onnx")
    await shop.uploads.set_names(view.id, LABELS, "first\nsecond\nthird", actor=SHOP)
    await shop.checks.look()
    for language in ("ru", "en"):
        await shop.uploads.set_title(view.id, language, "Sort", actor=SHOP)
    await shop.uploads.set_price(view.id, 100, actor=SHOP)
    return await shop.uploads.publish(view.id, actor=SHOP)


async def test_words_of_a_model_on_sale(shop: UploadShop) -> None:
    view = await shop.on_sale(linear())
    shop.told.clear()
    given: dict[str, dict[str, str] | str] = {
        "title": {"ru": "Аренда", "en": "Renting"},
        "icon": "🏠",
        "category": {"ru": "Дом", "en": "Home"},
        "description": {"ru": "Сколько стоит\nквартира"},
        "inputs.metres.label": {"ru": "Площадь", "en": "Area"},
        "inputs.metres.help": {"ru": "в метрах", "en": "in metres"},
        "outputs.roubles.label": {"ru": "Рублей"},
    }
    changed = await shop.texts.change(view.id, given, actor=SHOP)
    assert shop.told == ["published"]
    assert changed.status is VersionStatus.PUBLISHED
    await shop.models.read_uploads()
    manifest = (await shop.models.offer("rent")).manifest
    assert (manifest.icon, manifest.title.pick("en"), manifest.description and manifest.description.pick("ru")) == (
        "🏠",
        "Renting",
        "Сколько стоит\nквартира",
    )
    question, answer = manifest.inputs[0], manifest.outputs[0]
    assert (question.label.pick("ru"), question.help and question.help.pick("en")) == ("Площадь", "in metres")
    assert (answer.label.pick("ru"), answer.label.pick("en")) == ("Рублей", "Roubles")
    rows = table_of(Model)
    kept = await shop.db.read(lambda session: session.execute(select(rows.c.manifest)).scalar_one())
    assert kept["title"] == {"ru": "Аренда", "en": "Renting"}
    removed = await shop.texts.change(view.id, {"description": {"ru": "", "en": ""}}, actor=SHOP)
    assert removed.texts["description"] is None
    await shop.models.read_uploads()
    assert (await shop.models.offer("rent")).manifest.description is None


async def test_a_next_version_has_them_and_names_given_anew_take_their_place(shop: UploadShop) -> None:
    first = await sold_with_classes(shop)
    words = {"outputs.kind.classes": "ru;en\nроза;rose\nтюльпан;tulip\nмак;poppy", "icon": "🌷"}
    await shop.texts.change(first.id, words, actor=SHOP)
    second = await shop.checked(sorts(0.5), "other.onnx", slug="sort")
    texts = {each.key: each for each in (await shop.texts.of(second.id)).texts}
    assert (texts["outputs.kind.classes"].values or {})["first"] == {"ru": "роза", "en": "rose"}
    await shop.uploads.set_names(second.id, LABELS, "one\ntwo\nthree", actor=SHOP)
    await shop.checks.look()
    again = await shop.texts.of(second.id)
    assert again.version.texts == {"icon": "🌷"}
    await shop.texts.change(second.id, {"outputs.kind.classes": "a\nb\nc"}, actor=SHOP)
    manifest = (await shop.uploads.shelved((await shop.uploads.card(second.id)).version)).manifest
    assert [each.label.pick("en") for each in manifest.outputs[0].classes] == ["a", "b", "c"]  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("key", "said"),
    [
        ("title", ""),
        ("title", "x" * 61),
        ("title", "two\nlines"),
        ("icon", ""),
        ("icon", "not an emoji at all"),
        ("description", "x" * 601),
        ("description", "\x00"),
        ("inputs.metres.label", "\u200b"),
    ],
)
async def test_what_cannot_be_written(shop: UploadShop, key: str, said: str) -> None:
    view = await shop.on_sale(linear())
    with pytest.raises(BadShownText) as refused:
        await shop.texts.change(view.id, {key: said, "category": "Home"}, actor=SHOP)
    assert refused.value.key == key
    assert (await shop.uploads.card(view.id)).version.texts == {}


async def test_who_and_what_may_not(shop: UploadShop) -> None:
    view = await sold_with_classes(shop)
    with pytest.raises(OtherCount):
        await shop.texts.change(view.id, {"outputs.kind.classes": "a\nb"}, actor=SHOP)
    with pytest.raises(TextGone):
        await shop.texts.change(view.id, {"outputs.other.label": "a"}, actor=SHOP)
    with pytest.raises(NotAllowed):
        await shop.texts.change(view.id, {"icon": "🌷"}, actor=Actor(10_000))
    refused = await shop.checked(b"PK\x03\x04", "zip.onnx")
    with pytest.raises(NotNow):
        await shop.texts.of(refused.id)
