"""All pages of the cabinet; each adds a line."""

from collections.abc import Sequence

from fastapi import APIRouter

from web.cabinet import (
    home,
    language,
    models,
    pictures,
    reset,
    security,
    sign_in,
    sign_up,
)


def cabinet_routers() -> Sequence[APIRouter]:
    return (
        home.router,
        language.router,
        models.router,
        pictures.router,
        reset.router,
        security.router,
        sign_in.router,
        sign_up.router,
    )
