"""Pages of a part of the site, found where they stand."""

from collections.abc import Iterator
from importlib import import_module
from pkgutil import iter_modules
from types import ModuleType

from fastapi import APIRouter, FastAPI


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
