"""Models on sale, as admins see them."""

from aiogram import Router
from aiogram.types import CallbackQuery, Message

from handlers.admin import buttons as names
from handlers.admin.context import Matter, Office, OnDuty
from handlers.admin.models import screens as view
from handlers.kit.dialog import Event
from handlers.kit.filters import Pressed
from i18n.translator import Html
from services.billing.credits import BadAmount, parse_amount
from services.digits import ascii_digits
from services.models.manage import MAX_PRICE, ModelLine

PRICE = "model.price"


def router() -> Router:
    router = Router(name="admin_models")
    router.callback_query.register(show_models, Pressed(names.MODELS), OnDuty())
    router.callback_query.register(press, Pressed(names.MODEL), OnDuty())
    return router


async def show_models(event: Event, *, office: Office) -> None:
    await office.show(event, view.models_screen(await office.admin_models.all(), office.tr))


async def press(query: CallbackQuery, *, argument: str, office: Office) -> None:
    """`argument`: the model's slug and what to do."""
    slug, _, verb = argument.partition(":")
    tr, models = office.tr, office.admin_models
    match verb:
        case names.PRICE:
            office.require()
            model = await models.get(slug)
            await office.ask(query, view.price_question(model, tr), Matter.of(PRICE, slug=slug))
        case names.AUTHORS_PRICE:
            model = await models.set_price(slug, None, actor=office.actor)
            await _show(query, model, office=office, notice=tr.html("✅ The price is the author's again."))
        case names.ON | names.OFF:
            model = await models.enable(slug, enabled=verb == names.ON, actor=office.actor)
            await _show(query, model, office=office)
        case names.AGAIN:
            model = await models.try_again(slug, actor=office.actor)
            await _show(query, model, office=office)
        case names.UP | names.DOWN:
            order = await models.move(slug, places=-1 if verb == names.UP else 1, actor=office.actor)
            place = [each.slug for each in order].index(slug) + 1
            notice = tr.html("✅ Now place {place} of {count}.", place=place, count=len(order))
            await _show(query, await models.get(slug), office=office, notice=notice)
        case _:
            await _show(query, await models.get(slug), office=office)


async def take_price(message: Message, *, office: Office, matter: Matter) -> None:
    slug = matter.facts["slug"]
    try:
        price = parse_price(message.text or "")
    except BadAmount:
        model = await office.admin_models.get(slug)
        await office.ask(message, view.price_question(model, office.tr, again=True), matter)
        return
    model = await office.admin_models.set_price(slug, price, actor=office.actor)
    await _show(message, model, office=office, notice=office.tr.html("✅ Saved."))


def parse_price(text: str) -> int:
    """Hundredths; a model may be free. Raises `BadAmount`."""
    typed = ascii_digits(text.strip())
    if typed and set(typed) <= set("0.,") and typed.strip("0") in ("", ".", ","):
        return 0
    return parse_amount(text, low=1, high=MAX_PRICE)


async def _show(event: Event, model: ModelLine, *, office: Office, notice: Html | str = "") -> None:
    await office.show(event, view.model_screen(model, office.tr, role=office.role, notice=notice))
