// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {MockOddToken} from "./MockOddToken.sol";

/// @notice A second entry to a token: the same balances at another address. Nobody approves anything here.
contract MockTwinToken {
    MockOddToken private immutable TOKEN;

    constructor(MockOddToken token) {
        TOKEN = token;
    }

    function balanceOf(address account) external view returns (uint256) {
        return TOKEN.balanceOf(account);
    }

    function transfer(address to, uint256 amount) external returns (bool) {
        return _move(msg.sender, to, amount);
    }

    function transferFrom(address from, address to, uint256 amount) external returns (bool) {
        return _move(from, to, amount);
    }

    function _move(address from, address to, uint256 amount) private returns (bool) {
        TOKEN.rebase(from, TOKEN.balanceOf(from) - amount);
        TOKEN.rebase(to, TOKEN.balanceOf(to) + amount);
        return true;
    }
}
