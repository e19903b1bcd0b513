"""The typed client of the Directory: who acts for whom.

Methods that send a transaction return its receipt with the event that the contract emitted; they act for the
wallet's own account. `sign_grant` lends roles without sending anything: whoever has the grant may send it.
"""

from dataclasses import dataclass

from fabricant.chain.answers import Log
from fabricant.chain.client import Client, Done
from fabricant.chain.network import At
from fabricant.chain.signing import Signer, sign
from fabricant.domain.directory import FOREVER, GRANT, Operator, OperatorGrant, Role
from fabricant.domain.typed_data import Message
from fabricant.domain.units import Address, UnixSeconds, address_word


@dataclass(frozen=True, slots=True, kw_only=True)
class ProfileSet:
    """A participant described itself. The latest profile counts."""

    participant: Address
    encryption_key: bytes
    uri: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OperatorSet:
    """What an operator may do from now on."""

    principal: Address
    operator: Address
    roles: Role
    until: UnixSeconds
    version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class NoncesInvalidated:
    """Nonces of a principal were spent; `spent` is the whole word."""

    principal: Address
    word: int
    spent: int


class Directory(Client, contract="Directory", events=(ProfileSet, OperatorSet, NoncesInvalidated)):
    """Profiles and operators."""

    # Profiles

    def set_profile(self, *, encryption_key: bytes = bytes(32), uri: str = "") -> Done[ProfileSet]:
        """Tells the world how to write to the sender and who it is. Sends a transaction.

        `encryption_key`: an X25519 public key to which documents are sealed, zero for none; `uri`: company
        card.
        """
        return self._do(ProfileSet, "setProfile", encryption_key, uri)

    # Operators

    def set_operator(
        self, operator: Address, roles: Role, *, until: UnixSeconds = FOREVER
    ) -> Done[OperatorSet]:
        """Lends roles to an operator, in place of whatever it had from the sender. Sends a transaction.

        No roles: revokes. `until` is exclusive. Raises Directory_BadOperator, Directory_AlreadyOver.
        """
        return self._do(OperatorSet, "setOperator", operator, roles, until)

    def revoke_operator(self, operator: Address) -> Done[OperatorSet]:
        """Takes all roles back from an operator. Sends a transaction."""
        return self.set_operator(operator, Role(0), until=UnixSeconds(0))

    def set_operator_by_signature(self, grant: OperatorGrant, signature: bytes) -> Done[OperatorSet]:
        """Lends roles as the principal signed it. Anyone; sends a transaction.

        Raises Directory_Expired, Directory_StaleVersion, Directory_BadSignature, Directory_NonceSpent,
        Directory_BadOperator, Directory_AlreadyOver, Eip712_ForeignChain.
        """
        return self._do(OperatorSet, "setOperatorBySignature", grant, signature)

    def sign_grant(self, grant: OperatorGrant, *, by: Signer) -> bytes:
        """The principal's signature over a grant. Sends nothing.

        Raises InvalidInput if the Directory would refuse the grant, SigningRefused as `signing.sign`.
        """
        grant.check(self.network.head().timestamp)
        return sign(Message(self.domain, GRANT, grant), by=by, on=self.network)

    def grant_digest(self, grant: OperatorGrant) -> bytes:
        """What a principal signs."""
        return Message(self.domain, GRANT, grant).digest

    def may_act(self, principal: Address, actor: Address, role: Role, *, at: At = "latest") -> bool:
        """Whether an actor may do, for a principal, everything that these roles stand for."""
        return bool(self._read("mayAct", principal, actor, role, at=at))

    def operator_of(self, principal: Address, operator: Address, *, at: At = "latest") -> Operator:
        """What a principal lent to an operator, also when it is over."""
        return self._read_as(Operator, "operatorOf", principal, operator, at=at)

    # Nonces

    def invalidate_nonces(self, word: int, mask: int) -> Done[NoncesInvalidated]:
        """Spends nonces of the sender: those of the bits of `mask` in `word`. Sends a transaction."""
        return self._do(NoncesInvalidated, "invalidateNonces", word, mask)

    def spent_nonces(self, principal: Address, word: int, *, at: At = "latest") -> int:
        """Which nonces of a word are spent, one bit each."""
        return int(self._read("spentNonces", principal, word, at=at))

    # History

    def profiles_of(
        self, participant: Address, *, since: int = 0, until: int | None = None
    ) -> list[tuple[Log, ProfileSet]]:
        """The profiles of a participant in these blocks, in order; the last one counts."""
        return self._find(ProfileSet, address_word(participant), since=since, until=until)

    def operators_set(
        self, principal: Address, *, since: int = 0, until: int | None = None
    ) -> list[tuple[Log, OperatorSet]]:
        """All changes of a principal's operators in these blocks, in order."""
        return self._find(OperatorSet, address_word(principal), since=since, until=until)
