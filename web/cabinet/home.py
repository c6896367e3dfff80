"""The first page: what is on sale, and of a customer the balance and their last answers."""

from fastapi import APIRouter
from starlette.responses import Response

from web.kit.pages import page
from web.kit.viewer import Someone

router = APIRouter()
LATEST = 5


@router.get("/")
async def home(who: Someone) -> Response:
    services = who.site.services
    offers = [offer for offer in await services.models.offers() if offer.category is None]
    latest = None if who.signed_in is None else await services.history.page(who.signed_in.user.id, 0, LATEST)
    return page(who, "cabinet/home.html", offers=offers, latest=latest)
