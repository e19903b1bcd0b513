// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {MockIntruder} from "./MockIntruder.sol";

/// @notice A token that misbehaves as it is told to, from the next transfer on.
contract MockOddToken is MockIntruder {
    enum Oddity {
        None,
        ReturnsNothing, // as USDT does
        ReturnsFalse, // and moves nothing
        ReturnsTwo, // a word that is not true
        TakesFee, // 1 %
        Paused, // reverts
        Blocks, // reverts when `blocked` sends or receives
        Calls, // calls `target` with `data` before it moves anything, as an ERC-777 hook would
        BurnsGas, // never ends
        ReturnsMegabyte, // after it moved the amount
        ReturnsMuch, // the same, as much as the gas of a payout affords
        EntersBefore, // as an ERC-777 hook of the sender
        EntersAfter, // as an ERC-777 hook of the receiver
        LooksBefore,
        LooksAfter,
        Pretends, // moves nothing, and says that it did
        Understates // says that everybody has half of it
    }

    Oddity public oddity;
    address public blocked;
    address public target;
    bytes public data;
    bool public targetCallFailed;
    bytes public targetAnswer;
    uint8 public decimals = 6;
    mapping(address => uint256) private balances;
    mapping(address => uint256) private pretended;
    mapping(address => mapping(address => uint256)) public allowance;

    event Transfer(address indexed from, address indexed to, uint256 amount);

    error Odd();

    function setOddity(Oddity next) external {
        oddity = next;
    }

    function setBlocked(address account) external {
        (oddity, blocked) = (Oddity.Blocks, account);
    }

    function setCall(address callee, bytes calldata callData) external {
        (oddity, target, data) = (Oddity.Calls, callee, callData);
    }

    function setDecimals(uint8 next) external {
        decimals = next;
    }

    function mint(address to, uint256 amount) external {
        balances[to] += amount;
    }

    /// @notice Changes a balance behind its owner's back, as a rebasing token does.
    function rebase(address account, uint256 balance) external {
        balances[account] = balance;
    }

    function balanceOf(address account) external view returns (uint256) {
        if (oddity == Oddity.Pretends) return balances[account] + pretended[account];
        return oddity == Oddity.Understates ? balances[account] / 2 : balances[account];
    }

    function approve(address spender, uint256 amount) external returns (bool) {
        allowance[msg.sender][spender] = amount;
        return true;
    }

    function transfer(address to, uint256 amount) external {
        _transfer(msg.sender, to, amount);
        _answer();
    }

    function transferFrom(address from, address to, uint256 amount) external {
        allowance[from][msg.sender] -= amount;
        _transfer(from, to, amount);
        _answer();
    }

    function _transfer(address from, address to, uint256 amount) private {
        if (oddity == Oddity.ReturnsFalse) return;
        if (oddity == Oddity.Paused) revert Odd();
        if (oddity == Oddity.Blocks && (from == blocked || to == blocked)) revert Odd();
        if (oddity == Oddity.Calls) {
            (bool done, bytes memory answer) = target.call(data);
            (targetCallFailed, targetAnswer) = (!done, answer);
        }
        while (oddity == Oddity.BurnsGas) {}
        if (oddity == Oddity.EntersBefore) _enter();
        if (oddity == Oddity.LooksBefore) _look();
        uint256 fee = oddity == Oddity.TakesFee ? amount / 100 : 0;
        if (oddity == Oddity.Pretends) {
            pretended[to] += amount;
        } else {
            balances[from] -= amount;
            balances[to] += amount - fee;
        }
        emit Transfer(from, to, amount);
        if (oddity == Oddity.EntersAfter) _enter();
        if (oddity == Oddity.LooksAfter) _look();
    }

    function _answer() private view {
        uint256 length = 32;
        uint256 word = 1;
        if (oddity == Oddity.ReturnsNothing) length = 0;
        if (oddity == Oddity.ReturnsFalse) word = 0;
        if (oddity == Oddity.ReturnsTwo) word = 2;
        if (oddity == Oddity.ReturnsMegabyte) length = 1 << 20;
        if (oddity == Oddity.ReturnsMuch) length = 230_000;
        assembly {
            mstore(0, word)
            return(0, length)
        }
    }
}
