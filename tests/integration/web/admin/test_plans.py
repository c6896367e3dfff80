"""Plans in the panel: made, changed, switched, looked at by everybody who runs the shop."""

import time
from html import unescape

import httpx
import pytest

from db.tables.currencies import Currency
from db.tables.plans import AllowanceUnit
from db.tables.users import Role
from services.errors import ShopError
from services.plans.plans import AllowanceView
from tests.integration.web.admin.conftest import EVIL, Office
from tests.support.forms import hidden_fields
from tests.support.web import browser
from web.admin.plan_forms import _allowances

PLUS = {
    "name": "plus",
    "ru": "Плюс",
    "en": EVIL,
    "months": "1",
    "rub": "490",
    "stars": "350",
    "credits": "500,5",
    "allowances": "100 requests\n500 000 tokens: oracle, wine",
    "discount": "10",
    "trial": "3",
}


async def test_a_plan_is_made_changed_and_switched(office: Office, at_desk: httpx.AsyncClient) -> None:
    form = hidden_fields((await at_desk.get("/admin/plans/new")).text)
    looked_at = await at_desk.post("/admin/plans/new", data=form | PLUS)
    assert await office.services.plans.all() == []  # it is not sold before it was seen
    for said in ("490", "500,50", "100 запросов", "Пробный период: 3 дня"):
        assert said in unescape(looked_at.text).replace("\u00a0", " "), said
    seen = hidden_fields(looked_at.text)
    statuses = [(await at_desk.post("/admin/plans/new", data=seen)).status_code for _ in range(2)]
    assert statuses == [303, 409]
    (plan,) = await office.services.plans.all()
    assert {currency: price.minor for currency, price in plan.prices.items()} == {
        Currency.RUB: 49_000,
        Currency.XTR: 350,
    }
    assert (plan.credits, plan.discount_percent, plan.trial_days) == (500_50, 10, 3)
    assert plan.allowances == (
        AllowanceView(unit=AllowanceUnit.REQUESTS, amount=100, slugs=()),
        AllowanceView(unit=AllowanceUnit.TOKENS, amount=500_000, slugs=("oracle", "wine")),
    )
    place = f"/admin/plans/{plan.id}"
    shown = (await at_desk.get(place)).text
    assert "500000 tokens: oracle, wine" in shown
    assert EVIL not in shown + (await at_desk.get("/admin/plans")).text
    was = hidden_fields(shown)
    assert (await at_desk.post(place, data=was | PLUS | {"rub": "590"})).status_code == 303
    stale = await at_desk.post(place, data=was | PLUS | {"rub": "690"})
    assert stale.status_code == 422
    assert 'value="590.00"' in stale.text
    assert (await office.services.plans.get(plan.id)).prices[Currency.RUB].minor == 59_000
    await at_desk.post(f"{place}/sale", data={})
    assert await office.services.plans.on_sale() == []
    asked = await at_desk.post(f"{place}/offer", data={"nonce": "0123456789ab"})
    assert asked.headers["location"].endswith("done=price-offered")


async def test_each_wrong_answer_is_told_at_its_place(at_desk: httpx.AsyncClient) -> None:
    form = hidden_fields((await at_desk.get("/admin/plans/new")).text)
    wrong = {"rub": "дорого", "stars": "0", "months": "13", "credits": "-1", "allowances": "100 слонов", "trial": "x"}
    told = await at_desk.post("/admin/plans/new", data=form | PLUS | wrong)
    assert told.status_code == 422
    for name in wrong:
        assert f'id="e-{name}"' in told.text
    assert "100 слонов" in told.text
    nameless = await at_desk.post("/admin/plans/new", data=form | PLUS | {"ru": ""})
    assert 'id="e-ru"' in nameless.text


@pytest.mark.parametrize("line", ["1 requests:" + " " * 50_000 + "!", "1" + " " * 50_000 + "x", "1 " * 25_000 + "x"])
def test_a_long_line_takes_no_time(line: str) -> None:
    began = time.thread_time()
    with pytest.raises(ShopError):
        _allowances(line)
    assert time.thread_time() - began < 1


async def test_moderators_look_and_do_not_act(office: Office, at_desk: httpx.AsyncClient) -> None:
    form = hidden_fields((await at_desk.get("/admin/plans/new")).text)
    await at_desk.post("/admin/plans/new", data=form | PLUS | {"name": "looked-at", "seen": "yes"})
    plan = (await office.services.plans.all())[-1]
    async with browser(office.app, office.of(Role.MODERATOR)) as moderator:
        for place in ("", "/subscribers", "/failed", f"/{plan.id}"):
            assert (await moderator.get(f"/admin/plans{place}")).status_code == 200
        for place in ("/new", f"/{plan.id}", f"/{plan.id}/sale", f"/{plan.id}/move", f"/{plan.id}/offer"):
            assert (await moderator.post(f"/admin/plans{place}", data=PLUS)).status_code == 403
    async with browser(office.app, office.of(None)) as anna:
        assert (await anna.get("/admin/plans")).status_code == 404
