// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {VM} from "./Vm.sol";

/// @notice What every campaign needs: the contracts as they were packaged, people with keys, and chance.
abstract contract Stage {
    string internal constant ARTIFACTS = "src/fabricant/artifacts/";
    string internal constant MOCKS = ".build/mocks/";

    mapping(address signer => uint256) internal keyOf;
    uint256 private entropy;

    /* CONTRACTS */

    function _deploy(string memory folder, string memory name, bytes memory arguments) internal returns (address) {
        return _create(string.concat(folder, name, ".json"), arguments);
    }

    /// @dev The contract that the campaign is about, or the copy with a defect that TESTED names.
    function _deployTested(string memory name, bytes memory arguments) internal returns (address) {
        return _create(VM.envOr("TESTED", string.concat(ARTIFACTS, name, ".json")), arguments);
    }

    function _create(string memory artifact, bytes memory arguments) private returns (address made) {
        bytes memory code = bytes.concat(VM.getCode(artifact), arguments);
        assembly ("memory-safe") {
            made := create(0, add(code, 32), mload(code))
        }
        require(made != address(0), "a contract could not be deployed");
    }

    /* PEOPLE */

    function _keyed(string memory name) internal returns (address person) {
        uint256 key = uint256(keccak256(bytes(name)));
        person = VM.addr(key);
        keyOf[person] = key;
    }

    /// @dev A contract that signs by ERC-1271.
    function _wallet(string memory name) internal returns (address wallet) {
        uint256 key = uint256(keccak256(bytes(name)));
        wallet = _deploy(MOCKS, "MockWallet", abi.encode(VM.addr(key)));
        keyOf[wallet] = key;
    }

    /* CHANCE */

    /// @dev All that a call decides by chance follows from its seed, so that a sequence can be repeated and shrunk.
    modifier seeded(uint256 seed) {
        entropy = seed;
        _;
    }

    function _random(uint256 limit) internal returns (uint256) {
        entropy = uint256(keccak256(abi.encode(entropy)));
        return entropy % limit;
    }

    function _oneIn(uint256 chances) internal returns (bool) {
        return _random(chances) == 0;
    }
}
