"""All pages of the cabinet; each adds a line."""

from collections.abc import Sequence

from fastapi import APIRouter

from web.cabinet import (
    balance,
    chats,
    history,
    home,
    keys,
    language,
    linking,
    mini_app,
    models,
    my_data,
    payments,
    pictures,
    predictions,
    profile,
    prove,
    reset,
    second_factor,
    security,
    sign_in,
    sign_up,
    telegram,
    top_up,
    webhooks,
)


def cabinet_routers() -> Sequence[APIRouter]:
    return (
        balance.router,
        webhooks.router,
        keys.router,
        profile.router,
        prove.router,
        chats.router,
        payments.router,
        top_up.router,
        history.router,
        home.router,
        language.router,
        linking.router,
        mini_app.router,
        models.router,
        my_data.router,
        pictures.router,
        predictions.router,
        reset.router,
        second_factor.router,
        security.router,
        sign_in.router,
        sign_up.router,
        telegram.router,
    )
