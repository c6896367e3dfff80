"""`/exchange/<bot>/iss/…` as Moscow Exchange's ISS answers, and `/exchange/<bot>/csv/<symbol>.csv`."""

import datetime as dt
from collections.abc import AsyncIterator, Callable
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse, Response, StreamingResponse

from sandbox.exchange import spoiling, tables
from sandbox.exchange.days import FIRST_YEAR, last_closed
from sandbox.exchange.server import Exchange, Exchanges
from sandbox.exchange.tables import Tables

router = APIRouter(prefix="/exchange/{bot}")
_CHUNK: Final = b" " * (1 << 16)


async def get_exchange(bot: int, request: Request) -> Exchange:
    exchanges = request.app.state.exchanges
    assert isinstance(exchanges, Exchanges)
    return exchanges.of(bot)


OneExchange = Annotated[Exchange, Depends(get_exchange)]


@router.get("/iss/securities.json")
async def search(request: Request, exchange: OneExchange, q: str = "") -> Response:
    told = tables.found(q, today=last_closed(exchange.clock.now()))
    return await _answer(request, exchange, "search", lambda fault: spoiling.spoil(fault, told))


@router.get("/iss/securities/{secid}.json")
async def paper(request: Request, exchange: OneExchange, secid: str) -> Response:
    told = tables.paper_tables(secid, last=last_closed(exchange.clock.now()))
    return await _answer(request, exchange, "paper", lambda fault: spoiling.spoil(fault, told))


@router.get("/iss/history/engines/{engine}/markets/{market}/boards/{board}/securities/{secid}.json")
async def history(
    request: Request,
    exchange: OneExchange,
    board: str,
    secid: str,
    start: int = 0,
) -> Response:
    last = last_closed(exchange.clock.now())
    first = _day(request.query_params.get("from"), dt.date(FIRST_YEAR, 1, 1))
    till = min(last, _day(request.query_params.get("till"), last))

    def told(fault: str) -> Tables:
        endless = fault == "endless_pages"
        begin, lost = 0 if endless else start, fault == "lost"
        page = tables.history(secid, board, first=first, last=till, start=begin, lost=lost)
        return spoiling.spoil(fault, page)

    return await _answer(request, exchange, "history", told)


@router.get("/iss/statistics/engines/stock/splits.json")
async def splits(request: Request, exchange: OneExchange) -> Response:
    told = tables.split_tables(last=last_closed(exchange.clock.now()))
    return await _answer(request, exchange, "splits", lambda fault: spoiling.spoil(fault, told))


@router.get("/csv/{symbol}.csv")
async def csv(request: Request, exchange: OneExchange, symbol: str) -> Response:
    fault = await _fault(request, exchange, "csv")
    if (broken := _broken(request, exchange, fault)) is not None:
        return broken
    last = last_closed(exchange.clock.now())
    text = tables.csv_text(symbol, last=last)
    if text is None:
        return Response(status_code=404)
    return Response(spoiling.spoil_csv(fault, text, last), media_type="text/csv")


async def _answer(request: Request, exchange: Exchange, call: str, tell: Callable[[str], Tables]) -> Response:
    """The tables that were asked for, with the columns that were."""
    fault = await _fault(request, exchange, call)
    if (broken := _broken(request, exchange, fault)) is not None:
        return broken
    told = tell(fault)
    query = request.query_params
    if "iss.only" in query:
        told = {name: table for name, table in told.items() if name in query["iss.only"].split(",")}
    body = {}
    for name, table in told.items():
        columns = query.get(f"{name}.columns")
        shown = table if columns is None else table.only(columns.split(","))
        body[name] = (shown.turned() if fault == "columns" else shown).json()
    return JSONResponse(body)


async def _fault(request: Request, exchange: Exchange, call: str) -> str:
    """What this call meets; nothing where it is empty. A slow one answers in the end."""
    fault = exchange.faults.take(call)
    kind = "" if fault is None else fault.kind
    exchange.calls.append({"call": call, "path": request.url.path, "query": request.url.query, "fault": kind or None})
    if fault is not None and fault.kind == "slow":
        await exchange.closing.wait(exchange.clock, fault.seconds)
    return kind


def _broken(request: Request, exchange: Exchange, fault: str) -> Response | None:
    """An answer that is not even of the right kind."""
    match fault:
        case "down":
            return Response("Service Temporarily Unavailable", status_code=503)
        case "html":
            return HTMLResponse("<html><title>Access denied</title><body>Please log in</body></html>")
        case "garbage":
            return Response(b'{"history": {"columns": ["CLOSE"], "data": 7', media_type="application/json")
        case "redirect":
            return RedirectResponse(str(request.url), status_code=302)
        case "endless_bytes":
            return StreamingResponse(_endless(exchange), media_type="application/json")
    return None


async def _endless(exchange: Exchange) -> AsyncIterator[bytes]:
    """Until who asked goes away, or the faults are cleared."""
    stopped = False
    yield b'{"history": {"columns": ["TRADEDATE", "CLOSE"], "data": ['
    while not stopped:
        yield _CHUNK
        stopped = await exchange.closing.wait(exchange.clock, 0.001)


def _day(text: str | None, otherwise: dt.date) -> dt.date:
    try:
        return otherwise if text is None else dt.date.fromisoformat(text)
    except ValueError:
        return otherwise
