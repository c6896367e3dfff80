"""What people without Telegram must be told: money, credits, answers that took long."""

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest

from bot.settings import load_settings
from bot.wiring.inference import RUNTIMES
from bot.wiring.services import make_services
from db.tables.billing import TransactionKind
from db.tables.outbox import OutboxStatus
from handlers.telegram.client import make_bot
from i18n.translator import Catalogues
from mail.client import MailClient
from mail.delivery import LetterDelivery
from mail.notifications import presenters
from services.billing import ledger
from services.billing.reminders import Reminders
from services.coordination.memory import MemoryCoordination
from services.notifications import outbox
from services.notifications.kinds.payments import PaymentTrouble
from services.payments.alerts import PaymentProblem
from tests.support.counter import STORE, open_counter
from tests.support.shop import add_payment
from tests.support.tills import open_cashier

from .conftest import POST, PostOffice, send_all, text_of

VERA = "vera@example.com"


@dataclass(frozen=True, slots=True)
class Reader:
    """Reads what came for her since she looked last."""

    office: PostOffice
    delivery: LetterDelivery

    async def reads(self) -> list[tuple[str, str]]:
        """Subjects and texts."""
        before = len(self.office.server.letters)
        await send_all(self.delivery)
        return [(each["subject"], text_of(each)) for each in self.office.server.letters[before:]]


@pytest.fixture
async def vera(office: PostOffice, database_url: str, tmp_path: Path) -> Reader:
    settings = load_settings(
        _env_file=None,
        bot_token="123456:" + "a" * 30,
        database_url=database_url,
        models_dir=STORE,
        files_url=f"file:{tmp_path}",
    )
    bot = make_bot("123456:" + "a" * 30, "http://127.0.0.1:9")
    services = make_services(
        settings, office.db, office.clock, RUNTIMES, MemoryCoordination(), bot=bot, on_models=lambda: None
    )
    client = MailClient(office.server.named(), name="example.com")
    shown = presenters(services, POST)
    return Reader(office, LetterDelivery(office.letters, client, POST, Catalogues(), shown, clock=office.clock))


async def test_a_payment_and_a_refund(office: PostOffice, vera: Reader) -> None:
    cashier = open_cashier(office.db, office.clock)
    user = await office.person(VERA)
    payment = await cashier.begins(user)
    assert await vera.reads() == []  # its link is on the page
    cashier.yookassa.pay(cashier.yookassa.by_our_id(payment.id).id)
    await cashier.till.settlement.ask(payment.id)
    [(subject, text)] = await vera.reads()
    assert subject == "Лавка: оплата 300 ₽ получена"
    assert "Оплачено" in text
    assert "300" in text
    assert "https://shop.example.com/balance" in text
    assert "<b>" not in text
    await cashier.refunds(await cashier.payments.get(payment.id), 10_000)
    [(subject, text)] = await vera.reads()
    assert subject == "Лавка: возврат 100 ₽"
    assert "100" in text
    assert set(await office.statuses()) <= {OutboxStatus.SENT, OutboxStatus.SKIPPED}


async def test_credits_that_end_soon(office: PostOffice, vera: Reader) -> None:
    user, soon = await office.person(VERA), office.clock() + timedelta(days=2)
    payment_id = await office.db.write(add_payment, user_id=user, amount=100)
    await office.db.write(
        ledger.grant,
        user_id=user,
        amount=100,
        kind=TransactionKind.TOPUP,
        key=f"topup:{payment_id}",
        payment_id=payment_id,
        expires_at=soon,
        now=office.clock(),
    )
    assert await Reminders(office.db, office.clock).tell_expiring() == 1
    [(subject, text)] = await vera.reads()
    assert subject == "Лавка: кредиты пакета скоро сгорят"
    assert "1,00" in text


async def test_answers_that_took_long_and_those_that_did_not(office: PostOffice, vera: Reader) -> None:
    counter = await open_counter(office.db, office.clock, STORE)
    async with counter.exits:
        user = await office.person(VERA)
        await counter.give(user, 1000)

        async def buys(*, seconds: float) -> str:
            sold = await counter.buy(user)
            office.clock.advance(seconds=seconds)
            await counter.worker().run_waiting()
            return str(sold.prediction_id)

        await buys(seconds=5)
        assert await vera.reads() == []  # the page before her shows it
        late = await buys(seconds=200)
        [(subject, text)] = await vera.reads()
        assert subject.startswith("Лавка: ответ «")
        assert f"https://shop.example.com/predictions/{late}" in text
        await buys(seconds=200)
        assert await vera.reads() == []  # a program may ask for hundreds
        assert set(await office.statuses()) == {OutboxStatus.SENT, OutboxStatus.SKIPPED}
        await counter.check()


async def test_an_answer_whose_letter_is_refused_is_not_paid_back(office: PostOffice, vera: Reader) -> None:
    counter = await open_counter(office.db, office.clock, STORE)
    async with counter.exits:
        user = await office.person(VERA)
        await counter.give(user, 1000)
        sold = await counter.buy(user)
        office.clock.advance(seconds=200)
        await counter.worker().run_waiting()
        office.server.on_recipient = ["550 5.1.1 There is no such mailbox here"]
        assert await vera.reads() == []
        assert OutboxStatus.PENDING not in await office.statuses()
        assert (await counter.view(sold)).status == "succeeded"
        await counter.check()


async def test_a_refund_that_an_admin_without_telegram_made_and_that_failed(office: PostOffice, vera: Reader) -> None:
    user = await office.person(VERA)
    payment_id = await office.db.write(add_payment, user_id=user, amount=100)
    trouble = PaymentTrouble(problem=PaymentProblem.REFUND_FAILED, detail="insufficient_funds", payment_id=payment_id)
    await office.db.write(outbox.put, trouble, user_id=user, now=office.clock())
    [(subject, text)] = await vera.reads()
    assert subject == "Лавка: с деньгами нужна ваша помощь"
    assert str(payment_id) in text
    assert "https://shop.example.com/admin" in text
