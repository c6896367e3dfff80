"""Models that were sent to the bot: the card of a version, and the versions of a model."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from db.tables.models import VersionStatus
from handlers.admin import buttons as names
from handlers.admin.uploads.parts import QUESTIONS, UploadPart
from handlers.admin.widgets import notice_first, panel_button, question
from handlers.kit import buttons as keyboards
from handlers.models.screens import BEGIN
from handlers.telegram.screen import Button, Screen
from i18n.text import cut_plain
from i18n.translator import Html, Translator
from i18n.uploads import LEGEND, MARKS, STATES, title_of_version
from services.models.uploads.trials import slug_of_trial
from services.models.uploads.versions import VersionView

LABEL: Final = 60


def received_screen(name: str, tr: Translator) -> Screen:
    return Screen(text=notice_first("", head(name, tr), tr.html(STATES[VersionStatus.RECEIVED])))


def part_question(part: UploadPart, version: VersionView, tr: Translator, *, problem: str = "") -> Screen:
    """`problem`: HTML."""
    return question(tr.html(QUESTIONS[part]), tr, back=names.action(names.UPLOAD, version.id.hex), problem=problem)


def which_question(name: str, title: str, nonce: str, tr: Translator) -> Screen:
    text = tr.html("“{file}”: is this a new version of “{model}”, or another model?", file=name, model=title)
    version = Button(text=tr.gettext("⬆️ A new version"), action=names.action(names.YES, nonce))
    other = Button(text=tr.gettext("➕ Another model"), action=names.action(names.UPLOAD_OTHER, nonce))
    return Screen(text=text, rows=((version,), (other,), (keyboards.back_button(tr, names.MODELS),)))


def file_question(title: str, slug: str, tr: Translator, *, problem: str = "") -> Screen:
    """`problem`: HTML."""
    text = tr.html("Send the .onnx file of the new version of “{model}”.", model=title)
    return question(text, tr, back=names.action(names.VERSIONS, slug), problem=problem)


def versions_screen(title: str, slug: str, versions: Sequence[VersionView], tr: Translator) -> Screen:
    legend = tr.html(LEGEND)
    rows = [(_version_button(each, tr),) for each in versions]
    new = Button(text=tr.gettext("⬆️ A new version"), action=names.action(names.VERSIONS, slug, names.NEW))
    remove = Button(text=tr.gettext("🗑 Remove from the shop"), action=names.action(names.VERSIONS, slug, names.DELETE))
    back = keyboards.back_button(tr, names.action(names.MODEL, slug))
    return Screen(text=notice_first("", head(title, tr), legend), rows=(*rows, (new,), (remove,), (back,)))


def try_button(version: VersionView, tr: Translator) -> Button:
    return Button(text=tr.gettext("▶️ Try it free"), action=f"{BEGIN}:{slug_of_trial(version.id)}")


def trial_screen(answer: Screen, version: VersionView, tr: Translator) -> Screen:
    """`answer`: as a customer would get it."""
    card = Button(text=tr.gettext("🧪 To its card"), action=names.action(names.UPLOAD, version.id.hex))
    return replace(answer, rows=((try_button(version, tr),), (card,)))


def removed_screen(title: str, tr: Translator) -> Screen:
    text = tr.html("✅ “{model}” has left the shop.", model=title)
    return Screen(text=text, rows=((keyboards.back_button(tr, names.MODELS), panel_button(tr)),))


def version_button(version: VersionView, tr: Translator) -> Button:
    """To its card, from the list of models."""
    title = cut_plain(title_of_version(version, tr), LABEL - 20)
    if version.number > 1:
        title = tr.gettext("{title}, version {number}", title=title, number=version.number)
    return Button(text=f"{MARKS[version.status]} {title}", action=names.action(names.UPLOAD, version.id.hex))


def _version_button(version: VersionView, tr: Translator) -> Button:
    text = tr.gettext(
        "{mark} Version {number}, {moment}",
        mark=MARKS[version.status],
        number=version.number,
        moment=tr.short_moment(version.created_at),
    )
    return Button(text=text, action=names.action(names.UPLOAD, version.id.hex))


def head(title: str, tr: Translator) -> Html:
    return tr.html("🧠 <b>{title}</b>", title=title)
