"""What the libraries under the contracts refuse, and the tokens that people pay in (ERC-6093)."""

from fabricant.chain.reverts import ContractError
from fabricant.domain.units import Address, BaseUnits

# OpenZeppelin


class ReentrancyGuardReentrantCall(
    ContractError,
    types="",
    says="the call came from within another one to the same contract; make it by itself",
):
    pass


class SafeERC20FailedOperation(
    ContractError,
    types="address",
    says="{token} refused the transfer, or is no token; check balance, approval and address",
):
    token: Address


class MerkleProofInvalidMultiproof(
    ContractError, types="", says="the proof has the wrong shape for these records; make it anew"
):
    pass


class InvalidShortString(
    ContractError, types="", says="the contract's own name is damaged; check the address"
):
    pass


class StringTooLong(ContractError, types="string", says="the name {str} is longer than 31 bytes; shorten it"):
    str: str


# Solady's ERC721


class AccountBalanceOverflow(
    ContractError, types="", says="this account can own no more assets; use another"
):
    pass


class BalanceQueryForZeroAddress(
    ContractError, types="", says="the zero address owns nothing; name an owner"
):
    pass


class NotOwnerNorApproved(
    ContractError, types="", says="the caller may not move this asset; its owner has to, or has to approve it"
):
    pass


class TokenAlreadyExists(ContractError, types="", says="this asset is registered already"):
    pass


class TokenDoesNotExist(ContractError, types="", says="this asset was never registered; check its id"):
    pass


class TransferFromIncorrectOwner(
    ContractError, types="", says="somebody else owns this asset; read its owner again"
):
    pass


class TransferToNonERC721ReceiverImplementer(
    ContractError, types="", says="the receiver takes no assets; use transfer_from if it is able to move them"
):
    pass


class TransferToZeroAddress(ContractError, types="", says="an asset can't go to nobody; name an owner"):
    pass


# Tokens


class ERC20InsufficientBalance(
    ContractError,
    types="address,uint256,uint256",
    says="{sender} has {balance} base units of the token and needs {needed}; fund it first",
):
    sender: Address
    balance: BaseUnits
    needed: BaseUnits


class ERC20InsufficientAllowance(
    ContractError,
    types="address,uint256,uint256",
    says="{spender} may take {allowance} base units and needs {needed}; approve it first",
):
    spender: Address
    allowance: BaseUnits
    needed: BaseUnits


# Solady's ERC20


class InsufficientBalance(ContractError, types="", says="the account has not as many tokens; fund it first"):
    pass


class InsufficientAllowance(
    ContractError, types="", says="the escrow may not take as many tokens from this account; approve it first"
):
    pass


class AllowanceOverflow(
    ContractError, types="", says="the approval would be above the largest number; approve less"
):
    pass


class AllowanceUnderflow(ContractError, types="", says="the approval would fall below zero; take back less"):
    pass


class TotalSupplyOverflow(ContractError, types="", says="there can't be as many tokens; mint fewer"):
    pass


class InvalidPermit(
    ContractError, types="", says="this is not the owner's permit, or it was used; sign another"
):
    pass


class PermitExpired(ContractError, types="", says="the permit has expired; sign another"):
    pass


class Permit2AllowanceIsFixedAtInfinity(
    ContractError, types="", says="the approval of Permit2 can't be changed in this token; leave it"
):
    pass
