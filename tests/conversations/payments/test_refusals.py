"""YooKassa refuses: whose fault it is decides what a customer reads, and whether the owners do."""

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from db.base import table_of
from db.tables.outbox import OutboxMessage
from sandbox.client.person import Person
from sandbox.client.shop import Shop
from sandbox.testing import new_token, new_world
from tests.conversations.payments.conftest import open_till
from tests.conversations.payments.tills import chooses, payments, reconcile
from tests.conversations.stage import OWNER_ID, Stage
from tests.support.backups import back_up
from tests.support.databases import SqliteServer


async def test_a_shop_that_must_send_receipts_and_does_not(sandbox_url: str, sqlite_server: SqliteServer) -> None:
    """The owners hear once, in YooKassa's words and with the setting; customers are not sent from amount to amount."""
    async with (
        new_world(sandbox_url, token=new_token()) as sandbox,
        open_till(sandbox, sqlite_server.create()) as stage,
    ):
        shop = await sandbox.shop()
        owner = await sandbox.person("Ольга", id=OWNER_ID, language_code="ru")
        await owner.says("/start")
        anna = await stage.person("Анна", "ru")
        await chooses(anna, "100 ₽")
        await shop.change(receipts_required=True)
        for amount in ("100 ₽", "300 ₽", "500 ₽"):
            await anna.says("/topup")
            await anna.sees_button("₽ →")
            await anna.presses(amount)
            screen = await anna.sees("Это не ваша вина")
            assert "сумм" not in screen.text
            assert screen.button("₽ →") is None
        told = await owner.sees("Receipt is missing or illegal")
        assert "YOOKASSA_VAT_CODE" in told.text
        assert await stage.app.db.read(_notifications) == 1
        await chooses_in_vain_later(stage, anna, shop)
        assert await stage.app.db.read(_notifications) == 1


async def chooses_in_vain_later(stage: Stage, anna: Person, shop: Shop) -> None:
    """The first answer is lost, and its repeat is refused: the notification says the same."""
    await shop.fault("500", "payments.create")
    await anna.says("/topup")
    await anna.sees_button("₽ →")
    await anna.presses("300 ₽")
    await anna.sees("Платёжный сервис сейчас не отвечает")
    await reconcile(stage)
    screen = await anna.sees("Оплате помешала настройка магазина")
    assert "другую карту" not in screen.text
    assert (await payments(stage, anna))[0].cancel_reason == "shop_refused"


async def test_i_have_paid_under_an_old_message_after_a_restore(sandbox_url: str, sqlite_server: SqliteServer) -> None:
    """The books do not know the payment any more; YooKassa does."""
    url = sqlite_server.create()
    async with new_world(sandbox_url, token=new_token()) as sandbox:
        shop = await sandbox.shop()
        async with open_till(sandbox, url) as stage:
            anna = await stage.person("Анна", "ru")
            put_back = back_up(url)
            await chooses(anna)
            await anna.says("/help")  # so that it is not the choice that comes again
            await anna.sees("Как это работает")
        await shop.change(webhook_url=None)
        await shop.pays()
        put_back()
        async with open_till(sandbox, url) as stage:
            await anna.presses("Я оплатил")
            await anna.sees("✅ Оплачено: 300 ₽")
            [payment] = await payments(stage, anna)
            assert payment.adopted_at is not None
            await anna.says("/balance")
            await anna.sees("40,00")


def _notifications(session: Session) -> int:
    outbox = table_of(OutboxMessage)
    return session.scalar(select(func.count()).where(outbox.c.kind == "payment_problem")) or 0
