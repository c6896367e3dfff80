"""What the API takes and refuses before an endpoint is asked."""

import json

import httpx
import pytest

from tests.integration.api.conftest import Callers, problem

SECRET = "very-secret-word"


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"{", 400, "invalid_json"),
        (b'{"language": "ru", "language": "en"}', 400, "duplicate_field"),
        (b"[" * 100_000, 400, "body_too_deep"),
        (b'{"name": ' + b"[" * 40 + b"]" * 40 + b"}", 400, "body_too_deep"),
        (b'{"age": NaN}', 400, "invalid_json"),
        (b'{"age": 1e999}', 400, "invalid_json"),
        (b'{"age": ' + b"9" * 5000 + b"}", 400, "invalid_json"),
        (b'{"name": "\\u0000"}', 400, "invalid_json"),
        (b'{"name": "\\ud800"}', 400, "invalid_json"),
        (b'{"name": "\xff"}', 400, "invalid_json"),
        (b'{"name": "' + b"\\" * 200_001, 400, "invalid_json"),
        (json.dumps({"name": "x" * 2_000_001}).encode(), 413, "body_too_large"),
        (json.dumps({"password": SECRET, "age": SECRET}).encode(), 422, "invalid_request"),
    ],
)
async def test_bodies_that_are_refused(callers: Callers, body: bytes, status: int, code: str) -> None:
    browser = await callers.person(await callers.customer())
    refused = await browser.patch("me", content=body, headers={"content-type": "application/json"})
    problem(refused, status, code)
    assert SECRET not in refused.text


async def test_content_types(callers: Callers) -> None:
    browser = await callers.person(await callers.customer())
    for kind in ("text/plain", "application/x-www-form-urlencoded", "application/jsonp", ""):
        refused = await browser.patch("me", content=b'{"age": 30}', headers={"content-type": kind})
        problem(refused, 415, "unsupported_media_type")
    taken = await browser.patch(
        "me", content=b'{"age": 30}', headers={"content-type": "application/json; charset=utf-8"}
    )
    assert taken.json()["age"] == 30


async def test_whole_numbers_however_they_are_written(callers: Callers) -> None:
    browser = await callers.person(await callers.customer())
    headers = {"content-type": "application/json"}
    for written in (b"30", b"30.0", b"3e1"):
        assert (await browser.patch("me", content=b'{"age": %s}' % written, headers=headers)).json()["age"] == 30
    for written in (b"30.5", b"30.00000000000000001", b'"30"', b"true"):
        problem(await browser.patch("me", content=b'{"age": %s}' % written, headers=headers), 422, "invalid_request")


async def test_what_is_not_there(callers: Callers) -> None:
    browser = await callers.person(await callers.customer())
    problem(await browser.get("nothing"), 404, "not_found")
    refused = await browser.put("me")
    problem(refused, 405, "method_not_allowed")
    assert refused.headers["allow"] == "DELETE, GET, PATCH"
    foreign = {"sec-fetch-site": "cross-site", "accept-language": "ru"}
    told = problem(await browser.patch("me", json={}, headers=foreign), 403, "cross_site_request")
    assert told["detail"] == "Это прислала страница другого сайта, поэтому ничего не сделано."


async def test_what_is_left_is_told_and_then_it_is_enough(callers: Callers) -> None:
    web = callers.app.services.coordination
    anna = await callers.customer()
    program, other = await callers.program(anna), await callers.program(anna)
    first = await program.get("me")
    assert first.headers["ratelimit-policy"] == '"default";q=600;w=60'
    assert first.headers["ratelimit"].startswith('"default";r=599;t=')
    key = (await web.take("any", times=1, seconds=60)).left
    assert key == 0
    answers = [await program.get("nothing-counted-by-no-route") for _ in range(2)]
    assert {answer.status_code for answer in answers} == {404}
    last = await _until_refused(program, 600)
    refused = problem(last, 429, "rate_limited")
    assert 0 < int(last.headers["retry-after"]) <= 60
    assert last.headers["ratelimit"].startswith('"default";r=0;t=')
    assert refused["violated-policies"] == ["default"]
    assert (await other.get("me")).status_code == 200  # another key


async def test_strangers_who_guess_are_slowed_down(own_callers: Callers) -> None:
    stranger = await own_callers.person()
    problem(await _until_refused(stranger, 61), 429, "rate_limited")


async def _until_refused(client: httpx.AsyncClient, most: int) -> httpx.Response:
    for _ in range(most):
        if (answer := await client.get("me")).status_code == 429:
            return answer
    raise AssertionError(f"{most} were let through")
