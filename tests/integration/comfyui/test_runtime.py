"""A job on a good day, and on each of the bad ones."""

import asyncio
from dataclasses import replace
from uuid import UUID, uuid4

import pytest

from sandbox.client.comfyui import ComfyUIServer
from services.inference.awaiting_batcher import AwaitingBatcher
from services.inference.errors import BadInput, ModelBroken, RunFailed, RunTimeout, ServerAway
from services.inference.runtimes.comfyui.runtime import ComfyUIRuntime
from services.inference.tensors import Result, Row, RunProgress
from tests.integration.comfyui.conftest import Opens, Told, a_row, answer, painted, until, until_running
from tests.support.comfyui import workflow

VERSIONS = ("0.30.0", "0.3.64")


@pytest.mark.parametrize("version", VERSIONS)
async def test_a_picture_comes_back_without_the_prompt(
    runtime: ComfyUIRuntime, server: ComfyUIServer, version: str
) -> None:
    await server.change(version=version)
    told = Told()
    picture = await painted(runtime, a_row(told=told))
    assert (picture.size, picture.format, picture.info) == ((64, 48), "PNG", {})
    state = await server.look()
    assert state["uploads"][0].startswith("kassandra/")
    assert state["files"][0].startswith("kassandra/")


async def test_each_job_has_its_seed_and_its_file(runtime: ComfyUIRuntime, server: ComfyUIServer) -> None:
    one, other = await painted(runtime), await painted(runtime)
    assert one.tobytes() != other.tobytes(), "the same photo, painted twice"
    assert len((await server.look())["files"]) == 2
    assert len((await server.look())["uploads"]) == 1


async def test_a_fixed_seed_is_no_cache_hit(opens: Opens, server: ComfyUIServer) -> None:
    runtime = opens(runtime="seed = []")
    one, other = await painted(runtime), await painted(runtime)
    assert one.tobytes() == other.tobytes()
    assert len((await server.look())["files"]) == 2, "a file of each job's own"


async def test_place_in_the_queue_and_per_cent(runtime: ComfyUIRuntime, server: ComfyUIServer) -> None:
    await server.change(held=True)
    first, told = a_row(), Told()
    second = a_row(told=told)
    async with asyncio.TaskGroup() as group:
        group.create_task(painted(runtime, first))
        await until_running(server, first)
        group.create_task(painted(runtime, second))
        await until(lambda: _holds(told, RunProgress(ahead=1)))
        await server.change(held=False, pace=0.05)
    percents = [each.percent for each in told.all if each.percent is not None]
    assert percents == sorted(percents)
    assert {25, 50, 75, 99} <= set(percents)


async def _holds(told: Told, progress: RunProgress) -> bool:
    return progress in told.all


async def test_progress_without_a_socket_is_but_slower(runtime: ComfyUIRuntime, server: ComfyUIServer) -> None:
    """Somebody took the client's id over: the poll brings the picture all the same."""
    await server.change(held=True)
    row = a_row()
    async with asyncio.TaskGroup() as group:
        group.create_task(painted(runtime, row))
        await until_running(server, row)
        await server.silences_sockets()
        await server.change(held=False)


async def test_headers_for_calls_and_socket(
    opens: Opens, server: ComfyUIServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COMFYUI_AUTH", "Bearer secret")
    told = Told()
    bare, runtime = opens(), opens(runtime='headers = { Authorization = "env:COMFYUI_AUTH" }')
    await server.change(authorization="Bearer secret", pace=0.02)
    await painted(runtime, a_row(told=told))
    assert any(each.percent for each in told.all), "the socket is let in too"
    with pytest.raises(ModelBroken, match="wants a key"):
        await bare.check()


def test_a_variable_that_is_not_set(opens: Opens) -> None:
    with pytest.raises(ModelBroken, match="NO_SUCH_VARIABLE is not set"):
        opens(runtime='headers = { Authorization = "env:NO_SUCH_VARIABLE" }')


async def test_whoever_takes_the_job_over_gets_its_result(opens: Opens, server: ComfyUIServer) -> None:
    """A worker dies while its job runs at the server; the next one finds it running, the third one finished."""
    row = a_row()
    await server.change(held=True)
    dying = asyncio.get_running_loop().create_task(answer(opens(), row))
    await until_running(server, row)
    dying.cancel()
    await asyncio.wait([dying])
    async with asyncio.TaskGroup() as group:
        group.create_task(painted(opens(), row))
        await asyncio.sleep(0.05)
        await server.change(held=False)
    await painted(opens(), row)
    assert len(await server.log("prompt")) == 1


async def test_a_lost_answer_to_the_post_starts_no_second_job(runtime: ComfyUIRuntime, server: ComfyUIServer) -> None:
    for kind in ("cut_after", "500_after"):
        await server.fault(kind, "prompt")
        await painted(runtime)
    assert len((await server.look())["ended"]) == 2


async def test_a_restart_loses_the_job_which_is_started_anew(runtime: ComfyUIRuntime, server: ComfyUIServer) -> None:
    row = a_row()
    await server.change(held=True)
    async with asyncio.TaskGroup() as group:
        lost = group.create_task(answer(runtime, row))
        await until_running(server, row)
        await server.restarts()
    await server.change(held=False)
    error = lost.result()
    assert isinstance(error, RunFailed)
    assert error.retryable
    await painted(runtime, row)


async def test_a_file_that_was_deleted_is_painted_once_more(
    runtime: ComfyUIRuntime, opens: Opens, server: ComfyUIServer
) -> None:
    row = a_row()
    await painted(runtime, row)
    await server.loses_its_files()
    await painted(opens(), row)
    assert len(await server.log("prompt")) == 2


async def test_somebody_interrupts_it_there(runtime: ComfyUIRuntime, server: ComfyUIServer) -> None:
    row = a_row()
    await server.change(held=True)
    async with asyncio.TaskGroup() as group:
        run = group.create_task(answer(runtime, row))
        await until_running(server, row)
        await runtime._client.cancel(UUID(str(row.id)))
    await server.change(held=False)
    error = run.result()
    assert isinstance(error, RunFailed)
    assert error.retryable
    await painted(runtime, row)  # the old entry in the history is not taken for the new one's


@pytest.mark.parametrize("version", VERSIONS)
async def test_cancelling_stops_this_job_alone(runtime: ComfyUIRuntime, server: ComfyUIServer, version: str) -> None:
    await server.change(version=version, held=True)
    mine, others, waiting = a_row(), a_row(), a_row()
    async with asyncio.TaskGroup() as group:
        runs = {}
        for row in (mine, others, waiting):
            runs[row.id] = group.create_task(answer(runtime, row))
            await until(lambda row=row: _is_there(server, row))  # type: ignore[misc]  # bound at once
        await runtime.cancel(_id(waiting))
        await runtime.cancel(_id(mine))
        await until_running(server, others)
        await server.change(held=False)
    assert isinstance(runs[others.id].result(), Result)
    assert all(isinstance(runs[row.id].result(), RunFailed) for row in (mine, waiting))
    assert [each["path"] for each in await server.log("interrupt") if version == VERSIONS[0]] == []


async def _is_there(server: ComfyUIServer, row: Row) -> bool:
    state = await server.look()
    return str(row.id) in (state["running"], *state["pending"])


def _id(row: Row) -> UUID:
    assert row.id is not None
    return row.id


async def test_cancelling_what_has_ended_or_never_was(runtime: ComfyUIRuntime) -> None:
    row = a_row()
    await painted(runtime, row)
    await runtime.cancel(_id(row))
    await runtime.cancel(uuid4())


async def test_a_job_that_is_not_wanted_any_more_is_not_started(runtime: ComfyUIRuntime, server: ComfyUIServer) -> None:
    row = a_row()
    await server.fault("slow", "upload", seconds=0.2)
    async with asyncio.TaskGroup() as group:
        run = group.create_task(answer(runtime, row))
        await until(lambda: server.log("upload"))
        await runtime.cancel(_id(row))
    assert isinstance(run.result(), RunFailed)
    assert await server.log("prompt") == []


async def test_a_job_that_takes_too_long_is_stopped_there(opens: Opens, server: ComfyUIServer) -> None:
    runtime, row = opens(runtime="timeout = 2"), a_row()
    await server.change(pace=0.4, held=False)
    slow = workflow()
    slow["3"]["inputs"]["steps"] = 50
    error = await answer(opens(runtime="timeout = 2", nodes=slow), row)
    assert isinstance(error, RunTimeout)
    assert (await server.look())["ended"] == {str(row.id): "execution_interrupted"}
    await server.change(pace=0)
    await painted(runtime)


async def test_a_dead_worker_is_found_by_its_job_that_never_ends(opens: Opens, server: ComfyUIServer) -> None:
    runtime = opens(runtime="timeout = 2")
    await server.change(held=True)
    row = a_row()
    async with asyncio.TaskGroup() as group:
        run = group.create_task(answer(runtime, row))
        await until_running(server, row)
        await server.loses_its_worker()
    assert isinstance(run.result(), ServerAway)
    with pytest.raises(ServerAway, match="restart ComfyUI"):
        await runtime.check()
    assert isinstance(await answer(runtime, a_row()), ServerAway), "nobody waits for it again"
    await server.restarts()
    await server.change(held=False)
    await runtime.check()
    await painted(runtime, row)


async def test_anothers_dead_job_in_front_of_ours(opens: Opens, server: ComfyUIServer) -> None:
    other, runtime = opens(), opens(runtime="timeout = 2")
    await server.change(held=True)
    theirs, ours = a_row(), a_row()
    stuck = asyncio.get_running_loop().create_task(answer(other, theirs))
    await until_running(server, theirs)
    await server.loses_its_worker()
    assert isinstance(await answer(runtime, ours), ServerAway)
    assert str(ours.id) not in (await server.look())["pending"], "it is taken out of the queue"
    stuck.cancel()
    await asyncio.wait([stuck])


async def test_too_little_memory_may_pass(runtime: ComfyUIRuntime, server: ComfyUIServer) -> None:
    row = a_row()
    await server.fault("oom", "SandboxPainter")
    error = await answer(runtime, row)
    assert isinstance(error, RunFailed)
    assert (error.retryable, "memory" in error.problem) == (True, True)
    await painted(runtime, row)


async def test_servers_paths_are_for_nobody(runtime: ComfyUIRuntime, server: ComfyUIServer) -> None:
    await server.fault("error", "ImageBlur")
    failed = await answer(runtime, a_row())
    assert isinstance(failed, RunFailed)
    assert not failed.retryable
    broken = replace(a_row(), files={"photo": b"no picture"})
    refused = await answer(runtime, broken)
    for error in (failed, refused):
        assert isinstance(error, RunFailed)
        assert "/srv" not in f"{error} {error.params}"


async def test_a_value_that_the_node_does_not_take(runtime: ComfyUIRuntime) -> None:
    error = await answer(runtime, a_row(blur=40))
    assert isinstance(error, BadInput)
    assert isinstance(await answer(runtime, a_row(blur=None)), BadInput)
    assert isinstance(await answer(runtime, replace(a_row(), files={})), BadInput)


async def test_a_node_that_is_not_installed(runtime: ComfyUIRuntime, server: ComfyUIServer) -> None:
    for version in VERSIONS:
        await server.change(version=version, missing_nodes=["SandboxPainter"])
        error = await answer(runtime, a_row())
        assert isinstance(error, ModelBroken)
        assert "SandboxPainter" in error.problem
        with pytest.raises(ModelBroken, match='does not have the node "SandboxPainter"'):
            await runtime.check()


async def test_a_node_of_any_name(opens: Opens) -> None:
    strange = {"class_type": "Text/Concat? (JPS) #1 ё", "inputs": {}}
    with pytest.raises(ModelBroken, match=r'does not have the node "Text/Concat\? \(JPS\) #1 ё"'):
        await opens(nodes=workflow(n7=strange)).check()


async def test_a_model_file_that_is_not_there(opens: Opens, server: ComfyUIServer) -> None:
    loader = {"class_type": "CheckpointLoaderSimple", "inputs": {"ckpt_name": "a.safetensors"}}
    runtime = opens(nodes=workflow(n7=loader))
    with pytest.raises(ModelBroken, match=r'"ckpt_name" is "a.safetensors", which the server does not have'):
        await runtime.check()
    await server.change(models={"checkpoints": ["a.safetensors"]})
    await runtime.check()


async def test_an_output_that_is_not_sold_may_fail(opens: Opens) -> None:
    bad = {"class_type": "ImageScaleBy", "inputs": {"image": ["1", 0]}}
    saved = {"class_type": "SaveImage", "inputs": {"images": ["21", 0], "filename_prefix": "x"}}
    await painted(opens(nodes=workflow(n21=bad, n23=saved)))


async def test_of_two_outputs_the_one_that_is_sold_cannot_run(opens: Opens, server: ComfyUIServer) -> None:
    """A 200 that tells of it in passing."""
    other = {"class_type": "SaveImage", "inputs": {"images": ["1", 0], "filename_prefix": "x"}}
    broken = workflow(n23=other)
    del broken["4"]["inputs"]["sigma"]
    error = await answer(opens(nodes=broken), a_row())
    assert isinstance(error, ModelBroken)
    assert "sigma" in error.problem
    assert (await server.look())["pending"] == []


async def test_another_jobs_picture_is_not_taken(runtime: ComfyUIRuntime, server: ComfyUIServer) -> None:
    await painted(runtime, a_row("red"))
    await server.fault("another", "history", times=0)
    error = await answer(runtime, a_row("blue"))
    assert isinstance(error, RunFailed)
    assert "another job" in error.problem


@pytest.mark.parametrize("on", ["queue", "upload", "prompt", "history"])
async def test_pages_instead_of_json(runtime: ComfyUIRuntime, server: ComfyUIServer, on: str) -> None:
    await server.fault("html", on, times=0)
    assert isinstance(await answer(runtime, a_row()), ServerAway)
    await server.clear_faults()
    await painted(runtime)


async def test_a_server_that_never_answers(opens: Opens, server: ComfyUIServer) -> None:
    """The engine's own deadline ends it."""
    await server.fault("hang", "queue", times=0, seconds=30)
    model = opens(runtime="timeout = 2")
    batcher: AwaitingBatcher[Row, Result] = AwaitingBatcher(model.run, max_batch=1, timeout=0.3, parallel=1)
    with pytest.raises(RunTimeout):
        await batcher.run(a_row())
    await batcher.retire(refuse=True)


async def test_a_server_that_names_jobs_itself(runtime: ComfyUIRuntime, server: ComfyUIServer) -> None:
    await server.change(own_ids=True, held=True)
    error = await answer(runtime, a_row())
    assert isinstance(error, ModelBroken)
    assert "Update ComfyUI" in error.fix
    state = await server.look()
    assert (state["pending"], set(state["ended"].values())) == ([], {"execution_interrupted"})


async def test_a_server_that_is_not_there(runtime: ComfyUIRuntime, server: ComfyUIServer) -> None:
    await server.fault("cut", times=0)
    with pytest.raises(ServerAway):
        await runtime.check()
    assert isinstance(await answer(runtime, a_row()), ServerAway)


async def test_a_result_of_any_kind_of_file(opens: Opens) -> None:
    """What the first file of an output is; previews are none."""
    two = workflow(n1={"class_type": "EmptyImage", "inputs": {"width": 8, "height": 8, "batch_size": 3, "color": 255}})
    two["5"] = {"class_type": "LoadImage", "inputs": {"image": "x"}, "_meta": {"title": "Photo"}}
    two["6"] = {"class_type": "PreviewImage", "inputs": {"images": ["5", 0]}}
    picture = await painted(opens(nodes=two))
    assert picture.size == (64, 64)
