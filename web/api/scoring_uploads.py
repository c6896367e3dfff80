"""Sending a table to `/scorings`."""

import re
from pathlib import PurePath
from typing import Annotated, ClassVar, Final

from fastapi import APIRouter, Query, Request
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartException

from i18n.scorings import cell_words, wording_in
from services.files.store import StoreAway
from services.manifests.cells import takes_tables
from services.manifests.manifest import SLUG
from services.models.offers import ModelNotOnSale
from services.values.errors import FileTooLarge, InvalidValue
from services.values.intake import IntakeBusy
from services.values.sheets import CSV, MAX_BYTES, XLSX
from web.api.callers import MayPredict
from web.api.describing import MULTIPART, file_body, refuses
from web.api.errors import NoFile
from web.api.routes import ApiRoute, BodyCutOff, BodyTooLarge, NotSupported
from web.api.scoring_view import Scoring, tell

_BOUNDARY: Final = re.compile(r'boundary="?([^";, ]{1,200})')
BODY: Final = file_body((CSV, XLSX))


class TableRoute(ApiRoute):
    """A body as large as tables are."""

    most: ClassVar[int] = MAX_BYTES + 10_000

    async def same_body(self, request: Request) -> bytes:
        """Programs draw a new boundary for each form; and the model is no part of the path."""
        boundary = _BOUNDARY.search(request.headers.get("content-type", ""))
        body = await request.body()
        plain = body if boundary is None else body.replace(boundary[1].encode(), b"")
        return request.url.query.encode() + b"\n" + plain


router = APIRouter(tags=["scorings"], route_class=TableRoute)


@router.post(
    "/scorings",
    operation_id="createScoring",
    summary="Send a table",
    status_code=201,
    openapi_extra=BODY,
    responses=refuses(
        ModelNotOnSale,
        BodyCutOff,
        BodyTooLarge,
        FileTooLarge,
        NotSupported,
        NoFile,
        InvalidValue,
        IntakeBusy,
        StoreAway,
    ),
)
async def create_scoring(
    who: MayPredict,
    request: Request,
    model: Annotated[str, Query(pattern=f"^{SLUG}$", description="A slug of `/models`.")],
) -> Scoring:
    """CSV or Excel, in the field `file` of a form or as the body itself; up to 100,000 rows. It is looked at and costs
    nothing: the answer is a `draft` with the rows that can be answered and their `total`. Columns are matched by the
    inputs' names and labels; what is `unclear` is told by `…/columns`. A draft that is not ordered is gone after a
    day."""
    offer = await who.site.services.models.offer(model)
    if not takes_tables(offer.manifest):
        raise ModelNotOnSale(slug=model)
    name, content = await _table(request)
    services = who.site.services
    async with services.intake.upload(who.user.id) as upload:
        upload.file.write(content)
        view = await services.scorings.begin(
            offer, upload, name=name, user_id=who.user.id, wording=wording_in(who.tr), say=cell_words(who.tr)
        )
    return await tell(who, view)


async def _table(request: Request) -> tuple[str, bytes]:
    """What it is called, and what is in it."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind in (CSV, XLSX):
        name, content = f"table.{'csv' if kind == CSV else 'xlsx'}", await request.body()
    elif kind == MULTIPART:
        name, content = await _from_form(request)
    else:
        raise NotSupported(wanted=f"{CSV}, {XLSX}, {MULTIPART}")
    if not content:
        raise NoFile()
    if len(content) > MAX_BYTES:
        raise FileTooLarge(megabytes=MAX_BYTES // 1_000_000)
    return name, content


async def _from_form(request: Request) -> tuple[str, bytes]:
    try:
        async with request.form(max_files=1, max_fields=4) as form:
            sent = form.get("file")
            if not isinstance(sent, UploadFile):
                raise NoFile()
            return PurePath(sent.filename or "table").name, await sent.read()
    except (MultiPartException, HTTPException) as error:
        raise NoFile() from error
