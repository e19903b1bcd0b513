// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {LibBit} from "solady/utils/LibBit.sol";

import {IAssetRegistry} from "../assets/IAssetRegistry.sol";
import {ROLE_OPEN} from "../directory/DirectoryTypes.sol";
import {Eip712} from "../directory/Eip712.sol";
import {IDirectory} from "../directory/IDirectory.sol";
import {ISupplierEscrow} from "../escrow/ISupplierEscrow.sol";
import {Consent, LineId, Status, Terms} from "../escrow/SupplierEscrowTypes.sol";
import {Calendar} from "./Calendar.sol";
import {Booking, Offer, OfferId, Order} from "./CapacityMarketTypes.sol";
import {HourMasks, Pattern} from "./HourMasks.sol";
import {ICapacityMarket} from "./ICapacityMarket.sol";
import {Offers} from "./Offers.sol";

contract CapacityMarket is Calendar, ReentrancyGuardTransient {
    uint256 private constant HOUR = 1 hours;
    uint256 private constant HORIZON = 730 days;
    address private constant NATIVE = address(0);

    /// @inheritdoc ICapacityMarket
    ISupplierEscrow public immutable ESCROW;

    mapping(OfferId => uint32) private sold;
    mapping(LineId => bool) private returned;

    constructor(ISupplierEscrow escrow, IAssetRegistry assets, IDirectory directory)
        Eip712("Fabricant CapacityMarket")
        Offers(directory)
        Calendar(assets)
    {
        ESCROW = escrow;
    }

    /* BOOKING */

    /// @inheritdoc ICapacityMarket
    function book(Offer calldata offer, Consent calldata consent, Order calldata order)
        external
        payable
        nonReentrant
        returns (LineId id)
    {
        if (!_actsFor(order.buyer, ROLE_OPEN)) revert CapacityMarket_NotBuyer(order.buyer, msg.sender);
        OfferId offered = _requireStanding(offer, consent);
        Pattern memory pattern = _pattern(order.firstWord, order.hourMasks);
        _requireOffered(offered, offer, order, pattern);
        uint256 price = _price(offer, pattern.marked - offer.setupHours, pattern.firstHour);
        if (price > order.maxPrice) revert CapacityMarket_PriceAboveLimit(offered, price, order.maxPrice);
        _requireSeller(offer.machine, offer.supplier, pattern);

        uint32 soldAfter = _countSold(offered, offer, pattern.marked);
        _markBooked(offer.machine, order.firstWord, order.hourMasks);
        id = _open(_terms(offered, offer, order, pattern, uint128(price)));
        emit HoursBooked(id, offer.machine, offered, order.firstWord, order.hourMasks, soldAfter);
    }

    /// @inheritdoc ICapacityMarket
    function returnHours(Terms calldata terms, Booking calldata booking) external {
        LineId id = ESCROW.lineId(terms);
        if (terms.opener != address(this) || terms.subject != keccak256(abi.encode(booking))) {
            revert CapacityMarket_NotThisBooking(id, terms.subject);
        }
        Status status = ESCROW.lineOf(id).status;
        if (status != Status.Closed) revert CapacityMarket_LineNotClosed(id, status);
        if (returned[id]) revert CapacityMarket_AlreadyReturned(id);

        returned[id] = true;
        uint256[] memory freed = _freeFuture(booking.machine, booking.firstWord, booking.hourMasks);
        uint32 soldAfter = _countReturned(booking.offer, freed);
        emit HoursReturned(id, booking.machine, booking.offer, booking.firstWord, freed, soldAfter);
    }

    /* VIEWS */

    /// @inheritdoc ICapacityMarket
    function priceOf(Offer calldata offer, uint256 priced, uint256 firstHour) external view returns (uint256) {
        return _price(offer, priced, firstHour);
    }

    /// @inheritdoc ICapacityMarket
    function soldHours(OfferId id) external view returns (uint32) {
        return sold[id];
    }

    /// @inheritdoc ICapacityMarket
    function isReturned(LineId id) external view returns (bool) {
        return returned[id];
    }

    /* INSIDE: WHAT THE OFFER ALLOWS */

    function _requireOffered(OfferId id, Offer calldata offer, Order calldata order, Pattern memory p) private view {
        if (offer.buyer != address(0) && offer.buyer != order.buyer) {
            revert CapacityMarket_OfferForAnother(id, order.buyer, offer.buyer);
        }
        if (p.firstHour < offer.fromHour || p.lastHour >= offer.untilHour) {
            revert CapacityMarket_OutsideOffer(id, p.firstHour, p.lastHour);
        }
        _requireFuture(id, offer, p);
        _requireCount(id, offer, p.marked);
        if (offer.setupHours != 0 && !HourMasks.beginsWithRun(order.hourMasks, offer.setupHours + uint256(1))) {
            revert CapacityMarket_SetupBroken(id, offer.setupHours);
        }
        if (order.assets > offer.maxAssets) {
            revert CapacityMarket_TooManyAssets(id, order.assets, offer.maxAssets);
        }
        // Who accepts documents unseen must be able to decline them.
        if (order.documents != 0 && ESCROW.conditionsOf(offer.conditions).rates.hasResignPeriod() == 0) {
            revert CapacityMarket_DocumentsNotOffered(id, offer.conditions);
        }
    }

    function _requireFuture(OfferId id, Offer calldata offer, Pattern memory p) private view {
        // The first hour that begins after now, and not before the notice has passed.
        uint256 next = block.timestamp / HOUR + 1;
        uint256 noticed = (block.timestamp + offer.noticeHours * HOUR + HOUR - 1) / HOUR;
        uint256 earliest = noticed > next ? noticed : next;
        if (p.firstHour < earliest) revert CapacityMarket_TooSoon(id, p.firstHour, earliest);
        uint256 latest = (block.timestamp + HORIZON) / HOUR - 1;
        if (p.lastHour > latest) revert CapacityMarket_TooFarAhead(p.lastHour, latest);
    }

    function _requireCount(OfferId id, Offer calldata offer, uint256 marked) private pure {
        uint256 priced = marked > offer.setupHours ? marked - offer.setupHours : 0;
        if (priced == 0 || priced < offer.minHours || priced > offer.maxHours) {
            revert CapacityMarket_WrongHours(id, priced, offer.minHours, offer.maxHours);
        }
    }

    /// @dev Setup, and for each priced hour the hourly price; over the last decayHours it falls in a straight line to the
    /// last-minute price.
    function _price(Offer calldata offer, uint256 priced, uint256 firstHour) private view returns (uint256) {
        uint256 start = firstHour * HOUR;
        uint256 lead = start > block.timestamp ? start - block.timestamp : 0;
        uint256 decay = offer.decayHours * HOUR;
        if (lead >= decay) return offer.setup + priced * offer.hourly;
        uint256 last = offer.lastMinuteHourly;
        return offer.setup + priced * (last * decay + (offer.hourly - last) * lead) / decay;
    }

    function _countSold(OfferId id, Offer calldata offer, uint256 hoursBooked) private returns (uint32) {
        if (offer.totalHours == 0) return 0;
        uint256 soldAfter = sold[id] + hoursBooked;
        if (soldAfter > offer.totalHours) revert CapacityMarket_OfferSoldOut(id, soldAfter, offer.totalHours);
        sold[id] = uint32(soldAfter);
        return uint32(soldAfter);
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

    function _terms(
        OfferId id,
        Offer calldata offer,
        Order calldata order,
        Pattern memory p,
        uint128 price
    ) private view returns (Terms memory terms) {
        terms.buyer = order.buyer;
        terms.supplier = offer.supplier;
        terms.inspector = offer.inspector;
        terms.arbiter = offer.arbiter;
        terms.broker = offer.broker;
        terms.token = offer.token;
        terms.amount = price;
        terms.openBy = uint40(p.firstHour * HOUR);
        terms.dueBy = uint40((p.lastHour + 1 + offer.deliveryHours) * HOUR);
        terms.assets = order.assets;
        terms.documents = keccak256(abi.encode(offer.documents, order.documents));
        terms.orderRef = order.orderRef;
        terms.opener = address(this);
        terms.subject = keccak256(
            abi.encode(
                Booking({
                    machine: offer.machine,
                    offer: id,
                    firstWord: order.firstWord,
                    hourMasks: order.hourMasks
                })
            )
        );
        terms.conditions = offer.conditions;
        terms.salt = order.salt;
    }

    function _open(Terms memory terms) private returns (LineId) {
        uint256 value;
        if (terms.token == NATIVE) {
            value = msg.value < terms.amount ? msg.value : terms.amount;
            if (value != msg.value) {
                uint256 excess = msg.value - value;
                ESCROW.deposit{value: excess}(terms.buyer, NATIVE, excess);
            }
        } else if (msg.value != 0) {
            revert CapacityMarket_WrongValue(msg.value);
        }
        Consent memory byOperator; // this contract, as operator of both
        return ESCROW.open{value: value}(terms, byOperator, byOperator, terms.buyer);
    }
}
