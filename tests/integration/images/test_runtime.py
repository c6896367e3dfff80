"""A model that is a prompt, at the sandbox's images server."""

import asyncio
import io
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from sandbox.client.images import Images
from sandbox.client.sandbox import Sandbox
from services.authoring.check import check_folder
from services.inference.errors import BadOutput, ModelBroken, RequestRefused, RunFailed, RunTimeout, ServerAway
from services.inference.loaded import RemoteModel, open_remote
from services.inference.runtimes.images.kind import IMAGES
from services.inference.runtimes.registry import Runtimes
from services.inference.tensors import Row
from services.manifests.errors import ManifestError
from services.manifests.manifest import load_manifest
from services.values.samples import drawing

HEAD = """slug = "poster"
version = "1"
title = "Poster"
price = "2.00"
[runtime]
kind = "images"
url = "{url}"
model = "sandbox-image-1"
{more}
"""
PROMPT = """
[[inputs]]
name = "prompt"
type = "text"
label = "What to draw"
example = "a yellow sun"
max_length = 400
"""
STYLE = """
[[inputs]]
name = "style"
type = "choice"
label = "Style"
options = [{ value = "1", label = { en = "blue", ru = "синий" } }, { value = "2", label = "red" }]
"""
PHOTO = """
[[inputs]]
name = "photo"
type = "image"
label = "Photo"
"""
PICTURE = """
[[outputs]]
name = "picture"
type = "image"
label = "Picture"
"""


@pytest.fixture
def server(sandbox: Sandbox) -> Images:
    return sandbox.images()


def placed(folder: Path, url: str, *parts: str, more: str = "") -> Path:
    (folder / "poster").mkdir(exist_ok=True)
    text = HEAD.format(url=url, more=more) + "".join(parts or (PROMPT,)) + PICTURE
    (folder / "poster" / "manifest.toml").write_text(text, encoding="utf-8")
    return folder / "poster"


def opened(folder: Path) -> RemoteModel:
    return open_remote(IMAGES, load_manifest(folder, {"images": IMAGES.spec}), folder)


async def asked(folder: Path, files: dict[str, bytes] | None = None, **values: Any) -> Image.Image:
    model = opened(folder)
    try:
        result = await model.batcher.run(Row(values=values or {"prompt": "a red star"}, files=files or {}))
    finally:
        await model.runtime.close()
    picture = Image.open(io.BytesIO(result.images["picture"]))
    picture.load()
    return picture


@pytest.mark.parametrize("hands_out", ["b64", "url"])
async def test_a_picture_of_words(server: Images, tmp_path: Path, hands_out: str) -> None:
    await server.change(hands_out=hands_out)
    folder = placed(tmp_path, server.url, more='options = { size = "300x200" }')
    picture = await asked(folder)
    assert picture.size == (300, 200)
    colours = picture.convert("RGB").getcolors(300 * 200)
    assert colours is not None
    assert (214, 64, 69) in [colour for _, colour in colours], "a red star"


async def test_the_prompt_is_made_of_inputs(server: Images, tmp_path: Path) -> None:
    folder = placed(tmp_path, server.url, PROMPT, STYLE, more='prompt = "A {style} {prompt}, {{vivid}}"')
    await asked(folder, prompt="sun {style} {0.__class__}", style="1")
    assert [call["prompt"] for call in await server.log()] == ["A blue sun {style} {0.__class__}, {vivid}"]


async def test_pictures_are_edited(server: Images, tmp_path: Path) -> None:
    folder = placed(tmp_path, server.url, PHOTO, STYLE, more='prompt = "In {style}"')
    picture = await asked(folder, {"photo": drawing((120, 80))}, style="1")
    assert picture.size == (120, 80)
    two = placed(tmp_path, server.url, PHOTO, PHOTO.replace('"photo"', '"other"'), STYLE, more='prompt = "In {style}"')
    await asked(two, {"photo": drawing((120, 80)), "other": drawing((50, 50))}, style="2")
    assert [(call["path"].rpartition("/")[2], call["pictures"]) for call in await server.log()] == [
        ("edits", 1),
        ("edits", 2),
    ]


async def test_the_check_draws_the_example(server: Images, tmp_path: Path) -> None:
    lines = await asyncio.to_thread(check_folder, placed(tmp_path, server.url), Runtimes([IMAGES]))
    assert [(line.what, line.ok) for line in lines] == [("manifest", True), ("server", True), ("example", True)]
    assert [call["prompt"] for call in await server.log()] == ["a yellow sun"]


@pytest.mark.parametrize(
    ("fault", "kind", "says"),
    [
        ("refuse", RequestRefused, "safety system"),
        ("401", ModelBroken, "API key"),
        ("403", ModelBroken, "region"),
        ("404", ServerAway, "model does not exist"),
        ("quota", ModelBroken, "used up"),
        ("429", RunFailed, "Rate limit"),
        ("500", RunFailed, "had an error"),
        ("503", ServerAway, "overloaded"),
        ("html", ServerAway, "HTTP 200"),
        ("broken", BadOutput, "no picture"),
        ("no_picture", BadOutput, "can be read"),
    ],
)
async def test_faults(server: Images, tmp_path: Path, fault: str, kind: type[Exception], says: str) -> None:
    folder = placed(tmp_path, server.url)
    await server.fault(fault)
    with pytest.raises(kind, match=says) as raised:
        await asked(folder)
    if isinstance(raised.value, RunFailed):
        assert raised.value.retryable
    assert await asked(folder)


async def test_what_the_api_does_not_take(server: Images, tmp_path: Path) -> None:
    with pytest.raises(RunFailed, match="Invalid value") as raised:
        await asked(placed(tmp_path, server.url, more='options = { size = "huge" }'))
    assert not raised.value.retryable


async def test_silence(server: Images, tmp_path: Path) -> None:
    await server.fault("hang")
    with pytest.raises(RunTimeout):
        await asked(placed(tmp_path, server.url, more="timeout = 0.3"))


async def test_a_server_that_is_away_until_it_is_back(server: Images, tmp_path: Path) -> None:
    folder = placed(tmp_path, server.url)
    await server.fault("503", on="*", times=0)
    model = opened(folder)
    for _ in range(2):
        with pytest.raises(ServerAway, match="overloaded"):
            await model.check()
    with pytest.raises(ServerAway, match="overloaded"):
        await asked(folder)
    await server.clear_faults()
    await model.check()
    await model.runtime.close()
    assert await asked(folder)


@pytest.mark.parametrize(("fault", "kind"), [("hang", ServerAway), ("html", ServerAway), ("401", ModelBroken)])
async def test_a_check_that_goes_wrong(server: Images, tmp_path: Path, fault: str, kind: type[Exception]) -> None:
    await server.fault(fault, on="models", seconds=0.0)
    model = opened(placed(tmp_path, server.url))
    with pytest.raises(kind):
        await model.check()
    await model.check()
    await model.runtime.close()


async def test_a_key(server: Images, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    await server.change(key="sk-1")
    model = opened(placed(tmp_path, server.url))
    with pytest.raises(ModelBroken, match="env:NAME"):
        await model.check()
    await model.runtime.close()
    monkeypatch.setenv("IMAGES_KEY", "Bearer sk-1")
    folder = placed(tmp_path, server.url, more='headers = { Authorization = "env:IMAGES_KEY" }')
    assert await asked(folder)


async def test_a_model_that_the_server_does_not_have(server: Images, tmp_path: Path) -> None:
    folder = placed(tmp_path, server.url)
    manifest = folder / "manifest.toml"
    manifest.write_text(manifest.read_text().replace("sandbox-image-1", "dall-e-9"))
    model = opened(folder)
    with pytest.raises(ModelBroken, match="Name one of: sandbox-image-1"):
        await model.check()
    await model.runtime.close()


@pytest.mark.parametrize(
    "url",
    [
        "http://169.254.169.254/latest/meta-data",
        "https://169.254.169.254/latest/meta-data",
        "https://127.0.0.1:8443/admin",
        "https://localhost/",
        "https://[::1]/",
        "https://10.0.0.1/picture.png",
        "https://[::ffff:10.0.0.1]/",
        "file:///etc/passwd",
        "https://",
        "https://[::1",
        "https://host:port/",
        "//elsewhere.example/picture.png",
        "https://nobody.invalid/picture.png",
    ],
)
async def test_an_address_that_is_not_asked(server: Images, tmp_path: Path, url: str) -> None:
    """A server that hands out addresses of others in the shop's network is not followed there."""
    await server.change(hands_out="url")
    folder = placed(tmp_path, server.url.replace("127.0.0.1", "localhost"))
    model = opened(folder)
    client = model.runtime._client  # type: ignore[attr-defined] # the address comes from the server, which tells none like it
    with pytest.raises(BadOutput, match="not asked"):
        await client._fetched(url)
    await model.runtime.close()


@pytest.mark.parametrize(
    ("parts", "more", "says"),
    [
        ((PROMPT,), 'prompt = "{nothing}"', "Name one of: prompt"),
        ((PROMPT,), 'prompt = "{prompt.__class__}"', "no input"),
        ((PROMPT,), 'prompt = "{prompt!r}"', "no input"),
        ((PROMPT,), 'prompt = "{"', "no template"),
        ((PHOTO,), "", "Add an input of text"),
        ((PROMPT,), "options = { n = 4 }", "not to be chosen"),
        ((PROMPT, '[[outputs]]\nname = "word"\ntype = "text"\nlabel = "Word"\n'), "", "one picture"),
    ],
)
def test_wrong_manifests(tmp_path: Path, parts: tuple[str, ...], more: str, says: str) -> None:
    with pytest.raises(ManifestError, match=says):
        load_manifest(placed(tmp_path, "http://images.invalid/v1", *parts, more=more), {"images": IMAGES.spec})
