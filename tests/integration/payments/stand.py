"""A whole shop before the sandbox's YooKassa, for tests to stand in."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import uuid4

from bot.app import App
from sandbox.client.person import Person
from sandbox.client.sandbox import Sandbox, Shop
from services.billing.audit import run_audit
from services.money import rub
from services.notifications.message_ref import MessageRef
from services.payments.providers.base import NewPayment, Receipt
from services.payments.providers.yookassa.provider import YooKassa
from services.payments.queries import PaymentView
from services.payments.service import Payments
from services.payments.topup import TopUpRequest
from tests.conversations.stage import shop_settings

PARTS = ("bot", "web", "scheduler")  # no models


def order(kopecks: int = 300_00, *, receipt: bool = False) -> NewPayment:
    what = Receipt(email="anna@example.com", description="Кредиты", vat_code=1)
    return NewPayment(
        id=uuid4(),
        amount=rub(kopecks),
        description="Кредиты",
        return_url="https://t.me/shop",
        receipt=what if receipt else None,
    )


@asynccontextmanager
async def provider(shop: Shop, **more: object) -> AsyncIterator[YooKassa]:
    given = {"shop_id": shop.shop_id, "secret_key": shop.secret_key, "api_url": shop.api_url, "read_seconds": 0.5}
    yookassa = YooKassa(**(given | more))  # type: ignore[arg-type]  # settings of several types
    try:
        yield yookassa
    finally:
        yookassa.close()


class Stand:
    """A running shop and its YooKassa."""

    def __init__(self, sandbox: Sandbox, shop: Shop, app: App, till: Payments) -> None:
        self.sandbox, self.shop, self.app, self.till = sandbox, shop, app, till
        self.message_id = 0

    async def customer(self) -> tuple[Person, int]:
        anna = await self.sandbox.person("Анна", language_code="ru")
        await anna.says("/start")
        self.message_id = (await anna.sees("Здравствуйте")).id
        user = await self.app.services.users.find(anna.id)
        assert user is not None
        return anna, user.id

    async def begins(self, user_id: int, kopecks: int = 300_00) -> PaymentView:
        """Shown in the customer's first message."""
        wish = TopUpRequest(
            user_id=user_id,
            email=None,
            return_url="https://t.me/shop",
            amount=rub(kopecks),
            shown_in=MessageRef(chat_id=1, message_id=self.message_id),
        )
        return await self.till.topup.start(wish)

    async def balance(self, user_id: int) -> int:
        return (await self.app.services.users.get(user_id)).balance


@asynccontextmanager
async def open_stand(sandbox: Sandbox, url: str, **more: object) -> AsyncIterator[Stand]:
    shop = await sandbox.shop()
    settings = shop_settings(
        sandbox,
        url,
        yookassa_shop_id=shop.shop_id,
        yookassa_secret_key=shop.secret_key,
        yookassa_api_url=shop.api_url,
        **more,
    )
    async with App(settings, parts=PARTS).running() as app:
        await shop.change(webhook_url=f"http://127.0.0.1:{app.web_port}/webhooks/yookassa")
        assert app.services.payments is not None
        yield Stand(sandbox, shop, app, app.services.payments)
        assert (await run_audit(app.db)).ok
