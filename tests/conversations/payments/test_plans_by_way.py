"""A shop that takes money in three ways: one plan is bought by each of them in each language, and ended again."""

import re
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from bot.app import App
from db.tables.currencies import Currency
from db.tables.plans import AllowanceUnit
from db.tables.users import Role
from sandbox.client.person import Person
from sandbox.client.screen import Message
from sandbox.testing import new_token, new_world, running_sandbox
from services.money import Money
from services.plans.plans import AllowanceView
from services.users.actor import Actor
from tests.conversations.payments.subscribing import mine, plan
from tests.conversations.payments.tills import payments
from tests.conversations.stage import Stage, shop_settings
from tests.support.databases import SqliteServer

GOES_AGAIN = "4242424242424242"
RU = {
    "greeting": "Здравствуйте",
    "plan": "Профи · 490 ₽",
    "ways": "Как вы хотите оплатить?",
    "stars": "⭐ Звёзды · ⭐ 300",
    "each 30 days": "Цена: ⭐ 300 каждые 30 дней",
    "a month": "Цена: 490 ₽ в месяц",
    "agreed": "Списывать",
    "subscribe": "🔁 Подписаться",
    "e-mail": "Отправьте свою почту",
    "paid": "✅ Оплачено: {}. Тариф «Профи»",
    "next": "🔁 Следующее списание: {}",
    "mine": "🎟 Мой тариф",
    "left": "100,00 из 100,00 кредитов",
    "requests": "50 из 50 запросов ко всем моделям и ассистентам",
    "cards": "💳 Способы оплаты",
    "remove": "✖️ Удалить",
    "sure": "✖️ Удалить насовсем",
    "removed": "✅ Удалено. Больше ничего не спишется.",
    "window": "Кнопка откроет окно оплаты Telegram",
    "cancel": "✖️ Отменить подписку",
    "for good": "Отменить тариф «Профи»?",
    "anew": "Включить это снова нельзя",
    "back": "‹ Назад",
    "nothing": "Само ничего не спишется.",
}
EN = {
    "greeting": "Hello",
    "plan": "Pro · 490 ₽",
    "ways": "How shall it be paid?",
    "stars": "⭐ Stars · ⭐ 300",
    "each 30 days": "Price: ⭐ 300 every 30 days",
    "a month": "Price: 490 ₽ a month",
    "agreed": "Charge",
    "subscribe": "🔁 Subscribe",
    "e-mail": "Send your e-mail",
    "paid": "✅ Paid: {}. Plan Pro",
    "next": "🔁 Next charge: {}",
    "mine": "🎟 My plan",
    "left": "100.00 of 100.00 credits",
    "requests": "50 of 50 requests to all models and assistants",
    "cards": "💳 Saved ways to pay",
    "remove": "✖️ Remove",
    "sure": "✖️ Remove it for good",
    "removed": "✅ Removed. It is not charged any more.",
    "window": "The button opens Telegram's own window",
    "cancel": "✖️ Cancel the subscription",
    "for good": "Cancel the plan “Pro”?",
    "anew": "It cannot be told to go on",
    "back": "‹ Back",
    "nothing": "Nothing will be charged by itself.",
}
BOTH = pytest.mark.parametrize(("language", "words"), [("ru", RU), ("en", EN)], ids=["ru", "en"])


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def stage(sqlite_server: SqliteServer) -> AsyncIterator[Stage]:
    async with running_sandbox() as url, new_world(url, token=new_token()) as sandbox:
        shop, site = await sandbox.shop(), await sandbox.cloudpayments()
        settings = shop_settings(
            sandbox,
            sqlite_server.create(),
            yookassa_shop_id=shop.shop_id,
            yookassa_secret_key=shop.secret_key,
            yookassa_api_url=shop.api_url,
            cloudpayments_public_id=site.public_id,
            cloudpayments_api_secret=site.api_secret,
            cloudpayments_api_url=site.api_url,
            stars_price="0.13",
            weekly_bonus_credits=0,
        )
        async with App(settings).running() as app:
            hooks = f"http://127.0.0.1:{app.web_port}/webhooks"
            await shop.change(webhook_url=f"{hooks}/yookassa")
            await site.change(webhook_url=f"{hooks}/cloudpayments")
            prices = {Currency.RUB: Money(49_000, Currency.RUB), Currency.XTR: Money(300, Currency.XTR)}
            all_models = AllowanceView(unit=AllowanceUnit.REQUESTS, amount=50, slugs=())
            offer = plan("pro", 0, credits=10_000, allowances=(all_models,), prices=prices)
            await app.services.plan_management.create(offer, actor=Actor.system())
            await app.services.plans.all()
            yield Stage(sandbox=sandbox, app=app)


async def chooses(person: Person, way: str, words: dict[str, str], *, price: str) -> None:
    """Up to what they agree to."""
    await person.says("/start")
    await person.sees(words["greeting"])
    await person.says("/plans")
    await person.presses(words["plan"])
    await person.sees(words["ways"])
    await person.presses(way)
    terms = await person.sees(words[price])
    assert words["agreed"] in terms.text
    await person.presses(words["subscribe"])


async def is_theirs(stage: Stage, person: Person, words: dict[str, str], price: str) -> None:
    """They are told so, and one's own page says what is left and what comes."""
    paid = await person.sees(words["paid"].format(price))
    assert paid.holds(words["next"].format(price))
    await person.presses(words["mine"])
    own = await person.sees(words["left"])
    assert words["requests"] in own.text
    dates = re.findall(r"\d{1,2} \w+ 20\d\d|\d\d\.\d\d\.20\d\d", own.text)
    assert dates
    assert not any("." in each for each in dates)  # in one way throughout
    assert (await mine(stage, person)).next_charge is not None


async def takes_it_back(stage: Stage, person: Person, words: dict[str, str], *, asked: bool = False) -> None:
    """In one tap, or after a question: nothing is charged any more, and what was paid stays."""
    await person.presses(words["cards"])
    await person.presses(words["remove"])
    if asked:
        assert (await mine(stage, person)).next_charge is not None
        await person.presses(words["sure"])
    await person.sees(words["removed"])
    await person.says("/subscription")
    own = await person.sees(words["left"])
    assert words["nothing"] in own.text
    assert (await mine(stage, person)).next_charge is None


async def is_found_by_its_number_there(stage: Stage, person: Person, language: str, wanted: str) -> Message:
    """The owner's card shows the number that the provider's cabinet has, and is found by it."""
    (payment,) = await payments(stage, person)
    owner = await stage.person("Ольга", language)
    await stage.app.services.admins.appoint(owner.id, Role.ADMIN, actor=Actor.system())
    await owner.says("/admin")
    await owner.presses("💰")
    await owner.presses("🔎")
    await owner.says(payment.charge_id or "")
    card = await owner.sees(str(payment.id))
    found = re.search(wanted, card.text)
    assert found is not None, card.text
    assert found[2] == payment.charge_id
    return card


@BOTH
async def test_by_stars_without_leaving_the_chat(stage: Stage, language: str, words: dict[str, str]) -> None:
    person = await stage.person("Вера", language)
    await chooses(person, words["stars"], words, price="each 30 days")
    await person.sees(words["window"])
    assert (await person.wallet.pays("⭐ 300")).state == "paid"
    await is_theirs(stage, person, words, "⭐ 300")
    await person.presses(words["cancel"])
    asked = await person.sees(words["for good"])
    assert words["anew"] in asked.text
    await person.presses(words["back"])
    assert (await mine(stage, person)).next_charge is not None
    await takes_it_back(stage, person, words, asked=True)

    assert (await mine(stage, person)).provider == "stars"
    await is_found_by_its_number_there(stage, person, language, r"(В|At) Telegram Stars: (\S+)")


@BOTH
async def test_by_cloudpayments(stage: Stage, language: str, words: dict[str, str]) -> None:
    person = await stage.person("Глеб", language)
    await chooses(person, "💳 CloudPayments · 490 ₽", words, price="a month")
    await person.sees(words["e-mail"])
    await person.says("gleb@example.com")
    await person.pays("490 ₽", card=GOES_AGAIN)
    await is_theirs(stage, person, words, "490 ₽")
    assert (await mine(stage, person)).provider == "cloudpayments"
    await takes_it_back(stage, person, words)
    card = await is_found_by_its_number_there(stage, person, language, r"(В|At) CloudPayments: (\d+)")
    assert card.holds("Visa •• 4242")


@BOTH
async def test_by_yookassa(stage: Stage, language: str, words: dict[str, str]) -> None:
    person = await stage.person("Зоя", language)
    await chooses(person, "💳 ЮKassa · 490 ₽" if language == "ru" else "💳 YooKassa · 490 ₽", words, price="a month")
    await person.pays("490 ₽")
    await is_theirs(stage, person, words, "490 ₽")
    assert (await mine(stage, person)).provider == "yookassa"
    await takes_it_back(stage, person, words)


async def test_what_telegram_charges_is_cancelled_after_a_question(stage: Stage) -> None:
    person = await stage.person("Яна", "ru")
    await chooses(person, RU["stars"], RU, price="each 30 days")
    assert (await person.wallet.pays("⭐ 300")).state == "paid"
    await is_theirs(stage, person, RU, "⭐ 300")
    await person.presses(RU["cancel"])
    await person.presses("✖️ Отменить насовсем")
    ended = await person.sees("✅ Подписка отменена.")
    assert ended.holds("Включить это снова нельзя")
    assert (await mine(stage, person)).next_charge is None


async def test_who_stops_it_in_telegram_is_told_so_here(stage: Stage) -> None:
    """Telegram's own list of subscriptions ends it, and lets it go on."""
    person = await stage.person("Ира", "ru")
    await chooses(person, RU["stars"], RU, price="each 30 days")
    assert (await person.wallet.pays("⭐ 300")).state == "paid"
    await is_theirs(stage, person, RU, "⭐ 300")
    await person.wallet.cancels()
    told = await person.sees("🔕 Тариф «Профи» больше не продлевается сам: автоплатёж отключён там, где вы платите.")
    assert "Оплаченное действует до " in told.text
    assert (await mine(stage, person)).next_charge is None
