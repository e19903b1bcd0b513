// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC5267} from "@openzeppelin/contracts/interfaces/IERC5267.sol";
import {ShortString, ShortStrings} from "@openzeppelin/contracts/utils/ShortStrings.sol";
import {MessageHashUtils} from "@openzeppelin/contracts/utils/cryptography/MessageHashUtils.sol";

import {IEip712} from "./IEip712.sol";

/// @notice The EIP-712 domain that a contract keeps for life: its name, version "1", the chain of deployment, its address.
abstract contract Eip712 is IEip712 {
    using ShortStrings for string;
    using ShortStrings for ShortString;

    string private constant VERSION = "1";
    bytes32 private constant DOMAIN_TYPEHASH =
        keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)");

    uint256 internal immutable HOME_CHAIN_ID;
    bytes32 internal immutable DOMAIN_SEPARATOR;
    ShortString private immutable NAME;

    /// @param name At most 31 bytes.
    constructor(string memory name) {
        HOME_CHAIN_ID = block.chainid;
        NAME = name.toShortString();
        DOMAIN_SEPARATOR = keccak256(
            abi.encode(
                DOMAIN_TYPEHASH, keccak256(bytes(name)), keccak256(bytes(VERSION)), block.chainid, address(this)
            )
        );
    }

    /// @inheritdoc IERC5267
    function eip712Domain()
        external
        view
        returns (
            bytes1 fields,
            string memory name,
            string memory version,
            uint256 chainId,
            address verifyingContract,
            bytes32 salt,
            uint256[] memory extensions
        )
    {
        // 0x0f: name, version, chainId and verifyingContract are used; salt and extensions are not.
        return (hex"0f", NAME.toString(), VERSION, HOME_CHAIN_ID, address(this), salt, extensions);
    }

    /// @dev What is signed for a struct.
    function _digest(bytes32 structHash) internal view returns (bytes32) {
        return MessageHashUtils.toTypedDataHash(DOMAIN_SEPARATOR, structHash);
    }

    /// @dev For calls that take a signature; calls that take none go on after a fork.
    function _requireHomeChain() internal view {
        if (block.chainid != HOME_CHAIN_ID) revert Eip712_ForeignChain(block.chainid, HOME_CHAIN_ID);
    }
}
