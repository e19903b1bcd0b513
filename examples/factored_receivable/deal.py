"""A factored receivable: the supplier sells its claim, and can't give the money away afterwards.

The factor pays at once, less its discount, and from then on is the payee: acceptance pays the factor, and
nothing that costs the factor money goes through without its signature. The goods and the security stay the
supplier's. Run it: `python examples/factored_receivable/deal.py`.
"""

from dataclasses import replace

from fabricant.chain.escrow import Delivery
from fabricant.conditions import load
from fabricant.demo.scene import Scene, main
from fabricant.domain.directory import Role
from fabricant.domain.escrow import Amendment, Assignment, Consent, Outcome, Settlement, Terms
from fabricant.domain.units import BaseUnits

PRICE, DUE = 8_000, 30
PAID, SOLD = 7_700, 5  # what the factor pays, and on which day
HAD = {"fifth": "factor", "fifth_has": str(PAID)}


def play(scene: Scene) -> tuple[Terms, ...]:
    """The story. Returns its one line."""
    buyer, supplier, factor = scene.buyer, scene.supplier, scene.fifth

    scene.chapter("A line of 8,000, due on day 30")
    conditions = scene.publish(load("machine-time"))
    terms = scene.terms(conditions, amount=PRICE, open_by=1, due_by=DUE)
    scene.secure([(terms, conditions)])
    scene.allow(buyer, terms.amount)
    signed = supplier.fabricant.escrow.sign_terms(terms, by=supplier.wallet)
    opened = buyer.fabricant.escrow.open(terms, supplier=signed)
    scene.did(buyer, f"opens the line: {scene.show(opened.event.held)} held", opened.receipt)

    scene.chapter("The supplier sells the claim")
    scene.wait_for(SOLD)
    consent = consent_of_factor(scene, terms)
    assigned = supplier.fabricant.escrow.assign(
        terms, factor.address, deadline=scene.at(SOLD + 1), consent=consent
    )
    scene.did(supplier, "assigns it; the factor signed before", assigned.receipt)
    token = factor.fabricant.token(scene.stage.money.address)
    bought = token.transfer(supplier.address, scene.tokens(PAID))
    scene.did(factor, f"pays {PAID:,}, {PRICE - PAID:,} less than the claim", bought.receipt)

    scene.chapter("The supplier tries to give the money away")
    tries(scene, terms, consent)

    scene.chapter("It delivers, and the factor is paid")
    scene.wait_for(DUE)
    delivered = supplier.fabricant.escrow.deliver(terms, Delivery())
    scene.did(supplier, "delivers in time", delivered.receipt)
    scene.wait_for(DUE + 3)
    accepted = scene.inspector.fabricant.escrow.accept(terms)
    paid = scene.show(accepted.event.to_supplier_side)
    scene.did(scene.inspector, f"accepts: {paid} to the factor", accepted.receipt)
    scene.withdraw(supplier)
    return (terms,)


def consent_of_factor(scene: Scene, terms: Terms) -> Consent:
    """The factor looks at the line, and agrees to be its payee until tomorrow."""
    factor = scene.fifth
    escrow = factor.fabricant.escrow
    line = escrow.line_id(terms)
    held = escrow.line_of(line).held
    scene.note(f"the factor reads the line: {scene.show(held)} held, no dispute, nobody else's")
    told = Assignment(id=line, payee=factor.address, deadline=scene.at(SOLD + 1))
    return escrow.sign_assignment(told, by=factor.wallet)


def tries(scene: Scene, terms: Terms, used: Consent) -> None:
    """What a supplier could think of, with a buyer that plays along."""
    buyer, supplier, friend = scene.buyer, scene.supplier, scene.arbiter
    escrow, soon = supplier.fabricant.escrow, scene.at(SOLD + 10)
    line, nothing = escrow.line_id(terms), Outcome(to_supplier=BaseUnits(0), goods_to_buyer=True)

    settled = buyer.fabricant.escrow.sign_settlement(
        Settlement(id=line, outcome=nothing, deadline=soon), by=buyer.wallet
    )
    scene.refused(
        supplier, "settles for nothing", escrow.settle, terms, nothing, deadline=soon, buyer=settled
    )
    cheap = replace(terms, amount=scene.tokens(1), salt=terms.salt ^ 1)
    amendment = Amendment(old_id=line, new_id=escrow.line_id(cheap), outcome=nothing, deadline=soon)
    changed = buyer.fabricant.escrow.sign_amendment(amendment, by=buyer.wallet)
    scene.refused(
        supplier,
        "amends it to a price of 1",
        escrow.amend,
        terms,
        cheap,
        nothing,
        deadline=soon,
        buyer=changed,
    )
    scene.refused(supplier, "refunds it all", escrow.refund, terms, held_after=BaseUnits(0))
    scene.refused(supplier, "resigns without penalty", escrow.resign, terms)
    told = Assignment(id=line, payee=friend.address, deadline=soon)
    again = friend.fabricant.escrow.sign_assignment(told, by=friend.wallet)
    scene.refused(
        supplier, "sells it once more", escrow.assign, terms, friend.address, deadline=soon, consent=again
    )
    lent = supplier.fabricant.directory.set_operator(friend.address, Role.FINANCE | Role.CHANGE)
    scene.did(supplier, "lends the arbiter all its roles over money", lent.receipt)
    theirs = friend.fabricant.escrow
    scene.refused(friend, "refunds it for the supplier", theirs.refund, terms, held_after=BaseUnits(0))
    scene.refused(
        friend, "settles for the supplier", theirs.settle, terms, nothing, deadline=soon, buyer=settled
    )
    factor, first = scene.fifth, scene.at(SOLD + 1)
    claim = factor.fabricant.escrow.assign
    scene.refused(
        factor, "uses its consent again", claim, terms, factor.address, deadline=first, consent=used
    )


if __name__ == "__main__":
    main(play, **HAD)
