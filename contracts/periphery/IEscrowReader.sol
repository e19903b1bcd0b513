// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Conditions} from "../escrow/Conditions.sol";
import {ISupplierEscrow} from "../escrow/ISupplierEscrow.sol";
import {Payoff} from "../escrow/Payoffs.sol";
import {Ending, Line, LineId, Terms} from "../escrow/SupplierEscrowTypes.sol";

/// @notice What changes an order line, one for each function of the escrow; a batch does the same to each of its lines.
enum Action {
    Revoke,
    Deliver,
    ConfirmReceipt,
    Accept,
    DeemAccept,
    Reject,
    Dispute,
    Evidence,
    Rule,
    ApplyDefault,
    Settle,
    Amend,
    Assign,
    Pay,
    Refund,
    Extend,
    Cancel,
    Resign,
    Terminate,
    PayRetention,
    Collect
}

/// @notice What an action is called with, as far as it counts here.
struct Arguments {
    uint256 figure; // Pay, Refund: heldAfter; Extend: extraAfter; Settle, Amend, Assign: deadline; else ignored
    uint256[] assets; // Deliver, Accept, DeemAccept, Collect; else ignored
}

/// @notice The moments of a line in Unix seconds, each the first second after what it ends; zero: not running.
struct Clocks {
    uint256 longStop; // Open, Rejected: from then on the buyer may terminate
    uint256 declineEnd; // Open: before, the supplier may resign without penalty
    uint256 inspectionEnd; // Delivered
    uint256 cureEnd; // Rejected: before, the supplier may dispute
    uint256 retentionEnd; // Retained
    uint256 arbitrationEnd; // Disputed
}

/// @notice An ending that somebody can bring about now.
struct Possible {
    Ending ending;
    Payoff payoff; // base units
}

/// @notice Everything about a line. Amounts in base units of its token.
struct Overview {
    LineId id;
    Line line;
    Conditions conditions;
    bytes24 assetsHash; // of the goods in custody
    uint64 owed; // a bit for each asset in custody
    address payee; // zero: not assigned
    uint256 bond;
    uint256 advance;
    uint256 arbiterFee;
    Clocks clocks;
    Possible[] possible; // without those that need an outcome
}

/// @title Reads order lines, and foretells what the escrow says to an action
/// @notice Of one escrow; without state, owner or rights. Nothing depends on it.
interface IEscrowReader {
    /// @notice The check ended without a reason: give the call more gas.
    error EscrowReader_NoAnswer();

    /// @notice The escrow that it reads.
    function escrow() external view returns (ISupplierEscrow);

    /// @notice Everything about the line that the terms prove, now. A line that is not open yet has status None.
    function overview(Terms calldata terms) external view returns (Overview memory);

    /// @notice Whether the action would succeed now for the caller, and if not, with which error of the escrow.
    /// @dev State, time, the caller and its roles, the figure and the list of assets decide. Not checked: tokens, free
    /// balances, receivers, what the registry says to a transfer or about deliverables, signatures, consents (so of Settle and
    /// Amend only status and deadline, and not the next line), the payee of an Assign and an earlier deadline, the home
    /// chain, gas.
    /// @return reason The error, ABI-encoded as the escrow reverts with it; empty: nothing that is checked stands in the way.
    function refusal(Action action, Terms calldata terms, address caller, Arguments calldata arguments)
        external
        view
        returns (bytes memory reason);

    /// @notice The same as a call that reverts with the escrow's error.
    function check(Action action, Terms calldata terms, address caller, Arguments calldata arguments) external view;
}
