"""Jobs as people write them: a TOML file with the routing, the limits, and what the buyer knows of others."""

from collections.abc import Iterable
from typing import Annotated, Final

from pydantic import BaseModel, ConfigDict, Field

from fabricant.capacity.jobs import Job, Operation, Transport
from fabricant.capacity.market import Attributes
from fabricant.domain.assets import AssetId
from fabricant.domain.drafts import Draft, parse_hash, parse_token, process_code, reads
from fabricant.domain.units import (
    COIN_NAME,
    Address,
    Token,
    UnixSeconds,
    parse_address,
    parse_decimal,
    parse_time,
    printable,
)
from fabricant.errors import InvalidInput

TEMPLATE: Final = """\
# What is to be made, in which order, by when, for how much: `fabricant plan show` finds the best offers.

token = "coin"                        # address of the token; coin: the chain's own
budget = "2500"                       # in whole tokens, for everything; left out: any
begin = "2026-12-01T06:00+01:00"      # when the material is at your place; left out: now
due_by = "2026-12-18T18:00+01:00"     # when the goods are to be at your place
transport_hours = 24                  # on the way from one firm to another

[[operations]]                        # in order
name = "casting"
process = "DIN 8580 1.1.1"            # code of the process, as offers name it
hours = 8                             # of the machine, without its setup

[[operations]]
name = "machining"
process = "DIN 8580 3.2.2"
hours = 6
requires = ["ISO 9001", "5 axes"]     # of supplier or machine, see below; left out: nothing
# machines = ["0x…"]                  # only on one of these; left out: on any
# assets = 1                          # registered products to be handed over; left out: none
# documents = "0x…"                   # hash of your drawings; left out: none

# [[transport]]                       # between two firms for which it takes longer or shorter
# between = ["0x…", "0x…"]            # one of them may be you
# hours = 72

# [[known]]                           # what you have seen of a supplier or a machine
# who = "0x…"                         # an address, or the id of a machine
# has = ["ISO 9001"]
"""


def parse_subject(text: str) -> Address | AssetId:
    """A supplier's address, or the id of a machine. Raises InvalidInput for anything else."""
    return parse_machine(text) if len(text) > len("0x") + 40 else parse_address(text)


def parse_machine(text: str) -> AssetId:
    """A machine's whole id. Raises InvalidInput for anything else."""
    try:
        return AssetId(int.from_bytes(parse_hash(text)))
    except InvalidInput:
        raise InvalidInput(
            f"{printable(text, 80)!r} is no machine's id; write 0x and 64 hex digits"
        ) from None


class _Table(BaseModel):
    """A table of the file."""

    model_config = ConfigDict(extra="forbid", frozen=True)


_Count = Annotated[int, Field(ge=0)]
_Firm = Annotated[str, reads(parse_address)]
_Words = Annotated[list[str], Field(default_factory=list)]


class _Operation(_Table):
    name: Annotated[str, Field(min_length=1, max_length=60)]
    process: str
    hours: Annotated[int, Field(ge=1, le=10_000)]
    requires: _Words
    machines: Annotated[list[Annotated[str, reads(parse_machine)]] | None, Field(min_length=1)] = None
    assets: _Count = 0
    documents: Annotated[str, reads(parse_hash)] = ""


class _Transport(_Table):
    between: Annotated[list[_Firm], Field(min_length=2, max_length=2)]
    hours: _Count


class Known(_Table):
    """What is known of a supplier or a machine."""

    who: Annotated[str, reads(parse_subject)]
    has: _Words


class JobFile(Draft):
    """A job as it is written. `job` and `attributes` say what it means."""

    token: Annotated[str, reads(parse_token)] = COIN_NAME
    budget: Annotated[str | None, reads(parse_decimal)] = None
    begin: Annotated[str | None, reads(parse_time)] = None
    due_by: Annotated[str, reads(parse_time)]
    transport_hours: _Count = 0
    operations: Annotated[list[_Operation], Field(min_length=1, max_length=100)]
    transport: Annotated[list[_Transport], Field(default_factory=list)]
    known: Annotated[list[Known], Field(default_factory=list)]

    def job(self, *, buyer: Address, token: Token, at: UnixSeconds) -> Job:
        """The job of a buyer, priced in the token that the file names. Raises InvalidInput. `at`: now."""
        between = {frozenset(map(parse_address, each.between)): each.hours for each in self.transport}
        return Job(
            buyer=buyer,
            token=token,
            routing=tuple(map(_operation, self.operations)),
            begin=at if self.begin is None else max(at, parse_time(self.begin)),
            due_by=parse_time(self.due_by),
            budget=None if self.budget is None else token.parse(self.budget),
            transport=Transport(self.transport_hours, between),
        )

    def attributes(self) -> Attributes:
        """What is known of suppliers and machines."""
        return known_of(self.known)


def known_of(said: Iterable[Known]) -> Attributes:
    """What is known of each supplier and machine, all together."""
    found: dict[Address | AssetId, frozenset[str]] = {}
    for each in said:
        subject = parse_subject(each.who)
        found[subject] = found.get(subject, frozenset()) | frozenset(each.has)
    return found


def _operation(written: _Operation) -> Operation:
    return Operation(
        name=printable(written.name),
        process=process_code(written.process),
        hours=written.hours,
        machines=None if written.machines is None else frozenset(map(parse_machine, written.machines)),
        requires=frozenset(map(printable, written.requires)),
        assets=written.assets,
        documents=parse_hash(written.documents),
    )
