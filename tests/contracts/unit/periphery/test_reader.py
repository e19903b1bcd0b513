"""The reader: everything about a line in one call, and what the escrow would say to an action."""

import pytest
from web3.contract import Contract

from fabricant.chain.errors import EscrowReader_NoAnswer, SupplierEscrow_NotBuyer
from fabricant.chain.escrow import SupplierEscrow
from fabricant.chain.reader import Clocks, Deed, EscrowReader, Overview
from fabricant.chain.reverts import decode_revert
from fabricant.domain.escrow import Ending, Terms, payoff
from fabricant.domain.typed_data import snake
from fabricant.domain.units import ZERO_ADDRESS, Address, UnixSeconds
from fabricant.errors import RpcRefused
from tests.support.actors import Actor
from tests.support.chain import Chain
from tests.support.deals import DAY
from tests.support.disputes import ARBITER, RATES
from tests.support.lines import BUYER, FOREVER, SUPPLIER, Deal, Deals, Goods

STRANGER, PAYEE = Actor("stranger"), Actor("payee")
ENDINGS = {
    "None": [],
    "Open": [Ending.CANCELLED, Ending.RESIGNED],
    "Delivered": [Ending.ACCEPTED],
    "Rejected": [Ending.ACCEPTED, Ending.RESIGNED],
    "Retained": [],
    "Disputed": [Ending.ACCEPTED],
    "Closed": [],
    "Revoked": [],
}
LATER = {
    "Open": ("long_stop", [Ending.RESIGNED, Ending.TERMINATED]),
    "Delivered": ("inspection_end", [Ending.ACCEPTED, Ending.DEEMED_ACCEPTED]),
    "Retained": ("retention_end", [Ending.RETENTION_PAID]),
    "Disputed": ("arbitration_end", [Ending.ACCEPTED, Ending.DEFAULTED]),
}


@pytest.fixture
def reader(chain: Chain, escrow: Contract) -> EscrowReader:
    """The reader of the escrow."""
    return EscrowReader(chain.local, Address(chain.deploy("EscrowReader", escrow).address))


@pytest.fixture
def client(chain: Chain, escrow: Contract) -> SupplierEscrow:
    """The escrow."""
    return SupplierEscrow(chain.local, Address(escrow.address))


def given(deal: Deals, status: str, goods: Goods) -> tuple[Deal, Terms]:
    """A line in a status, with goods in custody wherever that is possible."""
    retention = {"retentionBps": 333} if status == "Retained" else {}
    line = deal(goods=goods(2), arbiter=ARBITER, **RATES | retention)
    line.given(status, goods_left=status in ("Retained", "Closed"))
    return line, Terms(**{snake(name): value for name, value in line.terms.items()})


def endings(found: Overview) -> list[Ending]:
    """Those that are possible."""
    return [each.ending for each in found.possible]


# Everything about a line


@pytest.mark.parametrize("status", ENDINGS)
def test_an_overview_is_what_the_escrow_keeps(
    client: SupplierEscrow, reader: EscrowReader, deal: Deals, goods: Goods, status: str
) -> None:
    line, terms = given(deal, status, goods)
    found = reader.overview(terms)
    assert (found.id, found.line, found.payee) == (line.id, client.line_of(found.id), ZERO_ADDRESS)
    assert found.conditions.unpack() == client.conditions_of(terms.conditions)
    assert (found.assets_hash, found.owed) == line.custody
    assert (found.bond, found.advance, found.arbiter_fee) == (line.bond, line.advance, line.arbiter_fee)


@pytest.mark.parametrize("status", ENDINGS)
def test_it_names_the_endings_that_are_possible(
    client: SupplierEscrow, reader: EscrowReader, deal: Deals, goods: Goods, status: str
) -> None:
    _, terms = given(deal, status, goods)
    found = reader.overview(terms)
    assert endings(found) == ENDINGS[status]
    conditions = client.conditions_of(terms.conditions)
    for each in found.possible:
        row = payoff(each.ending, found.line, amount=terms.amount, conditions=conditions)
        declined = payoff(
            each.ending, found.line, amount=terms.amount, conditions=conditions, with_penalty=False
        )
        assert each.payoff in (row, declined)


@pytest.mark.parametrize("status", LATER)
def test_f048_an_ending_is_possible_from_its_second(
    chain: Chain, reader: EscrowReader, deal: Deals, goods: Goods, status: str
) -> None:
    line, terms = given(deal, status, goods)
    name, expected = LATER[status]
    moment = line.line.since + line.agreed["retention"] if status == "Retained" else getattr(line, name)
    assert getattr(reader.overview(terms).clocks, name) == moment
    chain.local.mine(at=UnixSeconds(moment - 1))
    assert expected[-1] not in endings(reader.overview(terms))
    chain.local.mine(at=UnixSeconds(moment))
    assert endings(reader.overview(terms)) == expected


def test_clocks_that_do_not_run_are_zero(reader: EscrowReader, deal: Deals, goods: Goods) -> None:
    _, terms = given(deal, "Closed", goods)
    assert reader.overview(terms).clocks == Clocks(**dict.fromkeys(Clocks.__slots__, UnixSeconds(0)))


def test_a_rejection_can_be_cured_until_then(reader: EscrowReader, deal: Deals, goods: Goods) -> None:
    line, terms = given(deal, "Rejected", goods)
    assert reader.overview(terms).clocks.cure_end == line.cure_end


def test_goods_that_were_collected_are_not_accepted(reader: EscrowReader, deal: Deals, goods: Goods) -> None:
    line, terms = given(deal, "Rejected", goods)
    line.send("collect", line.goods, by=SUPPLIER)
    assert endings(reader.overview(terms)) == [Ending.RESIGNED]


def test_it_knows_the_payee(reader: EscrowReader, deal: Deals, goods: Goods) -> None:
    line, terms = given(deal, "Open", goods)
    line.send("assign", PAYEE.address, FOREVER, line.assigned(PAYEE), by=SUPPLIER)
    found = reader.overview(terms)
    assert (found.payee, endings(found)) == (PAYEE.address, [Ending.CANCELLED])


# What would be refused


def test_what_is_allowed_is_not_refused(reader: EscrowReader, deal: Deals, goods: Goods) -> None:
    _, terms = given(deal, "Open", goods)
    reader.check(Deed.CANCEL, terms, caller=BUYER.address)
    assert reader.refusal(Deed.CANCEL, terms, caller=BUYER.address) == b""


def test_a_refusal_is_the_escrows_own_error(reader: EscrowReader, deal: Deals, goods: Goods) -> None:
    line, terms = given(deal, "Open", goods)
    with pytest.raises(SupplierEscrow_NotBuyer) as raised:
        reader.check(Deed.EXTEND, terms, caller=STRANGER.address, figure=DAY)
    assert (raised.value.id, raised.value.caller) == (line.id, STRANGER.address)
    said = reader.refusal(Deed.EXTEND, terms, caller=STRANGER.address, figure=DAY)
    assert type(decode_revert(said)) is SupplierEscrow_NotBuyer
    assert line.attempt("extend", DAY, by=STRANGER) is not None


def test_too_little_gas_is_no_answer(chain: Chain, reader: EscrowReader, deal: Deals, goods: Goods) -> None:
    _, terms = given(deal, "Open", goods)
    asked = EscrowReader.abi.functions["refusal"].encode((Deed.CANCEL, terms, BUYER.address, (0, ())))
    call = {"to": reader.address, "data": f"0x{asked.hex()}"}
    said = {_said(chain, call | {"gas": hex(gas)}) for gas in range(30_000, 150_000, 1_000)}
    assert f"0x{EscrowReader_NoAnswer.selector.hex()}" in said


def _said(chain: Chain, call: dict[str, str]) -> object:
    """The error's data; None if there is none."""
    try:
        chain.local.rpc.call("eth_call", call, "latest")
    except RpcRefused as refusal:
        return refusal.data
    return None
