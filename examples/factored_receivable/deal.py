"""A supplier sells its receivable to a factor, and then tries to give the money away; so does its clerk.

Once assigned, what is due for the line is the factor's: whoever wants to move it elsewhere needs the factor's
signature. Every attempt is refused with an error that names line and caller, and acceptance pays the factor.
Run it: `python examples/factored_receivable/deal.py`.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from fabricant.chain import agreements
from fabricant.chain.agreements import KINDS
from fabricant.chain.errors import (
    SupplierEscrow_Assigned,
    SupplierEscrow_NoConsent,
    SupplierEscrow_NotBuyer,
    SupplierEscrow_NotSupplier,
)
from fabricant.chain.escrow import Delivery, SupplierEscrow
from fabricant.chain.reverts import ContractError
from fabricant.conditions import load
from fabricant.demo.scene import Scene, main
from fabricant.demo.stage import Party
from fabricant.domain.directory import Role
from fabricant.domain.escrow import Amendment, Assignment, Outcome, Settlement, Terms
from fabricant.domain.signed_files import parse_any
from fabricant.domain.units import NOTHING

PRICE, PAID = 8_000, 7_800  # by the factor, for what is due
SALE, DUE, RETENTION = 5, 60, 90  # days
HAD = {"guests": {"factor": str(PAID), "clerk": "0"}}

NOTHING_TO_SUPPLIER = Outcome(to_supplier=NOTHING, goods_to_buyer=False)


def play(scene: Scene) -> tuple[Terms, ...]:
    """The story. Returns its one line."""
    terms = order(scene)
    sell(scene, terms)

    scene.wait_for(SALE + 1)
    scene.chapter("The supplier tries to give the money away, and the buyer would help")
    give_away(scene, terms, scene.supplier)
    scene.chapter("So does its clerk, who may do all that an operator may")
    give_away(scene, terms, scene.guest("clerk"))

    scene.chapter("Acceptance pays the factor")
    scene.wait_for(DUE - 3)
    delivered = scene.supplier.fabricant.escrow.deliver(terms, Delivery())
    scene.did(scene.supplier, "delivers in time", delivered.receipt)
    scene.wait_for(DUE)
    accepted = scene.inspector.fabricant.escrow.accept(terms)
    paid, kept = scene.show(accepted.event.to_supplier_side), scene.show(accepted.event.retained)
    scene.did(scene.inspector, f"accepts: {paid} paid, {kept} retained", accepted.receipt)
    scene.wait_for(DUE + RETENTION)
    done = scene.anybody.fabricant.escrow.pay_retention(terms)
    scene.did(scene.anybody, f"pays {scene.show(done.event.to_supplier_side)}", done.receipt)
    scene.withdraw(scene.supplier)
    return (terms,)


def order(scene: Scene) -> Terms:
    """The line, and a clerk of the supplier with every role."""
    buyer, supplier = scene.buyer, scene.supplier
    scene.chapter(f"One line of {PRICE:,}, due on day {DUE}")
    conditions = scene.publish(load("series-parts-delivered-at-place"))
    terms = scene.terms(conditions, amount=PRICE, open_by=1, due_by=DUE)
    scene.secure([(terms, conditions)])
    scene.allow(buyer, terms.amount)
    signed = supplier.fabricant.escrow.sign_terms(terms, by=supplier.wallet)
    opened = buyer.fabricant.escrow.open(terms, supplier=signed)
    scene.did(buyer, f"opens the line: {scene.show(opened.event.held)} held", opened.receipt)
    every = Role.OPEN | Role.CHANGE | Role.QUALITY | Role.FINANCE | Role.RECORD | Role.ASSETS
    lent = supplier.fabricant.directory.set_operator(scene.guest("clerk").address, every)
    scene.did(supplier, "lends its clerk every role", lent.receipt)
    return terms


def sell(scene: Scene, terms: Terms) -> None:
    """The factor signs, the supplier sends, and only then the factor pays."""
    supplier, factor = scene.supplier, scene.guest("factor")
    scene.chapter("The receivable is sold")
    scene.wait_for(SALE)
    proposed = agreements.assigning(supplier.fabricant, terms, factor.address, deadline=scene.at(SALE + 2))
    proposed.check_proposal()
    read = agreements.agreement(factor.fabricant, parse_any(KINDS, proposed.file.serialise()))
    read.check_proposal()
    file = read.signed("payee", by=factor.wallet).file.serialise()
    scene.note("the factor checks and signs the assignment, and hands it back")
    agreed = agreements.agreement(supplier.fabricant, parse_any(KINDS, file))
    agreed.check_consents()
    done = supplier.fabricant.escrow.assign(**agreed.arguments(payer=supplier.address, value=NOTHING))
    scene.did(supplier, "assigns what is due to it to the factor", done.receipt)
    paid = factor.fabricant.token(terms.token).transfer(supplier.address, scene.tokens(PAID))
    scene.did(factor, f"pays {PAID:,} for it", paid.receipt)


def give_away(scene: Scene, terms: Terms, party: Party) -> None:
    """Everything by which the money would go elsewhere; the buyer signs whatever it is asked to."""
    buyer, escrow = scene.buyer, scene.buyer.fabricant.escrow
    line, deadline = escrow.line_id(terms), scene.at(DUE)
    not_supplier = SupplierEscrow_NotSupplier(id=line, caller=party.address)
    no_consent = SupplierEscrow_NoConsent(principal=scene.guest("factor").address, actor=party.address)

    def refused(
        what: str, error: ContractError, action: Callable[..., Any], *args: Any, **kwargs: Any
    ) -> None:
        scene.refused(party, what, error, party.fabricant.escrow, action, terms, *args, **kwargs)

    settlement = Settlement(id=line, outcome=NOTHING_TO_SUPPLIER, deadline=deadline)
    agreed: dict[str, Any] = {
        "deadline": deadline,
        "buyer": escrow.sign_settlement(settlement, by=buyer.wallet),
    }
    refused("settles for nothing", no_consent, SupplierEscrow.settle, NOTHING_TO_SUPPLIER, **agreed)

    cheaper = replace(terms, amount=scene.tokens(1), open_by=scene.at(DUE), salt=terms.salt + 1)
    amendment = Amendment(
        old_id=line, new_id=escrow.line_id(cheaper), outcome=NOTHING_TO_SUPPLIER, deadline=deadline
    )
    agreed = {"deadline": deadline, "buyer": escrow.sign_amendment(amendment, by=buyer.wallet)}
    refused("makes it a line of 1", no_consent, SupplierEscrow.amend, cheaper, NOTHING_TO_SUPPLIER, **agreed)

    other = scene.anybody
    again = Assignment(id=line, payee=other.address, deadline=deadline)
    agreed = {"deadline": deadline, "consent": escrow.sign_assignment(again, by=other.wallet)}
    refused("assigns it again", not_supplier, SupplierEscrow.assign, other.address, **agreed)

    refused("gives all of it back", not_supplier, SupplierEscrow.refund, held_after=NOTHING)
    refused("resigns", SupplierEscrow_Assigned(id=line), SupplierEscrow.resign)
    refused("cancels", SupplierEscrow_NotBuyer(id=line, caller=party.address), SupplierEscrow.cancel)


if __name__ == "__main__":
    main(play, guests=HAD["guests"])
