"""A file becomes a product in a real browser: an owner uploads it, looks, names and publishes it; a customer buys."""

import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.site import OpenSite, open_site
from tests.browser.test_cabinet import DESK, PHONE, assert_good, watched
from tests.browser.test_panel import speaks
from tests.support.uploads import linear

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OpenSite]:
    with open_site(tmp_path_factory.mktemp("uploads")) as opened:
        yield opened


def test_an_owner_uploads_a_model_and_a_customer_buys(site: OpenSite, chromium: Browser, tmp_path: Path) -> None:
    page = site.page(chromium, "olga", viewport=PHONE)
    reports = watched(page)
    upload(page, tmp_path / "rent-of-flats.onnx", linear(41.0))
    expect(page.locator("main")).to_contain_text("Metres")
    pictured(page, "draft")
    page.get_by_label("Название по-русски").fill("Аренда квартир")
    page.get_by_label("Название по-английски").fill("Rent of flats")
    page.get_by_label("Кредитов за предсказание").fill("0")
    page.get_by_role("button", name="Сохранить", exact=True).click()
    page.get_by_role("button", name="Выставить на продажу").click()
    pictured(page, "confirmation")
    page.get_by_role("button", name="Выставить на продажу").click()
    expect(page.locator("main")).to_contain_text("🟢 Продаётся")
    assert_good(page, reports)
    page.context.close()

    page = site.page(chromium, "anna", viewport=PHONE)
    for _ in range(30):  # until every part of the shop knows it
        page.goto("/models/rent-of-flats")
        if page.get_by_label("Metres").is_visible():
            break
        page.wait_for_timeout(500)
    page.get_by_label("Metres").fill("20")
    page.get_by_role("button", name=re.compile("🔮")).click()
    expect(page.locator("main")).to_contain_text("81", timeout=20_000)
    pictured(page, "bought")
    page.context.close()


def test_a_next_version_is_compared(site: OpenSite, chromium: Browser, tmp_path: Path) -> None:
    page = site.page(chromium, "olga", viewport=PHONE)
    reports = watched(page)
    upload(page, tmp_path / "newer.onnx", linear(42.0), of="rent-of-flats")
    comparing = page.get_by_role("heading", name=re.compile("Сравниваем с версией 1"))
    for _ in range(30):
        if not comparing.is_visible():
            break
        page.wait_for_timeout(1000)
        page.reload()
    expect(page.get_by_role("heading", name=re.compile("Сравнение с версией 1"))).to_be_visible()
    for view, scheme, language in ((PHONE, "dark", "ru"), (DESK, "light", "en")):
        page.set_viewport_size({"width": view["width"], "height": view["height"]})
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        speaks(page, language)
        assert_good(page, reports)
        pictured(page, f"compared-{language}")
    page.goto("/admin/uploads/of/rent-of-flats")
    assert_good(page, reports)
    pictured(page, "versions")
    page.context.close()


def upload(page: Page, file: Path, content: bytes, *, of: str = "") -> None:
    """Until it was looked at."""
    file.write_bytes(content)
    page.goto(f"/admin/uploads?of={of}")
    pictured(page, "form")
    page.get_by_label("Файл").set_input_files(file)
    page.get_by_role("button", name="Отправить").click()
    expect(page.get_by_role("status").first).to_contain_text("Черновик", timeout=30_000)
    page.reload()


def pictured(page: Page, name: str) -> None:
    if folder := os.environ.get("PICTURES"):
        page.screenshot(path=Path(folder) / f"uploads-{name}.png", full_page=True)
