// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {AssetHandler} from "./AssetHandler.sol";
import {VM} from "./Vm.sol";

/// @notice What always holds for assets, whatever their owners and issuers do. Numbers are those of the architecture.
contract AssetRegistryInvariants {
    uint256 private constant ALL = (1 << 6) - 2;

    AssetHandler private handler;
    uint256 private checked = VM.envOr("INVARIANTS", ALL); // bit n: AST-n

    function setUp() external {
        handler = new AssetHandler();
    }

    function targetContracts() external view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(handler);
    }

    /// @notice Identity, genealogy, quantities, title and recalls are what a reference graph says.
    function invariant_f073_f074_f081_assets() external view {
        handler.check(checked);
    }
}
