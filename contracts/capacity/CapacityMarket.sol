// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {EfficientHashLib} from "solady/utils/EfficientHashLib.sol";
import {LibBit} from "solady/utils/LibBit.sol";

import {ROLE_CHANGE, ROLE_OPEN} from "../directory/DirectoryTypes.sol";
import {Eip712} from "../directory/Eip712.sol";
import {ISupplierEscrow} from "../escrow/ISupplierEscrow.sol";
import {Consent, Consents, LineId, Outcome, Status, Terms} from "../escrow/SupplierEscrowTypes.sol";
import {Calendar} from "./Calendar.sol";
import {Booking, Offer, OfferId, Order, Purchase, Quotation, Reservation} from "./CapacityMarketTypes.sol";
import {HourMasks, Pattern} from "./HourMasks.sol";
import {ICapacityMarket} from "./ICapacityMarket.sol";
import {Offers} from "./Offers.sol";
import {OfferWords} from "./OfferWords.sol";
import {Quotations} from "./Quotations.sol";

/// @dev Needs no reentrancy guard: everything is written before the escrow is called, and only an event follows.
contract CapacityMarket is Calendar, Quotations {
    using OfferWords for Offer;

    uint256 private constant HOUR = 1 hours;
    uint256 private constant HORIZON = 730 days;
    address private constant NATIVE = address(0);

    /// @inheritdoc ICapacityMarket
    ISupplierEscrow public immutable escrow;

    mapping(OfferId => uint32) private sold;
    mapping(LineId => bool) private returned;

    constructor(ISupplierEscrow escrow_)
        Eip712("Fabricant CapacityMarket")
        Offers(escrow_.directory())
        Calendar(escrow_.registry())
    {
        escrow = escrow_;
    }

    /* BOOKING */

    /// @inheritdoc ICapacityMarket
    function book(Offer calldata offer, Consent calldata consent, Order calldata order)
        external
        payable
        returns (LineId id)
    {
        _requireBuyer(order.buyer, ROLE_OPEN);
        uint256 rest;
        (id, rest) = _book(offer.load()[0], consent, order, msg.value);
        if (rest != 0) _keepRest(order.buyer, rest);
    }

    /// @inheritdoc ICapacityMarket
    function bookMany(Purchase[] calldata purchases) external payable returns (LineId[] memory ids) {
        if (purchases.length == 0) revert CapacityMarket_NothingToBook();
        address buyer = purchases[0].order.buyer;
        _requireBuyer(buyer, ROLE_OPEN);
        ids = new LineId[](purchases.length);
        uint256 rest = msg.value;
        for (uint256 i = 0; i < purchases.length; ++i) {
            Purchase calldata one = purchases[i];
            if (one.order.buyer != buyer) revert CapacityMarket_SeveralBuyers(buyer, one.order.buyer);
            (ids[i], rest) = _book(one.offer.load()[0], one.consent, one.order, rest);
        }
        if (rest != 0) _keepRest(buyer, rest);
    }

    /// @inheritdoc ICapacityMarket
    function award(Quotation calldata quotation, Consent calldata consent, Booking calldata booking)
        external
        payable
        returns (LineId id)
    {
        Terms calldata terms = quotation.terms;
        _requireBuyer(terms.buyer, ROLE_OPEN);
        OfferId quoted = _requireQuotation(quotation, consent);
        _requireTwoSides(quoted, terms.supplier, consent.signer, terms.buyer);
        id = _requireBound(terms, booking);
        bool reserves = booking.hourMasks.length != 0;
        if (reserves) _reserve(quoted, id, terms.supplier, booking, OfferId.wrap(0));

        (, uint256 rest) = _open(terms, msg.value);
        if (rest != 0) _keepRest(terms.buyer, rest);
        if (reserves) _emitBooked(id, booking, 0);
        emit QuotationAwarded(quotation.requestId, id, terms.supplier, quoted);
    }

    /// @inheritdoc ICapacityMarket
    function reschedule(
        Reservation calldata current,
        Reservation calldata next,
        Outcome calldata outcome,
        uint40 deadline,
        Consents calldata consents
    ) external payable returns (LineId nextId) {
        LineId id = _requireBound(current.terms, current.booking);
        nextId = _requireBound(next.terms, next.booking);
        _requireChange(id, current.terms, consents);

        returned[id] = true;
        if (next.terms.subject != current.terms.subject) _exchange(id, nextId, current.booking, next);
        emit LineRescheduled(id, nextId);
        escrow.amend{value: msg.value}(current.terms, next.terms, outcome, deadline, consents, current.terms.buyer);
    }

    /// @inheritdoc ICapacityMarket
    function returnHours(Terms calldata terms, Booking calldata booking) external {
        LineId id = _requireBound(terms, booking);
        if (booking.hourMasks.length == 0) revert CapacityMarket_EmptyMask();
        Status status = escrow.lineOf(id).status;
        if (status != Status.Closed) revert CapacityMarket_LineNotClosed(id, status);
        if (returned[id]) revert CapacityMarket_AlreadyReturned(id);

        returned[id] = true;
        _giveBack(id, booking);
    }

    /* VIEWS */

    /// @inheritdoc ICapacityMarket
    function priceOf(Offer calldata offer, uint32 priced, uint32 lastHour) external view returns (uint256) {
        return _price(offer.load()[0], priced, lastHour);
    }

    /// @inheritdoc ICapacityMarket
    function soldHours(OfferId id) external view returns (uint32) {
        return sold[id];
    }

    /// @inheritdoc ICapacityMarket
    function isReturned(LineId id) external view returns (bool) {
        return returned[id];
    }

    /* INSIDE: BOOKING */

    /// @param value of the chain's own coin, that may be used for it.
    function _book(Offer memory offer, Consent calldata consent, Order calldata order, uint256 value)
        private
        returns (LineId id, uint256 rest)
    {
        OfferId offered = _requireOffer(offer, consent);
        _requireTwoSides(offered, offer.supplier, consent.signer, order.buyer);
        Pattern memory pattern = _pattern(order.firstWord, order.hourMasks);
        uint256 price = _price(offer, _requireOffered(offered, offer, order, pattern), pattern.lastHour);
        if (price > order.maxPrice) revert CapacityMarket_PriceAboveLimit(offered, price, order.maxPrice);
        _requireSeller(offer.machine, offer.supplier, pattern);

        _countSold(offered, offer, pattern.marked);
        _markBooked(offer.machine, order.firstWord, order.hourMasks);
        (id, rest) = _openLine(offered, offer, order, pattern, uint128(price), value);
        // Read again: who is paid an advance may have returned the hours of another line meanwhile.
        uint32 soldAfter = offer.totalHours == 0 ? 0 : sold[offered];
        emit HoursBooked(id, offer.machine, offered, order.firstWord, order.hourMasks, soldAfter);
    }

    /// @dev The escrow trusts its opener to act for both sides; so here nobody may stand on both, or sign for the other.
    function _requireTwoSides(OfferId id, address supplier, address signer, address buyer) private view {
        if (msg.sender == signer || msg.sender == supplier || signer == buyer) {
            revert CapacityMarket_ActsForBoth(id, msg.sender, signer);
        }
    }

    /// @dev Marks hours that the supplier signed for.
    /// @param signed what the errors name.
    function _reserve(OfferId signed, LineId id, address supplier, Booking calldata booking, OfferId offer)
        private
        returns (uint256 marked)
    {
        if (OfferId.unwrap(booking.offer) != OfferId.unwrap(offer)) {
            revert CapacityMarket_OtherOffer(id, booking.offer, offer);
        }
        Pattern memory pattern = _pattern(booking.firstWord, booking.hourMasks);
        _requireFuture(signed, 0, pattern);
        _requireSeller(booking.machine, supplier, pattern);
        _markBooked(booking.machine, booking.firstWord, booking.hourMasks);
        return pattern.marked;
    }

    function _giveBack(LineId id, Booking calldata booking) private returns (uint32 soldAfter) {
        uint256[] memory freed = _freeFuture(booking.machine, booking.firstWord, booking.hourMasks);
        soldAfter = _countReturned(booking.offer, freed);
        emit HoursReturned(id, booking.machine, booking.offer, booking.firstWord, freed, soldAfter);
    }

    /// @dev The next line's hours for the present one's. The supplier signs, so that they may be more than its offer had left.
    function _exchange(LineId id, LineId nextId, Booking calldata booking, Reservation calldata next) private {
        // An offer with a total counts these very hours: more than none.
        bool isCounted = sold[booking.offer] != 0;
        uint32 soldAfter;
        if (booking.hourMasks.length != 0) soldAfter = _giveBack(id, booking);
        if (next.booking.hourMasks.length == 0) return;
        OfferId signed = OfferId.wrap(LineId.unwrap(nextId));
        uint256 marked = _reserve(signed, nextId, next.terms.supplier, next.booking, booking.offer);
        if (isCounted) {
            soldAfter += uint32(marked);
            sold[booking.offer] = soldAfter;
        }
        _emitBooked(nextId, next.booking, soldAfter);
    }

    function _emitBooked(LineId id, Booking calldata booking, uint32 soldAfter) private {
        emit HoursBooked(
            id, booking.machine, booking.offer, booking.firstWord, booking.hourMasks, soldAfter
        );
    }

    function _requireBuyer(address buyer, uint16 role) private view {
        if (!_actsFor(buyer, role)) revert CapacityMarket_NotBuyer(buyer, msg.sender);
    }

    /// @dev Who calls changes for the buyer what it holds, and spends its money; the escrow sees only this contract there, and
    /// asks whether the others signed.
    function _requireChange(LineId id, Terms calldata terms, Consents calldata consents) private view {
        _requireBuyer(terms.buyer, ROLE_CHANGE | ROLE_OPEN);
        OfferId changed = OfferId.wrap(LineId.unwrap(id));
        _requireTwoSides(changed, terms.supplier, consents.supplier.signer, terms.buyer);
        address assignee = escrow.payeeOf(id);
        if (assignee != address(0)) _requireTwoSides(changed, assignee, consents.payee.signer, terms.buyer);
    }

    /// @dev The line is opened here for these hours.
    function _requireBound(Terms calldata terms, Booking calldata booking) private view returns (LineId id) {
        id = escrow.lineId(terms);
        bytes32 subject = booking.hourMasks.length == 0
            ? bytes32(0)
            : _subject(booking.machine, booking.offer, booking.firstWord, booking.hourMasks);
        if (terms.opener != address(this) || terms.subject != subject) {
            revert CapacityMarket_NotThisBooking(id, terms.subject);
        }
    }

    /* INSIDE: WHAT THE OFFER ALLOWS */

    /// @return priced how many hours the buyer pays: those marked, less the setup hours.
    function _requireOffered(OfferId id, Offer memory offer, Order calldata order, Pattern memory p)
        private
        view
        returns (uint256 priced)
    {
        if (offer.buyer != address(0) && offer.buyer != order.buyer) {
            revert CapacityMarket_OfferForAnother(id, order.buyer, offer.buyer);
        }
        if (p.firstHour < offer.fromHour || p.lastHour >= offer.untilHour) {
            revert CapacityMarket_OutsideOffer(id, p.firstHour, p.lastHour);
        }
        _requireFuture(id, offer.noticeHours, p);
        priced = _requireSize(id, offer, p);
        if (offer.setupHours != 0 && !HourMasks.beginsWithRun(order.hourMasks, offer.setupHours + uint256(1))) {
            revert CapacityMarket_SetupBroken(id, offer.setupHours);
        }
        if (order.assets > offer.maxAssets) {
            revert CapacityMarket_TooManyAssets(id, order.assets, offer.maxAssets);
        }
        // Who accepts documents unseen must be able to decline them.
        if (order.documents != 0 && escrow.conditionsOf(offer.conditions).rates.hasResignPeriod() == 0) {
            revert CapacityMarket_DocumentsNotOffered(id, offer.conditions);
        }
    }

    function _requireFuture(OfferId id, uint256 noticeHours, Pattern memory p) private view {
        // Times and hours have 40 bits: no overflow.
        unchecked {
            // The first hour begins after now, and not before the notice has passed.
            uint256 start = block.timestamp + (noticeHours == 0 ? 1 : noticeHours * HOUR);
            if (p.firstHour * HOUR < start) {
                revert CapacityMarket_TooSoon(id, p.firstHour, (start + HOUR - 1) / HOUR);
            }
            uint256 end = block.timestamp + HORIZON;
            if ((p.lastHour + 1) * HOUR > end) revert CapacityMarket_TooFarAhead(p.lastHour, end / HOUR - 1);
        }
    }

    function _requireSize(OfferId id, Offer memory offer, Pattern memory p) private pure returns (uint256 priced) {
        // The first hour is not after the last, and hours have 40 bits: no overflow.
        unchecked {
            priced = p.marked > offer.setupHours ? p.marked - offer.setupHours : 0;
            if (priced == 0 || priced < offer.minHours) {
                revert CapacityMarket_TooFewHours(id, priced, offer.minHours);
            }
            uint256 span = p.lastHour - p.firstHour + 1;
            if (span > offer.maxSpan) revert CapacityMarket_SpanTooLong(id, span, offer.maxSpan);
        }
    }

    /// @dev Setup, and for each priced hour the hourly price; over the last decayHours it falls in a straight line to the
    /// last-minute price. The last hour decides, so that none far ahead is cheap because another is near.
    function _price(Offer memory offer, uint256 priced, uint256 lastHour) private view returns (uint256) {
        // Counts and hours have 32 bits, prices 128: no overflow.
        unchecked {
            uint256 start = lastHour * HOUR;
            uint256 lead = start > block.timestamp ? start - block.timestamp : 0;
            uint256 decay = offer.decayHours * HOUR;
            if (lead >= decay) return offer.setup + priced * offer.hourly;
            uint256 last = offer.lastMinuteHourly;
            return offer.setup + priced * (last * decay + (offer.hourly - last) * lead) / decay;
        }
    }

    function _countSold(OfferId id, Offer memory offer, uint256 hoursBooked) private {
        if (offer.totalHours == 0) return;
        uint256 soldAfter = sold[id] + hoursBooked;
        if (soldAfter > offer.totalHours) revert CapacityMarket_OfferSoldOut(id, soldAfter, offer.totalHours);
        sold[id] = uint32(soldAfter);
    }

    function _countReturned(OfferId id, uint256[] memory freed) private returns (uint32 soldAfter) {
        soldAfter = sold[id];
        if (soldAfter == 0) return 0; // not counted: the offer has no total
        for (uint256 i = 0; i < freed.length; ++i) {
            soldAfter -= uint32(LibBit.popCount(freed[i]));
        }
        sold[id] = soldAfter;
    }

    /* INSIDE: THE LINE */

    /// @dev Opens the line that a booking stands for.
    function _openLine(
        OfferId id,
        Offer memory offer,
        Order calldata order,
        Pattern memory p,
        uint128 price,
        uint256 value
    ) private returns (LineId, uint256) {
        // Hours have 40 bits: no overflow.
        unchecked {
            uint256 dueBy = (p.lastHour + 1 + offer.deliveryHours) * HOUR;
            if (dueBy > type(uint40).max) revert CapacityMarket_DueTooLate(id, dueBy, type(uint40).max);
            return _open(
                Terms({
                    buyer: order.buyer,
                    supplier: offer.supplier,
                    inspector: offer.inspector,
                    arbiter: offer.arbiter,
                    broker: offer.broker,
                    token: offer.token,
                    amount: price,
                    openBy: uint40(p.firstHour * HOUR),
                    dueBy: uint40(dueBy),
                    assets: order.assets,
                    deliverables: 0,
                    documents: EfficientHashLib.hash(offer.documents, order.documents),
                    orderRef: order.orderRef,
                    opener: address(this),
                    subject: _subject(offer.machine, id, order.firstWord, order.hourMasks),
                    conditions: offer.conditions,
                    salt: order.salt
                }),
                value
            );
        }
    }

    /// @dev What a line binds here: hours of a machine, sold on an offer.
    function _subject(uint256 machine, OfferId offer, uint32 firstWord, uint256[] calldata hourMasks)
        private
        pure
        returns (bytes32)
    {
        return keccak256(abi.encode(machine, offer, firstWord, hourMasks));
    }

    /// @dev Opens a line; this contract acts for both sides.
    /// @param value of the chain's own coin, that may be used for it.
    function _open(Terms memory terms, uint256 value) private returns (LineId id, uint256 rest) {
        uint256 used;
        if (terms.token == NATIVE) used = value < terms.amount ? value : terms.amount;
        Consent memory byOperator; // this contract, as operator of both
        id = escrow.open{value: used}(terms, byOperator, byOperator, terms.buyer);
        rest = value - used;
    }

    /// @dev What was sent too much becomes the buyer's free balance; what no line could use is a mistake.
    function _keepRest(address buyer, uint256 rest) private {
        if (rest == msg.value) revert CapacityMarket_WrongValue(rest);
        escrow.deposit{value: rest}(buyer, NATIVE, rest);
    }
}
