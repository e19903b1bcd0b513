// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {
    Asset,
    FLAG_ASSEMBLED,
    FLAG_HELD,
    FLAG_RECALLED,
    Kind,
    Status
} from "../../contracts/assets/AssetRegistryTypes.sol";
import {Input, NoticeId, Reach, Recall} from "../../contracts/assets/GenealogyTypes.sol";
import {IAssetRegistry} from "../../contracts/assets/IAssetRegistry.sol";
import {IGenealogy} from "../../contracts/assets/IGenealogy.sol";
import {IDirectory} from "../../contracts/directory/IDirectory.sol";
import {Stage} from "./Stage.sol";

/// @notice What an asset or a batch should be.
struct Item {
    uint256 id;
    uint256 maker; // whose namespace it is named in
    string localId;
    address owner; // a batch: nobody; a part: the registry
    bool lot;
    bytes3 unit;
    uint128 quantity;
    Status status;
    uint256 parent; // id; zero = none
    uint8 height;
    bytes32 made; // of which inputs; zero = none
    address user;
    uint256 userUntil;
    uint256 heldUntil; // because of a part, or itself
    uint256 heldItself;
    uint256 heldAgain;
    uint256 parts; // how many
}

/// @notice A reference graph beside the contracts': every asset, edge, recall and hold, kept in the plainest way.
abstract contract AssetBooks is Stage {
    uint256 internal constant MOST_NOTICES = 8; // so many in a sequence: then no asset forgets one

    IDirectory internal immutable DIRECTORY = IDirectory(_deploy(ARTIFACTS, "Directory", ""));
    IAssetRegistry internal immutable REGISTRY =
        IAssetRegistry(_deployTested("AssetRegistry", abi.encode(DIRECTORY, this)));
    IGenealogy internal immutable GENEALOGY = REGISTRY.genealogy();

    address[3] internal makers = [_keyed("maker"), _keyed("supplier"), _keyed("customer")];
    address internal operator = _keyed("operator"); // of the first maker, with ASSETS
    address internal authority = _keyed("authority"); // in the first maker's namespace

    Item[] internal items;
    mapping(uint256 id => uint256 index) internal numberOf; // one more than its index; zero = unknown
    mapping(bytes32 made => Input[]) internal inputsOf;
    NoticeId[] internal notices;
    mapping(NoticeId => uint256 maker) internal issuerOf;
    mapping(NoticeId => bytes32 hash) internal textOf;
    mapping(NoticeId => bool) internal lifted;
    mapping(NoticeId => mapping(uint256 id => Reach)) internal reach;
    mapping(NoticeId => mapping(address account => bool)) internal knows;
    mapping(uint256 invariant => string) private breaches;

    /* INVARIANTS */

    /// @notice AST-n, for each bit n of `checked`.
    function check(uint256 checked) external view {
        for (uint256 n = 1; n <= 5; ++n) {
            if (checked & 1 << n != 0) require(bytes(breaches[n]).length == 0, breaches[n]);
        }
        for (uint256 i = 0; i < items.length; ++i) {
            if (items[i].owner != address(0)) _checkAsset(items[i], checked);
            if (checked & 1 << 5 != 0) _checkRecalls(items[i].id);
        }
    }

    function _checkAsset(Item storage item, uint256 checked) private view {
        Asset memory asset = REGISTRY.assetOf(item.id);
        if (checked & 1 << 1 != 0) {
            uint256 id = REGISTRY.assetId(_namespace(item.maker), item.localId);
            bool same = id == item.id && (asset.kind == Kind.Lot) == item.lot;
            require(same, "AST-1: an asset is another one than was registered");
        }
        if (checked & 1 << 2 != 0) {
            bool same = GENEALOGY.parentOf(item.id) == item.parent && asset.height == item.height;
            same = same && GENEALOGY.partsIn(item.id) == item.parts;
            require(same, "AST-2: an asset is part of something else");
            require(GENEALOGY.rootOf(item.id) == _root(item.id), "AST-2: an assembly has another root");
            require(GENEALOGY.madeOf(item.id) == item.made, "AST-2: an asset was made of something else");
        }
        if (checked & 1 << 3 != 0) {
            bool same = REGISTRY.quantityOf(item.id) == item.quantity && REGISTRY.unitOf(item.id) == item.unit;
            require(same && asset.status == item.status, "AST-3: something appeared or was lost");
        }
        if (checked & 1 << 4 != 0) {
            require(asset.owner == item.owner, "AST-4: an asset changed hands");
            require(GENEALOGY.titleOf(item.id) == _title(item.id), "AST-4: title is somebody else's");
            require(asset.flags == _flags(item), "AST-4: an asset is locked otherwise");
        }
    }

    /// @dev What is lifted may be forgotten.
    function _checkRecalls(uint256 id) private view {
        Recall[] memory recalls = GENEALOGY.recallsOf(id);
        uint256 found;
        uint256 due;
        for (uint256 i = 0; i < recalls.length; ++i) {
            NoticeId notice = recalls[i].notice;
            require(recalls[i].lifted == lifted[notice], "AST-5: a notice is in force that was lifted, or the reverse");
            if (recalls[i].lifted) continue;
            require(recalls[i].reach == reach[notice][id], "AST-5: a notice reaches otherwise than along the edges");
            ++found;
        }
        for (uint256 i = 0; i < notices.length; ++i) {
            if (!lifted[notices[i]] && reach[notices[i]][id] != Reach.None) ++due;
        }
        require(found == due, "AST-5: a notice does not reach what it should");
    }

    function _breach(uint256 invariant, string memory what) internal {
        if (bytes(breaches[invariant]).length == 0) breaches[invariant] = what;
    }

    /* WHAT IS SO */

    function _namespace(uint256 maker) internal view returns (bytes32) {
        return bytes32(uint256(uint160(makers[maker])));
    }

    function _item(uint256 id) internal view returns (Item storage) {
        return items[numberOf[id] - 1];
    }

    function _acts(address actor, address principal) internal view returns (bool) {
        return actor == principal || (actor == operator && principal == makers[0]);
    }

    function _recalled(uint256 id) internal view returns (bool) {
        for (uint256 i = 0; i < notices.length; ++i) {
            if (!lifted[notices[i]] && reach[notices[i]][id] != Reach.None) return true;
        }
        return false;
    }

    function _held(Item storage item) internal view returns (bool) {
        return block.timestamp < item.heldUntil;
    }

    function _flags(Item storage item) internal view returns (uint8) {
        return (_recalled(item.id) ? FLAG_RECALLED : 0) | (_held(item) ? FLAG_HELD : 0)
            | (item.parent != 0 ? FLAG_ASSEMBLED : 0);
    }

    /// @dev Neither assembled, recalled nor held; and its life is not over.
    function _fit(Item storage item) internal view returns (bool) {
        return item.owner != address(0) && _flags(item) == 0 && !_over(item);
    }

    function _over(Item storage item) internal view returns (bool) {
        return item.status == Status.Consumed || item.status == Status.Retired;
    }

    function _used(Item storage item) internal view returns (bool) {
        return block.timestamp < item.userUntil && item.user != address(0);
    }

    function _root(uint256 id) internal view returns (uint256) {
        while (_item(id).parent != 0) id = _item(id).parent;
        return id;
    }

    function _title(uint256 id) internal view returns (address) {
        return _item(_root(id)).owner;
    }

    function _spreads(NoticeId notice, uint256 id) internal view returns (bool) {
        Reach covered = reach[notice][id];
        return _inForce(notice) && (covered == Reach.Issued || covered == Reach.Downward);
    }

    function _inForce(NoticeId notice) internal view returns (bool) {
        return _issued(notice) && !lifted[notice];
    }

    function _issued(NoticeId notice) internal view returns (bool) {
        return textOf[notice] != 0;
    }

    /* WHAT BECOMES SO */

    function _add(Item memory item) internal {
        items.push(item);
        numberOf[item.id] = items.length;
    }

    /// @dev Covers an asset, and all that it is in, unless it is covered so already.
    function _cover(uint256 id, NoticeId notice, Reach by) internal {
        while (id != 0) {
            Reach covered = reach[notice][id];
            bool more = covered == Reach.None || covered > by;
            if (more) reach[notice][id] = by;
            else if (by != Reach.Upward) return;
            id = _item(id).parent;
            by = Reach.Upward;
        }
    }

    function _handDown(uint256 from, uint256 to) internal {
        for (uint256 i = 0; i < notices.length; ++i) {
            if (_spreads(notices[i], from)) _cover(to, notices[i], Reach.Downward);
        }
    }
}
