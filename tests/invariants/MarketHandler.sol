// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Batch, FLAGS_UNFIT, Kind, Registration, Standing, Status} from "../../contracts/assets/AssetRegistryTypes.sol";
import {IAssetRegistry} from "../../contracts/assets/IAssetRegistry.sol";
import {IGenealogy} from "../../contracts/assets/IGenealogy.sol";
import {
    Booking,
    Hours,
    Offer,
    OfferId,
    Order,
    Purchase,
    Quotation,
    Reservation
} from "../../contracts/capacity/CapacityMarketTypes.sol";
import {ICapacityMarket} from "../../contracts/capacity/ICapacityMarket.sol";
import {ROLE_OPEN} from "../../contracts/directory/DirectoryTypes.sol";
import {IDirectory} from "../../contracts/directory/IDirectory.sol";
import {IEip712} from "../../contracts/directory/IEip712.sol";
import {ISupplierEscrow} from "../../contracts/escrow/ISupplierEscrow.sol";
import {
    ConditionsId,
    Consent,
    Consents,
    LineId,
    Outcome,
    Status as LineStatus,
    Terms
} from "../../contracts/escrow/SupplierEscrowTypes.sol";
import {Stage} from "./Stage.sol";
import {TradeSets} from "./TradeSets.sol";
import {VM} from "./Vm.sol";

/// @dev What the campaign needs of its token.
interface IMoney {
    function approve(address spender, uint256 amount) external returns (bool);
    function mint(address to, uint256 amount) external;
}

/// @notice Three firms sell each other the hours of their machines, by offers and by quotations, one by one and in chains, move and
/// give up what they booked, block, lend, sell and suspend machines, whether they may or not, while the issuer recalls. Books beside
/// the market's own say whose each hour is, and what must happen.
contract MarketHandler is Stage {
    /// @dev A line that the market opened. `kept`: which of its hours are marked for it.
    struct Entry {
        Terms terms;
        Booking booking;
        LineId id;
        uint256[] kept;
        bool isOver; // closed
        bool isReturned;
    }

    uint256 private constant MACHINES = 3;
    uint256 private constant HOUR = 1 hours;
    uint256 private constant AHEAD = 60; // hours in which people book
    uint256 private constant WORDS = 6; // more than all calls of one run reach
    uint256 private constant NONCES = 24;
    uint128 private constant PRICE = 1_000;
    uint32 private constant DELIVERY = 30 * 24; // hours; the buyer may cancel until a week before
    uint256 private constant FIRST_WORD = 1_953;
    uint256 private constant BEGINNING = (FIRST_WORD * 256 + 226) * HOUR; // so that many bookings cross words

    bytes32 private constant OUTCOME_TYPEHASH =
        keccak256("Outcome(uint128 toSupplier,uint128 bondToBuyer,bool goodsToBuyer)");
    bytes32 private constant AMENDMENT_TYPEHASH = keccak256(
        "Amendment(bytes32 oldId,bytes32 newId,Outcome outcome,uint40 deadline)"
        "Outcome(uint128 toSupplier,uint128 bondToBuyer,bool goodsToBuyer)"
    );

    uint256 private immutable LOOKED_FOR = VM.envOr("INVARIANTS", type(uint256).max);
    bytes32 private immutable NAMESPACE = bytes32(uint256(uint160(address(this))));
    IDirectory private immutable DIRECTORY = IDirectory(_deploy(ARTIFACTS, "Directory", ""));
    IAssetRegistry private immutable REGISTRY =
        IAssetRegistry(_deploy(ARTIFACTS, "AssetRegistry", abi.encode(DIRECTORY, this)));
    ISupplierEscrow private immutable ESCROW =
        ISupplierEscrow(_deploy(ARTIFACTS, "SupplierEscrow", abi.encode(DIRECTORY, REGISTRY)));
    ICapacityMarket private immutable MARKET =
        ICapacityMarket(_deployTested("CapacityMarket", abi.encode(ESCROW)));
    IGenealogy private immutable GENEALOGY = REGISTRY.genealogy();
    IMoney private immutable MONEY = IMoney(_deploy(MOCKS, "MockERC20Permit", ""));
    bytes32 private immutable DOMAIN_SEPARATOR = _domain();
    ConditionsId private immutable CONDITIONS = ESCROW.publishConditions(TradeSets.get(TradeSets.PLAIN), "");

    address[3] private firms = [_keyed("turnery"), _keyed("mill"), _wallet("foundry")];
    uint256[MACHINES] private machines;
    bytes32[MACHINES] private noticeOf; // the text of a machine's recall; zero: none
    Entry[] private entries;
    Offer[] private offers;
    mapping(uint256 machine => mapping(uint256 word => uint256)) private booked;
    mapping(uint256 machine => mapping(uint256 word => uint256)) private blocked;
    mapping(OfferId => uint256) private sold; // of offers with a total
    mapping(OfferId => bool) private isCounted;
    mapping(address firm => uint256) private cancelled; // nonces
    mapping(address firm => uint64) private epochOf;
    uint256 private serial;
    string private breach;

    constructor() {
        VM.warp(BEGINNING);
        for (uint256 i = 0; i < firms.length; ++i) {
            MONEY.mint(firms[i], 1e30);
            VM.prank(firms[i]);
            MONEY.approve(address(ESCROW), type(uint256).max);
            VM.prank(firms[i]);
            DIRECTORY.setOperator(address(MARKET), ROLE_OPEN, type(uint40).max);
        }
        for (uint256 i = 0; i < MACHINES; ++i) {
            machines[i] =
                REGISTRY.register(NAMESPACE, Registration(_name(i), Kind.Equipment, firms[i], 1, 0, 0, ""));
        }
    }

    function check() external view {
        require(bytes(breach).length == 0, breach);
        uint256[WORDS][MACHINES] memory owned;
        for (uint256 i = 0; i < entries.length; ++i) {
            _checkEntry(entries[i], owned);
        }
        for (uint256 i = 0; i < MACHINES; ++i) {
            for (uint256 word = 0; word < WORDS; ++word) {
                Hours memory hours_ = MARKET.hoursOf(machines[i], uint32(FIRST_WORD + word));
                uint256 unmarked = owned[i][word] & ~hours_.booked;
                uint256 ahead = _future(FIRST_WORD + word);
                require(unmarked & ahead == 0 || !_isLookedFor(1), "CAP-1: a line's hour can be sold again");
                require(unmarked & ~ahead == 0 || !_isLookedFor(2), "CAP-2: an hour that has begun is free");
                bool needed = hours_.booked & ~owned[i][word] == 0;
                require(needed || !_isLookedFor(2), "CAP-2: an hour is booked for no line");
                bool same = hours_.blocked == blocked[machines[i]][FIRST_WORD + word];
                require(same || !_isLookedFor(1), "CAP-1: another hour is blocked");
            }
        }
        for (uint256 i = 0; i < offers.length; ++i) {
            OfferId id = MARKET.offerId(offers[i]);
            require(MARKET.soldHours(id) == sold[id] || !_isLookedFor(1), "CAP-1: an offer sold another number");
        }
    }

    /// @dev Adds the line's hours to those that have an owner, once.
    function _checkEntry(Entry storage entry, uint256[WORDS][MACHINES] memory owned) private view {
        for (uint256 i = 0; i < entry.kept.length; ++i) {
            uint256[WORDS] memory words = owned[_placeOf(entry.booking.machine)];
            uint256 word = entry.booking.firstWord + i - FIRST_WORD;
            require(words[word] & entry.kept[i] == 0 || !_isLookedFor(1), "CAP-1: an hour has two lines");
            words[word] |= entry.kept[i];
        }
        LineStatus status = ESCROW.lineOf(entry.id).status;
        require(status == (entry.isOver ? LineStatus.Closed : LineStatus.Open), "the books are wrong");
        require(MARKET.isReturned(entry.id) == entry.isReturned || !_isLookedFor(2), "CAP-2: hours return unasked");
    }

    /* BOOKING */

    function book(uint256 seed) external seeded(seed) {
        Purchase memory one = _purchase(_buyer(address(0)));
        uint256 faults = _faults(one);
        (bool done, bytes memory said) =
            _send(one.order.buyer, abi.encodeCall(ICapacityMarket.book, (one.offer, one.consent, one.order)));
        if (done) _enter(one, abi.decode(said, (LineId)));
        _expectSale(done, faults);
    }

    /// @dev Two of one buyer's; the second one often wants the first one's hours.
    function bookMany(uint256 seed) external seeded(seed) {
        Purchase[] memory chain = new Purchase[](2);
        chain[0] = _purchase(_buyer(address(0)));
        chain[1] = _purchase(chain[0].order.buyer);
        if (_oneIn(8)) {
            (chain[1].offer, chain[1].consent) = (chain[0].offer, chain[0].consent);
            (chain[1].order.firstWord, chain[1].order.hourMasks) = (chain[0].order.firstWord, chain[0].order.hourMasks);
        }
        uint256 faults = _faults(chain[0]) | _faults(chain[1]) | _faultsTogether(chain);
        (bool done, bytes memory said) =
            _send(chain[0].order.buyer, abi.encodeCall(ICapacityMarket.bookMany, (chain)));
        if (done) {
            LineId[] memory ids = abi.decode(said, (LineId[]));
            for (uint256 i = 0; i < ids.length; ++i) {
                _enter(chain[i], ids[i]);
            }
        }
        _expectSale(done, faults);
    }

    function _faultsTogether(Purchase[] memory chain) private view returns (uint256 faults) {
        (Order memory first, Order memory second) = (chain[0].order, chain[1].order);
        if (chain[0].offer.machine == chain[1].offer.machine) {
            for (uint256 i = 0; i < first.hourMasks.length; ++i) {
                for (uint256 k = 0; k < second.hourMasks.length; ++k) {
                    bool same = first.firstWord + i == second.firstWord + k;
                    if (same && first.hourMasks[i] & second.hourMasks[k] != 0) faults |= 1 << 1;
                }
            }
        }
        OfferId id = MARKET.offerId(chain[0].offer);
        if (OfferId.unwrap(id) == OfferId.unwrap(MARKET.offerId(chain[1].offer)) && chain[0].offer.totalHours != 0) {
            uint256 soldAfter = sold[id] + _count(first.hourMasks) + _count(second.hourMasks);
            if (soldAfter > chain[0].offer.totalHours) faults |= 1 << 1;
        }
    }

    /// @dev With hours or without; now and then with others than those signed for.
    function award(uint256 seed) external seeded(seed) {
        Booking memory booking = _oneIn(4) ? _nothing() : _hoursOf(firms[_random(firms.length)]);
        address supplier = _oneIn(12) ? firms[_random(firms.length)] : _seller(booking);
        Terms memory terms = _draft(_buyer(supplier), supplier, booking);
        Booking memory given = booking;
        uint256 kind = _random(16);
        if (kind == 0) given = _freeHours();
        if (kind == 1) given = _nothing();
        if (kind == 2) terms.opener = address(0);
        if (kind == 3) terms.subject = keccak256("hours of somebody");
        if (kind == 4 && offers.length != 0 && booking.hourMasks.length != 0) {
            given.offer = MARKET.offerId(offers[_random(offers.length)]);
            terms.subject = _subject(given);
        }
        Quotation memory quotation = Quotation(0, terms, type(uint40).max, _nonce(supplier), epochOf[supplier]);
        if (_oneIn(12)) quotation.epoch ^= 1;
        uint256 faults = _saleFaults(given, supplier, quotation.nonce, quotation.epoch);
        bool unbound = terms.opener != address(MARKET) || terms.subject != _subject(given);
        if (unbound || OfferId.unwrap(given.offer) != 0) faults |= 1 << 2;
        Consent memory consent = _consent(supplier, OfferId.unwrap(MARKET.quotationId(quotation)));
        (bool done,) = _send(terms.buyer, abi.encodeCall(ICapacityMarket.award, (quotation, consent, given)));
        if (done) _add(terms, given);
        _expectSale(done, faults);
    }

    /// @dev The same hours at another price, other hours, or none; now and then for a line that has others.
    function reschedule(uint256 seed) external seeded(seed) {
        Entry storage entry = _live();
        Terms memory terms = entry.terms;
        Booking memory booking = _successor(entry);
        Terms memory next = _draft(terms.buyer, terms.supplier, booking);
        Reservation memory current = Reservation(terms, entry.booking);
        uint256 kind = _random(16);
        if (kind == 0) current.booking = entries[_random(entries.length)].booking;
        if (kind == 1) next.subject = keccak256("hours of somebody");
        if (kind == 2) (entry, current.terms) = _another();
        if (kind == 3) current.terms.salt ^= 1 << 200;
        uint256 faults = _changeFaults(entry, current, Reservation(next, booking));
        bytes memory data = _rescheduling(current, Reservation(next, booking));
        (bool done,) = _send(current.terms.buyer, data);
        if (done) _change(entry, next, booking);
        _expectSale(done, faults);
    }

    /// @dev Two lines may have the same hours, namely none, and then one's booking is the other's.
    function _another() private returns (Entry storage entry, Terms memory terms) {
        entry = entries[_random(entries.length)];
        terms = entry.terms;
    }

    function _rescheduling(Reservation memory current, Reservation memory next) private returns (bytes memory) {
        Outcome memory nothing;
        uint40 deadline = type(uint40).max;
        bytes32 outcome = keccak256(abi.encode(OUTCOME_TYPEHASH, nothing));
        bytes32 hash = keccak256(
            abi.encode(
                AMENDMENT_TYPEHASH, ESCROW.lineId(current.terms), ESCROW.lineId(next.terms), outcome, deadline
            )
        );
        Consents memory consents;
        bytes32 digest = keccak256(abi.encodePacked(hex"1901", DOMAIN_SEPARATOR, hash));
        consents.supplier = _consent(current.terms.supplier, digest);
        return abi.encodeCall(ICapacityMarket.reschedule, (current, next, nothing, deadline, consents));
    }

    function _successor(Entry storage entry) private returns (Booking memory booking) {
        if (_oneIn(4)) return entry.booking;
        if (_oneIn(5)) return _nothing();
        booking = _hoursOf(entry.terms.supplier);
        booking.offer = entry.booking.offer;
    }

    function _changeFaults(Entry storage entry, Reservation memory current, Reservation memory next)
        private
        view
        returns (uint256 faults)
    {
        bool bound = current.terms.subject == _subject(current.booking) && next.terms.subject == _subject(next.booking);
        bool known = LineId.unwrap(ESCROW.lineId(current.terms)) == LineId.unwrap(entry.id) && !entry.isOver;
        if (!bound || !known) faults |= 1 << 2;
        if (next.terms.subject == current.terms.subject || next.booking.hourMasks.length == 0) return faults;
        if (OfferId.unwrap(next.booking.offer) != OfferId.unwrap(current.booking.offer)) faults |= 1 << 2;
        faults |= _fitFaults(next.booking, next.terms.supplier);
        // What the line has itself and has not begun is free for it.
        for (uint256 i = 0; i < next.booking.hourMasks.length; ++i) {
            uint256 word = next.booking.firstWord + i;
            uint256 taken = booked[next.booking.machine][word] & ~_ownFuture(entry, next.booking.machine, word);
            taken |= blocked[next.booking.machine][word];
            if (taken & next.booking.hourMasks[i] != 0) faults |= 1 << 1;
        }
    }

    function _ownFuture(Entry storage entry, uint256 machine, uint256 word) private view returns (uint256) {
        bool within = entry.booking.machine == machine && word >= entry.booking.firstWord
            && word < entry.booking.firstWord + entry.kept.length;
        return within ? entry.kept[word - entry.booking.firstWord] & _future(word) : 0;
    }

    function _change(Entry storage entry, Terms memory next, Booking memory booking) private {
        (entry.isOver, entry.isReturned) = (true, true);
        if (next.subject == entry.terms.subject) {
            uint256[] memory kept = entry.kept;
            uint256[] memory none = new uint256[](kept.length);
            entry.kept = none;
            _push(next, booking, kept);
            return;
        }
        OfferId offer = entry.booking.offer;
        uint256 freed = _free(entry);
        _add(next, booking);
        if (isCounted[offer]) sold[offer] = sold[offer] - freed + _count(booking.hourMasks);
    }

    /* THE END OF LINES */

    function close(uint256 seed) external seeded(seed) {
        Entry storage entry = _live();
        (bool done,) = _call(entry.terms.buyer, address(ESCROW), abi.encodeCall(ISupplierEscrow.cancel, (entry.terms)));
        if (!done) revert("as it should be");
        entry.isOver = true;
    }

    /// @dev Mostly of a line that was closed; now and then again, too early, for others' hours, or by terms nobody opened.
    function returnHours(uint256 seed) external seeded(seed) {
        Entry storage entry = _over();
        Terms memory terms = entry.terms;
        Booking memory booking = entry.booking;
        uint256 kind = _random(12);
        if (kind == 0) booking = entries[_random(entries.length)].booking;
        if (kind == 1) terms.salt ^= 1 << 200;
        if (kind == 2) terms.opener = address(0);
        if (kind == 3) (terms.subject, booking) = (_subject(booking), entries[_random(entries.length)].booking);
        bool due = entry.isOver && !entry.isReturned && booking.hourMasks.length != 0
            && LineId.unwrap(ESCROW.lineId(terms)) == LineId.unwrap(entry.id)
            && _subject(booking) == entry.terms.subject;
        (bool done,) = _send(address(this), abi.encodeCall(ICapacityMarket.returnHours, (terms, booking)));
        if (due) {
            entry.isReturned = true;
            uint256 freed = _free(entry);
            if (isCounted[entry.booking.offer]) sold[entry.booking.offer] -= freed;
        }
        _expect(done, due, 2, "CAP-2: hours return that must not, or do not");
    }

    /// @dev The line gives up what has not begun.
    function _free(Entry storage entry) private returns (uint256 count) {
        Booking memory booking = entry.booking;
        for (uint256 i = 0; i < booking.hourMasks.length; ++i) {
            uint256 word = booking.firstWord + i;
            uint256 freed = entry.kept[i] & _future(word);
            entry.kept[i] &= ~freed;
            booked[booking.machine][word] &= ~freed;
            count += _bits(freed);
        }
    }

    /* BLOCKING */

    function blockHours(uint256 seed) external seeded(seed) {
        Booking memory here = _freeHours();
        (address caller, bool may) = _disposer(here);
        bool due = may;
        for (uint256 i = 0; i < here.hourMasks.length; ++i) {
            if (booked[here.machine][here.firstWord + i] & here.hourMasks[i] != 0) due = false;
        }
        bytes memory data =
            abi.encodeCall(ICapacityMarket.blockHours, (here.machine, here.firstWord, here.hourMasks, 0));
        (bool done,) = _send(caller, data);
        if (done) _block(here, true);
        _expect(done, due, may ? 1 : 3, may ? "CAP-1: booked hours are blocked, or free ones not" : "CAP-3: a stranger blocks hours");
    }

    /// @dev Any hours: what is booked must stay so.
    function unblockHours(uint256 seed) external seeded(seed) {
        Booking memory here = _someHours();
        (address caller, bool due) = _disposer(here);
        bytes memory data =
            abi.encodeCall(ICapacityMarket.unblockHours, (here.machine, here.firstWord, here.hourMasks, 0));
        (bool done,) = _send(caller, data);
        if (done) _block(here, false);
        _expect(done, due, 3, "CAP-3: a stranger unblocks hours, or their seller can't");
    }

    function _disposer(Booking memory here) private returns (address caller, bool may) {
        address seller = _seller(here);
        caller = seller == address(0) || _oneIn(10) ? firms[_random(firms.length)] : seller;
        may = caller == seller;
    }

    function _block(Booking memory here, bool are) private {
        for (uint256 i = 0; i < here.hourMasks.length; ++i) {
            uint256 word = here.firstWord + i;
            if (are) blocked[here.machine][word] |= here.hourMasks[i];
            else blocked[here.machine][word] &= ~here.hourMasks[i];
        }
    }

    /* THE WORLD */

    function cancelOffers(uint256 seed) external seeded(seed) {
        address firm = firms[_random(firms.length)];
        if (_oneIn(3)) {
            (bool raised,) = _send(firm, abi.encodeCall(ICapacityMarket.raiseEpoch, (firm, epochOf[firm])));
            require(raised, "an epoch is not raised");
            ++epochOf[firm];
            return;
        }
        uint256 mask = 1 << _random(NONCES);
        if (offers.length != 0 && _oneIn(2)) {
            Offer storage offer = offers[_random(offers.length)];
            (firm, mask) = (offer.supplier, 1 << offer.nonce);
        }
        (bool done,) = _send(firm, abi.encodeCall(ICapacityMarket.cancelOffers, (firm, 0, mask)));
        if (!done) revert("as it should be");
        cancelled[firm] |= mask;
    }

    function sellMachine(uint256 seed) external seeded(seed) {
        uint256 machine = machines[_random(MACHINES)];
        address owner = REGISTRY.ownerOf(machine);
        bytes memory data =
            abi.encodeWithSignature("transferFrom(address,address,uint256)", owner, _buyer(owner), machine);
        (bool done,) = _call(owner, address(REGISTRY), data);
        if (!done) revert("locked");
    }

    /// @dev To the full hour or to a second beside it; the user may give it back before.
    function lend(uint256 seed) external seeded(seed) {
        uint256 machine = machines[_random(MACHINES)];
        address user = REGISTRY.userOf(machine);
        (address caller, address to) = (REGISTRY.ownerOf(machine), firms[_random(firms.length)]);
        uint256 until = (block.timestamp / HOUR + 1 + _random(AHEAD)) * HOUR + 1 - _random(3);
        if (user != address(0)) (caller, to, until) = (user, address(0), 0);
        bytes memory data = abi.encodeWithSignature("setUser(uint256,address,uint64)", machine, to, until);
        (bool done,) = _call(caller, address(REGISTRY), data);
        if (!done) revert("locked");
    }

    function setStatus(uint256 seed) external seeded(seed) {
        uint256 machine = machines[_random(MACHINES)];
        Standing memory standing = REGISTRY.standingOf(machine);
        Status status = standing.status == Status.Active ? Status.Suspended : Status.Active;
        (bool done,) =
            _call(standing.owner, address(REGISTRY), abi.encodeCall(IAssetRegistry.setStatus, (machine, status)));
        if (!done) revert("locked");
    }

    function recall(uint256 seed) external seeded(seed) {
        uint256 place = _random(MACHINES);
        if (noticeOf[place] != 0) {
            GENEALOGY.liftRecall(NAMESPACE, noticeOf[place]);
            delete noticeOf[place];
            return;
        }
        bytes32[] memory hashes = new bytes32[](1);
        hashes[0] = keccak256(bytes(_name(place)));
        noticeOf[place] = bytes32(++serial);
        GENEALOGY.recall(NAMESPACE, hashes, new Batch[](0), noticeOf[place], "");
    }

    /// @dev Every other time machines are made fit first, so that most of what is tried can be done.
    function wait(uint256 seed) external seeded(seed) {
        VM.warp(block.timestamp + _random(8 hours));
        for (uint256 i = 0; i < MACHINES && _oneIn(2); ++i) {
            if (noticeOf[i] != 0) {
                GENEALOGY.liftRecall(NAMESPACE, noticeOf[i]);
                delete noticeOf[i];
            }
            Standing memory standing = REGISTRY.standingOf(machines[i]);
            if (standing.status == Status.Active) continue;
            _call(
                standing.owner,
                address(REGISTRY),
                abi.encodeCall(IAssetRegistry.setStatus, (machines[i], Status.Active))
            );
        }
    }

    /* WHAT IS WANTED */

    /// @dev On a new offer, or on one of before for the hours' machine.
    function _purchase(address buyer) private returns (Purchase memory one) {
        Booking memory here = _hoursOf(_buyer(buyer));
        address seller = _seller(here);
        if (seller == address(0) || seller == buyer || _oneIn(24)) seller = _buyer(buyer);
        one.offer = _offer(here.machine, seller);
        one.consent = _consent(one.offer.supplier, OfferId.unwrap(MARKET.offerId(one.offer)));
        one.order = Order(buyer, 0, 0, type(uint128).max, ++serial, 0, here.firstWord, here.hourMasks);
    }

    function _offer(uint256 machine, address seller) private returns (Offer memory offer) {
        if (offers.length != 0 && _oneIn(2)) {
            uint256 from = _random(offers.length);
            for (uint256 i = 0; i < offers.length; ++i) {
                offer = offers[(from + i) % offers.length];
                bool same = offer.machine == machine && offer.supplier == seller;
                if (same && (_oneIn(6) || _stands(offer))) return offer;
            }
        }
        return _newOffer(machine, seller);
    }

    function _newOffer(uint256 machine, address seller) private returns (Offer memory offer) {
        (offer.supplier, offer.machine, offer.token) = (seller, machine, address(MONEY));
        (offer.setup, offer.untilHour, offer.maxSpan) = (PRICE, type(uint32).max, type(uint16).max);
        if (_oneIn(2)) offer.totalHours = uint32(4 + _random(12));
        (offer.deliveryHours, offer.validUntil) = (DELIVERY, type(uint40).max);
        (offer.nonce, offer.epoch) = (_nonce(seller), epochOf[seller]);
        (offer.documents, offer.conditions) = (bytes32(++serial), CONDITIONS);
        offers.push(offer);
        if (offer.totalHours != 0) isCounted[MARKET.offerId(offer)] = true;
    }

    function _draft(address buyer, address supplier, Booking memory booking) private returns (Terms memory terms) {
        (terms.buyer, terms.supplier, terms.token, terms.amount) = (buyer, supplier, address(MONEY), PRICE);
        (terms.openBy, terms.dueBy) = (type(uint40).max, type(uint40).max);
        (terms.opener, terms.subject) = (address(MARKET), _subject(booking));
        (terms.conditions, terms.salt) = (CONDITIONS, ++serial);
    }

    function _consent(address signer, bytes32 digest) private view returns (Consent memory) {
        (uint8 v, bytes32 r, bytes32 s) = VM.sign(keyOf[signer], digest);
        return Consent(signer, new bytes32[](0), abi.encodePacked(r, s, v));
    }

    function _stands(Offer memory offer) private view returns (bool) {
        bool isOver = cancelled[offer.supplier] >> offer.nonce & 1 != 0 || offer.epoch != epochOf[offer.supplier];
        return !isOver && (offer.totalHours == 0 || sold[MARKET.offerId(offer)] + 6 < offer.totalHours);
    }

    /// @dev Most often one that was not cancelled.
    function _nonce(address firm) private returns (uint256 nonce) {
        nonce = _random(NONCES);
        for (uint256 i = 0; i < 4 && cancelled[firm] >> nonce & 1 != 0; ++i) {
            nonce = _random(NONCES);
        }
    }

    /// @dev Most often hours that are free, and a firm's to sell.
    function _hoursOf(address firm) private returns (Booking memory booking) {
        booking = _freeHours();
        for (uint256 i = 0; i < 8 && _fitFaults(booking, firm) != 0; ++i) {
            booking = _freeHours();
        }
    }

    /// @dev Most often hours that are free.
    function _freeHours() private returns (Booking memory booking) {
        booking = _someHours();
        for (uint256 i = 0; i < 4 && !_isFree(booking); ++i) {
            booking = _someHours();
        }
    }

    /// @dev Up to six hours with gaps between them, from the one that goes on now.
    function _someHours() private returns (Booking memory booking) {
        uint256 first = block.timestamp / HOUR + (_oneIn(24) ? 0 : 1 + _random(AHEAD));
        uint256 last = first + _random(6);
        booking.machine = machines[_random(MACHINES)];
        booking.firstWord = uint32(first / 256);
        booking.hourMasks = new uint256[](last / 256 - first / 256 + 1);
        for (uint256 hour = first; hour <= last; ++hour) {
            if (hour != first && hour != last && _oneIn(3)) continue;
            booking.hourMasks[hour / 256 - first / 256] |= 1 << hour % 256;
        }
    }

    function _nothing() private pure returns (Booking memory booking) {}

    /* WHAT IS WRONG WITH IT: a bit for each invariant that it would break */

    function _faults(Purchase memory one) private view returns (uint256 faults) {
        Booking memory here =
            Booking(one.offer.machine, OfferId.wrap(0), one.order.firstWord, one.order.hourMasks);
        faults = _saleFaults(here, one.offer.supplier, one.offer.nonce, one.offer.epoch);
        uint256 soldAfter = sold[MARKET.offerId(one.offer)] + _count(one.order.hourMasks);
        if (one.offer.totalHours != 0 && soldAfter > one.offer.totalHours) faults |= 1 << 1;
    }

    function _saleFaults(Booking memory here, address supplier, uint256 nonce, uint64 epoch)
        private
        view
        returns (uint256 faults)
    {
        if (cancelled[supplier] >> nonce & 1 != 0 || epoch != epochOf[supplier]) faults |= 1 << 3;
        if (here.hourMasks.length == 0) return faults;
        faults |= _fitFaults(here, supplier);
        if (!_isFree(here)) faults |= 1 << 1;
    }

    /// @dev Whether somebody may sell these hours (CAP-3), and whether none has begun (CAP-2).
    function _fitFaults(Booking memory here, address supplier) private view returns (uint256 faults) {
        Standing memory standing = REGISTRY.standingOf(here.machine);
        bool fit = standing.status == Status.Active && standing.flags & FLAGS_UNFIT == 0;
        if (!fit || _seller(here) != supplier) faults |= 1 << 3;
        (uint256 first,) = _ends(here);
        if (first * HOUR <= block.timestamp) faults |= 1 << 2;
    }

    /* WHAT IS SO */

    /// @dev Whose all of these hours are, from the first to the last; nobody's if they are several people's.
    function _seller(Booking memory here) private view returns (address seller) {
        if (here.hourMasks.length == 0) return firms[0];
        address owner = REGISTRY.ownerOf(here.machine);
        (address user, uint256 until) = (REGISTRY.userOf(here.machine), REGISTRY.userExpires(here.machine));
        (uint256 first, uint256 last) = _ends(here);
        for (uint256 hour = first; hour <= last; ++hour) {
            bool isUsers = user != address(0) && until > hour * HOUR;
            if (isUsers && user != owner && until < (hour + 1) * HOUR) return address(0);
            address here_ = isUsers ? user : owner;
            if (hour != first && here_ != seller) return address(0);
            seller = here_;
        }
    }

    function _isFree(Booking memory here) private view returns (bool) {
        for (uint256 i = 0; i < here.hourMasks.length; ++i) {
            uint256 word = here.firstWord + i;
            uint256 taken = booked[here.machine][word] | blocked[here.machine][word];
            if (taken & here.hourMasks[i] != 0) return false;
        }
        return true;
    }

    function _ends(Booking memory here) private pure returns (uint256 first, uint256 last) {
        uint256 words = here.hourMasks.length - 1;
        (first, last) = (uint256(here.firstWord) * 256, (here.firstWord + words) * 256 + 255);
        while (here.hourMasks[0] >> first % 256 & 1 == 0) ++first;
        while (here.hourMasks[words] >> last % 256 & 1 == 0) --last;
    }

    /// @dev The hours of a word that have not begun.
    function _future(uint256 word) private view returns (uint256) {
        uint256 next = block.timestamp / HOUR + 1;
        if (next / 256 != word) return next / 256 < word ? type(uint256).max : 0;
        return type(uint256).max << next % 256;
    }

    function _subject(Booking memory here) private pure returns (bytes32) {
        if (here.hourMasks.length == 0) return 0;
        return keccak256(abi.encode(here.machine, here.offer, here.firstWord, here.hourMasks));
    }

    function _count(uint256[] memory masks) private pure returns (uint256 count) {
        for (uint256 i = 0; i < masks.length; ++i) {
            count += _bits(masks[i]);
        }
    }

    function _bits(uint256 mask) private pure returns (uint256 count) {
        for (; mask != 0; mask &= mask - 1) {
            ++count;
        }
    }

    function _name(uint256 place) private pure returns (string memory) {
        return string(abi.encodePacked("lathe ", place));
    }

    function _placeOf(uint256 machine) private view returns (uint256 place) {
        while (machines[place] != machine) ++place;
    }

    function _domain() private view returns (bytes32) {
        (, string memory name, string memory version, uint256 chain, address place,,) = IEip712(ESCROW).eip712Domain();
        bytes32 kind = keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)");
        return keccak256(abi.encode(kind, keccak256(bytes(name)), keccak256(bytes(version)), chain, place));
    }

    /* CHANCE */

    function _buyer(address supplier) private returns (address buyer) {
        do {
            buyer = firms[_random(firms.length)];
        } while (buyer == supplier);
    }

    /// @dev Most often a line that goes on.
    function _live() private returns (Entry storage entry) {
        if (entries.length == 0) _begin();
        uint256 from = _random(entries.length);
        entry = entries[from];
        if (_oneIn(16)) return entry;
        for (uint256 i = 1; i < entries.length && entry.isOver; ++i) entry = entries[(from + i) % entries.length];
    }

    /// @dev A first line.
    function _begin() private {
        Purchase memory one = _purchase(_buyer(address(0)));
        (bool done, bytes memory said) =
            _send(one.order.buyer, abi.encodeCall(ICapacityMarket.book, (one.offer, one.consent, one.order)));
        if (!done) revert("no line yet");
        if (_faults(one) != 0) _expectSale(true, _faults(one));
        _enter(one, abi.decode(said, (LineId)));
    }

    /// @dev Most often a closed line with hours to return; one is closed for it if there is none.
    function _over() private returns (Entry storage entry) {
        if (entries.length == 0) _begin();
        uint256 from = _random(entries.length);
        entry = entries[from];
        if (_oneIn(8)) return entry;
        for (uint256 i = 1; i < entries.length && (!entry.isOver || entry.isReturned); ++i) {
            entry = entries[(from + i) % entries.length];
        }
        if (entry.isOver && !entry.isReturned) return entry;
        entry = _live();
        if (entry.isOver) return entry;
        (entry.isOver,) =
            _call(entry.terms.buyer, address(ESCROW), abi.encodeCall(ISupplierEscrow.cancel, (entry.terms)));
    }

    /* BOOKS AND JUDGING */

    function _enter(Purchase memory one, LineId id) private {
        OfferId offer = MARKET.offerId(one.offer);
        Booking memory booking = Booking(one.offer.machine, offer, one.order.firstWord, one.order.hourMasks);
        Terms memory terms = _draft(one.order.buyer, one.offer.supplier, booking);
        (uint256 first, uint256 last) = _ends(booking);
        terms.openBy = uint40(first * HOUR);
        terms.dueBy = uint40((last + 1 + DELIVERY) * HOUR);
        terms.documents = keccak256(abi.encode(one.offer.documents, one.order.documents));
        terms.salt = one.order.salt;
        require(LineId.unwrap(ESCROW.lineId(terms)) == LineId.unwrap(id), "another line was opened");
        _add(terms, booking);
        if (one.offer.totalHours != 0) sold[offer] += _count(booking.hourMasks);
    }

    function _add(Terms memory terms, Booking memory booking) private {
        for (uint256 i = 0; i < booking.hourMasks.length; ++i) {
            booked[booking.machine][booking.firstWord + i] |= booking.hourMasks[i];
        }
        _push(terms, booking, booking.hourMasks);
    }

    function _push(Terms memory terms, Booking memory booking, uint256[] memory kept) private {
        Entry storage entry = entries.push();
        (entry.terms, entry.booking, entry.id, entry.kept) = (terms, booking, ESCROW.lineId(terms), kept);
    }

    function _send(address sender, bytes memory data) private returns (bool, bytes memory) {
        return _call(sender, address(MARKET), data);
    }

    function _call(address sender, address to, bytes memory data) private returns (bool, bytes memory) {
        VM.prank(sender);
        return to.call(data);
    }

    /// @dev A sale with faults must fail, and one without must not.
    function _expectSale(bool done, uint256 faults) private {
        if (done && faults >> 1 & 1 != 0) _break(1, "CAP-1: an hour is sold twice, or more than are offered");
        if (done && faults >> 2 & 1 != 0) _break(2, "CAP-2: hours are sold without their line, or a line without them");
        if (done && faults >> 3 & 1 != 0) _break(3, "CAP-3: somebody sold what was not for sale");
        if (!done && faults == 0) _break(3, "CAP-3: who may sell hours can't");
        if (!done) revert("as it should be");
    }

    function _expect(bool done, bool due, uint256 number, string memory said) private {
        if (done != due) _break(number, said);
        if (!due && !done) revert("as it should be");
    }

    function _break(uint256 number, string memory said) private {
        if (bytes(breach).length == 0 && _isLookedFor(number)) breach = said;
    }

    function _isLookedFor(uint256 number) private view returns (bool) {
        return LOOKED_FOR >> number & 1 == 1;
    }
}
