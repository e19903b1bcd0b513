"""Looks for a secret in everything that an error or an object can show."""

import copy
import pickle
import pprint
import traceback
from collections.abc import Iterator

import pytest


def shown_by_error(error: BaseException) -> str:
    """The whole story of a caught error: all that led to it, with the local variables of every frame.

    The first frame is the test's own, which knows the secret, and is left out.
    """
    trace = error.__traceback__.tb_next if error.__traceback__ else None
    story = traceback.TracebackException(type(error), error, trace, capture_locals=True)
    return "".join(story.format()) + repr(error) + str(error.args) + repr(vars(error))


def shown_by(thing: object) -> str:
    """All that an object shows of itself without being asked for a secret."""
    return "\n".join(_outputs(thing))


def _outputs(thing: object) -> Iterator[str]:
    yield repr(thing)
    yield str(thing)
    yield f"{thing}"
    yield "{!a}".format(thing)  # noqa: UP032 - one more way
    yield pprint.pformat(thing)
    yield pprint.pformat([getattr(thing, slot) for slot in getattr(thing, "__slots__", ())])
    yield pprint.pformat(getattr(thing, "__dict__", {}))


def assert_not_stored(thing: object) -> None:
    """Neither pickled nor copied."""
    for store in (pickle.dumps, copy.copy, copy.deepcopy):
        with pytest.raises(TypeError, match="not stored or copied"):
            store(thing)
