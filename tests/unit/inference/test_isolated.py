"""Strangers' models in processes of their own: the same answers as here, and whatever they do, the next row is
answered."""

import asyncio
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from numpy.typing import NDArray

from services.inference import errors
from services.inference.engine import Engine
from services.inference.runtimes.base import Limit, watched
from services.inference.runtimes.isolated import channel
from services.inference.runtimes.isolated.runtime import IsolatedOnnxRuntime
from services.inference.runtimes.onnx_kind import ONNX
from services.inference.runtimes.registry import Runtimes
from services.inference.tensors import Result, Row
from services.values.parse import Value
from tests.unit.inference.models import (
    BOOL,
    FLOAT,
    INT64,
    NUMBER_X,
    NUMBER_Y,
    STRING,
    endless,
    graph,
    identity,
    make_model,
    node,
    weight,
    write_model,
)

X1, Y1 = ("X", FLOAT, ["N", 1]), ("Y", FLOAT, ["N", 1])


class Cage:
    """Opens models; all of them are closed at the end."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._open: list[IsolatedOnnxRuntime] = []

    def opens(self, data: bytes, *, memory: int = 512, idle: float = 300.0) -> IsolatedOnnxRuntime:
        settings = f"isolated = true\nmemory_mb = {memory}"
        runtime = IsolatedOnnxRuntime(*make_model(self._folder, data, runtime=settings), idle=idle)
        self._open.append(runtime)
        runtime.load()
        return runtime

    def opens_any(self, data: bytes) -> IsolatedOnnxRuntime:
        """Whose tensors no question of a form makes."""
        runtime = IsolatedOnnxRuntime(*make_model(self._folder, data, runtime="isolated = true"))
        self._open.append(runtime)
        runtime.open()
        return runtime

    def close(self) -> None:
        for each in self._open:
            each.close()


@pytest.fixture
def cage(tmp_path: Path) -> Iterator[Cage]:
    cage = Cage(tmp_path)
    yield cage
    cage.close()


def answered(runtime: IsolatedOnnxRuntime, *values: Value, seconds: float = 10.0) -> Sequence[object]:
    with watched(Limit(seconds)) as limit:
        rows = runtime.run([Row(values={"x": value}) for value in values], limit)
    return [row.outputs["y"] if isinstance(row, Result) else row for row in rows]


def test_a_row_and_many(cage: Cage) -> None:
    runtime = cage.opens(identity())
    assert answered(runtime, 1.5) == [1.5]
    assert answered(runtime, *map(float, range(200))) == list(map(float, range(200)))


@pytest.mark.parametrize("size", [1, 100, channel.SMALL, 3_000_000])
def test_tensors_of_any_size(cage: Cage, size: int) -> None:
    """By the pipe, through memory that grows, and an answer that is larger than what was asked."""
    wide = graph(
        [node("Expand", ["X", "S"], ["Y"])], [X1], [("Y", FLOAT, ["N", "M"])], [weight("S", [1, size], np.int64)]
    )
    runtime = cage.opens(wide)
    for number in (1.0, 2.0, 3.0):
        found = runtime.compute({"X": np.full((2, 1), number, np.float32)}, ["Y"], Limit(10.0))
        assert_array_equal(found["Y"], np.full((2, size), number, np.float32))


@pytest.mark.parametrize(
    ("dtype", "array"),
    [
        (INT64, np.array([[2**62], [-1]])),
        (BOOL, np.array([[True], [False]])),
        (STRING, np.array([["Анна"], ['"quoted"\n']], dtype=object)),
        (FLOAT, np.array([[np.nan], [np.inf]], np.float32)),
    ],
)
def test_what_goes_in_comes_out(cage: Cage, dtype: int, array: NDArray[Any]) -> None:
    runtime = cage.opens_any(identity(dtype=dtype))
    found = runtime.compute({"X": array}, ["Y"], Limit(10.0))["Y"]
    assert found.dtype == array.dtype
    assert_array_equal(found, array)


def test_an_endless_run_is_killed(cage: Cage) -> None:
    runtime = cage.opens(endless())
    with pytest.raises(errors.RunTimeout):
        answered(runtime, 1.0, seconds=0.2)
    assert runtime.process_id is None
    assert answered(runtime, -1.0) == [-1.0]


def test_one_node_without_an_end_is_killed_too(cage: Cage) -> None:
    """onnxruntime stops between nodes alone."""
    size = 6000
    slow = graph(
        [
            node("Expand", ["X", "S"], ["E"]),
            node("MatMul", ["E", "E"], ["M"]),
            node("ReduceMax", ["M"], ["Y"], axes=[1], keepdims=1),
        ],
        [("X", FLOAT, [1, 1])],
        [("Y", FLOAT, [size, 1])],
        [weight("S", [size, size], np.int64)],
    )
    runtime, began = cage.opens(slow, memory=2000), time.monotonic()
    with pytest.raises(errors.RunTimeout), watched(Limit(0.2)) as limit:
        runtime.compute({"X": np.ones((1, 1), np.float32)}, ["Y"], limit)
    assert time.monotonic() - began < 20  # the product alone takes longer


@pytest.mark.parametrize("gigabytes", [1, 8, 4000])
def test_memory_has_an_end(cage: Cage, gigabytes: int) -> None:
    """The row fails; the shop, and the next row, do not."""
    shape = [gigabytes << 10, 1 << 18]
    bomb = graph(
        [
            node("Greater", ["X", "zero"], ["positive"]),
            node("ReduceMax", ["positive32"], ["any"], keepdims=0),
            node("Cast", ["positive"], ["positive32"], to=INT64),
            node("Mul", ["S", "any"], ["T"]),
            node("ConstantOfShape", ["T"], ["E"]),
            node("ReduceSum", ["E"], ["s"], keepdims=0),
            node("Add", ["X", "s"], ["Y"]),
        ],
        [X1],
        [Y1],
        [weight("S", shape, np.int64), weight("zero", 0.0)],
    )
    runtime = cage.opens(bomb, memory=200)
    with pytest.raises(errors.RunFailed):
        answered(runtime, 1.0)
    assert answered(runtime, -1.0) == [-1.0]


def test_a_process_that_has_gone_is_started_anew(cage: Cage) -> None:
    runtime = cage.opens(identity())
    before = kill(runtime)
    assert answered(runtime, 2.0) == [2.0]
    assert runtime.process_id not in (None, before)


def test_rows_are_tried_once_more_after_a_crash(cage: Cage) -> None:
    """And then no more: they are paid back."""
    runtime = cage.opens(endless())
    first, failures = runtime.process_id, list[errors.InferenceError]()

    def ask() -> None:
        try:
            answered(runtime, 1.0, seconds=60)
        except errors.InferenceError as error:
            failures.append(error)

    asking = threading.Thread(target=ask)
    asking.start()
    kill_when_busy(runtime, not_yet=None)
    kill_when_busy(runtime, not_yet=first)
    asking.join(20)
    (failed,) = failures
    assert isinstance(failed, errors.RunFailed)
    assert (failed.problem, failed.retryable) == ("its process ended: SIGKILL", False)
    assert answered(runtime, -1.0) == [-1.0]


def test_it_ends_when_nobody_asks(cage: Cage) -> None:
    runtime = cage.opens(identity(), idle=0.2)
    ends(runtime)
    assert answered(runtime, 2.0) == [2.0]
    ends(runtime)


def test_it_ends_when_it_is_closed_while_it_runs(cage: Cage) -> None:
    runtime, failures = cage.opens(endless()), list[errors.InferenceError]()

    def ask() -> None:
        try:
            answered(runtime, 1.0, seconds=60)
        except errors.InferenceError as error:
            failures.append(error)

    asking = threading.Thread(target=ask)
    asking.start()
    busy(runtime)
    runtime.close()
    asking.join(20)
    assert len(failures) == 1
    assert runtime.process_id is None


@pytest.mark.parametrize(
    "data",
    [b"", b"rubbish", identity()[:-20], b"PK\x03\x04" + b"a" * 100, b"\x80\x04\x95" + b"a" * 100],
    ids=["empty", "rubbish", "cut", "a ZIP", "a pickle"],
)
def test_what_is_no_model(cage: Cage, data: bytes) -> None:
    with pytest.raises(errors.ModelBroken) as caught:
        cage.opens(data)
    assert "\n" not in str(caught.value)


def test_another_file_than_the_manifest_names(cage: Cage, tmp_path: Path) -> None:
    folder = write_model(tmp_path, identity(), runtime="isolated = true")
    manifest = cage.opens(identity())._manifest
    (folder / "model.onnx").write_bytes(endless())
    with pytest.raises(errors.ModelBroken, match=r"model\.onnx has"):
        IsolatedOnnxRuntime(manifest, folder).load()


def test_many_nodes(cage: Cage) -> None:
    count = 20_000
    nodes = [node("Identity", [f"t{i}" if i else "X"], [f"t{i + 1}" if i < count - 1 else "Y"]) for i in range(count)]
    assert answered(cage.opens(graph(nodes, [X1], [Y1])), 2.0) == [2.0]


def test_weights_in_another_file(cage: Cage) -> None:
    outside = weight("W", [1.0])
    outside.ClearField("raw_data")
    outside.data_location = 1
    outside.external_data.add(key="location", value="/etc/passwd")
    data = graph([node("Add", ["X", "W"], ["Y"])], [X1], [Y1], [outside])
    with pytest.raises(errors.ModelBroken, match="another file"):
        cage.opens(data)


async def test_a_poison_row_fails_alone(tmp_path: Path) -> None:
    """Of customers whose rows ran together."""
    runtime = "isolated = true\ntimeout = 1.0\nmax_batch = 8"
    manifest, folder = make_model(tmp_path, endless(), NUMBER_X + "example = -1\n" + NUMBER_Y, runtime=runtime)
    engine = Engine(Runtimes([ONNX]), max_threads=1)
    try:
        await engine.load(manifest, folder)
        rows = [engine.predict("tiny", Row(values={"x": value})) for value in (-1.0, 1.0, -2.0)]
        results = [await _outcome(row) for row in rows]
    finally:
        await engine.close()
    assert results[0] == -1.0
    assert isinstance(results[1], errors.RunTimeout)
    assert results[2] == -2.0


async def _outcome(row: "asyncio.Future[Result]") -> object:
    try:
        result = await row
    except errors.InferenceError as error:
        return error
    return result.outputs["y"]


def kill(runtime: IsolatedOnnxRuntime) -> int:
    """Its process id."""
    found = runtime.process_id
    assert found is not None
    os.kill(found, signal.SIGKILL)
    ends(runtime)
    return found


def ends(runtime: IsolatedOnnxRuntime) -> None:
    _until(lambda: runtime.process_id is None)


def busy(runtime: IsolatedOnnxRuntime, *, not_yet: int | None = None) -> int:
    """Its process id, once it has computed for a while: one that has just read its model is running too."""
    begun: dict[int, int] = {}

    def computes() -> bool:
        process = runtime.process_id
        if process is None or process == not_yet or not runtime._lock.locked():
            return False
        spent = int(Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[11])
        return spent >= begun.setdefault(process, spent) + 10

    _until(computes)
    found = runtime.process_id
    assert found is not None
    return found


def kill_when_busy(runtime: IsolatedOnnxRuntime, *, not_yet: int | None) -> None:
    os.kill(busy(runtime, not_yet=not_yet), signal.SIGKILL)


def _until(done: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not done():
        assert time.monotonic() < deadline
        time.sleep(0.01)
