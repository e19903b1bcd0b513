// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Offer} from "./CapacityMarketTypes.sol";

/// @notice EIP-712 struct hash of an Offer.
library OfferHash {
    bytes32 internal constant TYPEHASH = keccak256(
        "Offer(address supplier,uint256 machine,bytes32 process,address token,uint128 hourly,uint128 setup,"
        "uint128 lastMinuteHourly,uint32 decayHours,uint32 fromHour,uint32 untilHour,uint16 minHours,uint16 maxHours,"
        "uint32 totalHours,uint16 setupHours,uint16 noticeHours,uint32 deliveryHours,uint16 maxAssets,address buyer,"
        "address inspector,address arbiter,address broker,uint40 validUntil,uint256 nonce,uint64 epoch,bytes32 documents,"
        "bytes32 conditions)"
    );

    function structHash(Offer calldata offer) internal pure returns (bytes32 hash) {
        bytes32 typehash = TYPEHASH;
        // Offer is static, so its 26 words lie in calldata as EIP-712 encodes them; memory past 0x40 is free to use.
        assembly ("memory-safe") {
            let free := mload(0x40)
            mstore(free, typehash)
            calldatacopy(add(free, 32), offer, 832)
            hash := keccak256(free, 864)
        }
    }
}
