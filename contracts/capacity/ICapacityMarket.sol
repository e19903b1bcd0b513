// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IAssetRegistry} from "../assets/IAssetRegistry.sol";
import {IDirectory} from "../directory/IDirectory.sol";
import {IEip712} from "../directory/IEip712.sol";
import {ISupplierEscrow} from "../escrow/ISupplierEscrow.sol";
import {
    ConditionsId,
    Consent,
    Consents,
    LineId,
    Outcome,
    Status as LineStatus,
    Terms
} from "../escrow/SupplierEscrowTypes.sol";
import {Status as AssetStatus} from "../assets/AssetRegistryTypes.sol";
import {
    Booking,
    Hours,
    Offer,
    OfferId,
    Order,
    Purchase,
    Quotation,
    Request,
    Reservation
} from "./CapacityMarketTypes.sol";

/// @title CapacityMarket: idle machine-hours are sold, and never twice.
/// @notice A supplier signs an offer, which costs nothing; a buyer books hours on it in one transaction that marks the
/// hours, opens the order line, holds the buyer's money and locks the supplier's bond, or does nothing at all. For what no offer
/// fits a buyer asks for quotations, and awards one. What both agreed on later changes the line and its hours at once.
///
/// ROLES. The supplier and its operators (OPEN) sign offers and quotations, and cancel them. The buyer and its operators (OPEN) book,
/// ask and award; those who reschedule need CHANGE as well; the payer is always the buyer. Who may sell a machine's hours (its live user, else its owner) and its operators (ASSETS) block them. Anyone
/// publishes a signed offer, and returns the hours of a closed line. Both parties have made this contract their operator
/// (OPEN) in the Directory once: it opens lines for them, on what the supplier signed and a buyer's call alone.
///
/// CALENDAR. Two bits for each hour of a machine, whoever owns it: booked and blocked. A booking needs both clear. Booked hours
/// belong to one line and are freed once, when that line is closed or replaced, as far as they have not begun.
///
/// TIME. Hours are Unix seconds / 3600. Hours lie in the future and at most 730 days ahead.
///
/// ROUNDING. The price rounds down, once, over all hours of a booking.
///
/// EXIT. This contract holds no money. What it opened lives in the SupplierEscrow, by whose rules each party gets out.
interface ICapacityMarket is IEip712 {
    /* EVENTS */

    /// @notice A signed offer was shown to everybody.
    event OfferPublished(
        OfferId indexed id, address indexed supplier, uint256 indexed machine, Offer offer, Consent consent
    );
    /// @notice A buyer wants quotations. It binds nobody; the same request has the same id.
    event QuotationsRequested(bytes32 indexed id, address indexed buyer, bytes32 indexed process, Request request);
    /// @notice A quotation became a line. The supplier signed for which request: whether it is this buyer's, compare.
    event QuotationAwarded(
        bytes32 indexed requestId, LineId indexed id, address indexed supplier, OfferId quotation
    );
    /// @notice Offers and quotations with these nonces are over. `cancelledAfter` is the whole word.
    event OffersCancelled(address indexed supplier, uint248 word, uint256 cancelledAfter);
    /// @notice All offers and quotations of earlier epochs are over.
    event EpochRaised(address indexed supplier, uint64 epochAfter);
    /// @notice Hours were booked for a line. `soldAfter`: hours sold on the offer, counted if it has a total.
    event HoursBooked(
        LineId indexed id,
        uint256 indexed machine,
        OfferId indexed offer,
        uint32 firstWord,
        uint256[] hourMasks,
        uint32 soldAfter
    );
    /// @notice A line took another one's place. What `HoursReturned` and `HoursBooked` before it do not say, it kept.
    event LineRescheduled(LineId indexed oldId, LineId indexed newId);
    /// @notice The hours of a closed or replaced line that had not begun are free again.
    event HoursReturned(
        LineId indexed id,
        uint256 indexed machine,
        OfferId indexed offer,
        uint32 firstWord,
        uint256[] hourMasks,
        uint32 soldAfter
    );
    /// @notice Hours were taken out of sale.
    event HoursBlocked(
        uint256 indexed machine, address indexed by, uint32 firstWord, uint256[] hourMasks, bytes32 reason
    );
    /// @notice Hours were put on sale again.
    event HoursUnblocked(
        uint256 indexed machine, address indexed by, uint32 firstWord, uint256[] hourMasks, bytes32 reason
    );

    /* ERRORS: OFFERS AND QUOTATIONS. `id`: of either */

    /// @notice Thrown when who signed is neither the supplier nor its operator with OPEN.
    error CapacityMarket_NoConsent(OfferId id, address signer);
    /// @notice Thrown when the signature is not its signer's over this offer or quotation, or over its bundle.
    error CapacityMarket_BadSignature(OfferId id, address signer, bytes32 digest);
    /// @notice Thrown when an offer or a quotation is no longer valid.
    error CapacityMarket_OfferExpired(OfferId id, uint256 nowAt, uint40 validUntil);
    /// @notice Thrown when the nonce of an offer or a quotation was cancelled.
    error CapacityMarket_OfferCancelled(OfferId id, uint256 nonce);
    /// @notice Thrown when an offer or a quotation is not of the supplier's present epoch.
    error CapacityMarket_WrongEpoch(OfferId id, uint64 epoch, uint64 current);
    /// @notice Thrown when an offer contradicts itself: a last-minute price above the hourly one.
    error CapacityMarket_PriceRises(OfferId id, uint128 hourly, uint128 lastMinuteHourly);
    /// @notice Thrown when nothing would change.
    error CapacityMarket_NothingToCancel(address supplier, uint248 word);
    /// @notice Thrown when the epoch to be left is not the present one.
    error CapacityMarket_EpochPassed(address supplier, uint64 expected, uint64 current);
    /// @notice Thrown when the caller is neither the supplier nor its operator with the role.
    error CapacityMarket_NotSupplier(address supplier, address caller);

    /* ERRORS: BOOKING. `id`: of the offer or the quotation; rescheduling: of the line */

    /// @notice Thrown when the caller is neither the buyer nor its operator with OPEN (to reschedule: OPEN and CHANGE).
    error CapacityMarket_NotBuyer(address buyer, address caller);
    /// @notice Thrown when one address acts for both sides, or one side for the other.
    error CapacityMarket_ActsForBoth(OfferId id, address forBuyer, address forSupplier);
    /// @notice Thrown when there is nothing to book.
    error CapacityMarket_NothingToBook();
    /// @notice Thrown when orders of several buyers are booked together.
    error CapacityMarket_SeveralBuyers(address buyer, address other);
    /// @notice Thrown when the offer is for another buyer.
    error CapacityMarket_OfferForAnother(OfferId id, address buyer, address offeredTo);
    /// @notice Thrown when no hours are given, or the first or the last mask is zero.
    error CapacityMarket_EmptyMask();
    /// @notice Thrown when the pattern is outside the offer's hours, `untilHour` exclusive.
    error CapacityMarket_OutsideOffer(OfferId id, uint256 firstHour, uint256 lastHour);
    /// @notice Thrown when the first hour begins before `earliest`.
    error CapacityMarket_TooSoon(OfferId id, uint256 firstHour, uint256 earliest);
    /// @notice Thrown when the last hour is after `latest`.
    error CapacityMarket_TooFarAhead(uint256 lastHour, uint256 latest);
    /// @notice Thrown when the goods would be due later than a time can say.
    error CapacityMarket_DueTooLate(OfferId id, uint256 dueBy, uint256 latest);
    /// @notice Thrown when a booking has too few hours, setup hours not counted; it needs at least one.
    error CapacityMarket_TooFewHours(OfferId id, uint256 priced, uint16 minHours);
    /// @notice Thrown when a booking takes longer from its first to its last hour than offered.
    error CapacityMarket_SpanTooLong(OfferId id, uint256 span, uint16 maxSpan);
    /// @notice Thrown when the setup hours are not marked without a gap before the first priced hour.
    error CapacityMarket_SetupBroken(OfferId id, uint16 setupHours);
    /// @notice Thrown when the offer has not as many hours left.
    error CapacityMarket_OfferSoldOut(OfferId id, uint256 soldAfter, uint32 totalHours);
    /// @notice Thrown when more registered products are asked for than offered.
    error CapacityMarket_TooManyAssets(OfferId id, uint16 assets, uint16 maxAssets);
    /// @notice Thrown when the price is above what the buyer set.
    error CapacityMarket_PriceAboveLimit(OfferId id, uint256 price, uint128 maxPrice);
    /// @notice Thrown when the buyer adds documents but the supplier could not decline them.
    error CapacityMarket_DocumentsNotOffered(OfferId id, ConditionsId conditions);
    /// @notice Thrown when hours are taken. `taken`: those of the word that are booked or blocked.
    error CapacityMarket_HoursTaken(uint256 machine, uint256 word, uint256 taken);
    /// @notice Thrown when the machine is not Active, or is recalled, held or assembled.
    error CapacityMarket_MachineUnfit(uint256 machine, AssetStatus status, uint8 flags);
    /// @notice Thrown when hours are not the supplier's to sell: `seller` may sell them.
    error CapacityMarket_NotSeller(uint256 machine, address supplier, address seller);
    /// @notice Thrown when the machine's user has it for a part of the hours only.
    error CapacityMarket_UseEndsBefore(uint256 machine, address user, uint64 userUntil);
    /// @notice Thrown when coins are sent of which no line can use any.
    error CapacityMarket_WrongValue(uint256 value);

    /* ERRORS: CALENDAR */

    /// @notice Thrown when the line is not to be opened here, or not for these hours.
    error CapacityMarket_NotThisBooking(LineId id, bytes32 subject);
    /// @notice Thrown when the line is not closed.
    error CapacityMarket_LineNotClosed(LineId id, LineStatus status);
    /// @notice Thrown when the line's hours were returned already.
    error CapacityMarket_AlreadyReturned(LineId id);

    /// @notice Thrown when hours are said to be sold on an offer on which they are not: those of a quotation on none, those of
    /// a line that takes another one's place on the same.
    error CapacityMarket_OtherOffer(LineId id, OfferId offer, OfferId expected);

    /* OFFERS AND QUOTATIONS */

    /// @notice Shows a signed offer to everybody, as an event. Anyone.
    /// @param consent by the signature of the supplier or its operator (OPEN): over the offer's id or, with a proof, over
    /// an OfferBundle whose tree holds it (OpenZeppelin's standard tree of `["bytes32"]`).
    function publish(Offer calldata offer, Consent calldata consent) external returns (OfferId id);

    /// @notice Cancels the offers and quotations with the nonces of `mask` in `word`. Supplier (OPEN).
    function cancelOffers(address supplier, uint248 word, uint256 mask) external;

    /// @notice Cancels all offers and quotations signed so far. Supplier (OPEN).
    /// @param expected the present epoch, so that a repeat reverts.
    function raiseEpoch(address supplier, uint64 expected) external;

    /// @notice Asks for quotations, as an event. Buyer (OPEN).
    function request(Request calldata wanted) external returns (bytes32 id);

    /* BOOKING */

    /// @notice Books hours: marks them, opens and funds the line, locks the bond; all or nothing. Buyer (OPEN).
    /// @dev ERC-20: from the buyer's allowance to the escrow. The chain's own coin: from the value sent, then the
    /// buyer's free balance; what is sent too much becomes its free balance.
    function book(Offer calldata offer, Consent calldata consent, Order calldata order)
        external
        payable
        returns (LineId id);

    /// @notice Books a chain of orders of one buyer, all or none. Buyer (OPEN).
    /// @dev Money as in `book`; the chain's own coin is used in the order given.
    function bookMany(Purchase[] calldata purchases) external payable returns (LineId[] memory ids);

    /// @notice Opens the line of a quotation, with the hours that its subject binds or, if that is zero, none. Buyer (OPEN).
    /// @dev Money as in `book`. The line's id is used up, so that no quotation is awarded twice.
    /// @param consent by the signature of the supplier or its operator (OPEN), as in `publish`.
    /// @param booking on no offer; all zeros: no hours.
    function award(Quotation calldata quotation, Consent calldata consent, Booking calldata booking)
        external
        payable
        returns (LineId id);

    /// @notice An engineering change order: replaces a line that was opened here, and its hours. Buyer (OPEN and CHANGE).
    /// @dev `amend` of the escrow, which only this contract may call for such a line. The same booking keeps its hours, even
    /// begun ones and those of a machine that was sold; another one's hours must be free and the supplier's to sell.
    /// Money as there; the payer is the buyer.
    /// @param consents over the escrow's Amendment. The buyer's: left empty, because it calls. The supplier's: by signature (CHANGE;
    /// OPEN too if more bond is bound than before). The payee's: of an assigned line likewise (CHANGE).
    function reschedule(
        Reservation calldata current,
        Reservation calldata next,
        Outcome calldata outcome,
        uint40 deadline,
        Consents calldata consents
    ) external payable returns (LineId nextId);

    /// @notice Frees the hours of a closed line that have not begun. Anyone, once a line.
    function returnHours(Terms calldata terms, Booking calldata booking) external;

    /* CALENDAR */

    /// @notice Takes hours out of sale. Who may sell them (ASSETS); not if one of them is booked.
    function blockHours(uint256 machine, uint32 firstWord, uint256[] calldata hourMasks, bytes32 reason) external;

    /// @notice Puts hours on sale again. Who may sell them (ASSETS).
    function unblockHours(uint256 machine, uint32 firstWord, uint256[] calldata hourMasks, bytes32 reason) external;

    /* VIEWS */

    /// @notice Who acts for whom.
    function directory() external view returns (IDirectory);

    /// @notice Where the machines are registered.
    function registry() external view returns (IAssetRegistry);

    /// @notice Where the money waits.
    function escrow() external view returns (ISupplierEscrow);

    /// @notice The id of an offer: its EIP-712 digest, with the chain id of deployment.
    function offerId(Offer calldata offer) external view returns (OfferId);

    /// @notice The id of a request: the hash of chain id, this contract and the request, ABI-encoded.
    function requestId(Request calldata wanted) external view returns (bytes32);

    /// @notice The id of a quotation: its EIP-712 digest, with the chain id of deployment.
    function quotationId(Quotation calldata quotation) external view returns (OfferId);

    /// @notice What a booking would cost now, in base units: setup + the priced hours at the hourly or, if none of them is far
    /// ahead, towards the last-minute price.
    /// @param priced hours, setup hours not counted.
    /// @param lastHour of the booking; how far it is ahead makes the price of all.
    function priceOf(Offer calldata offer, uint32 priced, uint32 lastHour) external view returns (uint256);

    /// @notice 256 hours of a machine's calendar.
    function hoursOf(uint256 machine, uint32 word) external view returns (Hours memory);

    /// @notice Hours sold on an offer that has a total.
    function soldHours(OfferId id) external view returns (uint32);

    /// @notice The cancelled nonces of a word.
    function cancelledNonces(address supplier, uint248 word) external view returns (uint256);

    /// @notice The epoch that a supplier's offers and quotations must have.
    function epochOf(address supplier) external view returns (uint64);

    /// @notice Whether a line's hours were returned, or passed to the line that took its place.
    function isReturned(LineId id) external view returns (bool);
}
