// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ROLE_OPEN} from "../../contracts/directory/DirectoryTypes.sol";
import {IDirectory} from "../../contracts/directory/IDirectory.sol";
import {Conditions} from "../../contracts/escrow/Conditions.sol";
import {ISupplierEscrow} from "../../contracts/escrow/ISupplierEscrow.sol";
import {ConditionsId} from "../../contracts/escrow/SupplierEscrowTypes.sol";
import {Stage} from "./Stage.sol";
import {TradeSets} from "./TradeSets.sol";
import {VM} from "./Vm.sol";

/// @dev What all our tokens have in common.
interface IToken {
    function approve(address spender, uint256 amount) external returns (bool);
    function balanceOf(address owner) external view returns (uint256);
    function mint(address to, uint256 amount) external;
}

/// @dev contracts/mocks/MockAssetRegistry.sol, from outside.
interface IHoldingRegistry {
    function holdBack(uint256[] calldata ids, bool held) external;
    function ownerOf(uint256 id) external view returns (address);
    function register(uint256[] calldata ids, address owner) external;
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
abstract contract World is Stage {
    address internal constant COIN = address(0);
    uint256 internal constant TOKENS = 3;
    uint256 internal constant ROLES = 6;
    uint16 private constant ALL_ROLES = type(uint16).max;

    ISupplierEscrow internal immutable ESCROW;
    IDirectory private immutable DIRECTORY = IDirectory(_deploy(ARTIFACTS, "Directory", ""));
    IHoldingRegistry internal immutable ASSETS = IHoldingRegistry(_deploy(MOCKS, "MockAssetRegistry", ""));
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
    address[] private clerks; // each has one role alone, for all of a side: the buyers' first
    mapping(address person => uint256) internal numberOf; // from one
    ConditionsId[] internal published;
    mapping(ConditionsId => Conditions) internal conditions;
    mapping(address principal => mapping(address operator => uint16)) private rolesLent;
    /// @dev What somebody should have of a token, in their pocket and in the escrow.
    mapping(address person => mapping(address token => uint256)) internal wealthOf;

    uint256 internal registered; // goods have the numbers up to this

    constructor() {
        ESCROW = ISupplierEscrow(_deployTested("SupplierEscrow", abi.encode(DIRECTORY, ASSETS)));
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
        for (uint256 i = 0; i < 2 * ROLES; ++i) {
            clerks.push(_keyed(string(abi.encodePacked("clerk ", i))));
        }
        _employ(BUYER, PURCHASING, 0);
        _employ(BUYER_FIRM, PURCHASING, 0);
        _employ(SUPPLIER, SALES, ROLES);
        _employ(SUPPLIER_FIRM, SALES, ROLES);
        _employ(SUPPLIER_WALLET, SALES, ROLES);
        _lend(FINANCIER, PURCHASING, ROLE_OPEN);
        _lend(FACTOR_FIRM, FACTOR, ALL_ROLES);
    }

    function _employ(address principal, address operator, uint256 firstClerk) private {
        _lend(principal, operator, ALL_ROLES);
        _lend(principal, MARKET, ROLE_OPEN);
        for (uint256 i = 0; i < ROLES; ++i) {
            _lend(principal, clerks[firstClerk + i], uint16(1 << i));
        }
    }

    function _lend(address principal, address operator, uint16 roles) private {
        rolesLent[principal][operator] = roles;
        VM.prank(principal);
        DIRECTORY.setOperator(operator, roles, type(uint40).max);
    }

    /// @dev By what was lent; no roles: the principal alone.
    function _mayAct(address principal, address actor, uint16 roles) internal view returns (bool) {
        return actor == principal || (roles != 0 && rolesLent[principal][actor] & roles == roles);
    }

    /// @dev Who has the role for a buyer or a supplier, and no other.
    function _clerkOf(bool buyer, uint16 role) internal view returns (address) {
        uint256 number = buyer ? 0 : ROLES;
        while (role > 1) (role, number) = (role >> 1, number + 1);
        return clerks[number];
    }

    function _firm() private returns (address) {
        return _deploy(MOCKS, "MockParty", "");
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
        for (uint256 i = 0; i < count; ++i) {
            goods[i] = ++registered;
        }
        ASSETS.register(goods, supplier);
    }

    /* CHANCE */

    function _anybody() internal returns (address) {
        return people[_random(people.length)];
    }

    /// @dev Of the people or their clerks.
    function _anyCaller() internal returns (address) {
        uint256 number = _random(people.length + clerks.length);
        return number < people.length ? people[number] : clerks[number - people.length];
    }
}
