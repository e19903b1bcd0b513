"""A pytest plugin, `-p tests.support.tracing`: notes which instructions of which contract the tests execute.

Every mined transaction whose receipt is asked for, and every eth_call, runs once more under a tracer. An
instruction is its place in the code; a conditional jump also notes which way it went. Contracts are known by
the hash in their metadata, so that it matters not where they are. Each process writes a file of its own.
"""

import json
import os
from collections import defaultdict
from pathlib import Path
from typing import Any, Final

from fabricant.chain.rpc import Rpc
from fabricant.errors import FabricantError

FOLDER: Final = "FABRICANT_TRACES"  # the environment variable that says where the files go

# Frames know their contract: the tracer asks once for each of them, and counts nothing twice.
_TRACER: Final = """{
  frames: [{ create: false, seen: {} }], all: [],
  setup: function () { this.all.push(this.frames[0]) },
  enter: function (call) {
    var frame = { create: call.getType().indexOf('CREATE') == 0, to: call.getTo(), seen: {} };
    if (frame.create) frame.code = toHex(call.getInput());
    this.frames.push(frame); this.all.push(frame);
  },
  exit: function () { if (this.frames.length > 1) this.frames.pop() },
  step: function (log) {
    var seen = this.frames[this.frames.length - 1].seen, pc = log.getPC();
    seen[pc] = 1;
    if (log.op.toNumber() == 0x57) seen[pc + (log.stack.peek(1) == 0 ? 'f' : 't')] = 1;
  },
  fault: function () {},
  result: function (ctx, db) {
    var found = {}, first = this.all[0];
    first.create = ctx.type == 'CREATE';
    first.to = ctx.to;
    if (first.create) first.code = toHex(ctx.input);
    this.all.forEach(function (frame) {
      var code = frame.create ? frame.code : toHex(db.getCode(frame.to));
      var at = code.lastIndexOf('a2646970667358221220');
      if (at < 0) return;
      var name = code.slice(at + 20, at + 84) + (frame.create ? ' creation' : ' runtime');
      var into = found[name] = found[name] || {};
      for (var key in frame.seen) into[key] = 1;
    });
    for (var name in found) found[name] = Object.keys(found[name]);
    return found;
  }
}"""
MOST_GAS: Final = 3_000_000  # to trace a loop that burns a whole transaction's gas takes a minute
_OPTIONS: Final = {"tracer": _TRACER}


class Traces:
    """What was executed since it listens: metadata hash and kind of code → marks."""

    def __init__(self) -> None:
        self.seen: defaultdict[str, set[str]] = defaultdict(set)
        self._mined: set[str] = set()

    def observe(self, rpc: Rpc, method: str, parameters: tuple[Any, ...], answer: Any) -> None:
        """Traces what a request executed."""
        if method == "eth_call":
            asked, *when = parameters[:2]
            self._add(rpc, "debug_traceCall", {**asked, "gas": hex(MOST_GAS)}, *when, _OPTIONS)
        elif method == "eth_getTransactionReceipt" and answer is not None:
            self._observe_mined(rpc, parameters[0], answer)

    def _observe_mined(self, rpc: Rpc, transaction: str, receipt: dict[str, Any]) -> None:
        # Another test sends the same transaction, to a chain in another state.
        once = transaction + receipt["blockHash"]
        if once in self._mined:
            return
        self._mined.add(once)
        if receipt["contractAddress"] is not None or int(receipt["gasUsed"], 16) <= MOST_GAS:
            self._add(rpc, "debug_traceTransaction", transaction, _OPTIONS)

    def _add(self, rpc: Rpc, method: str, *parameters: Any) -> None:
        try:
            found = _CALL(rpc, method, *parameters)
        except FabricantError:  # not traced is not covered
            return
        for code, seen in found.items():
            self.seen[code].update(seen)


_CALL = Rpc.call
_TRACES = Traces()


def _call(rpc: Rpc, method: str, *params: object) -> Any:
    answer = None
    try:
        answer = _CALL(rpc, method, *params)
        return answer
    finally:
        _TRACES.observe(rpc, method, params, answer)


def pytest_configure() -> None:
    """Listens to every request."""
    Rpc.call = _call  # type: ignore[assignment, method-assign]


def pytest_unconfigure() -> None:
    """Writes what was seen."""
    if _TRACES.seen:
        text = json.dumps({code: sorted(seen) for code, seen in _TRACES.seen.items()})
        Path(os.environ[FOLDER], f"{os.getpid()}.json").write_text(text)
