"""A statement of account adds up to the last base unit, or says that it does not."""

import pytest

from fabricant.demo.account import NETWORK, Balances, Entry, Statement, total
from fabricant.domain.units import BaseUnits, Token, parse_address
from fabricant.errors import VerificationFailed

COIN = Token(parse_address("0x" + "00" * 20), "ETH", 18)
MONEY = Token(parse_address("0x" + "11" * 20), "TUSD", 6)


def balances(**parties: tuple[int, int]) -> Balances:
    """Money and coin of each."""
    return {name: {MONEY: BaseUnits(money), COIN: BaseUnits(coin)} for name, (money, coin) in parties.items()}


def statement(after: Balances) -> Statement:
    """Of a buyer who pays 60, with 7 for gas."""
    before = balances(buyer=(100, 50), supplier=(5, 50))
    return Statement(COIN, before, after, {"buyer": BaseUnits(7)})


def test_price_and_gas_add_up() -> None:
    found = statement(balances(buyer=(40, 43), supplier=(65, 50)))

    found.check()
    assert found.of(MONEY) == [("buyer", Entry(100, 40)), ("supplier", Entry(5, 65))]
    assert found.of(COIN)[-1] == (NETWORK, Entry(0, 7))
    assert total(entry for _, entry in found.of(COIN)) == Entry(100, 100)


@pytest.mark.parametrize(
    ("after", "says"),
    [
        (balances(buyer=(40, 43), supplier=(64, 50)), "105 units of TUSD are 104"),
        (balances(buyer=(40, 42), supplier=(65, 50)), "100 units of ETH are 99"),
        (balances(buyer=(40, 44), supplier=(65, 49)), "coin of the buyer"),
    ],
)
def test_a_missing_unit_is_found(after: Balances, says: str) -> None:
    with pytest.raises(VerificationFailed, match=says):
        statement(after).check()
