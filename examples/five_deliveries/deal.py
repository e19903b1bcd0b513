"""500 parts in five partial deliveries, of which one lot is rejected, reworked and delivered again.

Each delivery is an order line of its own; all are signed together and opened together. The rejected lot
delays its own line and no other, and the time that its inspection took is given back. Run it:
`python examples/five_deliveries/deal.py`.
"""

from eth_utils.crypto import keccak

from fabricant.chain.escrow import Delivery
from fabricant.conditions import load
from fabricant.demo.scene import Scene, main
from fabricant.domain.assets import AssetId
from fabricant.domain.escrow import Terms

PRICE, PIECES = 1_000, 100  # of each lot
DUE = (14, 21, 28, 35, 42)  # days
BAD = 2  # the lot that is rejected, counted from 0
EARLY, INSPECTION = 3, 2  # days
RETENTION = 90  # days


def play(scene: Scene) -> tuple[Terms, ...]:
    """The story. Returns its five lines, in the order of delivery."""
    lines = agree(scene)
    lots = scene.register([scene.lot(f"LOT-{number}", PIECES) for number in range(1, len(DUE) + 1)])

    for number, (terms, lot) in enumerate(zip(lines, lots, strict=True)):
        scene.chapter(f"Lot {number + 1}, due on day {DUE[number]}")
        deliver(scene, terms, lot, day=DUE[number] - EARLY)
        if number == BAD:
            rework(scene, terms, lot)
        accept(scene, terms, lot, day=max(DUE[number] - 1, scene.today + INSPECTION))

    scene.chapter("The warranty of each lot ends, and anybody may pay its retention")
    scene.wait_for(DUE[-1] + RETENTION)
    for terms in lines:
        done = scene.anybody.fabricant.escrow.pay_retention(terms)
        scene.did(scene.anybody, f"pays {scene.show(done.event.to_supplier_side)}", done.receipt)
    scene.withdraw(scene.supplier)
    return lines


def agree(scene: Scene) -> tuple[Terms, ...]:
    """One purchase order of five lines: one signature of the supplier, one transaction of the buyer."""
    buyer, supplier = scene.buyer, scene.supplier
    scene.chapter("One order of five lines")
    conditions = scene.publish(load("series-parts-delivered-at-place"))
    lines = tuple(scene.terms(conditions, amount=PRICE, open_by=1, due_by=due, assets=1) for due in DUE)
    scene.secure([(terms, conditions) for terms in lines])
    scene.allow(buyer, scene.tokens(PRICE * len(lines)))
    signed = supplier.fabricant.escrow.sign_schedule(lines, by=supplier.wallet)
    opened = buyer.fabricant.escrow.open_many(lines, supplier=signed.together)
    scene.did(buyer, f"opens {len(opened.events)} lines of {PRICE:,} with one transfer", opened.receipt)
    return lines


def deliver(scene: Scene, terms: Terms, lot: AssetId, *, day: int) -> None:
    """The lot goes into custody at the buyer's dock."""
    scene.wait_for(day)
    done = scene.supplier.fabricant.escrow.deliver(terms, Delivery(assets=(lot,)))
    late = done.event.late_intervals
    scene.did(scene.supplier, f"delivers, {late} days late" if late else "delivers in time", done.receipt)


def rework(scene: Scene, terms: Terms, lot: AssetId) -> None:
    """The lot is rejected, collected, reworked and delivered again."""
    supplier, inspector = scene.supplier, scene.inspector
    scene.wait_for(scene.today + INSPECTION)
    rejected = inspector.fabricant.escrow.reject(terms, reason=keccak(text="bore 0.03 mm too wide"))
    scene.did(inspector, f"rejects: due {INSPECTION} days later, as long as it took", rejected.receipt)
    collected = supplier.fabricant.escrow.collect(terms, (lot,))
    scene.did(supplier, "collects the lot", collected.receipt)
    record = keccak(text="bushings pressed in, bores honed, 100 of 100 measured")
    reworked = supplier.fabricant.assets.set_twin(lot, expected_version=0, twin=record)
    scene.did(supplier, "reworks it, and says so in the lot's digital twin", reworked.receipt)
    deliver(scene, terms, lot, day=DUE[BAD] + INSPECTION)


def accept(scene: Scene, terms: Terms, lot: AssetId, *, day: int) -> None:
    """Money against goods, but for the retention."""
    scene.wait_for(day)
    done = scene.inspector.fabricant.escrow.accept(terms, (lot,))
    paid, kept = scene.show(done.event.to_supplier_side), scene.show(done.event.retained)
    scene.did(scene.inspector, f"accepts: {paid} paid, {kept} retained, the lot handed over", done.receipt)


if __name__ == "__main__":
    main(play)
