"""Requests to an assistant's provider: for owners, and opening one is in the journal."""

import json

from fastapi import APIRouter
from starlette.exceptions import HTTPException
from starlette.responses import Response

from i18n.problems import problem_words
from i18n.titles import title_of
from services.chats.journal import STOPPED
from services.chats.statistics import RequestLine
from services.payments.queries import parse_id
from web.admin.kit import LooksAtAll, Owns, StaffMember, panel

router = APIRouter(prefix="/admin/models/{slug}/requests")


@router.get("")
async def show_requests(who: LooksAtAll, slug: str) -> Response:
    line = await who.site.services.model_management.get(slug)
    latest = await who.site.services.assistant_reports.latest(slug, actor=who.actor)
    words = [_outcome(each, who) for each in latest]
    return panel(who, "models/requests.html", line=line, title=title_of(line, who.tr), latest=latest, words=words)


@router.post("/{number}")
async def open_request(who: Owns, slug: str, number: str) -> Response:
    """By a post: it leaves a line."""
    request_id = parse_id(number)
    if request_id is None:
        raise HTTPException(404)
    opened = await who.site.services.assistant_reports.open(request_id, actor=who.actor)
    kept = {"request": opened.request, "response": opened.response}
    content = None if opened.request is None else json.dumps(kept, ensure_ascii=False, indent=2)
    return panel(who, "models/request.html", slug=slug, opened=opened, said=_outcome(opened, who), content=content)


def _outcome(request: RequestLine, who: StaffMember) -> str:
    if request.error == STOPPED:
        return who.tr.gettext("stopped by the customer")
    if request.error:
        return problem_words(request.error, who.tr)
    return who.tr.gettext("answered")
