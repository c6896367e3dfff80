"""A model from the browser to the counter, its next version, and the way back."""

import re
from uuid import UUID

import httpx
import pytest

from db.tables.models import VersionStatus
from db.tables.users import Edge, Role
from services.audit_log.history import AuditFilter
from services.models.uploads.versions import VersionView
from tests.integration.web.admin.conftest import EVIL, Office
from tests.support.forms import hidden_fields
from tests.support.uploads import linear
from tests.support.waiting import until
from tests.support.web import browser

LARGE = 25_000_000  # bytes: more than Telegram hands to bots


async def sent(desk: httpx.AsyncClient, content: bytes, name: str, *, of: str = "") -> str:
    """The place of its card."""
    answer = await desk.post("/admin/uploads", files={"file": (name, content)}, data={"of": of})
    assert answer.status_code == 303
    return answer.headers["location"].partition("?")[0]


async def decided(office: Office, place: str) -> VersionView:
    """Once a worker has looked at it, and compared it."""

    async def looked_at() -> bool:
        card = await office.services.upload_management.card(version_id(place))
        compared, status = card.compared, card.version.status
        return status is not VersionStatus.RECEIVED and (compared is None or compared.status != "queued")

    await until(looked_at, seconds=30)
    return await card(office, place)


async def card(office: Office, place: str) -> VersionView:
    return (await office.services.upload_management.card(version_id(place))).version


def version_id(place: str) -> UUID:
    return UUID(hex=place.rpartition("/")[2])


async def confirmed(desk: httpx.AsyncClient, place: str) -> httpx.Response:
    question = await desk.post(place)
    assert question.status_code == 200
    return await desk.post(place, data=hidden_fields(question.text))


async def test_a_file_becomes_a_product(office: Office, at_desk: httpx.AsyncClient) -> None:
    place = await sent(at_desk, linear(31.0), f"{EVIL}.onnx")
    assert EVIL not in (await at_desk.get(place)).text
    await decided(office, place)
    page = (await at_desk.get(place)).text
    assert "Metres" in page
    assert "33,00" in page  # what it answers to its example
    assert EVIL not in page

    unnamed = await at_desk.post(f"{place}/publish")
    assert unnamed.status_code == 422
    told = {"ru": "Аренда", "en": EVIL, "price": "2,50"}
    assert (await at_desk.post(f"{place}/words", data=told)).headers["location"].endswith("done=saved")
    wrong = await at_desk.post(f"{place}/words", data=told | {"price": "-1"})
    assert (wrong.status_code, EVIL in wrong.text) == (422, False)
    assert (await confirmed(at_desk, f"{place}/publish")).headers["location"].endswith("done=on-sale")
    first = await card(office, place)
    assert (first.status, first.price) == (VersionStatus.PUBLISHED, 250)

    other = await sent(at_desk, linear(32.0), "other.onnx", of=first.slug)
    second = await decided(office, other)
    assert (second.slug, second.number) == (first.slug, 2)
    page = (await at_desk.get(other)).text
    assert "0 из 1 ответа совпадает" in page
    await confirmed(at_desk, f"{other}/publish")
    assert f"{place}/publish" in (await at_desk.get(other)).text  # the way back
    await confirmed(at_desk, f"{place}/publish")
    assert (await card(office, place)).status is VersionStatus.PUBLISHED
    versions = (await at_desk.get(f"/admin/uploads/of/{first.slug}")).text
    assert [place in versions, other in versions] == [True, True]

    done = await office.services.audit_log.found(AuditFilter(edge=Edge.WEB))
    assert {"upload.receive", "upload.change", "upload.publish"} <= {each.action for each in done.items}
    gone = await confirmed(at_desk, f"/admin/uploads/of/{first.slug}/remove")
    assert gone.headers["location"].endswith("done=removed")
    assert (await at_desk.get(place)).status_code == 200


async def test_texts_of_what_is_on_sale(office: Office, at_desk: httpx.AsyncClient) -> None:
    place = await sent(at_desk, linear(34.0, "square"), "square.onnx")
    await decided(office, place)
    await at_desk.post(f"{place}/words", data={"ru": "Квадрат", "en": "Square", "price": "1"})
    await confirmed(at_desk, f"{place}/publish")
    texts = f"{place}/texts"
    assert texts in (await at_desk.get(place)).text
    page = (await at_desk.get(texts)).text
    assert 'name="inputs.square.label:ru" type="text" value="Square"' in page
    told = {"icon": "🟥", "description:ru": f"Про {EVIL}", "inputs.square.label:ru": "Сторона"}
    assert (await at_desk.post(texts, data=told)).headers["location"].endswith("done=saved")
    version = await card(office, place)
    assert version.texts["inputs.square.label"] == {"ru": "Сторона", "en": "Square"}
    assert (version.texts["icon"], version.title["en"]) == ("🟥", "Square")
    assert EVIL not in (await at_desk.get(texts)).text
    wrong = await at_desk.post(texts, data={"title:ru": "x" * 61, "icon": "🟦"})
    assert (wrong.status_code, "от 1 до 60 знаков" in wrong.text) == (422, True)
    assert (await card(office, place)).texts["icon"] == "🟥"


async def test_a_file_that_resembles_what_is_on_sale(office: Office, at_desk: httpx.AsyncClient) -> None:
    place = await sent(at_desk, linear(35.0, "circle"), "circle.onnx")
    await decided(office, place)
    await at_desk.post(f"{place}/words", data={"ru": "Круг", "en": "Circle", "price": "1"})
    await confirmed(at_desk, f"{place}/publish")
    other = await sent(at_desk, linear(36.0, "circle"), "final.onnx")
    await decided(office, other)
    page = (await at_desk.get(other)).text
    assert "⬆️ Новая версия «Круг»" in page
    assert f"{other}/publish" not in page
    assert (await at_desk.post(f"{other}/join", data={"slug": "circle"})).headers["location"].endswith("done=saved")
    waits = (await at_desk.get(other)).text
    assert "wait.js" in waits
    before = (await at_desk.get(f"{other}/state")).json()
    joined = await decided(office, other)
    assert (joined.slug, joined.number) == ("circle", 2)
    assert (await at_desk.get(f"{other}/state")).json() != before
    assert "wait.js" not in (await at_desk.get(other)).text


async def test_what_is_no_model(office: Office, at_desk: httpx.AsyncClient) -> None:
    assert (await at_desk.post("/admin/uploads", data={"of": ""})).status_code == 422
    place = await sent(at_desk, b"PK\x03\x04" + bytes(LARGE), "large.onnx")
    assert (await decided(office, place)).status is VersionStatus.REFUSED
    page = (await at_desk.get(place)).text
    assert re.search("ZIP", page)
    again = await at_desk.post("/admin/uploads", files={"file": ("twice.onnx", b"PK\x03\x04" + bytes(LARGE))})
    assert again.status_code == 303  # what was refused may be sent again
    assert (await confirmed(at_desk, f"{place}/discard")).headers["location"].endswith("done=discarded")
    assert (await at_desk.post(f"{place}/compare")).status_code == 409


@pytest.mark.parametrize("role", [Role.MODERATOR, None])
async def test_who_may_not(office: Office, role: Role | None) -> None:
    async with browser(office.app, office.of(role)) as desk:
        refused = await desk.post("/admin/uploads", files={"file": ("a.onnx", linear(33.0))})
        looked = await desk.get("/admin/uploads")
    assert (refused.status_code, looked.status_code) == ((404, 404) if role is None else (403, 200))
