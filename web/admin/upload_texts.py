"""What customers read of a model, as a form of all its texts."""

from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Final
from uuid import UUID

from fastapi import APIRouter, Request
from starlette.responses import Response

from i18n.translator import Translator
from i18n.upload_texts import group_name, lines_now, text_name
from i18n.uploads import title_of_version
from services.models.uploads.texts import ICON, LANGUAGES, BadShownText, OtherCount, ShownText, TextPart
from services.models.uploads.wording import VersionTexts
from web.admin.kit import Acts, Looks, StaffMember, go, panel
from web.admin.notices import notice

router = APIRouter(prefix="/admin/uploads/{version_id}/texts")
MOST_BYTES: Final = 2_000_000
MOST_FIELDS: Final = 3_000
LANGUAGE_OF: Final = "{key}:{language}"  # a field's name


@router.get("")
async def show(who: Looks, version_id: UUID, done: str = "") -> Response:
    return _page(who, await who.site.services.upload_texts.of(version_id), done=done)


@router.post("", max_body_size=MOST_BYTES)
async def save(request: Request, who: Acts, version_id: UUID) -> Response:
    """All that was changed, or nothing."""
    texts = await who.site.services.upload_texts.of(version_id)
    async with request.form(max_fields=MOST_FIELDS, max_part_size=MOST_BYTES) as data:
        typed = {name: said.replace("\r\n", "\n") for name, said in data.items() if isinstance(said, str)}
    try:
        await who.site.services.upload_texts.change(version_id, _changed(texts, typed), actor=who.actor)
    except (BadShownText, OtherCount) as error:
        return _page(who, texts, typed=typed, errors={error.key: who.tr.error(error)})
    return go(f"/admin/uploads/{version_id.hex}/texts", done="saved")


def _changed(texts: VersionTexts, typed: Mapping[str, str]) -> dict[str, Mapping[str, str] | str]:
    changed: dict[str, Mapping[str, str] | str] = {}
    for text in texts.texts:
        now = _now(text)
        given = {name: typed.get(name, was).strip() for name, was in now.items()}
        if given == {name: was.strip() for name, was in now.items()}:
            continue
        if text.is_list or text.what == ICON:
            changed[text.key] = given[text.key]
        else:
            changed[text.key] = {language: given[_field(text, language)] for language in LANGUAGES}
    return changed


def _now(text: ShownText) -> dict[str, str]:
    """What stands there, by the names of its fields."""
    if text.is_list:
        return {text.key: lines_now(text)}
    if text.what == ICON:
        return {text.key: text.now.get(LANGUAGES[0], "")}
    return {_field(text, language): text.now.get(language, "") for language in LANGUAGES}


def _field(text: ShownText, language: str) -> str:
    return LANGUAGE_OF.format(key=text.key, language=language)


def _page(
    who: StaffMember,
    texts: VersionTexts,
    *,
    done: str = "",
    typed: Mapping[str, str] | None = None,
    errors: Mapping[str, str] | None = None,
) -> Response:
    shown = {name: was for text in texts.texts for name, was in _now(text).items()}
    fields = {error: _first_field(texts, error) for error in errors or {}}
    return panel(
        who,
        "uploads/texts.html",
        status=422 if errors else 200,
        version=texts.version,
        title=title_of_version(texts.version, who.tr),
        groups=[(name, list(each)) for name, each in groupby(texts.texts, lambda text: _heading(text, who.tr))],
        words={text.key: text_name(text, who.tr) for text in texts.texts},
        typed={**shown, **(typed or {})},
        errors={fields[key]: said for key, said in (errors or {}).items()},
        labels={fields[key]: text_name(texts.text(key), who.tr) for key in errors or {}},
        languages=_languages(who.tr),
        done=notice(done, who.tr),
    )


def _heading(text: ShownText, tr: Translator) -> str:
    return tr.gettext("The model") if text.part is TextPart.MODEL else group_name(text, tr)


def _first_field(texts: VersionTexts, key: str) -> str:
    return next(iter(_now(texts.text(key))))


def _languages(tr: Translator) -> Sequence[tuple[str, str]]:
    return [("ru", tr.gettext("in Russian")), ("en", tr.gettext("in English"))]
