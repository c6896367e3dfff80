"""A program: load one ONNX file and print what that took, in shares of the file."""

import json
import sys
from pathlib import Path

from services.inference.memory import Measuring
from services.inference.runtimes.onnx import open_file, open_session
from services.inference.runtimes.onnx_file import held
from services.manifests.digests import digest
from tests.unit.inference.models import identity

path = Path(sys.argv[1])
open_session(identity())  # what the library itself takes comes before
measuring = Measuring()
with held(path) as file:
    digest(file)
    session = open_file(file)
taken = measuring.taken()
assert taken is not None
size = path.stat().st_size
most = None if taken.most is None else taken.most / size
sys.stdout.write(json.dumps({"kept": taken.kept / size, "most": most}))
