// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IAssetRegistry} from "../../contracts/assets/IAssetRegistry.sol";
import {Kind, Registration} from "../../contracts/assets/AssetRegistryTypes.sol";
import {ROLE_OPEN} from "../../contracts/directory/DirectoryTypes.sol";
import {IDirectory} from "../../contracts/directory/IDirectory.sol";
import {Conditions} from "../../contracts/escrow/Conditions.sol";
import {ISupplierEscrow} from "../../contracts/escrow/ISupplierEscrow.sol";
import {ConditionsId} from "../../contracts/escrow/SupplierEscrowTypes.sol";
import {TradeSets} from "./TradeSets.sol";
import {VM} from "./Vm.sol";

/// @dev What all our tokens have in common.
interface IToken {
    function approve(address spender, uint256 amount) external returns (bool);
    function balanceOf(address owner) external view returns (uint256);
    function mint(address to, uint256 amount) external;
}

interface IApprovals {
    function setApprovalForAll(address operator, bool approved) external;
}

/// @dev contracts/mocks/MockOddToken.sol, from outside.
interface IOddToken is IToken {
    enum Oddity {
        None,
        ReturnsNothing,
        ReturnsFalse,
        ReturnsTwo,
        TakesFee,
        Paused,
        Blocks,
        Calls,
        BurnsGas,
        ReturnsMegabyte
    }

    function setBlocked(address account) external;
    function setCall(address callee, bytes calldata callData) external;
    function setOddity(Oddity next) external;
}

/// @dev contracts/mocks/MockParty.sol, from outside.
interface IParty {
    enum Manner {
        Accepts,
        Reverts,
        BurnsGas,
        ReturnsMegabyte,
        Calls
    }

    function setCall(address callee, bytes calldata callData) external;
    function setManner(Manner next) external;
}

/// @notice The contracts under test, as they were packaged, and everybody who uses them.
abstract contract World {
    address internal constant COIN = address(0);
    uint256 internal constant TOKENS = 3;
    uint16 private constant ALL_ROLES = type(uint16).max;
    string private constant ARTIFACTS = "src/fabricant/artifacts/";
    string private constant MOCKS = ".build/mocks/";

    ISupplierEscrow internal immutable ESCROW;
    IAssetRegistry internal immutable ASSETS;
    IDirectory private immutable DIRECTORY;
    IToken internal immutable DOLLAR = IToken(_deploy(MOCKS, "MockERC20Permit", ""));
    IOddToken internal immutable ODD = IOddToken(_deploy(MOCKS, "MockOddToken", ""));

    /// @dev Firms are contracts that receive coin well or badly; the wallet signs by ERC-1271; the others have a key.
    address internal immutable BUYER = _keyed("buyer");
    address internal immutable BUYER_FIRM = _firm();
    address internal immutable SUPPLIER = _keyed("supplier");
    address internal immutable SUPPLIER_FIRM = _firm();
    address internal immutable SUPPLIER_WALLET = _wallet("supplier wallet");
    address internal immutable INSPECTOR = _keyed("inspector");
    address internal immutable ARBITER = _keyed("arbiter");
    address internal immutable BROKER = _keyed("broker");
    address internal immutable BROKER_FIRM = _firm();
    address internal immutable FACTOR = _keyed("factor"); // buys receivables, for itself or for its firm
    address internal immutable FACTOR_FIRM = _firm();
    address internal immutable FINANCIER = _keyed("financier");
    address internal immutable PURCHASING = _keyed("purchasing"); // the buyers' operator, and the financier's to open
    address internal immutable SALES = _keyed("sales"); // the suppliers' operator
    address internal immutable MARKET = _keyed("market"); // opens for both
    address internal immutable STRANGER = _keyed("stranger");

    address[] internal people;
    mapping(address person => uint256) internal numberOf; // from one
    ConditionsId[] internal published;
    mapping(ConditionsId => Conditions) internal conditions;
    mapping(address signer => uint256) internal keyOf;
    /// @dev What somebody should have of a token, in their pocket and in the escrow.
    mapping(address person => mapping(address token => uint256)) internal wealthOf;

    uint256 private entropy;
    uint256 private registered;

    constructor() {
        DIRECTORY = IDirectory(_deploy(ARTIFACTS, "Directory", ""));
        ASSETS = IAssetRegistry(_deploy(ARTIFACTS, "AssetRegistry", abi.encode(DIRECTORY, STRANGER)));
        bytes memory code = VM.getCode(VM.envOr("ESCROW", "src/fabricant/artifacts/SupplierEscrow.json"));
        ESCROW = ISupplierEscrow(_create(bytes.concat(code, abi.encode(DIRECTORY, ASSETS))));
        for (uint256 i = 0; i < TradeSets.COUNT; ++i) {
            published.push(ESCROW.publishConditions(TradeSets.get(i), ""));
            conditions[published[i]] = TradeSets.get(i);
        }
        _hire();
    }

    function _hire() private {
        people = [BUYER, BUYER_FIRM, SUPPLIER, SUPPLIER_FIRM, SUPPLIER_WALLET, INSPECTOR, ARBITER];
        address[9] memory others =
            [BROKER, BROKER_FIRM, FACTOR, FACTOR_FIRM, FINANCIER, PURCHASING, SALES, MARKET, STRANGER];
        for (uint256 i = 0; i < others.length; ++i) {
            people.push(others[i]);
        }
        for (uint256 i = 0; i < people.length; ++i) {
            numberOf[people[i]] = i + 1;
            VM.prank(people[i]);
            DOLLAR.approve(address(ESCROW), type(uint256).max);
            VM.prank(people[i]);
            ODD.approve(address(ESCROW), type(uint256).max);
        }
        _employ(BUYER, PURCHASING);
        _employ(BUYER_FIRM, PURCHASING);
        _employ(SUPPLIER, SALES);
        _employ(SUPPLIER_FIRM, SALES);
        _employ(SUPPLIER_WALLET, SALES);
        _lend(FINANCIER, PURCHASING, ROLE_OPEN);
        _lend(FACTOR_FIRM, FACTOR, ALL_ROLES);
    }

    function _employ(address principal, address operator) private {
        _lend(principal, operator, ALL_ROLES);
        _lend(principal, MARKET, ROLE_OPEN);
        VM.prank(principal);
        IApprovals(address(ASSETS)).setApprovalForAll(address(ESCROW), true);
    }

    function _lend(address principal, address operator, uint16 roles) private {
        VM.prank(principal);
        DIRECTORY.setOperator(operator, roles, type(uint40).max);
    }

    function _keyed(string memory name) private returns (address person) {
        uint256 key = uint256(keccak256(bytes(name)));
        person = VM.addr(key);
        keyOf[person] = key;
    }

    function _wallet(string memory name) private returns (address wallet) {
        uint256 key = uint256(keccak256(bytes(name)));
        wallet = _deploy(MOCKS, "MockWallet", abi.encode(VM.addr(key)));
        keyOf[wallet] = key;
    }

    function _firm() private returns (address) {
        return _deploy(MOCKS, "MockParty", "");
    }

    function _deploy(string memory folder, string memory name, bytes memory arguments) private returns (address) {
        return _create(bytes.concat(VM.getCode(string.concat(folder, name, ".json")), arguments));
    }

    function _create(bytes memory code) private returns (address made) {
        assembly ("memory-safe") {
            made := create(0, add(code, 32), mload(code))
        }
        require(made != address(0), "a contract could not be deployed");
    }

    /* MONEY AND GOODS */

    function _token(uint256 number) internal view returns (address) {
        return [COIN, address(DOLLAR), address(ODD)][number];
    }

    function _number(address token) internal view returns (uint256) {
        if (token == COIN) return 0;
        return token == address(DOLLAR) ? 1 : 2;
    }

    function _balance(address token, address owner) internal view returns (uint256) {
        return token == COIN ? owner.balance : IToken(token).balanceOf(owner);
    }

    /// @dev More money in somebody's pocket.
    function _mint(address token, address to, uint256 amount) internal {
        wealthOf[to][token] += amount;
        if (token == COIN) VM.deal(to, to.balance + amount);
        else IToken(token).mint(to, amount);
    }

    /// @dev New products of a supplier's own.
    function _produce(address supplier, uint256 count) internal returns (uint256[] memory goods) {
        goods = new uint256[](count);
        bytes32 namespace = bytes32(uint256(uint160(supplier)));
        for (uint256 i = 0; i < count; ++i) {
            string memory serial = string(abi.encodePacked("part ", ++registered));
            VM.prank(supplier);
            goods[i] = ASSETS.register(namespace, Registration(serial, Kind.Product, supplier, 1, 0, 0, ""));
        }
    }

    /* CHANCE */

    /// @dev All that a call decides by chance follows from its seed, so that a sequence can be repeated and shrunk.
    modifier seeded(uint256 seed) {
        entropy = seed;
        _;
    }

    function _random(uint256 limit) internal returns (uint256) {
        entropy = uint256(keccak256(abi.encode(entropy)));
        return entropy % limit;
    }

    function _oneIn(uint256 chances) internal returns (bool) {
        return _random(chances) == 0;
    }

    function _anybody() internal returns (address) {
        return people[_random(people.length)];
    }
}
