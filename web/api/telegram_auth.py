"""`/auth/telegram`, `/auth/mini-app`: who comes through Telegram. The bot asks for the number that the program shows;
of a Mini App Telegram says itself who opened it."""

from typing import Annotated, Final

from fastapi import Response
from pydantic import BaseModel, ConfigDict, Field

from db.tables.identities import LoginPurpose, SessionKind
from services.identity.arrivals import Arrival
from services.identity.init_data import MAX_LENGTH, InitDataRefused
from services.identity.login_requests import LIFE, LoginRequestGone, LoginState
from services.identity.telegram_login import LoginRefused, LoginWaiting
from services.identity.throttles import TooManyLogins
from services.users.accounts import UserDisabled
from web.api.auth import Admission, Anybody, DeviceToken, admitted, arrival_of_program
from web.api.describing import refuses
from web.api.routes import make_router
from web.kit.telegram_links import BotStarting, bot_link

router = make_router("auth")
NO_REQUEST: Final = refuses(TooManyLogins, BotStarting)
NO_TELEGRAM: Final = refuses(LoginRequestGone, LoginRefused, LoginWaiting, UserDisabled)
NO_LAUNCH: Final = refuses(InitDataRefused, UserDisabled)
Secret = Annotated[str, Field(max_length=128)]


class TelegramRequest(BaseModel):
    """The bot is to be asked who is there."""

    token: str = Field(description="Of the request; the link bears it.")
    secret: str = Field(description="Keep it in the program: whoever has both is signed in.")
    number: int = Field(ge=10, le=99, description="Show it large: the bot asks which number stands there.")
    link: str = Field(description="To the bot; to be opened, or shown as a QR code.")
    expires_in: int = Field(description="Seconds.")


class Begun(BaseModel):
    """A request, as `/auth/telegram/begin` gave it."""

    model_config = ConfigDict(extra="forbid")

    token: Secret
    secret: Secret


class TakenRequest(Begun):
    device_token: DeviceToken = ""


class RequestState(BaseModel):
    """`waiting` for the person's answer; `confirmed`: take it; `refused`, `gone`: begin anew."""

    state: LoginState


class Launch(BaseModel):
    model_config = ConfigDict(extra="forbid")

    init_data: str = Field(max_length=MAX_LENGTH, description="`initData`, as Telegram's client gives it.")


class AppAdmission(BaseModel):
    """Somebody opened the Mini App."""

    token: str = Field(description="Show it as `Authorization: Bearer <token>`. It lives for a day without use.")
    start_param: str | None = Field(description="Of the `startapp` link that it was opened by.")


@router.post(
    "/auth/telegram/begin",
    operation_id="beginTelegramSignIn",
    summary="Sign in by Telegram",
    status_code=201,
    responses=NO_REQUEST,
)
async def begin(who: Anybody, response: Response) -> TelegramRequest:
    """Show the number and open the link. Ask for the state every two seconds, then take it."""
    if who.site.bot_username() is None:
        raise BotStarting()
    begun = await who.site.services.telegram_login.begin(LoginPurpose.SIGN_IN, who.device)
    response.headers["cache-control"] = "no-store"
    return TelegramRequest(
        token=begun.token,
        secret=begun.browser_secret,
        number=begun.number,
        link=bot_link(who.site, begun.token),
        expires_in=int(LIFE.total_seconds()),
    )


@router.post("/auth/telegram/state", operation_id="getTelegramSignIn", summary="Whether the person has answered")
async def state(who: Anybody, begun: Begun) -> RequestState:
    return RequestState(state=await who.site.services.telegram_login.state(begun.token, begun.secret))


@router.post(
    "/auth/telegram/take", operation_id="takeTelegramSignIn", summary="Begin the session", responses=NO_TELEGRAM
)
async def take(who: Anybody, taken: TakenRequest, response: Response) -> Admission:
    """Once, after it was confirmed."""
    arrival = arrival_of_program(who, taken.device_token)
    return admitted(await who.site.services.telegram_login.sign_in(taken.token, taken.secret, arrival), response)


@router.post("/auth/mini-app", operation_id="enterMiniApp", summary="Sign in within Telegram", responses=NO_LAUNCH)
async def enter(who: Anybody, launch: Launch, response: Response) -> AppAdmission:
    """Whoever is new gets an account, as by /start in the chat."""
    arrival = Arrival(kind=SessionKind.MINI_APP, device=who.device)
    entered = await who.site.services.mini_app.enter(launch.init_data, arrival, who.site.catalogues.best)
    response.headers["cache-control"] = "no-store"
    return AppAdmission(token=entered.opened.token, start_param=entered.start_param)
