"""What a transaction offers to pay (EIP-1559).

The offer follows the newest block and what recent blocks paid, with room for the base fee to double, and
never passes the sender's cap: the node that suggests may be wrong or hostile, and the cap is the sender's
own word. A transaction that waits too long is offered again for at least an eighth more, which is what
nodes demand of a replacement.
"""

from dataclasses import dataclass
from typing import Final

from fabricant.chain.network import Network
from fabricant.domain.units import BaseUnits, format_amount
from fabricant.errors import FeeCapExceeded

GWEI: Final = 10**9
DEFAULT_CAP: Final = BaseUnits(200 * GWEI)
LEAST_TIP: Final = BaseUnits(GWEI // 1000)


@dataclass(frozen=True, slots=True)
class Fees:
    """Wei per gas: `most` in all, of which at most `tip` for the block's proposer."""

    most: BaseUnits
    tip: BaseUnits


def suggest(network: Network, *, cap: BaseUnits) -> Fees:
    """An offer that the next blocks should take. Raises FeeCapExceeded if the cap is below what they ask."""
    market = network.fee_market()
    tip = max(market.tip, LEAST_TIP)
    _check_cap(market.base_fee + tip, cap)
    return Fees(BaseUnits(min(2 * market.base_fee + tip, cap)), tip)


def replacement(fees: Fees, network: Network, *, cap: BaseUnits) -> Fees:
    """An offer that replaces `fees`. Raises FeeCapExceeded if the cap is below the least that does."""
    offer = suggest(network, cap=cap)
    most, tip = max(offer.most, _raised(fees.most)), max(offer.tip, _raised(fees.tip))
    _check_cap(most, cap)
    return Fees(most, tip)


def _raised(fee: BaseUnits) -> BaseUnits:
    return BaseUnits(-(-fee * 9 // 8))


def _check_cap(fee: int, cap: BaseUnits) -> None:
    if fee > cap:
        asked, allowed = (format_amount(BaseUnits(wei), 9) for wei in (fee, cap))
        raise FeeCapExceeded(
            f"the network asks {asked} gwei per gas, your cap is {allowed}; wait, or raise it"
        )
