"""What owners do to styles: they alone, written down, and no file takes it back."""

from pathlib import Path

import pytest
from sqlalchemy import update

from db.base import table_of
from db.tables.predictions import Prediction
from db.tables.users import AuditEntry
from services.inference.runtimes.chat.spec import ChatSpec
from services.manifests.runtime import SPECS
from services.models.manage import ModelNotFound
from services.models.offers import Models
from services.models.preset_manage import NewPreset, PresetManagement
from services.models.preset_rules import BadPreset, NoPrompt, PresetInUse, PresetNotFound
from services.models.presets import Presets
from services.users.actor import Actor
from services.users.roles import NotAllowed, Staff
from tests.conversations.test_talking import place_oracle
from tests.support.files import files_of
from tests.support.shop import add_prediction
from tests.unit.models.runs import STORE

from .conftest import ADMIN, OWNER, AdminServices

BOSS = Actor(OWNER)
STRONG = NewPreset(
    model_slug="wine",
    title={"ru": " Крепкое ", "en": "Strong"},
    category={"ru": "Вина", "en": "Wines"},
    price=350,
    inputs={"alcohol": 14.5},
)


@pytest.fixture
async def styles(services: AdminServices, tmp_path: Path) -> PresetManagement:
    for slug in ("wine", "painter"):
        (tmp_path / slug).symlink_to(STORE / slug, target_is_directory=True)
    place_oracle(tmp_path, "http://openai.example/v1")
    models = Models(services.db, services.clock, tmp_path, {**SPECS, "chat": ChatSpec})
    await models.sync()
    return PresetManagement(services.db, services.clock, Staff((OWNER,)), models, files_of(services.db, services.clock))


@pytest.fixture
def gallery(services: AdminServices) -> Presets:
    return Presets(services.db, files_of(services.db, services.clock), lambda slug: Path("nowhere"))


async def test_made_and_changed(services: AdminServices, styles: PresetManagement) -> None:
    made = await styles.create(STRONG, actor=BOSS)
    assert (made.title, made.price, made.sold, made.from_file) == ({"ru": "Крепкое", "en": "Strong"}, 350, True, False)
    assert made.slug.startswith("strong-")
    slug = made.slug
    await styles.rename(slug, {"ru": "Очень крепкое", "en": "Very strong"}, actor=BOSS)
    await styles.set_icon(slug, "🍷", actor=BOSS)
    await styles.set_price(slug, None, actor=BOSS)
    await styles.set_price(slug, None, actor=BOSS)  # nothing new
    with pytest.raises(NoPrompt):
        await styles.set_prompt(slug, "  as in a dream ", actor=BOSS)
    await styles.set_category(slug, None, actor=BOSS)
    await styles.set_inputs(slug, {"alcohol": 15}, actor=BOSS)
    view = await styles.enable(slug, enabled=False, actor=BOSS)
    assert (view.title["en"], view.icon, view.own_price, view.prompt) == ("Very strong", "🍷", None, None)
    assert (view.category, view.inputs, view.enabled, view.sold) == (None, {"alcohol": 15.0}, False, False)
    rows = [row for row in await services.rows(AuditEntry) if row.action.startswith("preset.")]
    assert [row.action for row in rows] == ["preset.create", *["preset.edit"] * 5, "preset.disable"]
    assert {(row.subject, row.actor_user_id) for row in rows} == {(slug, OWNER)}
    assert (rows[3].before, rows[3].after) == ({"price": 350}, {"price": None})


async def test_a_sample(services: AdminServices, styles: PresetManagement, gallery: Presets) -> None:
    slug = (await styles.create(STRONG, actor=BOSS)).slug
    assert (await styles.set_sample(slug, b"picture", "image/jpeg", actor=BOSS)).has_sample
    assert await gallery.sample(slug) == b"picture"
    await styles.set_sample(slug, None, "", actor=BOSS)
    assert await gallery.sample(slug) is None


async def test_order_inside_a_category(services: AdminServices, styles: PresetManagement) -> None:
    one, two, three = [(await styles.create(STRONG, actor=BOSS)).slug for _ in range(3)]
    assert [view.slug for view in await styles.move(three, places=-1, actor=BOSS)] == [one, three, two]
    assert [view.slug for view in await styles.move(one, places=9, actor=BOSS)] == [three, two, one]
    moves = [row for row in await services.rows(AuditEntry) if row.action == "preset.move"]
    assert [(row.subject, row.before, row.after) for row in moves] == [
        (three, {"place": 3}, {"place": 2}),
        (one, {"place": 1}, {"place": 3}),
    ]


async def test_only_what_was_never_sold_is_deleted(services: AdminServices, styles: PresetManagement) -> None:
    sold, unused = [await styles.create(STRONG, actor=BOSS) for _ in range(2)]
    prediction = await services.db.write(add_prediction, user_id=services.anna, price=350)
    predictions = table_of(Prediction)
    bought = update(predictions).where(predictions.c.id == prediction).values(preset_id=sold.id)
    await services.db.write(lambda session: session.execute(bought) and None)
    with pytest.raises(PresetInUse):
        await styles.delete(sold.slug, actor=BOSS)
    await styles.delete(unused.slug, actor=BOSS)
    with pytest.raises(PresetNotFound):
        await styles.delete(unused.slug, actor=BOSS)
    assert (await services.audit_log())[-1] == "preset.delete"


async def test_owners_alone(styles: PresetManagement) -> None:
    slug = (await styles.create(STRONG, actor=BOSS)).slug
    admin = Actor(ADMIN)
    for act in (
        styles.create(STRONG, actor=admin),
        styles.rename(slug, STRONG.title, actor=admin),
        styles.set_sample(slug, b"x", "image/png", actor=admin),
        styles.enable(slug, enabled=False, actor=admin),
        styles.move(slug, places=1, actor=admin),
        styles.delete(slug, actor=admin),
    ):
        with pytest.raises(NotAllowed):
            await act


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        (NewPreset(model_slug="wine", title={"en": "Only English"}), "title"),
        (NewPreset(model_slug="wine", title={"ru": "a\nb", "en": "b"}), "title"),
        (NewPreset(model_slug="wine", title=STRONG.title, category={"ru": "", "en": ""}), "category"),
        (NewPreset(model_slug="wine", title=STRONG.title, icon="🍷" * 17), "icon"),
        (NewPreset(model_slug="wine", title=STRONG.title, price=-1), "price"),
        (NewPreset(model_slug="oracle", title=STRONG.title, prompt="a" * 4001), "prompt"),
        (NewPreset(model_slug="wine", title=STRONG.title, inputs={"alcohol": 99.0}), "inputs.alcohol"),
    ],
)
async def test_what_cannot_be_sold(styles: PresetManagement, wrong: NewPreset, field: str) -> None:
    with pytest.raises(BadPreset) as caught:
        await styles.create(wrong, actor=BOSS)
    assert caught.value.field == field


async def test_a_persona_is_told_another_prompt(styles: PresetManagement) -> None:
    poet = NewPreset(model_slug="oracle", title=STRONG.title, prompt="You are a poet.")
    slug = (await styles.create(poet, actor=BOSS)).slug
    told = await styles.set_prompt(slug, " You are a cook. ", actor=BOSS)
    assert told.prompt == "You are a cook."
    with pytest.raises(BadPreset):
        await styles.set_prompt(slug, "a" * 4001, actor=BOSS)


async def test_of_a_model_that_is_not_there(styles: PresetManagement) -> None:
    with pytest.raises(ModelNotFound):
        await styles.create(NewPreset(model_slug="none", title=STRONG.title), actor=BOSS)
