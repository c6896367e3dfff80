"""The sandbox's page as a person uses it, in a real browser."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from shutil import which

import pytest
from PIL import Image
from playwright.sync_api import Browser, Locator, Page, expect, sync_playwright

ANNA, JOHN = 101, 102
PHONE = {"width": 390, "height": 844}
WITHIN_MS = 30_000
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking", "--no-first-run"]


def find_browser() -> str:
    """Chromium's path. Without one the test is skipped, or fails where CI is set."""
    for name in (os.environ.get("CHROMIUM", ""), "chromium", "chromium-browser", "google-chrome"):
        if name and (path := which(name)):
            return path
    message = "no Chromium to test the page with; install one or set CHROMIUM"
    if os.environ.get("CI"):
        pytest.fail(message)
    pytest.skip(message)


@contextmanager
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=find_browser(), args=FLAGS)
        try:
            yield opened
        finally:
            opened.close()


class Chat:
    """One person's chat on a phone; every error of the page's own code fails the test."""

    def __init__(self, opened: Browser, url: str, person: int, pictures: Path, *, locale: str = "en-US") -> None:
        sharp = 2 if os.environ.get("PICTURES") else 1  # drawing four times the points is half of a test's time
        context = opened.new_context(
            viewport=PHONE,  # type: ignore[arg-type]  # a plain dict will do
            device_scale_factor=sharp,
            locale=locale,
            reduced_motion="reduce",
        )
        self.page: Page = context.new_page()
        self.problems: list[str] = []
        self._pictures = pictures
        self._oldest = 0  # older messages are no answer to what was done last
        self.page.on("pageerror", lambda error: self.problems.append(str(error)))
        self.page.goto(f"{url}/?person={person}")

    def starts(self) -> None:
        """Says /start, in a new chat or in one that was begun."""
        self._answers_are_new()
        self.page.goto(f"{self.page.url}&start=")
        self.sees("🔮")

    def says(self, text: str) -> None:
        self._answers_are_new()
        self.page.get_by_test_id("input").fill(text)
        self.page.get_by_test_id("send").click()

    def presses(self, label: str) -> None:
        button = self._button(label)
        self._oldest = int(button.locator("xpath=ancestor::article").get_attribute("data-message-id") or 0)
        button.click()

    def sees(self, text: str, *, within_ms: float = WITHIN_MS) -> Locator:
        """A message of the bot holds the text: one that came since the last thing done here, or the one whose button
        was pressed. More may have come below it."""
        messages = self._answers()
        expect(messages).to_contain_text([text], timeout=within_ms)
        return messages.filter(has_text=text).last

    def _answers(self) -> Locator:
        return self.page.locator(f"xpath=//article[@data-own='false' and number(@data-message-id) >= {self._oldest}]")

    def _answers_are_new(self) -> None:
        ids = self.page.locator("article[data-message-id]").evaluate_all("all => all.map(e => +e.dataset.messageId)")
        self._oldest = max([*ids, self._oldest - 1]) + 1

    def _button(self, label: str) -> Locator:
        button = self._answers().get_by_test_id("inline-button").filter(has_text=label).last
        expect(button).to_be_visible(timeout=WITHIN_MS)
        return button

    def sees_a_picture(self) -> None:
        picture = self._answers().get_by_test_id("photo").last
        expect(picture).to_be_visible(timeout=WITHIN_MS)
        image = "e => (e.tagName === 'IMG' ? e : e.querySelector('img')).naturalWidth > 100"
        self.page.wait_for_function(image, arg=picture.element_handle())
        picture.evaluate("e => e.scrollIntoView({block: 'start'})")

    def downloads(self, name: str) -> bytes:
        """The file of that name among the answers, taken from the chat as a person takes it."""
        link = self._answers().get_by_test_id("document").filter(has_text=name).last
        expect(link).to_be_visible(timeout=WITHIN_MS)
        with self.page.expect_download(timeout=WITHIN_MS) as taken:
            link.click()
        assert taken.value.suggested_filename == name
        return taken.value.path().read_bytes()

    def uploads(self, kind: str, file: Path) -> None:
        """`kind`: photo or document."""
        self._answers_are_new()
        self.page.get_by_test_id(f"upload-{kind}").set_input_files(file)
        self.page.get_by_test_id("upload-send").click()

    def opens(self, label: str) -> Page:
        """The page that a button leads to, in a tab of its own."""
        button = self._button(label)
        with self.page.context.expect_page() as opened:
            button.click()
        opened.value.on("pageerror", lambda error: self.problems.append(str(error)))
        return opened.value

    def moves_the_time(self, to: str, picture: str | None = None) -> None:
        """On the panel: `hour`, `day` or `monday`; back in the chat afterwards."""
        self._answers_are_new()
        self.page.get_by_test_id("open-panel").click()
        before = self.page.get_by_test_id("clock-now").inner_text()
        self.page.get_by_test_id(f"clock-{to}").click()
        expect(self.page.get_by_test_id("clock-now")).not_to_have_text(before, timeout=WITHIN_MS)
        if picture is not None:
            self.photographs(picture)
        self.page.get_by_test_id("close-panel").click()

    def arms(self, *controls: str) -> None:
        """Faults, on the panel."""
        self.page.get_by_test_id("open-panel").click()
        for count, control in enumerate(controls, start=1):
            self.page.get_by_test_id(control).click()
            expect(self.page.get_by_test_id("shop-armed")).to_contain_text(f"{count} ", timeout=WITHIN_MS)
        self.page.get_by_test_id("close-panel").click()

    def photographs(self, name: str, page: Page | None = None) -> None:
        """Keep the chat's page, or another one, as a picture when it has come to rest; where pictures are wanted."""
        if not os.environ.get("PICTURES"):
            return
        page = page or self.page
        page.wait_for_timeout(400)  # the page's own animation, not the shop's
        shot = Image.open(BytesIO(page.screenshot()))
        shot.convert("RGB").quantize(200, dither=Image.Dither.NONE).save(self._pictures / f"{name}.png", optimize=True)

    def done(self) -> None:
        assert self.problems == []
        wide = self.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wide <= 0, "the page scrolls sideways"
        self.page.context.close()
