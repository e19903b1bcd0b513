"""Between a plan and the market: what is for sale, and what is to be booked."""

import secrets
from collections.abc import Mapping

from fabricant.capacity.jobs import Available, Job
from fabricant.capacity.planner import Plan
from fabricant.chain.capacity import Purchase
from fabricant.chain.fabricant import Fabricant
from fabricant.chain.offers import OfferReport, Wanted, search
from fabricant.domain.assets import AssetId
from fabricant.domain.capacity import Order
from fabricant.domain.escrow import NO_HASH
from fabricant.domain.units import Address

Attributes = Mapping[Address | AssetId, frozenset[str]]


def gather(fabricant: Fabricant, job: Job, attributes: Attributes) -> list[Available]:
    """The published offers that can be booked for a job. Sends nothing.

    `attributes`: what the buyer knows of suppliers and machines, such as certificates that it has seen.
    """
    processes = {operation.process for operation in job.routing}
    wanted = Wanted(token=job.token.address, buyer=job.buyer, processes=frozenset(processes))
    return [_available(fabricant, each, attributes) for each in search(fabricant, wanted)]


def purchases(job: Job, plan: Plan, *, order_ref: bytes = NO_HASH) -> list[Purchase]:
    """What `CapacityMarket.book_many` books to carry out a plan, for its prices at most.

    `order_ref`: of the purchase order that all lines belong to. Each line has a random salt.
    """
    found = []
    for step, operation in zip(plan.steps, job.routing, strict=True):
        order = Order(
            buyer=job.buyer,
            documents=operation.documents,
            order_ref=order_ref,
            max_price=step.price,
            salt=int.from_bytes(secrets.token_bytes(32)),
            assets=operation.assets,
            hours=step.hours,
        )
        found.append(Purchase(step.available.offer, step.available.consent, order))
    return found


def _available(fabricant: Fabricant, report: OfferReport, attributes: Attributes) -> Available:
    offer = report.offer
    return Available(
        offer=offer,
        consent=report.consent,
        conditions=fabricant.escrow.conditions_of(offer.conditions),
        free=report.free,
        left=report.left,
        deposit=fabricant.escrow.free_balance_of(offer.supplier, offer.token),
        attributes=attributes.get(offer.supplier, frozenset()) | attributes.get(offer.machine, frozenset()),
    )
