"""Order lines in tests: opened, delivered, rejected and so on at the usual times, and everybody's money.

A `Deal` is one line with its terms, conditions and id, worked out without the contract; `given` brings it
into a status, and the usual times of its life are its properties. `Books` compares balances before and after
an action to the last base unit, and closes every test with ESC-1: what the escrow has is what it owes.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from itertools import count
from typing import Any, NamedTuple, Self

from eth_abi.abi import encode
from eth_utils.crypto import keccak
from web3.contract import Contract
from web3.contract.contract import ContractFunction

from fabricant.chain.answers import Receipt
from fabricant.domain.merkle import Leaf, MerkleTree
from fabricant.domain.units import Address, parse_address
from tests.support.actors import ROLES, Actor
from tests.support.chain import BEGINNING, TRANSACTION_GAS, Chain, event
from tests.support.deals import (
    DAY,
    ENDINGS,
    FIELDS,
    HOUR,
    NATIVE,
    NO_CONSENT,
    NO_CONSENTS,
    STATUSES,
    USUAL,
    ZERO,
    conditions,
    conditions_id,
    delivery,
    terms,
)
from tests.support.decoding import Event, Said
from tests.support.reverts import reverts

Party = Actor | Contract | Address
Balances = tuple[dict[Address, int], dict[Address, int]]  # of accounts, and free ones
Goods = Callable[..., list[int]]  # fixtures
Lend = Callable[..., None]

BUYER, SUPPLIER = Actor("buyer"), Actor("supplier")
PLENTY = 2**130

OPENING = BEGINNING + HOUR
OPEN_BY = BEGINNING + 2 * DAY
DUE_BY = BEGINNING + 30 * DAY
REASON = keccak(text="nonconformance report 12")
FINDINGS, FINDINGS_URI = keccak(text="measurements of part 7"), "ipfs://measurements"
NOTHING = {"toSupplier": 0, "bondToBuyer": 0, "goodsToBuyer": False}  # for the supplier: an outcome
FOREVER = 2**40 - 1
LATER = {"openBy": FOREVER, "dueBy": FOREVER}  # of a line in place of another
LIVE = ("Open", "Delivered", "Rejected", "Retained", "Disputed")

TERMS_TYPE = (
    "Terms(address buyer,address supplier,address inspector,address arbiter,address broker,address token,"
    "uint128 amount,uint40 openBy,uint40 dueBy,uint16 assets,bytes32 deliverables,bytes32 documents,"
    "bytes32 orderRef,address opener,bytes32 subject,bytes32 conditions,uint256 salt)"
)
TERMS_TYPES = [member.split(" ")[0] for member in TERMS_TYPE.removesuffix(")").split("(")[1].split(",")]
OUTCOME_TYPE = "Outcome(uint128 toSupplier,uint128 bondToBuyer,bool goodsToBuyer)"
SETTLEMENT_TYPE = f"Settlement(bytes32 id,Outcome outcome,uint40 deadline){OUTCOME_TYPE}"
AMENDMENT_TYPE = f"Amendment(bytes32 oldId,bytes32 newId,Outcome outcome,uint40 deadline){OUTCOME_TYPE}"
ASSIGNMENT_TYPE = "Assignment(bytes32 id,address payee,uint40 deadline)"
NO_PERMIT = (0, 0, 0, bytes(32), bytes(32))
DOMAIN_TYPE = "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"


def down(amount: int, bps: int) -> int:
    """A share of an amount, rounded down."""
    return amount * bps // 10_000


def up(amount: int, bps: int) -> int:
    """A share of an amount, rounded up."""
    return -(-amount * bps // 10_000)


def address_of(party: Party) -> Address:
    """The address of somebody."""
    return parse_address(party if isinstance(party, str) else party.address)


LINES_SLOT = 2  # where the escrow's mapping of lines begins; a test compares it with the artifact


def list_hash(assets: Sequence[int]) -> bytes:
    """How custody remembers a list of assets: 192 bits of its hash."""
    return keccak(encode(["uint256[]"], [assets]))[:24]


class Line(NamedTuple):
    """What the escrow keeps of a line."""

    status: str
    flags: int
    rejections: int
    since: int
    late_intervals: int
    extra: int
    held: int


def digest(escrow: Contract, chain_id: int, struct_hash: bytes) -> bytes:
    """What is signed for a struct at this escrow (EIP-712), worked out here."""
    domain = encode(
        ["bytes32", "bytes32", "bytes32", "uint256", "address"],
        [
            *map(keccak, (DOMAIN_TYPE.encode(), b"Fabricant SupplierEscrow", b"1")),
            *(chain_id, escrow.address),
        ],
    )
    return keccak(b"\x19\x01" + keccak(domain) + struct_hash)


def terms_hash(words: bytes) -> bytes:
    """The struct hash of terms, given as the 17 words that encode them."""
    return keccak(keccak(text=TERMS_TYPE) + words)


def outcome_hash(decided: Mapping[str, Any]) -> bytes:
    """The struct hash of an outcome."""
    return keccak(keccak(text=OUTCOME_TYPE) + encode(["uint128", "uint128", "bool"], list(decided.values())))


def _consent(signer: Actor, signed: bytes, address: Party | None) -> dict[str, Any]:
    return {"signer": address_of(address or signer), "proof": [], "signature": signer.sign(signed)}


def words_of(terms: Mapping[str, Any]) -> bytes:
    """Terms as 17 words."""
    return encode(TERMS_TYPES, list(terms.values()))


@dataclass
class Deal:
    """One order line between a buyer and a supplier. `agreed`: its conditions by name."""

    chain: Chain
    escrow: Contract
    agreed: Mapping[str, int]
    terms: dict[str, Any]
    buyer: Party
    supplier: Party
    goods: list[int] = field(default_factory=list)  # what is delivered, if anything
    signer: Actor = SUPPLIER  # signs for the supplier

    @property
    def id(self) -> bytes:
        """The line's id."""
        return digest(self.escrow, self.chain.local.chain_id, terms_hash(words_of(self.terms)))

    @property
    def amount(self) -> int:
        """The price."""
        return int(self.terms["amount"])

    @property
    def bond(self) -> int:
        """The supplier's security deposit."""
        return up(self.amount, self.agreed["bondBps"])

    @property
    def arbiter_fee(self) -> int:
        """What a disputant deposits for the arbiter."""
        return down(self.amount, self.agreed["arbiterFeeBps"])

    @property
    def advance(self) -> int:
        """What is paid at opening."""
        return down(self.amount, self.agreed["advanceBps"])

    # The usual times of a line's life, and the ends of its clocks then.

    @property
    def due(self) -> int:
        return int(self.terms["dueBy"])

    @property
    def cancellable_before(self) -> int:
        return self.due - self.agreed["cancelNotice"]

    @property
    def deliverable_from(self) -> int:
        return self.due - self.agreed["deliveryWindow"]

    @property
    def handover(self) -> int:
        return self.due - DAY

    @property
    def arrival(self) -> int:
        return self.handover + self.agreed["transit"]

    @property
    def on_its_way(self) -> int:
        """The seconds that a delivery adds to the due date, in case it is rejected."""
        return self.agreed["transit"]

    @property
    def inspected(self) -> int:
        """When a delivery is accepted or rejected, unless a test says otherwise."""
        return self.arrival + DAY

    @property
    def inspection_end(self) -> int:
        return self.arrival + self.agreed["inspection"]

    @property
    def long_stop(self) -> int:
        return self.due + self.agreed["longStop"]

    @property
    def cure_end(self) -> int:
        return self.inspected + self.agreed["cure"]

    @property
    def retention_end(self) -> int:
        return self.inspected + self.agreed["retention"]

    @property
    def disputed(self) -> int:
        """When a delivery, a rejection or a retention is disputed, unless a test says otherwise."""
        return self.inspected + DAY

    @property
    def arbitration_end(self) -> int:
        return self.disputed + self.agreed["arbitration"]

    # Looking

    @property
    def line(self) -> Line:
        """What the escrow keeps of it now."""
        status, *rest = self.chain.ask(self.escrow.functions.lineOf(self.id))
        return Line(STATUSES[status], *rest)

    @property
    def custody(self) -> tuple[bytes, int]:
        """The list's hash and the bits of what is owed."""
        found: tuple[bytes, int] = self.chain.ask(self.escrow.functions.custodyOf(self.id))
        return found

    def force(self, line: Line) -> None:
        """Puts a state into the line's slot, behind the escrow's back."""
        status, flags, rejections, since, late, extra, held = line
        word = STATUSES.index(status) | flags << 8 | rejections << 16 | since << 24
        word |= late << 64 | extra << 80 | held << 120
        slot = keccak(self.id + LINES_SLOT.to_bytes(32, "big")).hex()
        self.chain.local.rpc.call("anvil_setStorageAt", self.escrow.address, f"0x{slot}", f"0x{word:064x}")

    def free(self, whom: Party) -> int:
        """Somebody's free balance in the line's token."""
        call = self.escrow.functions.freeBalanceOf(address_of(whom), self.terms["token"])
        found: int = self.chain.ask(call)
        return found

    def event(self, name: str, /, **arguments: Any) -> Event:
        """An event of this line, to compare with."""
        return event(self.escrow, name, id=self.id, **arguments)

    def freed(self, owner: Party, balance_after: int) -> Event:
        """The event of a free balance in the line's token."""
        return event(
            self.escrow,
            "FreeBalanceChanged",
            owner=address_of(owner),
            token=self.terms["token"],
            balanceAfter=balance_after,
        )

    def concluded(
        self,
        ending: str,
        /,
        *,
        by: Party,
        to_supplier: int = 0,
        to_buyer: int = 0,
        retained: int = 0,
        bond_to_buyer: int = 0,
        goods_to_buyer: bool = False,
    ) -> Event:
        """The event of the line's ending."""
        return self.event(
            "LineConcluded",
            ending=ENDINGS.index(ending),
            by=address_of(by),
            toSupplierSide=to_supplier,
            toBuyer=to_buyer,
            retained=retained,
            bondToBuyer=bond_to_buyer,
            goodsToBuyer=goods_to_buyer,
        )

    def submitted(self, by: Party) -> list[Event]:
        """The events of evidence, as `dispute` and the tests of `evidence` submit it."""
        told = event(
            self.escrow,
            "Evidence",
            arbitrator=self.terms["arbiter"],
            evidenceGroupID=int.from_bytes(self.id, "big"),
            party=address_of(by),
            evidence=FINDINGS_URI,
        )
        return [self.event("EvidenceSubmitted", by=address_of(by), hash=FINDINGS), told]

    def events(self, receipt: Receipt) -> list[Event]:
        """What the escrow said in a transaction."""
        return self.chain.events(receipt, self.escrow)

    def refuses(self, error: str, /, **arguments: Any) -> AbstractContextManager[None]:
        """The block must revert with this error about this line."""
        return reverts(error, id=self.id, **arguments)

    def refuses_status(self, status: str) -> AbstractContextManager[None]:
        """The block must revert because of the line's status."""
        return self.refuses("SupplierEscrow_WrongStatus", status=STATUSES.index(status))

    # Acting

    def call(self, function: str, /, *arguments: Any) -> ContractFunction:
        """A call about this line."""
        call: ContractFunction = self.escrow.get_function_by_name(function)(self.terms, *arguments)
        return call

    def calls(self) -> dict[str, ContractFunction]:
        """Every call that changes a line, as it would be made about this one, by function."""
        consents = (NO_CONSENT, self.signed(SUPPLIER), address_of(self.buyer))
        many, successor, payee = self.escrow.functions, self.successor(**LATER), Actor("payee")
        amended = NO_CONSENTS | {"supplier": self.amended(self.signer, successor)}
        return {
            "open": self.call("open", *consents),
            "openWithPermit": self.call("openWithPermit", *consents, NO_PERMIT),
            "amend": self.call("amend", successor, NOTHING, FOREVER, amended, address_of(self.buyer)),
            "assign": self.call("assign", payee.address, FOREVER, self.assigned(payee)),
            "openMany": many.openMany([self.terms], *consents),
            "revoke": self.call("revoke"),
            "deliver": self.call("deliver", delivery(self.goods)),
            "confirmReceipt": self.call("confirmReceipt"),
            "accept": self.call("accept", []),
            "acceptMany": many.acceptMany([self.terms], [[]]),
            "deemAccept": self.call("deemAccept", []),
            "reject": self.call("reject", REASON),
            "pay": self.call("pay", 0),
            "refund": self.call("refund", 0),
            "extend": self.call("extend", 366 * DAY),
            "cancel": self.call("cancel"),
            "resign": self.call("resign"),
            "terminate": self.call("terminate"),
            "deemAcceptMany": many.deemAcceptMany([self.terms], [[]]),
            "dispute": self.call("dispute", FINDINGS, FINDINGS_URI),
            "evidence": self.call("evidence", FINDINGS, FINDINGS_URI),
            "rule": self.call("rule", NOTHING),
            "applyDefault": self.call("applyDefault"),
            "settle": self.call(
                "settle", NOTHING, FOREVER, NO_CONSENTS | {"supplier": self.settled(self.signer)}
            ),
            "payRetention": self.call("payRetention"),
            "collect": self.call("collect", self.goods),
        }

    def send(
        self,
        function: str,
        /,
        *arguments: Any,
        by: Party,
        at: int | None = None,
        value: int = 0,
        gas: int = TRANSACTION_GAS,
    ) -> Receipt:
        """Makes a call about this line."""
        call = self.call(function, *arguments)
        return self.chain.send(call, by=address_of(by), at=at, value=value, gas=gas)

    def signed(self, signer: Actor, *, address: Party | None = None) -> dict[str, Any]:
        """Somebody's consent by signature; `address` if the signer is a contract with this key."""
        return _consent(signer, self.id, address)

    def settlement(self, decided: Mapping[str, Any] = NOTHING, *, deadline: int = FOREVER) -> bytes:
        """What is signed to settle the line: by default all to the buyer, at any time."""
        words = encode(["bytes32", "bytes32", "uint40"], [self.id, outcome_hash(decided), deadline])
        return self._digest(SETTLEMENT_TYPE, words)

    def settled(
        self,
        signer: Actor,
        decided: Mapping[str, Any] = NOTHING,
        *,
        deadline: int = FOREVER,
        address: Party | None = None,
    ) -> dict[str, Any]:
        """Somebody's consent by signature to a settlement; `address` as in `signed`."""
        return _consent(signer, self.settlement(decided, deadline=deadline), address)

    def successor(self, **changes: Any) -> dict[str, Any]:
        """The terms of a line in place of this one: by default the same but for the salt."""
        return self.terms | {"salt": self.terms["salt"] + 1} | changes

    def amendment(
        self, successor: Mapping[str, Any], decided: Mapping[str, Any] = NOTHING, *, deadline: int = FOREVER
    ) -> bytes:
        """What is signed to replace the line: by default all that is held goes into the new one."""
        chain_id = self.chain.local.chain_id
        new_id = digest(self.escrow, chain_id, terms_hash(words_of(successor)))
        values = [self.id, new_id, outcome_hash(decided), deadline]
        return self._digest(AMENDMENT_TYPE, encode(["bytes32", "bytes32", "bytes32", "uint40"], values))

    def amended(
        self,
        signer: Actor,
        successor: Mapping[str, Any],
        decided: Mapping[str, Any] = NOTHING,
        *,
        deadline: int = FOREVER,
        address: Party | None = None,
    ) -> dict[str, Any]:
        """Somebody's consent by signature to an amendment; `address` as in `signed`."""
        return _consent(signer, self.amendment(successor, decided, deadline=deadline), address)

    def assignment(self, payee: Party, *, deadline: int = FOREVER) -> bytes:
        """What a payee signs to become one."""
        words = encode(["bytes32", "address", "uint40"], [self.id, address_of(payee), deadline])
        return self._digest(ASSIGNMENT_TYPE, words)

    def assigned(
        self, payee: Actor, *, deadline: int = FOREVER, address: Party | None = None
    ) -> dict[str, Any]:
        """A payee's consent by signature; `address` if it is a contract with this key."""
        return _consent(payee, self.assignment(address or payee, deadline=deadline), address)

    def _digest(self, type_: str, words: bytes) -> bytes:
        struct_hash = keccak(keccak(text=type_) + words)
        return digest(self.escrow, self.chain.local.chain_id, struct_hash)

    def attempt(self, function: str, /, *arguments: Any, by: Party) -> Said | None:
        """What a call about this line would revert with now; None if it would succeed."""
        return self.chain.attempt(self.call(function, *arguments), by=address_of(by))

    def secure(self) -> None:
        """The supplier deposits exactly the bond."""
        self.deposit(self.supplier, self.bond)

    def deposit(self, owner: Party, amount: int) -> None:
        """Somebody adds to its free balance in the line's token."""
        if amount:
            token = self.terms["token"]
            call = self.escrow.functions.deposit(address_of(owner), token, amount)
            self.chain.send(call, by=address_of(owner), value=amount if token == NATIVE else 0)

    def open(
        self,
        *,
        by: Party | None = None,
        payer: Party | None = None,
        buyer: Mapping[str, Any] = NO_CONSENT,
        supplier: Mapping[str, Any] | None = None,
        at: int | None = OPENING,
        value: int | None = None,
        gas: int = TRANSACTION_GAS,
    ) -> Receipt:
        """Opens the line: the buyer calls and pays, the supplier signed, unless the test says otherwise."""
        if supplier is None:
            supplier = self.signed(self.signer)
        if value is None:
            value = self.amount if self.terms["token"] == NATIVE else 0
        sender = by or self.buyer
        paying = address_of(payer or self.buyer)
        return self.send("open", buyer, supplier, paying, by=sender, at=at, value=value, gas=gas)

    def deliver(
        self, *, by: Party | None = None, at: int | None = None, assets: Sequence[int] | None = None
    ) -> Receipt:
        """The supplier hands over, in time."""
        listed = delivery(self.goods if assets is None else assets)
        return self.send("deliver", listed, by=by or self.supplier, at=at or self.handover)

    def accept(
        self,
        *,
        by: Party | None = None,
        at: int | None = None,
        assets: Sequence[int] | None = None,
        gas: int = TRANSACTION_GAS,
    ) -> Receipt:
        """The buyer accepts the goods, after a day."""
        listed = list(self.goods if assets is None else assets)
        return self.send("accept", listed, by=by or self.buyer, at=at or self.inspected, gas=gas)

    def reject(self, *, by: Party | None = None, at: int | None = None) -> Receipt:
        """The buyer, or the inspector if there is one, rejects after a day."""
        inspector = self.terms["inspector"]
        judge = self.buyer if inspector == ZERO else inspector
        return self.send("reject", REASON, by=by or judge, at=at or self.inspected)

    def disputant(self, status: str) -> Party:
        """Who may dispute a line in this status."""
        return self.supplier if status == "Rejected" else self.buyer

    def dispute(self, *, by: Party | None = None, at: int | None = None) -> Receipt:
        """The buyer, or somebody else, disputes."""
        return self.send("dispute", FINDINGS, FINDINGS_URI, by=by or self.buyer, at=at or self.disputed)

    def given(self, status: str, *, goods_left: bool = False, after: str = "Delivered") -> Self:
        """Brings a new line into a status at the usual times.

        `goods_left`: by silence, without its goods. `after`: the status in which its dispute begins.
        """
        if status == "Disputed":
            self.given(after)
            self.deposit(self.disputant(after), self.arbiter_fee)
            self.dispute(by=self.disputant(after))
        elif status == "Revoked":
            self.send("revoke", by=self.buyer)
        elif status != "None":
            self.secure()
            self.open()
            if status != "Open":
                self.deliver()
            if status == "Rejected":
                self.reject()
            if status in ("Retained", "Closed"):
                if goods_left:
                    self.send("deemAccept", [], by=self.buyer, at=self.inspection_end)
                else:
                    self.accept()
        found = self.line.status
        assert found == status, f"the line is {found}, not {status}: its conditions do not lead there"
        return self


def in_leaf_order(deals: Sequence[Deal]) -> list[Deal]:
    """Lines in the order of their leaves in a schedule's tree."""
    return sorted(deals, key=lambda deal: _leaf(deal.id))


def schedule_proof(deals: Sequence[Deal], batch: Sequence[Deal]) -> tuple[bytes, tuple[bytes, ...]]:
    """The root of a schedule, and the proof to it from the root of a batch: 2**n of its lines, or all."""
    tree = MerkleTree([_leaf(deal.id) for deal in deals])
    levels = len(deals) if len(batch) == len(deals) else len(batch).bit_length() - 1
    return tree.root, tree.prove(list(deals).index(batch[0]))[levels:]


def climb(deal: Deal, proof: Sequence[bytes]) -> bytes:
    """The root to which a proof leads from a line."""
    node: bytes = _leaf(deal.id)
    for sibling in proof:
        node = keccak(b"".join(sorted((node, sibling))))
    return node


def schedule_digest(deal: Deal, root: bytes) -> bytes:
    """What is signed for a whole schedule."""
    struct_hash = keccak(keccak(text="Schedule(bytes32 root)") + root)
    return digest(deal.escrow, deal.chain.local.chain_id, struct_hash)


def consent_to(deals: Sequence[Deal], signer: Actor, batch: Sequence[Deal]) -> dict[str, Any]:
    """A consent to a batch by one signature over a whole schedule."""
    root, proof = schedule_proof(deals, batch)
    signature = signer.sign(schedule_digest(deals[0], root))
    return {"signer": signer.address, "proof": list(proof), "signature": signature}


def _leaf(line_id: bytes) -> Leaf:
    return Leaf(keccak(keccak(line_id)))


class Books:
    """Everybody's money in the tokens of a test's lines."""

    def __init__(self, chain: Chain, reader: Contract) -> None:
        self._chain, self._reader = chain, reader
        self._deals: list[Deal] = []
        self._parties = [Actor(role).address for role in ROLES]
        self.donations: dict[str, int] = {}  # by token: what nobody is owed

    def watch(self, *parties: Party) -> None:
        """Watches somebody who is no actor."""
        self._parties += map(address_of, parties)

    def add(self, deal: Deal) -> None:
        """Watches a line."""
        self._deals.append(deal)

    @contextmanager
    def moves(
        self,
        changes: Mapping[Any, int] | None = None,
        /,
        *,
        free: Mapping[Any, int] | None = None,
        token: str | None = None,
    ) -> Iterator[None]:
        """Nobody's balance may change in the block but as named; what others lose is the escrow's gain.

        `free`: changes of free balances. By default in the token of the first line.
        """
        expected = {address_of(party): change for party, change in (changes or {}).items() if change}
        if kept := -sum(expected.values()):
            expected[self._escrow] = kept
        credited = {address_of(party): change for party, change in (free or {}).items() if change}
        before = self._read(token)
        yield
        assert _changes(before, self._read(token)) == (expected, credited), "balances, free balances"

    def changes(self, action: Callable[[], Any]) -> Balances:
        """What an action changes in the token of the first line: the parties' balances, and free balances."""
        before = self._read()
        action()
        balances, free = _changes(before, self._read())
        balances.pop(self._escrow, None)
        return balances, free

    def close(self) -> None:
        """ESC-1: each escrow has what it owes, in every token."""
        for escrow, token in {(deal.escrow, deal.terms["token"]) for deal in self._deals}:
            deals = [deal for deal in self._deals if (deal.escrow, deal.terms["token"]) == (escrow, token)]
            ids = [deal.id for deal in deals]
            lines = self._chain.ask(self._reader.functions.lines(escrow.address, ids))
            balances, free = self._read(token, escrow)
            held = sum(Line(*line).held for line in lines)
            locked = sum(beside(deal, STATUSES[line[0]]) for deal, line in zip(deals, lines, strict=True))
            owed = held + locked + sum(free.values()) + self.donations.get(token, 0)
            assert balances[address_of(escrow)] == owed, f"ESC-1 is broken in {token}"

    @property
    def _escrow(self) -> Address:
        return address_of(self._deals[0].escrow)

    def _read(self, token: str | None = None, escrow: Contract | None = None) -> Balances:
        where, money = escrow or self._deals[0].escrow, token or self._deals[0].terms["token"]
        ask, views, parties = self._chain.ask, self._reader.functions, self._parties
        everybody = [*parties, address_of(where)]
        balances = ask(views.balances(money, everybody))
        free = ask(views.freeBalances(where.address, money, parties))
        return dict(zip(everybody, balances, strict=True)), dict(zip(parties, free, strict=True))


def _changes(before: Balances, after: Balances) -> Balances:
    changed = (
        {whom: now[whom] - had for whom, had in then.items() if now[whom] != had}
        for then, now in zip(before, after, strict=True)
    )
    return next(changed), next(changed)


def beside(deal: Deal, status: str) -> int:
    """What the escrow keeps of a line beside what it holds: the bond, and in a dispute the arbiter's fee."""
    return (deal.bond if status in LIVE else 0) + (deal.arbiter_fee if status == "Disputed" else 0)


def stock(chain: Chain, token: Contract, escrow: Contract, *parties: Party) -> None:
    """Gives everybody plenty of a token and lets the escrow take it."""
    for party in map(address_of, parties):
        chain.send(token.functions.mint(party, PLENTY), by=party)
        chain.send(token.functions.approve(escrow.address, 2**256 - 1), by=party)


class Deals:
    """Makes deals, and publishes their conditions."""

    def __init__(self, chain: Chain, escrow: Contract, token: Contract, books: Books) -> None:
        self._chain, self._escrow, self._token, self._books = chain, escrow, token, books
        self._published: set[tuple[Address, bytes]] = set()
        self._salts = count(1)

    def __call__(
        self,
        *,
        escrow: Contract | None = None,
        token: Contract | str | None = None,
        buyer: Party = BUYER,
        supplier: Party = SUPPLIER,
        signer: Actor | None = None,
        goods: Sequence[int] = (),
        **changes: Any,
    ) -> Deal:
        """A line that is not open yet. `changes`: of terms and conditions.

        `goods`: ids that it delivers. `signer`: signs for the supplier, if that is a contract.
        """
        where = escrow or self._escrow
        agreed = {name: changes.pop(name) for name in tuple(changes) if name in FIELDS}
        fields = {name: _plain(value) for name, value in changes.items()}
        usual: dict[str, Any] = {
            "openBy": OPEN_BY,
            "dueBy": DUE_BY,
            "assets": len(goods),
            "salt": next(self._salts),
        }
        deal = Deal(
            chain=self._chain,
            escrow=where,
            agreed=USUAL | agreed,
            terms=terms(
                buyer=address_of(buyer),
                supplier=address_of(supplier),
                token=_plain(token or self._token),
                conditions=fields.pop("conditions", None) or self.publish(where, **agreed),
                **usual | fields,
            ),
            buyer=buyer,
            supplier=supplier,
            goods=list(goods),
            signer=signer or (supplier if isinstance(supplier, Actor) else SUPPLIER),
        )
        self._books.add(deal)
        return deal

    def publish(self, escrow: Contract, **agreed: int) -> bytes:
        """Publishes conditions once in a test. Returns their id."""
        published = conditions(**agreed)
        identifier = conditions_id(published)
        if (address_of(escrow), identifier) not in self._published:
            self._published.add((address_of(escrow), identifier))
            call = escrow.functions.publishConditions(published, "ipfs://conditions")
            self._chain.send(call, by=Actor("stranger"))
        return identifier


def _plain(value: Any) -> Any:
    return value.address if isinstance(value, Actor | Contract) else value
