"""What is stored of the error that ended a run."""

from typing import Final

from db.tables.predictions import ErrorCode
from services.files.store import StoreAway
from services.inference import errors
from services.values import errors as value_errors

CODES: Final[dict[type[BaseException], ErrorCode]] = {
    errors.ModelUnavailable: ErrorCode.MODEL_UNAVAILABLE,
    StoreAway: ErrorCode.MODEL_UNAVAILABLE,  # no failure of the model's own
    errors.ModelBroken: ErrorCode.MODEL_BROKEN,
    errors.ModelTooNew: ErrorCode.MODEL_TOO_NEW,
    errors.OpsetTooNew: ErrorCode.OPSET_TOO_NEW,
    errors.RunTimeout: ErrorCode.RUN_TIMEOUT,
    errors.RunFailed: ErrorCode.RUN_FAILED,
    errors.BadInput: ErrorCode.BAD_INPUT,
    errors.PictureRefused: ErrorCode.PICTURE_REFUSED,
    errors.PictureGone: ErrorCode.PICTURE_GONE,
    errors.SoundRefused: ErrorCode.SOUND_REFUSED,
    errors.VoiceGone: ErrorCode.VOICE_GONE,
    errors.NothingHeard: ErrorCode.NOTHING_HEARD,
    errors.RequestRefused: ErrorCode.REFUSED,
    errors.ContextTooLong: ErrorCode.CONTEXT_TOO_LONG,
    errors.EmptyAnswer: ErrorCode.EMPTY_ANSWER,
    errors.BadOutput: ErrorCode.BAD_OUTPUT,
    errors.NotDelivered: ErrorCode.NOT_DELIVERED,
    value_errors.InvalidValue: ErrorCode.INVALID_VALUE,
    value_errors.FileTooLarge: ErrorCode.FILE_TOO_LARGE,
    value_errors.NotAnImage: ErrorCode.NOT_AN_IMAGE,
    value_errors.ImageTooLarge: ErrorCode.IMAGE_TOO_LARGE,
    value_errors.BlankImage: ErrorCode.BLANK_IMAGE,
    value_errors.TextTooLongForModel: ErrorCode.TEXT_TOO_LONG,
}


def written(code: str) -> str:
    """As programs read it: `run_failed`."""
    return "".join(f"_{sign.lower()}" if sign.isupper() else sign for sign in code).strip("_")


def code_of(error: BaseException) -> ErrorCode:
    """Of the error's class, or of the nearest above it that has one."""
    return next((CODES[each] for each in type(error).__mro__ if each in CODES), ErrorCode.UNEXPECTED)
