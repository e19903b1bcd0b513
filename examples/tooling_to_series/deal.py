"""Tooling, then a first article, then the series: each is bought when the one before is approved.

The supplier signs all four lines on the first day, so prices and dates are fixed; the buyer opens and funds a
line only when it wants it. Until then nothing of the series is at stake, for either side. Run it:
`python examples/tooling_to_series/deal.py`.
"""

from fabricant.chain.escrow import Delivery, SignedSchedule
from fabricant.conditions import ConditionsSet, load
from fabricant.demo.scene import Scene, main
from fabricant.domain.assets import AssetId, Kind, Registration
from fabricant.domain.escrow import Terms

TOOL, ARTICLE, SERIES = 4_000, 500, 2_000  # prices
SERIES_DUE = (140, 168)  # days


def play(scene: Scene) -> tuple[Terms, ...]:
    """The story. Returns the lines of the tool, the first article and the series."""
    scene.chapter("Four lines under one signature")
    tooling, prototypes = scene.publish(load("tooling")), scene.publish(load("prototypes"))
    series = scene.publish(load("series-parts-delivered-at-place"))
    tool = scene.terms(tooling, amount=TOOL, open_by=2, due_by=90, assets=1)
    article = scene.terms(prototypes, amount=ARTICLE, open_by=100, due_by=110, assets=1)
    batches = tuple(
        scene.terms(series, amount=SERIES, open_by=120, due_by=due, assets=1) for due in SERIES_DUE
    )
    lines = (tool, article, *batches)
    signed = scene.supplier.fabricant.escrow.sign_schedule(lines, by=scene.supplier.wallet)
    scene.note("the supplier signs all of them at once; nothing goes to the chain")
    agreed = (tooling, prototypes, series, series)
    scene.secure(list(zip(lines, agreed, strict=True)))
    mould, first, *parts = scene.register(goods(scene))

    scene.chapter("The tool")
    buy(scene, tool, tooling, signed)
    deliver(scene, tool, mould, day=80)
    receive(scene, tool, day=83)
    accept(scene, tool, mould, day=90)

    scene.chapter("The first article, from the approved tool")
    buy(scene, article, prototypes, signed)
    deliver(scene, article, first, day=105)
    receive(scene, article, day=107)
    accept(scene, article, first, day=112)

    scene.chapter("The series, now that the first article is approved")
    for terms in batches:
        buy(scene, terms, series, signed)
    for terms, lot, due in zip(batches, parts, SERIES_DUE, strict=True):
        deliver(scene, terms, lot, day=due)
        accept(scene, terms, lot, day=due + 2)

    scene.chapter("All warranties are over")
    scene.wait_for(270)
    for terms in (tool, *batches):
        done = scene.anybody.fabricant.escrow.pay_retention(terms)
        scene.did(scene.anybody, f"pays {scene.show(done.event.to_supplier_side)}", done.receipt)
    scene.withdraw(scene.supplier)
    return lines


def goods(scene: Scene) -> list[Registration]:
    """What changes hands: the mould itself, one part, and two lots."""
    owner = scene.supplier.address
    mould = Registration(local_id="MOULD-7", kind=Kind.EQUIPMENT, owner=owner)
    first = Registration(local_id="COVER-0001", kind=Kind.PRODUCT, owner=owner)
    return [mould, first, *(scene.lot(f"COVERS-{number}", 5_000) for number in (1, 2))]


def buy(scene: Scene, terms: Terms, conditions: ConditionsSet, signed: SignedSchedule) -> None:
    """The buyer opens one line of those that the supplier signed."""
    buyer, escrow = scene.buyer, scene.buyer.fabricant.escrow
    scene.allow(buyer, terms.amount)
    done = escrow.open(terms, supplier=signed.consent(escrow.line_id(terms)))
    advance = scene.show(terms.amount - done.event.held)
    held = f"{scene.show(done.event.held)} held"
    what = held if advance == "0" else f"{held}, {advance} in advance"
    scene.did(buyer, f"opens a line, “{conditions.title}”: {what}", done.receipt)


def deliver(scene: Scene, terms: Terms, asset: AssetId, *, day: int) -> None:
    """The asset goes into custody."""
    scene.wait_for(day)
    done = scene.supplier.fabricant.escrow.deliver(terms, Delivery(assets=(asset,)))
    scene.did(scene.supplier, "delivers", done.receipt)


def receive(scene: Scene, terms: Terms, *, day: int) -> None:
    """The goods have arrived, and the inspection begins."""
    scene.wait_for(day)
    done = scene.inspector.fabricant.escrow.confirm_receipt(terms)
    scene.did(scene.inspector, "confirms receipt", done.receipt)


def accept(scene: Scene, terms: Terms, asset: AssetId, *, day: int) -> None:
    """Money against goods."""
    scene.wait_for(day)
    done = scene.inspector.fabricant.escrow.accept(terms, (asset,))
    kept = f", {scene.show(done.event.retained)} retained" if done.event.retained else ""
    what = f"accepts: {scene.show(done.event.to_supplier_side)} paid{kept}"
    scene.did(scene.inspector, what, done.receipt)


if __name__ == "__main__":
    main(play)
