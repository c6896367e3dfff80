"""/help and /terms."""

from sandbox.client.person import Person
from tests.conversations.stage import OWNER_ID, Stage


async def test_help_names_every_command(anna: Person, john: Person) -> None:
    await anna.says("/help")
    screen = await anna.sees("Как это работает")
    for command in await anna.commands():
        assert f"/{command} — " in screen.text
    await john.says("/help")
    assert "/balance — Your credits" in (await john.sees("How it works")).text


async def test_terms_and_back(anna: Person, john: Person) -> None:
    await anna.says("/terms")
    terms = await anna.sees("📄 Условия")
    for part in (
        "Кредиты.",
        "Цена.",
        "Если предсказание не удалось.",
        "Срок.",
        "Это не совет.",
        "Ваши данные.",
        "Связь.",
    ):
        assert part in terms.text
    await anna.presses("‹ Назад")
    help_ = await anna.sees("Как это работает")
    assert help_.id == terms.id
    await anna.presses("📄 Условия")
    await anna.sees("Это не совет.")
    await john.says("/terms")
    await john.sees("They are not financial, medical or any other professional advice")


async def test_the_owner_is_the_contact(stage: Stage, john: Person) -> None:
    olga = await stage.person("Ольга", "ru", role="owner", username="olga_shop", id=OWNER_ID)
    await olga.says("/start")
    await olga.sees("Здравствуйте, Ольга!")
    await john.says("/terms")
    await john.sees("Contact. For anything else, money included, write to @olga_shop.")
