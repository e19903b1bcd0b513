"""What the SupplierEscrow refuses."""

from collections.abc import Mapping

from fabricant.chain.reverts import ContractError
from fabricant.domain.escrow import ConditionsId, LineId, Status
from fabricant.domain.units import Address, BaseUnits, Bps, Seconds, UnixSeconds

# Who


class SupplierEscrow_NotBuyer(
    ContractError,
    types="bytes32,address",
    says="line {id}: {caller} may not act for the buyer; the buyer has to, or has to lend the role",
):
    id: LineId
    caller: Address


class SupplierEscrow_NotSupplier(
    ContractError,
    types="bytes32,address",
    says=(
        "line {id}: {caller} may not act for the supplier, nor give an assigned line's money back for its "
        "payee; they have to, or have to lend the role"
    ),
):
    id: LineId
    caller: Address


class SupplierEscrow_NotInspector(
    ContractError,
    types="bytes32,address",
    says=(
        "line {id}: {caller} may not do this; the inspector may, or the buyer if there is none. To accept "
        "and to confirm receipt, the buyer may in any case"
    ),
):
    id: LineId
    caller: Address


class SupplierEscrow_NotArbiter(
    ContractError,
    types="bytes32,address",
    says="line {id}: {caller} is not its arbiter; only the arbiter rules",
):
    id: LineId
    caller: Address


class SupplierEscrow_Assigned(
    ContractError,
    types="bytes32",
    says="line {id} was assigned: the supplier alone can't give it up any more; settle with buyer and payee",
):
    id: LineId


class SupplierEscrow_NotParty(
    ContractError,
    types="bytes32,address",
    says="line {id}: {caller} acts for no party that may do this now",
):
    id: LineId
    caller: Address


class SupplierEscrow_NotEntitled(
    ContractError,
    types="bytes32,address,address",
    says="line {id}: the goods are {entitled}'s to collect, not {caller}'s",
):
    id: LineId
    caller: Address
    entitled: Address


class SupplierEscrow_NotOwner(
    ContractError,
    types="address,address",
    says="{caller} may not use the money of {owner}; {owner} has to lend it FINANCE first",
):
    owner: Address
    caller: Address


class SupplierEscrow_NotOpener(
    ContractError,
    types="bytes32,address,address",
    says="line {id} can be opened by {opener} only, not by {caller}; book it there",
):
    id: LineId
    caller: Address
    opener: Address


class SupplierEscrow_NotPayer(
    ContractError,
    types="bytes32,address,address",
    says="line {id}: {caller} may not spend the money of {payer}; {payer} has to lend it OPEN first",
):
    id: LineId
    caller: Address
    payer: Address


class SupplierEscrow_NoConsent(
    ContractError,
    types="address,address",
    says="{actor} may not agree for {principal}; {principal} has to, or has to lend it OPEN (setOperator)",
):
    principal: Address
    actor: Address


class SupplierEscrow_BadSignature(
    ContractError,
    types="address,address,bytes32",
    says=(
        "the consent of {principal} is not {signer}'s signature over these terms; check that nothing "
        "was changed"
    ),
):
    principal: Address
    signer: Address
    digest: bytes


class SupplierEscrow_ActsForBoth(
    ContractError,
    types="bytes32,address,address",
    says=(
        "line {id}: {for_buyer} for the buyer and {for_supplier} for the supplier are not apart; one "
        "side signs itself"
    ),
):
    id: LineId
    for_buyer: Address
    for_supplier: Address


# What was agreed


class SupplierEscrow_ConditionOutOfRange(
    ContractError,
    types="uint256,uint256,uint256,uint256",
    says=(
        "{field:condition} is {value}, and has to be from {least} to {most} (bps, or seconds); "
        "change the conditions"
    ),
):
    field: int
    value: int
    least: int
    most: int


class SupplierEscrow_UnknownConditions(
    ContractError,
    types="bytes32",
    says="conditions {id} are not published on this chain: publish them first (fabricant conditions publish)",
):
    id: ConditionsId


class SupplierEscrow_BadParty(
    ContractError,
    types="bytes32,address",
    says=(
        "line {id}: {party} can't be this party beside the others; buyer, supplier, arbiter and "
        "inspector differ"
    ),
):
    id: LineId
    party: Address


class SupplierEscrow_FieldTooWide(
    ContractError,
    types="bytes32",
    says="line {id}: a field of the terms is wider than its type; encode them anew",
):
    id: LineId


class SupplierEscrow_NoAmount(
    ContractError, types="bytes32", says="line {id}: the price is zero; agree on one"
):
    id: LineId


class SupplierEscrow_DueBeforeOpening(
    ContractError,
    types="bytes32,uint40,uint40",
    says=(
        "line {id} is due by {due_by:time}, before it must be opened ({open_by:time}); agree on a later date"
    ),
):
    id: LineId
    due_by: UnixSeconds
    open_by: UnixSeconds


class SupplierEscrow_TooManyAssets(
    ContractError,
    types="bytes32,uint16,uint16",
    says="line {id}: {assets} assets are more than the {limit} that a line hands over; use several lines",
):
    id: LineId
    assets: int
    limit: int


class SupplierEscrow_DeliverablesWithoutAssets(
    ContractError,
    types="bytes32,bytes32",
    says="line {id} names deliverables {deliverables} but no assets; say how many there are",
):
    id: LineId
    deliverables: bytes


class SupplierEscrow_FeeWithoutArbiter(
    ContractError,
    types="bytes32,uint256",
    says="line {id}: the conditions give an arbiter {arbiter_fee_bps:bps}, but there is none; name one",
):
    id: LineId
    arbiter_fee_bps: Bps


class SupplierEscrow_EmptyBatch(ContractError, types="", says="the batch holds no line; give at least one"):
    pass


class SupplierEscrow_MixedBatch(
    ContractError,
    types="bytes32",
    says="line {id} has another buyer, supplier, token, broker or opener than the first; handle it by itself",
):
    id: LineId


class SupplierEscrow_LengthMismatch(
    ContractError,
    types="uint256,uint256",
    says="{lines} lines, but {lists} lists of assets; give one for each line",
):
    lines: int
    lists: int


# When


class SupplierEscrow_WrongStatus(
    ContractError,
    types="bytes32,uint8",
    says=(
        "line {id} is {status:standing}; that does not allow this. See what is possible now (fabricant order "
        "show)"
    ),
):
    id: LineId
    status: Status


class SupplierEscrow_TooEarly(
    ContractError,
    types="bytes32,uint256,uint256",
    says="line {id}: this is possible from {from_:time} (now {now_at:time}); wait until then",
):
    id: LineId
    now_at: UnixSeconds
    from_: UnixSeconds


class SupplierEscrow_TooLate(
    ContractError,
    types="bytes32,uint256,uint256",
    says="line {id}: this was possible before {before:time} (now {now_at:time}); see what is possible now",
):
    id: LineId
    now_at: UnixSeconds
    before: UnixSeconds


class SupplierEscrow_RejectionsUsedUp(
    ContractError,
    types="bytes32,uint8",
    says="line {id} was rejected {rejections} times, as often as agreed; accept it, or dispute it",
):
    id: LineId
    rejections: int


class SupplierEscrow_AlreadyArrived(
    ContractError,
    types="bytes32,uint40",
    says="line {id}: the goods count as arrived since {arrived_at:time}; inspect them",
):
    id: LineId
    arrived_at: UnixSeconds


class SupplierEscrow_ExtensionOutOfRange(
    ContractError,
    types="bytes32,uint40,uint40,uint40",
    says=(
        "line {id}: {extra_after:duration} of extension must be above {extra:duration}, at most "
        "{limit:duration}"
    ),
):
    id: LineId
    extra_after: Seconds
    extra: Seconds
    limit: Seconds


# Money and goods


class SupplierEscrow_HeldNotBelow(
    ContractError,
    types="bytes32,uint128,uint128",
    says="line {id} holds {held} base units, and {held_after} would not be less; say what shall be left",
):
    id: LineId
    held_after: BaseUnits
    held: BaseUnits


class SupplierEscrow_WrongValue(
    ContractError,
    types="uint256,uint256",
    says="{value} wei were sent along, and the call takes {limit}; send that",
):
    value: BaseUnits
    limit: BaseUnits


class SupplierEscrow_InexactTransfer(
    ContractError,
    types="address,uint256,uint256",
    says=(
        "the token {token:token} moved another amount than asked for (balance {received}, expected "
        "{expected}); it takes fees or changes balances, so use another"
    ),
):
    token: Address
    received: BaseUnits
    expected: BaseUnits


class SupplierEscrow_InsufficientBalance(
    ContractError,
    types="address,address,uint256,uint256",
    says=(
        "{owner} has {balance} base units of {token:token} in the escrow and needs {needed}; add the rest "
        "with `fabricant order deposit AMOUNT --token {token:token}`"
    ),
):
    owner: Address
    token: Address
    balance: BaseUnits
    needed: BaseUnits


class SupplierEscrow_PayoutFailed(
    ContractError,
    types="address,address,uint256",
    says="{token:token} refused to pay {amount} base units to {to}; the balance stays, so try again later",
):
    token: Address
    to: Address
    amount: BaseUnits


class SupplierEscrow_TooLittleGas(
    ContractError,
    types="uint256,uint256",
    says="{gas_left} gas were left and a payout needs {needed}; send the call with more gas",
):
    gas_left: int
    needed: int


class SupplierEscrow_WrongAssetCount(
    ContractError,
    types="bytes32,uint256,uint256",
    says="line {id}: assets listed: {given}; to be delivered now: {expected}",
):
    id: LineId
    given: int
    expected: int


class SupplierEscrow_WrongAssets(
    ContractError,
    types="bytes32,bytes32,bytes32",
    says=(
        "line {id}: these are not the assets that were agreed, or that are in custody, in that order "
        "({given}, not {expected})"
    ),
):
    id: LineId
    given: bytes
    expected: bytes

    @classmethod
    def _sentence(cls, arguments: Mapping[str, object]) -> str:
        if arguments["expected"] != bytes(32):
            return cls._says
        return "line {id}: nothing was delivered yet, or it was collected again: no assets are in custody"


class SupplierEscrow_GoodsStuck(
    ContractError,
    types="bytes32,uint64",
    says=(
        "line {id}: goods can't be handed over now (bits {owed:bits}); their registry holds them "
        "back, so try later"
    ),
):
    id: LineId
    owed: int
