"""Pages of a part of the site, found where they stand."""

from collections.abc import Iterator
from importlib import import_module
from pkgutil import iter_modules
from types import ModuleType

from fastapi import APIRouter, FastAPI
from fastapi.routing import APIRoute
from fastapi.sse import EventSourceResponse


def routers_of(package: ModuleType) -> Iterator[APIRouter]:
    """The `router` of each module of the package that has one: a new file of pages is written down nowhere else."""
    for found in iter_modules(package.__path__, f"{package.__name__}."):
        router = getattr(import_module(found.name), "router", None)
        if isinstance(router, APIRouter):
            yield router


def add_routes(app: FastAPI, *routers: APIRouter) -> None:
    """Not by `include_router`: that builds each route anew at the first request, for a third of a second."""
    for router in routers:
        app.router.routes.extend(router.routes)


def add_pages(app: FastAPI, *routers: APIRouter) -> None:
    """Messengers that preview a link ask HEAD: each page answers it as it answers GET, but for those that never end."""
    for router in routers:
        for route in router.routes:
            if isinstance(route, APIRoute) and "GET" in (route.methods or ()) and not _never_ends(route):
                route.methods = {*(route.methods or ()), "HEAD"}
    add_routes(app, *routers)


def _never_ends(route: APIRoute) -> bool:
    kind = route.response_class
    return isinstance(kind, type) and issubclass(kind, EventSourceResponse)
