"""30 % in advance, 60 % at acceptance, 10 % as warranty; and a claim while the warranty runs.

The claim is a dispute of the retention and of nothing else: what was paid stays paid, and the goods stay the
buyer's. The arbiter divides the tenth, and earns its fee by that. Run it:
`python examples/warranty_claim/deal.py`.
"""

from eth_utils.crypto import keccak

from fabricant.chain.escrow import Delivery
from fabricant.conditions import ConditionsSet, load
from fabricant.demo.scene import Scene, main
from fabricant.domain.assets import Kind, Registration
from fabricant.domain.escrow import Outcome, Terms, arbiter_fee

PRICE, TENTH = 100_000, 10_000
DUE, CLAIM, RULING = 120, 270, 300  # days
TO_SUPPLIER = 4_000  # of the tenth, as the arbiter rules
HAD = {"buyer_has": "102000", "supplier_has": "10000"}


def conditions() -> ConditionsSet:
    """The shipped conditions for tooling, with a year of warranty. Shares have two decimals at most."""
    return load("tooling").changed(
        {"retention_bps": "14.29 %", "retention": "365 days", "bond_bps": "10 %"},
        name="special-machine",
        title="Special machine, 30/60/10",
        purpose="Built for the buyer; a seventh of what acceptance pays is held back for a year.",
    )


def play(scene: Scene) -> tuple[Terms, ...]:
    """The story. Returns its one line."""
    buyer, supplier, inspector = scene.buyer, scene.supplier, scene.inspector

    scene.chapter("30 % in advance")
    agreed = scene.publish(conditions())
    terms = scene.terms(agreed, amount=PRICE, open_by=1, due_by=DUE, assets=1)
    scene.secure([(terms, agreed)])
    scene.allow(buyer, terms.amount)
    signed = supplier.fabricant.escrow.sign_terms(terms, by=supplier.wallet)
    opened = buyer.fabricant.escrow.open(terms, supplier=signed)
    advance = scene.show(terms.amount - opened.event.held)
    scene.did(buyer, f"opens the line: {advance} in advance", opened.receipt)

    scene.chapter("60 % at acceptance, 10 % retained")
    machine = scene.register([Registration(local_id="PRESS-12", kind=Kind.EQUIPMENT, owner=supplier.address)])
    scene.wait_for(DUE)
    delivered = supplier.fabricant.escrow.deliver(terms, Delivery(assets=machine))
    scene.did(supplier, "delivers", delivered.receipt)
    scene.wait_for(DUE + 20)
    accepted = inspector.fabricant.escrow.accept(terms, machine)
    paid, kept = scene.show(accepted.event.to_supplier_side), scene.show(accepted.event.retained)
    scene.did(inspector, f"accepts: {paid} paid, {kept} retained", accepted.receipt)
    rounded = buyer.fabricant.escrow.pay(terms, held_after=scene.tokens(TENTH))
    scene.did(buyer, f"releases the odd {scene.show(rounded.event.amount)}: 30/60/10", rounded.receipt)

    claim(scene, terms, agreed)

    scene.chapter("The arbiter rules, on the tenth alone")
    scene.wait_for(RULING)
    outcome = Outcome(to_supplier=scene.tokens(TO_SUPPLIER), goods_to_buyer=True)
    ruled = scene.arbiter.fabricant.escrow.rule(terms, outcome)
    shares = scene.show(ruled.event.to_supplier_side), scene.show(ruled.event.to_buyer)
    scene.did(scene.arbiter, f"rules: {shares[0]} to the supplier, {shares[1]} to the buyer", ruled.receipt)
    scene.withdraw(supplier)
    return (terms,)


def claim(scene: Scene, terms: Terms, agreed: ConditionsSet) -> None:
    """The buyer disputes the retention, and both submit what they have."""
    buyer, supplier = scene.buyer, scene.supplier
    scene.chapter(f"A claim, {CLAIM - DUE - 20} days into the warranty")
    scene.wait_for(CLAIM)
    fee = arbiter_fee(terms.amount, agreed.conditions)
    scene.deposit(buyer, fee, "the arbiter's fee")
    report = keccak(text="main bearing worn out after 900 hours")
    disputed = buyer.fabricant.escrow.dispute(terms, evidence=report)
    scene.did(buyer, "disputes the retention, with a report", disputed.receipt)
    logs = keccak(text="lubrication was switched off for 40 of them")
    answered = supplier.fabricant.escrow.evidence(terms, evidence=logs)
    scene.did(supplier, "answers, with the machine's logs", answered.receipt)


if __name__ == "__main__":
    main(play, buyer_has=HAD["buyer_has"], supplier_has=HAD["supplier_has"])
