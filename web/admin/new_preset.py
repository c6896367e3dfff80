"""A new style: of which model, what it is called, what it fills in. For owners."""

import json
from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Form
from starlette.responses import Response

from i18n.inputs import answers_words
from i18n.titles import title_of
from services.errors import ShopError
from services.models.manage import ModelLine, ModelNotFound
from services.models.preset_manage import NewPreset
from services.models.preset_rules import BadPreset
from services.predictions.latest_answers import latest_answers
from web.admin.kit import Owns, StaffMember, confirmation, decide, go, is_nonce, panel
from web.admin.preset_forms import NewPresetForm, problem_field

router = APIRouter(prefix="/admin/new-style")
HERE = "/admin/new-style"
KEPT = ("model", "ru", "en", "category_ru", "category_en", "icon", "price", "prompt")


@router.get("")
async def ask_new(who: Owns, model: str = "") -> Response:
    """Of which model; of a model, all the rest."""
    if model:
        return await _form(who, NewPresetForm(model=model, take="yes"))
    models = [(line.slug, str(title_of(line, who.tr))) for line in await _models(who)]
    return panel(who, "presets/models.html", models=models)


@router.post("")
async def create(who: Owns, typed: Annotated[NewPresetForm, Form()]) -> Response:
    management = who.site.services.preset_management
    try:
        new = await _parsed(who, typed)
        management.check(new)
    except ModelNotFound:
        raise
    except ShopError as error:
        return await _form(who, typed, {problem_field(error): who.tr.error(error)})
    if is_nonce(typed.nonce):
        await decide(who, typed.nonce)
        made = await management.create(new, actor=who.actor)
        return go(f"/admin/presets/{made.slug}", done="created")
    return _confirmation(who, typed, new)


async def _parsed(who: StaffMember, typed: NewPresetForm) -> NewPreset:
    """Raises BadPreset, `BadAmount`."""
    if not (typed.category_ru.strip() or typed.category_en.strip()):
        raise BadPreset(field="category")
    parts = typed.parsed(typed.price)
    return NewPreset(
        model_slug=typed.model,
        title=parts.title,
        category=parts.category,
        icon=parts.icon,
        price=parts.price,
        prompt=parts.prompt,
        inputs=_shown(typed.answers) if typed.answers else await _latest(who, typed.model) if typed.take else {},
    )


def _shown(answers: str) -> dict[str, Any]:  # Any: JSON
    """As the confirmation has them. Raises BadPreset."""
    try:
        found = json.loads(answers)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise BadPreset(field="answers")
    return found


def _confirmation(who: StaffMember, typed: NewPresetForm, new: NewPreset) -> Response:
    tr, manifest = who.tr, who.site.services.models.manifest(new.model_slug)
    assert manifest is not None  # it was checked
    fills = answers_words(manifest, new.inputs, tr)
    lines = [
        tr.html("<b>{ru}</b> / {en}", ru=new.title["ru"], en=new.title["en"]),
        tr.html("Category: {ru} / {en}", ru=typed.category_ru, en=typed.category_en),
        tr.html("Model: {title}", title=str(who.titles.of(new.model_slug))),
        tr.html("It fills in: {answers}", answers=fills) if fills else tr.html("It fills in nothing."),
    ]
    return confirmation(
        who,
        title=tr.gettext("Put this style on sale?"),
        lines=lines,
        yes=tr.gettext("Put on sale"),
        action=HERE,
        back="/admin/presets",
        fields={name: getattr(typed, name) for name in KEPT} | {"answers": json.dumps(dict(new.inputs))},
    )


async def _form(who: StaffMember, typed: NewPresetForm, errors: Mapping[str, str] | None = None) -> Response:
    """Raises `ModelNotFound`."""
    line = next((each for each in await _models(who) if each.slug == typed.model), None)
    manifest = who.site.services.models.manifest(typed.model)
    if line is None or manifest is None:
        raise ModelNotFound(slug=typed.model)
    return panel(
        who,
        "presets/new.html",
        status=422 if errors else 200,
        title=title_of(line, who.tr),
        typed=typed,
        latest=answers_words(manifest, await _latest(who, typed.model), who.tr),
        errors=errors or {},
    )


async def _models(who: StaffMember) -> list[ModelLine]:
    """Of which styles are made; what assistants have are personas."""
    return [line for line in await who.site.services.model_management.all() if line.present and not line.is_assistant]


async def _latest(who: StaffMember, slug: str) -> dict[str, Any]:  # Any: JSON of a row
    services = who.site.services
    return await latest_answers(services.history, who.user.id, services.models.manifest(slug))
