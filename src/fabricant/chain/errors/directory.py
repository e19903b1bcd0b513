"""What the Directory refuses, and what every contract with typed signatures does."""

from fabricant.chain.reverts import ContractError
from fabricant.domain.units import Address, UnixSeconds


class Eip712_ForeignChain(
    ContractError,
    types="uint256,uint256",
    says="this chain is {chain_id}, and signatures count on chain {home_chain_id} only; connect to that one",
):
    chain_id: int
    home_chain_id: int


class Directory_BadOperator(
    ContractError,
    types="address,address",
    says="{operator} can't be an operator of {principal}; name another address",
):
    principal: Address
    operator: Address


class Directory_AlreadyOver(
    ContractError,
    types="address,uint40,uint256",
    says="the roles of {operator} would be over since {until:time} (now {now_at:time}); choose a later end",
):
    operator: Address
    until: UnixSeconds
    now_at: UnixSeconds


class Directory_Expired(
    ContractError,
    types="address,uint256,uint40",
    says="the grant of {principal} expired at {deadline:time} (now {now_at:time}); ask for a new signature",
):
    principal: Address
    now_at: UnixSeconds
    deadline: UnixSeconds


class Directory_StaleVersion(
    ContractError,
    types="address,address,uint32,uint32",
    says=(
        "{operator} has version {current} from {principal}, and the grant replaces {version}; sign "
        "it anew for {current}"
    ),
):
    principal: Address
    operator: Address
    version: int
    current: int


class Directory_NonceSpent(
    ContractError,
    types="address,uint256",
    says="{principal} has used or invalidated nonce {nonce}; sign the grant with another",
):
    principal: Address
    nonce: int


class Directory_BadSignature(
    ContractError,
    types="address,bytes32",
    says="this is not {principal}'s signature over the grant; check who signed, and that nothing was changed",
):
    principal: Address
    digest: bytes
