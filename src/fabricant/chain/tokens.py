"""The typed client of any ERC-20 token: the money of order lines.

The escrow takes a price from the buyer's allowance, so the buyer approves it once or for each amount.
Amounts are base units; `info` says how people write them. What a token says of itself is text from a
stranger: shown with care, never trusted.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

from fabricant.chain.client import Client, Done
from fabricant.chain.errors import ContractError
from fabricant.chain.network import At, Network
from fabricant.chain.signing import Signer, read_domain, sign
from fabricant.domain.escrow import PERMIT, Permit
from fabricant.domain.typed_data import Domain, Message
from fabricant.domain.units import ZERO_ADDRESS, Address, BaseUnits, Token, UnixSeconds
from fabricant.errors import BadAnswer, SigningRefused

COIN: Final = Token(ZERO_ADDRESS, "ETH", 18)


@dataclass(frozen=True, slots=True, kw_only=True)
class Transfer:
    """Tokens moved."""

    from_: Address
    to: Address
    value: BaseUnits


@dataclass(frozen=True, slots=True, kw_only=True)
class Approval:
    """`spender` may take this much in all from `owner`."""

    owner: Address
    spender: Address
    value: BaseUnits


def _parameters(text: str) -> list[dict[str, Any]]:
    words = [part.split() for part in filter(None, text.split(", "))]
    return [{"type": kind[0], "name": kind[-1], "indexed": "indexed" in kind} for kind in words]


def _function(name: str, inputs: str, output: str) -> dict[str, Any]:
    outputs = [{"type": output, "name": ""}]
    return {"type": "function", "name": name, "inputs": _parameters(inputs), "outputs": outputs}


def _event(name: str, inputs: str) -> dict[str, Any]:
    return {"type": "event", "name": name, "inputs": _parameters(inputs), "anonymous": False}


_ABI: Final = [
    _function("symbol", "", "string"),
    _function("decimals", "", "uint8"),
    _function("balanceOf", "address owner", "uint256"),
    _function("allowance", "address owner, address spender", "uint256"),
    _function("name", "", "string"),
    _function("version", "", "string"),
    _function("nonces", "address owner", "uint256"),
    _function("approve", "address spender, uint256 value", "bool"),
    _function("transfer", "address to, uint256 value", "bool"),
    _event("Transfer", "address indexed from, address indexed to, uint256 value"),
    _event("Approval", "address indexed owner, address indexed spender, uint256 value"),
]


class Erc20(Client, contract="ERC-20 token", events=(Transfer, Approval), abi=_ABI):
    """An ERC-20 token."""

    @cached_property
    def info(self) -> Token:
        """Symbol and decimals, as the token states them. Raises BadAnswer if it states no decimals."""
        return Token(self.address, self._text("symbol", "tokens"), int(self._read("decimals")))

    def balance_of(self, owner: Address, *, at: At = "latest") -> BaseUnits:
        """What an account has."""
        return BaseUnits(self._read("balanceOf", owner, at=at))

    def allowance(self, owner: Address, spender: Address, *, at: At = "latest") -> BaseUnits:
        """What `spender` may still take from `owner`."""
        return BaseUnits(self._read("allowance", owner, spender, at=at))

    def approve(self, spender: Address, amount: BaseUnits) -> Done[Approval]:
        """Lets `spender`, such as the escrow, take this much from the sender in all. Sends a transaction."""
        return self._do(Approval, "approve", spender, amount)

    def sign_permit(
        self, spender: Address, amount: BaseUnits, *, deadline: UnixSeconds, by: Signer
    ) -> Permit:
        """An approval by signature (ERC-2612), which `spender` submits with its call. Sends nothing.

        `amount` base units in all, until `deadline`, inclusive; valid once. Raises SigningRefused if the
        token has no permits, or its domain can't be made sure of, or the signer is not a key.
        """
        nonce = self.permit_nonce(by.address)
        allowance = {"owner": by.address, "spender": spender, "value": amount}
        values = allowance | {"nonce": nonce, "deadline": deadline}
        signature = sign(Message(self._permit_domain(), PERMIT, values), by=by, on=self.network)
        if len(signature) != 65:
            raise SigningRefused(
                f"{by.address} signs as a contract, and a permit needs a key; approve instead"
            )
        return Permit(amount, deadline, signature[64], signature[:32], signature[32:64])

    def permit_nonce(self, owner: Address) -> int:
        """The number of an owner's next permit. Raises SigningRefused if the token takes none."""
        try:
            return int(self._read("nonces", owner))
        except (BadAnswer, ContractError):
            raise SigningRefused(f"{self.info.symbol} takes no permits; approve instead") from None

    def _permit_domain(self) -> Domain:
        """Most tokens state no domain, but use their name; `sign` compares it with the token's separator."""
        try:
            return read_domain(self.address, self.network)
        except SigningRefused:
            return Domain(self._text("name"), self._text("version", "1"), self.network.chain_id, self.address)

    def _text(self, function: str, otherwise: str = "") -> str:
        try:
            return str(self._read(function))
        except (BadAnswer, ContractError):
            return otherwise

    def transfer(self, to: Address, amount: BaseUnits) -> Done[Transfer]:
        """Pays from the sender's own balance. Sends a transaction. Raises the token's own error."""
        return self._do(Transfer, "transfer", to, amount)


def balance(network: Network, owner: Address, token: Address, *, at: At = "latest") -> BaseUnits:
    """What an account has of a token, or of the chain's own coin (zero)."""
    if token == ZERO_ADDRESS:
        return network.balance(owner, at=at)
    return Erc20(network, token).balance_of(owner, at=at)
