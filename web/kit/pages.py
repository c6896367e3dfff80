"""Pages from templates, and the files that they name."""

import hashlib
from functools import cache
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from starlette.responses import HTMLResponse
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from web.kit.viewer import PageViewer

TEMPLATES: Final = Path(__file__).parent.parent / "templates"
STATIC: Final = Path(__file__).parent.parent / "static"
KEPT: Final = "public, max-age=31536000, immutable"  # the address changes with what is in the file


class StaticPages(StaticFiles):
    """Files under addresses that `static` makes."""

    def file_response(self, *arguments: Any, **named: Any) -> Any:  # Any: Starlette's own signature
        response = super().file_response(*arguments, **named)
        response.headers["cache-control"] = KEPT
        return response

    async def get_response(self, path: str, scope: Scope) -> Any:  # Any: as above
        return await super().get_response(path, scope)


def page(viewer: PageViewer, template: str, /, *, status: int = 200, **shown: Any) -> HTMLResponse:
    """`template`: by its path below `web/templates`; `shown`: what it names, whatever that is, hence Any. In it `_` and
    `ngettext` say things as HTML, `gettext` as plain text, for attributes."""
    text = templates().get_template(template).render(words(viewer) | shown)
    return HTMLResponse(text, status_code=status, headers={"cache-control": "no-store"})


def words(viewer: PageViewer) -> dict[str, Any]:  # Any: what templates call
    """What every template may use."""
    tr = viewer.tr
    return {
        "viewer": viewer,
        "user": None if viewer.signed_in is None else viewer.signed_in.user,
        "features": viewer.site.services.features,
        "titles": viewer.titles,
        "tr": tr,
        "_": lambda message, **params: Markup(tr.html(message, **params)),  # noqa: S704 - it escapes by itself
        "gettext": tr.gettext,
        "ngettext": lambda one, many, n, **params: Markup(tr.nhtml(one, many, n, **params)),  # noqa: S704 - as above
    }


@cache
def templates() -> Environment:
    """Read once; what they name must be there."""
    made = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    made.globals["static"] = static
    return made


@cache
def static(name: str) -> str:
    """The address of a file of `web/static`, another one whenever the file is."""
    digest = hashlib.sha256((STATIC / name).read_bytes()).hexdigest()[:12]
    return f"/static/{name}?v={digest}"
