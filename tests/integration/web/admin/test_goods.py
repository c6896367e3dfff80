"""Packages, models and styles on the web: each change once per role, twice at once, and on a stale page."""

import httpx
import pytest

from db.tables.users import Edge, Role
from services.audit_log.history import AuditFilter
from services.models.manage import ModelLine
from services.models.preset_manage import NewPreset
from services.payments.packages import PackageView
from services.predictions.submit import Order
from services.users.actor import Actor
from services.values.parse import example_value
from tests.integration.web.admin.conftest import EVIL, Office
from tests.support.comfyui import photo
from tests.support.forms import hidden_fields
from tests.support.waiting import until
from tests.support.web import browser

HUNDRED = {"ru": "Сто", "en": EVIL, "credits": "100", "price": "900", "days": "90"}


async def packages(office: Office) -> list[PackageView]:
    return await office.services.packages.all()


async def models(office: Office) -> list[ModelLine]:
    return list(await office.services.model_management.all())


async def test_a_package_is_made_once(office: Office, at_desk: httpx.AsyncClient) -> None:
    before = len(await packages(office))
    question = await at_desk.post("/admin/packages/new", data=HUNDRED)
    assert EVIL not in question.text
    statuses = [
        (await at_desk.post("/admin/packages/new", data=hidden_fields(question.text))).status_code for _ in range(2)
    ]
    assert statuses == [303, 409]
    made = (await packages(office))[before:]
    assert [(each.title["en"], each.credits, each.price.minor, each.valid_days) for each in made] == [
        (EVIL, 10000, 90000, 90)
    ]
    for place in ("/admin/packages", f"/admin/packages/{made[0].id}"):
        assert EVIL not in (await at_desk.get(place)).text


async def test_a_package_on_a_stale_page(office: Office, at_desk: httpx.AsyncClient) -> None:
    question = await at_desk.post("/admin/packages/new", data=HUNDRED | {"en": "Hundred"})
    await at_desk.post("/admin/packages/new", data=hidden_fields(question.text))
    package = (await packages(office))[-1]
    place = f"/admin/packages/{package.id}"
    was = hidden_fields((await at_desk.get(place)).text)
    typed = HUNDRED | {"en": "Hundred", "price": "950"}
    assert (await at_desk.post(place, data=was | typed)).headers["location"].endswith("done=saved")
    stale = await at_desk.post(place, data=was | typed | {"price": "1000"})
    assert stale.status_code == 422
    assert "950" in stale.text
    other = await at_desk.post(place, data=was | HUNDRED | {"en": "Hundred", "days": "0"})  # another part
    assert other.status_code == 303
    package = await office.services.packages.get(package.id)
    assert (package.price.minor, package.valid_days) == (95000, None)


async def test_packages_are_moved_and_switched(office: Office, at_desk: httpx.AsyncClient) -> None:
    for name in ("Первый", "Второй"):
        question = await at_desk.post("/admin/packages/new", data=HUNDRED | {"ru": name, "en": name})
        await at_desk.post("/admin/packages/new", data=hidden_fields(question.text))
    first, second = (await packages(office))[-2:]
    up = {"way": "up", "nonce": "0123456789ab"}
    for _ in range(2):  # two taps
        await at_desk.post(f"/admin/packages/{second.id}/move", data=up)
    assert [each.id for each in await packages(office)][-2:] == [second.id, first.id]
    await at_desk.post(f"/admin/packages/{first.id}/sale")
    await at_desk.post(f"/admin/packages/{first.id}/sale")
    assert not (await office.services.packages.get(first.id)).enabled
    await at_desk.post(f"/admin/packages/{first.id}/sale", data={"on": "yes"})
    assert (await office.services.packages.get(first.id)).enabled


async def test_a_models_price(own_office: Office, at_own_desk: httpx.AsyncClient) -> None:
    office, at_desk = own_office, at_own_desk
    line = (await models(office))[0]
    place = f"/admin/models/{line.slug}"
    was = hidden_fields((await at_desk.get(place)).text)["was"]
    question = await at_desk.post(f"{place}/price", data={"price": "7,25", "was": was})
    assert (await models(office))[0].price == line.price
    for _ in range(2):
        await at_desk.post(f"{place}/price", data=hidden_fields(question.text))
    assert (await models(office))[0].price == 725
    stale = await at_desk.post(f"{place}/price", data={"price": "8", "was": was})
    assert stale.status_code == 422
    assert "7,25" in stale.text
    wrong = await at_desk.post(f"{place}/price", data={"price": EVIL})
    assert wrong.status_code == 422
    assert EVIL not in wrong.text
    question = await at_desk.post(f"{place}/price", data={"authors": "yes"})
    await at_desk.post(f"{place}/price", data=hidden_fields(question.text))
    assert not (await models(office))[0].changed_price
    entries = (await office.services.audit_log.found(AuditFilter(edge=Edge.WEB))).items
    assert [entry.action for entry in entries] == ["model.price", "model.price"]


async def test_models_are_moved_switched_and_tried(office: Office, at_desk: httpx.AsyncClient) -> None:
    first, second = (await models(office))[:2]
    await at_desk.post(f"/admin/models/{second.slug}/move", data={"way": "up", "nonce": "0123456789ad"})
    assert [each.slug for each in await models(office)][:2] == [second.slug, first.slug]
    await at_desk.post(f"/admin/models/{first.slug}/sale")
    assert not (await office.services.model_management.get(first.slug)).enabled
    await at_desk.post(f"/admin/models/{first.slug}/sale", data={"on": "yes"})
    assert (await at_desk.post(f"/admin/models/{first.slug}/again")).status_code == 303
    assert (await at_desk.get("/admin/models")).status_code == 200


async def test_a_models_example_is_run_where_the_model_is(office: Office, at_desk: httpx.AsyncClient) -> None:
    slug = (await models(office))[0].slug
    assert (await at_desk.post(f"/admin/models/{slug}/test")).headers["location"].endswith("done=tested")

    async def is_tested() -> bool:
        return (await office.services.model_management.get(slug)).tested is not None

    await until(is_tested)
    run = (await office.services.model_management.get(slug)).tested
    assert run is not None
    assert run.problem is None
    assert "отвечено" in (await at_desk.get(f"/admin/models/{slug}")).text


@pytest.mark.parametrize("role", [Role.OWNER, Role.ADMIN, Role.MODERATOR, None])
async def test_who_may_change_goods(office: Office, role: Role | None) -> None:
    slug = (await models(office))[0].slug
    acts = {
        f"/admin/models/{slug}/price": {"price": "3", "nonce": "0123456789ab"},
        f"/admin/models/{slug}/sale": {"on": "yes"},
        f"/admin/models/{slug}/again": {},
        f"/admin/models/{slug}/test": {},
        f"/admin/models/{slug}/move": {"nonce": "1123456789ab"},
        "/admin/packages/new": HUNDRED | {"nonce": "2123456789ab"},
    }
    expected = {Role.OWNER: 303, Role.ADMIN: 303, Role.MODERATOR: 403, None: 404}[role]
    async with browser(office.app, office.of(role)) as desk:
        assert {(await desk.post(place, data=data)).status_code for place, data in acts.items()} == {expected}
        looked = {
            (await desk.get(place)).status_code for place in ("/admin/models", "/admin/packages", "/admin/presets")
        }
        assert looked == {404 if role is None else 200}


async def test_goods_that_are_not(at_desk: httpx.AsyncClient) -> None:
    for place in ("/admin/models/nothing", "/admin/packages/999999", "/admin/packages/x", "/admin/presets/nothing"):
        assert (await at_desk.get(place)).status_code == 404, place
        assert (await at_desk.post(f"{place}/sale")).status_code == 404, place
        assert (await at_desk.post(f"{place}/move", data={"nonce": "0123456789ab"})).status_code == 404, place


async def test_a_style_is_changed_whole_or_not_at_all(office: Office, at_desk: httpx.AsyncClient) -> None:
    slug = (await models(office))[0].slug
    new = NewPreset(model_slug=slug, title={"ru": "Старый", "en": "Old"}, category={"ru": "Разное", "en": "Various"})
    preset = await office.services.preset_management.create(new, actor=Actor(office.owner.id))
    place = f"/admin/presets/{preset.slug}"
    typed = {"ru": EVIL, "en": "New", "category_ru": "Разное", "category_en": "Various", "price": "2,5"}
    half = await at_desk.post(place, data=typed | {"category_en": ""})
    assert half.status_code == 422
    assert (await office.services.presets.get(preset.slug)).title["en"] == "Old"
    assert (await at_desk.post(place, data=typed | {"prompt": "x"})).status_code == 422  # it is told nothing in words
    assert (await at_desk.post(place, data=typed)).headers["location"].endswith("done=saved")
    changed = await office.services.presets.get(preset.slug)
    assert (changed.title, changed.price) == ({"ru": EVIL, "en": "New"}, 250)
    assert (await at_desk.post(place, data=typed | {"price": "3"})).status_code == 422  # the page is stale
    for shown in ("/admin/presets", place):
        assert EVIL not in (await at_desk.get(shown)).text
    question = await at_desk.post(f"{place}/delete")
    await at_desk.post(f"{place}/delete", data=hidden_fields(question.text))
    assert (await at_desk.get(place)).status_code == 404


async def test_a_style_is_made_once(office: Office, at_desk: httpx.AsyncClient) -> None:
    wine = "wine"
    assert f'value="{wine}"' in (await at_desk.get("/admin/new-style")).text
    assert (await at_desk.get(f"/admin/new-style?model={wine}")).status_code == 200
    typed = {"model": wine, "ru": EVIL, "en": "Bold", "category_ru": "Разное", "category_en": "Various", "price": "2"}
    for wrong in ({"category_en": ""}, {"price": "x"}, {"prompt": "told"}, {"icon": "abc"}, {"answers": "[]"}):
        assert (await at_desk.post("/admin/new-style", data=typed | wrong)).status_code == 422, wrong
    assert (await at_desk.post("/admin/new-style", data=typed | {"model": "none"})).status_code == 404
    before = len(await office.services.presets.all())
    question = await at_desk.post("/admin/new-style", data=typed)
    assert EVIL not in question.text
    answers = [await at_desk.post("/admin/new-style", data=hidden_fields(question.text)) for _ in range(2)]
    assert [each.status_code for each in answers] == [303, 409]
    made = (await office.services.presets.all())[before:]
    assert [(each.title["en"], each.price, each.sold) for each in made] == [("Bold", 200, True)]
    assert EVIL not in (await at_desk.get(answers[0].headers["location"])).text


async def test_a_style_takes_over_what_its_owner_answered(office: Office, at_desk: httpx.AsyncClient) -> None:
    manifest = office.services.models.manifest("wine")
    assert manifest is not None
    answered = {field.name: example_value(field) for field in manifest.inputs}
    line = await office.services.model_management.get("wine")
    order = Order(
        user_id=office.owner.id,
        model_slug=line.slug,
        model_version=line.version,
        inputs=answered,
        price=line.price,
        request_key="one",
    )
    await office.services.predictions.submit(order)
    typed = {"model": "wine", "ru": "Как у меня", "en": "Mine", "category_ru": "Разное", "category_en": "Various"}
    question = await at_desk.post("/admin/new-style", data=typed | {"take": "yes"})
    made = await at_desk.post("/admin/new-style", data=hidden_fields(question.text))
    slug = made.headers["location"].split("/")[-1].split("?")[0]
    assert (await office.services.presets.get(slug)).inputs == answered
    without = await at_desk.post("/admin/new-style", data=typed | {"en": "Another"})
    other = (await at_desk.post("/admin/new-style", data=hidden_fields(without.text))).headers["location"]
    slug = other.split("/")[-1].split("?")[0]
    assert (await office.services.presets.get(slug)).inputs == {}
    assert (await at_desk.post(f"/admin/presets/{slug}/answers")).headers["location"].endswith("done=saved")
    assert (await office.services.presets.get(slug)).inputs == answered


async def test_a_styles_picture(office: Office, at_desk: httpx.AsyncClient) -> None:
    new = NewPreset(model_slug="wine", title={"ru": "Стиль", "en": "Style"})
    preset = await office.services.preset_management.create(new, actor=Actor(office.owner.id))
    place = f"/admin/presets/{preset.slug}"
    assert (await at_desk.get(f"{place}/sample")).status_code == 404
    refused = await at_desk.post(f"{place}/sample", files={"sample": ("a.png", b"no picture", "image/png")})
    assert refused.status_code == 422
    sent = await at_desk.post(f"{place}/sample", files={"sample": ("a.png", photo(), "image/png")})
    assert sent.headers["location"].endswith("done=saved")
    assert (await at_desk.get(f"{place}/sample")).headers["content-type"].startswith("image/")
    assert f"{place}/sample?of=" in (await at_desk.get(place)).text
    await at_desk.post(f"{place}/sample/forget")
    assert (await at_desk.get(f"{place}/sample")).status_code == 404


async def test_admins_look_at_styles_only(office: Office) -> None:
    slug = (await models(office))[0].slug
    new = NewPreset(model_slug=slug, title={"ru": "Стиль", "en": "Style"})
    preset = await office.services.preset_management.create(new, actor=Actor(office.owner.id))
    async with browser(office.app, office.admin.id) as desk:
        place = f"/admin/presets/{preset.slug}"
        for act in ("", "/sale", "/move", "/delete"):
            assert (await desk.post(place + act, data={"nonce": "0123456789ab"})).status_code == 403
        for act in ("/answers", "/sample/forget"):
            assert (await desk.post(place + act)).status_code == 403
        assert (await desk.get("/admin/new-style")).status_code == 403
        typed = {"model": slug, "ru": "Е", "en": "E", "category_ru": "Е", "category_en": "E", "nonce": "0123456789ab"}
        assert (await desk.post("/admin/new-style", data=typed)).status_code == 403
        assert "Стиль" in (await desk.get("/admin/presets")).text
