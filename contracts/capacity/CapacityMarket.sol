// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {EfficientHashLib} from "solady/utils/EfficientHashLib.sol";
import {LibBit} from "solady/utils/LibBit.sol";

import {ROLE_OPEN} from "../directory/DirectoryTypes.sol";
import {Eip712} from "../directory/Eip712.sol";
import {ISupplierEscrow} from "../escrow/ISupplierEscrow.sol";
import {Consent, LineId, Status, Terms} from "../escrow/SupplierEscrowTypes.sol";
import {Calendar} from "./Calendar.sol";
import {Booking, Offer, OfferId, Order} from "./CapacityMarketTypes.sol";
import {HourMasks, Pattern} from "./HourMasks.sol";
import {ICapacityMarket} from "./ICapacityMarket.sol";
import {Offers} from "./Offers.sol";
import {OfferWords} from "./OfferWords.sol";

/// @dev Needs no reentrancy guard: everything is written before the escrow is called, and only an event follows.
contract CapacityMarket is Calendar {
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
        if (!_actsFor(order.buyer, ROLE_OPEN)) revert CapacityMarket_NotBuyer(order.buyer, msg.sender);
        return _book(offer.load()[0], consent, order);
    }

    /// @inheritdoc ICapacityMarket
    function returnHours(Terms calldata terms, Booking calldata booking) external {
        LineId id = escrow.lineId(terms);
        bytes32 subject = _subject(booking.machine, booking.offer, booking.firstWord, booking.hourMasks);
        if (terms.opener != address(this) || terms.subject != subject) {
            revert CapacityMarket_NotThisBooking(id, terms.subject);
        }
        Status status = escrow.lineOf(id).status;
        if (status != Status.Closed) revert CapacityMarket_LineNotClosed(id, status);
        if (returned[id]) revert CapacityMarket_AlreadyReturned(id);

        returned[id] = true;
        uint256[] memory freed = _freeFuture(booking.machine, booking.firstWord, booking.hourMasks);
        uint32 soldAfter = _countReturned(booking.offer, freed);
        emit HoursReturned(id, booking.machine, booking.offer, booking.firstWord, freed, soldAfter);
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

    function _book(Offer memory offer, Consent calldata consent, Order calldata order) private returns (LineId id) {
        OfferId offered = _requireStanding(offer, consent);
        _requireTwoSides(offered, offer.supplier, consent.signer, order.buyer);
        Pattern memory pattern = _pattern(order.firstWord, order.hourMasks);
        uint256 price = _price(offer, _requireOffered(offered, offer, order, pattern), pattern.lastHour);
        if (price > order.maxPrice) revert CapacityMarket_PriceAboveLimit(offered, price, order.maxPrice);
        _requireSeller(offer.machine, offer.supplier, pattern);

        _countSold(offered, offer, pattern.marked);
        _markBooked(offer.machine, order.firstWord, order.hourMasks);
        id = _openLine(offered, offer, order, pattern, uint128(price));
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
        _requireFuture(id, offer, p);
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

    function _requireFuture(OfferId id, Offer memory offer, Pattern memory p) private view {
        // Times and hours have 40 bits: no overflow.
        unchecked {
            // The first hour that begins after now, and not before the notice has passed.
            uint256 next = block.timestamp / HOUR + 1;
            uint256 noticed = (block.timestamp + offer.noticeHours * HOUR + HOUR - 1) / HOUR;
            uint256 earliest = noticed > next ? noticed : next;
            if (p.firstHour < earliest) revert CapacityMarket_TooSoon(id, p.firstHour, earliest);
            uint256 latest = (block.timestamp + HORIZON) / HOUR - 1;
            if (p.lastHour > latest) revert CapacityMarket_TooFarAhead(p.lastHour, latest);
            uint256 dueBy = (p.lastHour + 1 + offer.deliveryHours) * HOUR;
            if (dueBy > type(uint40).max) revert CapacityMarket_DueTooLate(id, dueBy, type(uint40).max);
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

    /// @dev Opens the line that a booking stands for; this contract acts for both sides.
    function _openLine(
        OfferId id,
        Offer memory offer,
        Order calldata order,
        Pattern memory p,
        uint128 price
    ) private returns (LineId) {
        // `_requireFuture` has seen both times.
        unchecked {
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
                    dueBy: uint40((p.lastHour + 1 + offer.deliveryHours) * HOUR),
                    assets: order.assets,
                    deliverables: 0,
                    documents: EfficientHashLib.hash(offer.documents, order.documents),
                    orderRef: order.orderRef,
                    opener: address(this),
                    subject: _subject(offer.machine, id, order.firstWord, order.hourMasks),
                    conditions: offer.conditions,
                    salt: order.salt
                })
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

    function _open(Terms memory terms) private returns (LineId) {
        uint256 value;
        if (terms.token == NATIVE) {
            value = msg.value < terms.amount ? msg.value : terms.amount;
            if (value != msg.value) {
                uint256 excess = msg.value - value;
                escrow.deposit{value: excess}(terms.buyer, NATIVE, excess);
            }
        } else if (msg.value != 0) {
            revert CapacityMarket_WrongValue(msg.value);
        }
        Consent memory byOperator; // this contract, as operator of both
        return escrow.open{value: value}(terms, byOperator, byOperator, terms.buyer);
    }
}
