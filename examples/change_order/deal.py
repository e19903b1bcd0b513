"""An engineering change in the middle of production: the work in progress is paid, and a new line goes on.

The old line and the new one name each other in the log, and no money passes through anybody's hands between
them. The parties agree as with `fabricant order propose amend`, `order sign` and `order send`: in one file,
which each checks and signs. Run it: `python examples/change_order/deal.py`.
"""

from dataclasses import replace
from typing import Any

from eth_utils.crypto import keccak

from fabricant.chain import agreements
from fabricant.chain.agreements import KINDS, Agreement
from fabricant.chain.escrow import Delivery
from fabricant.conditions import ConditionsSet, load
from fabricant.demo.scene import Scene, main
from fabricant.domain.escrow import Outcome, Terms
from fabricant.domain.signed_files import parse_any
from fabricant.domain.units import NOTHING

PRICE, DUE = 4_000, 60  # of revision A
CHANGE = 20  # the day on which production stops
WORK = 1_200  # done by then
STILL_OPEN, NEW_DUE = 3_300, 75  # of revision B
RETENTION = 90  # days


def play(scene: Scene) -> tuple[Terms, ...]:
    """The story. Returns the old line and the new one."""
    supplier, inspector = scene.supplier, scene.inspector
    conditions = load("series-parts-delivered-at-place")
    old = order(scene, conditions)
    new = replace(
        scene.terms(conditions, amount=STILL_OPEN, open_by=CHANGE + 7, due_by=NEW_DUE),
        documents=keccak(text="housing, revision B"),
        order_ref=old.order_ref,
    )
    change(scene, old, new)

    scene.chapter("Revision B is delivered and paid as any other line")
    scene.wait_for(NEW_DUE - 2)
    delivered = supplier.fabricant.escrow.deliver(new, Delivery())
    scene.did(supplier, "delivers in time", delivered.receipt)
    scene.wait_for(NEW_DUE)
    accepted = inspector.fabricant.escrow.accept(new)
    paid, kept = scene.show(accepted.event.to_supplier_side), scene.show(accepted.event.retained)
    scene.did(inspector, f"accepts: {paid} paid, {kept} retained", accepted.receipt)
    scene.wait_for(NEW_DUE + RETENTION)
    done = scene.anybody.fabricant.escrow.pay_retention(new)
    scene.did(scene.anybody, f"pays {scene.show(done.event.to_supplier_side)}", done.receipt)
    scene.withdraw(supplier)
    return old, new


def order(scene: Scene, conditions: ConditionsSet) -> Terms:
    """The line as it was bought."""
    buyer, supplier = scene.buyer, scene.supplier
    scene.chapter(f"Housings for {PRICE:,}, revision A, due on day {DUE}")
    scene.publish(conditions)
    terms = replace(
        scene.terms(conditions, amount=PRICE, open_by=1, due_by=DUE),
        documents=keccak(text="housing, revision A"),
        order_ref=keccak(text="a salt, and purchase order 4711"),
    )
    scene.secure([(terms, conditions)])
    scene.allow(buyer, terms.amount)
    signed = supplier.fabricant.escrow.sign_terms(terms, by=supplier.wallet)
    opened = buyer.fabricant.escrow.open(terms, supplier=signed)
    scene.did(buyer, f"opens the line: {scene.show(opened.event.held)} held", opened.receipt)
    return terms


def change(scene: Scene, old: Terms, new: Terms) -> None:
    """The buyer proposes, the supplier signs, the buyer sends, which is its own consent."""
    buyer, supplier = scene.buyer, scene.supplier
    scene.chapter("Revision B: another price, date and drawing")
    scene.wait_for(CHANGE)
    work = Outcome(to_supplier=scene.tokens(WORK), goods_to_buyer=False)
    proposed = agreements.amending(buyer.fabricant, old, new, work, deadline=scene.at(CHANGE + 5))
    proposed.check_proposal()
    file = proposed.file.serialise()
    scene.note(f"the buyer proposes: {WORK:,} for the work in progress, {STILL_OPEN:,} still open")

    read = agreements.agreement(supplier.fabricant, parse_any(KINDS, file))
    read.check_proposal()
    file = read.signed("supplier", by=supplier.wallet).file.serialise()
    scene.note("the supplier checks and signs the file, and hands it back")

    agreed = agreements.agreement(buyer.fabricant, parse_any(KINDS, file))
    agreed.check()
    agreed.check_consents()
    agreed.check_sender(buyer.address)
    send(scene, agreed)


def send(scene: Scene, agreed: Agreement[Any]) -> None:
    """One transaction ends the old line and opens the new one."""
    buyer, escrow = scene.buyer, scene.buyer.fabricant.escrow
    more = agreed.price
    scene.allow(buyer, more)
    done = escrow.amend(**agreed.arguments(payer=buyer.address, value=NOTHING))
    held = scene.show(escrow.line_of(done.event.new_id).held)
    what = f"changes the line: {WORK:,} to the supplier, {scene.show(more)} more from the buyer"
    scene.did(buyer, what, done.receipt)
    scene.note(f"{held} are held by the new line, which the log links to the old one")


if __name__ == "__main__":
    main(play)
