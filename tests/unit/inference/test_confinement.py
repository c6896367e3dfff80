"""What a stranger's model could reach from its process, and what it could make the shop believe."""

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.inference.runtimes.isolated.channel import SharedMemory, TensorChannel
from services.inference.runtimes.isolated.wire import Garbled, pack, unpack

HELD = """
import os, socket, sys
from pathlib import Path
from services.inference.runtimes.isolated import confinement as c
inside = Path(sys.argv[1])
before = inside.with_name("open").open("rb")
print(c.leave_network(), c.leave_files(readable=[inside]))
def tried(work):
    try:
        return work()
    except OSError as error:
        return type(error).__name__
print(inside.read_text(), before.read().decode())
print(tried(lambda: Path("/etc/passwd").read_text()), tried(lambda: inside.with_name("new").write_text("x")))
print(tried(lambda: inside.write_text("x")), tried(lambda: os.listdir(inside.parent)), tried(lambda: os.remove(inside)))
print(tried(lambda: socket.create_connection(("127.0.0.1", int(sys.argv[2])), 1)))
print(tried(lambda: os.execv("/bin/true", ["true"])))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux confines")
def test_nothing_is_left_but_the_file(tmp_path: Path) -> None:
    for name in ("model", "open"):
        (tmp_path / name).write_text(name)
    with socket.create_server(("127.0.0.1", 0)) as server:
        command = [sys.executable, "-c", HELD, str(tmp_path / "model"), str(server.getsockname()[1])]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
    confined, *told = done.stdout.splitlines()
    if confined != "True True":
        pytest.skip(f"this system confines less: {confined}")
    assert told == [
        "model open",
        "PermissionError PermissionError",
        "PermissionError PermissionError PermissionError",
        "PermissionError" if "PermissionError" in told[3] else "OSError",
        "PermissionError",
    ]


WRITING = """
import sys
from pathlib import Path
from services.inference.runtimes.isolated import confinement as c
folder, beside = Path(sys.argv[1]), Path(sys.argv[1]).with_name("beside")
print(c.leave_files(readable=[Path(c.__file__)], writable=folder))
def tried(work):
    try:
        return work()
    except OSError as error:
        return type(error).__name__
print(tried(lambda: (folder / "new").write_text("x")), tried(lambda: (folder / "new").read_text()))
link = folder / "link"
print(tried(lambda: beside.write_text("x")), tried(lambda: beside.read_text()), tried(lambda: link.symlink_to(beside)))
print(len(tried(lambda: Path(c.__file__).read_text())) > 9, tried(lambda: Path(c.__file__).write_text("x")))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux confines")
def test_one_folder_may_be_written_to_and_code_be_read(tmp_path: Path) -> None:
    (tmp_path / "beside").write_text("secret")
    (tmp_path / "folder").mkdir()
    command = [sys.executable, "-c", WRITING, str(tmp_path / "folder")]
    confined, *told = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
    if confined != "True":
        pytest.skip("this system confines less")
    assert told == ["1 x", "PermissionError PermissionError PermissionError", "True PermissionError"]


def test_shared_memory_is_not_made_smaller_under_the_shop() -> None:
    memory = SharedMemory.create()
    assert memory is not None
    memory.grow(10_000)
    with pytest.raises(PermissionError):
        os.ftruncate(memory.descriptor, 0)
    memory.close()


def test_a_message_of_a_terabyte_is_not_waited_for() -> None:
    reading, writing = os.pipe()
    os.write(writing, (1 << 40).to_bytes(8, "big") + bytes(9))
    with pytest.raises(Garbled):
        TensorChannel(reading, writing, None).receive()
    for each in (reading, writing):
        os.close(each)


def test_memory_that_is_not_there() -> None:
    reading, writing = os.pipe()
    os.write(writing, (2).to_bytes(8, "big") + (1 << 20).to_bytes(8, "big") + b"\1{}")
    with pytest.raises(Garbled):
        TensorChannel(reading, writing, SharedMemory.create()).receive()
    for each in (reading, writing):
        os.close(each)


NUMBERS = b"\0" * 100
NASTY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.sampled_from(["<f4", "O", "V1", "<M8[s]"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["dtype", "shape", "at", "texts", "maps", "tensors"]) | st.text(), inner, max_size=4
        )
    ),
    max_leaves=12,
)


@given(told=st.fixed_dictionaries({"tensors": st.dictionaries(st.text(), NASTY)}) | NASTY)
def test_whatever_it_says(told: object) -> None:
    try:
        header = json.dumps(told).encode()
    except ValueError:
        return
    try:
        unpack(header, NUMBERS)
    except Garbled:
        return


@given(header=st.binary())
def test_whatever_it_sends(header: bytes) -> None:
    with pytest.raises(Garbled):
        unpack(header, NUMBERS)


@pytest.mark.parametrize("told", [{"dtype": "<f4", "shape": [26], "at": 0}, {"dtype": "<f4", "shape": [1], "at": -4}])
def test_numbers_beyond_what_was_sent(told: dict[str, object]) -> None:
    with pytest.raises(Garbled):
        unpack(json.dumps({"tensors": {"Y": told}}).encode(), NUMBERS)


def test_maps_of_scikit_learn() -> None:
    header, numbers = pack({}, {"Y": [{1: 0.25, 2: 0.75}], "X": np.zeros((0, 3), np.float32)})
    assert numbers.size == 0
    _, found = unpack(header, b"")
    assert found["Y"] == [{1: 0.25, 2: 0.75}]
    assert found["X"].shape == (0, 3)
