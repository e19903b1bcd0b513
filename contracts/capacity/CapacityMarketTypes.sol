// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ConditionsId, Consent, Terms} from "../escrow/SupplierEscrowTypes.sol";

/// @dev The EIP-712 digest of an Offer, or of a Quotation. Zero means "none".
type OfferId is bytes32;

/// @notice Machine-hours for sale, signed by the supplier or its operator (OPEN) as EIP-712 typed data.
/// @dev Static: 26 words. Hours are `Unix seconds / 3600`; prices in base units of the token.
struct Offer {
    address supplier;
    uint256 machine; // asset id
    bytes32 process; // hash of a process code, such as one of DIN 8580 or ISO/ASTM 52900
    address token; // zero: the chain's own coin
    uint128 hourly; // per hour that is not a setup hour
    uint128 setup; // once per booking
    uint128 lastMinuteHourly; // at most hourly: what each hour costs when the booking's last one begins now
    uint32 decayHours; // the price falls linearly over the decayHours before the booking's last hour; zero: never
    uint32 fromHour; // inclusive
    uint32 untilHour; // exclusive
    uint16 minHours; // of a booking, setup hours not counted
    uint16 maxSpan; // hours from a booking's first to its last, setup hours and pauses included
    uint32 totalHours; // of all bookings, setup hours counted; zero: the calendar alone limits them
    uint16 setupHours; // the first hours of a booking, without a gap to the next; marked and not priced
    uint16 noticeHours; // between booking and start
    uint32 deliveryHours; // goods are due this long after the last hour
    uint16 maxAssets; // registered products that a booking may ask for, at most 64
    address buyer; // zero: anyone
    address inspector; // as in Terms
    address arbiter;
    address broker;
    uint40 validUntil; // Unix seconds, exclusive
    uint256 nonce; // bit `nonce & 255` of word `nonce >> 8`; offers and quotations that share one are cancelled together
    uint64 epoch; // the supplier's present one
    bytes32 documents; // commitment to the supplier's contract package, which prevails
    ConditionsId conditions;
}

/// @notice Several offers or quotations under one signature (EIP-712). One alone is signed itself: a proof must not be empty.
struct OfferBundle {
    bytes32 root; // of the tree of their ids
}

/// @notice What a buyer books on an offer.
struct Order {
    address buyer;
    bytes32 documents; // commitment to the buyer's part of the contract package; zero: none
    bytes32 orderRef; // as in Terms
    uint128 maxPrice; // base units; the price falls with time and must not have risen
    uint256 salt;
    uint16 assets; // registered products to be handed over
    uint32 firstWord; // hours of `hourMasks[i]` are (firstWord + i) * 256 + bit
    uint256[] hourMasks; // first and last not zero; setup hours included
}

/// @notice An order on an offer: one link of a chain that is booked whole.
struct Purchase {
    Offer offer;
    Consent consent;
    Order order;
}

/// @notice The hours that a line binds; the line's `subject` is the hash of their ABI encoding, field by field. No hours, as
/// all zeros: the line binds none, and its subject is zero.
struct Booking {
    uint256 machine;
    OfferId offer; // on which they were sold; zero: on a quotation
    uint32 firstWord;
    uint256[] hourMasks; // first and last not zero
}

/// @notice A line's terms with the hours that it binds.
struct Reservation {
    Terms terms;
    Booking booking;
}

/// @notice What a buyer wants quotations for. Nothing of it binds anybody.
struct Request {
    address buyer;
    bytes32 process; // as in Offer
    address token; // zero: the chain's own coin
    uint128 budget; // base units, the most that it may cost; zero: not told
    uint16 machineHours; // to be reserved, as far as the buyer knows; zero: none
    uint32 fromHour; // inclusive, for these hours
    uint32 untilHour; // exclusive
    uint16 assets; // as in Terms, like the parties, conditions and orderRef below
    uint40 quoteBy; // Unix seconds, exclusive: quotations come before
    uint40 dueBy; // Unix seconds
    address inspector;
    address arbiter;
    address broker;
    ConditionsId conditions;
    bytes32 documents; // commitment to drawings, quantities, what suppliers must prove, and how quotations are ranked
    bytes32 orderRef;
    bytes32 sealingKey; // of X25519 (RFC 7748), to which quotations are sealed; zero: they are not
    uint256 salt;
    string uri; // where the documents are found
    string replyTo; // where quotations are sent
}

/// @notice A supplier's answer to a request (EIP-712): the terms as they are to be opened, with the hours that their subject binds.
struct Quotation {
    bytes32 requestId;
    Terms terms;
    uint40 validUntil; // Unix seconds, exclusive
    uint256 nonce; // as in Offer
    uint64 epoch; // the supplier's present one
}

/// @notice One word of a machine's calendar: 256 hours, a bit each.
struct Hours {
    uint256 booked; // held by a line
    uint256 blocked; // maintenance, own use
}
