"""Parts of a style that are no words: the answers that it fills in, and the picture that shows it."""

from typing import Annotated

from fastapi import APIRouter, File, UploadFile
from starlette.exceptions import HTTPException
from starlette.responses import Response

from services.errors import ShopError
from services.files.files import media_type_of
from services.manifests.preparation import MAX_BYTES
from services.models.preset_rules import SAMPLE
from services.predictions.latest_answers import latest_answers
from web.admin.kit import LooksAtAll, Owns, go
from web.admin.preset_forms import as_typed
from web.admin.presets import preset_page
from web.kit.uploads import uploaded_picture

router = APIRouter(prefix="/admin/presets/{slug}")
HEAD = 10_000  # bytes of a form beside its file


@router.post("/answers")
async def take_answers(who: Owns, slug: str) -> Response:
    services = who.site.services
    preset = await services.presets.get(slug)
    found = await latest_answers(services.history, who.user.id, services.models.manifest(preset.model_slug))
    if found:
        await services.preset_management.set_inputs(slug, found, actor=who.actor)
    return go(f"/admin/presets/{slug}", done="saved" if found else "")


@router.get("/sample")
async def show_sample(who: LooksAtAll, slug: str) -> Response:
    picture = await who.site.services.presets.sample(slug)
    if picture is None:
        raise HTTPException(404)
    return Response(picture, media_type=media_type_of(picture), headers={"cache-control": "private, max-age=600"})


@router.post("/sample", max_body_size=MAX_BYTES + HEAD)
async def set_sample(who: Owns, slug: str, sample: Annotated[UploadFile, File()]) -> Response:
    services = who.site.services
    preset = await services.presets.get(slug)
    try:
        picture = await uploaded_picture(sample, SAMPLE, services.intake, user_id=who.user.id)
    except ShopError as error:
        return await preset_page(who, preset, as_typed(preset), {"sample": who.tr.error(error)})
    await services.preset_management.set_sample(slug, picture, media_type_of(picture), actor=who.actor)
    return go(f"/admin/presets/{slug}", done="saved")


@router.post("/sample/forget")
async def forget_sample(who: Owns, slug: str) -> Response:
    """That of the model's folder is shown again, where there is one."""
    await who.site.services.preset_management.set_sample(slug, None, "", actor=who.actor)
    return go(f"/admin/presets/{slug}", done="saved")
