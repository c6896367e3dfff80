"""All pages of the cabinet; each adds a line."""

from collections.abc import Sequence

from fastapi import APIRouter

from web.cabinet import (
    history,
    home,
    language,
    linking,
    mini_app,
    models,
    pictures,
    predictions,
    reset,
    security,
    sign_in,
    sign_up,
    telegram,
)


def cabinet_routers() -> Sequence[APIRouter]:
    return (
        history.router,
        home.router,
        language.router,
        linking.router,
        mini_app.router,
        models.router,
        pictures.router,
        predictions.router,
        reset.router,
        security.router,
        sign_in.router,
        sign_up.router,
        telegram.router,
    )
