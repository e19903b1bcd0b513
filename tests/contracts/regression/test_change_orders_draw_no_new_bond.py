"""An operator for changes could bind free balance: give the supplier's bond away, and bind as much again."""

import pytest
from web3.contract import Contract

from tests.support.actors import Actor
from tests.support.chain import Chain
from tests.support.deals import DAY, NO_CONSENT, NO_CONSENTS
from tests.support.disputes import outcome
from tests.support.lines import BUYER, DUE_BY, FOREVER, SUPPLIER, Deals
from tests.support.reverts import reverts

CHANGE = 2
BEGIN_AGAIN = DUE_BY + 10 * DAY


@pytest.mark.parametrize("how", ["calls", "signs"])
def test_f063_changing_does_not_bind_a_bond_for_one_given_away(
    chain: Chain, deal: Deals, directory: Contract, operator: Actor, how: str
) -> None:
    line = deal(bondBps=1_000).given("Open")
    line.deposit(SUPPLIER, line.bond)  # for other lines: nobody with CHANGE may spend it
    chain.send(directory.functions.setOperator(operator.address, CHANGE, BEGIN_AGAIN), by=SUPPLIER)
    new, given = line.successor(), outcome(bond_to_buyer=line.bond)
    signed = line.amended(operator, new, given) if how == "signs" else NO_CONSENT
    consents = NO_CONSENTS | {"buyer": line.amended(BUYER, new, given), "supplier": signed}
    with reverts("SupplierEscrow_NoConsent", principal=SUPPLIER.address, actor=operator.address):
        line.send("amend", new, given, FOREVER, consents, operator.address, by=operator)
    assert line.free(SUPPLIER) == line.bond
