"""Models that were sent to the shop: a file comes in, its versions, a model leaves."""

from typing import Final

from fastapi import APIRouter, Request
from starlette.datastructures import FormData, UploadFile
from starlette.responses import Response

from i18n.titles import title_of
from i18n.uploads import LEGEND, LEGEND_OF_DRAFTS, MARKS, title_of_version
from services.errors import N_, ShopError
from services.models.manage import ModelLine
from services.models.uploads.manage import Sent
from services.models.uploads.receiving import AlreadyHere
from services.values.errors import FileTooLarge
from web.admin.kit import Acts, Looks, StaffMember, Typed, confirmation, go, is_nonce, panel
from web.admin.notices import notice
from web.kit.refusals import refusal_of

router = APIRouter(prefix="/admin/uploads")
MAX_BYTES: Final = 200_000_000  # of a file; the whole of it is once in memory, where it is hashed
HEAD: Final = 10_000  # bytes of a form beside its file


class NothingUploaded(ShopError):
    message = N_("Choose the .onnx file of the model.")


@router.get("")
async def show_uploads(who: Looks, of: str = "", done: str = "") -> Response:
    """`of`: the model that a new version is to be sent of."""
    return await _page(who, of=of, done=done)


@router.post("", max_body_size=MAX_BYTES + HEAD)
async def receive(request: Request, who: Acts) -> Response:
    """The form is read when it is known who sends it; what is large lies on the disk meanwhile."""
    async with request.form(max_files=1, max_fields=10) as data:
        slug = str(data.get("of", ""))
        try:
            sent = await _sent(data, slug)
            view = await who.site.services.upload_management.receive(sent, actor=who.actor)
        except AlreadyHere as error:
            return go(f"/admin/uploads/{error.version.id.hex}", done="here-already")
        except ShopError as error:
            return await _page(who, of=slug, problem=error)
    return go(f"/admin/uploads/{view.id.hex}")


@router.get("/of/{slug}")
async def show_versions(who: Looks, slug: str) -> Response:
    versions = await who.site.services.upload_management.versions(slug)
    return panel(who, "uploads/versions.html", slug=slug, versions=versions, marks=MARKS, legend=LEGEND)


@router.post("/of/{slug}/remove")
async def remove(who: Acts, slug: str, nonce: Typed = "") -> Response:
    if is_nonce(nonce):
        await who.site.services.upload_management.remove(slug, actor=who.actor)
        return go("/admin/models", done="removed")
    return confirmation(
        who,
        title=who.tr.gettext("Remove the model?"),
        lines=[who.tr.html("All versions of <code>{slug}</code> go. What was bought stays in the history.", slug=slug)],
        yes=who.tr.gettext("Remove"),
        action=f"/admin/uploads/of/{slug}/remove",
        back=f"/admin/uploads/of/{slug}",
        danger=True,
    )


async def _sent(data: FormData, slug: str) -> Sent:
    """Raises NothingUploaded, FileTooLarge."""
    file = data.get("file")
    if not isinstance(file, UploadFile) or not file.filename:
        raise NothingUploaded()
    if (file.size or 0) > MAX_BYTES:
        raise FileTooLarge(megabytes=MAX_BYTES // 1_000_000)
    return Sent(name=file.filename, content=await file.read(), slug=slug or None)


async def _page(who: StaffMember, *, of: str, done: str = "", problem: ShopError | None = None) -> Response:
    waiting = await who.site.services.upload_management.waiting()
    lines = await who.site.services.model_management.all()
    return panel(
        who,
        "uploads/list.html",
        status=200 if problem is None else refusal_of(problem).status,
        waiting=[(each, MARKS[each.status], title_of_version(each, who.tr)) for each in waiting],
        models=[(line.slug, _new_version(line, who)) for line in lines if line.uploaded],
        of=of,
        legend=LEGEND_OF_DRAFTS,
        megabytes=MAX_BYTES // 1_000_000,
        errors={} if problem is None else {"file": who.tr.error(problem)},
        done=notice(done, who.tr),
    )


def _new_version(line: ModelLine, who: StaffMember) -> str:
    return who.tr.gettext("A new version of “{model}”", model=title_of(line, who.tr).text)
