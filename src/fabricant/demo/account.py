"""A statement of account: what everybody had before the deal and has after it.

Money only moves between those who are listed, so that each token's column has the same sum before and after,
to the last base unit. The chain's coin is spent on gas alone, and the network that earned it is listed too.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from fabricant.domain.units import NOTHING, BaseUnits, Token
from fabricant.errors import VerificationFailed

NETWORK: Final = "network"  # who earns the fees

Balances = Mapping[str, Mapping[Token, BaseUnits]]  # by party


@dataclass(frozen=True, slots=True)
class Entry:
    """One party's amount of one token, in base units."""

    before: BaseUnits
    after: BaseUnits


@dataclass(frozen=True, slots=True)
class Statement:
    """Everybody's balances before and after, and what each paid for gas. `coin` is what gas is paid in."""

    coin: Token
    before: Balances
    after: Balances
    fees: Mapping[str, BaseUnits]

    @property
    def entries(self) -> Mapping[str, Mapping[Token, Entry]]:
        """What everybody had and has, by party and token; the network's fees among them."""
        parties = {
            party: {token: Entry(amount, self.after[party][token]) for token, amount in tokens.items()}
            for party, tokens in self.before.items()
        }
        return parties | {NETWORK: {self.coin: Entry(NOTHING, BaseUnits(sum(self.fees.values())))}}

    @property
    def tokens(self) -> tuple[Token, ...]:
        """All tokens, in the order in which they were listed."""
        return tuple(dict.fromkeys(token for tokens in self.before.values() for token in tokens))

    def of(self, token: Token) -> list[tuple[str, Entry]]:
        """Everybody who deals in a token."""
        return [(party, tokens[token]) for party, tokens in self.entries.items() if token in tokens]

    def check(self) -> None:
        """Raises VerificationFailed unless every token adds up, and everybody's coin less its gas is left."""
        for token in self.tokens:
            sums = total(entry for _, entry in self.of(token))
            if sums.before != sums.after:
                raise VerificationFailed(
                    f"the account does not add up: {sums.before} units of {token.symbol} are {sums.after}"
                )
        for party, tokens in self.before.items():
            if tokens[self.coin] - self.fees.get(party, NOTHING) != self.after[party][self.coin]:
                raise VerificationFailed(f"the account does not add up: coin of the {party} is not all there")


def total(entries: Iterable[Entry]) -> Entry:
    """The sums of both columns."""
    found = list(entries)
    return Entry(BaseUnits(sum(each.before for each in found)), BaseUnits(sum(each.after for each in found)))
