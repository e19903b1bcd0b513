"""All contracts of a deployment under one object, and the tokens beside them."""

from pathlib import Path

import pytest
from eth_abi.abi import encode

from fabricant.chain import deployment
from fabricant.chain.capacity import HoursBooked
from fabricant.chain.escrow import FreeBalanceChanged, LineOpened
from fabricant.chain.fabricant import Fabricant
from fabricant.chain.tokens import Approval, Erc20, Transfer, balance
from fabricant.domain.units import ZERO_ADDRESS, Address, BaseUnits, Token
from fabricant.errors import BadAnswer, NotFound, WalletError, WrongChain
from tests.support.world import USUAL, World, wallet

BUYER, STRANGER = wallet("buyer"), wallet("stranger")
NOWHERE = Address("0x" + "9" * 40)


def test_a_deployment_is_found_by_its_record(world: World, tmp_path: Path) -> None:
    deployment.write(tmp_path, world.fabricant.deployment)

    fabricant = Fabricant.on(world.chain, wallet=BUYER, folder=tmp_path)

    assert fabricant.account == BUYER.address
    assert fabricant.escrow.address == world.fabricant.deployment.escrow
    assert repr(fabricant) == f"<Fabricant on chain 31337 for {BUYER.address}>"
    with pytest.raises(NotFound, match="run `fabricant deploy`"):
        Fabricant.on(world.chain, folder=tmp_path / "elsewhere")


def test_a_deployment_of_another_chain_is_refused(world: World) -> None:
    elsewhere = world.fabricant.deployment.model_copy(update={"chain_id": 1})

    with pytest.raises(WrongChain, match="this deployment is on chain 1"):
        Fabricant(world.chain, elsewhere)


def test_acting_for_somebody_else_leaves_the_first_as_it_is(world: World) -> None:
    buyer = world.fabricant.acting(BUYER)

    assert buyer.acting(STRANGER).escrow.account == STRANGER.address
    assert (buyer.escrow.account, world.fabricant.escrow.account) == (BUYER.address, None)
    with pytest.raises(WalletError):
        world.fabricant.directory.set_profile()


def test_a_transaction_is_told_by_every_contract_in_it(world: World) -> None:
    buyer = world.as_("buyer")
    signed = world.as_("supplier").capacity.sign_offer(world.offer(), USUAL, by=wallet("supplier"))

    done = buyer.capacity.book(signed.offer, signed.consent, world.order())

    events = buyer.events(done.receipt)
    assert [type(each) for each in events] == [LineOpened, FreeBalanceChanged, HoursBooked]
    assert len(done.receipt.logs) == 4  # and the token's


def test_a_token_is_approved_and_paid(world: World) -> None:
    token = world.as_("buyer").token(world.token)

    assert token.info == Token(world.token, "TUSD", 6)
    approved = token.approve(STRANGER.address, BaseUnits(5)).event
    assert approved == Approval(owner=BUYER.address, spender=STRANGER.address, value=BaseUnits(5))
    assert token.allowance(BUYER.address, STRANGER.address) == 5
    before = token.balance_of(STRANGER.address)
    paid = token.transfer(STRANGER.address, BaseUnits(7)).event
    assert paid == Transfer(from_=BUYER.address, to=STRANGER.address, value=BaseUnits(7))
    assert balance(world.chain, STRANGER.address, world.token) == before + 7
    assert balance(world.chain, STRANGER.address, ZERO_ADDRESS) == world.chain.balance(STRANGER.address)
    with pytest.raises(NotFound, match="there is no ERC-20 token at"):
        world.fabricant.token(NOWHERE)


def _answering(text: bytes) -> bytes:
    """Code that answers every question with these bytes."""
    return bytes.fromhex(f"61{len(text):04x}80600c6000396000f3") + text


def test_f018_a_token_without_a_readable_name_has_none(world: World) -> None:
    world.chain.set_code(NOWHERE, _answering(encode(["uint256"], [6])))  # also for its symbol
    assert Erc20(world.chain, NOWHERE).info == Token(NOWHERE, "tokens", 6)

    world.chain.set_code(NOWHERE, _answering(b"MKR".ljust(32, b"\0")))  # also for its decimals
    with pytest.raises(BadAnswer):
        _ = Erc20(world.chain, NOWHERE).info


def test_clients_of_nothing(world: World) -> None:
    contracts = dict(world.fabricant.deployment.contracts)
    gone = contracts["SupplierEscrow"].model_copy(update={"address": NOWHERE})
    moved = world.fabricant.deployment.including("SupplierEscrow", gone)

    with pytest.raises(NotFound, match="there is no SupplierEscrow at"):
        _ = Fabricant(world.chain, moved).escrow
