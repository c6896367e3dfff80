"""Packages, as admins see them."""

from collections.abc import Mapping
from typing import Any

from aiogram import Router
from aiogram.types import CallbackQuery, Message

from handlers.admin import buttons as names
from handlers.admin.context import Matter, Office, OnDuty
from handlers.admin.packages import screens as view
from handlers.kit import buttons as keyboards
from handlers.kit.dialog import Event
from handlers.kit.filters import Pressed
from services.billing.credits import parse_amount
from services.digits import whole_number
from services.errors import ShopError
from services.money import parse_roubles
from services.payments.packages import (
    MAX_CREDITS,
    MAX_DAYS,
    MAX_TITLE,
    BadPackage,
    PackageGone,
    PackageOffer,
    PackageView,
)
from services.payments.pricing import MAX_KOPECKS, MIN_KOPECKS

FIELD, CREATE = "package.field", "package.create"

Draft = Mapping[str, Any]  # Any: JSON of the fields answered so far


def router() -> Router:
    router = Router(name="admin_packages")
    router.callback_query.register(show_packages, Pressed(names.PACKAGES), OnDuty())
    router.callback_query.register(press, Pressed(names.PACKAGE), OnDuty())
    return router


async def show_packages(event: Event, *, office: Office, argument: str = "", notice: str = "") -> None:
    """`argument`: the page, or that there shall be a new one; `notice`: HTML."""
    if argument == names.NEW:
        office.require()
        await _ask(event, view.NAME_RU, office=office)
        return
    found = await office.packages.all()
    page = keyboards.parse_page(argument)
    await office.show(event, view.packages_screen(found, office.tr, role=office.role, notice=notice, page=page))


async def press(query: CallbackQuery, *, argument: str, office: Office) -> None:
    """`argument`: the package's id and what to do."""
    number, _, verb = argument.partition(":")
    package_id = keyboards.parse_number(number)
    if package_id is None:
        raise PackageGone(package_id=number[:32])
    package = await office.packages.get(package_id)
    if verb in (names.ON, names.OFF, names.UP, names.DOWN, *view.FIELDS):
        office.require()
    match verb:
        case names.ON | names.OFF:
            package = await office.packages.enable(package.id, enabled=verb == names.ON, actor=office.actor)
        case names.UP | names.DOWN:
            places = -1 if verb == names.UP else 1
            order = await office.packages.move(package.id, places=places, actor=office.actor)
            place = [each.id for each in order].index(package.id) + 1
            notice = office.tr.html("✅ Now place {place} of {count}.", place=place, count=len(order))
            await _show(query, package, office=office, notice=notice)
            return
        case _ if verb in view.FIELDS:
            await _ask(query, verb, office=office, package_id=package.id)
            return
    await _show(query, package, office=office)


async def take_field(message: Message, *, office: Office, matter: Matter) -> None:
    """One part of a package: of a new one the next part is asked, or all of it confirmed."""
    field, package_id, draft = matter.facts["field"], matter.facts["package"], matter.facts["draft"]
    office.require()
    try:
        value = _parse(field, message.text or "")
    except ShopError as problem:
        shown = office.tr.error_html(problem)
        screen = view.field_question(field, office.tr, package_id=package_id, problem=shown)
        await office.ask(message, screen, matter)
        return
    if package_id is not None:
        await _edit(message, package_id, {field: value}, office=office)
        return
    draft = {**draft, field: value}
    if (unanswered := [each for each in view.FIELDS if each not in draft]) != []:
        await _ask(message, unanswered[0], office=office, draft=draft)
        return
    new = Matter.of(CREATE, draft=draft)
    await office.propose(message, view.new_confirmation(_offer(draft), new.nonce, office.tr), new)


async def create(query: CallbackQuery, *, office: Office, matter: Matter) -> None:
    """What a confirmation does."""
    office.require()
    await office.close()  # first: a repeat would be another package
    package = await office.packages.create(_offer(matter.facts["draft"]), actor=office.actor)
    await _show(query, package, office=office, notice=office.tr.html("✅ On sale."))


async def _edit(event: Event, package_id: int, change: Draft, *, office: Office) -> None:
    package = await office.packages.get(package_id)
    known = {
        view.NAME_RU: package.title.get("ru", ""),
        view.NAME_EN: package.title.get("en", ""),
        view.CREDITS: package.credits,
        view.PRICE: package.price_kopecks,
        view.DAYS: package.valid_days,
    }
    changed = await office.packages.edit(package_id, _offer({**known, **change}), actor=office.actor)
    await _show(event, changed, office=office, notice=office.tr.html("✅ Saved."))


async def _ask(
    event: Event, field: str, *, office: Office, package_id: int | None = None, draft: Draft | None = None
) -> None:
    matter = Matter.of(FIELD, field=field, package=package_id, draft=dict(draft or {}))
    await office.ask(event, view.field_question(field, office.tr, package_id=package_id), matter)


async def _show(event: Event, package: PackageView, *, office: Office, notice: str = "") -> None:
    await office.show(event, view.package_screen(package, office.tr, role=office.role, notice=notice))


def _offer(draft: Draft) -> PackageOffer:
    return PackageOffer(
        title={"ru": draft[view.NAME_RU], "en": draft[view.NAME_EN]},
        credits=draft[view.CREDITS],
        price_kopecks=draft[view.PRICE],
        valid_days=draft[view.DAYS],
    )


def _parse(field: str, text: str) -> str | int | None:
    """Raises `BadAmount`, `AmountOutOfBounds`, `BadPackage`."""
    typed = " ".join(text.split())
    match field:
        case view.CREDITS:
            return parse_amount(typed, low=1, high=MAX_CREDITS)
        case view.PRICE:
            return parse_roubles(typed, low=MIN_KOPECKS, high=MAX_KOPECKS)
        case view.DAYS:
            days = whole_number(typed, most=MAX_DAYS)
            if days is None:
                raise BadPackage(field=field)
            return days or None
    if not 0 < len(typed) <= MAX_TITLE or not typed.isprintable():
        raise BadPackage(field=field)
    return typed
