"""What is on sale: the list of models and the page of one."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from handlers.kit import buttons
from handlers.kit.context import Viewer
from handlers.telegram.limits import BUTTON
from handlers.telegram.screen import Button, Screen
from i18n.models import category_words
from i18n.prices import plan_pays, plan_used_up, price_words
from i18n.titles import title_of
from i18n.translator import Html, Translator
from services.manifests.cells import takes_tables
from services.models.offers import Offer

BEGIN: Final = "begin"  # begin:<slug>: a fresh form
ON_PAGE: Final = 8


def models_screen(offers: Sequence[Offer], tr: Translator, *, page: int = 0) -> Screen:
    """By category, in the order of the catalogue; a category stands where its first model does."""
    if not offers:
        text = tr.html("Nothing is on sale right now. Please come back later.")
        return Screen(text=text, rows=((buttons.menu_button(tr),),))
    ordered = _by_category(offers, tr)
    pages = -(-len(ordered) // ON_PAGE)
    page = min(page, pages - 1)
    shown = ordered[page * ON_PAGE : (page + 1) * ON_PAGE]
    rows = [(Button(text=_button(offer, tr), action=buttons.model_action(offer.slug)),) for offer in shown]
    turn = buttons.pages_row(tr, page=page, pages=pages, action=lambda to: f"{buttons.MODELS}:{to}")
    return Screen(text=_list(shown, tr), rows=(*rows, *((turn,) if turn else ()), (buttons.menu_button(tr),)))


def model_screen(offer: Offer, viewer: Viewer) -> Screen:
    """The page before the form: what it does, what it costs, what it asks."""
    user, tr = viewer.user, viewer.tr
    manifest = offer.manifest
    parts = [title_of(offer, tr).heading]
    if manifest.description is not None:
        parts.append(tr.escape(tr.pick(manifest.description).strip()))
    asked = len(manifest.inputs) - len(offer.preset_inputs or {})
    facts = [tr.html("Price: <b>{price}</b>", price=price_words(offer.price, tr))]
    if offer.plan_left:
        facts.append(plan_pays(offer.plan_left, tr))
    if offer.plan_limit is not None:
        facts.append(plan_used_up(offer.plan_limit, tr))
    if offer.price:
        facts.append(tr.html("Your balance: {balance}", balance=tr.credits(user.balance)))
    if asked > 0:
        facts.append(tr.nhtml("It asks {n} question.", "It asks {n} questions.", asked))
    if offer.resting:
        facts.append(tr.html("💤 It is resting: its server does not work now. Please come back later."))
    parts.append(Html("\n".join(facts)))
    back = buttons.back_button(tr, buttons.MODELS)
    more = ((buttons.topup_button(tr),),) if viewer.features.payments and user.balance < offer.price_of(1) else ()
    return Screen(text="\n\n".join(parts), rows=(*_begin(offer, tr), *more, (back, buttons.menu_button(tr))))


def _begin(offer: Offer, tr: Translator) -> tuple[buttons.Row, ...]:
    """The page of a model that rests can only be looked at again."""
    if offer.resting:
        return ((Button(text=tr.gettext("🔄 Look again"), action=buttons.model_action(offer.slug)),),)
    rows = [(Button(text=tr.gettext("▶️ Start"), action=f"{BEGIN}:{offer.slug}"),)]
    if takes_tables(offer.manifest):
        rows.append((Button(text=tr.gettext("📋 Table"), action=f"{buttons.TABLE}:{offer.slug}"),))
    if offer.manifest.outcomes:
        rows.append((buttons.track_button(tr, offer.manifest.slug),))
    return tuple(rows)


def _by_category(offers: Sequence[Offer], tr: Translator) -> list[Offer]:
    groups: dict[str, list[Offer]] = {}
    for offer in offers:
        groups.setdefault(category_words(offer.manifest, tr), []).append(offer)
    return [offer for group in groups.values() for offer in group]


def _list(offers: Sequence[Offer], tr: Translator) -> Html:
    lines = [tr.html("<b>What shall we predict?</b>")]
    last = None
    for offer in offers:
        if (category := category_words(offer.manifest, tr)) != last:
            lines.append(Html(f"\n<b>{tr.escape(category)}</b>"))
            last = category
        lines.append(tr.escape(f"{title_of(offer, tr)}: {price_words(offer.price, tr)}"))
    return Html("\n".join(lines))


def _button(offer: Offer, tr: Translator) -> str:
    price = tr.amount(offer.price) if offer.price else tr.gettext("free")
    title = title_of(offer, tr)
    shown = replace(title, icon="💤") if offer.resting else title
    return f"{shown.cut(BUTTON - 20)} · {price}"
