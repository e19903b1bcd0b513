// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Offer} from "./CapacityMarketTypes.sol";

/// @notice An Offer as 26 words: copied and hashed in one piece, because its signer consented to the hash.
library OfferWords {
    bytes32 internal constant TYPEHASH = keccak256(
        "Offer(address supplier,uint256 machine,bytes32 process,address token,uint128 hourly,uint128 setup,"
        "uint128 lastMinuteHourly,uint32 decayHours,uint32 fromHour,uint32 untilHour,uint16 minHours,uint16 maxSpan,"
        "uint32 totalHours,uint16 setupHours,uint16 noticeHours,uint32 deliveryHours,uint16 maxAssets,address buyer,"
        "address inspector,address arbiter,address broker,uint40 validUntil,uint256 nonce,uint64 epoch,bytes32 documents,"
        "bytes32 conditions)"
    );

    /// @dev Copies without a look at the fields: one that is wider than its type gives another id, which its signer
    /// would have to have signed. Returns an array of one, because the compiler would fill a returned struct with zeros first.
    function load(Offer calldata offer) internal pure returns (Offer[] memory one) {
        // Offer is static, so calldata and memory hold it alike. Allocated: length, pointer, a word for the type hash, offer.
        assembly ("memory-safe") {
            one := mload(0x40)
            let loaded := add(one, 96)
            mstore(one, 1)
            mstore(add(one, 32), loaded)
            calldatacopy(loaded, offer, 832)
            mstore(0x40, add(loaded, 832))
        }
    }

    /// @dev EIP-712 struct hash of an offer that `load` returned.
    function structHash(Offer memory loaded) internal pure returns (bytes32 hash) {
        bytes32 typehash = TYPEHASH;
        // Writes the word that `load` reserved.
        assembly ("memory-safe") {
            mstore(sub(loaded, 32), typehash)
            hash := keccak256(sub(loaded, 32), 864)
        }
    }
}
