"""JSON-RPC over HTTP, with the manners that money needs.

One call is one POST with a deadline, a size cap and a strict parser. Reads are retried when the transport
failed; anything that changes state is sent exactly once, because only its sender knows whether a repeat is
safe. The URL often holds a token, so nothing but the scheme and the host of it is ever shown, logged or
raised.
"""

import itertools
import json
import logging
import random
import re
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import SplitResult, urlsplit

import requests

from fabricant.domain.units import printable
from fabricant.errors import BadAnswer, InvalidInput, NetworkError, RpcRefused, RpcUnavailable

LARGEST_ANSWER: Final = 64 * 2**20  # bytes after decompression
DEEPEST_ANSWER: Final = 50  # brackets within brackets
CHUNK: Final = 2**16
RETRIED_STATUS: Final = frozenset({408, 425, 429, 500, 502, 503, 504, 520, 522, 524})
READ_PREFIXES: Final = ("eth_", "net_", "web3_", "debug_")
LONGEST_PAUSE: Final = 30.0  # seconds, whatever Retry-After says
_NO_BRACKETS: Final = re.compile(rb'"(?:[^"\\]++|\\.)*+"|[^][{}"]+', re.DOTALL)  # strings, and all else


class RpcUrl:
    """The URL of a node. Shows scheme and host only; `reveal` gives all to the one call that needs it."""

    __slots__ = ("_shown", "_text")

    def __init__(self, text: str) -> None:
        parts = _split(text)
        self._text = text
        secret = parts.path.strip("/") or parts.query or parts.password or parts.username
        host = f"[{parts.hostname}]" if ":" in str(parts.hostname) else parts.hostname
        port = f":{parts.port}" if parts.port else ""
        self._shown = f"{parts.scheme}://{host}{port}" + ("/…" if secret else "")
        _redaction.learn(parts)

    def reveal(self) -> str:
        """The whole URL, token included. Never print it."""
        return self._text

    def __str__(self) -> str:
        return self._shown

    def __repr__(self) -> str:
        return f"RpcUrl({self._shown})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, RpcUrl) and self._text == other._text

    def __hash__(self) -> int:
        return hash(self._text)


def _split(text: str) -> SplitResult:
    advice = "an RPC URL begins with http:// or https:// and names a host"
    if not text.isascii() or not text.isprintable() or " " in text:
        raise InvalidInput(f"{advice}; this one has characters that no URL has")
    try:
        parts = urlsplit(text)
        well_formed = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        well_formed = False
    if not well_formed:
        raise InvalidInput(advice)
    return parts


class _Redaction(logging.Filter):
    """Takes the secret parts of known URLs out of what the HTTP libraries log."""

    def __init__(self) -> None:
        super().__init__()
        self._secrets: set[str] = set()
        for name in ("urllib3.connectionpool", "urllib3.connection", "urllib3.util.retry", "requests"):
            logging.getLogger(name).addFilter(self)

    def learn(self, parts: SplitResult) -> None:
        candidates = (parts.path.strip("/"), parts.query, parts.password, parts.username)
        self._secrets |= {part for part in candidates if part}

    def filter(self, record: logging.LogRecord) -> bool:
        message = record.getMessage()
        for secret in self._secrets:
            message = message.replace(secret, "…")
        record.msg, record.args = message, ()
        return True


_redaction = _Redaction()


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a call may take and how often a read is tried. Times in seconds."""

    timeout: float = 20.0  # for one attempt, connection to last byte
    attempts: int = 5
    first_pause: float = 0.25  # doubles each time, with jitter


class _Fault(Exception):
    """An attempt failed in a way that may pass. `pause` is what the server asked for, in seconds."""

    def __init__(self, error: NetworkError, pause: float | None = None) -> None:
        super().__init__(str(error))
        self.error = error
        self.pause = pause


class Rpc:
    """A connection to one node, safe to share between threads."""

    def __init__(
        self,
        url: RpcUrl,
        *,
        patience: Patience = Patience(),
        largest: int = LARGEST_ANSWER,
        sleep: Callable[[float], None] = time.sleep,
        parse: Callable[[bytes], Any] | None = None,
    ) -> None:
        """`parse`: JSON for those who need it faster, and mind what the usual one minds: see `_parse`."""
        self.url = url
        self._parse = parse or _parse
        self._patience = patience
        self._largest = largest
        self._sleep = sleep
        self._ids = itertools.count(1)
        self._local = threading.local()
        self._sessions: list[requests.Session] = []

    def __repr__(self) -> str:
        return f"Rpc({self.url})"

    def call(self, method: str, *params: object) -> Any:
        """The result of one JSON-RPC call, as JSON.

        Raises RpcUnavailable or BadAnswer when no usable answer came (for reads: after all attempts),
        RpcRefused when the node answered with an error. Methods other than reads are attempted once.
        """
        read = method.startswith(READ_PREFIXES) and not method.startswith("eth_send")
        attempts = self._patience.attempts if read else 1
        for attempt in range(1, attempts + 1):
            try:
                return self._attempt(method, params)
            except _Fault as fault:
                error, pause = fault.error, fault.pause
            if attempt < attempts:
                backoff = self._patience.first_pause * 2 ** (attempt - 1) * random.uniform(0.5, 1.0)
                self._sleep(min(max(backoff, pause or 0.0), LONGEST_PAUSE))
        raise error

    def close(self) -> None:
        """Closes the connections of all threads."""
        while self._sessions:
            self._sessions.pop().close()

    def _session(self) -> requests.Session:
        session: requests.Session | None = getattr(self._local, "session", None)
        if session is None:
            session = self._local.session = _session(self.url)
            self._sessions.append(session)
        return session

    def _attempt(self, method: str, params: tuple[object, ...]) -> Any:
        number = next(self._ids)
        body = {"jsonrpc": "2.0", "id": number, "method": method, "params": params}
        status, raw, pause = self._post(body)
        if status in RETRIED_STATUS:
            raise _Fault(
                RpcUnavailable(f"{self.url} is overloaded or down (HTTP {status}); try later"), pause
            )
        if status in (401, 403):
            raise RpcUnavailable(f"{self.url} refuses access (HTTP {status}); check the token in its URL")
        answer = self._parse(raw)
        if not isinstance(answer, dict) or answer.get("id") != number:
            what = "something that is no JSON-RPC answer" if status == 200 else f"HTTP {status}"
            raise _Fault(BadAnswer(f"{self.url} answered {method} with {what}; is it an Ethereum node?"))
        if (refusal := answer.get("error")) is not None:
            raise _refused(self.url, method, refusal)
        if "result" not in answer:
            raise _Fault(BadAnswer(f"{self.url} answered {method} with neither result nor error"))
        return answer["result"]

    def _post(self, body: dict[str, object]) -> tuple[int, bytes, float | None]:
        deadline = time.monotonic() + self._patience.timeout
        problem = ""
        try:
            with self._session().post(
                self.url.reveal(),
                json=body,
                timeout=self._patience.timeout,
                stream=True,
                allow_redirects=False,
            ) as response:
                raw = self._receive(response, deadline)
                status, pause = response.status_code, _retry_after(response)
        except requests.exceptions.SSLError:
            problem = "has no valid TLS certificate for its name"
        except requests.Timeout:
            problem = f"did not answer within {self._patience.timeout:g} s"
        except (requests.RequestException, OSError, ValueError):
            problem = "cannot be reached, or broke off"
        # Raised out here, because the caught error's text and context hold the whole URL.
        if problem:
            raise _Fault(RpcUnavailable(f"{self.url} {problem}; check the address and your connection"))
        if len(raw) > self._largest:
            raise BadAnswer(
                f"{self.url} answered with more than {self._largest} bytes; ask for less at a time"
            )
        return status, raw, pause

    def _receive(self, response: requests.Response, deadline: float) -> bytes:
        raw = bytearray()
        for chunk in response.iter_content(CHUNK):
            raw += chunk
            if time.monotonic() > deadline:
                raise requests.Timeout
            if len(raw) > self._largest:
                break
        return bytes(raw)


def _session(url: RpcUrl) -> requests.Session:
    """With the proxies and certificates of the environment, which is read once instead of for each call."""
    session = requests.Session()
    settings = session.merge_environment_settings(url.reveal(), {}, None, None, None)
    session.proxies, session.verify = settings["proxies"], settings["verify"]
    session.trust_env = False
    return session


def _retry_after(response: requests.Response) -> float | None:
    seconds = response.headers.get("Retry-After", "")
    return float(seconds) if seconds.isascii() and seconds.isdigit() and len(seconds) < 6 else None


def _parse(raw: bytes) -> Any:
    """The JSON value, or None for what is not strict JSON."""
    if _nested_too_deep(raw):
        return None
    try:
        return json.loads(raw.decode(), object_pairs_hook=_unique_keys)
    except (ValueError, RecursionError):
        return None


def _nested_too_deep(raw: bytes) -> bool:
    """Whether JSON nests deeper than any answer does: takes empty pairs of brackets away until none is left.

    Some libraries lift Python's own limit on recursion, and then such JSON crashes the whole process.
    """
    if raw.count(b"[") + raw.count(b"{") <= DEEPEST_ANSWER:
        return False
    brackets = _NO_BRACKETS.sub(b"", raw)
    for _ in range(DEEPEST_ANSWER):
        brackets = brackets.replace(b"[]", b"").replace(b"{}", b"")
    return bool(brackets)


def _unique_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    keyed = dict(pairs)
    if len(keyed) < len(pairs):
        raise ValueError("duplicate key")
    return keyed


def _refused(url: RpcUrl, method: str, refusal: object) -> RpcRefused:
    fields = refusal if isinstance(refusal, dict) else {"message": refusal}
    code, data = fields.get("code"), fields.get("data")
    if isinstance(data, dict):  # some nodes wrap the revert data once more
        data = data.get("data")
    reason = printable(str(fields.get("message", "")).strip())
    return RpcRefused(
        f"{url} refused {method}: {reason or 'no reason given'}",
        code=code if isinstance(code, int) else 0,
        data=data if isinstance(data, str) else None,
    )
