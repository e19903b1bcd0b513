// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IAssetRegistry} from "../../contracts/assets/IAssetRegistry.sol";
import {Kind, Registration} from "../../contracts/assets/AssetRegistryTypes.sol";
import {ICapacityMarket} from "../../contracts/capacity/ICapacityMarket.sol";
import {
    Operator,
    OperatorGrant,
    ROLE_ASSETS,
    ROLE_FINANCE,
    ROLE_OPEN,
    ROLE_RECORD
} from "../../contracts/directory/DirectoryTypes.sol";
import {IDirectory} from "../../contracts/directory/IDirectory.sol";
import {ISupplierEscrow} from "../../contracts/escrow/ISupplierEscrow.sol";
import {Terms} from "../../contracts/escrow/SupplierEscrowTypes.sol";
import {IRecordAnchor} from "../../contracts/records/IRecordAnchor.sol";
import {Stage} from "./Stage.sol";
import {VM} from "./Vm.sol";

/// @notice Principals lend roles, by call and by signature, and take them back; operators use them, in escrow, market,
/// registry and records, whether they have them or not. Books beside the directory's own say what must happen.
contract DirectoryHandler is Stage {
    uint40 private constant HOUR = 1 hours;
    uint256 private constant NONCES = 24; // few, so that they are used again

    IDirectory private immutable DIRECTORY = IDirectory(_deployTested("Directory", ""));
    IAssetRegistry private immutable REGISTRY =
        IAssetRegistry(_deploy(ARTIFACTS, "AssetRegistry", abi.encode(DIRECTORY, this)));
    ISupplierEscrow private immutable ESCROW =
        ISupplierEscrow(_deploy(ARTIFACTS, "SupplierEscrow", abi.encode(DIRECTORY, REGISTRY)));
    ICapacityMarket private immutable MARKET =
        ICapacityMarket(_deploy(ARTIFACTS, "CapacityMarket", abi.encode(ESCROW)));
    IRecordAnchor private immutable RECORDS = IRecordAnchor(_deploy(ARTIFACTS, "RecordAnchor", abi.encode(DIRECTORY)));

    address[3] private principals = [_keyed("buyer"), _keyed("supplier"), _wallet("supplier wallet")];
    address[4] private operators = [principals[0], _keyed("operator"), _keyed("gateway"), _wallet("agent")];
    mapping(address principal => mapping(address operator => Operator)) private lent;
    mapping(address principal => uint256) private spent; // nonces, a bit each
    OperatorGrant[] private grants; // signed, used or not
    uint256 private serial;
    string private breach;

    constructor() {
        for (uint256 i = 0; i < principals.length; ++i) {
            VM.deal(address(this), address(this).balance + 1e18);
            ESCROW.deposit{value: 1e18}(principals[i], address(0), 1e18);
        }
    }

    /// @notice DIR-1: an operator can do what its unexpired role lists, and nothing else; a revoked grant never comes back.
    function check() external view {
        require(bytes(breach).length == 0, breach);
        for (uint256 i = 0; i < principals.length; ++i) {
            address principal = principals[i];
            require(DIRECTORY.spentNonces(principal, 0) == spent[principal], "DIR-1: other nonces are spent");
            for (uint256 k = 0; k < operators.length; ++k) {
                bytes memory stored = abi.encode(DIRECTORY.operatorOf(principal, operators[k]));
                bool same = keccak256(stored) == keccak256(abi.encode(lent[principal][operators[k]]));
                require(same, "DIR-1: an operator has other roles than it was lent");
            }
        }
    }

    /* THE DIRECTORY */

    function setProfile(uint256 seed) external seeded(seed) {
        VM.prank(_principal());
        DIRECTORY.setProfile(bytes32(seed), "");
    }

    function setOperator(uint256 seed) external seeded(seed) {
        (address principal, address operator) = (_principal(), _operator());
        (uint16 roles, uint40 until) = _term();
        bool due = _mayLend(principal, operator, roles, until);
        VM.prank(principal);
        (bool done,) = address(DIRECTORY).call(abi.encodeCall(IDirectory.setOperator, (operator, roles, until)));
        if (due) _lend(principal, operator, roles, until);
        _expect(done, due);
    }

    /// @dev A new grant, or one that was signed before; by its principal, or by its operator.
    function setOperatorBySignature(uint256 seed) external seeded(seed) {
        if (grants.length == 0 || _oneIn(2)) _signGrant();
        OperatorGrant memory grant = grants[!_oneIn(3) ? grants.length - 1 : _random(grants.length)];
        address signer = _oneIn(12) ? grant.operator : grant.principal;
        bytes memory data = abi.encodeCall(IDirectory.setOperatorBySignature, (grant, _signature(signer, grant)));
        uint256 nonce = 1 << grant.nonce;
        bool due = signer == grant.principal && block.timestamp < grant.deadline
            && grant.version == lent[grant.principal][grant.operator].version && spent[grant.principal] & nonce == 0
            && _mayLend(grant.principal, grant.operator, grant.roles, grant.until);
        (bool done,) = address(DIRECTORY).call(data);
        if (due) {
            _lend(grant.principal, grant.operator, grant.roles, grant.until);
            spent[grant.principal] |= nonce;
        }
        _expect(done, due);
    }

    /// @dev To be sent later, perhaps when it is overtaken.
    function sign(uint256 seed) external seeded(seed) {
        _signGrant();
    }

    function invalidateNonces(uint256 seed) external seeded(seed) {
        address principal = _principal();
        uint256 mask = 1 << _random(NONCES);
        spent[principal] |= mask;
        VM.prank(principal);
        DIRECTORY.invalidateNonces(0, mask);
    }

    /// @dev The last of the nonces are never spent: some grants can be used at any time.
    function _signGrant() private {
        (address principal, address operator) = (_principal(), _operator());
        (uint16 roles, uint40 until) = _term();
        uint32 version = lent[principal][operator].version + (_oneIn(8) ? 1 : 0);
        uint256 nonce = _random(NONCES + 200);
        uint40 deadline = uint40(block.timestamp + 1 + _random(2 * HOUR));
        grants.push(OperatorGrant(principal, operator, roles, until, version, nonce, deadline));
    }

    function _signature(address signer, OperatorGrant memory grant) private view returns (bytes memory) {
        (uint8 v, bytes32 r, bytes32 s) = VM.sign(keyOf[signer], DIRECTORY.grantDigest(grant));
        return abi.encodePacked(r, s, v);
    }

    function _mayLend(address principal, address operator, uint16 roles, uint40 until) private view returns (bool) {
        return operator != principal && (roles == 0 || block.timestamp < until);
    }

    function _lend(address principal, address operator, uint16 roles, uint40 until) private {
        uint32 version = lent[principal][operator].version + 1;
        lent[principal][operator] = Operator(roles, roles == 0 ? 0 : until, version);
    }

    /* ACTING */

    /// @dev About everybody, for the roles that they have or for some others.
    function askMayAct(uint256 seed) external seeded(seed) {
        for (uint256 i = 0; i < principals.length * operators.length; ++i) {
            address principal = principals[i % principals.length];
            address actor = operators[i / principals.length];
            uint16 roles = _oneIn(2) ? _roles() : lent[principal][actor].roles;
            _compare(DIRECTORY.mayAct(principal, actor, roles), _mayAct(principal, actor, roles));
        }
    }

    function actInEscrow(uint256 seed) external seeded(seed) {
        (address principal, address actor) = _pair(ROLE_FINANCE);
        bytes memory data = abi.encodeCall(ISupplierEscrow.withdraw, (principal, address(0), 1));
        if (_oneIn(2)) return _act(principal, actor, ROLE_FINANCE, address(ESCROW), data);
        (principal, actor) = _pair(ROLE_OPEN);
        Terms memory terms;
        (terms.buyer, terms.supplier, terms.salt) = (principal, address(this), ++serial);
        _act(principal, actor, ROLE_OPEN, address(ESCROW), abi.encodeCall(ISupplierEscrow.revoke, (terms)));
    }

    function actInMarket(uint256 seed) external seeded(seed) {
        (address principal, address actor) = _pair(ROLE_OPEN);
        uint64 epoch = MARKET.epochOf(principal);
        bytes memory data = abi.encodeCall(ICapacityMarket.raiseEpoch, (principal, epoch));
        _act(principal, actor, ROLE_OPEN, address(MARKET), data);
    }

    function actInRegistry(uint256 seed) external seeded(seed) {
        (address principal, address actor) = _pair(ROLE_ASSETS);
        string memory localId = string(abi.encodePacked("part ", ++serial));
        Registration memory part = Registration(localId, Kind.Product, principal, 1, 0, 0, "");
        bytes memory data = abi.encodeCall(IAssetRegistry.register, (bytes32(uint256(uint160(principal))), part));
        _act(principal, actor, ROLE_ASSETS, address(REGISTRY), data);
    }

    function actInRecords(uint256 seed) external seeded(seed) {
        (address principal, address actor) = _pair(ROLE_RECORD);
        bytes32 stream = RECORDS.streamId(principal, "machine data");
        bytes memory data = abi.encodeCall(IRecordAnchor.anchor, (stream, RECORDS.headOf(stream), bytes32(seed), 1, ""));
        _act(principal, actor, ROLE_RECORD, address(RECORDS), data);
    }

    /// @dev Passes exactly if the actor is the principal, or its operator with the role.
    function _act(address principal, address actor, uint16 role, address place, bytes memory data) private {
        bool due = _mayAct(principal, actor, role);
        VM.prank(actor);
        (bool done,) = place.call(data);
        _expect(done, due);
    }

    function _mayAct(address principal, address actor, uint16 roles) private view returns (bool) {
        Operator memory operator = lent[principal][actor];
        bool listed = roles != 0 && operator.roles & roles == roles;
        return actor == principal || (listed && block.timestamp < operator.until);
    }

    /* TIME */

    /// @dev Often to the instant at which roles or a grant end, or to the second before.
    function wait(uint256 seed) external seeded(seed) {
        uint256 time = block.timestamp + _random(HOUR);
        uint256 instant = lent[_principal()][_operator()].until;
        if (grants.length != 0 && _oneIn(3)) instant = grants[_random(grants.length)].deadline;
        if (instant > block.timestamp + 1) time = instant - _random(2);
        VM.warp(time);
    }

    /* CHANCE */

    function _principal() private returns (address) {
        return principals[_random(principals.length)];
    }

    function _operator() private returns (address) {
        return operators[_random(operators.length)];
    }

    /// @dev Most often an operator that has the role.
    function _pair(uint16 role) private returns (address principal, address actor) {
        do {
            (principal, actor) = (_principal(), _operator());
        } while (!_mayAct(principal, actor, role) && !_oneIn(24));
    }

    /// @dev None, one, some or all.
    function _roles() private returns (uint16) {
        return [uint16(0), uint16(1 << _random(6)), uint16(_random(64)), type(uint16).max][_random(4)];
    }

    function _term() private returns (uint16 roles, uint40 until) {
        return (_roles(), uint40(block.timestamp + (_oneIn(12) ? 0 : 1 + _random(9 * HOUR))));
    }

    function _expect(bool done, bool due) private {
        _compare(done, due);
        if (!due && !done) revert("as it should be");
    }

    function _compare(bool done, bool due) private {
        if (done == due || bytes(breach).length != 0) return;
        breach = done ? "DIR-1: somebody did what it may not" : "DIR-1: somebody was kept from what it may do";
    }
}
