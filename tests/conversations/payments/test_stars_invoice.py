"""Invoices in Stars that nobody may pay, and what came for them all the same."""

import re
from collections.abc import AsyncIterator
from datetime import datetime
from decimal import Decimal

import pytest
import pytest_asyncio
from aiogram.types import LabeledPrice
from sqlalchemy import update

from bot.app import App
from db.base import table_of
from db.errors import DatabaseUnavailable
from db.tables.payments import Payment
from sandbox.client.person import Person
from sandbox.testing import new_token, new_world
from services.billing.audit import run_audit
from services.payments.providers.stars.service import StarsPayments
from tests.conversations.stage import OWNER_ID, Stage, shop_settings
from tests.support.databases import SqliteServer


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def bazaar(sandbox_url: str, sqlite_server: SqliteServer) -> AsyncIterator[Stage]:
    """A shop that keeps to Telegram's rule: Stars alone."""
    async with new_world(sandbox_url, token=new_token()) as sandbox:
        settings = shop_settings(
            sandbox, sqlite_server.create(), payment_methods=("stars",), stars_price=Decimal("0.13"), public_url=None
        )
        async with App(settings).running() as app:
            yield Stage(sandbox=sandbox, app=app)
            assert (await run_audit(app.db)).ok


@pytest_asyncio.fixture(loop_scope="session")
async def kate(bazaar: Stage) -> Person:
    kate = await bazaar.person("Катя", "ru")
    await kate.says("/start")
    await kate.sees("Здравствуйте")
    await kate.wallet.has(1_000)
    return kate


async def test_a_shop_whose_database_is_away_takes_nothing(
    bazaar: Stage, kate: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    await kate.says("/topup 70")
    await kate.sees_button("Оплатить")

    async def away(*_: object, **__: object) -> None:
        raise DatabaseUnavailable("away")

    monkeypatch.setattr(bazaar.app.db, "read", away)
    refused = await kate.wallet.pays("Оплатить")
    monkeypatch.undo()
    assert (refused.state, await kate.wallet.balance()) == ("refused", 1_000)
    assert "минуту" in (refused.error or "")
    assert (await kate.wallet.pays("Оплатить")).state == "paid"
    await kate.sees("Оплачено")


async def test_an_invoice_that_is_over(bazaar: Stage, kate: Person) -> None:
    await kate.says("/topup 60")
    await kate.sees_button("Оплатить")
    payments = table_of(Payment)
    past = datetime.fromisoformat("2026-01-01T00:00:00+00:00")
    here = update(payments).where(payments.c.user_id == await bazaar.user_id(kate)).values(deadline_at=past)
    await bazaar.app.db.write(lambda session: session.execute(here) and None)
    refused = await kate.wallet.pays("Оплатить")
    assert "истёк" in (refused.error or "")


async def test_owners_send_back_what_came_for_nothing(
    bazaar: Stage, kate: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    olga = await bazaar.person("Ольга", "ru", id=OWNER_ID)
    await olga.says("/start")
    await olga.sees("Здравствуйте")
    price = LabeledPrice(label="Old", amount=40)
    link = await bazaar.app.bot.create_invoice_link(
        title="Old", description="Of another program", payload="topup_40", currency="XTR", prices=[price]
    )
    refused = await kate.wallet.pays(link)
    assert "не знает такого счёта" in (refused.error or "")

    async def allow(*_: object) -> None:
        """As another program answered."""

    monkeypatch.setattr(StarsPayments, "may_pay", allow)
    assert (await kate.wallet.pays(link)).state == "paid"
    told = await olga.sees("неизвестно за что")
    assert "40 XTR" in told.text
    await olga.presses("Вернуть")
    await olga.sees(re.compile("Вернуть .*40"))
    await olga.presses("Вернуть")
    await olga.sees("✅")
    assert await kate.wallet.balance() == 1_000
