"""What the Pledge refuses."""

from fabricant.chain.reverts import ContractError
from fabricant.domain.assets import AssetId
from fabricant.domain.pledges import PledgeId, PledgeStatus
from fabricant.domain.units import Address, BaseUnits, UnixSeconds


class Pledge_WrongStatus(
    ContractError,
    types="bytes32,uint8",
    says="pledge {id} is {status}, which does not allow it; see how it stands",
):
    id: PledgeId
    status: PledgeStatus


class Pledge_NoConsent(
    ContractError,
    types="bytes32,address",
    says="pledge {id}: {party} neither sends it nor signed these terms; ask for its signature",
):
    id: PledgeId
    party: Address


class Pledge_TooLate(
    ContractError,
    types="bytes32,uint256,uint256",
    says="pledge {id} had to be made before {before:time}; agree on new terms",
):
    id: PledgeId
    now_at: UnixSeconds
    before: UnixSeconds


class Pledge_TooEarly(
    ContractError,
    types="bytes32,uint256,uint256",
    says="pledge {id}: the lender may do that from {from_:time}; wait",
):
    id: PledgeId
    now_at: UnixSeconds
    from_: UnixSeconds


class Pledge_WrongQuantity(
    ContractError,
    types="bytes32,uint128,uint128",
    says="pledge {id}: the lot has {quantity} units, and {agreed} were agreed; agree on what there is",
):
    id: PledgeId
    quantity: int
    agreed: int


class Pledge_NoToken(
    ContractError,
    types="bytes32,address",
    says="pledge {id}: there is no token at {token}, so nobody could redeem it; agree on another",
):
    id: PledgeId
    token: Address


class Pledge_InexactTransfer(
    ContractError,
    types="address,uint256,uint256",
    says="{token} moved another amount than it should: a balance is {received} instead of {expected}; it can't be used",  # noqa: E501
):
    token: Address
    received: BaseUnits
    expected: BaseUnits


class Pledge_NotParty(
    ContractError,
    types="bytes32,address",
    says="pledge {id}: {caller} is neither pledger nor lender; use the wallet of one",
):
    id: PledgeId
    caller: Address


class Pledge_NotLender(
    ContractError,
    types="bytes32,address",
    says="pledge {id}: {caller} is not the lender, who alone may do that; use its wallet",
):
    id: PledgeId
    caller: Address


class Pledge_AlreadyDeclared(
    ContractError,
    types="bytes32,uint40",
    says="pledge {id}: default was declared at {noticed_at:time}; wait for the end of the cure",
):
    id: PledgeId
    noticed_at: UnixSeconds


class Pledge_NotDeclared(
    ContractError,
    types="bytes32",
    says="pledge {id}: default was not declared; declare it, and wait for the end of the cure",
):
    id: PledgeId


class Pledge_NothingToCollect(
    ContractError,
    types="bytes32,uint8",
    says="pledge {id} is {status}, and nothing of it waits to be collected; see how it stands",
):
    id: PledgeId
    status: PledgeStatus


class Pledge_WrongAsset(
    ContractError,
    types="bytes32,uint256",
    says="pledge {id}: namespace and local id are those of asset {asset:asset}; name the pledged one's",
):
    id: PledgeId
    asset: AssetId


class Pledge_NothingOwed(
    ContractError,
    types="address,address",
    says="nothing is owed to {owner} in {token:token}; check owner and token",
):
    owner: Address
    token: Address
