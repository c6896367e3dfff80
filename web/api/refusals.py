"""What the API refuses: codes of its own beside those of `web/kit/refusals.py`."""

from typing import Final

from services.errors import ShopError
from services.market import errors as market_errors
from services.predictions.json_answers import UnknownField, WrongAnswers
from services.scoring.choosing import BadColumns
from services.values import errors as value_errors
from web.api.callers import ScopeMissing, SessionWanted
from web.api.errors import FileNotFound, NoFile, TooLate
from web.api.routes import BadIdempotencyKey, BodyCutOff, BodyTooLarge, NotSupported
from web.kit.refusals import OTHER, REFUSALS, Refusal
from web.kit.telegram_links import BotStarting

OF_API: Final[dict[type[ShopError], Refusal]] = {
    BodyCutOff: Refusal(400, "body_cut_off"),
    BadIdempotencyKey: Refusal(400, "invalid_idempotency_key"),
    ScopeMissing: Refusal(403, "scope_missing"),
    SessionWanted: Refusal(403, "session_wanted"),
    FileNotFound: Refusal(404, "file_not_found"),
    TooLate: Refusal(409, "too_late_to_cancel"),
    BodyTooLarge: Refusal(413, "body_too_large"),
    NoFile: Refusal(422, "no_file"),
    BadColumns: Refusal(422, "invalid_columns"),
    WrongAnswers: Refusal(422, "invalid_input"),
    BotStarting: Refusal(503, "bot_starting"),
    NotSupported: Refusal(415, "unsupported_media_type"),
}
ALL: Final = {**REFUSALS, **OF_API}


def refusal_of(error: ShopError) -> Refusal:
    """Of its class, or the nearest one above that has one."""
    return next((ALL[kind] for kind in type(error).__mro__ if kind in ALL), OTHER)


OF_FIELDS: Final[dict[type[ShopError], str]] = {
    value_errors.InvalidValue: "invalid_value",
    value_errors.NotANumber: "not_a_number",
    value_errors.NotWhole: "not_a_whole_number",
    value_errors.OutOfRange: "out_of_range",
    value_errors.NotAnOption: "not_an_option",
    value_errors.NotADate: "not_a_date",
    value_errors.TextTooShort: "too_short",
    value_errors.TextTooLong: "too_long",
    value_errors.UnknownCharacter: "unknown_character",
    value_errors.TooFewValues: "too_few_values",
    value_errors.TooManyValues: "too_many_values",
    value_errors.BadLine: "not_a_number",
    value_errors.LineOutOfRange: "out_of_range",
    value_errors.MissingColumn: "missing_column",
    value_errors.WrongCell: "not_a_number",
    value_errors.CellOutOfRange: "out_of_range",
    value_errors.TooFewLines: "too_few_values",
    value_errors.TooFewPictures: "too_few_values",
    value_errors.TooManyPictures: "too_many_values",
    value_errors.TooManyLines: "too_many_values",
    value_errors.FileTooLarge: "file_too_large",
    value_errors.TooMuch: "file_too_large",
    value_errors.NotAnImage: "not_an_image",
    value_errors.MovingPicture: "moving_picture",
    value_errors.ImageTooLarge: "image_too_large",
    value_errors.BlankImage: "blank_image",
    value_errors.Unanswered: "required",
    value_errors.PictureNotKept: "file_not_found",
    value_errors.SoundNotKept: "file_not_found",
    value_errors.UnreadableSound: "not_a_sound",
    value_errors.SoundTooLong: "too_long",
    value_errors.SoundTooShort: "too_short",
    value_errors.WrongRate: "wrong_rate",
    market_errors.InstrumentUnknown: "instrument_unknown",
    market_errors.HistoryTooShort: "too_few_values",
    market_errors.TradedTooRarely: "too_few_values",
    market_errors.NoLongerTraded: "not_traded",
    market_errors.TradingHalted: "not_traded",
    market_errors.NotYetTraded: "not_traded",
    market_errors.ExchangeSilent: "exchange_silent",
    market_errors.AnswerUnreadable: "exchange_silent",
    market_errors.JumpUnaccepted: "prices_jumped",
    market_errors.StaleUnaccepted: "prices_stale",
    UnknownField: "unknown_field",
}


def field_code_of(error: ShopError) -> str:
    """Of what is wrong with one answer, of its class or the nearest one above that has one."""
    return next((OF_FIELDS[kind] for kind in type(error).__mro__ if kind in OF_FIELDS), "invalid_value")
