"""A buyer's agent and five suppliers' agents, from the question to the order, with nobody there.

Each works by the rules that its owner wrote. The best quotation that counts gets the award, by the rule that
the request published: not the cheapest firm, whose certificate nobody has seen, but the one that is worth
most to the buyer.
Run it: `python examples/five_bidders/deal.py`.
"""

import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from fabricant.agents import BuyerAgent, BuyerRules, Decision, Journal, SupplierAgent, SupplierRules
from fabricant.chain.answers import Hash
from fabricant.chain.escrow import Delivery
from fabricant.conditions import load
from fabricant.demo.scene import Scene, main
from fabricant.demo.stage import Party
from fabricant.domain.assets import Kind, Registration, namespace_of
from fabricant.domain.directory import Role
from fabricant.domain.escrow import Terms
from fabricant.domain.units import HOUR, UnixSeconds, format_time
from fabricant.errors import VerificationFailed

BIDDERS = ("supplier", "turner", "miller", "workshop", "foundry")
HAD = {"guests": dict.fromkeys(BIDDERS[1:], "1000")}
MACHINING, CASTING = "DIN 8580 3.2.2", "DIN 8580 1.1.1"
SECURITY = 200
LIMIT = 900

# What each firm's owner wrote, where it is not as usual.
RULES: Mapping[str, Mapping[str, Any]] = {
    "supplier": {},
    "turner": {"hourly": "70"},
    "miller": {"hourly": "88", "delivery_hours": 24},
    "workshop": {"hourly": "100", "hourly_cost": "80"},
    "foundry": {"process": CASTING, "hourly": "40"},
}


def play(scene: Scene) -> tuple[Terms, ...]:
    """The story. Returns the line."""
    scene.chapter("Six firms write down what their agents may do")
    settle(scene)
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        buyer, suppliers = agents(scene, Path(folder), stack)

        scene.chapter("The buyer's agent asks, the suppliers' agents answer")
        buyer.step()
        for agent in suppliers:
            agent.step()

        scene.chapter("When the time for quotations is over, it awards")
        buyer.step()
        scene.wait_for(2)
        while not buyer.step():
            pass
        for agent in suppliers:
            agent.step()
    if buyer.line is None:
        raise VerificationFailed("nothing was awarded")
    terms = scene.buyer.fabricant.escrow.terms_of(buyer.line)

    scene.chapter("Delivered, accepted, paid")
    winner = next(party for party in bidders(scene) if party.address == terms.supplier)
    scene.stage.chain.mine(at=UnixSeconds(terms.due_by - 1))
    delivered = winner.fabricant.escrow.deliver(terms, Delivery())
    scene.did(winner, "delivers in time", delivered.receipt)
    accepted = scene.buyer.fabricant.escrow.accept(terms)
    scene.did(scene.buyer, f"accepts: {scene.show(accepted.event.to_supplier_side)} paid", accepted.receipt)
    for party in bidders(scene):
        scene.withdraw(party)
    return (terms,)


def bidders(scene: Scene) -> Iterator[Party]:
    """The five suppliers."""
    yield scene.supplier
    yield from map(scene.guest, BIDDERS[1:])


def settle(scene: Scene) -> None:
    """Each supplier has a machine and a deposit, and everybody lets the market open lines for it."""
    scene.publish(load("machine-time"))
    for party in (scene.buyer, *bidders(scene)):
        trusted = party.fabricant.directory.set_operator(party.fabricant.capacity.address, Role.OPEN)
        scene.did(party, "lets the market open lines for it", trusted.receipt)
    for party in bidders(scene):
        machine = Registration(local_id="MACHINE", kind=Kind.EQUIPMENT, owner=party.address)
        done = party.fabricant.assets.register(namespace_of(party.address), machine)
        scene.did(party, "registers a machine", done.receipt)
        scene.deposit(party, scene.tokens(SECURITY), "its security")


def agents(scene: Scene, folder: Path, stack: ExitStack) -> tuple[BuyerAgent, list[SupplierAgent]]:
    """Everybody's agent, each with a folder of its own, and one between them for the post."""

    def journal(party: Party) -> Journal:
        return stack.enter_context(Journal.opened(folder / party.name, teller(scene, party)))

    buyer = BuyerAgent(
        scene.buyer.fabricant,
        wanted(scene),
        wallet=scene.buyer.wallet,
        journal=journal(scene.buyer),
        home=folder,
    )
    suppliers = [
        SupplierAgent(
            party.fabricant, sold(scene, party), wallet=party.wallet, journal=journal(party), home=folder
        )
        for party in bidders(scene)
    ]
    return buyer, suppliers


def wanted(scene: Scene) -> BuyerRules:
    """The buyer's rules: eight hours, and an hour sooner is worth 2 tokens."""
    certified = [party.address for party in bidders(scene) if party.name != "turner"]
    return BuyerRules.of(
        {
            "inbox": "post",
            "process": MACHINING,
            "machine_hours": 8,
            "begin": moment(scene, 4),
            "end": moment(scene, 9),
            "quote_by": moment(scene, 2),
            "due_by": moment(scene, 20),
            "token": scene.stage.money.address,
            "limit": str(LIMIT),
            "show_limit": True,
            "conditions": "machine-time",
            "award": "price",
            "hour_worth": "2",
            "requires": ["ISO 9001"],
            "known": [{"who": firm, "has": ["ISO 9001"]} for firm in certified],
        }
    )


def sold(scene: Scene, party: Party) -> SupplierRules:
    """A supplier's rules."""
    machine = {
        "machine": "MACHINE",
        "process": MACHINING,
        "shifts": ["Mon-Sun 00:00 to 00:00"],
        "hourly": "85",
        "setup": "120",
        "hourly_cost": "50",
        "setup_hours": 2,
        "delivery_hours": 72,
        "max_span": 48,
    }
    return SupplierRules.of(
        {
            "outbox": "post",
            "zone": "UTC",
            "token": scene.stage.money.address,
            "conditions": ["machine-time"],
            "valid_for": "1 day",
            "margin": "20 %",
            "has": ["ISO 9001"],  # as they say
            "machines": [{**machine, **RULES[party.name]}],
        }
    )


def moment(scene: Scene, day: int) -> str:
    """A day of the story as rules have it, on a full hour."""
    return format_time(UnixSeconds(scene.at(day) // HOUR * HOUR)).replace(" UTC", "Z").replace(" ", "T")


def teller(scene: Scene, party: Party) -> Callable[[Decision], None]:
    """Tells what an agent decides, with the names of the firms instead of their addresses."""
    names = {each.address: each.name for each in scene.stage.parties}

    def tell(decision: Decision) -> None:
        if (say := TOLD.get(decision.decision)) is None:
            return
        said = say(scene, decision)
        for address, name in names.items():
            said = said.replace(address, name)
        receipt = scene.stage.chain.receipt(decision.more.get("transaction", NO_TRANSACTION))
        if receipt is None:
            scene.note(f"the agent of the {party.name} {said}")
        else:
            scene.did(party, f"{said} (its agent)", receipt)

    return tell


def bid(scene: Scene, measures: Mapping[str, Any]) -> str:
    """Who, and for how much."""
    return f"{measures['supplier']} for {scene.show(int(measures['price']))}"


NO_TRANSACTION = Hash("0x" + "00" * 32)
TOLD: Mapping[str, Callable[[Scene, Decision], str]] = {
    "published": lambda *_: f"asks for eight hours, for {LIMIT} at most",
    "quoted": lambda scene, decision: f"quotes {scene.show(int(decision.more['price']))}",
    "declined": lambda _, decision: f"quotes nothing: {decision.why}",
    "ignored": lambda _, decision: f"ignores one: {decision.why}",
    "ranked": lambda scene, decision: (
        f"ranks {', then '.join(bid(scene, each) for each in decision.more['order'])}"
    ),
    "allowed": lambda *_: "lets the escrow take that",
    "awarded": lambda scene, decision: (
        f"awards {bid(scene, decision.more)}" if decision.more else "has got the award"
    ),
}


if __name__ == "__main__":
    main(play, guests=HAD["guests"])
