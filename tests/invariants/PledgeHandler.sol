// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Batch, Kind, Registration} from "../../contracts/assets/AssetRegistryTypes.sol";
import {IAssetRegistry} from "../../contracts/assets/IAssetRegistry.sol";
import {IGenealogy} from "../../contracts/assets/IGenealogy.sol";
import {NoticeId} from "../../contracts/assets/GenealogyTypes.sol";
import {IPledge, Lien, PledgeId, PledgeStatus, PledgeTerms} from "../../contracts/periphery/IPledge.sol";
import {Stage} from "./Stage.sol";
import {VM} from "./Vm.sol";

/// @dev What the campaign needs of its tokens.
interface IToken {
    function approve(address spender, uint256 amount) external returns (bool);
    function balanceOf(address owner) external view returns (uint256);
    function mint(address to, uint256 amount) external;
    function setBlocked(address account) external;
    function setOddity(uint8 oddity) external;
}

/// @notice Three firms pledge their assets to each other, redeem, release, default and foreclose, whether they may or not, while the
/// issuer recalls and an authority holds. Books beside the contract's own say what must happen.
contract PledgeHandler is Stage {
    /// @dev A pledge as it should be.
    struct Entry {
        PledgeTerms terms;
        PledgeId id;
        PledgeStatus status;
        bool inCustody;
        uint256 noticedAt;
    }

    uint256 private constant ASSETS = 6;
    uint256 private constant RICH = 1e24;
    uint256 private constant HIGHEST = 1e6; // of a debt: low, so that fees and sums are met
    uint8 private constant USUAL = 0;
    uint8 private constant TAKES_FEE = 4;

    uint256 private immutable LOOKED_FOR = VM.envOr("INVARIANTS", type(uint256).max);
    bytes32 private immutable NAMESPACE = bytes32(uint256(uint160(address(this))));
    address private immutable DIRECTORY = _deploy(ARTIFACTS, "Directory", "");
    IAssetRegistry private immutable REGISTRY =
        IAssetRegistry(_deploy(ARTIFACTS, "AssetRegistry", abi.encode(DIRECTORY, this)));
    IGenealogy private immutable GENEALOGY = REGISTRY.genealogy();
    IPledge private immutable HOUSE = IPledge(_deployTested("Pledge", abi.encode(REGISTRY)));
    IToken private immutable SOUND = IToken(_deploy(MOCKS, "MockERC20Permit", ""));
    IToken private immutable ODD = IToken(_deploy(MOCKS, "MockOddToken", ""));

    address[3] private firms = [_keyed("turnery"), _keyed("bank"), _wallet("foundry")];
    uint256[ASSETS] private assets;
    mapping(uint256 asset => address) private ownerOf; // the firm whose it is, also while it is in custody
    mapping(uint256 asset => bool) private isHere; // in custody
    mapping(uint256 asset => bytes32) private hashOf; // its local id's
    mapping(uint256 asset => bytes32) private noticeOf; // the text of its recall; zero: none
    mapping(address firm => mapping(IToken => uint256)) private owed;
    Entry[] private entries;
    uint8 private oddity;
    address private blocked;
    uint256 private serial;
    string private breach;

    constructor() {
        GENEALOGY.setAuthority(NAMESPACE, address(this), true);
        for (uint256 i = 0; i < firms.length; ++i) {
            for (uint256 k = 0; k < 2; ++k) {
                IToken token = k == 0 ? SOUND : ODD;
                token.mint(firms[i], RICH);
                VM.prank(firms[i]);
                token.approve(address(HOUSE), type(uint256).max);
            }
            VM.prank(firms[i]);
            (bool done,) = address(REGISTRY).call(
                abi.encodeWithSignature("setApprovalForAll(address,bool)", HOUSE, true)
            );
            require(done, "no approval");
        }
        for (uint256 i = 0; i < ASSETS; ++i) {
            string memory localId = string(abi.encodePacked("lathe ", i));
            address owner = firms[i % firms.length];
            uint256 asset =
                REGISTRY.register(NAMESPACE, Registration(localId, Kind.Equipment, owner, 1, 0, 0, ""));
            (assets[i], ownerOf[asset], hashOf[asset]) = (asset, owner, keccak256(bytes(localId)));
        }
    }

    function check() external view {
        require(bytes(breach).length == 0, breach);
        for (uint256 i = 0; i < entries.length; ++i) {
            _checkEntry(entries[i]);
        }
        for (uint256 i = 0; i < ASSETS; ++i) {
            address owner = isHere[assets[i]] ? address(HOUSE) : ownerOf[assets[i]];
            require(REGISTRY.ownerOf(assets[i]) == owner || !_isLookedFor(2), "PLG-2: somebody else has an asset");
        }
        uint256[2] memory due;
        for (uint256 i = 0; i < firms.length; ++i) {
            for (uint256 k = 0; k < 2; ++k) {
                IToken token = k == 0 ? SOUND : ODD;
                bool same = HOUSE.owedTo(firms[i], address(token)) == owed[firms[i]][token];
                require(same || !_isLookedFor(4), "PLG-4: a lender is owed another sum");
                due[k] += owed[firms[i]][token];
            }
        }
        bool solvent = SOUND.balanceOf(address(HOUSE)) >= due[0] && ODD.balanceOf(address(HOUSE)) >= due[1];
        require(solvent || !_isLookedFor(4), "PLG-4: less is here than is owed");
    }

    function _checkEntry(Entry storage entry) private view {
        Lien memory lien = HOUSE.lienOf(entry.id);
        bool same = lien.status == entry.status && lien.noticedAt == entry.noticedAt;
        require(same || !_isLookedFor(3), "PLG-3: a pledge is not where it should be");
        require(lien.inCustody == entry.inCustody || !_isLookedFor(2), "PLG-2: an asset is not where it should be");
        if (!entry.inCustody) return;
        PledgeTerms memory terms = entry.terms;
        same = HOUSE.entitledTo(terms) == (entry.status == PledgeStatus.Foreclosed ? terms.lender : terms.pledger);
        require(same || !_isLookedFor(2), "PLG-2: somebody else is entitled to an asset");
        if (entry.status != PledgeStatus.Pledged) return;
        uint256 begins = entry.noticedAt != 0 ? entry.noticedAt : _later(terms.dueBy);
        bool free = REGISTRY.userExpires(terms.asset) <= begins + terms.cure;
        require(free || !_isLookedFor(6), "PLG-6: a use outlasts the cure");
    }

    /* PLEDGING */

    /// @dev New terms, or some of before; with both consents, or with one or none.
    function pledge(uint256 seed) external seeded(seed) {
        Entry storage entry = entries.length == 0 || !_oneIn(5) ? _propose() : entries[_random(entries.length)];
        PledgeTerms memory terms = entry.terms;
        address sender = _oneIn(3) ? terms.pledger : _oneIn(2) ? terms.lender : address(this);
        (bytes memory mine, bool agreed) = _consent(entry.id, terms.pledger, sender);
        (bytes memory theirs, bool lends) = _consent(entry.id, terms.lender, sender);
        bool isOwner = ownerOf[terms.asset] == terms.pledger && !isHere[terms.asset];
        bool unused = entry.status == PledgeStatus.None;
        bool due = isOwner && agreed && lends && unused && block.timestamp < terms.openBy
            && !_isLocked(terms.asset) && _isFree(terms) && _arrives(terms, terms.lender, terms.pledger, terms.advance);
        bool done = _send(sender, abi.encodeCall(IPledge.pledge, (terms, mine, theirs)));
        if (done && !(isOwner && agreed && lends)) _break(1, "PLG-1: an asset is pledged by another, or a party unasked");
        if (done && !unused) _break(5, "PLG-5: terms are pledged again");
        if (due) _begin(entry);
        _expect(done, due, 1, "PLG-1: a pledge that both want is refused, or another is not");
    }

    function revoke(uint256 seed) external seeded(seed) {
        Entry storage entry = entries.length == 0 || !_oneIn(4) ? _propose() : entries[_random(entries.length)];
        address sender = _oneIn(8) ? address(this) : _oneIn(2) ? entry.terms.pledger : entry.terms.lender;
        bool due = entry.status == PledgeStatus.None && sender != address(this);
        bool done = _send(sender, abi.encodeCall(IPledge.revoke, (entry.terms)));
        if (due) entry.status = PledgeStatus.Revoked;
        _expect(done, due, 5, "PLG-5: a party can't revoke, or somebody else can");
    }

    function prolongUse(uint256 seed) external seeded(seed) {
        _send(address(this), abi.encodeCall(IPledge.prolongUse, (_pledged().terms)));
    }

    /// @dev A user may end its use.
    function giveUp(uint256 seed) external seeded(seed) {
        uint256 asset = assets[_random(ASSETS)];
        address user = REGISTRY.userOf(asset);
        if (user == address(0)) return;
        VM.prank(user);
        REGISTRY.setUser(asset, address(0), 0);
    }

    /// @dev Terms that are pledged if both agree, most often.
    function _propose() private returns (Entry storage entry) {
        uint256 asset = assets[_random(ASSETS)];
        for (uint256 i = 0; i < ASSETS && (isHere[asset] || _isLocked(asset)); ++i) asset = assets[i];
        PledgeTerms memory terms;
        (terms.pledger, terms.asset, terms.quantity) = (ownerOf[asset], asset, 1);
        if (_oneIn(12)) terms.pledger = firms[_random(firms.length)];
        terms.lender = _other(terms.pledger);
        terms.token = address(_oneIn(2) ? SOUND : ODD);
        (terms.advance, terms.amount) = (uint128(_random(2) * _random(HIGHEST)), uint128(1 + _random(HIGHEST)));
        terms.openBy = uint40(block.timestamp + (_oneIn(12) ? 0 : 1 + _random(2 days)));
        terms.dueBy = uint40(_later(_oneIn(12) ? 0 : REGISTRY.userExpires(asset)) + _random(3 days));
        (terms.cure, terms.salt) = (uint32(1 + _random(2 days)), ++serial);
        entry = entries.push();
        (entry.terms, entry.id) = (terms, HOUSE.pledgeId(terms));
    }

    /// @dev A signature, which is sometimes another's, and whether the party agrees.
    function _consent(PledgeId id, address party, address sender) private returns (bytes memory, bool) {
        bool forged = _oneIn(10);
        uint256 key = keyOf[forged ? _other(party) : party];
        (uint8 v, bytes32 r, bytes32 s) = VM.sign(key, PledgeId.unwrap(id));
        return (abi.encodePacked(r, s, v), !forged || sender == party);
    }

    function _isFree(PledgeTerms memory terms) private view returns (bool) {
        address user = REGISTRY.userOf(terms.asset);
        bool longer = _later(terms.dueBy) + terms.cure > REGISTRY.userExpires(terms.asset);
        return user == address(0) || (user == terms.pledger && longer);
    }

    /* ENDING */

    function redeem(uint256 seed) external seeded(seed) {
        Entry storage entry = _pledged();
        PledgeTerms memory terms = entry.terms;
        address payer = firms[_random(firms.length)];
        bool due = entry.status == PledgeStatus.Pledged && _arrives(terms, payer, address(HOUSE), terms.amount);
        bool done = _send(payer, abi.encodeCall(IPledge.redeem, (terms)));
        if (done) owed[terms.lender][IToken(terms.token)] += terms.amount;
        if (due) _end(entry, PledgeStatus.Returned);
        _expect(done, due, 3, "PLG-3: a pledge can't be redeemed, or another can");
    }

    function release(uint256 seed) external seeded(seed) {
        Entry storage entry = _pledged();
        address sender = _lender(entry);
        bool due = entry.status == PledgeStatus.Pledged && sender == entry.terms.lender;
        bool done = _send(sender, abi.encodeCall(IPledge.release, (entry.terms)));
        if (due) _end(entry, PledgeStatus.Returned);
        _expect(done, due, 3, "PLG-3: a pledge is not released by its lender, or is by somebody else");
    }

    /// @dev Often at the instant from which it may, or in the second before.
    function declareDefault(uint256 seed) external seeded(seed) {
        Entry storage entry = _pledged();
        for (uint256 i = 0; i < 4 && entry.noticedAt != 0; ++i) entry = _pledged();
        if (block.timestamp < entry.terms.dueBy && !_oneIn(4)) VM.warp(entry.terms.dueBy - _random(5) / 4);
        address sender = _lender(entry);
        bool due = entry.status == PledgeStatus.Pledged && sender == entry.terms.lender && entry.noticedAt == 0
            && block.timestamp >= entry.terms.dueBy;
        bool done = _send(sender, abi.encodeCall(IPledge.declareDefault, (entry.terms)));
        if (due) entry.noticedAt = block.timestamp;
        _expect(done, due, 3, "PLG-3: default is not declared as agreed");
    }

    /// @dev Likewise; a default is declared before, if it was not.
    function foreclose(uint256 seed) external seeded(seed) {
        Entry storage entry = _pledged();
        if (entry.noticedAt == 0 && !_oneIn(8)) _default(entry);
        uint256 begins = entry.noticedAt + entry.terms.cure;
        if (entry.noticedAt != 0 && block.timestamp < begins) VM.warp(begins - _random(5) / 4);
        bool cured = entry.noticedAt != 0 && block.timestamp >= begins;
        address sender = _lender(entry);
        bool due = entry.status == PledgeStatus.Pledged && sender == entry.terms.lender && cured;
        bool done = _send(sender, abi.encodeCall(IPledge.foreclose, (entry.terms)));
        if (due) _end(entry, PledgeStatus.Foreclosed);
        _expect(done, due, 3, "PLG-3: an asset is not foreclosed as agreed");
    }

    function _default(Entry storage entry) private {
        VM.warp(_later(entry.terms.dueBy));
        if (_send(entry.terms.lender, abi.encodeCall(IPledge.declareDefault, (entry.terms)))) {
            entry.noticedAt = block.timestamp;
        }
    }

    function collect(uint256 seed) external seeded(seed) {
        Entry storage entry = _stuck();
        if (!_oneIn(4)) _lift(entry.terms.asset);
        bool due = _isOver(entry) && !_isLocked(entry.terms.asset);
        bool done = _send(address(this), abi.encodeCall(IPledge.collect, (entry.terms)));
        if (due) _leave(entry);
        _expect(done, due, 2, "PLG-2: an asset is not collected by whom it belongs to");
    }

    /// @dev By terms of one asset, sometimes for another that is recalled too.
    function collectRecalled(uint256 seed) external seeded(seed) {
        Entry storage entry = _stuck();
        uint256 asset = _oneIn(5) ? _pledged().terms.asset : entry.terms.asset;
        _lock(asset);
        bool recalled = GENEALOGY.locksOf(asset) == 1;
        bool due = _isOver(entry) && recalled && asset == entry.terms.asset;
        bytes memory data = abi.encodeCall(IPledge.collectRecalled, (entry.terms, NAMESPACE, hashOf[asset]));
        bool done = _send(address(this), data);
        if (due) _leave(entry);
        _expect(done, due, 2, "PLG-2: a recalled asset is not collected by whom it belongs to");
    }

    function withdraw(uint256 seed) external seeded(seed) {
        IToken token = _oneIn(2) ? SOUND : ODD;
        address firm = firms[_random(firms.length)];
        for (uint256 i = 0; i < firms.length && owed[firm][token] == 0; ++i) firm = firms[i];
        if (owed[firm][token] == 0 && !_oneIn(4)) (firm, token) = _redeemed();
        uint256 amount = owed[firm][token];
        bool isOdd = address(token) == address(ODD);
        bool refused = isOdd && blocked == firm;
        uint256 before = token.balanceOf(firm);
        bool done = _send(address(this), abi.encodeCall(IPledge.withdraw, (firm, address(token))));
        uint256 fee = isOdd && oddity == TAKES_FEE ? amount / 100 : 0;
        bool paid = token.balanceOf(firm) == before + (done ? amount - fee : 0);
        if (!paid) _break(4, "PLG-4: a lender is paid another sum");
        if (done) owed[firm][token] = 0;
        _expect(done, amount != 0 && !refused, 4, "PLG-4: a lender can't withdraw, or withdraws nothing");
    }

    /// @dev Somebody who is owed something, if a redemption succeeds.
    function _redeemed() private returns (address, IToken) {
        Entry storage entry = _pledged();
        PledgeTerms memory terms = entry.terms;
        if (_send(terms.lender, abi.encodeCall(IPledge.redeem, (terms)))) {
            owed[terms.lender][IToken(terms.token)] += terms.amount;
            _end(entry, PledgeStatus.Returned);
        }
        return (terms.lender, IToken(terms.token));
    }

    function _begin(Entry storage entry) private {
        (entry.status, entry.inCustody, isHere[entry.terms.asset]) = (PledgeStatus.Pledged, true, true);
    }

    function _end(Entry storage entry, PledgeStatus status) private {
        entry.status = status;
        if (!_isLocked(entry.terms.asset)) _leave(entry);
    }

    function _leave(Entry storage entry) private {
        (entry.inCustody, isHere[entry.terms.asset]) = (false, false);
        bool foreclosed = entry.status == PledgeStatus.Foreclosed;
        ownerOf[entry.terms.asset] = foreclosed ? entry.terms.lender : entry.terms.pledger;
    }

    function _isOver(Entry storage entry) private view returns (bool) {
        return entry.inCustody && entry.status != PledgeStatus.Pledged;
    }

    /* THE WORLD */

    function lock(uint256 seed) external seeded(seed) {
        _lock(assets[_random(ASSETS)]);
    }

    function lift(uint256 seed) external seeded(seed) {
        _lift(assets[_random(ASSETS)]);
    }

    /// @dev An authority holds, or the issuer recalls with a notice of which all firms know.
    function _lock(uint256 asset) private {
        if (_isLocked(asset)) return;
        if (_oneIn(4) && block.timestamp >= GENEALOGY.holdOf(asset).again) {
            uint40 until = uint40(block.timestamp + 1 + _random(1 days));
            return GENEALOGY.hold(NAMESPACE, hashOf[asset], until);
        }
        bytes32[] memory hashes = new bytes32[](1);
        hashes[0] = hashOf[asset];
        noticeOf[asset] = bytes32(++serial);
        NoticeId notice = GENEALOGY.recall(NAMESPACE, hashes, new Batch[](0), noticeOf[asset], "");
        for (uint256 i = 0; i < firms.length; ++i) {
            VM.prank(firms[i]);
            GENEALOGY.acknowledgeRecall(notice);
        }
    }

    function _lift(uint256 asset) private {
        if (noticeOf[asset] == 0) return;
        GENEALOGY.liftRecall(NAMESPACE, noticeOf[asset]);
        delete noticeOf[asset];
    }

    function changeToken(uint256 seed) external seeded(seed) {
        (oddity, blocked) = (USUAL, address(0));
        ODD.setOddity(USUAL);
        if (_oneIn(4)) ODD.setOddity(oddity = TAKES_FEE);
        else if (_oneIn(3)) ODD.setBlocked(blocked = firms[_random(firms.length)]);
    }

    function wait(uint256 seed) external seeded(seed) {
        VM.warp(block.timestamp + _random(1 days));
    }

    /* WHAT IS SO */

    function _isLocked(uint256 asset) private view returns (bool) {
        return GENEALOGY.locksOf(asset) != 0;
    }

    function _arrives(PledgeTerms memory terms, address from, address to, uint256 amount) private view returns (bool) {
        if (amount == 0 || terms.token == address(SOUND)) return true;
        bool fee = oddity == TAKES_FEE && amount >= 100;
        return !fee && (blocked == address(0) || (blocked != from && blocked != to));
    }

    function _later(uint256 time) private view returns (uint256) {
        return time > block.timestamp ? time : block.timestamp;
    }

    /* CHANCE */

    function _other(address firm) private returns (address other) {
        do {
            other = firms[_random(firms.length)];
        } while (other == firm);
    }

    function _lender(Entry storage entry) private returns (address) {
        return _oneIn(8) ? entry.terms.pledger : entry.terms.lender;
    }

    /// @dev Most often a pledge that goes on; made now if there is none.
    function _pledged() private returns (Entry storage entry) {
        if (entries.length == 0) _propose();
        entry = entries[_random(entries.length)];
        if (_oneIn(16)) return entry;
        for (uint256 i = 0; i < entries.length && entry.status != PledgeStatus.Pledged; ++i) entry = entries[i];
        if (entry.status == PledgeStatus.Pledged) return entry;
        entry = _propose();
        (uint8 v, bytes32 r, bytes32 s) = VM.sign(keyOf[entry.terms.lender], PledgeId.unwrap(entry.id));
        bytes memory data = abi.encodeCall(IPledge.pledge, (entry.terms, "", abi.encodePacked(r, s, v)));
        if (_send(entry.terms.pledger, data)) _begin(entry);
    }

    /// @dev Most often a pledge that is over while its asset is held back; made now if there is none.
    function _stuck() private returns (Entry storage entry) {
        if (entries.length == 0) _propose();
        entry = entries[_random(entries.length)];
        if (_oneIn(8)) return entry;
        for (uint256 i = 0; i < entries.length && !_isOver(entry); ++i) entry = entries[i];
        if (_isOver(entry)) return entry;
        entry = _pledged();
        _lock(entry.terms.asset);
        bool foreclosed = _oneIn(2) && entry.status == PledgeStatus.Pledged;
        if (foreclosed && entry.noticedAt == 0) _default(entry);
        if (foreclosed) VM.warp(_later(entry.noticedAt + entry.terms.cure));
        bytes4 selector = foreclosed ? IPledge.foreclose.selector : IPledge.release.selector;
        if (_send(entry.terms.lender, abi.encodeWithSelector(selector, entry.terms))) {
            _end(entry, foreclosed ? PledgeStatus.Foreclosed : PledgeStatus.Returned);
        }
    }

    /* JUDGING */

    function _send(address sender, bytes memory data) private returns (bool done) {
        VM.prank(sender);
        (done,) = address(HOUSE).call(data);
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
