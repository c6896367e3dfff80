"""Puts the sandbox together: the Bot API, YooKassa, CloudPayments, an inference server, ComfyUI, an exchange, the
control API and the pages behind one address."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from email.utils import formatdate

from fastapi import FastAPI, HTTPException, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import FileResponse, JSONResponse, RedirectResponse, Response
from starlette.exceptions import HTTPException as StarletteHTTPException
from starlette.types import Receive, Scope, Send

from sandbox.clock import Clock
from sandbox.cloudpayments import page as cloudpayments_page
from sandbox.cloudpayments.gateway import PREFIX as CLOUDPAYMENTS
from sandbox.cloudpayments.gateway import CloudPaymentsGateway
from sandbox.cloudpayments.site import Sites
from sandbox.comfyui.gateway import PREFIX as COMFYUI
from sandbox.comfyui.gateway import Gateway as ComfyUIGateway
from sandbox.comfyui.server import Servers
from sandbox.connections import Connections
from sandbox.control import clock as clock_control
from sandbox.control import (
    cloudpayments,
    cloudpayments_faults,
    comfyui,
    exchange,
    images,
    inference,
    mail,
    openai,
    people,
    screens,
    shop,
    shop_faults,
    stars,
    webapp,
    worlds,
)
from sandbox.deliveries import Deliveries
from sandbox.exchange import api as exchange_api
from sandbox.exchange.server import Exchanges
from sandbox.images import api as images_api
from sandbox.images.server import ImagesServers
from sandbox.inference.gateway import PREFIX as INFERENCE
from sandbox.inference.gateway import InferenceGateway
from sandbox.inference.server import InferenceServers
from sandbox.mail.mailbox import Mailboxes
from sandbox.mail.server import MailServer
from sandbox.openai.gateway import PREFIX as OPENAI
from sandbox.openai.gateway import OpenAIGateway
from sandbox.openai.server import OpenAIServers
from sandbox.settings import Settings
from sandbox.sockets import bind
from sandbox.telegram.gateway import Gateway
from sandbox.telegram.tme import TELEGRAM, page_of
from sandbox.telegram.world import Worlds, furnish
from sandbox.yookassa import checkout
from sandbox.yookassa.gateway import PREFIX as YOOKASSA
from sandbox.yookassa.gateway import Gateway as YooKassa
from sandbox.yookassa.shop import DEFAULT_SHOP_ID, Shops


class Sandbox:
    """The ASGI application. One object holds every world; nothing outlives it."""

    def __init__(self, settings: Settings, clock: Clock | None = None) -> None:
        self.settings = settings
        self.clock = clock or Clock(offset=settings.ahead)
        self.worlds = Worlds(self.clock, settings.local_dir)
        self.connections = Connections()
        self.shops = Shops(self.clock)
        self.servers = Servers(self.clock)
        world = self.worlds.add(token=settings.token, username="kassandra_sandbox_bot")
        furnish(world)
        own = self.shops.add(world.bot_id, name=world.profile.first_name, shop_id=DEFAULT_SHOP_ID)
        own.notifier.url = settings.webhook_url
        self.sites = Sites(self.clock)
        self.sites.add(world.bot_id, name=world.profile.first_name)
        self.servers.add(world.bot_id)
        self._telegram = Gateway(self.worlds, self.connections)
        self._yookassa = YooKassa(self.shops, self.connections)
        self._cloudpayments = CloudPaymentsGateway(self.sites, self.connections)
        self.inference = InferenceServers(self.clock)
        self._inference = InferenceGateway(self.inference, self.connections)
        self._comfyui = ComfyUIGateway(self.servers, self.connections)
        self.openai = OpenAIServers(self.clock)
        self._openai = OpenAIGateway(self.openai, self.connections)
        self.mailboxes = Mailboxes(self.clock, world.bot_id)
        self.mail = MailServer(self.mailboxes, self.clock, bind(settings.host, settings.smtp_port))
        self._web = _web(
            settings,
            all_worlds=self.worlds,
            all_shops=self.shops,
            all_sites=self.sites,
            all_servers=self.servers,
            mail_server=self.mail,
        )
        self._web.state.mailboxes = self.mailboxes
        self._web.state.inference = self.inference
        self._web.state.openai = self.openai
        self._web.state.images = self.images = ImagesServers(self.clock)
        self._web.state.exchanges = self.exchanges = Exchanges(self.clock)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"].startswith(("/bot", "/file/bot")):
            await self._telegram(scope, receive, send)
        elif scope["type"] == "http" and scope["path"].startswith(YOOKASSA):
            await self._yookassa(scope, receive, send)
        elif scope["type"] == "http" and scope["path"].startswith(CLOUDPAYMENTS):
            await self._cloudpayments(scope, receive, send)
        elif scope["type"] == "http" and scope["path"].startswith(INFERENCE):
            await self._inference(scope, receive, send)
        elif scope["type"] == "http" and scope["path"].startswith(OPENAI):
            await self._openai(scope, receive, send)
        elif scope["type"] in ("http", "websocket") and scope["path"].startswith(COMFYUI):
            await self._comfyui(scope, receive, send)
        else:
            await self._web(scope, receive, send)

    def close(self) -> None:
        """End what waits: long polls, event streams and hanging calls would hold the server's shutdown."""
        self.clock.moved.notify()
        for world in self.worlds:
            world.close()
        for each in (*self.shops, *self.sites, *self.inference, *self.servers):
            each.close()
        self.images.close()
        self.exchanges.close()
        self.mailboxes.close()
        self.openai.close()


def _web(
    settings: Settings,
    *,
    all_worlds: Worlds,
    all_shops: Shops,
    all_sites: Sites,
    all_servers: Servers,
    mail_server: MailServer,
) -> FastAPI:
    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with mail_server, Deliveries(all_worlds, all_shops, all_sites, all_servers) as deliveries:
            app.state.deliveries = deliveries
            yield

    app = FastAPI(title="Kassandra's sandbox", lifespan=lifespan, docs_url=None, redoc_url=None, openapi_url=None)
    app.state.worlds = all_worlds
    app.state.shops = all_shops
    app.state.sites = all_sites
    app.state.servers = all_servers
    app.state.settings = settings
    app.state.mail_address = mail_server.address
    app.add_exception_handler(StarletteHTTPException, _refused)
    app.add_exception_handler(RequestValidationError, _invalid)
    for part in (worlds, clock_control, people, screens, shop, shop_faults, checkout, inference, comfyui):
        app.router.routes.extend(part.router.routes)  # not included: that builds each anew, for 0.1 s a sandbox
    for part in (
        exchange,
        exchange_api,
        images,
        images_api,
        mail,
        openai,
        stars,
        webapp,
        cloudpayments,
        cloudpayments_faults,
        cloudpayments_page,
    ):
        app.router.routes.extend(part.router.routes)

    @app.api_route("/", methods=["GET", "HEAD"])
    async def page() -> Response:
        """Tells the time that the sandbox lives by, as any server does."""
        page = _static(settings, "index.html")
        page.headers["Date"] = formatdate(all_worlds.clock.now(), usegmt=True)
        return page

    @app.get("/t.me/{name:path}")
    async def telegram_link(name: str, request: Request) -> Response:
        page = page_of(f"{TELEGRAM}{name}?{request.url.query}", all_worlds)
        if page is None:
            raise HTTPException(404, "nobody of that name lives here")
        return RedirectResponse(page, status_code=303)

    @app.get("/mail")
    async def mail_page() -> Response:
        return _static(settings, "mail/index.html")

    @app.get("/sandbox/static/{path:path}")
    async def static(path: str) -> Response:
        return _static(settings, path)

    return app


def _static(settings: Settings, path: str) -> Response:
    root = settings.static_dir.resolve()
    found = (root / path).resolve()
    if not found.is_relative_to(root) or not found.is_file():
        raise HTTPException(404, "there is no such file")
    return FileResponse(found, headers={"Cache-Control": "no-cache"})


async def _refused(_request: Request, error: Exception) -> Response:
    assert isinstance(error, StarletteHTTPException)
    return JSONResponse({"error": str(error.detail)}, status_code=error.status_code)


async def _invalid(_request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    first = error.errors()[0]
    where = ".".join(str(each) for each in first["loc"])
    return JSONResponse({"error": f"{where}: {first['msg']}"}, status_code=422)
