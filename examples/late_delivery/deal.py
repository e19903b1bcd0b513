"""A delivery three days late: the agreed damages come off the price, and there is nothing to argue about.

What a delay costs is part of the conditions, so both sides know it on every day, and the domain model says
the same as the contract. Run it: `python examples/late_delivery/deal.py`.
"""

from fabricant.chain.escrow import Delivery
from fabricant.conditions import load
from fabricant.demo.scene import Scene, main
from fabricant.domain.escrow import Ending, Line, Status, Terms, late_intervals, payoff

PRICE, DUE, LATE = 2_000, 20, 3


def play(scene: Scene) -> tuple[Terms, ...]:
    """The story. Returns its one line."""
    buyer, supplier, inspector = scene.buyer, scene.supplier, scene.inspector

    scene.chapter(f"One line of {PRICE:,}, due on day {DUE}")
    conditions = scene.publish(load("machine-time"))
    terms = scene.terms(conditions, amount=PRICE, open_by=1, due_by=DUE)
    scene.secure([(terms, conditions)])
    scene.allow(buyer, terms.amount)
    signed = supplier.fabricant.escrow.sign_terms(terms, by=supplier.wallet)
    opened = buyer.fabricant.escrow.open(terms, supplier=signed)
    scene.did(buyer, f"opens the line: {scene.show(opened.event.held)} held", opened.receipt)

    scene.chapter(f"The supplier is {LATE} days late")
    scene.wait_for(DUE + LATE)
    line = Line(
        status=Status.OPEN,
        held=terms.amount,
        late_intervals=late_intervals(terms, Line(), conditions.conditions, at=scene.at(DUE + LATE)),
    )
    expected = payoff(Ending.ACCEPTED, line, amount=terms.amount, conditions=conditions.conditions)
    scene.note(
        f"{line.late_intervals} commenced days at 2 %: {scene.show(expected.to_buyer)} off, both sides know"
    )
    delivered = supplier.fabricant.escrow.deliver(terms, Delivery())
    scene.did(supplier, f"delivers, {delivered.event.late_intervals} days late", delivered.receipt)

    scene.chapter("Transit and inspection do not count as delay")
    scene.wait_for(DUE + LATE + 2)
    accepted = inspector.fabricant.escrow.accept(terms)
    paid, back = (scene.show(amount) for amount in (accepted.event.to_supplier_side, accepted.event.to_buyer))
    scene.did(inspector, f"accepts: {paid} to the supplier, {back} back to the buyer", accepted.receipt)
    scene.withdraw(supplier)
    return (terms,)


if __name__ == "__main__":
    main(play)
