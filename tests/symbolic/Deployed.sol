// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {VM} from "../invariants/Vm.sol";

/// @notice Deploys contracts as the runner laid them out: packaged, or with a planted defect.
abstract contract Deployed {
    function _deploy(string memory name, bytes memory arguments) internal returns (address made) {
        string memory folder = VM.envOr("CONTRACTS", ".build/symbolic/packaged");
        bytes memory code = bytes.concat(VM.getCode(string.concat(folder, "/", name, ".json")), arguments);
        assembly ("memory-safe") {
            made := create(0, add(code, 32), mload(code))
        }
        require(made != address(0), "a contract could not be deployed");
    }
}
