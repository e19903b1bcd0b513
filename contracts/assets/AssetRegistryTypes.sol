// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @notice What an asset is. Only a lot has a quantity other than one.
enum Kind {
    Equipment,
    Component,
    Product,
    Lot
}

/// @notice Life of an asset.
/// @dev Active and Suspended alternate; Consumed (it went into something else) and Retired are final.
enum Status {
    Active,
    Suspended,
    Consumed,
    Retired
}

/// @dev Flags of an asset, one bit each. Of the first two, what is stored says only that the Genealogy has to be asked.
uint8 constant FLAG_RECALLED = 1 << 0; // its issuer called it back
uint8 constant FLAG_HELD = 1 << 1; // an authority holds it
uint8 constant FLAG_ASSEMBLED = 1 << 2; // it is part of another asset
uint8 constant FLAG_DEVICE = 1 << 3; // a device is bound to it
uint8 constant FLAGS_UNFIT = FLAG_RECALLED | FLAG_HELD | FLAG_ASSEMBLED; // any of these: not for sale

/// @notice Everything about an asset that its one slot holds.
struct Asset {
    address owner;
    Kind kind;
    Status status;
    uint8 flags; // FLAG_* bits
    uint8 height; // levels of assembly below it, at most
    uint32 twinVersion; // zero = no digital twin yet
    uint40 registeredAt; // Unix seconds
}

/// @notice What others need to know before they deal in an asset.
struct Standing {
    address owner;
    address user; // zero = nobody uses it but its owner
    uint64 userUntil; // Unix seconds, exclusive; zero without a user
    Kind kind;
    Status status;
    uint8 flags; // FLAG_* bits
}

/// @notice What an issuer says about an asset when it registers it.
struct Registration {
    string localId; // unique in its namespace: GS1 Digital Link path, IEC 61406 link, serial number
    Kind kind;
    address owner; // the first owner
    uint128 quantity; // of a lot, in whole base units; one for anything else
    bytes3 unit; // of a lot, UN/CEFACT Recommendation 20 (KGM, C62); zero for anything else
    bytes32 twin; // hash of the first digital twin; zero = none yet
    string uri; // where the twin is found
}

/// @notice A production run, committed with one hash. Its id is `uint256(keccak256(abi.encode(batch)))`.
struct Batch {
    bytes32 namespace;
    bytes32 root; // of a Merkle tree over the units' registrations
    uint64 count; // how many units may come out of it
    uint256 origin; // the asset that it was made of, such as a lot; zero = none stated
}

/// @notice A device's consent to speak for an asset, as the device signs it (EIP-712).
struct DeviceBinding {
    uint256 asset;
    address device;
    address owner; // of the asset; the binding ends with its ownership
    uint96 nonce; // how many devices were bound to the asset before
    uint40 deadline; // Unix seconds, exclusive
}

/// @notice Who uses an asset (ERC-4907).
struct Use {
    // slot 0: 20 + 8 = 28 bytes
    address user;
    uint64 until; // Unix seconds, exclusive
}

/// @notice The device bound to an asset.
struct Device {
    // slot 0: 20 + 12 = 32 bytes
    address key; // zero = none
    uint96 bindings; // how many there were; the nonce of the next one
}

/// @notice How much a lot holds.
struct Lot {
    // slot 0: 16 + 3 = 19 bytes
    uint128 quantity; // whole base units
    bytes3 unit; // UN/CEFACT Recommendation 20
}

/// @notice How far a batch has become tokens.
struct Progress {
    // slot 0: 5 + 8 + 1 = 14 bytes
    uint40 committedAt; // Unix seconds; zero = never
    uint64 serialised; // units that have a token of their own
    bool recalled; // the Genealogy knows of notices
}

/// @notice An assigned namespace that waits for its issuer's acceptance.
struct Proposal {
    // slot 0: 20 + 5 = 25 bytes
    address issuer; // zero = no proposal
    uint40 openFrom; // Unix seconds, inclusive: from then it can be accepted
}
