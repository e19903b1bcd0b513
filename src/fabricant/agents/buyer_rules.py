"""What a buyer's agent asks for and may award, as its owner writes it: a TOML file."""

from typing import Annotated, Final

from pydantic import Field

from fabricant.capacity.job_files import Known, known_of
from fabricant.capacity.market import Attributes
from fabricant.domain.capacity import CHEAPEST, EARLIEST, Goal, Tender, Worth
from fabricant.domain.drafts import Draft, parse_hash, parse_hour, parse_token, reads
from fabricant.domain.units import COIN_NAME, Token, parse_address, parse_decimal, parse_time
from fabricant.errors import InvalidInput

TEMPLATE: Final = """\
# What your agent asks for and may award, unattended. It spends nothing beyond this.

inbox = "quotations"                  # folder to which suppliers' quotations come, beside this file
process = "DIN 8580 3.2.2"            # code of the process
machine_hours = 8                     # to be reserved
begin = "2026-12-01T06:00+01:00"      # the first hour in which they may lie
end = "2026-12-12T18:00+01:00"        # the end of the last one
quote_by = "2026-11-28T12:00+01:00"   # quotations come before; then the best one gets the award
due_by = "2026-12-18T18:00+01:00"     # when the goods are due at the latest
token = "coin"                        # address of the token in which you pay; coin: the chain's own
limit = "1200"                        # the most that you pay, in whole tokens
show_limit = false                    # true: everybody sees the limit as your budget
conditions = "machine-time"           # trade conditions, by name or id
award = "price"                       # the cheapest quotation is the best; time: the one that is due first
hour_worth = "0"                      # by price: what an hour sooner is worth, in whole tokens
requires = []                         # what suppliers must have, as `known` below says
least_quotations = 1                  # with fewer that are acceptable, nothing is awarded
most_attempts = 3                     # awards that may fail, each for its fee: the hours may be gone
sealed = true                         # quotations that only your wallet can read
reply_to = ""                         # where suppliers send their quotations
suppliers = []                        # award to these alone; empty: to anybody
# inspector = "0x…"                   # alone rejects, and may accept; left out: you
# arbiter = "0x…"                     # rules on disputes; left out: nobody
# broker = "0x…"                      # gets the commission; left out: nobody
# assets = 0                          # registered products to be handed over
# documents = "0x…"                   # hash of your drawings; left out: none
# uri = "https://…"                   # where suppliers find them
# order_number = "PO-4711"            # your purchase order; only its salted hash is published

# [[known]]                           # what you have seen of a supplier
# who = "0x…"                         # its address
# has = ["ISO 9001"]
"""

_Time = Annotated[str, reads(parse_time)]
_Hour = Annotated[str, reads(parse_hour)]
_Firm = Annotated[str, reads(parse_address)]


class BuyerRules(Draft):
    """What a buyer's agent asks for and may award."""

    inbox: Annotated[str, Field(min_length=1)]
    process: Annotated[str, Field(min_length=1)]
    machine_hours: Annotated[int, Field(ge=0, lt=2**16)]
    begin: _Hour
    end: _Hour
    quote_by: _Time
    due_by: _Time
    token: Annotated[str, reads(parse_token)] = COIN_NAME
    limit: Annotated[str, reads(parse_decimal)]
    show_limit: bool = False
    conditions: str
    award: Annotated[str, Field(pattern="^(price|time)$")]
    hour_worth: Annotated[str, reads(parse_decimal)] = "0"
    requires: Annotated[list[str], Field(default_factory=list)]
    least_quotations: Annotated[int, Field(ge=1)] = 1
    most_attempts: Annotated[int, Field(ge=1)] = 3
    sealed: bool = True
    reply_to: str = ""
    suppliers: Annotated[list[_Firm], Field(default_factory=list)]
    inspector: _Firm | None = None
    arbiter: _Firm | None = None
    broker: _Firm | None = None
    assets: Annotated[int, Field(ge=0, le=64)] = 0
    documents: Annotated[str, reads(parse_hash)] = ""
    uri: str = ""
    order_number: str = ""
    known: Annotated[list[Known], Field(default_factory=list)]

    def tender(self, token: Token) -> Tender:
        """What is published of how the award is made. Raises InvalidInput."""
        return Tender(
            award=self._goal(token),
            requires=frozenset(self.requires),
            documents=parse_hash(self.documents),
            uri=self.uri,
        )

    def attributes(self) -> Attributes:
        """What is known of suppliers."""
        return known_of(self.known)

    def _goal(self, token: Token) -> Goal:
        worth = token.parse(self.hour_worth)
        if self.award == "time":
            if worth:
                raise InvalidInput(
                    "hour_worth weighs time against the price; award by price, or leave it out"
                )
            return EARLIEST
        return Worth(worth) if worth else CHEAPEST
