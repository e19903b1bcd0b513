// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ERC20} from "solady/tokens/ERC20.sol";

/// @notice A well-behaved token of 6 decimals with ERC-2612 permits, for tests and demonstrations. Anyone mints.
contract MockERC20Permit is ERC20 {
    function mint(address to, uint256 amount) external {
        _mint(to, amount);
    }

    function name() public pure override returns (string memory) {
        return "Test Dollar";
    }

    function symbol() public pure override returns (string memory) {
        return "TUSD";
    }

    function decimals() public pure override returns (uint8) {
        return 6;
    }
}
