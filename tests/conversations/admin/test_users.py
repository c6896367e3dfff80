"""Customers found, given to, taken from, written to, shut out."""

import asyncio

import pytest

from db.tables.identities import SessionKind
from sandbox.client.person import Person
from services.identity.sessions import Device
from tests.conversations.admin.conftest import audit_log
from tests.conversations.shopping import balance
from tests.conversations.stage import Stage
from tests.support.factors import add_factor


async def opens_card(admin: Person, stage: Stage, person: Person) -> None:
    await admin.says(f"/user #{await stage.user_id(person)}")
    await admin.sees(person.name)


async def test_found_by_whatever_is_known(stage: Stage, olga: Person, anna: Person) -> None:
    await stage.app.services.users.set_email(await stage.user_id(anna), f"anna{anna.id}@example.com")
    number = await stage.user_id(anna)
    for text in (f"#{number}", str(anna.id), f"ANNA{anna.id}@example.com"):
        await olga.says("/admin")
        await olga.presses("👥 Покупатели")
        await olga.sees("Кого найти?")
        await olga.says(text)
        card = await olga.sees("👤 Анна")
        assert f"#{number} · Telegram {anna.id} · ru" in card.text
    assert "Баланс: 10,00 кредитов" in card.text
    assert "Потрачено: 0,00 кредитов" in card.text
    assert card.holds("Оплачено: 0 ₽")
    assert card.buttons == [
        "➕ Начислить", "➖ Забрать", "✉️ Написать", "⛔ Закрыть доступ", "📜 Что сделано", "🔑 Роль",
        "‹ Назад", "🛠 Панель",
    ]  # fmt: skip


async def test_several_people_fit(stage: Stage, kate: Person) -> None:
    for _ in range(2):
        twin = await stage.person("Zebedee", "en", username=None)
        await twin.says("/start")
        await twin.sees("Hello")
    await kate.says("/user zebed")
    found = await kate.sees("Several people fit.")
    assert [button.partition(" ")[2] for button in found.buttons[:2]] == ["Zebedee · 10.00"] * 2
    await kate.presses("Zebedee")
    await kate.sees("👤 Zebedee")
    await kate.says("/grant zebed 5 x")
    await kate.sees("Several people fit: #")


@pytest.mark.parametrize("text", ["#999999", "123456789012345678901234567890", "@nobody", "%", "<b>", "x@y.zz", "🦊"])
async def test_nobody_is_found(olga: Person, kate: Person, text: str) -> None:
    await olga.says("/admin")
    await olga.presses("👥 Покупатели")
    await olga.says(text)
    await olga.sees("Никого не нашлось.")
    await kate.says(f"/user {text}")
    await kate.sees("Nobody is found.")


async def test_credits_given(stage: Stage, olga: Person, anna: Person) -> None:
    await opens_card(olga, stage, anna)
    await olga.presses("➕ Начислить")
    await olga.sees("Сколько кредитов начислить?")
    for wrong in ("0", "-5", "1e3", "100.001", "³⁰⁰", "много", "1000001"):
        await olga.says(wrong)
        await olga.sees("⚠️ Нужна сумма от 0,01 до 1000000,00")
    await olga.says("2,50")
    await olga.sees("По какой причине?")
    await olga.says("x" * 201)
    await olga.sees("Нужна причина, от 1 до 200 символов.")
    await olga.says("за <терпение>")
    shown = await olga.sees("Начислить 2,50 кредита?")
    assert "Баланс: 10,00 → 12,50" in shown.text
    assert "Причина: за <терпение>" in shown.text
    await olga.presses("✅ Начислить")
    card = await olga.sees("✅ Начислено: 2,50 кредита.")
    assert "Баланс: 12,50 кредита" in card.text
    letter = await anna.sees("🎁 Магазин подарил вам 2,50 кредита.")
    assert "Причина: за <терпение>" in letter.text
    (entry,) = await audit_log(stage, anna)
    assert (entry.action, entry.actor_user_id, entry.reason) == (
        "credits.grant",
        await stage.user_id(olga),
        "за <терпение>",
    )
    assert (entry.before, entry.after) == ({"balance": 1000}, {"balance": 1250, "amount": 250})
    await anna.says("/balance")
    await anna.sees("+2,50 · Подарок магазина (за <терпение>)")


async def test_credits_taken(stage: Stage, kate: Person, john: Person) -> None:
    await opens_card(kate, stage, john)
    await kate.presses("➖ Take credits")
    await kate.sees("How many credits shall be taken from John")
    await kate.says("10.01")
    await kate.sees("There is less than that: at most 10.00 credits can be taken.")
    await kate.says("4")
    await kate.says("given by mistake")
    await kate.sees("Take 4.00 credits from John")
    await kate.presses("✅ Take")
    await kate.sees("✅ Taken: 4.00 credits.")
    await john.sees("The shop took back 4.00 credits.")
    assert await balance(stage, john) == 600


async def test_a_double_tap_acts_once(stage: Stage, olga: Person, anna: Person) -> None:
    await olga.says(f"/grant #{await stage.user_id(anna)} 5 за терпение")
    shown = await olga.sees("Начислить 5,00 кредитов?")
    button = shown.button("✅ Начислить")
    assert button is not None
    assert button.data is not None
    answers = await asyncio.gather(*(olga.forges(button.data, shown.id) for _ in range(5)))
    assert sorted(answer.text or "" for answer in answers) == ["", *["Это уже решено."] * 4]
    assert await balance(stage, anna) == 1500
    assert len(await audit_log(stage, anna)) == 1


async def test_two_admins_take_the_last_credits_at_once(stage: Stage, olga: Person, kate: Person, anna: Person) -> None:
    number = await stage.user_id(anna)
    for admin in (olga, kate):
        await admin.says(f"/take #{number} 10 x")
        await admin.sees("10,00" if admin is olga else "10.00")
    answers = await asyncio.gather(olga.presses("✅ Забрать"), kate.presses("✅ Take"))
    refusals = [answer.text for answer in answers if answer.text]
    assert len(refusals) == 1
    assert "0,00" in refusals[0] or "0.00" in refusals[0]
    assert await balance(stage, anna) == 0
    assert len(await audit_log(stage, anna)) == 1


@pytest.mark.parametrize("command", ["/grant {} 5 x", "/take {} 5 x", "/ban {}", "/unban {}", "/role {} admin"])
async def test_nobody_there_by_command(olga: Person, command: str) -> None:
    for nobody in ("#999999", "@nobody_at_all"):
        await olga.says(command.format(nobody))
        await olga.sees("Никого не нашлось.")


async def test_more_than_there_is_by_command(stage: Stage, kate: Person, anna: Person) -> None:
    await kate.says(f"/take #{await stage.user_id(anna)} 11 x")
    await kate.sees("There is less than that: at most 10.00 credits can be taken.")
    assert await balance(stage, anna) == 1000


async def test_a_decision_that_was_left_for_another(stage: Stage, olga: Person, anna: Person) -> None:
    number = await stage.user_id(anna)
    await olga.says(f"/grant #{number} 5 первое")
    first = await olga.sees("первое")
    button = first.button("✅ Начислить")
    assert button is not None
    await olga.says(f"/grant #{number} 7 второе")
    await olga.sees("второе")
    answer = await olga.forges(button.data or "", first.id)
    assert answer.text == "Это уже решено."
    await olga.presses("✅ Начислить")
    await olga.sees("✅ Начислено: 7,00 кредитов.")
    assert await balance(stage, anna) == 1700


async def test_shut_out_and_let_in(stage: Stage, olga: Person, anna: Person) -> None:
    await opens_card(olga, stage, anna)
    await olga.presses("⛔ Закрыть доступ")
    await olga.sees("Кредиты останутся")
    await olga.presses("⛔ Закрыть доступ")
    card = await olga.sees("⛔ Доступ закрыт.")
    assert "✅ Вернуть доступ" in card.buttons
    await anna.says("/balance")
    await anna.sees("Доступ к боту для вас закрыт")
    await olga.presses("✅ Вернуть доступ")
    await olga.sees("✅ Доступ возвращён.")
    await anna.says("/balance")
    await anna.sees("Баланс: 10,00 кредитов")
    assert [entry.action for entry in await audit_log(stage, anna)] == ["user.disable", "user.enable"]


async def test_ban_and_unban(stage: Stage, kate: Person, john: Person, max_: Person) -> None:
    number = await stage.user_id(john)
    await kate.says(f"/ban #{number} spam and more")
    await kate.sees("⛔ The shop is closed to them.")
    await kate.says(f"/unban #{number}")
    await kate.sees("✅ The shop is open to them again.")
    assert [entry.reason for entry in await audit_log(stage, john)] == ["spam and more", None]
    await max_.says("/start")
    await max_.sees("Hello")
    await kate.says(f"/ban {max_.id}")
    await kate.sees("This person runs the shop too. Take the role away first.")


async def test_a_letter(stage: Stage, kate: Person, anna: Person) -> None:
    await opens_card(kate, stage, anna)
    await kate.presses("✉️ Write")
    await kate.sees("What shall I write to Анна")
    await kate.says("Добрый день, <Анна> & Ко!")
    await kate.sees("Send this to Анна")
    await kate.presses("✉️ Send")
    await kate.sees("✅ The message is on its way.")
    letter = await anna.sees("✉️ От магазина")
    assert letter.text.endswith("Добрый день, <Анна> & Ко!")


USAGE = {
    "/user": "Usage: /user WHO",
    "/grant": "Usage: /grant WHO CREDITS REASON, for example: /grant @anna 5 for patience",
    "/grant #1 5": "Usage: /grant",
    "/take #1": "Usage: /take",
    "/ban": "Usage: /ban",
    "/unban": "Usage: /unban",
    "/stats 14": "Usage: /stats [7|30|90]",
    "/stats week": "Usage: /stats",
    "/refund": "Usage: /refund",
}


@pytest.mark.parametrize("typed", USAGE)
async def test_wrong_usage_is_one_line_with_an_example(kate: Person, typed: str) -> None:
    await kate.says(typed)
    answer = await kate.sees(USAGE[typed])
    assert "for example" in answer.text
    assert "\n" not in answer.text


async def test_wrong_usage_in_russian(olga: Person) -> None:
    await olga.says("/grant")
    await olga.sees("Так: /grant КОМУ КРЕДИТЫ ПРИЧИНА, например: /grant @anna 5 за терпение")
    await olga.says("/role #1 king")
    await olga.sees("Так: /role КТО admin|moderator|none")


@pytest.mark.parametrize("amount", ["0", "-5", "1e3", "100.001", "³⁰⁰", "NaN", "1000000.01"])
async def test_amounts_that_are_none(stage: Stage, kate: Person, anna: Person, amount: str) -> None:
    await kate.says(f"/grant #{await stage.user_id(anna)} {amount} x")
    await kate.sees("An amount from 0.01 to 1000000.00")
    assert await balance(stage, anna) == 1000


@pytest.mark.parametrize("argument", ["", "x", "-1", "999999", "9" * 40, "1:", "1:x", "ё"])
async def test_forged_buttons_of_customers(kate: Person, argument: str) -> None:
    await kate.says("/admin")
    await kate.sees("panel")
    for name in ("adm-user", "adm-yes", "adm-model", "adm-pack", "adm-pay", "adm-pays", "adm-stats", "adm-roles"):
        answer = await kate.forges(f"{name}:{argument}"[:64])
        assert "Something went wrong" not in (answer.text or "")


async def test_a_lost_second_factor_is_turned_off_by_owners_alone(
    stage: Stage, olga: Person, kate: Person, anna: Person
) -> None:
    user_id = await stage.user_id(anna)
    opens = stage.app.services.web_sessions
    token = await opens.begin(user_id, SessionKind.BROWSER, Device(agent="a test"))
    await stage.app.db.write(add_factor, user_id)
    await opens_card(kate, stage, anna)
    assert "🔓 Second factor lost" not in (await kate.sees("Анна")).buttons
    assert (await kate.forges(f"adm-user:{user_id}:factor")).text == "Your role does not allow this."
    await opens_card(olga, stage, anna)
    await olga.presses("🔓 Потерян второй фактор")
    await olga.sees("просит сам владелец аккаунта")
    await olga.presses("🔓 Отключить")
    card = await olga.sees("Второй фактор отключён")
    assert "🔓 Потерян второй фактор" not in card.buttons
    await anna.sees("Магазин отключил второй фактор вашего аккаунта")
    assert (await stage.app.services.second_factor.view(user_id)).since is None
    assert await opens.find(token) is None
    assert [(entry.action, entry.edge) for entry in await audit_log(stage, anna)] == [("user.factor_off", "chat")]
