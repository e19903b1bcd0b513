// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Permit.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";

import {ROLE_FINANCE} from "../directory/DirectoryTypes.sol";
import {IDirectory} from "../directory/IDirectory.sol";
import {ISupplierEscrow} from "./ISupplierEscrow.sol";
import {Permit} from "./SupplierEscrowTypes.sol";

/// @notice Money in, money out, and what belongs to somebody without being bound to a line.
abstract contract FreeBalances is ISupplierEscrow, ReentrancyGuardTransient {
    using SafeERC20 for IERC20;

    address internal constant NATIVE = address(0);
    uint256 private constant PAYOUT_GAS = 200_000;
    /// @dev A call keeps 1/64 of its gas from those it makes; 40,000 are enough to credit a payout that failed.
    uint256 private constant GAS_BEFORE_PAYOUT = PAYOUT_GAS * 64 / 63 + 40_000;

    /// @inheritdoc ISupplierEscrow
    IDirectory public immutable directory;

    mapping(address owner => mapping(address token => uint256)) private freeBalances;

    constructor(IDirectory directory_) {
        directory = directory_;
    }

    /// @inheritdoc ISupplierEscrow
    function deposit(address owner, address token, uint256 amount) external payable nonReentrant {
        if (token == NATIVE) {
            if (msg.value != amount) revert SupplierEscrow_WrongValue(msg.value, amount);
        } else {
            _requireOwner(owner);
            _takeTokens(token, owner, amount);
        }
        _credit(owner, token, amount);
    }

    /// @inheritdoc ISupplierEscrow
    function withdraw(address owner, address token, uint256 amount) external nonReentrant {
        _requireOwner(owner);
        _debit(owner, token, amount);
        if (amount != 0 && !_send(token, owner, amount, gasleft())) revert SupplierEscrow_PayoutFailed(token, owner, amount);
    }

    /// @inheritdoc ISupplierEscrow
    function freeBalanceOf(address owner, address token) external view returns (uint256) {
        return freeBalances[owner][token];
    }

    /// @dev Whether the caller is the principal, or its operator with all bits of the role.
    function _actsFor(address principal, uint16 role) internal view returns (bool) {
        return msg.sender == principal || directory.mayAct(principal, msg.sender, role);
    }

    function _credit(address owner, address token, uint256 amount) internal {
        if (amount != 0) _setFreeBalance(owner, token, freeBalances[owner][token] + amount);
    }

    function _debit(address owner, address token, uint256 amount) internal {
        if (amount == 0) return;
        uint256 balance = freeBalances[owner][token];
        if (balance < amount) revert SupplierEscrow_InsufficientBalance(owner, token, balance, amount);
        // Compared above.
        unchecked {
            _setFreeBalance(owner, token, balance - amount);
        }
    }

    /// @dev An allowance by ERC-2612. Whether it succeeds does not matter: somebody may have submitted it before, and without an
    /// allowance the transfer fails.
    function _permit(address token, address owner, Permit calldata p) internal {
        bytes32 selector = IERC20Permit.permit.selector;
        // Memory from the free pointer on is unused, and stays free. A Permit is the call's last five words as they are. No answer is
        // copied, however long it is.
        assembly ("memory-safe") {
            let data := mload(0x40)
            mstore(data, selector)
            mstore(add(data, 4), owner)
            mstore(add(data, 36), address())
            calldatacopy(add(data, 68), p, 160)
            pop(call(gas(), token, 0, data, 228, 0, 0))
        }
    }

    /// @dev The price of lines: coins from the value sent and then the free balance, ERC-20 from the allowance alone.
    function _takeIn(address token, address payer, uint256 amount) internal {
        if (token != NATIVE) return _takeTokens(token, payer, amount);
        if (msg.value > amount) revert SupplierEscrow_WrongValue(msg.value, amount);
        _debit(payer, NATIVE, amount - msg.value);
    }

    /// @dev A payout that fails is credited to its receiver, so that nobody can stop the call.
    function _payOut(address token, address to, uint256 amount) internal {
        if (amount == 0) return;
        if (gasleft() < GAS_BEFORE_PAYOUT) revert SupplierEscrow_TooLittleGas(gasleft(), GAS_BEFORE_PAYOUT);
        if (!_send(token, to, amount, PAYOUT_GAS)) _credit(to, token, amount);
    }

    function _takeTokens(address token, address from, uint256 amount) private {
        if (msg.value != 0) revert SupplierEscrow_WrongValue(msg.value, 0);
        if (amount == 0) return;
        uint256 expected = IERC20(token).balanceOf(address(this));
        // A token that answers with absurd balances fails the comparison below, or cheats lines in itself alone.
        unchecked {
            expected += amount;
        }
        IERC20(token).safeTransferFrom(from, address(this), amount);
        uint256 balance = IERC20(token).balanceOf(address(this));
        if (balance != expected) revert SupplierEscrow_InexactTransfer(token, balance, expected);
    }

    function _send(address token, address to, uint256 amount, uint256 gasLimit) private returns (bool sent) {
        if (token == NATIVE) {
            // No answer is copied, however long it is.
            assembly ("memory-safe") {
                sent := call(gasLimit, to, amount, 0, 0, 0, 0)
            }
            return sent;
        }
        bytes memory data = abi.encodeCall(IERC20.transfer, (to, amount));
        // At most one word of the answer is read, into scratch space: success is true, or nothing from an address with code.
        assembly ("memory-safe") {
            mstore(0, 0)
            sent := call(gasLimit, token, 0, add(data, 32), mload(data), 0, 32)
            let silent := and(iszero(returndatasize()), gt(extcodesize(token), 0))
            sent := and(sent, or(silent, and(gt(returndatasize(), 31), eq(mload(0), 1))))
        }
    }

    function _setFreeBalance(address owner, address token, uint256 balance) private {
        freeBalances[owner][token] = balance;
        emit FreeBalanceChanged(owner, token, balance);
    }

    function _requireOwner(address owner) private view {
        if (!_actsFor(owner, ROLE_FINANCE)) revert SupplierEscrow_NotOwner(owner, msg.sender);
    }
}
