// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @dev The EIP-712 digest of a line's Terms. Zero means "none".
type LineId is bytes32;

/// @dev The hash of a set of trade conditions' encoding, the same on every chain.
type ConditionsId is bytes32;

/// @notice Life of an order line.
/// @dev Time alone can end Delivered, Retained and Disputed; Closed and Revoked are final.
enum Status {
    None,
    Open,
    Delivered,
    Rejected,
    Retained,
    Disputed,
    Closed,
    Revoked
}

/// @notice How the money of a line was concluded.
enum Ending {
    Accepted, // by the buyer or its inspector
    DeemedAccepted, // by silence until the inspection's end
    Cancelled, // by the buyer, in good time
    Resigned, // by the supplier
    Terminated, // by the buyer, after the long stop
    RetentionPaid, // after the retention period
    Ruled, // by the arbiter
    Defaulted, // because no ruling came
    Settled, // by both
    Amended // by both: a new line takes this one's place
}

/// @notice One line of a purchase order: one deliverable, one price, one due date. Signed as EIP-712 typed data.
/// @dev Static: 17 words, which the contracts hash as they lie in calldata.
struct Terms {
    address buyer;
    address supplier; // different from the buyer, and both from the arbiter
    address inspector; // accepts and rejects for the buyer; zero: the buyer inspects
    address arbiter; // rules on a dispute; zero: time to settle, then the default split
    address broker; // commission agent; zero: none
    address token; // ERC-20; zero: the chain's own coin
    uint128 amount; // base units: the price of the line, at least 1, held from opening
    uint40 openBy; // Unix seconds, exclusive
    uint40 dueBy; // Unix seconds, inclusive: exactly then is in time
    uint16 assets; // how many registry assets are handed over, at most 64
    bytes32 deliverables; // keccak256(abi.encode(uint256[] ids, uint128[] quantities)); zero: any of that number
    bytes32 documents; // commitment to the contract package: conditions text, specification, inspection plan, Incoterm
    bytes32 orderRef; // keccak256(salt, purchase order number)
    address opener; // the one contract that may open and amend the line; zero: anyone with both consents
    bytes32 subject; // what the opener binds there
    ConditionsId conditions; // published trade conditions
    uint256 salt;
}

/// @notice What the chain keeps of one order line.
struct Line {
    // slot 0: 1 + 1 + 1 + 5 + 2 + 5 + 16 = 31 bytes, tested against the compiler's storage layout
    Status status;
    uint8 flags; // FLAG_* bits
    uint8 rejections;
    uint40 since; // Unix seconds: opening; arrival (transit may put it ahead); rejection; acceptance; dispute; closing
    uint16 lateIntervals; // commenced intervals of delay, fixed at delivery; saturates
    uint40 extra; // seconds added to dueBy; while Delivered, with the transit that a rejection would give back
    uint128 held; // base units of the token
}

uint8 constant FLAG_GOODS_TO_BUYER = 1 << 0; // goods not yet handed over are the buyer's
uint8 constant FLAG_ASSIGNED = 1 << 1; // what is due to the supplier goes to a payee
uint8 constant FLAG_AMENDED = 1 << 2; // the line replaces another: no advance, no resignation without penalty
uint8 constant FLAG_BUYER_DISPUTES = 1 << 3; // the buyer deposited the arbiter's fee
uint8 constant FLAG_SUPPLIER_DISPUTES = 1 << 4; // the supplier deposited it
uint8 constant FLAGS_PAYEE_DISPUTES = FLAG_BUYER_DISPUTES | FLAG_SUPPLIER_DISPUTES; // both: the payee deposited it
uint8 constant FLAG_RETENTION_DISPUTED = 1 << 5; // the dispute began in Retained: the goods had been accepted

/// @notice To whom what is due to a supplier was assigned.
struct Receivable {
    address payee;
    uint40 deadline; // of the payee's consent: a later one needs a later deadline, so that none serves twice
}

uint16 constant MAX_ASSETS = 64;

/// @notice One side's consent to a call.
/// @dev `signer` zero: the caller consents, as the principal or as its operator. Otherwise `signature` is the signer's: for one
/// line without a proof over its id, else over a Schedule whose root the proof leads to.
struct Consent {
    address signer;
    bytes32[] proof;
    bytes signature;
}

/// @notice The consents of all who have to agree.
struct Consents {
    Consent buyer;
    Consent supplier;
    Consent payee; // ignored if the line is not assigned
}

/// @notice A payer's allowance for the escrow, signed by it as ERC-2612 prescribes.
struct Permit {
    uint256 value; // base units of the token
    uint256 deadline; // Unix seconds, inclusive
    uint8 v;
    bytes32 r;
    bytes32 s;
}

/// @notice Several lines under one signature (EIP-712), each of which can be opened by itself.
/// @dev The tree is OpenZeppelin's standard tree of `["bytes32"]` over the line ids.
struct Schedule {
    bytes32 root;
}

/// @notice What the supplier says about a handover.
struct Delivery {
    bytes32 evidence; // commitment to the records of the delivery
    bytes32 invoice; // commitment to the invoice
    string uri; // where both are found
    uint256[] assets; // registry ids that go into custody
}

/// @notice The end of a line as somebody decides it.
struct Outcome {
    uint128 toSupplier; // base units; the supplier side gets at most what is held, the buyer the rest
    uint128 bondToBuyer; // base units, at most the bond
    bool goodsToBuyer;
}

/// @notice Both parties end a line (EIP-712).
struct Settlement {
    LineId id;
    Outcome outcome;
    uint40 deadline; // Unix seconds, exclusive
}

/// @notice Both parties replace a line: an engineering change order (EIP-712).
struct Amendment {
    LineId oldId;
    LineId newId;
    Outcome outcome; // of the old line: work in progress is the supplier's share
    uint40 deadline; // Unix seconds, exclusive
}

/// @notice A payee accepts the receivable of a line (EIP-712).
struct Assignment {
    LineId id;
    address payee;
    uint40 deadline; // Unix seconds, exclusive
}
