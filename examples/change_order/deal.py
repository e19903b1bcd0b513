"""An engineering change in the middle of production: the work in progress is paid, and a new line goes on.

The drawing changes after a third of the housings is milled. Both sides sign one amendment: it ends the old
line with what the work so far is worth, and opens the new one, with new documents, price and date, in the
same transaction. Run it: `python examples/change_order/deal.py`.
"""

from dataclasses import replace

from eth_utils.crypto import keccak

from fabricant.chain.escrow import Delivery
from fabricant.conditions import load
from fabricant.demo.scene import Scene, main
from fabricant.domain.escrow import Amendment, Outcome, Terms

PRICE, DUE = 6_000, 30
WORK, CHANGE = 1_800, 12  # what is milled when the drawing changes, and on which day
NEW_PRICE, NEW_DUE = 4_900, 45
SIGNED_FOR = 3  # days


def play(scene: Scene) -> tuple[Terms, ...]:
    """The story. Returns the old line and the new one."""
    buyer, supplier, inspector = scene.buyer, scene.supplier, scene.inspector

    scene.chapter("Thirty housings, to drawing 4711 revision A")
    conditions = scene.publish(load("machine-time"))
    drawn = scene.terms(conditions, amount=PRICE, open_by=1, due_by=DUE)
    old = replace(drawn, documents=keccak(text="drawing 4711, revision A"))
    scene.secure([(old, conditions)])
    scene.allow(buyer, old.amount)
    signed = supplier.fabricant.escrow.sign_terms(old, by=supplier.wallet)
    opened = buyer.fabricant.escrow.open(old, supplier=signed)
    scene.did(buyer, f"opens the line: {scene.show(opened.event.held)} held", opened.receipt)

    scene.chapter("Ten are milled, and the drawing changes")
    scene.wait_for(CHANGE)
    renewed = scene.terms(conditions, amount=NEW_PRICE, open_by=CHANGE + SIGNED_FOR, due_by=NEW_DUE)
    new = replace(renewed, documents=keccak(text="drawing 4711, revision B"))
    amend(scene, old, new)

    scene.chapter("The old line is over, the new one goes on")
    scene.refused(supplier, "delivers to revision A", supplier.fabricant.escrow.deliver, old, Delivery())
    scene.wait_for(NEW_DUE)
    delivered = supplier.fabricant.escrow.deliver(new, Delivery())
    scene.did(supplier, "delivers to revision B, in time", delivered.receipt)
    scene.wait_for(NEW_DUE + 3)
    accepted = inspector.fabricant.escrow.accept(new)
    scene.did(inspector, f"accepts: {scene.show(accepted.event.to_supplier_side)} paid", accepted.receipt)
    scene.withdraw(supplier)
    return (old, new)


def amend(scene: Scene, old: Terms, new: Terms) -> None:
    """The supplier signs the change, and the buyer sends it with what the new price takes more."""
    buyer, supplier = scene.buyer, scene.supplier
    escrow, deadline = buyer.fabricant.escrow, scene.at(CHANGE + SIGNED_FOR)
    worth = Outcome(to_supplier=scene.tokens(WORK), goods_to_buyer=True)
    amendment = Amendment(
        old_id=escrow.line_id(old), new_id=escrow.line_id(new), outcome=worth, deadline=deadline
    )
    signed = supplier.fabricant.escrow.sign_amendment(amendment, by=supplier.wallet)
    scene.note(f"the supplier signs: {WORK:,} for ten housings, {NEW_PRICE:,} for the rest, by day {NEW_DUE}")
    more = NEW_PRICE - (PRICE - WORK)
    scene.allow(buyer, scene.tokens(more))
    done = escrow.amend(old, new, worth, deadline=deadline, supplier=signed)
    scene.did(buyer, f"agrees, and pays the {more:,} that the new price takes more", done.receipt)
    scene.refused(
        buyer, "sends it once more", escrow.amend, old, new, worth, deadline=deadline, supplier=signed
    )


if __name__ == "__main__":
    main(play)
