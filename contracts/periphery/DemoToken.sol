// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ERC20} from "solady/tokens/ERC20.sol";

/// @title DemoToken: play money
/// @notice A well-behaved token of 6 decimals with ERC-2612 permits, for demonstrations and tests. Anyone mints, so it is worth
/// nothing. No other contract of Fabricant knows it.
contract DemoToken is ERC20 {
    /// @notice Creates tokens out of nothing. Anyone.
    /// @param amount In base units, 10**6 to the whole token.
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
