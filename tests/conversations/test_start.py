"""/start: the greeting, the welcome credits, links to models."""

from sandbox.client.person import Person
from tests.conversations.stage import Stage


async def test_a_newcomer_is_greeted_and_given_credits(anna: Person) -> None:
    await anna.says("/start")
    greeting = await anna.sees("Здравствуйте, Анна!")
    assert "10,00 кредитов" in greeting.text
    assert "Баланс: 10,00 кредитов" in greeting.text
    assert greeting.buttons == ["🔮 Модели", "🎨 Стили", "💰 Баланс", "🧾 История", "👤 Профиль", "🌐 Язык", "ℹ️ Помощь"]


async def test_an_english_newcomer(john: Person) -> None:
    await john.says("/start")
    greeting = await john.sees("Hello, John!")
    assert "A welcome gift: 10.00 credits" in greeting.text
    assert greeting.buttons == [
        "🔮 Models",
        "🎨 Styles",
        "💰 Balance",
        "🧾 History",
        "👤 Profile",
        "🌐 Language",
        "ℹ️ Help",
    ]


async def test_welcome_credits_are_told_and_given_once(anna: Person) -> None:
    await anna.says("/start")
    await anna.sees("Подарок для знакомства")
    await anna.says("/start")
    again = await anna.sees("Здравствуйте, Анна!")
    assert "Подарок" not in again.text
    assert "Баланс: 10,00 кредитов" in again.text


async def test_a_newcomer_who_does_not_begin_with_start(anna: Person) -> None:
    await anna.says("привет")
    await anna.sees("Подарок для знакомства: 10,00 кредитов")


async def test_other_languages_get_english(stage: Stage) -> None:
    jean = await stage.person("Jean", "fr")
    await jean.says("/start")
    await jean.sees("Hello, Jean!")


async def test_no_language_gets_the_shops(stage: Stage) -> None:
    someone = await stage.person("Некто", None)
    await someone.says("/start")
    await someone.sees("Здравствуйте, Некто!")


async def test_names_are_not_markup(stage: Stage) -> None:
    bobby = await stage.person("<b>Bobby</b> & {name}", "en")
    await bobby.says("/start")
    await bobby.sees("Hello, <b>Bobby</b> & {name}!")


async def test_a_link_to_a_model(anna: Person) -> None:
    await anna.says("/start model_wine")
    await anna.sees("Здравствуйте, Анна!")
    await anna.sees("Сорт вина по анализу")


async def test_a_link_to_a_model_for_someone_known(john: Person) -> None:
    await john.says("/start")
    await john.sees("Hello, John!")
    await john.says("/start model_wine")
    page = await john.sees("Wine by its analysis")
    assert "Hello" not in page.text


async def test_links_that_lead_nowhere(anna: Person, john: Person) -> None:
    for payload in ("model_nosuch", "model_", "model_../../etc", "ref_12345", "🦊", "x" * 300):
        await anna.says(f"/start {payload}")
        menu = await anna.sees("Эта ссылка больше никуда не ведёт")
        assert "🔮 Модели" in menu.buttons
    await john.says("/start model_nosuch")
    await john.sees("This link leads nowhere any more")


async def test_commands_are_read_kindly(anna: Person) -> None:
    for command in ("/Menu", "/MENU", "/menu please"):
        await anna.says(command)
        await anna.sees("Что будем делать?")
