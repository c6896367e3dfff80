"""A small Mini App of the tests' own, a sandbox as a process, and a bot that only offers buttons."""

import json
import re
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from http.cookies import SimpleCookie
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "tests" / "browser" / "miniapp.html").read_text(encoding="utf-8")
COOKIES = {
    "plain": "HttpOnly; Path=/; SameSite=Lax",
    "cross": "HttpOnly; Path=/; Secure; SameSite=None",
    "__Host-kept": "HttpOnly; Path=/; Secure; SameSite=None; Partitioned",
}
HERE = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class Pages(BaseHTTPRequestHandler):
    """`/` counts how often it was seen by the cookies that come back: one of each kind is set each time."""

    def do_GET(self) -> None:
        sent = SimpleCookie(self.headers.get("Cookie", ""))
        visits = {name: int(sent[name].value) if name in sent else 0 for name in COOKIES}
        body = PAGE.replace("%VISITS%", " ".join(str(each) for each in visits.values())).encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        for name, attributes in COOKIES.items():
            self.send_header("Set-Cookie", f"{name}={visits[name] + 1}; {attributes}")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:  # Any: as in the base
        pass


@contextmanager
def served_app() -> Iterator[str]:
    """Its address, on another host name than the sandbox's page."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Pages) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://localhost:{server.server_port}/"
        finally:
            server.shutdown()
            thread.join()


@contextmanager
def sandbox(*arguments: str) -> Iterator[str]:
    """The address of `python -m sandbox`."""
    command = [sys.executable, "-m", "sandbox", "--port", "0", *arguments]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT)
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        found = re.search(r"http://\S+", line)
        assert found, f"the sandbox did not start: {line!r}"
        yield found[0]
    finally:
        process.terminate()
        process.communicate(timeout=20)


def call(url: str, body: object, *, method: str = "POST") -> Any:  # Any: each call answers JSON of its own shape
    request = urllib.request.Request(
        url, json.dumps(body).encode(), {"Content-Type": "application/json"}, method=method
    )
    with HERE.open(request, timeout=10) as answer:
        return json.load(answer)
