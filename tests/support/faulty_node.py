"""A JSON-RPC node that misbehaves as told.

It answers from a table, or passes requests on to a real node; the next fault that was queued for a method
replaces one answer. `lose_answer` passes the request on first: the classic unknown outcome.
"""

import gzip
import json
import socket
import threading
from collections import defaultdict, deque
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

import requests

JSON = {"Content-Type": "application/json"}
Fault = Callable[["Handler", bytes], None]


class Handler(BaseHTTPRequestHandler):
    """One request."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: "FaultyNode"

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        request = json.loads(body)
        self.server.seen.append((request["method"], request["params"]))
        queued = self.server.faults[request["method"]] or self.server.faults["*"]
        (queued.popleft() if queued else pass_on)(self, body)

    def answer(self, body: bytes, status: int = 200, **headers: str) -> None:
        """Sends a whole response."""
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    def hang_up(self) -> None:
        """Closes the connection at once."""
        self.close_connection = True
        self.connection.shutdown(socket.SHUT_RDWR)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
        """Logs nothing."""


class FaultyNode(ThreadingHTTPServer):
    """Serves on a free port during its `with` block. Answers come from `upstream`, or else from `results`."""

    daemon_threads = True

    def __init__(self, *, upstream: str | None = None, results: Mapping[str, Any] | None = None) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.upstream = upstream
        self.results = {"eth_chainId": "0x7a69", **(results or {})}
        self.faults: defaultdict[str, deque[Fault]] = defaultdict(deque)
        self.seen: list[tuple[str, Any]] = []
        self.url = f"http://127.0.0.1:{self.server_address[1]}"

    def fail(self, method: str, *faults: Fault) -> None:
        """Queues faults for the next calls of a method; "*" means any."""
        self.faults[method].extend(faults)

    def count(self, method: str) -> int:
        """How often a method was called."""
        return sum(1 for seen, _ in self.seen if seen == method)

    def __enter__(self) -> Self:
        threading.Thread(target=self.serve_forever, args=(0.01,), daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.shutdown()
        self.server_close()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that goes away is part of the game."""


def _reply(handler: Handler, body: bytes) -> bytes:
    request = json.loads(body)
    if handler.server.upstream is not None:
        return requests.post(handler.server.upstream, data=body, headers=JSON, timeout=30).content
    result = handler.server.results[request["method"]]
    return json.dumps({"jsonrpc": "2.0", "id": request["id"], "result": result}).encode()


def pass_on(handler: Handler, body: bytes) -> None:
    """No fault."""
    handler.answer(_reply(handler, body))


def lose_request(handler: Handler, body: bytes) -> None:
    """Hangs up before the node has heard anything."""
    handler.hang_up()


def lose_answer(handler: Handler, body: bytes) -> None:
    """The node does as asked; its answer is lost."""
    _reply(handler, body)
    handler.hang_up()


def truncate(handler: Handler, body: bytes) -> None:
    """Half of the answer, then the end."""
    whole = _reply(handler, body)
    handler.answer(whole[: len(whole) // 2], Content_Length=str(len(whole)))
    handler.hang_up()


def status(code: int, body: bytes = b"<html>sorry</html>", **headers: str) -> Fault:
    """An HTTP error."""
    return lambda handler, _: handler.answer(body, code, **headers)


def say(body: bytes, **headers: str) -> Fault:
    """Any bytes with HTTP 200."""
    return status(200, body, **headers)


def result(value: Any) -> Fault:
    """Another result than the true one."""
    return lambda handler, body: handler.answer(
        json.dumps({"jsonrpc": "2.0", "id": json.loads(body)["id"], "result": value}).encode()
    )


def refuse(code: int, message: str, data: Any = None) -> Fault:
    """A JSON-RPC error."""
    return lambda handler, body: handler.answer(
        json.dumps(
            {
                "jsonrpc": "2.0",
                "id": json.loads(body)["id"],
                "error": {"code": code, "message": message, "data": data},
            }
        ).encode()
    )


def bomb(size: int) -> Fault:
    """A small compressed answer that unpacks to `size` bytes."""
    return lambda handler, _: handler.answer(gzip.compress(b" " * size), Content_Encoding="gzip")


def stall(until: threading.Event) -> Fault:
    """No answer until the event is set."""

    def wait(handler: Handler, body: bytes) -> None:
        until.wait(30)
        handler.hang_up()

    return wait
