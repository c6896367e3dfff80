"""The gallery of styles: categories, pages with samples, one style."""

from collections.abc import Sequence
from typing import Final

from handlers.kit import buttons
from handlers.kit.buttons import STYLES
from handlers.kit.context import Viewer
from handlers.models.screens import BEGIN
from handlers.telegram.limits import BUTTON
from handlers.telegram.screen import Button, Document, Screen
from i18n.prices import price_of_all, price_words
from i18n.text import cut_plain
from i18n.titles import title_of
from i18n.translator import Html, Translator
from services.files.files import media_type_of
from services.models.presets import PresetCategory, PresetView
from services.pages import Page
from services.predictions.history import PredictionView

STYLE: Final = "style"  # style:<slug>:<category>:<page>
ON_PAGE: Final = 6  # samples on a sheet


def categories_screen(categories: Sequence[PresetCategory], tr: Translator, *, photos: int = 0) -> Screen:
    """`photos`: how many wait for a style."""
    if not categories:
        text = tr.html("There are no styles right now. Please come back later.")
        return Screen(text=text, rows=((buttons.menu_button(tr),),))
    parts = [tr.html("<b>🎨 Styles</b>"), _waiting(photos, tr)]
    rows = [
        (Button(text=f"{cut_plain(tr.pick(each.title), BUTTON - 8)} · {each.count}", action=f"{STYLES}:{each.key}:0"),)
        for each in categories
    ]
    return Screen(text="\n\n".join(part for part in parts if part), rows=(*rows, (buttons.menu_button(tr),)))


def gallery_screen(
    category: PresetCategory, found: Page[PresetView], sheet: bytes | None, tr: Translator, *, photos: int = 0
) -> Screen:
    """One page of a category; `sheet`: the samples in their order, numbered."""
    title = Html(f"<b>🎨 {tr.escape(tr.pick(category.title))}</b>")
    lines = [
        tr.escape(f"{number}. {title_of(view, tr)}: {price_words(view.price, tr)}")
        for number, view in enumerate(found.items, start=1)
    ]
    text = "\n\n".join(part for part in (title, Html("\n".join(lines)), _waiting(photos, tr)) if part)
    picks = [
        Button(
            text=f"{number}. {cut_plain(str(title_of(view, tr)), 24)}",
            action=f"{STYLE}:{view.slug}:{category.key}:{found.page}",
        )
        for number, view in enumerate(found.items, start=1)
    ]
    turn = buttons.pages_row(tr, page=found.page, pages=found.pages, action=lambda to: f"{STYLES}:{category.key}:{to}")
    back = (buttons.back_button(tr, STYLES), buttons.menu_button(tr))
    return Screen(text=text, rows=(*_pairs(picks), *((turn,) if turn else ()), back), photo=sheet)


def style_screen(view: PresetView, sample: bytes | None, viewer: Viewer, *, back: str, photos: int = 0) -> Screen:
    """One style. `back`: where its page of the gallery is."""
    user, tr = viewer.user, viewer.tr
    price = view.price * max(1, photos)
    facts = [tr.html("Price: <b>{price}</b>", price=price_words(view.price, tr))]
    if view.price and photos > 1:
        facts = [price_of_all(view.price, photos, tr)]
    if view.price:
        facts.append(tr.html("Your balance: {balance}", balance=tr.credits(user.balance)))
    parts = [Html(f"<b>{tr.escape(str(title_of(view, tr)))}</b>"), Html("\n".join(facts)), _waiting(photos, tr)]
    take = tr.gettext("🖼 Take this style") if photos else tr.gettext("🖼 Send a photo for it")
    begin = Button(text=take, action=f"{BEGIN}:{view.slug}")
    topup = ((buttons.topup_button(tr),),) if viewer.features.payments and user.balance < price else ()
    rows = ((begin,), *topup, (buttons.back_button(tr, back), buttons.menu_button(tr)))
    return Screen(text="\n\n".join(part for part in parts if part), rows=rows, photo=sample, photo_name="sample.jpg")


def compared_screen(picture: bytes, tr: Translator) -> Screen:
    return Screen(text=tr.html("Before and after"), photo=picture, photo_name="before-after.jpg")


def file_screen(picture: bytes, view: PredictionView) -> Screen:
    extension = "png" if media_type_of(picture) == "image/png" else "jpg"
    name = f"{view.model_slug}-{view.id.hex[:8]}.{extension}"
    return Screen(text="", document=Document(name=name, content=picture), speaks=False)


def _waiting(photos: int, tr: Translator) -> Html:
    if not photos:
        return Html()
    return tr.nhtml("Your photo waits for a style.", "Your {n} photos wait for a style.", photos)


def _pairs(picks: Sequence[Button]) -> list[buttons.Row]:
    return [tuple(picks[i : i + 2]) for i in range(0, len(picks), 2)]
