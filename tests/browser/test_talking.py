"""`kassandra demo` sells talks with the sandbox's assistant."""

from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.page import ANNA, JOHN, Chat

pytestmark = pytest.mark.slow


def test_anna_talks_stops_and_goes_on(demo_url: str, chromium: Browser, pictures: Path) -> None:
    anna = Chat(chromium, demo_url, ANNA, pictures, locale="ru-RU")
    anna.starts()
    anna.photographs("chat-menu-ru")
    anna.says("/chat")
    anna.sees("Кого спросим?")
    anna.photographs("chat-list-ru")
    anna.presses("Оракул песочницы")
    anna.sees("Сегодня осталось 3 бесплатных ответа")
    anna.photographs("chat-begun-ru")
    anna.presses("Покажи разметку")
    anna.sees("Бесплатно сегодня")
    anna.photographs("chat-markdown-ru")
    anna.says("медленно расскажи без конца")
    draft = anna.page.get_by_test_id("draft")
    expect(draft).to_contain_text("Это заглушка", timeout=10_000)
    anna.photographs("chat-draft-ru")
    anna.page.get_by_test_id("draft-stop").click()
    anna.sees("Остановлено")
    anna.photographs("chat-stopped-ru")
    anna.presses("Дальше")
    anna.sees("Продолжай, пожалуйста")
    anna.says("/sessions")
    anna.sees("Ваши диалоги")
    anna.photographs("chat-sessions-ru")
    anna.says("/privacy")
    anna.sees("Диалоги с ассистентами")
    anna.photographs("chat-privacy-ru")
    anna.done()


def test_john_sees_code_and_a_table(demo_url: str, chromium: Browser, pictures: Path) -> None:
    john = Chat(chromium, demo_url, JOHN, pictures)
    john.starts()
    john.says("/chat")
    john.presses("The oracle as a poet")
    john.sees("Write your message")
    john.says("Show me a table and code")
    john.sees("balance")
    john.photographs("chat-code-en")
    john.says("/help")
    john.done()


def test_the_panel_spoils_the_provider(demo_url: str, chromium: Browser, pictures: Path) -> None:
    anna = Chat(chromium, demo_url, ANNA, pictures, locale="ru-RU")
    anna.starts()
    anna.says("/chat")
    anna.presses("Оракул песочницы")
    anna.sees("Напишите")
    part = anna.page.get_by_test_id
    part("open-panel").click()
    part("panel-openai").scroll_into_view_if_needed()
    part("openai-dialect").select_option("gateway")
    part("openai-pace").select_option("human")
    part("openai-fault").select_option("truncated")
    part("openai-arm").click()
    expect(part("openai-armed")).to_contain_text("Заряжен 1 сбой")
    anna.photographs("chat-panel-ru")
    part("close-panel").click()
    anna.says("Расскажи о себе")
    anna.sees("Связь оборвалась")
    anna.photographs("chat-cut-ru")
    part("open-panel").click()
    expect(part("openai-armed")).to_have_count(0)
    part("openai-fault").select_option("quota")
    part("openai-times").select_option("always")
    part("openai-arm").click()
    expect(part("openai-armed")).to_contain_text("пока не снять: 429, квота исчерпана")
    part("openai-faults-clear").click()
    expect(part("openai-armed")).to_have_count(0)
    anna.done()
