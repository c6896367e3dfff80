"""Readers of screens."""

from dataclasses import dataclass

from handlers.kit.context import Viewer
from i18n.titles import Titles
from i18n.translator import Translator
from services.features import Features
from services.users.accounts import UserView


@dataclass(frozen=True, slots=True, kw_only=True)
class OnShelf:
    title: str
    icon: str = "🍷"


def viewer(user: UserView, tr: Translator, title: str | None = None, *, payments: bool = True) -> Viewer:
    """`title`: of every model; without it all of them are gone."""
    return Viewer(user=user, tr=tr, features=Features(payments=payments), titles=titles(tr, title))


def titles(tr: Translator, title: str | None = None) -> Titles:
    return Titles(find=lambda slug: None if title is None else OnShelf(title=title), tr=tr)
