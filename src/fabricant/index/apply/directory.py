"""Who acts for whom."""

from collections.abc import Callable, Mapping
from typing import Final

from fabricant.index.decode import Values
from fabricant.index.rows import Operator, Profile, SpentNonces
from fabricant.index.state import Place, State


def _profile_set(state: State, event: Values, place: Place) -> None:
    state.put(
        Profile(
            participant=event["participant"],
            encryption_key=event["encryptionKey"],
            uri=event["uri"],
            at=place.time,
        )
    )


def _operator_set(state: State, event: Values, place: Place) -> None:
    state.put(Operator(**event, at=place.time))


def nonces_spent(contract: str, principal: str, word: str, spent: str) -> SpentNonces:
    """A word of nonces that can't be used, of any contract that has them."""
    return SpentNonces(contract=contract, principal=principal, word=word, spent=spent)


def _nonces_invalidated(state: State, event: Values, place: Place) -> None:
    del place
    state.put(nonces_spent("Directory", event["principal"], event["word"], event["spent"]))


HANDLERS: Final[Mapping[str, Callable[[State, Values, Place], None]]] = {
    "ProfileSet": _profile_set,
    "OperatorSet": _operator_set,
    "NoncesInvalidated": _nonces_invalidated,
}
