"""How a prediction goes on and why it failed, and answers that nobody can word. Plain text: the caller escapes it."""

import json
from collections.abc import Iterator
from typing import Final, Protocol

from db.tables.predictions import ErrorCode, PredictionStatus
from i18n.outputs import Answer
from i18n.text import cut_plain
from i18n.translator import Translator
from services.errors import ShopError
from services.inference import errors
from services.manifests.manifest import Manifest
from services.predictions.history import PredictionView
from services.values import errors as value_errors

PLAIN_CHARS: Final = 800  # of an answer that is told as it is kept

_ERRORS: Final[dict[ErrorCode, type[ShopError]]] = {
    ErrorCode.MODEL_UNAVAILABLE: errors.ModelUnavailable,
    ErrorCode.MODEL_BROKEN: errors.ModelBroken,
    ErrorCode.MODEL_TOO_NEW: errors.ModelBroken,
    ErrorCode.OPSET_TOO_NEW: errors.ModelBroken,
    ErrorCode.BAD_OUTPUT: errors.BadOutput,
    ErrorCode.CONTEXT_TOO_LONG: errors.ContextTooLong,
    ErrorCode.EMPTY_ANSWER: errors.EmptyAnswer,
    ErrorCode.PICTURE_REFUSED: errors.PictureRefused,
    ErrorCode.PICTURE_GONE: errors.PictureGone,
    ErrorCode.SOUND_REFUSED: errors.SoundRefused,
    ErrorCode.VOICE_GONE: errors.VoiceGone,
    ErrorCode.NOTHING_HEARD: errors.NothingHeard,
    ErrorCode.REFUSED: errors.RequestRefused,
    ErrorCode.NOT_DELIVERED: errors.NotDelivered,
    ErrorCode.INVALID_VALUE: value_errors.InvalidValue,
    ErrorCode.NOT_AN_IMAGE: value_errors.NotAnImage,
    ErrorCode.BLANK_IMAGE: value_errors.BlankImage,
    ErrorCode.TEXT_TOO_LONG: value_errors.TextTooLongForModel,
}
"""Any other ended as a run that failed."""


class Going(Protocol):
    """A prediction that is not finished, whoever looks at it. `place` counts from 1, 0 once it runs; at a server so
    many jobs may be `ahead` of it, or so many `percent` of it done."""

    @property
    def status(self) -> PredictionStatus: ...

    @property
    def place(self) -> int: ...

    @property
    def ahead(self) -> int | None: ...

    @property
    def percent(self) -> int | None: ...

    @property
    def canceling(self) -> bool: ...


def progress_words(progress: Going, tr: Translator) -> str:
    if progress.canceling:
        return tr.gettext("✖️ Canceling…")
    if progress.status is PredictionStatus.RUNNING:
        if progress.percent is not None:
            return tr.gettext("⚙️ The model is running: {percent} %", percent=progress.percent)
        if progress.ahead:
            return tr.gettext("⏳ Waiting for the model's server; ahead of you there: {ahead}", ahead=progress.ahead)
        return tr.gettext("⚙️ The model is running…")
    if progress.place == 1:
        return tr.gettext("⏳ You are next in the queue…")
    return tr.gettext("⏳ Your place in the queue: {place}", place=progress.place)


def reason(view: PredictionView, manifest: Manifest | None, tr: Translator) -> str:
    """The sentence of the error that the run ended with, where all it needs to say is still known."""
    if view.status is PredictionStatus.CANCELED and manifest is not None and manifest.paints:
        return tr.gettext("This picture was canceled.")
    if view.status is PredictionStatus.CANCELED:
        return tr.gettext("This prediction was canceled.")
    if view.error_code is ErrorCode.RUN_TIMEOUT and manifest is not None:
        return tr.gettext(errors.RunTimeout.message, seconds=f"{manifest.runtime.timeout:g}")
    return tr.gettext(error_of(view.error_code or ErrorCode.UNEXPECTED).message)


def error_of(code: ErrorCode) -> type[ShopError]:
    """Whose sentence is true without what the error once knew besides: a value's name, how large is too large."""
    return _ERRORS.get(code, errors.RunFailed)


def plain_answers(view: PredictionView) -> Iterator[tuple[str, str]]:
    """The answers as they are kept, name by name: where their manifest does not fit them, or showing them fails."""
    outputs = (view.result or {}).get("outputs", {})
    yield from ((name, _plain(answer)) for name, answer in outputs.items() if answer is not None)


def _plain(answer: Answer) -> str:
    return cut_plain(answer if isinstance(answer, str) else json.dumps(answer, ensure_ascii=False), PLAIN_CHARS)
