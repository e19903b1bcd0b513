"""Every call that takes a signature, and what nobody can do with it: alter, transplant or repeat it.

An `Act` is a call that passes because of one signature; all tests run over all acts, and what is altered is
the calldata itself, byte by byte. Who may sign, and in which form, are the unit tests' business.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
from copy import deepcopy
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Final

import pytest
from web3.contract import Contract
from web3.contract.contract import ContractFunction

from fabricant.artifacts import load
from fabricant.chain.network import Call
from tests.support.actors import Actor
from tests.support.amendments import amend, change_order
from tests.support.assets import BINDING
from tests.support.assignments import assign
from tests.support.capacity import OFFER, SHIFT, Capacity
from tests.support.cells import look
from tests.support.chain import BEGINNING, Chain, call_data
from tests.support.deals import DAY, NO_CONSENTS, STATUSES
from tests.support.decoding import VOCABULARY, Said
from tests.support.disputes import outcome
from tests.support.lines import (
    AMENDMENT_TYPE,
    ASSIGNMENT_TYPE,
    BUYER,
    FOREVER,
    NO_PERMIT,
    OPENING,
    SETTLEMENT_TYPE,
    SUPPLIER,
    TERMS_TYPE,
    Books,
    Deal,
    Deals,
    Goods,
    address_of,
    in_leaf_order,
    schedule_proof,
)
from tests.support.quotations import QUOTATION, change, quote
from tests.support.typed_data import GRANT, SCHEDULE, by_hand, domain_of, members
from tests.support.wallets import RIGHT, WRONG

PAYER, PAYEE, STRANGER, OPERATOR, DEVICE = map(Actor, ("payer", "payee", "stranger", "operator", "device"))
SIDES: Final = {"buyer": BUYER, "supplier": SUPPLIER, "payee": PAYEE}
LATER: Final = BEGINNING + 365 * DAY
AGREED: Final = outcome(300_000_000, 0, goods_to_buyer=False)
Path = tuple[int | str, ...]  # of a word among the arguments
WIDE: Final = {"FieldTooWide", "no reason"}  # of bytes above a field's type
TERMS_FIELDS: Final = [name for _, name in members(TERMS_TYPE)["Terms"]]
# What is refused before anybody looks at the signature, by field.
UNSOUND: Final[dict[str, dict[str, set[str]]]] = {
    "opening": {
        "buyer": {"NoConsent", "MixedBatch"},
        "supplier": {"NoConsent", "MixedBatch"},
        "broker": {"MixedBatch"},
        "token": {"MixedBatch"},
        "openBy": {"TooLate", "DueBeforeOpening"},
        "dueBy": {"DueBeforeOpening"},
        "assets": {"TooManyAssets", "DeliverablesWithoutAssets"},
        "opener": {"NotOpener"},
        "conditions": {"UnknownConditions"},
    },
    "agreed": {name: {"WrongStatus"} for name in TERMS_FIELDS}
    | {"deadline": {"TooLate"}, "payee": {"NoConsent"}},
    "offer": {
        "supplier": {"NoConsent"},
        "hourly": {"PriceRises"},
        "lastMinuteHourly": {"PriceRises"},
        "validUntil": {"OfferExpired"},
        "epoch": {"WrongEpoch"},
    },
    "quotation": {
        "buyer": {"NotBuyer"},
        "supplier": {"NoConsent"},
        "validUntil": {"OfferExpired"},
        "epoch": {"WrongEpoch"},
    },
    "rescheduled": {name: {"WrongStatus"} for name in TERMS_FIELDS}
    | {
        "buyer": {"WrongStatus", "CapacityMarket_NotBuyer"},
        "opener": {"CapacityMarket_NotThisBooking"},
        "subject": {"CapacityMarket_NotThisBooking"},
        "deadline": {"TooLate"},
    },
    "grant": {"version": {"StaleVersion"}, "deadline": {"Expired"}},
    "binding": {"id": {"UnknownAsset"}, "deadline": {"Expired"}},
}


@dataclass(frozen=True)
class Act:
    """A call that passes by one signature over a message.

    `place`: where the signature is among the arguments; `covers`: what of them it is over; `told`: what a
    refusal says beside the digest; `again`: what is said of the same call afterwards; `line`: whose it is;
    `signed_for`: the contract that asks for it, if not the one that is called.
    """

    chain: Chain
    contract: Contract
    function: str
    arguments: tuple[Any, ...]
    by: Actor
    signer: Actor
    types: str
    message: Mapping[str, Any]
    place: tuple[int | str, ...]
    covers: tuple[Path, ...]
    unsound: str
    told: Mapping[str, Any]
    again: str | None
    line: Deal | None = None
    signed_for: Contract | None = None

    @cached_property
    def home(self) -> Mapping[str, Any]:
        """The domain for which it is signed."""
        return domain_of(self.signed_for or self.contract)

    def digest(self, **domain: Any) -> bytes:
        """What is signed, or would be for another domain."""
        return by_hand({**self.home, **domain}, self.types, self.message)

    def call(self, signature: bytes | None = None) -> ContractFunction:
        """The call, with the signer's signature or another."""
        arguments = deepcopy(list(self.arguments))
        holder: Any = arguments
        for key in self.place[:-1]:
            holder = holder[key]
        holder[self.place[-1]] = self.signer.sign(self.digest()) if signature is None else signature
        call: ContractFunction = self.contract.get_function_by_name(self.function)(*arguments)
        return call

    def answer(self, signature: bytes | None = None) -> Said | None:
        """What the call would be refused with; None if it would pass."""
        return self.chain.attempt(self.call(signature), by=self.by)

    @cached_property
    def refusal(self) -> Said:
        """What is said of a bad signature."""
        return Said(f"{self.family}_BadSignature", {**self.told, "digest": self.digest()})

    @property
    def family(self) -> str:
        """With what the names of the contract's errors begin."""
        name: str = self.home["name"]
        return name.removeprefix("Fabricant ")


# Acts


@dataclass(frozen=True)
class Acts:
    """Makes acts by their names: the function, and whose signature it is."""

    chain: Chain
    deal: Deals
    books: Books
    directory: Contract
    assets: Contract
    goods: Goods
    capacity: Capacity

    def __call__(self, name: str) -> Act:
        function, _, side = name.partition(" by the ")
        makers: dict[str, Callable[[str, str], Act]] = {
            "settle": self.settling,
            "amend": self.amending,
            "assign": self.assigning,
        }
        makers |= {"setOperatorBySignature": self.granting, "bindDevice": self.binding}
        makers |= {"publish": self.offering, "book": self.offering, "bookMany": self.chaining}
        makers |= {"award": self.quoting, "reschedule": self.rescheduling}
        act = makers.get(function, self.opening)(function, side)
        self.chain.warp(max(OPENING, self.chain.now + 1))
        return act

    def opening(self, function: str, side: str) -> Act:
        count = 2 if function == "openMany" else 1
        lines = in_leaf_order([self.deal(assets=1, deliverables=b"\x01" * 32) for _ in range(count)])
        types, message = TERMS_TYPE, lines[0].terms
        if count > 1:
            types, message = SCHEDULE, {"root": schedule_proof(lines, lines)[0]}
        signed = by_hand(domain_of(lines[0].escrow), types, message)
        consents = [
            {"signer": each.address, "proof": [], "signature": each.sign(signed)}
            for each in (BUYER, SUPPLIER)
        ]
        terms = [each.terms for each in lines] if count > 1 else lines[0].terms
        permit = [NO_PERMIT] if function == "openWithPermit" else []
        return self._of_line(
            lines[0],
            function,
            (terms, *consents, PAYER.address, *permit),
            types=types,
            message=message,
            place=(1 if side == "buyer" else 2, "signature"),
            covers=((0,),),
            unsound="opening",
            side=side,
        )

    def _of_line(
        self, line: Deal, function: str, arguments: tuple[Any, ...], *, side: str, **more: Any
    ) -> Act:
        signer = SIDES[side]
        return Act(
            self.chain,
            line.escrow,
            function,
            arguments,
            by=SUPPLIER if function == "assign" else PAYER,
            signer=signer,
            told={"principal": signer.address, "signer": signer.address},
            again="SupplierEscrow_NotSupplier" if function == "assign" else "SupplierEscrow_WrongStatus",
            line=line,
            **more,
        )

    def settling(self, function: str, side: str) -> Act:
        line = self.deal().given("Open")
        assign(line)
        message = {"id": line.id, "outcome": AGREED, "deadline": LATER}
        consents = {each: line.settled(who, AGREED, deadline=LATER) for each, who in SIDES.items()}
        return self._of_line(
            line,
            function,
            (line.terms, AGREED, LATER, consents),
            types=SETTLEMENT_TYPE,
            message=message,
            place=(3, side, "signature"),
            covers=((0,), (1,), (2,)),
            unsound="agreed",
            side=side,
        )

    def amending(self, function: str, side: str) -> Act:
        line = self.deal().given("Open")
        assign(line)
        new = change_order(self.deal, self.books, line)
        message = {"oldId": line.id, "newId": new.id, "outcome": AGREED, "deadline": LATER}
        consents = {each: line.amended(who, new.terms, AGREED, deadline=LATER) for each, who in SIDES.items()}
        return self._of_line(
            line,
            function,
            (line.terms, new.terms, AGREED, LATER, consents, PAYER.address),
            types=AMENDMENT_TYPE,
            message=message,
            place=(4, side, "signature"),
            covers=((0,), (1,), (2,), (3,)),
            unsound="agreed",
            side=side,
        )

    def assigning(self, function: str, side: str) -> Act:
        line = self.deal().given("Open")
        message = {"id": line.id, "payee": PAYEE.address, "deadline": LATER}
        return self._of_line(
            line,
            function,
            (line.terms, PAYEE.address, LATER, line.assigned(PAYEE, deadline=LATER)),
            types=ASSIGNMENT_TYPE,
            message=message,
            place=(3, "signature"),
            covers=((0,), (1,), (2,)),
            unsound="agreed",
            side=side,
        )

    def offering(self, function: str, _: str) -> Act:
        booking = self.capacity.booking()
        order = [booking.order] if function == "book" else []
        return Act(
            self.chain,
            self.capacity.market,
            function,
            (booking.offer, self.capacity.signed(booking.offer), *order),
            by=BUYER,
            signer=SUPPLIER,
            types=OFFER,
            message=booking.offer,
            place=(1, "signature"),
            covers=((0,),),
            unsound="offer",
            told={"id": booking.offer_id, "signer": SUPPLIER.address},
            again="CapacityMarket_HoursTaken" if order else None,  # an offer may be shown to many
        )

    def chaining(self, function: str, _: str) -> Act:
        booking = self.capacity.booking()
        purchase = (booking.offer, self.capacity.signed(booking.offer), booking.order)
        return replace(
            self.offering("book", ""),
            function=function,
            arguments=([dict(zip(("offer", "consent", "order"), purchase, strict=True))],),
            message=booking.offer,
            place=(0, 0, "consent", "signature"),
            covers=((0, 0, "offer"),),
            told={"id": booking.offer_id, "signer": SUPPLIER.address},
        )

    def quoting(self, function: str, _: str) -> Act:
        quoted = quote(self.capacity)
        return Act(
            self.chain,
            self.capacity.market,
            function,
            (quoted.quotation, quoted.signed(), quoted.booking),
            by=BUYER,
            signer=SUPPLIER,
            types=QUOTATION,
            message=quoted.quotation,
            place=(1, "signature"),
            covers=((0,),),
            unsound="quotation",
            told={"id": quoted.id, "signer": SUPPLIER.address},
            again="CapacityMarket_HoursTaken",
        )

    def rescheduling(self, function: str, side: str) -> Act:
        """The buyer calls the market, and the escrow asks what the others signed."""
        booking = self.capacity.booking().sent()
        assign(booking.deal)
        later = change(self.capacity, booking.deal, booking.bound, SHIFT, salt=2**100, deadline=LATER)
        consents = {each: later.signed(SIDES[each]) for each in ("supplier", "payee")}
        lines = ({"terms": each.terms, "booking": later.old_hours} for each in (later.old, later.new))
        signer = SIDES[side]
        return Act(
            self.chain,
            self.capacity.market,
            function,
            (*lines, later.agreed, LATER, NO_CONSENTS | consents),
            by=BUYER,
            signer=signer,
            types=AMENDMENT_TYPE,
            message={
                "oldId": later.old.id,
                "newId": later.new.id,
                "outcome": later.agreed,
                "deadline": LATER,
            },
            place=(4, side, "signature"),
            covers=((0, "terms"), (1, "terms"), (2,), (3,)),
            unsound="rescheduled",
            told={"principal": signer.address, "signer": signer.address},
            again="SupplierEscrow_WrongStatus",
            signed_for=self.capacity.escrow,
        )

    def granting(self, function: str, _: str) -> Act:
        message = {"principal": SUPPLIER.address, "operator": OPERATOR.address, "roles": 1, "until": LATER}
        message |= {"version": 0, "nonce": 7, "deadline": LATER}
        return Act(
            self.chain,
            self.directory,
            function,
            (tuple(message.values()), b""),
            by=STRANGER,
            signer=SUPPLIER,
            types=GRANT,
            message=message,
            place=(1,),
            covers=((0,),),
            unsound="grant",
            told={"principal": SUPPLIER.address},
            again="Directory_StaleVersion",
        )

    def binding(self, function: str, _: str) -> Act:
        (asset,) = self.goods(1)
        message = {"asset": asset, "device": DEVICE.address, "owner": SUPPLIER.address, "nonce": 0}
        return Act(
            self.chain,
            self.assets,
            function,
            (asset, DEVICE.address, LATER, b""),
            by=SUPPLIER,
            signer=DEVICE,
            types=BINDING,
            message=message | {"deadline": LATER},
            place=(3,),
            covers=((0,), (1,), (2,)),
            unsound="binding",
            told={"id": asset, "device": DEVICE.address},
            again="AssetRegistry_DevicePresent",
        )


@pytest.fixture
def acts(
    chain: Chain,
    deal: Deals,
    books: Books,
    directory: Contract,
    assets: Contract,
    goods: Goods,
    capacity: Capacity,
) -> Acts:
    """Makes acts."""
    return Acts(chain, deal, books, directory, assets, goods, capacity)


BOTH: Final = ("buyer", "supplier")
ACTS: Final = (
    *(f"{each} by the {side}" for each in ("open", "openWithPermit", "openMany") for side in BOTH),
    *(f"{each} by the {side}" for each in ("settle", "amend") for side in SIDES),
    "assign by the payee",
    *("publish", "book", "bookMany", "award", "reschedule by the supplier", "reschedule by the payee"),
    *("setOperatorBySignature", "bindDevice"),
)
EACH: Final = pytest.mark.parametrize("name", ACTS)
OF_LINES: Final = pytest.mark.parametrize(
    "name", [each for each in ACTS if " by the " in each and not each.startswith("reschedule")]
)


def test_every_call_that_takes_a_signature_is_here() -> None:
    taking = {
        entry["name"]
        for name in ("SupplierEscrow", "CapacityMarket", "Directory", "AssetRegistry", "RecordAnchor")
        for entry in load(name).abi
        if entry["type"] == "function" and entry["stateMutability"] in ("payable", "nonpayable")
        if any(
            " signature" in leaf or leaf == "signature" for each in entry["inputs"] for leaf in leaves(each)
        )
    }
    assert taking == {each.partition(" by the ")[0] for each in ACTS}


def leaves(parameter: Mapping[str, Any]) -> Iterator[str]:
    """The names of the fields of a parameter, of those of its structs too."""
    if "components" not in parameter:
        yield parameter["name"]
    for each in parameter.get("components", ()):
        yield from leaves(each)


@EACH
def test_f036_a_signature_lets_its_call_pass(acts: Acts, name: str) -> None:
    act = acts(name)
    assert act.answer() is None
    assert act.answer(STRANGER.sign(act.digest())) == act.refusal


# Altered


@EACH
def test_f036_every_byte_is_signed(chain: Chain, acts: Acts, name: str) -> None:
    act = acts(name)
    data = call_data(act.call())
    flips = [(field, at) for field, word in covered(act, data) for at in range(word, word + 32)]
    calls = [
        Call(
            address_of(act.contract),
            data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :],
            sender=act.by.address,
        )
        for _, at in flips
    ]
    digests = {act.digest()}
    for (field, at), (passed, answer) in zip(flips, look(chain.local, calls), strict=True):
        said = VOCABULARY.error(answer)
        assert not passed, (field, at)
        if said.name == act.refusal.name:
            assert said.arguments["digest"] not in digests, (field, at)
            digests.add(said.arguments["digest"])
        else:
            assert (
                said.name.removeprefix(f"{act.family}_") in UNSOUND[act.unsound].get(field, set()) | WIDE
            ), (
                field,
                said,
            )


def covered(act: Act, data: bytes) -> Iterator[tuple[str, int]]:
    """The fields that the signature covers, and where their words are in the calldata."""
    inputs = act.call().abi["inputs"]
    for path, at in members_at(enumerate(inputs), data, 4):
        if any(path[: len(start)] == start for start in act.covers):
            yield str(path[-1] if path[1:] else inputs[path[0]]["name"]), at


def members_at(
    parts: Iterable[tuple[int | str, Mapping[str, Any]]], data: bytes, base: int
) -> Iterator[tuple[Path, int]]:
    """The path of each word of a tuple, or list, in the calldata, and where it is."""
    head = base
    for name, part in parts:
        at = base + int.from_bytes(data[head : head + 32]) if is_dynamic(part) else head
        for path, word in words(part, data, at):
            yield (name, *path), word
        head += 32 * size(part)


def words(part: Mapping[str, Any], data: bytes, at: int) -> Iterator[tuple[Path, int]]:
    """Likewise of a parameter that is encoded there."""
    kind: str = part["type"]
    if kind.endswith("[]"):
        item = {**part, "type": kind.removesuffix("[]")}
        count = int.from_bytes(data[at : at + 32])
        yield from members_at(((number, item) for number in range(count)), data, at + 32)
    elif "components" in part:
        yield from members_at(((each["name"], each) for each in part["components"]), data, at)
    elif kind not in ("string", "bytes"):
        yield (), at


def is_dynamic(parameter: Mapping[str, Any]) -> bool:
    """Whether a parameter is encoded behind the head."""
    kind: str = parameter["type"]
    return (
        kind.endswith("[]")
        or kind in ("string", "bytes")
        or any(map(is_dynamic, parameter.get("components", ())))
    )


def size(parameter: Mapping[str, Any]) -> int:
    """How many words a parameter takes in the head."""
    if is_dynamic(parameter) or "components" not in parameter:
        return 1
    return sum(map(size, parameter["components"]))


@EACH
def test_f031_wallets_that_answer_wrongly_sign_nothing(chain: Chain, acts: Acts, name: str) -> None:
    act = acts(name)
    for answer in (*RIGHT, *WRONG):
        wallet = chain.deploy("MockOddWallet", answer)
        chain.local.set_code(act.signer.address, chain.local.code(address_of(wallet)))
        assert act.answer(b"") == (None if answer in RIGHT else act.refusal), answer


# Transplanted


@EACH
def test_f026_f027_a_signature_is_for_one_contract_on_one_chain(acts: Acts, name: str) -> None:
    act = acts(name)
    for elsewhere in (
        {"chainId": act.home["chainId"] + 1},
        {"verifyingContract": STRANGER.address},
        {"name": "Fabricant"},
        {"version": "2"},
    ):
        assert act.answer(act.signer.sign(act.digest(**elsewhere))) == act.refusal, elsewhere


@EACH
def test_f026_no_signature_counts_on_a_fork(
    chain: Chain, acts: Acts, forked: AbstractContextManager[int], name: str
) -> None:
    act, home = acts(name), chain.local.chain_id
    with forked as there:
        assert act.answer() == Said("Eip712_ForeignChain", {"chainId": there, "homeChainId": home})


# Repeated


@EACH
def test_f028_a_signature_is_used_once(chain: Chain, acts: Acts, name: str) -> None:
    act = acts(name)
    chain.send(act.call(), by=act.by)
    said = act.answer()
    assert (said.name if said else None) == act.again


@OF_LINES
def test_f028_no_signature_outlives_its_line(chain: Chain, acts: Acts, name: str) -> None:
    act = acts(name)
    line = living(act)
    consents = NO_CONSENTS | {side: line.settled(who) for side, who in SIDES.items()}
    chain.send(line.call("settle", outcome(), FOREVER, consents), by=STRANGER)
    assert act.answer() == closed(line)


@OF_LINES
def test_f028_no_signature_outlives_a_change_order(deal: Deals, books: Books, acts: Acts, name: str) -> None:
    act = acts(name)
    line = living(act)
    new = change_order(deal, books, line, salt=1)
    amend(line, new, AGREED, consents={"payee": line.amended(PAYEE, new.terms, AGREED)})
    assert act.answer() == closed(line)
    first, *others = act.arguments
    follower = replace(act, arguments=([new.terms] if isinstance(first, list) else new.terms, *others))
    said = follower.answer(act.signer.sign(act.digest()))
    assert said
    assert said.name in (act.refusal.name, "SupplierEscrow_WrongStatus")


def living(act: Act) -> Deal:
    """The line of an act, open."""
    assert act.line
    if act.line.line.status == "None":
        act.chain.send(act.call(), by=act.by)
    return act.line


def closed(line: Deal) -> Said:
    """What is said of a closed line."""
    return Said("SupplierEscrow_WrongStatus", {"id": line.id, "status": STATUSES.index("Closed")})
