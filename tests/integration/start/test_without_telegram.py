"""With Telegram out of reach money is booked all the same; a token that is taken away ends the shop in one line."""

import asyncio

import pytest

from bot.app import App
from bot.errors import StartError
from sandbox.client.sandbox import Sandbox
from services.money import rub
from services.payments.topup import TopUpRequest
from services.users.accounts import Visitor
from tests.conversations.stage import shop_settings
from tests.integration.start.house import NOBODY
from tests.support.waiting import until


async def test_what_is_paid_is_credited(sandbox: Sandbox, sqlite_url: str) -> None:
    shop = await sandbox.shop()
    settings = shop_settings(
        sandbox,
        sqlite_url,
        yookassa_shop_id=shop.shop_id,
        yookassa_secret_key=shop.secret_key,
        yookassa_api_url=shop.api_url,
        welcome_credits=0,
    ).model_copy(update={"telegram_api_url": NOBODY})
    async with App(settings).running() as app:
        await shop.change(webhook_url=f"http://127.0.0.1:{app.web_port}/webhooks/yookassa")
        user = await app.services.users.enter(Visitor(telegram_id=7, username=None, first_name="Анна", language="ru"))
        assert app.services.payments is not None
        wish = TopUpRequest(user_id=user.id, email=None, return_url="https://t.me/shop", amount=rub(300_00))
        payment = await app.services.payments.topup.start(wish)
        assert payment.provider_payment_id is not None
        await shop.pays(payment.provider_payment_id)

        async def credited() -> bool:
            return (await app.services.users.get(user.id)).balance == 3000

        await until(credited)
        assert not app.chat.connection.made.is_set()


@pytest.mark.parametrize("kind", ["401", "404"])
async def test_a_token_that_is_taken_away(sandbox: Sandbox, sqlite_url: str, kind: str) -> None:
    async with App(shop_settings(sandbox, sqlite_url)).running() as app:
        await app.chat.connection.made.wait()
        await sandbox.fault("getUpdates", kind)
        await (await sandbox.person("Анна")).says("/start")  # ends the poll that is under way
        with pytest.raises(StartError, match="BOT_TOKEN: Telegram"):
            async with asyncio.timeout(30):
                await app.failed()
