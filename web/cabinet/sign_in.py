"""Signing in and out."""

from typing import Annotated

from fastapi import APIRouter, Form, Query, Request
from pydantic import BaseModel
from starlette.responses import RedirectResponse, Response

from services.errors import ShopError
from web.kit.arrivals import arrival_of, let_in, let_out
from web.kit.pages import page
from web.kit.places import factor_place, own_place
from web.kit.refusals import refusal_of
from web.kit.viewer import PageViewer, Someone

router = APIRouter()


class SignInForm(BaseModel):
    """`next`: where to go on."""

    email: str = ""
    password: str = ""
    remember: str = ""
    next: str = ""


@router.get("/sign-in")
async def show_sign_in(who: Someone, place: Annotated[str, Query(alias="next")] = "") -> Response:
    if who.halfway is not None:
        return RedirectResponse(factor_place(own_place(place)), status_code=303)
    if who.signed_in is not None and not who.signed_in.user.disabled:
        return RedirectResponse(own_place(place), status_code=303)
    return _page(who, SignInForm(next=place))


@router.post("/sign-in")
async def sign_in(request: Request, who: Someone, form: Annotated[SignInForm, Form()]) -> Response:
    arrival = arrival_of(request, who, remember=bool(form.remember))
    try:
        opened = await who.site.services.email_accounts.sign_in(form.email, form.password, arrival)
    except ShopError as error:
        return _page(who, form, error)
    return await let_in(request, who, opened, own_place(form.next), remember=arrival.remember)


@router.post("/sign-out")
async def sign_out(request: Request, who: Someone) -> Response:
    return await let_out(request, who)


def _page(who: PageViewer, form: SignInForm, error: ShopError | None = None) -> Response:
    problem, status = (who.tr.error(error), _status(error)) if error else ("", 200)
    shown = {"email": form.email, "remember": bool(form.remember), "next": own_place(form.next)}
    return page(who, "cabinet/account/sign_in.html", status=status, problem=problem, **shown)


def _status(error: ShopError) -> int:
    """A wrong password is a form to be mended; 401 would ask browsers for another proof."""
    status = refusal_of(error).status
    return 422 if status == 401 else status
