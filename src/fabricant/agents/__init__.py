"""Agents: they quote and award for their owners, unattended, and never beyond the rules that they have.

    with Journal.opened(folder, print) as journal:
        agent = SupplierAgent(fabricant, rules, wallet=wallet, journal=journal, home=folder)
        run(agent, journal, every=5)

Nothing is kept but in an agent's folder and on the chain, so that it can be killed at any moment and started
again. Quotations pass between agents as files in folders; how these reach the other firm is up to both.
"""

from fabricant.agents.buyer import BuyerAgent
from fabricant.agents.buyer_rules import BuyerRules
from fabricant.agents.journal import Decision, Journal
from fabricant.agents.running import run
from fabricant.agents.supplier import SupplierAgent
from fabricant.agents.supplier_rules import SupplierRules

__all__ = [
    "BuyerAgent",
    "BuyerRules",
    "Decision",
    "Journal",
    "SupplierAgent",
    "SupplierRules",
    "run",
]
