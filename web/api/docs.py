"""`/api/docs`: the description of the API, drawn by Swagger UI from files of our own."""

from typing import Annotated

from fastapi import APIRouter, Depends
from starlette.responses import Response

from web.kit.pages import page
from web.kit.viewer import PageViewer, stranger

router = APIRouter()


@router.get("/api/docs")
async def show_docs(who: Annotated[PageViewer, Depends(stranger)]) -> Response:
    return page(who, "api/docs.html")
