"""What the ArbiterERC792 refuses."""

from fabricant.chain.reverts import ContractError
from fabricant.domain.escrow import LineId, Status
from fabricant.domain.units import Address, BaseUnits, UnixSeconds


class ArbiterERC792_NotArbiter(
    ContractError,
    types="bytes32,address",
    says="line {id} has another arbiter, {arbiter}; ask that one",
):
    id: LineId
    arbiter: Address


class ArbiterERC792_NotDisputed(
    ContractError,
    types="bytes32,uint8",
    says="line {id} {status:standing}; a court hears disputes alone",
):
    id: LineId
    status: Status


class ArbiterERC792_AlreadyAsked(
    ContractError,
    types="bytes32,uint256",
    says="line {id}: the court was asked already, and calls it dispute {dispute_id}; wait for its ruling",
):
    id: LineId
    dispute_id: int


class ArbiterERC792_TooLate(
    ContractError,
    types="bytes32,uint256,uint256",
    says="line {id}: a ruling had to come before {before:time}; have the default applied",
):
    id: LineId
    now_at: UnixSeconds
    before: UnixSeconds


class ArbiterERC792_DisputeExists(
    ContractError,
    types="bytes32,uint256",
    says="line {id}: the court gave the number {dispute_id} twice; settle without it",
):
    id: LineId
    dispute_id: int


class ArbiterERC792_TooLittleCoin(
    ContractError,
    types="uint256,uint256",
    says="the court asks for {cost} wei, and {value} were sent; read the cost again and send that",
):
    value: BaseUnits
    cost: BaseUnits


class ArbiterERC792_NotAsked(
    ContractError,
    types="bytes32",
    says="line {id}: the court was not asked about this dispute; ask it first",
):
    id: LineId


class ArbiterERC792_NotRuled(
    ContractError,
    types="bytes32,uint256",
    says="line {id}: the court has not ruled on dispute {dispute_id} yet; wait for it",
):
    id: LineId
    dispute_id: int


class ArbiterERC792_NotArbitrator(
    ContractError,
    types="address,address",
    says="{caller} is not the court {arbitrator}, and only the court rules",
):
    caller: Address
    arbitrator: Address


class ArbiterERC792_UnknownDispute(
    ContractError,
    types="uint256",
    says="the court was asked nothing that it calls dispute {dispute_id}; check the number",
):
    dispute_id: int


class ArbiterERC792_AlreadyRuled(
    ContractError,
    types="uint256,uint256",
    says="the court has ruled {ruling} on dispute {dispute_id}, which is final; have it carried out",
):
    dispute_id: int
    ruling: int


class ArbiterERC792_NothingOwed(
    ContractError,
    types="address,address",
    says="nothing is owed to {owner} in {token:token}; check owner and token",
):
    owner: Address
    token: Address


class ArbiterERC792_PayoutFailed(
    ContractError,
    types="address,uint256",
    says="{owner} refuses its {amount} wei; have it accept coin, then withdraw again",
):
    owner: Address
    amount: BaseUnits


class ArbiterERC792_UnexpectedCoin(
    ContractError,
    types="address,uint256",
    says="{sender} sent {value} wei without a call; ask or appeal with it instead",
):
    sender: Address
    value: BaseUnits
