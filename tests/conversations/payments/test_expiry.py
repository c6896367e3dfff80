"""Credits of a package that end: their owner sees when, is told before, once, and sees that they are gone."""

from datetime import timedelta

import pytest
from sqlalchemy import Update, update
from sqlalchemy.orm import Session

from db.base import table_of
from db.tables.billing import Lot, TransactionKind
from sandbox.client.person import Person
from services.billing import ledger
from services.money import rub
from services.payments.packages import PackageOffer
from services.users.actor import Actor
from tests.conversations.shopping import balance
from tests.conversations.stage import Stage

_lots = table_of(Lot)


def _execute(session: Session, change: Update) -> None:
    session.execute(change)


async def _ends_in(stage: Stage, person: Person, days: int) -> None:
    """As if the rest of the term had passed."""
    here = (_lots.c.user_id == await stage.user_id(person)) & (_lots.c.kind == TransactionKind.TOPUP)
    change = update(_lots).where(here).values(expires_at=stage.app.clock() + timedelta(days=days))
    await stage.app.db.write(_execute, change)


WORDS = {
    "ru": (
        *("🎁 Месяц", "💳 Оплатить 450 ₽", "Они действуют до {end}.", "⏳ 50,00 кредитов: до {end}"),
        *("⏳ 50,00 кредитов из вашего пакета можно потратить до ", "−50,00 · Кредиты сгорели"),
    ),
    "en": (
        *("🎁 Month", "💳 Pay 450 ₽", "They are valid until {end}.", "⏳ 50.00 credits: until {end}"),
        *("⏳ 50.00 credits of your package can be used until ", "−50.00 · Credits expired"),
    ),
}


@pytest.mark.parametrize("language", WORDS)
async def test_a_package_from_its_purchase_to_its_end(stage: Stage, language: str) -> None:
    person = await stage.person("Анна", language)
    title = {"ru": "Месяц", "en": "Month"}
    offer = PackageOffer(title=title, credits=5000, price=rub(45_000), valid_days=30)
    package = await stage.app.services.packages.create(offer, actor=Actor.system())
    button, pay, receipt, line, notice, gone = WORDS[language]
    try:
        await person.says("/topup")
        await person.presses(button)
        await person.pays(pay)
        end = stage.app.catalogues[language].date(stage.app.clock() + timedelta(days=30))
        await person.sees(receipt.format(end=end))
        await person.says("/balance")
        await person.sees(line.format(end=end))
    finally:
        await stage.app.services.packages.enable(package.id, enabled=False, actor=Actor.system())

    assert await stage.app.services.reminders.tell_expiring() == 0
    await _ends_in(stage, person, 3)
    assert await stage.app.services.reminders.tell_expiring() == 1
    stage.app.chat.delivery.wake()
    near = stage.app.catalogues[language].moment(stage.app.clock() + timedelta(days=3)).split()[0]
    await person.sees(f"{notice}{near}")
    assert await stage.app.services.reminders.tell_expiring() == 0

    await _ends_in(stage, person, 0)
    while await stage.app.db.write(ledger.expire, now=stage.app.clock()):
        pass
    assert await balance(stage, person) == 1000
    await person.says("/balance")
    await person.sees(gone)
