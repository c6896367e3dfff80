"""Photos and documents both ways, within Telegram's limits."""

import io
from typing import Any

import aiohttp
import pytest
from PIL import Image

from sandbox.client.sandbox import Person, Sandbox, SandboxError
from tests.integration.sandbox.conftest import Api


def picture(width: int, height: int, kind: str = "PNG", colour: str = "teal") -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (width, height), colour).save(buffer, kind)
    return buffer.getvalue()


def with_file(name: str, data: bytes, file_name: str = "chart.png", **params: Any) -> aiohttp.FormData:
    form = aiohttp.FormData()
    for key, value in params.items():
        form.add_field(key, str(value))
    form.add_field(name, io.BytesIO(data), filename=file_name)
    return form


def size(data: bytes) -> tuple[int, int]:
    with Image.open(io.BytesIO(data)) as image:
        return image.size


async def download(sandbox: Sandbox, api: Api, file_id: str) -> bytes:
    status, body = await api("getFile", file_id=file_id)
    assert status == 200, body
    path = body["result"]["file_path"]
    data = await sandbox.download(f"/file/bot{sandbox.token}/{path}")
    assert body["result"]["file_size"] == len(data)
    return data


async def test_a_photo_is_recompressed_into_sizes(api: Api, sandbox: Sandbox, anna: Person) -> None:
    await anna.says("/start")
    form = with_file("photo", picture(2000, 1000), chat_id=anna.id, caption="<b>x</b>", parse_mode="HTML")
    status, body = await api("sendPhoto", form=form)
    assert status == 200, body
    sizes = [(each["width"], each["height"]) for each in body["result"]["photo"]]
    assert sizes == [(90, 45), (320, 160), (800, 400), (1280, 640)]
    assert body["result"]["caption_entities"] == [{"type": "bold", "offset": 0, "length": 1}]
    largest = await download(sandbox, api, body["result"]["photo"][-1]["file_id"])
    assert largest[:2] == b"\xff\xd8", "Telegram keeps photos as JPEG"
    assert size(largest) == (1280, 640)
    smallest = await download(sandbox, api, body["result"]["photo"][0]["file_id"])
    assert size(smallest) == (90, 45)
    message = await anna.sees_photo("x")
    assert message.photo == largest


async def test_a_small_photo_keeps_its_size_and_transparency_turns_white(
    api: Api, sandbox: Sandbox, anna: Person
) -> None:
    buffer = io.BytesIO()
    Image.new("RGBA", (28, 28), (0, 0, 0, 0)).save(buffer, "PNG")
    await anna.sends_photo(buffer.getvalue(), caption="цифра")
    _, body = await api("getUpdates")
    [photo] = body["result"][0]["message"]["photo"]
    assert (photo["width"], photo["height"]) == (28, 28)
    with Image.open(io.BytesIO(await download(sandbox, api, photo["file_id"]))) as image:
        assert min(image.convert("L").tobytes()) > 250


async def test_a_file_id_is_sent_again_as_what_it_was(api: Api, anna: Person) -> None:
    await anna.says("/start")
    _, body = await api("sendPhoto", form=with_file("photo", picture(100, 100), chat_id=anna.id))
    photo = body["result"]["photo"]
    for each in photo:
        status, again = await api("sendPhoto", chat_id=anna.id, photo=each["file_id"])
        assert (status, again["result"]["photo"]) == (200, photo)
    status, body = await api("sendDocument", chat_id=anna.id, document=photo[0]["file_id"])
    assert (status, body["description"]) == (400, "Bad Request: can't use file of type Photo as Document")


async def test_documents_go_unchanged_in_both_directions(api: Api, sandbox: Sandbox, anna: Person) -> None:
    data = "цена;1,5\n".encode("cp1251") * 1000
    await anna.sends_file("prices.csv", data)
    _, body = await api("getUpdates")
    document = body["result"][0]["message"]["document"]
    assert await download(sandbox, api, document["file_id"]) == data
    form = with_file("doc", data, "answer.csv", chat_id=anna.id, document="attach://doc", caption="вот")
    status, body = await api("sendDocument", form=form)
    assert status == 200, body
    message = await anna.sees("вот")
    assert (message.document, message.file_name) == (data, "answer.csv")
    [call] = await sandbox.log("sendDocument")
    assert call["files"] == {"doc": {"name": "answer.csv", "size": len(data)}}
    assert "unknown" not in call


@pytest.mark.parametrize(
    ("data", "description"),
    [
        (b"no image", "IMAGE_PROCESS_FAILED"),
        (picture(300, 200)[:400], "IMAGE_PROCESS_FAILED"),
        (b"", "file must be non-empty"),
        (picture(9000, 1001), "PHOTO_INVALID_DIMENSIONS"),
        (picture(2100, 100), "PHOTO_INVALID_DIMENSIONS"),
        (
            b"\xff\xd8" + bytes(10 * 1024 * 1024),
            "file of size 10485762 bytes is too big for a photo; the maximum size is 10485760 bytes",
        ),
    ],
    ids=["no image", "cut image", "empty", "too large", "too long", "too heavy"],
)  # fmt: skip
async def test_what_is_no_photo(api: Api, anna: Person, data: bytes, description: str) -> None:
    await anna.says("/start")
    status, body = await api("sendPhoto", form=with_file("photo", data, chat_id=anna.id))
    assert (status, body["description"]) == (400, f"Bad Request: {description}")
    with pytest.raises(SandboxError):
        await anna.sends_photo(data)


@pytest.mark.parametrize(
    ("method", "params", "description"),
    [
        ("sendPhoto", {}, "there is no photo in the request"),
        ("sendPhoto", {"photo": ""}, "there is no photo in the request"),
        ("sendPhoto", {"photo": "nonsense"}, "wrong remote file identifier specified: Wrong character in the string"),
        ("sendPhoto", {"photo": "https://a.example/x.png"}, "failed to get HTTP URL content"),
        ("sendDocument", {}, "there is no document in the request"),
        ("getFile", {"file_id": "nonsense"}, "invalid file_id"),
    ],
)
async def test_wrong_files_are_named(
    api: Api, anna: Person, method: str, params: dict[str, str], description: str
) -> None:
    await anna.says("/start")
    status, body = await api(method, chat_id=anna.id, **params)
    assert (status, body["description"]) == (400, f"Bad Request: {description}")


async def test_files_above_the_limits(api: Api, anna: Person) -> None:
    await anna.sends_file("big.bin", bytes(21 * 1024 * 1024))
    _, body = await api("getUpdates")
    status, body = await api("getFile", file_id=body["result"][0]["message"]["document"]["file_id"])
    assert (status, body["description"]) == (400, "Bad Request: file is too big")
    form = with_file("document", bytes(50 * 1024 * 1024 + 1), chat_id=anna.id)
    status, body = await api("sendDocument", form=form)
    assert (status, body["description"]) == (413, "Request Entity Too Large")


async def test_media_take_the_place_of_a_text_and_of_each_other(api: Api, anna: Person) -> None:
    await anna.says("/start")
    _, body = await api("sendMessage", chat_id=anna.id, text="Считаю…")
    where = {"chat_id": anna.id, "message_id": body["result"]["message_id"]}
    chart = picture(200, 100)
    media = '{"type": "photo", "media": "attach://chart", "caption": "Готово"}'
    status, body = await api("editMessageMedia", form=with_file("chart", chart, media=media, **where))
    assert status == 200, body
    assert "text" not in body["result"]
    assert body["result"]["caption"] == "Готово"
    message = await anna.sees_photo("Готово")
    assert message.id == where["message_id"]
    status, body = await api("editMessageMedia", form=with_file("chart", chart, media=media, **where))
    assert "message is not modified" in body["description"], "the same bytes are the same photo"
    status, body = await api("editMessageText", **where, text="x")
    assert (status, body["description"]) == (400, "Bad Request: there is no text in the message to edit")
    status, body = await api("editMessageCaption", **where, caption="Ещё раз")
    assert body["result"]["caption"] == "Ещё раз"
    status, body = await api("editMessageCaption", **where)
    assert "caption" not in body["result"]


async def test_albums(api: Api, anna: Person) -> None:
    await anna.says("/start")
    form = aiohttp.FormData()
    form.add_field("chat_id", str(anna.id))
    form.add_field(
        "media", '[{"type":"photo","media":"attach://a","caption":"A"},{"type":"photo","media":"attach://b"}]'
    )
    form.add_field("a", picture(20, 20), filename="a.png")
    form.add_field("b", picture(20, 20, colour="red"), filename="b.png")
    status, body = await api("sendMediaGroup", form=form)
    assert status == 200, body
    first, second = body["result"]
    assert first["media_group_id"] == second["media_group_id"]
    assert first["caption"] == "A"
    status, _ = await api("sendMediaGroup", chat_id=anna.id, media=[{"type": "photo", "media": "x"}])
    assert status == 400


async def test_uploads_of_strangers_cannot_run_on_the_page(sandbox: Sandbox, anna: Person) -> None:
    message = await anna.sends_file("page.html", b"<script>alert(1)</script>")
    [file] = message.raw["sandbox"]["files"]
    async with sandbox.http.get(sandbox.base_url + file["url"]) as response:
        assert response.headers["Content-Disposition"] == "attachment"
        assert response.headers["Content-Type"] == "application/octet-stream"
        assert response.headers["X-Content-Type-Options"] == "nosniff"
        assert "sandbox" in response.headers["Content-Security-Policy"]
