// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ISupplierEscrow} from "../escrow/ISupplierEscrow.sol";
import {LineId, Status, Terms} from "../escrow/SupplierEscrowTypes.sol";
import {IArbitrable, IArbitrator} from "./IERC792.sol";

/// @dev What the court may answer, beside "refused to arbitrate".
uint256 constant RULING_REFUSED = 0;
uint256 constant RULING_SUPPLIER = 1;
uint256 constant RULING_BUYER = 2;
uint256 constant RULINGS = 2;

/// @title ArbiterERC792: a court of ERC-792, such as Kleros, as the arbiter of order lines.
/// @notice One contract for each court, subcourt and number of jurors; lines name it as their arbiter. Somebody pays the
/// court to hear a disputed line, the court rules, and anyone has the ruling carried out.
///
/// RULINGS. Each ends the line like an ending that the parties agreed to.
/// 0 refused to arbitrate, or a number that is no choice: as if nobody had ruled. The agreed split of what is held; the bond stays the supplier's;
/// the goods go where the default sends them.
/// 1 for the supplier, because the goods are as agreed: as if accepted. What is held goes to the supplier side less the agreed late damages, which
/// no ruling about the goods forgives; no retention stays, because a ruling closes the line. The bond is the supplier's and the goods are the buyer's.
/// 2 for the buyer, because they are not: what is held goes to the buyer, and the goods back to the supplier unless they had been accepted.
/// The bond follows only where no cure was left: the supplier disputed the rejection instead of curing it, or no rejection was left
/// to the buyer. Otherwise a supplier would dispute every rejection to save its bond, and a buyer would dispute first deliveries to get it.
/// A disputed retention secures itself, and leaves the bond alone.
///
/// ROLES. Anyone may ask, appeal, submit evidence, execute and withdraw for an owner. The court alone rules. No owner, no pause.
///
/// FEES. The court is paid in the chain's coin, exactly what it asks for; more goes back to the caller. Whoever paid the court for a line gets the
/// arbiter's fee of that line, all of it and in the line's token, when the ruling is executed. Nothing comes back if the line ends
/// otherwise, and appeals are the appellant's own expense.
///
/// TIME. The escrow takes a ruling before dispute + arbitration, and appeals do not stop that clock: agree on more than the court
/// may take with all appeals. A later ruling is recorded and can't be executed.
///
/// EVIDENCE. Goes to the escrow, where its hash is kept, or here, where a court's pages look for it; under the line's id at both.
///
/// EXIT. The escrow calls nothing here but to pay, so that a court that is silent, broken or hostile stops no other ending of a line.
/// What it can do is to rule wrongly on the lines that name it.
interface IArbiterERC792 is IArbitrable {
    /* EVENTS */

    /// @notice ERC-1497: where it is written what the court is asked, in general and for each ruling.
    event MetaEvidence(uint256 indexed metaEvidenceID, string evidence);

    /// @notice ERC-1497: a dispute began. Its evidence group is the line's id.
    event Dispute(
        IArbitrator indexed arbitrator, uint256 indexed disputeID, uint256 metaEvidenceID, uint256 evidenceGroupID
    );

    /// @notice ERC-1497: where evidence is found. Anybody's: `party` says whose.
    event Evidence(
        IArbitrator indexed arbitrator, uint256 indexed evidenceGroupID, address indexed party, string evidence
    );

    /// @notice `by` paid the court this many wei to hear a line.
    event CourtAsked(LineId indexed id, uint256 indexed disputeId, address indexed by, uint256 cost);

    /// @notice `by` paid the court this many wei to judge again.
    event RulingAppealed(uint256 indexed disputeId, address indexed by, uint256 cost);

    /// @notice A ruling ended its line.
    event RulingExecuted(LineId indexed id, uint256 indexed disputeId, uint256 ruling);

    /// @notice What is owed to somebody changed: an arbiter's fee, coin that could not be returned, or a withdrawal.
    event OwedChanged(address indexed owner, address indexed token, uint256 owedAfter);

    /* ERRORS */

    /// @notice Thrown when the line has another arbiter.
    error ArbiterERC792_NotArbiter(LineId id, address arbiter);
    /// @notice Thrown when the line is not in dispute.
    error ArbiterERC792_NotDisputed(LineId id, Status status);
    /// @notice Thrown when the court was asked about this dispute before.
    error ArbiterERC792_AlreadyAsked(LineId id, uint256 disputeId);
    /// @notice Thrown when the time for a ruling is over: it was possible before `before`.
    error ArbiterERC792_TooLate(LineId id, uint256 nowAt, uint256 before);
    /// @notice Thrown when the court gave a number that it had given before.
    error ArbiterERC792_DisputeExists(LineId id, uint256 disputeId);
    /// @notice Thrown when less coin is sent than the court asks for.
    error ArbiterERC792_TooLittleCoin(uint256 value, uint256 cost);
    /// @notice Thrown when the court was not asked about this dispute of the line.
    error ArbiterERC792_NotAsked(LineId id);
    /// @notice Thrown when the court has not ruled yet.
    error ArbiterERC792_NotRuled(LineId id, uint256 disputeId);
    /// @notice Thrown when somebody other than the court rules.
    error ArbiterERC792_NotArbitrator(address caller, IArbitrator arbitrator);
    /// @notice Thrown when the dispute was not begun here.
    error ArbiterERC792_UnknownDispute(uint256 disputeId);
    /// @notice Thrown when the court has ruled already.
    error ArbiterERC792_AlreadyRuled(uint256 disputeId, uint256 ruling);
    /// @notice Thrown when nothing is owed to the owner.
    error ArbiterERC792_NothingOwed(address owner, address token);
    /// @notice Thrown when an owner refuses its coin.
    error ArbiterERC792_PayoutFailed(address owner, uint256 amount);
    /// @notice Thrown when somebody other than the escrow sends coin that nobody asked for.
    error ArbiterERC792_UnexpectedCoin(address sender, uint256 value);

    /* ASKING */

    /// @notice Pays the court to hear a disputed line, once for each dispute. Anyone; before dispute + arbitration.
    /// @dev Send at least `cost`. What is left over goes back, or is owed to a caller that refuses it.
    /// @return disputeId the court's number.
    function ask(Terms calldata terms) external payable returns (uint256 disputeId);

    /// @notice Pays the court to judge again. Anyone, while the court takes appeals, which is the court's to say.
    /// @dev Send at least `appealCost`; the rest as `ask`. Courts take appeals only from here, and rule only once there can be none.
    function appeal(uint256 disputeId) external payable;

    /// @notice Shows evidence to the court. Anyone; nothing but the event is kept.
    /// @param evidenceGroupId the line's id.
    /// @param evidence where it is found.
    function submitEvidence(uint256 evidenceGroupId, string calldata evidence) external;

    /* RULING */

    /// @notice Ends a line as the court ruled, and credits the arbiter's fee to who paid the court. Anyone; once the court has ruled,
    /// while the escrow takes a ruling.
    /// @dev The court's own call carries no terms and only records, so that it succeeds whatever became of the line.
    /// Raises the escrow's error if the line has ended, or the time is over.
    function execute(Terms calldata terms) external;

    /// @notice Pays all that is owed to an owner in a token (zero: coin), to that owner. Anyone.
    function withdraw(address owner, address token) external;

    /* VIEWS */

    /// @notice Where the lines are.
    function escrow() external view returns (ISupplierEscrow);

    /// @notice The court.
    function arbitrator() external view returns (IArbitrator);

    /// @notice What the court is told of every dispute.
    function extraData() external view returns (bytes memory);

    /// @notice Wei that it costs to ask now.
    function cost() external view returns (uint256);

    /// @notice Wei that it costs to appeal now.
    function appealCost(uint256 disputeId) external view returns (uint256);

    /// @notice What was asked about a line, and answered. A line has at most two disputes: over its delivery, and over its retention.
    /// @return disputeId the court's number.
    /// @return payer who paid the court, and gets the arbiter's fee; zero: nobody asked.
    /// @return ruled whether the court has ruled.
    /// @return ruling how, as RULINGS says; what is no such number is recorded as 0.
    function caseOf(LineId id, bool overRetention)
        external
        view
        returns (uint256 disputeId, address payer, bool ruled, uint8 ruling);

    /// @notice What an owner can withdraw, in base units.
    function owedTo(address owner, address token) external view returns (uint256);
}
