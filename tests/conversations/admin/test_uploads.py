"""From a file to a product: an owner sends a model to the bot and sells it."""

from PIL import Image

from sandbox.client.person import Person
from tests.conversations.stage import Stage
from tests.support.uploads import linear, sorts
from tests.support.waiting import until
from tests.unit.authoring.test_meanings import looks_at_several
from tests.unit.inference.test_preparation import png


async def sells(stage: Stage, slug: str, version: str) -> None:
    """Every part of the shop knows this version by now."""

    async def known() -> bool:
        manifest = stage.app.services.models.manifest(slug)
        return manifest is not None and manifest.version == version

    await until(known)


async def test_an_owner_sells_a_file_and_a_customer_buys(stage: Stage, olga: Person, anna: Person) -> None:
    await olga.sends_file("rent-of-flats.onnx", linear())
    card = await olga.sees("🧪 Черновик")
    assert "Metres" in card.text
    assert "МБ памяти" in card.text
    assert "Цена: пока не указана" in card.text
    assert "answered by" not in card.text
    await olga.presses("🟢 Опубликовать")
    await olga.says("Аренда квартир")
    await olga.says("Rent of flats")
    await olga.says("3,50")
    ready = await olga.sees("✅ Всё названо")
    assert "Название по-русски: Аренда квартир" in ready.text
    assert "Название по-английски: Rent of flats" in ready.text
    await olga.presses("🟢 Опубликовать")
    await olga.sees("🟢 Продаётся")
    await sells(stage, "rent-of-flats", "1")
    await anna.says("/models")
    await anna.sees("Аренда квартир: 3,50 кредита")
    await anna.presses("Аренда квартир")
    await anna.presses("▶️")
    await anna.says("20")
    await anna.presses("🔮 Предсказать")
    await anna.sees("Roubles: 41")


async def test_a_draft_is_tried_for_free_and_by_nobody_else(stage: Stage, olga: Person, anna: Person) -> None:
    await olga.sends_file("draft.onnx", linear(5.0, "drafts"))
    await olga.sees("🧪 Черновик")
    before = await stage.app.services.history.page(await stage.user_id(olga), 0)
    _, begin = await olga.button("▶️ Попробовать бесплатно")
    assert begin.data is not None
    await olga.presses("▶️ Попробовать бесплатно")
    await olga.says("10")
    await olga.presses("🔮 Предсказать")
    answer = await olga.sees("Roubles: 25,00")
    assert "бесплатно" in answer.text
    assert answer.buttons == ["▶️ Попробовать бесплатно", "🧪 К карточке"]
    after = await stage.app.services.history.page(await stage.user_id(olga), 0)
    assert [each.id for each in after.items] == [each.id for each in before.items]
    assert "не продаётся" in ((await anna.forges(begin.data)).text or "")
    await anna.says("/models")
    assert "Draft" not in (await anna.sees("Что будем предсказывать?")).text
    await olga.presses("🧪 К карточке")
    await olga.presses("🗑 Выбросить")
    await olga.sees("🗑 Выброшена")


async def test_a_list_of_pictures_is_tried(olga: Person) -> None:
    """The card tells how many the form takes, and the trial takes them."""
    await olga.sends_file("lightness.onnx", looks_at_several(2))
    card = await olga.sees("🧪 Черновик")
    assert "2 картинки" in card.text
    await olga.presses("▶️ Попробовать бесплатно")
    for colour in ("black", "white"):
        await olga.sends_file(f"{colour}.png", png(Image.new("RGB", (40, 40), colour)), album="77")
    await olga.sees("X: 2 картинки")
    await olga.presses("🔮 Предсказать бесплатно")
    await olga.sees("Y: 0,50")
    await olga.presses("🧪 К карточке")
    await olga.presses("🗑 Выбросить")


async def test_a_new_version_is_compared_published_and_taken_back(stage: Stage, olga: Person, anna: Person) -> None:
    await olga.sends_file("fares.onnx", linear(7.0, "stops"))
    await olga.presses("🟢 Опубликовать", within=20)
    for told in ("Проезд", "Fares", "0"):
        await olga.says(told)
    await olga.presses("🟢 Опубликовать")
    await sells(stage, "fares", "1")
    await anna.says("/models")
    await anna.presses("Проезд")
    await anna.presses("▶️")
    await anna.says("20")
    await anna.presses("🔮 Предсказать")
    await anna.sees("Roubles: 47")

    await olga.sends_file("fares.onnx", linear(9.0, "stops"))
    await olga.presses("⬆️ Новая версия")
    compared = await olga.sees("Сравнение с версией 1", within=20)
    assert "0 из 2 ответов совпадают" in compared.text
    assert "раньше" in compared.text
    await olga.presses("🟢 Опубликовать")
    await sells(stage, "fares", "2")
    await olga.presses("↩️ Вернуть версию 1")
    await sells(stage, "fares", "1")
    await olga.presses("↪️ Вперёд к версии 2")
    await sells(stage, "fares", "2")
    await olga.sees_button("↩️ Вернуть версию 1")


async def published(stage: Stage, olga: Person, name: str, bias: float, asked: str) -> None:
    """On sale in a minute, as the first test shows it."""
    await olga.sends_file(f"{name}.onnx", linear(bias + 0.5, asked))
    await olga.sees("🧪 Черновик")
    await olga.presses("🟢 Опубликовать")
    for told in (name.title(), name.title(), "1"):
        await olga.says(told)
    await olga.sees("✅ Всё названо")
    await olga.presses("🟢 Опубликовать")
    await olga.sees("🟢 Продаётся")
    await sells(stage, name, "1")


async def buys(anna: Person, title: str, wanted: str) -> None:
    await anna.says("/models")
    await anna.presses(title)
    await anna.presses("▶️")
    await anna.says("10")
    await anna.presses("🔮 Предсказать")
    await anna.sees(wanted)


async def test_a_new_version_and_back_in_one_tap(stage: Stage, olga: Person, anna: Person) -> None:
    await published(stage, olga, "salary", 1, "hours")
    await buys(anna, "Salary", "Roubles: 21,50")
    await olga.sends_file("salary.onnx", linear(2.25, "hours"))
    await olga.sees("это новая версия модели «Salary» или другая модель?")
    await olga.presses("⬆️ Новая версия")
    card = await olga.sees("🧪 Черновик")
    assert "Версия 2 модели salary" in card.text
    assert "💲 Цена" not in card.buttons  # the model's own price stays
    await olga.presses("🟢 Опубликовать")
    await olga.sees("🟢 Продаётся")
    await sells(stage, "salary", "2")
    await buys(anna, "Salary", "Roubles: 22,25")
    await olga.presses("🧠 К модели")
    await olga.presses("🧬 Версии")
    await olga.presses("⚪ Версия 1")
    await olga.presses("↩️ Вернуть в продажу")
    await olga.sees("🟢 Продаётся")
    await sells(stage, "salary", "1")
    await buys(anna, "Salary", "Roubles: 21,50")
    bought = await stage.app.services.history.page(await stage.user_id(anna), 0)
    assert [each.model_version for each in bought.items] == ["1", "2", "1"]
    await olga.presses("🧠 К модели")
    await olga.presses("🧬 Версии")
    await olga.presses("🗑 Удалить из магазина")
    await olga.presses("🗑 Удалить")
    await olga.sees("больше нет в магазине")
    await anna.says("/history")
    await anna.presses("· Salary")
    await anna.sees("Roubles: 21,50")


async def test_a_file_of_the_same_name_may_be_another_model(olga: Person) -> None:
    await olga.sends_file("twin.onnx", linear(31, "twins"))
    await olga.sees("🧪 Черновик")
    await olga.sends_file("twin.onnx", linear(32, "twins"))
    await olga.sees("это новая версия модели")
    await olga.presses("➕ Другая модель")
    assert "Версия 1 модели twin-2" in (await olga.sees("🧪 Черновик")).text
    await olga.presses("➕ Другая модель")
    assert "уже" in ((await olga.forges("adm-up-new:nonsense")).text or "")


async def test_the_very_same_file(kate: Person) -> None:
    await kate.sends_file("same.onnx", linear(41, "same"))
    await kate.sees("🧪 A draft")
    await kate.sends_file("copy of same.onnx", linear(41, "same"))
    known = await kate.sees("This very file is here already.")
    assert "Version 1 of same" in known.text


async def test_texts_of_a_model_on_sale(stage: Stage, olga: Person, anna: Person) -> None:
    await published(stage, olga, "salary-two", 4, "years")
    await olga.presses("✏️ Тексты")
    texts = await olga.sees("Это читают покупатели")
    assert "Описание: —" in texts.text
    await olga.presses("Описание")
    await olga.sees("Пришлите по-русски.")
    await olga.says("Сколько платят")
    await olga.sees("А теперь по-английски.")
    await olga.says("How much is paid")
    assert "Описание: Сколько платят / How much is paid" in (await olga.sees("✅ Сохранено.")).text
    await olga.presses("Эмодзи")
    await olga.says("no emoji at all!!")
    await olga.sees("Нужно от 1 до 16 знаков")
    await olga.says("💰")
    await olga.sees("Эмодзи: 💰")
    await olga.presses("❓ Вопрос 1: Years")
    await olga.presses("Вопрос")
    await olga.says("Стаж")
    await olga.presses("⏭ Оставить как есть")
    assert "Вопрос: Стаж / Years" in (await olga.sees("❓ Вопрос 1")).text
    await olga.presses("‹ Назад")
    await olga.presses("💬 Ответ 1: Roubles")
    await olga.presses("Заголовок ответа")
    await olga.says("Зарплата")
    await olga.says("Pay")
    await olga.sees("Заголовок ответа: Зарплата / Pay")

    async def known() -> bool:
        manifest = stage.app.services.models.manifest("salary-two")
        return manifest is not None and manifest.icon == "💰" and str(manifest.outputs[0].label) == "Pay"

    await until(known)
    await anna.says("/models")
    await anna.presses("💰 Salary-Two")
    assert "Сколько платят" in (await anna.sees("Salary-Two")).text
    await anna.presses("▶️")
    await anna.sees("Стаж")
    await anna.says("10")
    await anna.presses("🔮 Предсказать")
    await anna.sees("Зарплата: 24,50")


async def test_texts_in_english(kate: Person) -> None:
    await kate.sends_file("plain.onnx", sorts(0.25))
    await kate.sees("🧪 A draft")
    await kate.presses("✏️ Texts")
    await kate.presses("Category")
    await kate.sees("Send it in Russian.")
    await kate.says("Сад")
    await kate.says("Garden")
    await kate.sees("Category: Сад / Garden")
    await kate.presses("Category")
    await kate.presses("🧹 Without it")
    await kate.sees("Category: —")
    await kate.presses("🧪 To its card")
    await kate.sees("🧪 A draft")


async def test_a_changed_file_under_another_name(stage: Stage, olga: Person, kate: Person) -> None:
    await published(stage, olga, "wages", 6, "shifts")
    await olga.sends_file("model-final.onnx", linear(8.75, "shifts"))
    card = await olga.sees("Это новая версия или новая модель?", within=20)
    assert "🟢 Опубликовать" not in card.buttons
    await olga.presses("⬆️ Новая версия «Wages»")
    assert "Версия 2 модели wages" in (await olga.sees("Сравн")).text
    await olga.sees_button("🟢 Опубликовать")
    await kate.sends_file("my own.onnx", linear(9.75, "shifts"))
    await kate.sees("Is it a new version of that, or a new model?", within=20)
    await kate.presses("➕ A new model")
    assert "Version 1 of my-own" in (await kate.sees("🧪 A draft")).text
    await kate.sees_button("🟢 Publish")


async def test_a_trial_is_continued_from_its_card_alone(olga: Person) -> None:
    await olga.sends_file("trial-only.onnx", sorts(0.75))
    await olga.sees("🧪 Черновик")
    await olga.presses("▶️ Попробовать бесплатно")
    await olga.says("/admin")
    assert "▶️ Продолжить анкету" not in (await olga.sees("Панель")).buttons
    await olga.presses("🧠 Модели")
    await olga.presses("🧪 trial-only.onnx")
    await olga.sees_button("▶️ Продолжить анкету")


async def test_what_was_guessed_is_told_in_the_readers_language(olga: Person, kate: Person) -> None:
    await olga.sends_file("garden.onnx", sorts(0.5))
    card = await olga.sees("🧪 Черновик")
    assert "Что изменено и что угадано" in card.text
    assert "flower: вопросов: 2, по одному на столбец, ответы: число. Догадка: названий нигде нет" in card.text
    assert "guess" not in card.text
    await kate.sends_file("copy.onnx", sorts(0.5))
    known = await kate.sees("This very file is here already.")
    assert "flower: 2 questions, one for each column, answered by a number. A guess: nothing names them" in known.text


async def test_names_of_answers_come_as_a_file(kate: Person) -> None:
    await kate.sends_file("flowers.onnx", sorts())
    await kate.sees("🧪 A draft")
    await kate.presses("🏷 Names of answers")
    await kate.sends_file("names.txt", b"rose\ntulip\npoppy")
    waiting = await kate.sees("🔎")
    named = await kate.sees("Kind: rose")
    assert named.id == waiting.id  # no card is left behind that waits for ever


async def test_names_of_questions_are_one_for_each(olga: Person) -> None:
    await olga.sends_file("rooms.onnx", linear(71, "rooms"))
    await olga.sees("🧪 Черновик")
    await olga.presses("❓ Названия вопросов")
    assert "ru;en" in (await olga.sees("Как называются вопросы?")).text
    await olga.says("ru;en\nПлощадь квартиры;Size of the flat")
    card = await olga.sees("🧪 Черновик")
    assert "Площадь квартиры" in card.text
    await olga.presses("❓ Названия вопросов")
    await olga.says("Площадь\nЭтаж")
    await olga.sees("Названий вопросов дано 2, а вопросов у модели 1. Назовите столько же, в порядке столбцов")


async def test_what_cannot_be_sold(olga: Person, max_: Person) -> None:
    await olga.sends_file("model.onnx", b"PK\x03\x04" + bytes(100))
    refused = await olga.sees("⛔ Продавать нельзя.")
    assert "Это не файл ONNX, а архив ZIP" in refused.text
    await olga.presses("🗑 Выбросить")
    await olga.sees("🗑 Выброшена")
    await olga.sends_file("model.pkl", b"\x80\x04")
    await olga.sees("Магазин продаёт модели в формате ONNX.")
    await olga.sends_file("large.onnx", bytes(20 * 1024 * 1024 + 1))
    await olga.sees("Файлы больше 20 МБ Telegram ботам не отдаёт.")
    await max_.sends_file("model.onnx", linear(51))
    await max_.sees("Your role does not allow this.")


async def test_a_file_of_a_customer_is_no_model(anna: Person) -> None:
    await anna.sends_file("model.onnx", linear(61))
    assert "Проверяется" not in (await anna.sees("фай")).text
