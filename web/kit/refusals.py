"""What the shop refuses, as HTTP says it: a status, and a code that programs may rely on for ever."""

from typing import Final, NamedTuple

from services.billing.ledger import InsufficientBalance, UnknownUser
from services.chats.limits import AllowanceUsedUp, TokensUsedUp, TooManyMessages
from services.chats.orders import EmptyMessage, MessageNotFound, MessageNotLast, MessageTooLong, PicturesNotTaken
from services.chats.sessions import BadTitle, ChatSessionNotFound
from services.errors import ChangedMeanwhile, DecidedAlready, ShopError
from services.files.store import StoreAway
from services.idempotency import KeyReused, StillRunning
from services.identity.api_keys import BadKey, BadKeyTerms, KeyNotFound, TooManyKeys
from services.identity.deletion import BalanceSeen
from services.identity.deletion_rows import AtWork, CannotDelete, MoneyUnderWay, RunsTheShop
from services.identity.email_accounts import SameAddress
from services.identity.email_logins import NoEmailLogin
from services.identity.entrance import LettersOff
from services.identity.export import TooManyExports
from services.identity.init_data import InitDataRefused
from services.identity.linking import AlreadyLinked
from services.identity.login_changes import WrongCurrentPassword, WrongPassword
from services.identity.login_requests import LoginRequestGone
from services.identity.mail_tokens import LinkNotValid
from services.identity.merging import AccountInUse, BalanceChanged, CannotMerge
from services.identity.passwords import PasswordsBusy, PasswordTooCommon, PasswordTooLong, PasswordTooShort
from services.identity.second_factor import SecondFactorWanted
from services.identity.second_factor_rows import FactorOff, FactorOn, WrongCode
from services.identity.sessions import NotSignedIn, ProveAgain, SecondFactorNeeded, SessionNotFound
from services.identity.telegram_login import LoginRefused, LoginWaiting
from services.identity.throttles import LetterJustSent, TooManyCodes, TooManyLetters, TooManyLogins, TooManyTries
from services.inference.errors import InferenceError
from services.models.manage import ModelNotFound
from services.models.offers import ModelNotOnSale, ModelResting, ModelStopped
from services.models.preset_rules import PresetNotFound
from services.models.uploads.changes import NotNow
from services.models.uploads.versions import VersionNotFound
from services.money import AmountOutOfBounds
from services.payments.packages import PackageGone
from services.payments.pricing import CurrencyNotTaken, PaymentsOff, WayNotOffered
from services.payments.providers.base import ProviderError
from services.payments.queries import PaymentNotFound
from services.payments.refunds.begin import AlreadyRefunded, NotRefundable, RefundNeedsConfirmation, RefundTooLarge
from services.payments.topup import EmailNeeded
from services.plans.changes import BeginsAtOnce, BeginsLater
from services.plans.endings import CannotResume, NoSubscription
from services.plans.methods import MethodGone
from services.plans.next_payment import RenewalUnderWay
from services.plans.offers import PriceStays
from services.plans.plans import OtherPrice, OtherTerms, PlanGone
from services.plans.replacing import RefundUnderWay, RestUnpriced
from services.plans.trials import AlreadySubscribed, TrialUsed
from services.predictions.history import PredictionNotFound
from services.predictions.submit import PriceChanged
from services.scoring.queries import ScoringNotFound
from services.scoring.submit import ModelChanged, NothingToAnswer, TooManyTables
from services.users.accounts import BadAge, BadEmail, BadName, NameOfTelegram, UserDisabled
from services.users.manage import BadReason, CannotTake, OneOfUs
from services.users.roles import NotAllowed
from services.users.search import NobodyFound
from services.values.errors import FileTooLarge, InvalidValue
from services.values.intake import IntakeBusy, StillLooking
from services.webhooks.addresses import BadEndpoint
from services.webhooks.delivery_rows import DeliveryNotFound
from services.webhooks.endpoint_rows import EndpointNotFound, EndpointOff, TooManyEndpoints
from web.kit.json_bodies import BadJson, DuplicateKey, TooDeep
from web.kit.limits import TooManyRequests


class Refusal(NamedTuple):
    """`code`: snake_case, for ever."""

    status: int
    code: str


OTHER: Final = Refusal(422, "refused")
REFUSALS: Final[dict[type[ShopError], Refusal]] = {
    BadJson: Refusal(400, "invalid_json"),
    DuplicateKey: Refusal(400, "duplicate_field"),
    TooDeep: Refusal(400, "body_too_deep"),
    NotSignedIn: Refusal(401, "not_signed_in"),
    BadKey: Refusal(401, "invalid_api_key"),
    InsufficientBalance: Refusal(402, "insufficient_balance"),
    InitDataRefused: Refusal(401, "init_data_refused"),
    WrongPassword: Refusal(401, "wrong_password"),
    UserDisabled: Refusal(403, "user_disabled"),
    WrongCurrentPassword: Refusal(403, "wrong_current_password"),
    LinkNotValid: Refusal(410, "link_not_valid"),
    NotNow: Refusal(409, "upload_has_changed"),
    NoEmailLogin: Refusal(409, "no_email_login"),
    SameAddress: Refusal(409, "same_address"),
    BadEmail: Refusal(422, "invalid_email"),
    PasswordTooShort: Refusal(422, "password_too_short"),
    PasswordTooLong: Refusal(422, "password_too_long"),
    PasswordTooCommon: Refusal(422, "password_too_common"),
    LetterJustSent: Refusal(429, "letter_just_sent"),
    TooManyLetters: Refusal(429, "too_many_letters"),
    TooManyTries: Refusal(429, "too_many_tries"),
    TooManyLogins: Refusal(429, "too_many_tries"),
    TooManyExports: Refusal(429, "too_many_exports"),
    TooManyCodes: Refusal(429, "too_many_tries"),
    SecondFactorNeeded: Refusal(403, "second_factor_needed"),
    SecondFactorWanted: Refusal(403, "second_factor_wanted"),
    WrongCode: Refusal(422, "wrong_code"),
    FactorOff: Refusal(409, "second_factor_off"),
    FactorOn: Refusal(409, "second_factor_on"),
    AlreadyLinked: Refusal(409, "already_linked"),
    CannotMerge: Refusal(409, "cannot_merge"),
    AccountInUse: Refusal(409, "account_in_use"),
    BalanceChanged: Refusal(409, "balance_changed"),
    LoginWaiting: Refusal(409, "login_waiting"),
    LoginRefused: Refusal(403, "login_refused"),
    LoginRequestGone: Refusal(410, "login_request_gone"),
    LettersOff: Refusal(503, "letters_off"),
    PasswordsBusy: Refusal(503, "busy"),
    AtWork: Refusal(409, "account_in_use"),
    MoneyUnderWay: Refusal(409, "money_under_way"),
    RunsTheShop: Refusal(409, "has_role"),
    CannotDelete: Refusal(409, "cannot_delete"),
    BalanceSeen: Refusal(409, "balance_changed"),
    NotAllowed: Refusal(403, "not_allowed"),
    ProveAgain: Refusal(403, "prove_again"),
    ModelNotFound: Refusal(404, "model_not_found"),
    VersionNotFound: Refusal(404, "upload_not_found"),
    ModelNotOnSale: Refusal(404, "model_not_on_sale"),
    PresetNotFound: Refusal(404, "preset_not_found"),
    PredictionNotFound: Refusal(404, "prediction_not_found"),
    ScoringNotFound: Refusal(404, "scoring_not_found"),
    ChatSessionNotFound: Refusal(404, "chat_session_not_found"),
    MessageNotFound: Refusal(404, "message_not_found"),
    PaymentNotFound: Refusal(404, "payment_not_found"),
    PackageGone: Refusal(404, "package_not_found"),
    SessionNotFound: Refusal(404, "session_not_found"),
    NobodyFound: Refusal(404, "user_not_found"),
    KeyNotFound: Refusal(404, "api_key_not_found"),
    EndpointNotFound: Refusal(404, "webhook_not_found"),
    DeliveryNotFound: Refusal(404, "delivery_not_found"),
    EndpointOff: Refusal(409, "webhook_off"),
    TooManyEndpoints: Refusal(409, "too_many_webhooks"),
    BadEndpoint: Refusal(422, "invalid_webhook_url"),
    UnknownUser: Refusal(404, "user_not_found"),
    PriceChanged: Refusal(409, "price_changed"),
    ModelChanged: Refusal(409, "model_changed"),
    TooManyTables: Refusal(409, "too_many_tables"),
    NothingToAnswer: Refusal(422, "no_row_to_answer"),
    MessageNotLast: Refusal(409, "message_not_last"),
    DecidedAlready: Refusal(409, "decided_already"),
    ChangedMeanwhile: Refusal(409, "changed_meanwhile"),
    AlreadyRefunded: Refusal(409, "already_refunded"),
    CannotTake: Refusal(409, "cannot_take"),
    OneOfUs: Refusal(409, "one_of_us"),
    NotRefundable: Refusal(409, "not_refundable"),
    RefundNeedsConfirmation: Refusal(409, "refund_needs_confirmation"),
    RefundTooLarge: Refusal(422, "refund_too_large"),
    BadReason: Refusal(422, "invalid_reason"),
    NameOfTelegram: Refusal(409, "name_of_telegram"),
    StillRunning: Refusal(409, "request_still_running"),
    TooManyKeys: Refusal(409, "too_many_api_keys"),
    FileTooLarge: Refusal(413, "file_too_large"),
    MessageTooLong: Refusal(422, "message_too_long"),
    EmptyMessage: Refusal(422, "empty_message"),
    PicturesNotTaken: Refusal(422, "pictures_not_taken"),
    BadTitle: Refusal(422, "invalid_title"),
    AmountOutOfBounds: Refusal(422, "amount_out_of_bounds"),
    CurrencyNotTaken: Refusal(422, "currency_not_taken"),
    WayNotOffered: Refusal(422, "way_not_offered"),
    InvalidValue: Refusal(422, "invalid_value"),
    BadKeyTerms: Refusal(422, "invalid_api_key_terms"),
    KeyReused: Refusal(422, "idempotency_key_reused"),
    BadName: Refusal(422, "invalid_name"),
    BadAge: Refusal(422, "invalid_age"),
    EmailNeeded: Refusal(422, "email_needed"),
    PlanGone: Refusal(404, "plan_not_found"),
    NoSubscription: Refusal(404, "subscription_not_found"),
    MethodGone: Refusal(404, "payment_method_not_found"),
    AlreadySubscribed: Refusal(409, "already_subscribed"),
    BeginsAtOnce: Refusal(409, "plan_begins_at_once"),
    BeginsLater: Refusal(409, "plan_begins_later"),
    CannotResume: Refusal(409, "cannot_resume"),
    RenewalUnderWay: Refusal(409, "renewal_under_way"),
    RefundUnderWay: Refusal(409, "refund_under_way"),
    TrialUsed: Refusal(409, "trial_used"),
    OtherPrice: Refusal(409, "plan_price_changed"),
    OtherTerms: Refusal(409, "plan_terms_changed"),
    RestUnpriced: Refusal(409, "plan_rest_unpriced"),
    PriceStays: Refusal(409, "plan_price_stays"),
    TooManyRequests: Refusal(429, "rate_limited"),
    TooManyMessages: Refusal(429, "too_many_messages"),
    TokensUsedUp: Refusal(429, "tokens_used_up"),
    AllowanceUsedUp: Refusal(429, "allowance_used_up"),
    ProviderError: Refusal(502, "payment_provider_failed"),
    InferenceError: Refusal(502, "model_failed"),
    ModelStopped: Refusal(503, "model_stopped"),
    ModelResting: Refusal(503, "model_resting"),
    PaymentsOff: Refusal(409, "payments_off"),
    IntakeBusy: Refusal(503, "busy"),
    StillLooking: Refusal(503, "busy"),
    StoreAway: Refusal(503, "files_away"),
}


def refusal_of(error: ShopError) -> Refusal:
    """Of its class, or the nearest one above that has one."""
    return next((REFUSALS[kind] for kind in type(error).__mro__ if kind in REFUSALS), OTHER)
