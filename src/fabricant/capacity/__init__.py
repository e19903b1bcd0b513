"""Planning: which offers make a job cheapest or soonest, at which hours.

A Job is a routing: operations in order, between strangers whose hours are for sale. `plan` chooses an offer
and hours for each, so that every operation has its material when it begins, or says what would have to give.
"""

from fabricant.capacity.jobs import Available, Job, Operation, Transport
from fabricant.capacity.market import Attributes, gather, purchases
from fabricant.capacity.planner import NoPlan, Plan, SolverMissing, Step, Undecided, plan
from fabricant.domain.capacity import CHEAPEST, EARLIEST, Goal, Worth

__all__ = [
    "CHEAPEST",
    "EARLIEST",
    "Attributes",
    "Available",
    "Goal",
    "Job",
    "NoPlan",
    "Operation",
    "Plan",
    "SolverMissing",
    "Step",
    "Transport",
    "Undecided",
    "Worth",
    "gather",
    "plan",
    "purchases",
]
