// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

import {ISupplierEscrow} from "../escrow/ISupplierEscrow.sol";
import {Line, LineId} from "../escrow/SupplierEscrowTypes.sol";

/// @notice Reads many accounts and lines at once, so that a test can compare everybody's money before and after.
contract MockBooks {
    function balances(address token, address[] calldata accounts) external view returns (uint256[] memory found) {
        found = new uint256[](accounts.length);
        for (uint256 i = 0; i < accounts.length; ++i) {
            found[i] = token == address(0) ? accounts[i].balance : IERC20(token).balanceOf(accounts[i]);
        }
    }

    function freeBalances(ISupplierEscrow escrow, address token, address[] calldata accounts)
        external
        view
        returns (uint256[] memory found)
    {
        found = new uint256[](accounts.length);
        for (uint256 i = 0; i < accounts.length; ++i) {
            found[i] = escrow.freeBalanceOf(accounts[i], token);
        }
    }

    function lines(ISupplierEscrow escrow, LineId[] calldata ids) external view returns (Line[] memory found) {
        found = new Line[](ids.length);
        for (uint256 i = 0; i < ids.length; ++i) {
            found[i] = escrow.lineOf(ids[i]);
        }
    }
}
