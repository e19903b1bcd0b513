"""Measures what each operation costs, from receipts, and writes `benchmarks/gas.json` and `gas.md`.

Every figure is a whole transaction on Anvil with typical calldata: the buyer sends, the supplier signed,
the token is an ERC-20 that all have used before. The second figure is the same transaction under the
repricing planned for Ethereum, counted from its own storage writes and its calldata. `--check` compares
instead of writing.
"""

import argparse
import json
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from eth_utils.crypto import keccak
from web3.contract import Contract
from web3.contract.contract import ContractFunction

from fabricant.chain.anvil import HARDFORK, LocalChain
from fabricant.chain.repricing import CHANGED_SLOT, FLOOR_PER_BYTE, NEW_SLOT, repriced
from fabricant.chain.solc import VERSION
from fabricant.domain.merkle import Leaf, MerkleTree, leaf_of
from tests.support.actors import Actor
from tests.support.assets import namespace_of
from tests.support.chain import OPTIONS, Chain, artifact
from tests.support.deals import (
    DAY,
    HOUR,
    NO_CONSENT,
    ZERO,
    conditions,
    conditions_id,
    consent,
    delivery,
    terms,
)
from tests.support.typed_data import typed_digest

ROOT = Path(__file__).resolve().parent.parent
FIGURES = ROOT / "benchmarks" / "gas.json"
PAGE = ROOT / "benchmarks" / "gas.md"
TOLERANCE = 1.02  # a figure may grow by 2 % before `--check` fails

URI = "ipfs://bafybeigdyrzt5sfp7udm7hu76uh7y26nf3efuylqabf3oclgtqy55fbzdi"
BUYER, SUPPLIER, ARBITER = Actor("buyer"), Actor("supplier"), Actor("arbiter")

# The most that an operation may cost, and the best peer that was measured the same way, if any.
BUDGETS: dict[str, int | None] = {
    "asset.register": 61_500,
    "asset.transfer": 44_000,
    "asset.commitBatch": 52_000,
    "asset.commitBatchOf": 55_000,
    "record.anchor": 34_000,
    "escrow.open": 91_000,
    "escrow.openBond": 98_500,
    "escrow.openMany5": 52_500,
    "escrow.deliver": 43_500,
    "escrow.accept": 59_500,
    "escrow.acceptBond": 67_000,
    "escrow.openAccept": 150_000,
    "escrow.acceptMany10": 22_500,
    "escrow.disputeRule": 135_000,
    "capacity.book": 148_000,
    "deal.total": 258_000,
    "pledge.pledge": None,
    "pledge.redeem": None,
    "pledge.foreclose": None,
}
PEERS = {
    "asset.register": "75,692 (ERC-721 with a stored digest)",
    "asset.transfer": "41,731 (bare ERC-721)",
    "asset.commitBatch": "247,257 (100 units minted)",
    "record.anchor": "45,204 (a new slot)",
    "escrow.open": "166,071 (Kleros v2, no signature)",
    "escrow.accept": "53,604 (Kleros v2)",
    "escrow.openAccept": "219,675 (Kleros v2)",
    "capacity.book": "593,021 (iExec), 352,260 (Boson), neither with a calendar",
    "escrow.disputeRule": "417,574 (Kleros v1)",
    "deal.total": "686,837 (Boson, existing offer)",
}


@dataclass(frozen=True)
class Figure:
    """Gas of an operation, now and repriced; for a batch, a line's share."""

    gas: int
    repriced: int

    def __add__(self, other: "Figure") -> "Figure":
        return Figure(self.gas + other.gas, self.repriced + other.repriced)

    def share(self, count: int) -> "Figure":
        """One line's part of a batch, rounded up."""
        return Figure(-(-self.gas // count), -(-self.repriced // count))


@dataclass
class Bench:
    """A chain with the contracts on it, on which everybody is known and every slot that recurs is in use."""

    chain: Chain
    directory: Contract = field(init=False)
    anchor: Contract = field(init=False)
    assets: Contract = field(init=False)
    escrow: Contract = field(init=False)
    market: Contract = field(init=False)
    token: Contract = field(init=False)

    def __post_init__(self) -> None:
        deploy = self.chain.deploy
        self.directory = deploy("Directory")
        self.anchor = deploy("RecordAnchor", self.directory)
        self.assets = deploy("AssetRegistry", self.directory, Actor("registrar"))
        self.escrow = deploy("SupplierEscrow", self.directory, self.assets)
        self.market = deploy("CapacityMarket", self.escrow)
        self.token = deploy("MockERC20Permit")
        self._make_ready()

    def send(self, call: ContractFunction, by: Actor = BUYER) -> Figure:
        """Sends a transaction and measures it."""
        receipt = self.chain.send(call, by=by)
        later = repriced(self.chain.local, receipt)
        assert later is not None, "Anvil traces"
        return Figure(receipt.gas_used, later)

    def publish(self, **changes: int) -> bytes:
        """Publishes conditions and returns their id."""
        published = conditions(**changes)
        self.chain.send(self.escrow.functions.publishConditions(published, URI), by=BUYER)
        return conditions_id(published)

    def terms(self, salt: int, *, bond: int = 0, fee: int = 0) -> dict[str, Any]:
        """Typical terms: no inspector, an arbiter, a salt of eight bytes."""
        return terms(
            buyer=BUYER,
            supplier=SUPPLIER,
            token=self.token.address,
            conditions=self.publish(bondBps=bond, arbiterFeeBps=fee),
            arbiter=ARBITER.address,
            openBy=self.chain.now + DAY,
            dueBy=self.chain.now + 3 * DAY,
            salt=2**60 + salt,
        )

    def open(self, agreed: dict[str, Any]) -> Figure:
        """The buyer opens a line that the supplier signed."""
        signed = consent(SUPPLIER, self.line_id(agreed))
        return self.send(self.escrow.functions.open(agreed, NO_CONSENT, signed, BUYER.address))

    def line_id(self, agreed: dict[str, Any]) -> bytes:
        """The id of terms, from the contract."""
        return bytes(self.escrow.functions.lineId(agreed).call())

    def deliver(self, agreed: dict[str, Any]) -> Figure:
        """The supplier delivers; a commitment to the evidence, and nothing else."""
        said = delivery() | {"uri": "", "invoice": bytes(32)}
        return self.send(self.escrow.functions.deliver(agreed, said), SUPPLIER)

    def accept(self, agreed: dict[str, Any]) -> Figure:
        """The buyer accepts."""
        return self.send(self.escrow.functions.accept(agreed, []))

    def dispute(self, agreed: dict[str, Any]) -> Figure:
        """The buyer disputes a delivery, with a deposit; the arbiter rules for both a part."""
        self.open(agreed)
        self.deliver(agreed)
        deposit = self.escrow.functions.deposit(BUYER.address, self.token.address, 2 * agreed["amount"])
        self.chain.send(deposit, by=BUYER)
        self.chain.send(self.token.functions.mint(ARBITER.address, 1), by=BUYER)
        hashed = keccak(text="report")
        disputed = self.send(self.escrow.functions.dispute(agreed, hashed, URI))
        outcome = {"toSupplier": agreed["amount"] // 2, "bondToBuyer": 0, "goodsToBuyer": True}
        return disputed + self.send(self.escrow.functions.rule(agreed, outcome), ARBITER)

    def _make_ready(self) -> None:
        for actor in (BUYER, SUPPLIER):
            self.chain.send(self.token.functions.mint(actor.address, 10**15), by=actor)
            self.chain.send(self.token.functions.approve(self.escrow.address, 2**256 - 1), by=actor)
            operator = self.directory.functions.setOperator(self.market.address, 1, 2**40 - 1)
            self.chain.send(operator, by=actor)
        self.chain.send(self.token.functions.mint(self.escrow.address, 1), by=BUYER)
        deposit = self.escrow.functions.deposit(SUPPLIER.address, self.token.address, 10**12)
        self.chain.send(deposit, by=SUPPLIER)


def asset_register(bench: Bench) -> Iterator[tuple[str, Figure]]:
    """Registering and transferring, issuer and both owners seen before; a run without and with an origin."""
    namespace = namespace_of(SUPPLIER)

    def register(serial: str, owner: Actor) -> Figure:
        registration = {
            "localId": serial,
            "kind": 2,
            "owner": owner.address,
            "quantity": 1,
            "unit": bytes(3),
            "twin": keccak(text=serial),
            "uri": "",
        }
        return bench.send(bench.assets.functions.register(namespace, registration), SUPPLIER)

    register("P229810-1", SUPPLIER)
    register("P229810-2", BUYER)
    yield "asset.register", register("P229810-3", SUPPLIER)
    asset = bench.assets.functions.assetId(namespace, "P229810-3").call()
    handed = bench.assets.functions.transferFrom(SUPPLIER.address, BUYER.address, asset)
    yield "asset.transfer", bench.send(handed, SUPPLIER)

    def commit(root: str, origin: int) -> Figure:
        batch = (namespace, keccak(text=root), 100_000, origin)
        return bench.send(bench.assets.functions.commitBatch(batch, URI), SUPPLIER)

    yield "asset.commitBatch", commit("a run", 0)
    yield "asset.commitBatchOf", commit("a run of a lot", asset)


def record_anchor(bench: Bench) -> Iterator[tuple[str, Figure]]:
    """Anchoring in a stream that is in use."""
    stream = bench.anchor.functions.streamId(SUPPLIER.address, "P229810").call()

    def anchor(batch: str) -> Figure:
        head = bench.anchor.functions.headOf(stream).call()
        call = bench.anchor.functions.anchor(stream, head, keccak(text=batch), 10_770, URI)
        return bench.send(call, SUPPLIER)

    anchor("first")
    yield "record.anchor", anchor("second")


def escrow_lines(bench: Bench) -> Iterator[tuple[str, Figure]]:
    """One line, without and with the supplier's bond."""
    plain, bonded, direct = bench.terms(1), bench.terms(2, bond=500), bench.terms(3)
    opened = bench.open(plain)
    yield "escrow.open", opened
    yield "escrow.openBond", bench.open(bonded)
    yield "escrow.deliver", bench.deliver(plain)
    bench.deliver(bonded)
    yield "escrow.accept", bench.accept(plain)
    yield "escrow.acceptBond", bench.accept(bonded)
    yield "escrow.openAccept", bench.open(direct) + bench.accept(direct)
    yield "escrow.disputeRule", bench.dispute(bench.terms(4, fee=200))


def escrow_batches(bench: Bench) -> Iterator[tuple[str, Figure]]:
    """Five lines opened with one signature, and ten accepted with one payout; figures for a line."""

    def leaf(agreed: dict[str, Any]) -> Leaf:
        return leaf_of(keccak(bench.line_id(agreed)))

    lines = sorted((bench.terms(100 + each) for each in range(5)), key=leaf)
    tree = MerkleTree([leaf(each) for each in lines])
    digest = typed_digest(bench.escrow, "Schedule(bytes32 root)", {"root": tree.root})
    call = bench.escrow.functions.openMany(lines, NO_CONSENT, consent(SUPPLIER, digest), BUYER.address)
    yield "escrow.openMany5", bench.send(call).share(5)
    more = [bench.terms(200 + each) for each in range(5)]
    for each in more:
        bench.open(each)
    for each in lines + more:
        bench.deliver(each)
    accepted = bench.escrow.functions.acceptMany(lines + more, [[] for _ in range(10)])
    yield "escrow.acceptMany10", bench.send(accepted).share(10)


def whole_deal(bench: Bench) -> Iterator[tuple[str, Figure]]:
    """Eight hours booked in a calendar word that is in use, delivered and accepted; with a bond."""
    namespace = namespace_of(SUPPLIER)
    machine = {
        "localId": "P229810",
        "kind": 0,
        "owner": SUPPLIER.address,
        "quantity": 1,
        "unit": bytes(3),
        "twin": bytes(32),
        "uri": "",
    }
    bench.chain.send(bench.assets.functions.register(namespace, machine), by=SUPPLIER)
    word = bench.chain.now // HOUR // 256 + 1
    offer = _offer(bench, bench.assets.functions.assetId(namespace, "P229810").call())
    signed = consent(SUPPLIER, bytes(bench.market.functions.offerId(offer).call()))

    def book(mask: int) -> ContractFunction:
        order = {
            "buyer": BUYER.address,
            "documents": bytes(32),
            "orderRef": keccak(text="purchase order 4711"),
            "maxPrice": 10**12,
            "salt": 2**60 + mask,
            "assets": 0,
            "firstWord": word,
            "hourMasks": [mask],
        }
        return bench.market.functions.book(offer, signed, order)

    bench.send(book(0xFF))
    booked = bench.send(book(0xFF00))
    yield "capacity.book", booked
    agreed = _terms_opened(bench)
    bench.chain.warp((word * 256 + 16) * HOUR)
    yield "deal.total", booked + bench.deliver(agreed) + bench.accept(agreed)


def pledges(bench: Bench) -> Iterator[tuple[str, Figure]]:
    """The supplier sends what the buyer signed: an advance, then a redemption or a foreclosure."""
    house, namespace = bench.chain.deploy("Pledge", bench.assets), namespace_of(SUPPLIER)
    bench.chain.send(bench.assets.functions.setApprovalForAll(house.address, True), by=SUPPLIER)
    for actor in (BUYER, SUPPLIER):
        bench.chain.send(bench.token.functions.approve(house.address, 2**256 - 1), by=actor)

    def made(serial: str) -> tuple[dict[str, Any], Figure]:
        machine = (serial, 0, SUPPLIER.address, 1, bytes(3), bytes(32), "")
        bench.chain.send(bench.assets.functions.register(namespace, machine), by=SUPPLIER)
        agreed = {
            "pledger": SUPPLIER.address,
            "lender": BUYER.address,
            "asset": bench.assets.functions.assetId(namespace, serial).call(),
            "quantity": 1,
            "token": bench.token.address,
            "advance": 10**9,
            "amount": 10**9 + 10**7,
            "openBy": bench.chain.now + DAY,
            "dueBy": bench.chain.now + 90 * DAY,
            "cure": 30 * DAY,
            "documents": keccak(text="loan agreement"),
            "salt": 2**60,
        }
        signed = BUYER.sign(house.functions.pledgeId(agreed).call())
        return agreed, bench.send(house.functions.pledge(agreed, b"", signed), SUPPLIER)

    first, _ = made("P229810-1")
    bench.send(house.functions.redeem(first), SUPPLIER)
    second, figure = made("P229810-2")
    yield "pledge.pledge", figure
    yield "pledge.redeem", bench.send(house.functions.redeem(second), SUPPLIER)
    third, _ = made("P229810-3")
    bench.chain.warp(third["dueBy"])
    bench.send(house.functions.declareDefault(third), BUYER)
    bench.chain.warp(third["dueBy"] + third["cure"])
    yield "pledge.foreclose", bench.send(house.functions.foreclose(third), BUYER)


def _offer(bench: Bench, machine: int) -> dict[str, Any]:
    hour = bench.chain.now // HOUR
    return {
        "supplier": SUPPLIER.address,
        "machine": machine,
        "process": keccak(text="DIN 8580: 3.2.1 turning"),
        "token": bench.token.address,
        "hourly": 95_000_000,
        "setup": 120_000_000,
        "lastMinuteHourly": 0,
        "decayHours": 0,
        "fromHour": hour,
        "untilHour": hour + 2_000,
        "minHours": 1,
        "maxSpan": 200,
        "totalHours": 0,
        "setupHours": 0,
        "noticeHours": 12,
        "deliveryHours": 72,
        "maxAssets": 8,
        "buyer": ZERO,
        "inspector": ZERO,
        "arbiter": ARBITER.address,
        "broker": ZERO,
        "validUntil": bench.chain.now + 30 * DAY,
        "nonce": 7,
        "epoch": 0,
        "documents": keccak(text="contract package"),
        "conditions": bench.publish(bondBps=500),
    }


def _terms_opened(bench: Bench) -> Any:
    """The terms that the newest block's opening logged."""
    log = bench.escrow.events.LineOpened().get_logs(from_block="latest")[0]
    return log["args"]["terms"]


SCENES: tuple[Callable[[Bench], Iterator[tuple[str, Figure]]], ...] = (
    asset_register,
    record_anchor,
    escrow_lines,
    escrow_batches,
    whole_deal,
    pledges,
)


def measure() -> dict[str, Figure]:
    """Every operation, each scene on a chain of its own."""
    figures: dict[str, Figure] = {}
    for scene in SCENES:
        with closing(LocalChain.start(options=OPTIONS)) as local:
            figures.update(scene(Bench(Chain(local))))
    return {name: figures[name] for name in BUDGETS}


def _as_json(figures: dict[str, Figure]) -> str:
    chosen = ("optimizer", "evmVersion", "viaIR")
    settings = artifact("SupplierEscrow").input["settings"]
    document = {
        "operations": {name: figure.gas for name, figure in figures.items()},
        "repriced": {name: figure.repriced for name, figure in figures.items()},
        "solc": VERSION,
        "settings": {name: settings[name] for name in chosen if name in settings},
        "hardfork": HARDFORK,
    }
    return json.dumps(document, indent=1) + "\n"


def _budget(name: str) -> str:
    budget = BUDGETS[name]
    return "–" if budget is None else f"{budget:,}"


def _as_page(figures: dict[str, Figure]) -> str:
    rows = [
        f"| `{name}` | {figure.gas:,} | {_budget(name)} | {PEERS.get(name, '–')} | {figure.repriced:,} |"
        for name, figure in figures.items()
    ]
    return "\n".join(
        [
            "# Gas",
            "",
            f"Whole transactions, from receipts of Anvil (`--hardfork {HARDFORK}`), written by `make gas`.",
            "The token is Solady's ERC-20; receivers had a balance before, approvals stand. `openMany5` and",
            "`acceptMany10` are a line's share. The last column counts the same transaction at",
            f"{NEW_SLOT:,} gas for a new slot, {CHANGED_SLOT:,} for a change and a floor of",
            f"{FLOOR_PER_BYTE} a byte of calldata, as planned for Ethereum (EIP-8037, EIP-8038).",
            "",
            "| operation | gas | at most | best peer | repriced |",
            "|---|---:|---:|---|---:|",
            *rows,
            "",
        ]
    )


def _complaints(figures: dict[str, Figure]) -> Iterator[str]:
    committed = json.loads(FIGURES.read_text())["operations"] if FIGURES.exists() else {}
    for name, figure in figures.items():
        budget = BUDGETS[name]
        if budget is not None and figure.gas > budget:
            yield f"{name} costs {figure.gas:,} gas; its budget is {budget:,}"
        if name not in committed:
            yield f"{name} is not in {FIGURES.name}; run make gas"
        elif figure.gas > committed[name] * TOLERANCE:
            yield f"{name} grew from {committed[name]:,} to {figure.gas:,} gas; commit the result of make gas"


def main() -> None:
    """Write the figures, or with --check compare them with the committed ones and with the budgets."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument(
        "--check", action="store_true", help="write nothing; fail where a figure grew by 2 %%"
    )
    check = parser.parse_args().check
    figures = measure()
    if not check:
        FIGURES.write_text(_as_json(figures))
        PAGE.write_text(_as_page(figures))
    for name, figure in figures.items():
        print(f"{name:22} {figure.gas:>9,} of {_budget(name):>9}   repriced {figure.repriced:>9,}")
    if complaints := list(_complaints(figures)):
        raise SystemExit("\n".join(complaints))


if __name__ == "__main__":
    main()
