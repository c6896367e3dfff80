"""Readers of screens."""

from collections.abc import Callable

from handlers.kit.context import Viewer
from i18n.translator import Translator
from services.features import Features
from services.users.accounts import UserView


def viewer(user: UserView, tr: Translator, titles: Callable[[str], str] = str, *, payments: bool = True) -> Viewer:
    return Viewer(user=user, tr=tr, features=Features(payments=payments), titles=titles)
