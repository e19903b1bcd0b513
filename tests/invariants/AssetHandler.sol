// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Batch, Kind, Registration, Status} from "../../contracts/assets/AssetRegistryTypes.sol";
import {Input, NoticeId, Reach, Scrap, Transformation} from "../../contracts/assets/GenealogyTypes.sol";
import {IAssetRegistry} from "../../contracts/assets/IAssetRegistry.sol";
import {IERC4907} from "../../contracts/assets/IERC4907.sol";
import {IGenealogy} from "../../contracts/assets/IGenealogy.sol";
import {ROLE_ASSETS} from "../../contracts/directory/DirectoryTypes.sol";
import {AssetBooks, Item} from "./AssetBooks.sol";
import {VM} from "./Vm.sol";

/// @notice Makers register, lend, assemble, transform, sell and recall, each function one thing, decided by its seed: mostly what
/// they may, now and then what they may not. The books say which. A function reverts when the contracts refuse.
contract AssetHandler is AssetBooks {
    bytes3 private constant KG = "KGM";
    bytes3 private constant LITRE = "LTR";
    uint256 private constant DAY = 1 days;
    uint256 private constant HALF_YEAR = 180 days;
    uint256 private constant UNITS = 2; // of a batch

    uint256 private serial;
    uint256[] private batches; // their ids
    mapping(uint256 maker => uint256) private edition; // of its notices: one for each that was lifted
    mapping(uint256 batch => Batch) private batchOf;
    mapping(uint256 batch => address) private unitsFor; // who owns its units first
    mapping(uint256 lot => mapping(address owner => uint16 bps)) private scrapFor; // one more than what is permitted
    mapping(uint256 lot => mapping(address owner => address)) private processorFor;

    constructor() {
        VM.prank(makers[0]);
        DIRECTORY.setOperator(operator, ROLE_ASSETS, type(uint40).max);
        VM.prank(makers[0]);
        GENEALOGY.setAuthority(_namespace(0), authority, true);
        for (uint256 i = 0; i < 8; ++i) {
            _register(i % 3, _draft(i % 2 == 0, 1 + i * 10, i < 4 ? makers[0] : makers[i % 3]));
        }
    }

    /* REGISTERING */

    /// @dev Now and then what exists, or in somebody else's namespace.
    function register(uint256 seed) external seeded(seed) {
        uint256 maker = _random(3);
        Registration memory asset = _draft(_oneIn(2), 1 + _random(100), makers[_random(3)]);
        if (_oneIn(8)) asset.localId = _asset().localId;
        address caller = _oneIn(8) ? makers[_random(3)] : maker == 0 && _oneIn(3) ? operator : makers[maker];
        bool due = _acts(caller, makers[maker]) && _isNew(maker, asset.localId);
        _send(caller, address(REGISTRY), abi.encodeCall(IAssetRegistry.register, (_namespace(maker), asset)), due, 1);
        if (due) _enter(maker, asset);
    }

    function commitBatch(uint256 seed) external seeded(seed) {
        _commit();
    }

    function _commit() private returns (uint256 id) {
        (uint256 maker, address owner, uint256 number) = (_random(3), makers[_random(3)], ++serial);
        uint256 origin = _oneIn(3) ? 0 : _asset().id;
        Batch memory batch = Batch(_namespace(maker), _treeOf(number, owner), uint64(UNITS), origin);
        _send(makers[maker], address(REGISTRY), abi.encodeCall(IAssetRegistry.commitBatch, (batch, "")), true, 1);

        id = REGISTRY.batchId(batch);
        Item memory item;
        (item.id, item.maker, item.made) = (id, maker, bytes32(number));
        _add(item);
        batches.push(id);
        (batchOf[id], unitsFor[id]) = (batch, owner);
        if (origin != 0) _handDown(origin, id);
    }

    function serialise(uint256 seed) external seeded(seed) {
        uint256 id = _anyBatch();
        (Registration memory unit, bytes32[] memory proof) = _unitOf(id, _random(UNITS));
        if (_oneIn(6)) unit.owner = makers[_random(3)];
        _serialise(id, unit, proof, _somebody());
    }

    function _serialise(uint256 id, Registration memory unit, bytes32[] memory proof, address caller) private {
        uint256 maker = _item(id).maker;
        bool due = _isNew(maker, unit.localId) && unit.owner == unitsFor[id];
        bytes memory data = abi.encodeCall(IAssetRegistry.serialise, (batchOf[id], unit, proof));
        _send(caller, address(REGISTRY), data, due, 1);
        if (due) _handDown(id, _enter(maker, unit));
    }

    /* OWNING */

    function transfer(uint256 seed) external seeded(seed) {
        Item storage item = _asset();
        address to = makers[_random(3)];
        address caller = _oneIn(8) ? _somebody() : _title(item.id);
        bool due = caller == item.owner && _flags(item) == 0 && item.status != Status.Consumed;
        bytes memory data = abi.encodeCall(IAssetRegistry.transferFrom, (item.owner, to, item.id));
        _send(caller, address(REGISTRY), data, due, 4);
        if (due) item.owner = to;
    }

    function lend(uint256 seed) external seeded(seed) {
        _lend(_asset(), makers[_random(3)]);
    }

    function _lend(Item storage item, address user) private {
        uint64 until = uint64(block.timestamp + 1 + _random(30 * DAY));
        address caller = _title(item.id);
        bool prolongs = !_used(item) || (user == item.user && until > item.userUntil);
        bool due = prolongs ? _flags(item) == 0 && !_over(item) : user == item.user && caller == user;
        _send(caller, address(REGISTRY), abi.encodeCall(IERC4907.setUser, (item.id, user, until)), due, 4);
        if (due) (item.user, item.userUntil) = (user, until);
    }

    function retire(uint256 seed) external seeded(seed) {
        Item storage item = _asset();
        bool due = item.parent == 0 && !_over(item) && (!_used(item) || item.user == item.owner);
        bytes memory data = abi.encodeCall(IAssetRegistry.setStatus, (item.id, Status.Retired));
        _send(_title(item.id), address(REGISTRY), data, due, 3);
        if (due) item.status = Status.Retired;
    }

    /* ASSEMBLIES */

    function assemble(uint256 seed) external seeded(seed) {
        Item storage whole = _oneIn(16) ? _asset() : _anyFit();
        uint256[] memory parts = new uint256[](_oneIn(3) ? 2 : 1);
        for (uint256 i = 0; i < parts.length; ++i) {
            parts[i] = _oneIn(16) ? _asset().id : _fitOf(whole.owner).id;
        }
        _assemble(whole, parts, _callerFor(_title(whole.id)));
    }

    function _assemble(Item storage whole, uint256[] memory parts, address caller) private {
        bool due = _acts(caller, whole.owner) && _fit(whole);
        bool locked = !_fit(whole);
        for (uint256 i = 0; i < parts.length; ++i) {
            Item storage part = _item(parts[i]);
            bool again = i == 1 && parts[0] == parts[1];
            locked = locked || !_fit(part);
            bool joins = _fit(part) && part.owner == whole.owner && part.id != whole.id && !_used(part) && !again;
            due = due && joins && part.height < 15;
        }
        bytes memory data = abi.encodeCall(IGenealogy.assemble, (whole.id, parts));
        _send(caller, address(GENEALOGY), data, due, locked ? 4 : 2);
        for (uint256 i = 0; due && i < parts.length; ++i) {
            Item storage part = _item(parts[i]);
            (part.parent, part.owner, whole.parts) = (whole.id, address(REGISTRY), whole.parts + 1);
            if (part.height >= whole.height) whole.height = part.height + 1;
        }
    }

    function disassemble(uint256 seed) external seeded(seed) {
        Item storage part = _part();
        uint256 claimed = part.parent == 0 || _oneIn(12) ? _asset().id : part.parent;
        Item storage whole = _item(claimed);
        uint256[] memory parts = new uint256[](1);
        parts[0] = part.id;
        address caller = _callerFor(_title(whole.id));
        bool locked = block.timestamp < whole.heldItself || whole.parent != 0;
        bool due = _acts(caller, whole.owner) && !locked && !_used(whole) && part.parent == whole.id;
        bytes memory data = abi.encodeCall(IGenealogy.disassemble, (whole.id, parts));
        _send(caller, address(GENEALOGY), data, due, locked ? 4 : 2);
        if (!due) return;
        (part.parent, part.owner, whole.parts) = (0, whole.owner, whole.parts - 1);
        if (whole.parts == 0) whole.height = 0;
        _handDown(whole.id, part.id);
    }

    /* TRANSFORMATIONS */

    /// @dev One or two inputs; a lot, or a lot and a piece, that weigh what they should or a little more or less.
    function transform(uint256 seed) external seeded(seed) {
        Transformation memory t;
        Item storage first = _oneIn(8) ? _asset() : _oneIn(3) ? _entrusted() : _anyFit();
        address owner = first.owner;
        bool toll = _used(first) && first.user != owner;
        address caller = toll ? first.user : _callerFor(_title(first.id));
        uint256 maker = _makerOf(caller);
        t.namespace = _namespace(maker);
        t.inputs = new Input[](toll ? 1 : 1 + _random(2));
        for (uint256 i = 0; i < t.inputs.length; ++i) {
            Item storage item = i == 0 ? first : _fitOf(owner);
            uint128 most = item.lot ? item.quantity : 1;
            t.inputs[i] = Input(item.id, item.lot && most > 1 ? uint128(1 + _random(most)) : most);
            if (_oneIn(12)) ++t.inputs[i].quantity;
        }
        uint128[2] memory put = _weigh(t.inputs);
        t.scrap = new Scrap[](2);
        uint128[2] memory lost;
        for (uint256 u = 0; u < 2; ++u) {
            lost[u] = put[u] > 1 && _oneIn(2) ? uint128(_random(put[u] / 2 + 1)) : 0;
        }
        bool makesKg = put[0] > lost[0] && !_oneIn(4);
        bool makesLitres = put[1] > lost[1] && !_oneIn(4);
        t.outputs = new Registration[](1 + (makesKg ? 1 : 0) + (makesLitres ? 1 : 0));
        uint256 next;
        t.outputs[next++] = _draft(false, 1, owner);
        if (makesKg) t.outputs[next++] = _lot(_slip(put[0] - lost[0]), KG, owner);
        if (makesLitres) t.outputs[next++] = _lot(_slip(put[1] - lost[1]), LITRE, owner);
        if (_oneIn(16)) t.outputs[0].owner = makers[_random(3)];
        if (_oneIn(16)) t.outputs[0].localId = _asset().localId;
        t.scrap = _declare(put, lost);
        _transform(t, caller, owner);
    }

    function permitProcessing(uint256 seed) external seeded(seed) {
        Item storage item = _asset();
        _permit(item, _callerFor(_title(item.id)), _used(item) ? item.user : makers[1]);
    }

    function _permit(Item storage item, address caller, address user) private {
        uint16 bps = uint16(_random(5_000));
        bool due = _acts(caller, item.owner);
        bytes memory data =
            abi.encodeCall(IGenealogy.permitProcessing, (item.id, user, type(uint40).max, bps));
        _send(caller, address(GENEALOGY), data, due, 3);
        if (due) (scrapFor[item.id][item.owner], processorFor[item.id][item.owner]) = (bps + 1, user);
    }

    /* RECALLS */

    function recall(uint256 seed) external seeded(seed) {
        Item storage item = items[_random(items.length)];
        uint256 maker = _oneIn(8) ? _random(3) : item.maker;
        _recall(item, maker, _callerFor(makers[maker]));
    }

    /// @dev The asset of this name, or the batch, under one of its issuer's two latest notices.
    function _recall(Item storage item, uint256 maker, address caller) private returns (NoticeId notice) {
        bytes32 text = keccak256(abi.encode("notice", edition[maker] + _random(2), maker));
        notice = GENEALOGY.noticeId(_namespace(maker), text);
        bool isBatch = item.owner == address(0);
        bytes32[] memory hashes = new bytes32[](isBatch ? 0 : 1);
        Batch[] memory runs = new Batch[](isBatch ? 1 : 0);
        if (isBatch) runs[0] = batchOf[item.id];
        else hashes[0] = keccak256(bytes(item.localId));
        uint256 id = isBatch ? item.id : REGISTRY.assetId(_namespace(maker), item.localId);
        bool named = isBatch ? item.maker == maker : numberOf[id] != 0;
        bool due = _acts(caller, makers[maker]) && named && !lifted[notice];
        bytes memory data = abi.encodeCall(IGenealogy.recall, (_namespace(maker), hashes, runs, text, ""));
        _send(caller, address(GENEALOGY), data, due, 5);
        if (!due) return notice;
        if (!_issued(notice)) {
            notices.push(notice);
            (textOf[notice], issuerOf[notice]) = (text, maker);
        }
        _cover(id, notice, Reach.Issued);
    }

    function extendToOutputs(uint256 seed) external seeded(seed) {
        Item storage output = _made();
        NoticeId notice = _notice();
        Input[] memory inputs = inputsOf[output.made];
        if (inputs.length == 0) return;
        uint256 from = _random(inputs.length);
        for (uint256 i = 0; i < inputs.length; ++i) {
            if (_spreads(notice, inputs[i].asset) && !_oneIn(8)) from = i;
        }
        if (_oneIn(8)) output = _asset();
        uint256[] memory outputs = new uint256[](1);
        outputs[0] = output.id;
        bool real = output.made != 0 && keccak256(abi.encode(inputs)) == output.made;
        bool due = _spreads(notice, inputs[from].asset) && real;
        bytes memory data = abi.encodeCall(IGenealogy.extendToOutputs, (notice, inputs, from, outputs));
        _send(_somebody(), address(GENEALOGY), data, due, 5);
        if (due) _cover(output.id, notice, Reach.Downward);
    }

    function extendToParts(uint256 seed) external seeded(seed) {
        Item storage part = _part();
        Reach by = _oneIn(4) ? Reach.Upward : Reach.Downward;
        NoticeId notice = _noticeOf(_item(part.parent == 0 ? part.id : part.parent), by);
        uint256[] memory parts = new uint256[](1);
        parts[0] = _oneIn(8) ? _asset().id : part.id;
        part = _item(parts[0]);
        bool due = part.parent != 0 && _spreads(notice, part.parent);
        bytes memory data = abi.encodeCall(IGenealogy.extendToParts, (notice, parts));
        _send(_somebody(), address(GENEALOGY), data, due, 5);
        if (due) _cover(part.id, notice, Reach.Downward);
    }

    function extendToBatch(uint256 seed) external seeded(seed) {
        Batch memory batch = batchOf[_anyBatch()];
        NoticeId notice =
            batch.origin == 0 || _oneIn(8) ? _notice() : _noticeOf(_item(batch.origin), Reach.Downward);
        if (_oneIn(12)) batch.origin = _asset().id;
        uint256 id = REGISTRY.batchId(batch);
        bool due = numberOf[id] != 0 && batch.origin != 0 && _spreads(notice, batch.origin);
        _send(_somebody(), address(GENEALOGY), abi.encodeCall(IGenealogy.extendToBatch, (notice, batch)), due, 5);
        if (due) _cover(id, notice, Reach.Downward);
    }

    function extendToUnit(uint256 seed) external seeded(seed) {
        uint256 id = _anyBatch();
        Batch memory batch = batchOf[id];
        (Registration memory unit, bytes32[] memory proof) = _unitOf(id, _random(UNITS));
        if (_isNew(_item(id).maker, unit.localId) && !_oneIn(8)) _serialise(id, unit, proof, makers[0]);
        NoticeId notice = _oneIn(8) ? _notice() : _noticeOf(_item(id), Reach.Downward);
        uint256 asset = REGISTRY.assetId(batch.namespace, unit.localId);
        bool due = _spreads(notice, id) && numberOf[asset] != 0;
        Item storage other = _asset();
        if (_oneIn(4) && other.maker == _item(id).maker && other.id != asset) (unit.localId, due) = (other.localId, false);
        bytes memory data = abi.encodeCall(IGenealogy.extendToUnit, (notice, batch, unit, proof));
        _send(_somebody(), address(GENEALOGY), data, due, 5);
        if (due) _cover(asset, notice, Reach.Downward);
    }

    /// @dev Whether a lifted notice is still remembered is nobody's matter.
    function clearRecall(uint256 seed) external seeded(seed) {
        Item storage part = _part();
        for (uint256 i = 0; i < 12 && _root(part.id) == part.parent; ++i) {
            Item storage other = _asset();
            if (other.parent != 0) part = other;
        }
        NoticeId notice = _noticeOf(part, Reach.Issued);
        Item storage item = part.parent == 0 || _oneIn(8) ? _asset() : _item(_root(part.id));
        if (lifted[notice]) return;
        address caller = _callerFor(makers[item.maker]);
        bytes32 hash = keccak256(bytes(item.localId));
        bool due = _acts(caller, makers[item.maker]) && reach[notice][item.id] == Reach.Upward;
        bytes memory data = abi.encodeCall(IGenealogy.clearRecall, (notice, _namespace(item.maker), hash));
        _send(caller, address(GENEALOGY), data, due, 5);
        if (!due) return;
        reach[notice][item.id] = Reach.None;
        _recallAnother(notice, item.id);
    }

    /// @dev Something else inside that the notice can name, if there is anything: then the whole is covered again.
    function _recallAnother(NoticeId notice, uint256 root) private {
        uint256 maker = issuerOf[notice];
        for (uint256 i = 0; i < items.length; ++i) {
            Item storage item = items[i];
            if (item.parent == 0 || _root(item.id) != root || item.maker != maker) continue;
            if (reach[notice][item.id] == Reach.None) return _recallUnder(notice, item);
        }
    }

    function _recallUnder(NoticeId notice, Item storage item) private {
        bytes32[] memory hashes = new bytes32[](1);
        hashes[0] = keccak256(bytes(item.localId));
        bytes memory data =
            abi.encodeCall(IGenealogy.recall, (_namespace(item.maker), hashes, new Batch[](0), textOf[notice], ""));
        _send(makers[item.maker], address(GENEALOGY), data, true, 5);
        _cover(item.id, notice, Reach.Issued);
    }

    function liftRecall(uint256 seed) external seeded(seed) {
        NoticeId notice = _notice();
        uint256 maker = issuerOf[notice];
        address caller = _callerFor(makers[maker]);
        bool due = _acts(caller, makers[maker]) && _inForce(notice);
        bytes memory data = abi.encodeCall(IGenealogy.liftRecall, (_namespace(maker), textOf[notice]));
        _send(caller, address(GENEALOGY), data, due, 5);
        if (!due) return;
        lifted[notice] = true;
        ++edition[maker];
    }

    function acknowledgeRecall(uint256 seed) external seeded(seed) {
        NoticeId notice = _notice();
        address who = _somebody();
        bool due = _inForce(notice);
        _send(who, address(GENEALOGY), abi.encodeCall(IGenealogy.acknowledgeRecall, (notice)), due, 5);
        if (due) knows[notice][who] = true;
    }

    function returnRecalled(uint256 seed) external seeded(seed) {
        Item storage item = _asset();
        for (uint256 i = 0; i < 12 && !_recalled(item.id); ++i) {
            item = _asset();
        }
        address to = _oneIn(2) ? makers[item.maker] : makers[_random(3)];
        address caller = _oneIn(8) ? _somebody() : _title(item.id);
        bool allowed = to == makers[item.maker] || _knowsAll(to, item.id);
        bool merely = _recalled(item.id) && !_held(item) && item.parent == 0 && item.status != Status.Consumed;
        bool due = caller == item.owner && merely && allowed;
        bytes32 hash = keccak256(bytes(item.localId));
        bytes memory data = abi.encodeCall(IGenealogy.returnRecalled, (_namespace(item.maker), hash, to));
        _send(caller, address(GENEALOGY), data, due, 4);
        if (due) item.owner = to;
    }

    /* HOLDS */

    function hold(uint256 seed) external seeded(seed) {
        Item storage item = _holdable();
        address caller = _oneIn(8) ? _somebody() : authority;
        uint40 until = uint40(block.timestamp + (_oneIn(8) ? HALF_YEAR + 1 : 1 + _random(20 * DAY)));
        bool due = item.maker == 0 && caller == authority && until <= block.timestamp + HALF_YEAR && block.timestamp >= item.heldAgain;
        bytes32 hash = keccak256(bytes(item.localId));
        bytes memory data = abi.encodeCall(IGenealogy.hold, (_namespace(item.maker), hash, until));
        _send(caller, address(GENEALOGY), data, due, 4);
        if (!due) return;
        (item.heldItself, item.heldAgain) = (until, until + HALF_YEAR);
        for (uint256 id = item.id; id != 0; id = _item(id).parent) {
            if (_item(id).heldUntil < until) _item(id).heldUntil = until;
        }
    }

    function unlock(uint256 seed) external seeded(seed) {
        uint256[] memory ids = new uint256[](1);
        ids[0] = items[_random(items.length)].id;
        _send(_somebody(), address(GENEALOGY), abi.encodeCall(IGenealogy.unlock, (ids)), true, 4);
    }

    /// @dev Often to the instant at which a hold or a use ends, or to the second before.
    function wait(uint256 seed) external seeded(seed) {
        Item storage item = _asset();
        uint256 instant = _oneIn(2) ? item.heldUntil : item.userUntil;
        VM.warp(instant > block.timestamp + 1 ? instant - _random(2) : block.timestamp + _random(10 * DAY));
    }

    /* TRANSFORMING */

    function _transform(Transformation memory t, address caller, address owner) private {
        bool locked = false;
        bool due = t.inputs[0].quantity != 0 && _acts(caller, makers[_makerOf(caller)]);
        uint256 bps = type(uint256).max;
        for (uint256 i = 0; i < t.inputs.length; ++i) {
            Item storage item = _item(t.inputs[i].asset);
            locked = locked || !_fit(item);
            due = due && _fit(item) && item.owner == owner && item.parts == 0 && _enough(t.inputs, i);
            if (_used(item) && item.user != owner) {
                uint256 permitted = scrapFor[item.id][owner];
                due = due && permitted != 0 && processorFor[item.id][owner] == item.user && _acts(caller, item.user);
                if (permitted != 0 && permitted - 1 < bps) bps = permitted - 1;
            } else {
                due = due && _acts(caller, owner);
            }
        }
        due = due && _balances(t, bps);
        for (uint256 i = 0; i < t.outputs.length; ++i) {
            due = due && t.outputs[i].owner == owner && _isNew(_makerOf(caller), t.outputs[i].localId);
        }
        _send(caller, address(GENEALOGY), abi.encodeCall(IGenealogy.transform, (t)), due, locked ? 4 : 3);
        if (due) _becomes(t, _makerOf(caller));
    }

    function _becomes(Transformation memory t, uint256 maker) private {
        bytes32 hash = keccak256(abi.encode(t.inputs));
        if (inputsOf[hash].length == 0) {
            for (uint256 i = 0; i < t.inputs.length; ++i) {
                inputsOf[hash].push(t.inputs[i]);
            }
        }
        for (uint256 i = 0; i < t.inputs.length; ++i) {
            Item storage item = _item(t.inputs[i].asset);
            uint128 left = item.lot ? item.quantity - t.inputs[i].quantity : 0;
            if (item.lot) item.quantity = left;
            if (left == 0) item.status = Status.Consumed;
        }
        for (uint256 i = 0; i < t.outputs.length; ++i) {
            _item(_enter(maker, t.outputs[i])).made = hash;
        }
    }

    /// @dev Whether an input is there, after those before it.
    function _enough(Input[] memory inputs, uint256 index) private view returns (bool) {
        Item storage item = _item(inputs[index].asset);
        uint256 before;
        for (uint256 i = 0; i < index; ++i) {
            if (inputs[i].asset == item.id) before += inputs[i].quantity;
        }
        uint256 available = item.lot ? item.quantity : 1;
        return inputs[index].quantity != 0 && before + inputs[index].quantity <= available;
    }

    function _balances(Transformation memory t, uint256 bps) private view returns (bool) {
        uint128[2] memory put = _weigh(t.inputs);
        uint256 pieces;
        for (uint256 i = 0; i < t.inputs.length; ++i) {
            if (!_item(t.inputs[i].asset).lot) ++pieces;
        }
        bool toll = bps != type(uint256).max;
        if (toll && pieces != 0) return false; // the campaign never declares pieces
        for (uint256 u = 0; u < 2; ++u) {
            bytes3 unit = u == 0 ? KG : LITRE;
            (uint256 made, uint256 lost) = (_made(t.outputs, unit), _lost(t.scrap, unit));
            if (put[u] == 0) continue;
            if (made != 0 || toll ? put[u] != made + lost : lost > put[u]) return false;
            if (toll && lost * 10_000 > put[u] * bps) return false;
        }
        return true;
    }

    function _weigh(Input[] memory inputs) private view returns (uint128[2] memory put) {
        for (uint256 i = 0; i < inputs.length; ++i) {
            Item storage item = _item(inputs[i].asset);
            if (item.lot) put[item.unit == KG ? 0 : 1] += inputs[i].quantity;
        }
    }

    function _made(Registration[] memory outputs, bytes3 unit) private pure returns (uint256 made) {
        for (uint256 i = 0; i < outputs.length; ++i) {
            if (outputs[i].unit == unit) made += outputs[i].quantity;
        }
    }

    function _lost(Scrap[] memory scrap, bytes3 unit) private pure returns (uint256) {
        for (uint256 i = 0; i < scrap.length; ++i) {
            if (scrap[i].unit == unit) return scrap[i].quantity;
        }
        return 0;
    }

    function _declare(uint128[2] memory put, uint128[2] memory lost) private pure returns (Scrap[] memory scrap) {
        scrap = new Scrap[]((put[0] != 0 ? 1 : 0) + (put[1] != 0 ? 1 : 0));
        if (put[0] != 0) scrap[0] = Scrap(KG, lost[0]);
        if (put[1] != 0) scrap[scrap.length - 1] = Scrap(LITRE, lost[1]);
    }

    /// @dev Seldom one more or less.
    function _slip(uint128 quantity) private returns (uint128) {
        if (!_oneIn(16)) return quantity;
        return _oneIn(2) && quantity > 1 ? quantity - 1 : quantity + 1;
    }

    /* REGISTRATIONS */

    function _draft(bool lot, uint256 quantity, address owner) private returns (Registration memory) {
        if (lot) return _lot(uint128(quantity), _oneIn(2) ? KG : LITRE, owner);
        return Registration(_name(), Kind.Component, owner, 1, 0, 0, "");
    }

    function _lot(uint128 quantity, bytes3 unit, address owner) private returns (Registration memory) {
        return Registration(_name(), Kind.Lot, owner, quantity, unit, 0, "");
    }

    function _name() private returns (string memory) {
        return string(abi.encodePacked(++serial));
    }

    function _register(uint256 maker, Registration memory asset) private {
        VM.prank(makers[maker]);
        REGISTRY.register(_namespace(maker), asset);
        _enter(maker, asset);
    }

    function _enter(uint256 maker, Registration memory asset) private returns (uint256 id) {
        id = REGISTRY.assetId(_namespace(maker), asset.localId);
        Item memory item;
        (item.id, item.maker, item.localId, item.owner) = (id, maker, asset.localId, asset.owner);
        (item.lot, item.unit, item.quantity) = (asset.kind == Kind.Lot, asset.unit, asset.quantity);
        _add(item);
    }

    function _isNew(uint256 maker, string memory localId) private view returns (bool) {
        return numberOf[REGISTRY.assetId(_namespace(maker), localId)] == 0;
    }

    function _unit(uint256 number, uint256 which, address owner) private pure returns (Registration memory) {
        return Registration(_unitName(number, which), Kind.Product, owner, 1, 0, 0, "");
    }

    function _unitName(uint256 number, uint256 which) private pure returns (string memory) {
        return string(abi.encodePacked("unit", number, which));
    }

    /// @dev A batch's `made` is its number.
    function _unitOf(uint256 id, uint256 which) private view returns (Registration memory, bytes32[] memory proof) {
        uint256 number = uint256(_item(id).made);
        proof = new bytes32[](1);
        proof[0] = REGISTRY.leafOf(_unit(number, 1 - which, unitsFor[id]));
        return (_unit(number, which, unitsFor[id]), proof);
    }

    function _treeOf(uint256 number, address owner) private view returns (bytes32) {
        bytes32 left = REGISTRY.leafOf(_unit(number, 0, owner));
        bytes32 right = REGISTRY.leafOf(_unit(number, 1, owner));
        return left < right ? _pair(left, right) : _pair(right, left);
    }

    function _pair(bytes32 left, bytes32 right) private pure returns (bytes32) {
        return keccak256(abi.encode(left, right));
    }

    /* CHANCE */

    function _somebody() private returns (address) {
        return [makers[0], makers[1], makers[2], operator, authority][_random(5)];
    }

    /// @dev Mostly who may.
    function _callerFor(address principal) private returns (address) {
        if (_oneIn(8)) return _somebody();
        return principal == makers[0] && _oneIn(3) ? operator : principal;
    }

    function _makerOf(address caller) private view returns (uint256) {
        if (caller == makers[1]) return 1;
        return caller == makers[2] ? 2 : 0;
    }

    function _asset() private returns (Item storage item) {
        do {
            item = items[_random(items.length)];
        } while (item.owner == address(0));
    }

    /// @dev After some tries, any.
    function _anyFit() private returns (Item storage item) {
        item = _asset();
        for (uint256 i = 0; i < 12 && !_fit(item); ++i) {
            item = _asset();
        }
    }

    /// @dev With its user, who may process it; if it is not used already.
    function _entrusted() private returns (Item storage item) {
        item = _anyFit();
        for (uint256 i = 0; i < 12 && !(_fit(item) && item.lot && !_used(item)); ++i) {
            item = _asset();
        }
        if (!_fit(item) || _used(item)) return item;
        address user = makers[(_makerOf(item.owner) + 1 + _random(2)) % 3];
        _lend(item, user);
        _permit(item, item.owner, user);
    }

    function _fitOf(address owner) private returns (Item storage item) {
        item = _asset();
        for (uint256 i = 0; i < 24 && !(_fit(item) && item.owner == owner && !_used(item)); ++i) {
            item = _asset();
        }
    }

    /// @dev A part of what is no part itself; if there is none, two fit assets are put together, as far as they can be.
    function _part() private returns (Item storage item) {
        item = _asset();
        for (uint256 i = 0; i < 12 && !(item.parent != 0 && _item(item.parent).parent == 0); ++i) {
            item = _asset();
        }
        if (item.parent != 0) return item;
        Item storage whole = _anyFit();
        item = _fitOf(whole.owner);
        uint256[] memory parts = new uint256[](1);
        parts[0] = item.id;
        if (_fit(whole) && _fit(item) && item.id != whole.id) _assemble(whole, parts, whole.owner);
    }

    function _anyBatch() private returns (uint256) {
        return batches.length == 0 || _oneIn(3) ? _commit() : batches[_random(batches.length)];
    }

    function _made() private returns (Item storage item) {
        item = _asset();
        for (uint256 i = 0; i < 24 && item.made == 0; ++i) {
            item = _asset();
        }
    }

    /// @dev One that can be held, after some tries.
    function _holdable() private returns (Item storage item) {
        item = _asset();
        for (uint256 i = 0; i < 24 && !(item.maker == 0 && item.heldAgain <= block.timestamp); ++i) {
            item = _asset();
        }
    }

    /// @dev A notice in force that covers the item so, or stronger; if there is none, its issuer recalls it.
    function _noticeOf(Item storage item, Reach by) private returns (NoticeId) {
        for (uint256 i = 0; i < notices.length; ++i) {
            Reach covered = reach[notices[i]][item.id];
            if (!lifted[notices[i]] && covered != Reach.None && covered <= by) return notices[i];
        }
        return _recall(item, item.maker, makers[item.maker]);
    }

    function _notice() private returns (NoticeId notice) {
        if (notices.length == 0 || _oneIn(24)) return NoticeId.wrap(bytes31(keccak256("unknown")));
        notice = notices[_random(notices.length)];
        for (uint256 i = 0; i < 6 && lifted[notice]; ++i) {
            notice = notices[_random(notices.length)];
        }
    }

    function _knowsAll(address account, uint256 id) private view returns (bool) {
        for (uint256 i = 0; i < notices.length; ++i) {
            bool covered = !lifted[notices[i]] && reach[notices[i]][id] != Reach.None;
            if (covered && !knows[notices[i]][account]) return false;
        }
        return true;
    }

    /* SENDING */

    /// @dev Passes exactly if it is due; whatever else happens breaks the invariant.
    function _send(address caller, address place, bytes memory data, bool due, uint256 invariant) private {
        VM.prank(caller);
        (bool done, bytes memory answer) = place.call(data);
        if (done && !due) _breach(invariant, _what(invariant, "somebody did what it may not"));
        if (!done && due) _breach(invariant, _what(invariant, "somebody was kept from what it may do"));
        if (!done && !due) {
            assembly ("memory-safe") {
                revert(add(answer, 32), mload(answer))
            }
        }
    }

    function _what(uint256 invariant, string memory what) private pure returns (string memory) {
        return string.concat("AST-", string(abi.encodePacked(bytes1(uint8(48 + invariant)))), ": ", what);
    }
}
