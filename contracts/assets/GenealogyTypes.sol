// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Registration} from "./AssetRegistryTypes.sol";

/// @notice A recall notice: `bytes31(keccak256(abi.encode(namespace, hash)))`.
type NoticeId is bytes31;

/// @notice Why a notice covers an asset or a batch, the strongest first.
enum Reach {
    None,
    Issued, // its issuer named it
    Downward, // it was made of, taken out of or produced from something that is covered
    Upward // a part of it is covered; that says nothing about its other parts
}

/// @notice What goes into a transformation.
struct Input {
    uint256 asset;
    uint128 quantity; // of a lot, in whole base units; one of anything else
}

/// @notice What is lost in a transformation, of one unit.
struct Scrap {
    bytes3 unit; // UN/CEFACT Recommendation 20; zero = pieces
    uint128 quantity; // whole base units
}

/// @notice Assets that are made of others, which are drawn down or consumed.
struct Transformation {
    Input[] inputs; // of one owner
    Scrap[] scrap; // an entry for each unit that goes in, if nothing is lost too
    bytes32 namespace; // of the outputs
    Registration[] outputs; // to the owner of the inputs
}

/// @notice What the owner of a lot lets its user do with it (toll processing).
struct Processing {
    // slot 0: 20 + 5 + 2 = 27 bytes
    address processor; // zero = nobody
    uint40 until; // Unix seconds, exclusive
    uint16 maxScrapBps; // of each unit that goes in
}

/// @notice When a notice was issued and lifted.
struct Notice {
    // slot 0: 5 + 5 = 10 bytes
    uint40 issuedAt; // Unix seconds; zero = never
    uint40 liftedAt; // Unix seconds; zero = in force
}

/// @notice A notice that covers an asset or a batch.
struct Recall {
    NoticeId notice;
    Reach reach;
    bool lifted;
}

/// @notice Authorities' holds on an asset.
struct Hold {
    // slot 0: 5 + 5 + 5 = 15 bytes
    uint40 until; // Unix seconds, exclusive: the asset or a part of it
    uint40 itself; // Unix seconds, exclusive: the asset
    uint40 again; // Unix seconds, inclusive: from then the asset can be held anew
}
