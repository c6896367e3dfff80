"""How updates find their handlers."""

from collections.abc import Iterator
from inspect import signature

from aiogram import Router

from handlers.routers import routers


def _all(found: list[Router]) -> Iterator[Router]:
    for router in found:
        yield router
        yield from _all(router.sub_routers)


def test_no_filter_and_no_handler_costs_a_thread() -> None:
    """aiogram runs what is synchronous, `F.…` included, in a thread."""
    for router in _all(routers()):
        for observer in router.observers.values():
            for handler in observer.handlers:
                assert handler.awaitable, handler.callback
                assert all(each.awaitable for each in handler.filters or []), handler.callback


def test_handlers_ask_for_what_is_given() -> None:
    """The context, and what filters find in the update itself; services are in the context, by type."""
    given = {"event", "message", "query", "ctx", "argument", "command", "name", "checkout", "stop", "token"}
    for router in _all(routers()):
        for observer in router.observers.values():
            for handler in observer.handlers:
                asked = signature(handler.callback).parameters.values()
                assert given >= {each.name for each in asked if each.default is each.empty}, handler.callback


def test_routers_are_made_anew() -> None:
    """Two shops may live in one process."""
    first, second = list(_all(routers())), list(_all(routers()))
    assert not set(map(id, first)) & set(map(id, second))


def test_the_catch_all_is_last() -> None:
    *others, last = routers()
    assert last.name == "fallback"
    assert all(handler.filters for router in _all(others) for handler in router.message.handlers)
    assert all(handler.filters for router in _all(others) for handler in router.callback_query.handlers)
