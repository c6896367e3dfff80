"""`/auth`: accounts by e-mail, and where one is signed in. A program that signs somebody in gets a session's token, to
be shown as `Authorization: Bearer`."""

from datetime import datetime
from typing import Annotated, Final

from fastapi import Depends, Response
from pydantic import BaseModel, ConfigDict, Field

from db.tables.identities import SessionKind
from i18n.devices import device_name
from i18n.translator import Translator
from services.identity.arrivals import Arrival, Opened
from services.identity.entrance import LettersOff
from services.identity.login_changes import WrongPassword
from services.identity.mail_tokens import LinkNotValid
from services.identity.passwords import SHORTEST, PasswordsBusy, PasswordTooCommon, PasswordTooLong, PasswordTooShort
from services.identity.second_factor_rows import FactorOff, WrongCode
from services.identity.sessions import NotSignedIn, SessionNotFound, SessionView
from services.identity.throttles import LetterJustSent, TooManyCodes, TooManyLetters, TooManyTries
from services.users.accounts import BadEmail, UserDisabled
from web.api.callers import Halfway, Person, SessionWanted
from web.api.describing import refuses
from web.api.lists import Listed, listed
from web.api.routes import make_router
from web.api.texts import Address
from web.kit.row_ids import RowId
from web.kit.viewer import PageViewer, stranger

router = make_router("auth")
Anybody = Annotated[PageViewer, Depends(stranger)]

Password = Annotated[str, Field(max_length=1024, json_schema_extra={"format": "password", "writeOnly": True})]
NewPasswordText = Annotated[
    Password, Field(description="At least 8 characters, whichever.", json_schema_extra={"minLength": SHORTEST})
]
LinkToken = Annotated[str, Field(max_length=128, description="`token` of the link in the letter.")]
DeviceToken = Annotated[
    str, Field(max_length=128, description="As an earlier sign-in gave it; without it a letter tells of a new device.")
]


class Mailing(BaseModel):
    """Where a letter is to go."""

    model_config = ConfigDict(extra="forbid")

    email: Address


class NewAccount(BaseModel):
    model_config = ConfigDict(extra="forbid")

    token: LinkToken
    password: NewPasswordText
    name: str = Field(default="", max_length=64)
    device_token: DeviceToken = ""


class Credentials(BaseModel):
    model_config = ConfigDict(extra="forbid")

    email: Address
    password: Password
    device_token: DeviceToken = ""


class NewPassword(BaseModel):
    model_config = ConfigDict(extra="forbid")

    token: LinkToken
    password: NewPasswordText
    device_token: DeviceToken = ""


class FactorCode(BaseModel):
    model_config = ConfigDict(extra="forbid")

    code: str = Field(max_length=64, description="Of the app, or a recovery code.", examples=["492039"])


class Admission(BaseModel):
    """Somebody is signed in. Where their account has a second factor, `/auth/second-factor` comes next; until then all
    else answers `second_factor_needed`."""

    token: str = Field(description="Show it as `Authorization: Bearer <token>`. It lives for 90 days without use.")
    device_token: str = Field(description="Keep it for the next sign-in. It lets nobody in.")


class DeviceSession(BaseModel):
    """Where one is signed in."""

    id: int
    kind: SessionKind
    device: str = Field(description="In words.", examples=["Chrome, Android"])
    address: str = Field(description="In the network, when it began.")
    created_at: datetime
    seen_at: datetime = Field(description="Exact to a minute.")
    current: bool = Field(description="Whether it is the one of this request.")


NO_LETTER: Final = refuses(BadEmail, LetterJustSent, TooManyLetters, LettersOff)
NO_PASSWORD: Final = refuses(LinkNotValid, PasswordTooShort, PasswordTooLong, PasswordTooCommon, PasswordsBusy)
NO_ENTRY: Final = refuses(WrongPassword, UserDisabled, TooManyTries, PasswordsBusy)
NO_PERSON: Final = refuses(NotSignedIn, SessionWanted, UserDisabled)


@router.post("/auth/sign-up", operation_id="signUp", summary="Ask for an account", status_code=202, responses=NO_LETTER)
async def sign_up(who: Anybody, mailing: Mailing) -> Response:
    """A letter goes to the address, with a link whose `token` `/auth/confirm` takes. The answer is the same whether the
    address has an account or not."""
    accounts = who.site.services.email_accounts
    await accounts.sign_up(mailing.email, language=who.tr.language, place=who.device.address)
    return Response(status_code=202)


@router.post(
    "/auth/confirm", operation_id="confirmSignUp", summary="Make the account", status_code=201, responses=NO_PASSWORD
)
async def confirm(who: Anybody, account: NewAccount, response: Response) -> Admission:
    opened = await who.site.services.email_accounts.confirm(
        account.token,
        name=account.name,
        password=account.password,
        language=who.tr.language,
        arrival=arrival_of_program(who, account.device_token),
    )
    return admitted(opened, response)


@router.post("/auth/sign-in", operation_id="signIn", summary="Sign in by e-mail", responses=NO_ENTRY)
async def sign_in(who: Anybody, credentials: Credentials, response: Response) -> Admission:
    arrival = arrival_of_program(who, credentials.device_token)
    opened = await who.site.services.email_accounts.sign_in(credentials.email, credentials.password, arrival)
    return admitted(opened, response)


@router.post("/auth/sign-out", operation_id="signOut", summary="Sign out", status_code=204, responses=NO_PERSON)
async def sign_out(who: Halfway) -> Response:
    """The token that was shown is worth nothing any more."""
    assert who.session_id is not None  # a person has one
    await who.site.services.web_sessions.end_one(who.session_id, user_id=who.user.id)
    return Response(status_code=204)


@router.post(
    "/auth/second-factor",
    operation_id="showSecondFactor",
    summary="Show the second factor",
    status_code=204,
    responses={**NO_PERSON, **refuses(TooManyCodes, FactorOff, WrongCode)},
)
async def show_second_factor(who: Halfway, shown: FactorCode) -> Response:
    """From then on the session may do everything. A code is taken once."""
    assert who.signed_in is not None  # a person has one
    await who.site.services.second_factor.show(who.signed_in, shown.code)
    return Response(status_code=204)


@router.post(
    "/auth/reset", operation_id="askToReset", summary="Ask for a new password", status_code=202, responses=NO_LETTER
)
async def ask_to_reset(who: Anybody, mailing: Mailing) -> Response:
    """As `/auth/sign-up`, for who forgot the password."""
    accounts = who.site.services.email_accounts
    await accounts.reset(mailing.email, language=who.tr.language, place=who.device.address)
    return Response(status_code=202)


@router.post("/auth/reset/confirm", operation_id="resetPassword", summary="Set a new password", responses=NO_PASSWORD)
async def reset_password(who: Anybody, new: NewPassword, response: Response) -> Admission:
    """All sessions end, and one begins."""
    arrival = arrival_of_program(who, new.device_token)
    opened = await who.site.services.email_accounts.reset_password(new.token, new.password, arrival)
    return admitted(opened, response)


@router.get("/auth/sessions", operation_id="listSessions", summary="Where you are signed in", responses=NO_PERSON)
async def list_sessions(who: Person) -> Listed[DeviceSession]:
    """All of them: there are never more than 50."""
    sessions = await who.site.services.web_sessions.all(who.user.id, current=who.session_id)
    return listed([_told(each, who.tr) for each in sessions], has_more=False, last=None)


@router.delete(
    "/auth/sessions",
    operation_id="endOtherSessions",
    summary="Sign out elsewhere",
    status_code=204,
    responses=NO_PERSON,
)
async def end_others(who: Person) -> Response:
    """All sessions but this one end."""
    await who.site.services.web_sessions.end_others(who.user.id, but=who.session_id)
    return Response(status_code=204)


@router.delete(
    "/auth/sessions/{session_id}",
    operation_id="endSession",
    summary="End a session",
    status_code=204,
    responses={**NO_PERSON, **refuses(SessionNotFound)},
)
async def end_session(who: Person, session_id: RowId) -> Response:
    await who.site.services.web_sessions.end_one(session_id, user_id=who.user.id)
    return Response(status_code=204)


def arrival_of_program(who: PageViewer, device_token: str) -> Arrival:
    return Arrival(kind=SessionKind.API, device=who.device, device_token=device_token, remember=True)


def admitted(opened: Opened, response: Response) -> Admission:
    """Nothing keeps it on the way, nor for a repetition."""
    response.headers["cache-control"] = "no-store"
    return Admission(token=opened.token, device_token=opened.device_token)


def _told(session: SessionView, tr: Translator) -> DeviceSession:
    return DeviceSession(
        id=session.id,
        kind=session.kind,
        device=device_name(session.device.agent, tr),
        address=session.device.address,
        created_at=session.created_at,
        seen_at=session.seen_at,
        current=session.current,
    )
