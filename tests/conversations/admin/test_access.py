"""To somebody without a role there is no panel; a role taken away counts at the next touch."""

import pytest

from db.tables.users import Role
from handlers.admin import buttons as names
from handlers.kit.commands import OWNING
from sandbox.client.person import Person
from services.money import rub
from services.payments.packages import PackageOffer
from tests.conversations.admin.conftest import audit_log
from tests.conversations.admin.test_payments import pays
from tests.conversations.shopping import balance
from tests.conversations.stage import Stage


async def test_the_panel(olga: Person, kate: Person) -> None:
    await olga.says("/admin")
    panel = await olga.sees("🛠 Панель магазина")
    assert "Ваша роль: владелец" in panel.text
    assert panel.buttons == [
        "👥 Покупатели",
        "📊 Статистика",
        "💰 Платежи",
        "📦 Пакеты",
        "🧠 Модели в продаже",
        "🎨 Стили",
        "🎟 Тарифы",
        "📈 Прогнозы",
        "🔑 Роли",
        "📜 Журнал",
        "🏠 Меню",
    ]
    await kate.says("/ADMIN")
    assert "Your role: admin" in (await kate.sees("🛠 The shop's panel")).text


async def test_the_commands_menu_grows_with_the_panel(stage: Stage, olga: Person, max_: Person, anna: Person) -> None:
    assert "admin" not in await anna.commands()
    await olga.says("/admin")
    await olga.sees("Панель магазина")
    await olga.says("/language")  # it waits its turn behind the commands
    await olga.sees("Язык / Language")
    assert set(OWNING) <= set(await olga.commands())
    await max_.says("/admin")
    await max_.sees("A moderator looks and changes nothing.")
    await max_.says("/language")
    await max_.sees("Language")
    assert {"admin", "user", "stats"} <= set(await max_.commands())
    assert "grant" not in await max_.commands()


@pytest.mark.parametrize("name", OWNING)
async def test_to_a_stranger_there_is_no_such_command(stage: Stage, anna: Person, john: Person, name: str) -> None:
    for typed in (f"/{name} #1 5 why", f"/{name}", f"/{name.upper()}"):
        await anna.says(typed)
        await anna.sees(f"Команды {typed.split()[0]} нет.")
        await john.says(typed)
        await john.sees(f"There is no command {typed.split()[0]}.")
    assert name not in {*await anna.commands(), *await john.commands()}
    assert await audit_log(stage, anna) == []


OFFER = PackageOffer(title={"ru": "Сто", "en": "Hundred"}, credits=10000, price=rub(90000), valid_days=90)
BUTTONS = [value for name, value in vars(names).items() if name.isupper() and value.startswith("adm")]


@pytest.mark.parametrize("name", BUTTONS)
async def test_to_a_stranger_there_is_no_such_button(stage: Stage, anna: Person, john: Person, name: str) -> None:
    number = await stage.user_id(anna)
    for argument in ("", f":{number}", f":{number}:give", f":{anna.id}:admin", ":wine:off", ":new"):
        assert (await anna.forges(f"{name}{argument}")).text == "Эта кнопка устарела. Вот свежее меню."
        assert (await john.forges(f"{name}{argument}")).text == "This button is out of date. Here is a fresh menu."
    assert await stage.app.services.admins.role_by_telegram(anna.id) is None
    assert await audit_log(stage, anna) == []


async def test_a_role_that_is_taken_away_while_its_question_waits(stage: Stage, kate: Person, anna: Person) -> None:
    await kate.says(f"/user #{await stage.user_id(anna)}")
    await kate.presses("➕ Give credits")
    await kate.sees("How many credits shall")
    await stage.app.services.admins.appoint(kate.id, None, actor=await stage.actor())
    await kate.says("5")
    await kate.sees("These look like values for a model.")
    await kate.says("hello")
    await kate.sees("I did not understand that")
    answer = await kate.forges(f"adm-user:{await stage.user_id(anna)}:give")
    assert answer.text == "This button is out of date. Here is a fresh menu."


async def test_a_role_that_is_taken_away_before_the_confirmation(stage: Stage, kate: Person, anna: Person) -> None:
    await kate.says(f"/grant #{await stage.user_id(anna)} 5 kindness")
    await kate.sees("Give 5.00 credits to")
    await stage.app.services.admins.appoint(kate.id, Role.MODERATOR, actor=await stage.actor())
    answer = await kate.presses("✅ Give")
    assert answer.text == "Your role does not allow this."
    await stage.app.services.admins.appoint(kate.id, None, actor=await stage.actor())
    answer = await kate.presses("✅ Give")
    assert answer.text == "This button is out of date. Here is a fresh menu."
    assert await balance(stage, anna) == 1000


async def test_a_moderator_looks(stage: Stage, max_: Person, anna: Person) -> None:
    number = await stage.user_id(anna)
    await max_.says(f"/user #{number}")
    card = await max_.sees("Анна")
    assert card.buttons == ["‹ Back", "🛠 Panel"]
    for data in (f"adm-user:{number}:{verb}" for verb in ("give", "take", "write", "off", "on")):
        assert (await max_.forges(data)).text == "Your role does not allow this."
    package = await stage.app.services.packages.create(OFFER, actor=await stage.actor())
    paid = (await pays(stage, anna)).id.hex
    for data in (
        *(f"adm-model:wine:{verb}" for verb in ("off", "on", "price", "own", "up", "down")),
        *(
            f"adm-pack:{package.id}:{verb}"
            for verb in ("off", "on", "up", "down", "ru", "en", "credits", "price", "days")
        ),
        *(f"adm-pay:{paid}:{verb}" for verb in ("ask", "whole", "part")),
        "adm-packs:new",
        "adm-log",
        f"adm-log:0:{number}",
        "adm-roles:new",
        f"adm-role:{max_.id}:admin",
        f"adm-role:{anna.id}",
    ):
        assert (await max_.forges(data)).text == "Your role does not allow this.", data
    for command in (
        f"/grant #{number} 5 x",
        f"/take #{number} 5 x",
        f"/ban #{number}",
        f"/unban #{number}",
        "/refund x",
    ):
        await max_.says(command)
        await max_.sees("Your role does not allow this.")
    await max_.says(f"/role #{number} admin")
    await max_.sees("Your role does not allow this.")
    await max_.says("/stats")
    await max_.sees_photo("Last 7 days")
    assert await audit_log(stage, anna) == []
    assert await stage.app.services.packages.get(package.id) == package


async def test_an_admin_gives_no_roles(stage: Stage, kate: Person, anna: Person) -> None:
    for data in ("adm-roles:new", f"adm-role:{anna.id}", f"adm-role:{anna.id}:admin", f"adm-role:{kate.id}:none"):
        await kate.says("/admin")
        await kate.sees("panel")
        assert (await kate.forges(data)).text == "Your role does not allow this.", data
    assert await stage.app.services.admins.role_by_telegram(anna.id) is None
    assert await stage.app.services.admins.role_by_telegram(kate.id) is Role.ADMIN


async def test_a_form_waits_while_an_admin_works(stage: Stage, olga: Person, anna: Person) -> None:
    await olga.says("/start model_wine")
    await olga.presses("▶️")
    await olga.sees("1/")
    await olga.says("14.23")
    await olga.sees("2/")
    await olga.says(f"/user #{await stage.user_id(anna)}")
    await olga.presses("➕ Начислить")
    await olga.says("2")
    await olga.sees("По какой причине?")
    await olga.says("терпение")
    await olga.presses("✅ Начислить")
    await olga.sees("✅ Начислено: 2,00 кредита.")
    await olga.presses("▶️ Продолжить")
    await olga.sees("2/")
    await olga.says("/cancel")
    await olga.sees("Ничего не списано")
    assert await balance(stage, anna) == 1200


async def test_a_question_is_left(olga: Person, kate: Person) -> None:
    await olga.says("/admin")
    await olga.presses("👥 Покупатели")
    await olga.says("/cancel")
    await olga.sees("Вопрос отменён. Ничего не изменилось.")
    await kate.says("/admin")
    await kate.presses("👥 Customers")
    await kate.says("/balance")
    await kate.sees("Balance")
    await kate.says("anna")
    await kate.sees("I did not understand that")


async def test_an_admin_opens_no_list_of_what_was_sent_to_a_provider(kate: Person) -> None:
    await kate.says("/admin")
    panel = await kate.sees("🛠 The shop's panel")
    assert (await kate.forges("adm-requests:wine", panel.id)).text == "Your role does not allow this."
