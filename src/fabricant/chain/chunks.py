"""Many things in as few transactions as the gas of one allows.

What is done to many assets at once has no fixed price, so that the size of a chunk is a guess that only ever
shrinks: a chunk that is too much for one transaction was not sent, and goes in two.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

from fabricant.errors import GasCapExceeded

R = TypeVar("R")
T = TypeVar("T")


def chunks(items: Sequence[T], size: int) -> list[Sequence[T]]:
    """The items in order, at most `size` together."""
    return [items[begin : begin + size] for begin in range(0, len(items), size)]


def send_in_chunks(items: Sequence[T], size: int, send: Callable[[Sequence[T]], R]) -> Iterator[R]:
    """What `send` returns for each chunk. Sends transactions, one each time that it is asked for the next.

    Raises what `send` raises.
    """
    while items:
        try:
            done = send(items[:size])
        except GasCapExceeded:
            if size == 1:
                raise
            size = min(size, len(items)) // 2 or 1
            continue
        yield done
        items = items[size:]
