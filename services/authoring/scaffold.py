"""A first manifest from an ONNX file."""

import re
from io import BufferedReader
from pathlib import Path

from services.authoring.drafting import Draft, DraftSubject, draft, head_of
from services.authoring.hints import NO_HINTS, AuthorHints
from services.authoring.notes import Entry
from services.errors import ShopError
from services.inference.errors import ModelBroken, RunTimeout
from services.inference.runtimes.onnx import graph_tensors, open_file, run_session
from services.inference.runtimes.onnx_file import held, one_line
from services.inference.runtimes.onnx_graph import read_graph
from services.manifests.digests import digest
from services.manifests.runtime import SPECS

__all__ = ["Draft", "draft_manifest"]


def draft_manifest(onnx_file: Path, hints: AuthorHints = NO_HINTS, *, title: str = "") -> Draft:
    """`hints`: what a person says of the file; `title`: what it was called. Raises ModelBroken with what stands in the
    way, whatever it is."""
    try:
        with held(onnx_file) as file:
            return _draft(file, onnx_file, hints, title or onnx_file.stem)
    except OSError as error:
        raise ModelBroken(problem=f"{onnx_file}: {error.strerror}", fix="Name an ONNX file") from None
    except RunTimeout as error:
        problem = f"one run takes over {error.params['seconds']:g} seconds and was stopped"
        fix = "If it ever ends, write its manifest by hand, with a runtime.timeout of up to 600"
        raise ModelBroken(problem=problem, fix=fix) from None
    except MemoryError:
        problem = "it takes more memory than there is here to read and try it"
        raise ModelBroken(problem=problem, fix="Take a smaller model, or a machine with more memory") from None
    except UnicodeDecodeError:
        problem = "it answers with a text that is not UTF-8"
        raise ModelBroken(problem=problem, fix="Export it with labels in UTF-8") from None
    except ShopError:
        raise
    except Exception as error:
        raise ModelBroken(
            problem=f"no manifest can be made of it: {one_line(error)}", fix="Write it by hand"
        ) from error


def _draft(file: BufferedReader, path: Path, hints: AuthorHints, title: str) -> Draft:
    session, graph = open_file(file), read_graph(file)
    subject = DraftSubject(
        graph=graph,
        inputs=graph_tensors(session.get_inputs()),
        outputs=graph_tensors(session.get_outputs()),
        run=lambda names, feeds, limit: run_session(session, names, feeds, limit),
        folder=path.parent,
        head=_head(path, digest(file), title),
        specs=SPECS,
    )
    return draft(subject, hints)


def _head(file: Path, sha256: str, called: str) -> Entry:
    title = re.sub(r"\s*\(\d+\)$", "", called)
    return head_of(file.resolve().parent, title, {"kind": "onnx", "file": file.name, "sha256": sha256})
