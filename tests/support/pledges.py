"""Pledges in tests: what is agreed, worked out without the contract, and who has what afterwards.

    loan = loans()                       # the pledger's machine, for an advance of the lender
    loan.pledge(); loan.redeem(by=PAYER)

Times are exact: `loan.due`, `loan.declared`, `loan.foreclosable`. A stranger sends, unless a party has to.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import count
from typing import Any, Final, NamedTuple, Self

from eth_utils.crypto import keccak
from web3.contract import Contract
from web3.contract.contract import ContractFunction

from fabricant.chain.answers import Receipt
from tests.support.actors import ROLES, Actor
from tests.support.chain import BEGINNING, Chain, event
from tests.support.decoding import Event
from tests.support.genealogy import DAY, NOBODY, Works, hash_of
from tests.support.lines import Party, address_of
from tests.support.typed_data import by_hand

PLEDGER, LENDER, PAYER, STRANGER = (Actor(role) for role in ("pledger", "lender", "payer", "stranger"))
MACHINE: Final = "P229810"
ADVANCE, AMOUNT = 900_000_007, 1_000_000_009  # base units
CURE: Final = 14 * DAY
TEN_YEARS: Final = 3_650 * DAY
UNSIGNED: Final = b""

PLEDGE_TERMS: Final = (
    "PledgeTerms(address pledger,address lender,uint256 asset,uint128 quantity,address token,uint128 advance,"
    "uint128 amount,uint40 openBy,uint40 dueBy,uint32 cure,bytes32 documents,uint256 salt)"
)
NONE, PLEDGED, RETURNED, FORECLOSED, REVOKED = range(5)
ENDED: Final = {"redeemed": RETURNED, "released": RETURNED, "foreclosed": FORECLOSED, "revoked": REVOKED}
ENTRY: Final = keccak(text="ReentrancyGuardReentrantCall()")[:4]


class Lien(NamedTuple):
    """What the contract keeps of a pledge."""

    status: int = NONE
    in_custody: bool = False
    noticed_at: int = 0


@dataclass(frozen=True)
class Loan:
    """A debt that an asset secures."""

    chain: Chain
    works: Works
    house: Contract  # the Pledge
    token: Contract
    terms: Mapping[str, Any]
    local_id: str = MACHINE

    @property
    def id(self) -> bytes:
        """The pledge's id, worked out by hand."""
        return by_hand(self.domain, PLEDGE_TERMS, self.terms)

    @property
    def domain(self) -> dict[str, Any]:
        """The contract's domain."""
        chain_id = self.chain.local.chain_id
        named = {"name": "Fabricant Pledge", "version": "1"}
        return named | {"chainId": chain_id, "verifyingContract": self.house.address}

    @property
    def asset(self) -> int:
        """What is pledged."""
        return int(self.terms["asset"])

    @property
    def due(self) -> int:
        """From when default can be declared."""
        return int(self.terms["dueBy"])

    @property
    def declared(self) -> int:
        """When default is declared, usually."""
        return self.due + DAY

    @property
    def foreclosable(self) -> int:
        """From when the asset can be foreclosed after that."""
        return self.declared + int(self.terms["cure"])

    def but(self, **changes: Any) -> Self:
        """The same with other terms."""
        return replace(self, terms={**self.terms, **changes})

    def sign(self, *, signer: Actor) -> bytes:
        """Somebody's signature."""
        return signer.sign(self.id)

    # Calls

    def call(self, function: str, /, *more: Any) -> ContractFunction:
        """A call that brings the terms."""
        called: ContractFunction = self.house.get_function_by_name(function)(dict(self.terms), *more)
        return called

    def send(
        self, function: str, /, *more: Any, by: Party = STRANGER, at: int | None = None, **how: Any
    ) -> Receipt:
        """Sends a call that brings the terms."""
        return self.chain.send(self.call(function, *more), by=address_of(by), at=at, **how)

    def pledge(
        self,
        *,
        by: Party = STRANGER,
        pledger: bytes | None = None,
        lender: bytes | None = None,
        at: int | None = None,
        **how: Any,
    ) -> Receipt:
        """Pledges with both signatures, or these instead."""
        theirs = self.sign(signer=PLEDGER) if pledger is None else pledger
        others = self.sign(signer=LENDER) if lender is None else lender
        return self.send("pledge", theirs, others, by=by, at=at, **how)

    def redeem(self, *, by: Party = PAYER, **how: Any) -> Receipt:
        """The payer redeems."""
        return self.send("redeem", by=by, **how)

    def release(self, *, by: Party = LENDER, **how: Any) -> Receipt:
        """The lender releases."""
        return self.send("release", by=by, **how)

    def declare(self, *, by: Party = LENDER, at: int | None = None) -> Receipt:
        """The lender declares default, usually a day late."""
        return self.send("declareDefault", by=by, at=self.declared if at is None else at)

    def foreclose(self, *, by: Party = LENDER, at: int | None = None) -> Receipt:
        """The lender forecloses, usually as soon as it may."""
        return self.send("foreclose", by=by, at=self.foreclosable if at is None else at)

    def collect(self, *, by: Party = STRANGER) -> Receipt:
        """Somebody has the asset handed over."""
        return self.send("collect", by=by)

    def collect_recalled(self, *, local_id: str | None = None) -> Receipt:
        """Somebody has the asset handed over although it is recalled."""
        hashed = hash_of(local_id or self.local_id)
        return self.send("collectRecalled", self.works.namespace, hashed)

    def given(self, state: str) -> Self:
        """Brings it there: pledged, declared, or an ending."""
        if state == "revoked":
            self.send("revoke", by=PLEDGER)
            return self
        self.pledge()
        if state in ("declared", "foreclosed"):
            self.declare()
        if state == "redeemed":
            self.redeem()
        if state == "released":
            self.release()
        if state == "foreclosed":
            self.foreclose()
        return self

    # What is so

    @property
    def lien(self) -> Lien:
        """What is kept of it."""
        return Lien(*self.chain.ask(self.house.functions.lienOf(self.id)))

    @property
    def entitled(self) -> str:
        """Whose the asset is while it is in custody."""
        return str(self.chain.w3.to_checksum_address(self.chain.ask(self.call("entitledTo"))))

    @property
    def owner(self) -> str:
        """Who has the asset."""
        return self.works.owner_of(self.asset)

    @property
    def use(self) -> tuple[str, int]:
        """The asset's user, and the end of its term."""
        registry = self.works.assets.functions
        return str(registry.userOf(self.asset).call()), int(registry.userExpires(self.asset).call())

    def stands(self, lien: Lien, *, owner: Party, entitled: Party | None = None) -> None:
        """All that is to be known of it: PLG-2."""
        assert self.lien == lien
        assert self.owner == address_of(owner)
        assert self.entitled == (NOBODY if entitled is None else address_of(entitled))
        assert lien.in_custody == (self.owner == self.house.address)

    def owed(self, owner: Party = LENDER) -> int:
        """What somebody may withdraw of the token."""
        found = self.chain.ask(self.house.functions.owedTo(address_of(owner), self.token.address))
        return int(found)

    @contextmanager
    def moves(self, changes: Mapping[Any, int] | None = None, /, *, owed: int = 0) -> Iterator[None]:
        """Nobody's tokens may change in the block but as named; what others lose the contract keeps. PLG-4.

        `owed`: the change of what is owed to the lender.
        """
        named = {address_of(party): change for party, change in (changes or {}).items()}
        named[address_of(self.house)] = -sum(named.values())
        before, owed_before = self._balances(), self.owed()
        yield
        after = self._balances()
        moved = {party: after[party] - before[party] for party in before if after[party] != before[party]}
        assert moved == {party: change for party, change in named.items() if change}
        assert self.owed() - owed_before == owed

    def _balances(self) -> dict[str, int]:
        parties = [*(Actor(role).address for role in ROLES), self.house.address]
        parties += [self.terms["pledger"], self.terms["lender"]]
        return {
            party: int(self.chain.ask(self.token.functions.balanceOf(party)))
            for party in dict.fromkeys(parties)
        }

    # What is said

    def event(self, name: str, /, **arguments: Any) -> Event:
        """An event about this pledge."""
        return event(self.house, name, id=self.id, **arguments)

    @property
    def made(self) -> Event:
        """It was pledged."""
        parties = {side: self.terms[side] for side in ("pledger", "lender")}
        return self.event("PledgeMade", **parties, terms=tuple(self.terms.values()))

    def handed_over(self, to: Party) -> Event:
        """The asset left."""
        return self.event("PledgeHandedOver", to=address_of(to), asset=self.asset)

    def owed_changed(self, owed_after: int) -> Event:
        """The lender is owed more, or nothing."""
        told = {"owner": self.terms["lender"], "token": self.token.address, "owedAfter": owed_after}
        return event(self.house, "OwedChanged", **told)

    def said(self, receipt: Receipt) -> list[Event]:
        """What the contract said."""
        return self.chain.events(receipt, self.house)


class Loans:
    """Makes loans, each on an asset of its own."""

    def __init__(self, works: Works, house: Contract, token: Contract) -> None:
        self._works, self._house, self._token = works, house, token
        self._serials = count(1)

    def __call__(self, *, token: Contract | None = None, lot: int = 0, **changes: Any) -> Loan:
        """A loan that nobody pledged yet. `lot`: of so many kilograms; else of a machine."""
        serial = next(self._serials)
        local_id = f"{MACHINE}-{serial}"
        registered = self._works.lot(local_id, lot) if lot else self._works.part(local_id)
        (asset,) = self._works.register(registered)
        money = token or self._token
        usual: dict[str, Any] = {
            "pledger": PLEDGER.address,
            "lender": LENDER.address,
            "asset": asset,
            "quantity": lot or 1,
            "token": money.address,
            "advance": ADVANCE,
            "amount": AMOUNT,
            "openBy": BEGINNING + 7 * DAY,
            "dueBy": BEGINNING + 90 * DAY,
            "cure": CURE,
            "documents": hash_of("the loan agreement"),
            "salt": serial,
        }
        terms = usual | {name: _plain(value) for name, value in changes.items()}
        return Loan(self._works.chain, self._works, self._house, money, terms, local_id)


def _plain(value: Any) -> Any:
    return value.address if isinstance(value, Actor | Contract) else value


def guarded(loan: Loan) -> list[ContractFunction]:
    """Every guarded call, as somebody would send it who comes back."""
    withdrawal: ContractFunction = loan.house.functions.withdraw(LENDER.address, loan.token.address)
    return [
        loan.call("pledge", UNSIGNED, UNSIGNED),
        *(loan.call(function) for function in ("redeem", "release", "foreclose", "collect")),
        loan.call("collectRecalled", bytes(32), bytes(32)),
        withdrawal,
    ]
