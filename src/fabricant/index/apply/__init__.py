"""What each event does to the state: one function an event, by its domain.

The functions know nothing of blocks that are replaced, nor of databases: the same code runs for what
happened long ago and for the newest block.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final

from fabricant.index.apply import assets, capacity, directory, escrow, genealogy, records
from fabricant.index.decode import Values
from fabricant.index.state import Place, State

Handler = Callable[[State, Values, Place], None]

DOMAINS: Final[Mapping[str, Any]] = {
    "Directory": directory,
    "AssetRegistry": assets,
    "Genealogy": genealogy,
    "RecordAnchor": records,
    "CapacityMarket": capacity,
    "SupplierEscrow": escrow,
}
HANDLERS: Final[Mapping[tuple[str, str], Handler]] = MappingProxyType(
    {
        (contract, name): handler
        for contract, domain in DOMAINS.items()
        for name, handler in domain.HANDLERS.items()
    }
)
