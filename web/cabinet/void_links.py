"""A link of a letter that leads nowhere any more, and where to go instead."""

from starlette.responses import Response

from services.identity.mail_tokens import LinkNotValid
from web.kit.pages import page
from web.kit.refusals import refusal_of
from web.kit.viewer import PageViewer


def void_link(who: PageViewer, error: LinkNotValid, *, again: str) -> Response:
    """`again`: where another letter is asked for."""
    shown = {"problem": who.tr.error(error), "again": again}
    return page(who, "cabinet/account/void_link.html", status=refusal_of(error).status, **shown)
