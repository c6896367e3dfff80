"""The answers are those that a real server gave."""

import copy
from collections.abc import Awaitable, Callable
from io import BytesIO
from typing import Any

import pytest
from PIL import Image

from sandbox.client.comfyui import ComfyUIServer
from tests.integration.sandbox_comfyui.conftest import (
    SAMPLES,
    VERSIONS,
    Client,
    Json,
    Listener,
    new_id,
    photo,
    sample_prompt,
    slow_prompt,
)
from tests.integration.sandbox_comfyui.likeness import plain

NEW: Json = SAMPLES["comfyui_0.30.0"]


def changed(**inputs: dict[str, Any]) -> Json:
    """The samples' prompt with other inputs: `changed(n4={"sigma": 2})`; None takes one away."""
    prompt = sample_prompt()
    for name, values in inputs.items():
        node = prompt[name.removeprefix("n")]["inputs"]
        node.update(values)
        for key in [key for key, value in values.items() if value is None]:
            del node[key]
    return prompt


def with_node(node_id: str, node: Json, **inputs: dict[str, Any]) -> Json:
    return changed(**inputs) | {node_id: node}


def without_class(prompt: Json) -> Json:
    del prompt["3"]["class_type"]
    return prompt


REFUSED: dict[str, Json] = {
    "no_prompt": {},
    "empty_prompt": {"prompt": {}},
    "prompt_is_list": {"prompt": []},
    "unknown_node": {"prompt": with_node("7", {"class_type": "QwenMagic", "inputs": {}, "_meta": {"title": "Magic"}})},
    "no_class_type": {"prompt": without_class(sample_prompt())},
    "missing_image": {"prompt": changed(n1={"image": "nope.jpg"})},
    "missing_input": {"prompt": changed(n4={"sigma": None})},
    "too_big": {"prompt": changed(n4={"blur_radius": 9999})},
    "not_a_number": {"prompt": changed(n4={"blur_radius": "abc"})},
    "not_in_list": {"prompt": changed(n2={"upscale_method": "magic"})},
    "dangling_link": {"prompt": changed(n3={"image": ["77", 0]})},
    "type_mismatch": {"prompt": changed(n3={"image": ["1", 1]})},
    "cycle": {"prompt": changed(n3={"image": ["4", 0]})},
    "no_outputs": {"prompt": {key: value for key, value in sample_prompt().items() if key != "9"}},
    "prompt_id_not_uuid": {"prompt": sample_prompt(), "prompt_id": "job-17"},
    "prompt_id_upper": {"prompt": sample_prompt(), "prompt_id": "9BC0F999-D573-4E08-BD89-AD6D22CB89E5"},
}


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("name", REFUSED)
async def test_refusals(client: Client, server: ComfyUIServer, name: str, version: str) -> None:
    await server.change(version=version)
    expected = SAMPLES[f"comfyui_{version}"]["errors"][name]
    status, answer = await client.call("POST", "/prompt", copy.deepcopy(REFUSED[name]))
    assert status == expected["status"]
    assert plain(answer) == plain(expected.get("json", expected.get("text")))


async def test_what_is_no_json(client: Client) -> None:
    async with client.http.post(f"{client.url}/prompt", data=b"{") as answer:
        assert (answer.status, await answer.text()) == (500, NEW["errors"]["bad_json"]["text"])


async def test_a_checkpoint_that_is_not_there(client: Client, server: ComfyUIServer) -> None:
    """Outputs that can run do; what cannot is told beside a 200."""
    loader = {"class_type": "CheckpointLoaderSimple", "inputs": {"ckpt_name": "qwen_edit_2511.safetensors"}}
    choices = (await client.call("GET", "/object_info/CheckpointLoaderSimple"))[1]["CheckpointLoaderSimple"]
    assert choices["input"]["required"]["ckpt_name"][0] == []
    assert await client.call("POST", "/prompt", {"prompt": {"20": loader}}) == (
        400,
        NEW["errors"]["no_outputs"]["json"],
    )
    await server.change(models={"checkpoints": ["qwen_edit_2511.safetensors"]})
    assert await client.call("GET", "/models/checkpoints") == (200, ["qwen_edit_2511.safetensors"])


async def test_one_output_of_two_can_run(client: Client) -> None:
    bad = {"class_type": "ImageScaleBy", "inputs": {"image": ["1", 0]}}
    saved = {"class_type": "SaveImage", "inputs": {"images": ["21", 0], "filename_prefix": "x"}}
    status, answer = await client.call("POST", "/prompt", {"prompt": sample_prompt() | {"21": bad, "23": saved}})
    assert (status, answer["node_errors"]["21"]["dependent_outputs"]) == (200, ["23"])
    entry = await client.ended(answer["prompt_id"])
    told = NEW["errors"]["missing_model_one_of_two_history"]
    assert (entry["status"]["status_str"], list(entry["outputs"])) == (told["status"]["status_str"], ["9"])


async def test_a_good_prompt(client: Client, listen: Callable[[str], Awaitable[Listener]]) -> None:
    me = await listen("me")
    more = {"extra_pnginfo": {"workflow": {"id": "w1"}}, "kassandra_job": "J1"}
    job_id = await client.prompt(sample_prompt(), client_id="me", extra_data=more)
    heard = await me.until_null()
    entry = await client.ended(job_id)
    assert plain(entry) == plain(NEW["history_ok"])
    skipped = ("progress_state",)  # the samples leave most of them out
    assert [plain(each) for each in heard if each["type"] not in skipped] == [
        plain(each) for each in NEW["ws_ok"] if each["type"] not in skipped
    ]
    states = [each for each in heard if each["type"] == "progress_state"]
    assert plain(states[:2]) == plain([each for each in NEW["ws_ok"] if each["type"] in skipped])
    assert plain((await client.call("GET", f"/api/jobs/{job_id}"))[1]) == plain(NEW["jobs_one"]["json"])
    assert plain((await client.call("GET", "/api/jobs?limit=1"))[1]) == plain(NEW["jobs_list"]["json"])


async def test_the_picture_bears_the_prompt(client: Client) -> None:
    job_id = await client.prompt(sample_prompt(), extra_data={"extra_pnginfo": {"workflow": {"id": "w1"}}})
    file = (await client.ended(job_id))["outputs"]["9"]["images"][0]
    answer, content = await client.bytes_of(f"/view?filename={file['filename']}&type=output")
    with Image.open(BytesIO(content)) as image:
        assert list(image.size) == [320, 240]
        assert sorted(image.info) == NEW["view"]["png_text_keys"]
    assert answer.headers["Content-Disposition"] == f'filename="{file["filename"]}"'
    preview, smaller = await client.bytes_of(f"/view?filename={file['filename']}&preview=jpeg;80")
    assert (preview.content_type, smaller[:2]) == ("image/jpeg", b"\xff\xd8")


async def test_the_same_again_is_cached(client: Client, listen: Callable[[str], Awaitable[Listener]]) -> None:
    first = await client.ended(await client.prompt(sample_prompt()))
    me = await listen("me")
    again = await client.ended(await client.prompt(sample_prompt(), client_id="me"))
    assert again["outputs"] == first["outputs"], "the old file's name"
    assert plain(again["status"]) == plain(NEW["history_cached"]["status"])
    heard = [each for each in await me.until_null() if "sid" not in each["data"]]
    assert plain(heard) == plain(NEW["ws_cached"])
    await client.upload(photo(colour="navy"), overwrite="true")
    other = await client.ended(await client.prompt(sample_prompt()))
    assert other["outputs"] != first["outputs"], "the same name, other bytes"


async def test_a_cached_file_that_was_deleted(client: Client, server: ComfyUIServer) -> None:
    await client.ended(await client.prompt(sample_prompt()))
    await server.loses_its_files()
    entry = await client.ended(await client.prompt(sample_prompt()))
    name = entry["outputs"]["9"]["images"][0]["filename"]
    assert entry["status"]["status_str"] == NEW["cached_output_file_deleted"]["status_str"]
    assert (await client.call("GET", f"/view?filename={name}"))[0] == NEW["cached_output_file_deleted"]["view_status"]


@pytest.mark.parametrize("version", VERSIONS)
async def test_a_broken_picture(
    client: Client, server: ComfyUIServer, listen: Callable[[str], Awaitable[Listener]], version: str
) -> None:
    await server.change(version=version)
    await client.upload(b"no picture", "bad.png")
    me = await listen("me")
    entry = await client.ended(await client.prompt(changed(n1={"image": "bad.png"}), client_id="me"))
    expected = SAMPLES[f"comfyui_{version}"]["history_error"]
    assert plain({name: entry[name] for name in expected}) == plain(expected)
    heard = [each for each in await me.until_null() if "sid" not in each["data"]]
    assert plain(heard) == plain(NEW["ws_error"])


async def test_too_little_memory(client: Client, server: ComfyUIServer) -> None:
    await server.fault("oom", "ImageBlur")
    entry = await client.ended(await client.prompt(sample_prompt()))
    kind, data = entry["status"]["messages"][-1]
    wanted = NEW["history_oom"]["status"]["messages"][-1]
    assert (kind, data["exception_type"], data["exception_message"]) == (
        wanted[0],
        wanted[1]["exception_type"],
        wanted[1]["exception_message"],
    )
    next_one = await client.ended(await client.prompt(changed(n9={"filename_prefix": "next"})))
    assert next_one["status"]["status_str"] == "success", "the server goes on"


async def test_uploads(client: Client) -> None:
    other, garbage = photo(colour="red"), photo(colour="blue")
    tried = {
        "upload_again_same": await client.upload(photo()),
        "upload_same_name_other_bytes": await client.upload(other),
        "upload_overwrite": await client.upload(garbage, overwrite="true"),
        "upload_subfolder": await client.upload(other, "a.jpg", subfolder="u42/x"),
        "upload_traversal": await client.upload(other, subfolder="../../etc"),
        "upload_bad_type": await client.upload(other, type="elsewhere"),
        "upload_no_file": await client.call("POST", "/upload/image", data={"type": "input"}),
    }
    for name, (status, answer) in tried.items():
        expected = NEW[name]
        assert (status, answer) == (expected["status"], expected.get("json", expected.get("text"))), name


async def test_small_answers(client: Client) -> None:
    for path, name in (
        ("/queue", "queue_idle"),
        ("/prompt", "get_prompt"),
        ("/api/prompt", "get_prompt"),
        ("/object_info/NoSuchNode", "object_info_unknown"),
        ("/models/checkpoints", "models_checkpoints"),
    ):
        assert await client.call("GET", path) == (200, NEW[name]["json"]), path
    for node in ("LoadImage", "SaveImage"):
        found = (await client.call("GET", f"/object_info/{node}"))[1][node]
        expected = NEW[f"object_info_{node}"]["json"][node]
        for key in ("input_order", "output_node", "name", "display_name"):
            assert found[key] == expected[key]
    misc = NEW["misc"]
    for path, status in (
        ("/view?filename=none.png", misc["view_missing"]),
        ("/view?filename=../x.png", misc["view_dotdot"]),
        ("/view?filename=x.png&subfolder=../..", misc["view_subfolder_dotdot"]),
        ("/view?filename=x.png&type=magic", misc["view_type"]),
        ("/nowhere", misc["unknown_route"]),
    ):
        assert (await client.call("GET", path))[0] == status, path
    foreign = await client.call("GET", "/queue", headers={"Origin": "https://evil.example"})
    assert foreign[0] == misc["foreign_origin"]
    assert (await client.call("GET", "/system_stats"))[1]["system"]["comfyui_version"] == "0.30.0"


@pytest.mark.parametrize("version", VERSIONS)
async def test_cancelling(client: Client, server: ComfyUIServer, version: str) -> None:
    await server.change(version=version, held=True)
    expected = SAMPLES[f"comfyui_{version}"]["cancel"]
    running = await client.prompt(slow_prompt(seed=1))
    pending, third = await client.prompt(slow_prompt(seed=2)), await client.prompt(slow_prompt(seed=3))

    async def runs() -> Any:
        return (await server.look())["running"] == running

    await client.until(runs)
    assert await client.call("GET", f"/history/{running}") == (200, {})
    for job_id, name in ((running, "job_running"), (pending, "job_pending"), (new_id(), "job_unknown")):
        status, answer = await client.call("GET", f"/api/jobs/{job_id}")
        assert (status, plain(answer)) == (
            expected[name]["status"],
            plain(expected[name].get("json", expected[name].get("text"))),
        )
    await client.call("POST", "/interrupt", {"prompt_id": pending})
    await client.call("POST", "/queue", {"delete": [pending, running]})
    state = await server.look()
    assert (state["running"], state["pending"]) == (running, [third])
    await client.call("POST", "/interrupt", {"prompt_id": running})
    entry = await client.ended(running)
    assert plain(entry["status"]["messages"][-1][1].keys()) == plain(
        expected["history_interrupted"]["status"]["messages"][-1][1].keys()
    )
    assert entry["status"]["messages"][-1][0] == "execution_interrupted"
    await client.until(lambda: _is_running(server, third))
    status, answer = await client.call("POST", f"/api/jobs/{third}/cancel")
    assert (status, answer) == (
        expected["api_cancel_running"]["status"],
        expected["api_cancel_running"].get("json", expected["api_cancel_running"].get("text")),
    )
    if version == "0.30.0":
        await client.ended(third)
        assert await client.call("POST", f"/api/jobs/{third}/cancel") == (200, {"cancelled": False})
    await client.call("POST", "/interrupt")
    await server.change(held=False)
    assert (await client.ended(await client.prompt(sample_prompt())))["status"]["status_str"] == "success"


async def _is_running(server: ComfyUIServer, job_id: str) -> bool:
    found: bool = (await server.look())["running"] == job_id
    return found


async def test_the_same_id_twice(client: Client, server: ComfyUIServer) -> None:
    await server.change(held=True)
    await client.prompt(slow_prompt(prefix="first"))
    body = {"prompt": sample_prompt(), "prompt_id": new_id(), "number": 5}
    assert await client.call("POST", "/prompt", copy.deepcopy(body)) == (
        200,
        {"prompt_id": body["prompt_id"], "number": 5.0, "node_errors": {}},
    )
    status, text = await client.call("POST", "/prompt", body)
    twice = NEW["misc"]["dup2_same_number_same_id"]
    assert (status, text) == (twice["status"], twice["text"])
    assert len((await server.look())["pending"]) == NEW["misc"]["queue_len_after_dup"]
