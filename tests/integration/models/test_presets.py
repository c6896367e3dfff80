"""From `presets.toml` to the gallery: what an admin has changed stays, what was sold is kept."""

import asyncio
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert, select, update

from db.base import AnyRow, table_of
from db.engine import Database
from db.tables.models import Model, Preset
from services.models.offers import Models, Offer
from services.models.preset_rules import PresetNotFound
from services.models.presets import PresetCategory, Presets
from tests.support.clock import FakeClock
from tests.support.files import files_of
from tests.unit.models.runs import STORE

_presets = table_of(Preset)
HEAVY = {"ru": "Крепкие", "en": "Strong"}
TWO = """
[[presets]]
slug = "strong-wine"
name = { ru = "Крепкое", en = "Strong" }
category = { ru = "Крепкие", en = "Strong" }
icon = "🍷"
price = "3.50"
order = 20
sample = "strong.jpg"
inputs = { alcohol = 14.5, magnesium = 100 }

[[presets]]
slug = "light-wine"
name = { ru = "Лёгкое", en = "Light" }
category = { ru = "Лёгкие", en = "Light" }
order = 10
inputs = { alcohol = 11 }
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Gallery:
    db: Database
    models: Models
    presets: Presets
    folder: Path

    async def reads(self, text: str | None) -> list[str]:
        """The shop starts with this file; what is told to owners."""
        file = self.folder / "wine" / "presets.toml"
        if text is None:
            file.unlink()
        else:
            file.write_text(text, encoding="utf-8")
        return [problem.text for problem in await self.models.sync()]

    async def slugs(self, category: str | None = None, *, every: bool = False) -> list[str]:
        page = await self.presets.page(category, every=every)
        return [view.slug for view in page.items]

    async def row(self, slug: str) -> AnyRow:
        return await self.db.read(lambda session: session.execute(select(_presets).filter_by(slug=slug)).one())

    async def change(self, slug: str, **values: Any) -> None:  # Any: columns
        statement = update(_presets).where(_presets.c.slug == slug).values(**values)
        await self.db.write(lambda session: session.execute(statement) and None)

    async def offer(self, slug: str) -> Offer:
        return await self.models.offer(slug)


@pytest.fixture
def gallery(database: Database, clock: FakeClock, tmp_path: Path) -> Gallery:
    shutil.copytree(STORE / "wine", tmp_path / "wine")
    models = Models(database, clock, tmp_path)
    return Gallery(
        db=database, models=models, presets=Presets(database, files_of(database, clock), models.folder), folder=tmp_path
    )


async def test_a_file_becomes_a_gallery(gallery: Gallery) -> None:
    (gallery.folder / "wine" / "strong.jpg").write_bytes(b"a picture")
    assert await gallery.reads(TWO) == []
    light, strong = await gallery.presets.categories()
    assert light == PresetCategory(key=light.key, title={"ru": "Лёгкие", "en": "Light"}, count=1)
    assert (strong.title, strong.count) == (HEAVY, 1)
    assert await gallery.slugs() == ["light-wine", "strong-wine"]
    assert await gallery.slugs(strong.key) == ["strong-wine"]
    assert await gallery.slugs("nonsense") == []
    assert await gallery.presets.sample("strong-wine") == b"a picture"
    assert await gallery.presets.sample("light-wine") is None
    view = await gallery.presets.get("strong-wine")
    assert (view.price, view.icon, view.title["ru"], view.sold) == (350, "🍷", "Крепкое", True)
    assert view.inputs == {"alcohol": 14.5, "magnesium": 100.0}
    with pytest.raises(PresetNotFound):
        await gallery.presets.sample("none")


async def test_it_is_sold_as_its_model_with_answers(gallery: Gallery) -> None:
    await gallery.reads(TWO)
    strong, light = await gallery.offer("strong-wine"), await gallery.offer("light-wine")
    assert (strong.manifest.slug, strong.price, strong.category) == ("wine", 350, HEAVY)
    assert (light.price, light.preset_inputs) == (strong.manifest.price_hundredths, {"alcohol": 11.0})


async def test_what_an_admin_changed_stays(gallery: Gallery) -> None:
    await gallery.reads(TWO)
    await gallery.change("strong-wine", price=900, edited=True)
    await gallery.reads(TWO.replace("3.50", "4.50").replace("Лёгкое", "Совсем лёгкое"))
    assert (await gallery.offer("strong-wine")).price == 900
    assert (await gallery.presets.get("light-wine")).title["ru"] == "Совсем лёгкое"


async def test_what_left_the_file_is_off_and_comes_back(gallery: Gallery) -> None:
    await gallery.reads(TWO)
    await gallery.reads(TWO.partition('[[presets]]\nslug = "light')[0])
    assert await gallery.slugs() == ["strong-wine"]
    row = await gallery.row("light-wine")
    assert (row.enabled, row.from_file) == (False, False)
    await gallery.reads(None)
    assert await gallery.slugs() == []
    assert await gallery.slugs(every=True) == ["light-wine", "strong-wine"]
    await gallery.reads(TWO)
    assert await gallery.slugs() == ["light-wine", "strong-wine"]


async def test_what_the_shop_made_itself_is_no_matter_of_the_file(gallery: Gallery) -> None:
    await gallery.reads(TWO)
    own = dict((await gallery.row("light-wine"))._mapping) | {
        "id": 99,
        "slug": "own",
        "from_file": False,
        "edited": True,
    }
    await gallery.db.write(lambda session: session.execute(insert(_presets), own) and None)
    await gallery.reads(None)
    assert await gallery.slugs() == ["own"]


async def test_a_broken_file_takes_nothing_off(gallery: Gallery) -> None:
    await gallery.reads(TWO)
    (told,) = await gallery.reads(TWO.replace("alcohol = 11", "alcohol = 500"))
    assert told.endswith(
        'presets.toml: presets.light-wine.inputs.alcohol: is nothing that the model "wine" takes. Its inputs: '
        + ", ".join(field.name for field in (await gallery.offer("wine")).manifest.inputs)
    )
    assert await gallery.slugs() == ["light-wine", "strong-wine"]
    assert (await gallery.offer("wine")).slug == "wine"


async def test_a_file_that_no_database_takes_keeps_no_shop_closed(gallery: Gallery) -> None:
    await gallery.reads(TWO)
    (told,) = await gallery.reads(TWO + 'prompt = "a\\u0000b"\n')
    assert "has a character that cannot be stored" in told
    assert await gallery.slugs() == ["light-wine", "strong-wine"]


async def test_a_model_that_is_off_takes_its_presets_along(gallery: Gallery) -> None:
    await gallery.reads(TWO)
    off = update(table_of(Model)).values(admin_enabled=False)
    await gallery.db.write(lambda session: session.execute(off) and None)
    assert await gallery.slugs() == []
    assert await gallery.presets.categories() == []
    assert len(await gallery.slugs(every=True)) == 2


async def test_processes_that_start_at_once(gallery: Gallery, clock: FakeClock) -> None:
    (gallery.folder / "wine" / "presets.toml").write_text(TWO, encoding="utf-8")
    others = [Models(gallery.db, clock, gallery.folder) for _ in range(4)]
    assert await asyncio.gather(*(models.sync() for models in others)) == [[]] * 4
    assert await gallery.slugs() == ["light-wine", "strong-wine"]


async def test_pages(gallery: Gallery) -> None:
    one = '[[presets]]\nslug = "w{n}"\nname = "W{n}"\ncategory = "All"\norder = {n}\n'
    await gallery.reads("".join(one.format(n=n) for n in range(10, 30)))
    page = await gallery.presets.page(page=2, size=8)
    assert (page.page, page.pages, [view.slug for view in page.items]) == (2, 3, ["w26", "w27", "w28", "w29"])
    assert [each.count for each in await gallery.presets.categories()] == [20]


async def test_two_models_do_not_share_a_preset(gallery: Gallery) -> None:
    """Which of them it is of cannot be told; all else is sold."""
    shutil.copytree(STORE / "digit", gallery.folder / "digit")
    other = '[[presets]]\nslug = "light-wine"\nname = { ru = "Цифра", en = "Digit" }\n'
    (gallery.folder / "digit" / "presets.toml").write_text(other, encoding="utf-8")
    (told,) = await gallery.reads(TWO)
    assert told.endswith('presets.light-wine.slug: is a preset of "digit" already. Give it another')
    assert {offer.slug for offer in await gallery.models.offers()} >= {"digit", "wine", "light-wine"}


async def test_a_slug_that_another_models_style_holds_is_told(gallery: Gallery) -> None:
    """It may have been imported for that one."""
    await gallery.reads(TWO)
    shutil.copytree(STORE / "digit", gallery.folder / "digit")
    await gallery.models.sync()
    await gallery.change("strong-wine", model_slug="digit")
    told = await gallery.reads(TWO)
    assert told == ['presets.toml: presets.strong-wine: a style of the model "digit" has this slug, so it is not sold']
