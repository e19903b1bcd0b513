"""What the CapacityMarket refuses."""

from fabricant.chain.reverts import ContractError
from fabricant.domain.assets import AssetFlag, AssetId
from fabricant.domain.assets import Status as AssetStatus
from fabricant.domain.capacity import OfferId
from fabricant.domain.escrow import ConditionsId, LineId
from fabricant.domain.escrow import Status as LineStatus
from fabricant.domain.units import Address, BaseUnits, HourIndex, UnixSeconds

# Offers


class CapacityMarket_NoConsent(
    ContractError,
    types="bytes32,address",
    says=(
        "offer or quotation {id}: {signer} may not sign for the supplier, who has to, or has to lend it OPEN"
    ),
):
    id: OfferId
    signer: Address


class CapacityMarket_BadSignature(
    ContractError,
    types="bytes32,address,bytes32",
    says=(
        "offer or quotation {id} is not what {signer} signed: a field or the signature was changed; ask "
        "for it again"
    ),
):
    id: OfferId
    signer: Address
    digest: bytes


class CapacityMarket_OfferExpired(
    ContractError,
    types="bytes32,uint256,uint40",
    says=(
        "offer or quotation {id} expired at {valid_until:time} (now {now_at:time}); ask the supplier for "
        "a new one"
    ),
):
    id: OfferId
    now_at: UnixSeconds
    valid_until: UnixSeconds


class CapacityMarket_OfferCancelled(
    ContractError,
    types="bytes32,uint256",
    says="offer or quotation {id} was cancelled (nonce {nonce}); look for another",
):
    id: OfferId
    nonce: int


class CapacityMarket_WrongEpoch(
    ContractError,
    types="bytes32,uint64,uint64",
    says=(
        "offer or quotation {id} is of epoch {epoch}, and the supplier's are of epoch {current} now; ask "
        "for a new one"
    ),
):
    id: OfferId
    epoch: int
    current: int


class CapacityMarket_PriceRises(
    ContractError,
    types="bytes32,uint128,uint128",
    says=(
        "offer {id} costs {hourly} an hour and {last_minute_hourly} at the last minute, which must "
        "not be more"
    ),
):
    id: OfferId
    hourly: BaseUnits
    last_minute_hourly: BaseUnits


class CapacityMarket_NothingToCancel(
    ContractError,
    types="address,uint248",
    says="these nonces of {supplier} in word {word} are cancelled already, or none was named",
):
    supplier: Address
    word: int


class CapacityMarket_EpochPassed(
    ContractError,
    types="address,uint64,uint64",
    says="the offers of {supplier} are of epoch {current}, not {expected}; it was raised already",
):
    supplier: Address
    expected: int
    current: int


class CapacityMarket_NotSupplier(
    ContractError,
    types="address,address",
    says="{caller} may not act for {supplier}, who has to, or has to lend it OPEN",
):
    supplier: Address
    caller: Address


# Booking


class CapacityMarket_NotBuyer(
    ContractError,
    types="address,address",
    says=(
        "{caller} may not do this for {buyer}, who has to, or has to lend it OPEN (to reschedule, CHANGE as "
        "well)"
    ),
):
    buyer: Address
    caller: Address


class CapacityMarket_ActsForBoth(
    ContractError,
    types="bytes32,address,address",
    says=(
        "{id}: {for_buyer} for the buyer and {for_supplier} for the supplier are not apart; one "
        "side acts by itself"
    ),
):
    id: OfferId
    for_buyer: Address
    for_supplier: Address


class CapacityMarket_NothingToBook(ContractError, types="", says="no order is given; name what to book"):
    pass


class CapacityMarket_SeveralBuyers(
    ContractError,
    types="address,address",
    says="orders of {buyer} and of {other} can't be booked together; book for one buyer at a time",
):
    buyer: Address
    other: Address


class CapacityMarket_OfferForAnother(
    ContractError,
    types="bytes32,address,address",
    says="offer {id} is for {offered_to} alone, not for {buyer}; ask the supplier for one of your own",
):
    id: OfferId
    buyer: Address
    offered_to: Address


class CapacityMarket_EmptyMask(
    ContractError, types="", says="no hours are marked, or the first or last word is empty; mark an hour"
):
    pass


class CapacityMarket_OutsideOffer(
    ContractError,
    types="bytes32,uint256,uint256",
    says=(
        "offer {id} does not cover all hours from {first_hour:hour} to {last_hour:hour}; choose "
        "hours within it"
    ),
):
    id: OfferId
    first_hour: HourIndex
    last_hour: HourIndex


class CapacityMarket_TooSoon(
    ContractError,
    types="bytes32,uint256,uint256",
    says=("{id}: the first hour can begin at {earliest:hour}, not at {first_hour:hour}; choose later hours"),
):
    id: OfferId
    first_hour: HourIndex
    earliest: HourIndex


class CapacityMarket_TooFarAhead(
    ContractError,
    types="uint256,uint256",
    says="hours up to {latest:hour} can be booked, not {last_hour:hour}; choose earlier ones",
):
    last_hour: HourIndex
    latest: HourIndex


class CapacityMarket_DueTooLate(
    ContractError,
    types="bytes32,uint256,uint256",
    says="offer {id}: the goods would be due at {due_by} (Unix seconds), after {latest}; ask for another",
):
    id: OfferId
    due_by: int
    latest: int


class CapacityMarket_TooFewHours(
    ContractError,
    types="bytes32,uint256,uint16",
    says="offer {id} is for {min_hours} hours or more (at least one) without setup, not {priced}; book more",
):
    id: OfferId
    priced: int
    min_hours: int


class CapacityMarket_SpanTooLong(
    ContractError,
    types="bytes32,uint256,uint16",
    says="offer {id}: from the first hour to the last lie {span}, of {max_span} at most; book them in parts",
):
    id: OfferId
    span: int
    max_span: int


class CapacityMarket_SetupBroken(
    ContractError,
    types="bytes32,uint16",
    says="offer {id}: the first {setup_hours} hours are for setup; mark them and the next one without a gap",
):
    id: OfferId
    setup_hours: int


class CapacityMarket_OfferSoldOut(
    ContractError,
    types="bytes32,uint256,uint32",
    says="offer {id} would have sold {sold_after} hours of {total_hours}; book fewer",
):
    id: OfferId
    sold_after: int
    total_hours: int


class CapacityMarket_TooManyAssets(
    ContractError,
    types="bytes32,uint16,uint16",
    says="offer {id} has {max_assets} registered products at most, not {assets}",
):
    id: OfferId
    assets: int
    max_assets: int


class CapacityMarket_PriceAboveLimit(
    ContractError,
    types="bytes32,uint256,uint128",
    says="offer {id} costs {price} base units now, above the limit of {max_price}; raise it if you agree",
):
    id: OfferId
    price: BaseUnits
    max_price: BaseUnits


class CapacityMarket_DocumentsNotOffered(
    ContractError,
    types="bytes32,bytes32",
    says="offer {id}: under conditions {conditions} the supplier can't decline, so add no documents",
):
    id: OfferId
    conditions: ConditionsId


class CapacityMarket_HoursTaken(
    ContractError,
    types="uint256,uint256,uint256",
    says="machine {machine:asset}: {taken:bits} of the hours in word {word} are taken; choose others",
):
    machine: AssetId
    word: int
    taken: int


class CapacityMarket_MachineUnfit(
    ContractError,
    types="uint256,uint8,uint8",
    says=(
        "machine {machine:asset} is {status}, flags {flags}: recalled, held, assembled or not "
        "active; choose another"
    ),
):
    machine: AssetId
    status: AssetStatus
    flags: AssetFlag


class CapacityMarket_NotSeller(
    ContractError,
    types="uint256,address,address",
    says="machine {machine:asset}: these hours are {seller}'s to dispose of, not {supplier}'s",
):
    machine: AssetId
    supplier: Address
    seller: Address


class CapacityMarket_UseEndsBefore(
    ContractError,
    types="uint256,address,uint64",
    says=(
        "machine {machine:asset}: {user} has it until {user_until:time}, within these hours; split them there"
    ),
):
    machine: AssetId
    user: Address
    user_until: UnixSeconds


class CapacityMarket_WrongValue(
    ContractError,
    types="uint256",
    says="{value} wei were sent along, but no price needs any; send none",
):
    value: BaseUnits


# Calendar


class CapacityMarket_NotThisBooking(
    ContractError,
    types="bytes32,bytes32",
    says=(
        "line {id} is not the market's to open, or not for these hours (its subject is {subject}); check "
        "opener, machine, offer and hours"
    ),
):
    id: LineId
    subject: bytes


class CapacityMarket_LineNotClosed(
    ContractError,
    types="bytes32,uint8",
    says="line {id} is {status}; its hours are free again once it is closed",
):
    id: LineId
    status: LineStatus


class CapacityMarket_AlreadyReturned(
    ContractError, types="bytes32", says="the hours of line {id} were returned already; nothing is left to do"
):
    id: LineId


class CapacityMarket_OtherOffer(
    ContractError,
    types="bytes32,bytes32,bytes32",
    says="line {id}: its hours are said to be sold on offer {offer}; it has to be {expected} (zero: none)",
):
    id: LineId
    offer: OfferId
    expected: OfferId
