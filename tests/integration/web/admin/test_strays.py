"""Money that came for nothing known, in the panel: seen by all who run the shop, sent back once by those who may."""

from uuid import uuid4

from sqlalchemy import insert
from sqlalchemy.orm import Session

from db.base import table_of
from db.tables.payments import StrayPayment, StrayStatus
from db.tables.users import Role
from tests.integration.web.admin.conftest import EVIL, Till
from tests.support.forms import hidden_fields
from tests.support.web import browser


async def keep(till: Till, payload: str, charge: str) -> int:
    """Its number, in a shop where others lie about."""
    row = {"provider": "yookassa", "charge_id": charge, "payer_id": 77, "amount": 12_300, "currency": "RUB"}
    row |= {"payload": payload, "status": StrayStatus.KEPT, "seen_at": till.office.app.clock()}
    strays = table_of(StrayPayment)

    def put(session: Session) -> int:
        number: int = session.execute(insert(strays).values(row).returning(strays.c.id)).scalar_one()
        return number

    return await till.office.app.db.write(put)


async def test_it_goes_back_once(till: Till) -> None:
    payment = await till.paid(123)
    charge = uuid4().hex
    number = await keep(till, payment.provider_payment_id or "", charge)
    place = f"/admin/strays/{number}"
    listed = (await till.desk.get("/admin/strays")).text
    assert charge in listed
    assert 'href="/admin/strays"' in (await till.desk.get("/admin/payments")).text
    asked = (await till.desk.get(place)).text
    assert "123\u00a0₽" in asked
    assert charge in asked
    form, before = hidden_fields(asked), len(await till.shop.refunds())
    sent = [await till.desk.post(place, data=form) for _ in range(2)]
    assert {each.headers["location"] for each in sent} == {"/admin/strays?done=refund-succeeded"}
    assert len(await till.shop.refunds()) == before + 1
    assert place not in (await till.desk.get("/admin/strays")).text  # no way to send it once more
    assert (await till.desk.get(place)).status_code == 303


async def test_where_the_provider_refuses_it_stays(till: Till) -> None:
    number = await keep(till, str(uuid4()), EVIL)
    refused = await till.desk.post(f"/admin/strays/{number}", data={})
    assert refused.status_code == 502
    assert EVIL not in refused.text
    assert f"/admin/strays/{number}" in refused.text


async def test_moderators_look_and_strangers_do_not(till: Till) -> None:
    number = await keep(till, str(uuid4()), uuid4().hex)
    for person, statuses in ((Role.MODERATOR, (200, 403, 403)), (None, (404, 404, 404))):
        async with browser(till.office.app, till.office.of(person)) as page:
            seen = [await page.get("/admin/strays"), await page.get(f"/admin/strays/{number}")]
            seen.append(await page.post(f"/admin/strays/{number}", data={}))
            assert tuple(each.status_code for each in seen) == statuses


async def test_a_number_that_is_none(till: Till) -> None:
    for number in ("999999", "x", "-1", "9" * 40):
        assert (await till.desk.get(f"/admin/strays/{number}")).status_code == 404
        assert (await till.desk.post(f"/admin/strays/{number}", data={})).status_code == 404
