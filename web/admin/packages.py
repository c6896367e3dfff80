"""Packages: what they bring, cost and are called, their order, and whether they are sold."""

from collections.abc import Mapping
from typing import Annotated, Any, Final

from fastapi import APIRouter, Form
from pydantic import BaseModel
from starlette.exceptions import HTTPException
from starlette.responses import Response

from services.digits import whole_number
from services.errors import ChangedMeanwhile, ShopError
from services.payments.package_parts import PackagePart, offer_of, parse_part, parts_of, typed_part
from services.payments.packages import PackageView
from services.users.search import MAX_ID
from web.admin.kit import Acts, Looks, StaffMember, Typed, confirmation, decide, go, is_nonce, panel
from web.admin.notices import notice

router = APIRouter(prefix="/admin/packages")
UP: Final = "up"


class PackageForm(BaseModel):
    """Each part as typed, and as it was when the form was shown."""

    ru: str = ""
    en: str = ""
    credits: str = ""
    price: str = ""
    days: str = ""
    was_ru: str = ""
    was_en: str = ""
    was_credits: str = ""
    was_price: str = ""
    was_days: str = ""
    nonce: str = ""

    def typed(self, part: PackagePart) -> str:
        return str(getattr(self, part.value))

    def was(self, part: PackagePart) -> str:
        return str(getattr(self, f"was_{part.value}"))


@router.get("")
async def show_packages(who: Looks, done: str = "") -> Response:
    packages = await who.site.services.packages.all()
    return panel(who, "packages/list.html", packages=packages, done=notice(done, who.tr))


@router.get("/new")
async def ask_new(who: Acts) -> Response:
    return _form(who, None, PackageForm(days="0"))


@router.post("/new")
async def create(who: Acts, typed: Annotated[PackageForm, Form()]) -> Response:
    tr = who.tr
    values, errors = _parsed(who, typed)
    if errors:
        return _form(who, None, typed, errors)
    offer = offer_of(values)
    if is_nonce(typed.nonce):
        await decide(who, typed.nonce)
        await who.site.services.packages.create(offer, actor=who.actor)
        return go("/admin/packages", done="created")
    days = offer.valid_days
    valid = (
        tr.html("Valid without an end") if days is None else tr.nhtml("Valid for {n} day", "Valid for {n} days", days)
    )
    price = tr.html("{credits} for <b>{amount}</b>", credits=tr.credits(offer.credits), amount=tr.money(offer.price))
    return confirmation(
        who,
        title=tr.gettext("Put this package on sale?"),
        lines=[tr.html("<b>{ru}</b> / {en}", ru=offer.title["ru"], en=offer.title["en"]), price, valid],
        yes=tr.gettext("Put on sale"),
        action="/admin/packages/new",
        back="/admin/packages",
        fields={part.value: typed.typed(part) for part in PackagePart},
    )


@router.get("/{number}")
async def ask_parts(who: Acts, number: str) -> Response:
    package = await _package(who, number)
    return _form(who, package, _as_typed(package))


@router.post("/{number}")
async def edit(who: Acts, number: str, typed: Annotated[PackageForm, Form()]) -> Response:
    package = await _package(who, number)
    values, errors = _parsed(who, typed)
    now, before = _as_typed(package), parts_of(package)
    changed = [part for part in PackagePart if part not in errors and values[part] != _shown(typed, part, before[part])]
    for part in changed:
        if before[part] != _shown(typed, part, before[part]):
            errors[part.value] = who.tr.error(ChangedMeanwhile(now.typed(part)))
    if errors:
        shown = {f"was_{part.value}": now.typed(part) for part in PackagePart}
        return _form(who, package, typed.model_copy(update=shown), errors)
    offer = offer_of({**before, **{part: values[part] for part in changed}})
    await who.site.services.packages.edit(package.id, offer, actor=who.actor, shown=package)
    return go("/admin/packages", done="saved")


@router.post("/{number}/sale")
async def switch(who: Acts, number: str, on: Typed = "") -> Response:
    package = await _package(who, number)
    await who.site.services.packages.enable(package.id, enabled=bool(on), actor=who.actor)
    return go("/admin/packages", done="on-sale" if on else "off-sale")


@router.post("/{number}/move")
async def move(who: Acts, number: str, way: Typed = UP, nonce: Typed = "") -> Response:
    package = await _package(who, number)
    await decide(who, nonce)
    await who.site.services.packages.move(package.id, places=-1 if way == UP else 1, actor=who.actor)
    return go("/admin/packages", done="moved")


def _parsed(who: StaffMember, typed: PackageForm) -> tuple[dict[str, Any], dict[str, str]]:  # Any: as `Parts`
    """What was typed, and what of it is wrong, by part."""
    values: dict[str, Any] = {}
    errors = {}
    for part in PackagePart:
        try:
            values[part] = parse_part(part, typed.typed(part))
        except ShopError as error:
            errors[part.value] = who.tr.error(error)
    return values, errors


def _shown(typed: PackageForm, part: PackagePart, now: Any) -> Any:  # Any: as in `Parts`
    """What a part was when the form was shown."""
    try:
        return parse_part(part, typed.was(part))
    except ShopError:
        return now


def _as_typed(package: PackageView) -> PackageForm:
    texts = {part.value: typed_part(part, parts_of(package)) for part in PackagePart}
    return PackageForm(**texts, **{f"was_{name}": text for name, text in texts.items()})


def _form(
    who: StaffMember, package: PackageView | None, typed: PackageForm, errors: Mapping[str, str] | None = None
) -> Response:
    status = 422 if errors else 200
    return panel(who, "packages/form.html", status=status, package=package, typed=typed, errors=errors or {})


async def _package(who: StaffMember, number: str) -> PackageView:
    package_id = whole_number(number, most=MAX_ID)
    if package_id is None:
        raise HTTPException(404)
    return await who.site.services.packages.get(package_id)
