"""How long a production run takes in Python: `.venv/bin/python benchmarks/batches.py [UNITS]`.

Times are of one machine; what counts is the time for a unit, beside the one that two hashes alone take.
"""

import sys
import time
from collections.abc import Callable
from typing import Any

from eth_hash.auto import keccak

from fabricant.domain.assets import Kind, Registration, namespace_of
from fabricant.domain.batches import Run
from fabricant.domain.units import parse_address

OWNER = parse_address("0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266")


def main() -> None:
    """Prints seconds for each step, and how many hashes of 64 bytes fit into the hashing of a unit."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    units = tuple(
        Registration(local_id=f"01/09506000134352/21/{n}", kind=Kind.PRODUCT, owner=OWNER)
        for n in range(count)
    )
    run = _timed("checked", lambda: Run(namespace_of(OWNER), units))
    _timed("hashed", lambda: run.batch)
    lines = _timed("written", lambda: list(run.serialise()))
    _timed("read and hashed", lambda: Run.parse(lines))
    _timed("three hashes a unit alone", lambda: [keccak(bytes(64)) for _ in range(3 * count)])


def _timed(step: str, do: Callable[[], Any]) -> Any:
    begin = time.perf_counter()
    done = do()
    print(f"{time.perf_counter() - begin:8.1f} s  {step}", flush=True)
    return done


if __name__ == "__main__":
    main()
