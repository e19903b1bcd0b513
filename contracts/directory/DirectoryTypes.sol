// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @dev Roles that a principal lends to an operator, one bit each. Unknown bits are stored, for later contracts.
uint16 constant ROLE_OPEN = 1 << 0; // open, book, award; sign Terms, Offers and Quotations
uint16 constant ROLE_CHANGE = 1 << 1; // cancel, resign, settle, amend, extend; sign them
uint16 constant ROLE_QUALITY = 1 << 2; // deliver, confirm receipt, accept a delivery, reject, dispute
uint16 constant ROLE_FINANCE = 1 << 3; // pay, refund, accept without a delivery, deposit, withdraw
uint16 constant ROLE_RECORD = 1 << 4; // record, anchor
uint16 constant ROLE_ASSETS = 1 << 5; // register, twin, device, assemble, transform, status

/// @notice What a principal has lent to one operator.
struct Operator {
    // slot 0: 2 + 5 + 4 = 11 bytes
    uint16 roles; // ROLE_* bits
    uint40 until; // Unix seconds, exclusive: the roles end at this instant
    uint32 version; // counts every change, so that an old signed grant never comes back
}

/// @notice A grant as the principal signs it (EIP-712).
struct OperatorGrant {
    address principal;
    address operator;
    uint16 roles;
    uint40 until; // Unix seconds, exclusive
    uint32 version; // the version that the grant replaces
    uint256 nonce; // unordered: bit `nonce & 255` of word `nonce >> 8`
    uint40 deadline; // Unix seconds, exclusive
}
