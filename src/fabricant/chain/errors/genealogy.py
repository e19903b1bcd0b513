"""What the Genealogy refuses."""

from fabricant.chain.reverts import ContractError
from fabricant.domain.assets import AssetFlag, AssetId, Status
from fabricant.domain.batches import BatchId
from fabricant.domain.genealogy import NoticeId, Reach
from fabricant.domain.units import Address, Bps, UnixSeconds


class Genealogy_NotOwner(
    ContractError,
    types="uint256,address,address",
    says="{caller} may not act for {owner}, who owns asset {id:asset}; let the owner do it, or lend the role",
):
    id: AssetId
    caller: Address
    owner: Address


class Genealogy_NotIssuer(
    ContractError,
    types="bytes32,address,address",
    says=(
        "{caller} may not act for {issuer}, the issuer of namespace {namespace}; let the issuer do it, or "
        "lend the role"
    ),
):
    namespace: bytes
    caller: Address
    issuer: Address


class Genealogy_NotApproved(
    ContractError,
    types="uint256,address",
    says="{caller} neither owns asset {id:asset} nor is approved for it; let the owner do it, or approve",
):
    id: AssetId
    caller: Address


class Genealogy_HasParts(
    ContractError,
    types="uint256,uint256",
    says="asset {id:asset} has {parts} parts; take them out first",
):
    id: AssetId
    parts: int


class Genealogy_Unfit(
    ContractError,
    types="uint256,uint8",
    says=(
        "this can't be done with asset {id:asset}, which is {flags:flags}; `fabricant asset show` says by "
        "whom and until when"
    ),
):
    id: AssetId
    flags: AssetFlag


class Genealogy_Final(
    ContractError,
    types="uint256,uint8",
    says="asset {id:asset} is {status}, which is final; use another",
):
    id: AssetId
    status: Status


class Genealogy_InUse(
    ContractError,
    types="uint256,address,uint256",
    says=(
        "{user} has the use of asset {id:asset} until {until:time}; wait, or let the user give it up, or let "
        "the owner permit the user to process it"
    ),
):
    id: AssetId
    user: Address
    until: UnixSeconds


class Genealogy_NotJoinable(
    ContractError,
    types="uint256,uint256,address",
    says=(
        "asset {child:asset} of {owner} can't become part of {parent:asset}; both need the same owner, and "
        "to be two assets"
    ),
):
    parent: AssetId
    child: AssetId
    owner: Address


class Genealogy_TooHigh(
    ContractError,
    types="uint256,uint256",
    says=(
        "asset {child:asset} has as many levels of parts as there can be, 15; it can't become part of "
        "{parent:asset} too"
    ),
):
    parent: AssetId
    child: AssetId


class Genealogy_NotAPart(
    ContractError,
    types="uint256,uint256",
    says="asset {child:asset} is no part of {parent:asset}; look up what it is a part of",
):
    parent: AssetId
    child: AssetId


class Genealogy_NoInputs(
    ContractError, types="", says="a transformation needs at least one input; name what goes in"
):
    pass


class Genealogy_MixedOwners(
    ContractError,
    types="uint256,address,address",
    says=(
        "asset {id:asset} is {owner}'s, and the first input is {expected}'s; what goes in and what comes out "
        "has one owner"
    ),
):
    id: AssetId
    owner: Address
    expected: Address


class Genealogy_UndeclaredUnit(
    ContractError,
    types="bytes3",
    says="scrap is stated for every unit that goes in, zero if nothing is lost; state that of {unit:unit}",
):
    unit: bytes


class Genealogy_Unbalanced(
    ContractError,
    types="bytes3,uint256,uint256,uint128",
    says=(
        "of {unit:unit}, {put} go in, {made} come out and {scrap} are scrap; what comes out and the scrap "
        "must add up to what goes in"
    ),
):
    unit: bytes
    put: int
    made: int
    scrap: int


class Genealogy_TooMuchScrap(
    ContractError,
    types="bytes3,uint128,uint16",
    says=(
        "{scrap} {unit:unit} of scrap are more than the {max_scrap_bps:bps} that the owner permits; ask the "
        "owner for more"
    ),
):
    unit: bytes
    scrap: int
    max_scrap_bps: Bps


class Genealogy_BadShare(
    ContractError,
    types="uint16",
    says="a share of {bps} bps is more than everything; name at most 10000 bps, which is 100 %",
):
    bps: int


class Genealogy_UnknownNotice(
    ContractError,
    types="bytes31",
    says="notice {notice} was never issued; check the namespace and the notice's text",
):
    notice: NoticeId


class Genealogy_Lifted(
    ContractError,
    types="bytes31",
    says="notice {notice} was lifted, and never comes back; issue another one",
):
    notice: NoticeId


class Genealogy_BadBatch(
    ContractError,
    types="bytes32,uint256",
    says="batch {batch:asset} was never committed in namespace {namespace}; check the file",
):
    namespace: bytes
    batch: BatchId


class Genealogy_TooManyNotices(
    ContractError,
    types="uint256",
    says=(
        "more than 32 notices in force cover {id:asset}, too many to hand on to what comes out of it; let "
        "the issuers lift some"
    ),
):
    id: AssetId


class Genealogy_NotSpreading(
    ContractError,
    types="bytes31,uint256",
    says=(
        "notice {notice} does not cover {from_:asset}, or only because of a part, so that it does not spread "
        "from there; carry it there first"
    ),
):
    notice: NoticeId
    from_: AssetId


class Genealogy_NoEdge(
    ContractError,
    types="uint256,uint256",
    says="{to:asset} was not made of {from_:asset}; name what it was made of, all of it and in order",
):
    from_: AssetId
    to: AssetId


class Genealogy_NotClearable(
    ContractError,
    types="bytes31,uint256,uint8",
    says=(
        "notice {notice} can't be cleared from asset {id:asset} (reach {reach}), only from what it covers "
        "because of a part; let its issuer lift it"
    ),
):
    notice: NoticeId
    id: AssetId
    reach: Reach


class Genealogy_NotAcknowledged(
    ContractError,
    types="uint256,address",
    says=(
        "{to} did not acknowledge all notices that cover asset {id:asset}, and is not its issuer; let it "
        "acknowledge them first"
    ),
):
    id: AssetId
    to: Address


class Genealogy_NotRecalled(
    ContractError,
    types="uint256",
    says="asset {id:asset} is not recalled; transfer it as any other",
):
    id: AssetId


class Genealogy_NotAuthority(
    ContractError,
    types="bytes32,address",
    says="{caller} may not hold what is named in namespace {namespace}; let its issuer allow that",
):
    namespace: bytes
    caller: Address


class Genealogy_BadTerm(
    ContractError,
    types="uint256,uint256",
    says="a hold can't last until {until:time} (now {now_at:time}); it ends later than now, within 180 days",
):
    until: UnixSeconds
    now_at: UnixSeconds


class Genealogy_HeldBefore(
    ContractError,
    types="uint256,uint256,uint40",
    says=(
        "asset {id:asset} was held before, and can be held again from {again:time} (now {now_at:time}); "
        "wait until then"
    ),
):
    id: AssetId
    now_at: UnixSeconds
    again: UnixSeconds


class Genealogy_NotRegistry(
    ContractError,
    types="address",
    says="{caller} is not the AssetRegistry, to which this function belongs; nobody else needs it",
):
    caller: Address
