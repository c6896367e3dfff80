"""The hash of a file is taken once, and anew of one that may have changed."""

import hashlib
import io
import os
import time
from pathlib import Path

from services.manifests.digests import SETTLED_NS, digest

ONE, OTHER = b"a model", b"another"


class Counted(io.FileIO):
    """Counts how often somebody reads."""

    reads = 0

    def readinto(self, buffer: object) -> int | None:
        self.reads += 1
        return super().readinto(buffer)  # type: ignore[arg-type]  # as FileIO takes it


def later() -> int:
    return time.time_ns() + 2 * SETTLED_NS


def test_once(tmp_path: Path) -> None:
    file = tmp_path / "model.onnx"
    file.write_bytes(ONE)
    with io.BufferedReader(raw := Counted(file)) as stream:
        assert digest(stream, now_ns=later) == hashlib.sha256(ONE).hexdigest()
        read = raw.reads
        assert digest(stream, now_ns=later) == hashlib.sha256(ONE).hexdigest()
        assert raw.reads == read
        assert stream.read() == ONE


def test_another_file_in_its_place(tmp_path: Path) -> None:
    file = tmp_path / "model.onnx"
    file.write_bytes(ONE)
    assert of(file) == hashlib.sha256(ONE).hexdigest()
    (tmp_path / "new").write_bytes(OTHER)
    (tmp_path / "new").replace(file)
    assert of(file) == hashlib.sha256(OTHER).hexdigest()


def test_written_over_with_its_old_times(tmp_path: Path) -> None:
    file = tmp_path / "model.onnx"
    file.write_bytes(ONE)
    before = file.stat()
    assert of(file) == hashlib.sha256(ONE).hexdigest()
    time.sleep(0.02)  # the file system's clock must tick: it is no clock of ours
    file.write_bytes(OTHER)
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert of(file) == hashlib.sha256(OTHER).hexdigest()


def test_a_file_that_was_just_written_is_not_remembered(tmp_path: Path) -> None:
    """It may be written to again within one tick."""
    file = tmp_path / "model.onnx"
    file.write_bytes(ONE)
    with io.BufferedReader(raw := Counted(file)) as stream:
        digest(stream)
        read = raw.reads
        digest(stream)
        assert raw.reads > read


def of(file: Path) -> str:
    with file.open("rb") as stream:
        return digest(stream, now_ns=later)
