"""A table of 500 rows in a real browser: from the file to the file, in the chat's page and in the cabinet."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import demo
from tests.browser.page import ANNA, WITHIN_MS, Chat
from tests.browser.site import OpenSite, open_site
from tests.browser.test_cabinet import DESK, PHONE, assert_good, watched
from tests.conversations.scoring.tables import RUSSIAN, csv_table, read_csv, wines

pytestmark = pytest.mark.slow

ROWS = [["Погреб", *RUSSIAN], *(["A", *row] for row in wines(499)), ["B", "пять", *wines(1)[0][1:]]]
UNCLEAR = [["one", "two", *RUSSIAN[2:]], *wines(3)]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OpenSite]:
    with open_site(tmp_path_factory.mktemp("site")) as opened:
        yield opened


@pytest.fixture
def rich_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with demo(tmp_path_factory.mktemp("demo"), WELCOME_CREDITS="1000") as url:
        yield url


def test_in_the_chat(rich_url: str, chromium: Browser, pictures: Path, tmp_path: Path) -> None:
    file = tmp_path / "вина.csv"
    file.write_bytes(csv_table(ROWS, delimiter=";"))
    anna = Chat(chromium, rich_url, ANNA, pictures, locale="ru-RU")
    anna.starts()
    anna.says("/start model_wine")
    anna.presses("📋 Таблица")
    anna.sees("До 100 000 строк")
    anna.uploads("document", file)
    anna.sees("499 × 1,00 = 499,00 кредитов")
    anna.photographs("table-chat-ru")
    anna.presses("✅ Ответить на 499 строк")
    anna.sees("✅ Отвечено: 499 из 499 строк.")
    header, *rows = read_csv(anna.downloads("вина-wine.csv"), ";")
    assert header[-3:] == ["Вино", "Вино: вероятность", "Примечание"]
    assert len(rows) == 500
    assert all(row[14] for row in rows[:499])
    anna.photographs("table-chat-answer-ru")
    anna.done()


@pytest.mark.parametrize(("scripts", "view"), [(True, PHONE), (False, DESK)])
def test_in_the_cabinet(site: OpenSite, chromium: Browser, pictures: Path, scripts: bool, view: dict[str, int]) -> None:
    page = site.page(chromium, "anna", viewport=view, java_script_enabled=scripts, locale="ru")
    reports = watched(page)
    shot = f"{'phone' if view is PHONE else 'desk'}"
    page.goto("/models/wine")
    page.get_by_role("link", name="Много строк из таблицы").click()
    with page.expect_download() as template:
        page.get_by_role("link", name="Excel").click()
    assert template.value.suggested_filename == "Сорт вина по анализу.xlsx"
    _looked_at(page, reports, pictures / f"table-send-{shot}.png", scripts=scripts)
    _sends(page, ROWS)
    expect(page.get_by_text("499 × 1,00 = 499,00 кредитов")).to_be_visible(timeout=WITHIN_MS)
    page.get_by_text("1 строку взять нельзя").click()
    expect(page.get_by_text("Строка 501. Алкоголь («пять»)")).to_be_visible()
    _looked_at(page, reports, pictures / f"table-price-{shot}.png", scripts=scripts)
    page.get_by_role("button", name="Ответить на 499 строк").click()
    expect(page.get_by_text("Отвечено: 499 из 499 строк")).to_be_visible(timeout=WITHIN_MS)
    _looked_at(page, reports, pictures / f"table-answer-{shot}.png", scripts=scripts)
    with page.expect_download() as taken:
        page.get_by_role("link", name="Скачать файл").click()
    assert taken.value.suggested_filename == "вина-wine.csv"
    assert len(read_csv(taken.value.path().read_bytes(), ";")) == 501
    page.goto("/history")
    page.get_by_role("link", name="Таблицы").click()
    expect(page.get_by_role("link", name="вина.csv").first).to_be_visible()
    _looked_at(page, reports, pictures / f"table-list-{shot}.png", scripts=scripts)
    page.context.close()


def test_columns_are_asked_for(site: OpenSite, chromium: Browser, pictures: Path) -> None:
    page = site.page(chromium, "john", viewport=PHONE, color_scheme="dark")
    reports = watched(page)
    page.goto("/models/wine/table")
    _sends(page, UNCLEAR)
    _looked_at(page, reports, pictures / "table-columns-phone.png", scripts=True)
    page.get_by_label("Alcohol").select_option("one (11.00)")
    page.get_by_label("Malic acid").select_option(index=2)
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_role("button", name="Answer 3 rows: free")).to_be_visible()  # a plan pays
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_role("heading", name="Many rows from a table")).to_be_visible()
    page.context.close()


def _sends(page: Page, rows: list[list[str]]) -> None:
    buffer = csv_table(rows, delimiter=";")
    page.locator("input[type=file]").set_input_files({"name": "вина.csv", "mimeType": "text/csv", "buffer": buffer})
    page.locator("form[enctype] button").click()


def _looked_at(page: Page, reports: list[str], picture: Path, *, scripts: bool) -> None:
    page.screenshot(path=picture, full_page=True)
    if scripts:  # axe is one
        assert_good(page, reports)
