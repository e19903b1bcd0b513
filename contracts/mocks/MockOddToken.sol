// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @notice A token that misbehaves as it is told to, from the next transfer on.
contract MockOddToken {
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
        ReturnsMegabyte // after it moved the amount
    }

    Oddity public oddity;
    address public blocked;
    address public target;
    bytes public data;
    bool public targetCallFailed;
    bytes public targetAnswer;
    mapping(address => uint256) public balanceOf;
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

    function mint(address to, uint256 amount) external {
        balanceOf[to] += amount;
    }

    /// @notice Changes a balance behind its owner's back, as a rebasing token does.
    function rebase(address account, uint256 balance) external {
        balanceOf[account] = balance;
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
        uint256 fee = oddity == Oddity.TakesFee ? amount / 100 : 0;
        balanceOf[from] -= amount;
        balanceOf[to] += amount - fee;
        emit Transfer(from, to, amount);
    }

    function _answer() private view {
        uint256 length = 32;
        uint256 word = 1;
        if (oddity == Oddity.ReturnsNothing) length = 0;
        if (oddity == Oddity.ReturnsFalse) word = 0;
        if (oddity == Oddity.ReturnsTwo) word = 2;
        if (oddity == Oddity.ReturnsMegabyte) length = 1 << 20;
        assembly {
            mstore(0, word)
            return(0, length)
        }
    }
}
