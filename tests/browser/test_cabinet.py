"""The cabinet in a real browser: everything is bought with and without scripts, and every page is for everybody."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]  # it brings none
from playwright.sync_api import Browser, Page, expect

from tests.browser.page import WITHIN_MS
from tests.browser.site import OpenSite, open_site
from tests.support.stores import STORE

pytestmark = pytest.mark.slow

PHOTO = STORE / "own-style" / "small.jpg"
DIGIT = STORE / "digit" / "example.png"
PAINTING = STORE / "own-style" / "style.jpg"
PHONE, DESK = {"width": 360, "height": 740}, {"width": 1280, "height": 800}
OF_STRANGERS = ("/", "/styles", "/models/wine", "/models/every-input", "/sign-in", "/nothing")
OF_CUSTOMERS = (
    "/",
    "/models/digit",
    "/models/thick-oil?fill-in=example",
    "/history",
    "/history/pictures",
    "/balance",
    "/security",
)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OpenSite]:
    with open_site(tmp_path_factory.mktemp("site")) as opened:
        yield opened


def buys(page: Page) -> None:
    """And sees the answer."""
    page.locator("form[enctype] button").click()
    expect(page).to_have_url(re.compile("/predictions/"))
    expect(page.locator("dl.answers, .pair, .made").first).to_be_visible(timeout=WITHIN_MS)


@pytest.mark.parametrize("scripts", [True, False])
def test_every_question_is_answered_and_bought(site: OpenSite, chromium: Browser, scripts: bool) -> None:
    page = site.page(chromium, "anna", viewport=PHONE, java_script_enabled=scripts)
    page.goto("/models/every-input")
    page.get_by_label("Сумма").fill("12,5")
    page.get_by_label("Комнаты").fill("3")
    page.get_by_label("Синий").check()
    page.get_by_label("Да", exact=True).check()
    page.get_by_label("День").fill("2026-11-21")
    page.get_by_label("Заметка").fill("Тихий двор")
    page.get_by_label("Вставьте числа").fill("10 двадцать 30")
    page.locator("form[enctype] button").click()
    expect(page.get_by_role("alert")).to_contain_text("1 ответ не подходит")
    expect(page.get_by_label("Заметка")).to_have_value("Тихий двор")
    page.get_by_label("Вставьте числа").fill("")
    page.get_by_label("или выберите файл").set_input_files(
        {"name": "prices.csv", "mimeType": "text/csv", "buffer": b"Open,Close\n1,10\n2,20\n3,60\n"}
    )
    page.locator("form[enctype] button").click()
    page.get_by_label("Столбец таблицы").select_option("Close")
    buys(page)
    expect(page.locator("dl.answers")).to_contain_text("30")
    page.get_by_role("link", name="Ещё раз").click()
    expect(page.get_by_label("Сумма")).to_have_value("12,5")
    buys(page)
    page.context.close()


@pytest.mark.parametrize("scripts", [True, False])
def test_pictures_are_sent_and_painted(site: OpenSite, chromium: Browser, scripts: bool) -> None:
    page = site.page(chromium, "anna", viewport=DESK, java_script_enabled=scripts)
    page.goto("/models/digit")
    page.get_by_label("Выберите изображение").set_input_files(DIGIT)
    if scripts:
        expect(page.get_by_alt_text("Выбранное изображение")).to_have_attribute("src", re.compile("^blob:"))
    buys(page)
    page.goto("/models/own-style")
    for place, picture in enumerate((PHOTO, PAINTING)):
        page.get_by_label("Выберите изображение").nth(place).set_input_files(picture)
    buys(page)
    page.goto("/styles")
    page.get_by_role("link", name="Густое масло").click()
    page.get_by_label("Выберите изображение").set_input_files(PHOTO)
    buys(page)
    with page.expect_download() as saved:
        page.get_by_role("link", name="Сохранить картинку").click()
    assert saved.value.suggested_filename.startswith("painter-")
    page.get_by_role("link", name="Другой стиль").click()
    page.get_by_role("link", name="Плакат").click()
    buys(page)
    page.context.close()


@pytest.mark.parametrize("slug", ["investment-risk", "wine", "iris"])
def test_an_example_is_bought_and_its_chart_is_drawn(site: OpenSite, chromium: Browser, slug: str) -> None:
    page = site.page(chromium, "john", viewport=PHONE)
    reports = watched(page)
    page.goto(f"/models/{slug}")
    page.get_by_role("link", name="Fill in an example").click()
    buys(page)
    expect(page.locator(".chart svg").first).to_be_visible()
    assert_good(page, reports)
    page.context.close()


def test_back_to_a_form_is_another_form(site: OpenSite, chromium: Browser) -> None:
    page = site.page(chromium, "john", viewport=DESK)
    page.goto("/models/wine?fill-in=example")
    buys(page)
    first = page.url
    page.go_back()
    buys(page)
    assert page.url != first
    page.context.close()


@pytest.mark.parametrize(("view", "scheme", "locale"), [(PHONE, "light", "ru"), (DESK, "dark", "en")])
def test_pages_are_for_everybody(
    site: OpenSite, chromium: Browser, view: dict[str, int], scheme: str, locale: str
) -> None:
    person = "anna" if locale == "ru" else "john"
    for who, places in ((None, OF_STRANGERS), (person, OF_CUSTOMERS)):
        page = site.page(chromium, who, viewport=view, color_scheme=scheme, locale=locale)
        reports = watched(page)
        for place in places:
            page.goto(place)
            expect(page.locator("html")).to_have_attribute("lang", locale)
            assert_good(page, reports)
        page.context.close()


def test_the_keyboard_reaches_everything(site: OpenSite, chromium: Browser) -> None:
    page = site.page(chromium, "john", viewport=DESK)
    page.goto("/models/wine")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="To the content")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()
    page.context.close()


def watched(page: Page) -> list[str]:
    """What the browser complains of, the policy's refusals among it."""
    reports: list[str] = []
    page.on("pageerror", lambda error: reports.append(str(error)))
    page.on("console", lambda message: reports.append(message.text) if message.type in ("error", "warning") else None)
    return reports


def assert_good(page: Page, reports: list[str]) -> None:
    """Nothing for axe, nothing refused, and only the window's height is scrolled."""
    wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert wide <= 0, f"{page.url} is {wide} points too wide"
    found = Axe().run(page)
    assert found.violations_count == 0, f"{page.url}\n{found.generate_report()}"
    missing = "/nothing" in page.url  # its own answer is told as an error
    assert [report for report in reports if not missing or "404" not in report] == []


def test_pictures_of_the_pages(site: OpenSite, chromium: Browser, pictures: Path) -> None:
    page = site.page(chromium, "anna", viewport=PHONE, locale="ru")
    page.goto("/models/investment-risk?fill-in=example")
    buys(page)
    page.screenshot(path=pictures / "cabinet-answer-ru.png", full_page=True)
    page.goto("/")
    page.screenshot(path=pictures / "cabinet-home-ru.png")
    page.context.close()
