// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IAssetRegistry} from "../assets/IAssetRegistry.sol";
import {IDirectory} from "../directory/IDirectory.sol";
import {IEip712} from "../directory/IEip712.sol";
import {Conditions} from "./Conditions.sol";
import {
    ConditionsId,
    Consent,
    Consents,
    Delivery,
    Ending,
    Line,
    LineId,
    Outcome,
    Permit,
    Status,
    Terms
} from "./SupplierEscrowTypes.sol";

/// @title SupplierEscrow: the buyer's money waits here until the goods are accepted.
/// @notice An agreement is one order line: one deliverable, one price, one due date, fully funded when it opens. The chain
/// keeps one word a line; every call brings the line's Terms again, and their hash, the line's id, proves them.
///
/// ROLES. The buyer and the supplier move the line's money, themselves or through operators whose role in the Directory covers the
/// action (named at each function). The inspector, if there is one, accepts and rejects. Anyone may end what time alone
/// has ended. There is no owner, no pause and no upgrade. Nobody can pay anyone but the line's parties, its broker and
/// its arbiter.
///
/// TOKENS. Any ERC-20 whose transfers move exactly what they say, also those that return nothing; a transfer in that
/// moves another amount reverts. `address(0)` is the chain's own coin. Tokens that change balances by themselves are
/// not supported: lines in such a token share its losses. A payout is given 200,000 gas; one that fails becomes free
/// balance of its receiver, and the call goes on.
///
/// TIME. Unix seconds of the block. "Before T" excludes T and "from T" includes it, so that at every instant exactly one
/// side may act. The long stop is max(dueBy + extra + longStop, in Rejected: since + cure): `deliver` only before it,
/// `terminate` only from it.
///
/// ROUNDING. Bond, late damages and retention round up, everything else down; what is left over is the buyer's when a
/// line is cut, the supplier side's when it is accepted. A payoff adds up to what was held, to the last base unit.
///
/// DISPUTES. Who disputes deposits the arbiter's fee from its free balance. The arbiter earns it by ruling; at every
/// other end of the dispute it goes back. With no arbiter, a dispute is time to settle.
///
/// EXIT. If everybody else vanishes: the buyer terminates from the long stop (Open, Rejected); the supplier, or anyone, closes
/// a delivery from the inspection's end (Delivered), a retention from its end (Retained) and a dispute from the end of the
/// arbitration (Disputed); free balances are withdrawn at any time. No state of a registry asset can stop money: goods that could not be handed over are owed,
/// and collected later.
interface ISupplierEscrow is IEip712 {
    /* EVENTS: LINES */

    /// @notice Trade conditions were published, or published again. The uri binds nobody.
    event ConditionsPublished(ConditionsId indexed id, Conditions conditions, string uri);

    /// @notice A line was opened and funded. `held` is what is left after the advance.
    event LineOpened(
        LineId indexed id, address indexed buyer, address indexed supplier, Terms terms, address payer, uint128 held
    );

    /// @notice A line that was never opened can never be opened any more.
    event LineRevoked(LineId indexed id, address indexed by);

    /// @notice The supplier handed over. `arrivesAt`: the inspection period begins then, unless receipt is confirmed earlier.
    event LineDelivered(
        LineId indexed id,
        address indexed by,
        uint16 lateIntervals,
        uint40 arrivesAt,
        bytes32 evidence,
        bytes32 invoice,
        string uri,
        uint256[] assets
    );

    /// @notice The buyer's side recorded that the goods arrived before the transit time was over.
    event ReceiptConfirmed(LineId indexed id, address indexed by, uint40 arrivedAt);

    /// @notice A delivery was refused. `extraAfter` includes the time since the handover, given back to the supplier.
    event LineRejected(LineId indexed id, address indexed by, bytes32 reason, uint8 rejectionsAfter, uint40 extraAfter);

    /// @notice The line is due later: `extraAfter` seconds after its dueBy.
    event LineExtended(LineId indexed id, address indexed by, uint40 extraAfter);

    /// @notice The buyer released a part of what is held. `amount` includes the broker's part.
    event LinePaid(LineId indexed id, address indexed payee, uint128 amount, uint128 heldAfter);

    /// @notice The supplier side gave back a part of what is held.
    event LineRefunded(LineId indexed id, address indexed by, uint128 amount, uint128 heldAfter);

    /// @notice The money of a line was concluded: Retained if `retained` is above zero, else Closed.
    /// `toSupplierSide` includes the broker's part, and `toBuyer` an advance that the supplier returned. The rest of the bond is the supplier's again once the line is Closed.
    event LineConcluded(
        LineId indexed id,
        Ending indexed ending,
        address indexed by,
        uint128 toSupplierSide,
        uint128 toBuyer,
        uint128 retained,
        uint128 bondToBuyer,
        bool goodsToBuyer
    );

    /// @notice Goods left custody. Bit i of `owedAfter` is set while asset i of the delivery is still owed.
    event GoodsHandedOver(LineId indexed id, address indexed to, uint256[] assets, uint64 owedAfter);

    /// @notice What is due to the supplier of a line is now due to `payee`.
    event LineAssigned(LineId indexed id, address indexed assignor, address indexed payee);

    /// @notice A line took another one's place. The old one's `LineConcluded` and the new one's `LineOpened` come before; the buyer's
    /// share of the old one went into the new one first.
    event LineAmended(LineId indexed oldId, LineId indexed newId);

    /// @notice A line is in dispute: `disputant`, the buyer, the supplier or the payee, deposited the arbiter's fee. Evidence follows.
    event LineDisputed(LineId indexed id, address indexed by, address indexed disputant);

    /// @notice Somebody submitted evidence: the commitment to it. `Evidence` follows and says where it is found.
    event EvidenceSubmitted(LineId indexed id, address indexed by, bytes32 hash);

    /// @notice ERC-1497: where evidence is found. The evidence group is the line's id, the arbitrator its arbiter.
    event Evidence(address indexed arbitrator, uint256 indexed evidenceGroupID, address indexed party, string evidence);

    /* EVENTS: FREE BALANCES */

    /// @notice A free balance changed: deposit, withdrawal, bond, native funding, or a payout that failed.
    event FreeBalanceChanged(address indexed owner, address indexed token, uint256 balanceAfter);

    /* ERRORS: WHO */

    /// @notice Thrown when the caller is neither the buyer nor an operator of the buyer with the role.
    error SupplierEscrow_NotBuyer(LineId id, address caller);
    /// @notice Thrown when the caller is neither the supplier (for its money: the payee, once assigned) nor an operator of it with the role.
    error SupplierEscrow_NotSupplier(LineId id, address caller);
    /// @notice Thrown when the caller inspects for nobody on this line.
    error SupplierEscrow_NotInspector(LineId id, address caller);
    /// @notice Thrown when the caller is not the line's arbiter.
    error SupplierEscrow_NotArbiter(LineId id, address caller);
    /// @notice Thrown when the line was assigned: the supplier alone can't give it up any more. Settle instead.
    error SupplierEscrow_Assigned(LineId id);
    /// @notice Thrown when the caller acts for no party of the line that may do this now.
    error SupplierEscrow_NotParty(LineId id, address caller);
    /// @notice Thrown when the caller may not collect this line's goods now.
    error SupplierEscrow_NotEntitled(LineId id, address caller, address entitled);
    /// @notice Thrown when the caller may not use the owner's free balance or allowance.
    error SupplierEscrow_NotOwner(address owner, address caller);
    /// @notice Thrown when the line may only be opened by its opener.
    error SupplierEscrow_NotOpener(LineId id, address caller, address opener);
    /// @notice Thrown when the caller may not spend the payer's money.
    error SupplierEscrow_NotPayer(LineId id, address caller, address payer);
    /// @notice Thrown when who consents is neither the principal nor its operator with the role.
    error SupplierEscrow_NoConsent(address principal, address actor);
    /// @notice Thrown when a consent's signature is not its signer's over this line or schedule.
    error SupplierEscrow_BadSignature(address principal, address signer, bytes32 digest);
    /// @notice Thrown when one address acts for both parties, or one party for the other.
    error SupplierEscrow_ActsForBoth(LineId id, address forBuyer, address forSupplier);

    /* ERRORS: WHAT WAS AGREED */

    /// @notice Thrown when a condition is outside its range. `field` is its number in `Rates` and `Periods`.
    error SupplierEscrow_ConditionOutOfRange(uint256 field, uint256 value, uint256 least, uint256 most);
    /// @notice Thrown when the conditions were not published on this chain.
    error SupplierEscrow_UnknownConditions(ConditionsId id);
    /// @notice Thrown when two parties that must differ are one, or one is this contract.
    error SupplierEscrow_BadParty(LineId id, address party);
    /// @notice Thrown when a field of the terms is wider than its type.
    error SupplierEscrow_FieldTooWide(LineId id);
    /// @notice Thrown when the price is zero.
    error SupplierEscrow_NoAmount(LineId id);
    /// @notice Thrown when the line would be due before it must be opened.
    error SupplierEscrow_DueBeforeOpening(LineId id, uint40 dueBy, uint40 openBy);
    /// @notice Thrown when more assets are agreed than a line can hand over.
    error SupplierEscrow_TooManyAssets(LineId id, uint16 assets, uint16 limit);
    /// @notice Thrown when deliverables are named but no assets are to be handed over.
    error SupplierEscrow_DeliverablesWithoutAssets(LineId id, bytes32 deliverables);
    /// @notice Thrown when the conditions have an arbiter's fee but the line has no arbiter.
    error SupplierEscrow_FeeWithoutArbiter(LineId id, uint256 arbiterFeeBps);
    /// @notice Thrown when a batch is empty.
    error SupplierEscrow_EmptyBatch();
    /// @notice Thrown when a batch mixes lines that can't be handled in one go.
    error SupplierEscrow_MixedBatch(LineId id);
    /// @notice Thrown when the lists of a batch differ in length.
    error SupplierEscrow_LengthMismatch(uint256 lines, uint256 lists);

    /* ERRORS: WHEN */

    /// @notice Thrown when the line's status does not allow the action.
    error SupplierEscrow_WrongStatus(LineId id, Status status);
    /// @notice Thrown when it is too early: possible from `from`.
    error SupplierEscrow_TooEarly(LineId id, uint256 nowAt, uint256 from);
    /// @notice Thrown when it is too late: it was possible before `before`.
    error SupplierEscrow_TooLate(LineId id, uint256 nowAt, uint256 before);
    /// @notice Thrown when all agreed rejections are used up: accept, or dispute.
    error SupplierEscrow_RejectionsUsedUp(LineId id, uint8 rejections);
    /// @notice Thrown when the goods have arrived already.
    error SupplierEscrow_AlreadyArrived(LineId id, uint40 arrivedAt);
    /// @notice Thrown when an extension is no longer than the present one, or longer than allowed.
    error SupplierEscrow_ExtensionOutOfRange(LineId id, uint40 extraAfter, uint40 extra, uint40 limit);

    /* ERRORS: MONEY AND GOODS */

    /// @notice Thrown when the amount to be held afterwards is not below what is held.
    error SupplierEscrow_HeldNotBelow(LineId id, uint128 heldAfter, uint128 held);
    /// @notice Thrown when coins are sent that the call does not take.
    error SupplierEscrow_WrongValue(uint256 value, uint256 limit);
    /// @notice Thrown when a token moved another amount than asked for.
    error SupplierEscrow_InexactTransfer(address token, uint256 received, uint256 expected);
    /// @notice Thrown when a free balance is too small.
    error SupplierEscrow_InsufficientBalance(address owner, address token, uint256 balance, uint256 needed);
    /// @notice Thrown when a withdrawal could not be paid out.
    error SupplierEscrow_PayoutFailed(address token, address to, uint256 amount);
    /// @notice Thrown when the call has too little gas left to give a payout its share.
    error SupplierEscrow_TooLittleGas(uint256 gasLeft, uint256 needed);
    /// @notice Thrown when the list has not as many assets as must be delivered now.
    error SupplierEscrow_WrongAssetCount(LineId id, uint256 given, uint256 expected);
    /// @notice Thrown when the assets are not the agreed ones, or not those in custody (`expected` zero: none are).
    error SupplierEscrow_WrongAssets(LineId id, bytes32 given, bytes32 expected);
    /// @notice Thrown when goods can't be handed over now. Bit i of `owed`: asset i of the delivery.
    error SupplierEscrow_GoodsStuck(LineId id, uint64 owed);

    /* CONDITIONS */

    /// @notice Publishes trade conditions, which then never change. Anyone may call; repeating only emits again.
    /// @return id keccak256(abi.encode(conditions)), the same on every chain.
    function publishConditions(Conditions calldata conditions, string calldata uri) external returns (ConditionsId id);

    /* OPENING */

    /// @notice Opens a line: takes the price in, locks the supplier's bond, pays the advance out.
    /// @dev Both parties consent, each as the caller, by an operator (OPEN) or by signature; if the line has an opener, only
    /// it may call, and it may act for both if it is operator (OPEN) of both. Chain's own coin: from the value sent, the rest from
    /// the payer's free balance. ERC-20: from the payer's allowance.
    /// @param payer the caller, or who has it as operator (OPEN).
    function open(Terms calldata terms, Consent calldata buyer, Consent calldata supplier, address payer)
        external
        payable
        returns (LineId id);

    /// @notice Opens a line as `open` does, with the payer's allowance signed instead of sent. ERC-20 with ERC-2612 only.
    /// @dev A permit that fails, because somebody submitted it before, is no obstacle if the allowance is there.
    function openWithPermit(
        Terms calldata terms,
        Consent calldata buyer,
        Consent calldata supplier,
        address payer,
        Permit calldata permit
    ) external returns (LineId id);

    /// @notice Opens several lines of one buyer, supplier, token, broker and opener with one transfer.
    /// @dev Signed together: the lines in the order of their leaves, and the proof from their root to the schedule's. Chain's own coin: from the payer's free balance.
    function openMany(Terms[] calldata terms, Consent calldata buyer, Consent calldata supplier, address payer)
        external
        returns (LineId[] memory ids);

    /// @notice Makes sure that terms which are not open yet never will be. Either party (OPEN).
    function revoke(Terms calldata terms) external;

    /* DELIVERY */

    /// @notice Records the handover and takes the goods into custody. Supplier (QUALITY, with assets also ASSETS); Open or
    /// Rejected, from dueBy - deliveryWindow, before the long stop.
    /// @dev Assets: owned by the supplier, approved to this contract, no live user: a supplier who agrees to named deliverables
    /// must see to that. After a rejection: the full list if the supplier collected the goods, otherwise an empty one.
    function deliver(Terms calldata terms, Delivery calldata delivery) external;

    /// @notice Records that the goods arrived; the inspection period begins now. No acceptance. Buyer or inspector (QUALITY);
    /// Delivered, before the transit time is over.
    function confirmReceipt(Terms calldata terms) external;

    /* INSPECTION */

    /// @notice Accepts the delivery: pays it, less late damages and retention. Delivered: buyer or inspector (QUALITY). Open without
    /// assets, Rejected and Disputed while the goods are here: the buyer alone (FINANCE). A disputed retention is paid whole.
    /// @param assets the goods in custody, all of them in the order of delivery: they name the delivery that is accepted. What its
    /// registry holds back is collected later.
    function accept(Terms calldata terms, uint256[] calldata assets) external;

    /// @notice Accepts several lines of one buyer, supplier, payee, token, broker and opener, with one payout to each receiver.
    function acceptMany(Terms[] calldata terms, uint256[][] calldata assets) external;

    /// @notice Closes a delivery that nobody inspected in time. Anyone, from arrival + inspection.
    /// @param assets the goods in custody, or none, to be collected later.
    function deemAccept(Terms calldata terms, uint256[] calldata assets) external;

    /// @notice Closes several deliveries of one buyer, supplier, payee, token, broker and opener. Anyone, as `deemAccept`.
    function deemAcceptMany(Terms[] calldata terms, uint256[][] calldata assets) external;

    /// @notice Refuses the delivery; the supplier may deliver again. The inspector if there is one, else the buyer (QUALITY); before arrival +
    /// inspection, up to maxRejections. The time since the handover is given back to the supplier; goods stay in custody.
    function reject(Terms calldata terms, bytes32 reason) external;

    /* DISPUTES */

    /// @notice Asks the arbiter, and deposits its fee from the disputant's free balance. The buyer (QUALITY) before a delivery counts
    /// as accepted, or before the retention ends; the supplier or the payee (QUALITY) in Rejected, before the cure period ends.
    /// @param hash commitment to the evidence, which is found at `uri`.
    function dispute(Terms calldata terms, bytes32 hash, string calldata uri) external;

    /// @notice Submits evidence. Buyer, supplier or payee (QUALITY), or the arbiter; Disputed.
    function evidence(Terms calldata terms, bytes32 hash, string calldata uri) external;

    /// @notice Decides the dispute, and pays the arbiter. The arbiter itself; Disputed, before dispute + arbitration.
    /// @param outcome cut to what the line holds and the bond is, so that a late `pay` can't stop a ruling; accepted goods stay the
    /// buyer's.
    function rule(Terms calldata terms, Outcome calldata outcome) external;

    /// @notice Ends a dispute in which no ruling came, by the agreed split. Anyone; Disputed, from dispute + arbitration.
    function applyDefault(Terms calldata terms) external;

    /* AGREEMENTS */

    /// @notice Ends a line as its parties agree. Open, Delivered, Rejected, Retained, Disputed; before the deadline.
    /// @dev A settlement closes the line, so that no signature serves twice.
    /// @param consents of the buyer, the supplier and, once assigned, the payee: each as the caller, by an operator (CHANGE) or by
    /// its signature over Settlement(id, outcome, deadline), a proof beside it is ignored. Nobody consents for buyer and supplier.
    function settle(Terms calldata terms, Outcome calldata outcome, uint40 deadline, Consents calldata consents)
        external;

    /// @notice Replaces a line, as an engineering change order does: ends the old one, and opens the new one with the buyer's share
    /// of what was held and of the bond.
    /// Open, or Rejected without goods in custody; before the deadline.
    /// @dev Buyer, supplier, broker, token, opener and payee stay. The new amount is the price still open: it pays no advance, and
    /// the supplier can't resign from it without penalty. Chain's own coin: from the value sent, the rest from the payer's free balance.
    /// @param outcome of the old line: work in progress is the supplier's share.
    /// @param consents as for `settle`, over Amendment(oldId, newId, outcome, deadline). The supplier's operator also needs OPEN if
    /// the new bond and what the buyer gets of the old one are more than the old one. The opener consents for the buyer as its operator (OPEN).
    /// @param payer of what the new line costs beyond the buyer's share: the caller, or who has it as operator (OPEN).
    function amend(
        Terms calldata oldTerms,
        Terms calldata newTerms,
        Outcome calldata outcome,
        uint40 deadline,
        Consents calldata consents,
        address payer
    ) external payable;

    /// @notice Assigns what is due to the supplier to a payee, who then gets every payment and alone refunds, may dispute a rejection
    /// beside the supplier, and must agree to settlements and change orders. A supplier's deposit goes with it. The supplier
    /// itself, once assigned the payee itself; Open, Delivered, Rejected, Retained, Disputed; before the deadline.
    /// @param payee neither buyer nor inspector nor arbiter.
    /// @param deadline later than that of the assignment before, so that no signature serves twice.
    /// @param consent of the payee, by its operator (CHANGE) or by signature over Assignment(id, payee, deadline).
    function assign(Terms calldata terms, address payee, uint40 deadline, Consent calldata consent) external;

    /* MONEY ON THE WAY */

    /// @notice Releases a part of what is held to the supplier side, for good: no ending brings it back. Buyer (FINANCE); Open, Delivered,
    /// Rejected, Retained.
    /// @param heldAfter base units: below what is held. Named, so that a repeat reverts.
    function pay(Terms calldata terms, uint128 heldAfter) external;

    /// @notice Gives a part of what is held back to the buyer. Supplier, of an assigned line the payee (FINANCE); states as `pay`.
    function refund(Terms calldata terms, uint128 heldAfter) external;

    /* CHANGE AND BREACH */

    /// @notice Makes the line due later. Buyer (CHANGE); Open, Rejected.
    /// @param extraAfter seconds after dueBy: more than now, at most 366 days.
    function extend(Terms calldata terms, uint40 extraAfter) external;

    /// @notice Cancels in good time. Buyer (CHANGE); Open, before dueBy - cancelNotice.
    function cancel(Terms calldata terms) external;

    /// @notice Declines to perform: what is held goes to the buyer, and the bond; in the resign period only the advance, from the
    /// supplier's free balance. Supplier (CHANGE); Open, Rejected; not once assigned.
    function resign(Terms calldata terms) external;

    /// @notice Ends a line that was not performed: held and bond to the buyer. Buyer (CHANGE); Open, Rejected, from the long stop.
    function terminate(Terms calldata terms) external;

    /* AFTER ACCEPTANCE */

    /// @notice Pays the retention. Anyone; Retained, from acceptance + retention.
    function payRetention(Terms calldata terms) external;

    /// @notice Hands goods in custody to whom they belong. The entitled party (ASSETS): Closed, Retained: buyer or supplier as the ending
    /// says; Rejected: the supplier, and all of them.
    /// @param assets the whole list of the delivery.
    function collect(Terms calldata terms, uint256[] calldata assets) external;

    /* FREE BALANCES */

    /// @notice Adds to an owner's free balance: coins sent along, by anyone; ERC-20 from the owner's allowance, by the
    /// owner (FINANCE).
    function deposit(address owner, address token, uint256 amount) external payable;

    /// @notice Pays free balance out to its owner. The owner (FINANCE).
    function withdraw(address owner, address token, uint256 amount) external;

    /* VIEWS */

    /// @notice Who acts for whom.
    function directory() external view returns (IDirectory);

    /// @notice Where the goods are registered.
    function registry() external view returns (IAssetRegistry);

    /// @notice The id of terms: their EIP-712 digest, with the chain id of deployment.
    function lineId(Terms calldata terms) external view returns (LineId);

    /// @notice What is kept of a line; all zero if it was never opened.
    function lineOf(LineId id) external view returns (Line memory);

    /// @notice Published conditions; all zero if they are unknown.
    function conditionsOf(ConditionsId id) external view returns (Conditions memory);

    /// @notice To whom a line was assigned; zero if it was not.
    function payeeOf(LineId id) external view returns (address);

    /// @notice Goods in custody: the first 192 bits of keccak256(abi.encode(uint256[] assets)), and which of them are still owed.
    function custodyOf(LineId id) external view returns (bytes24 assetsHash, uint64 owed);

    /// @notice What an owner may withdraw, in base units.
    function freeBalanceOf(address owner, address token) external view returns (uint256);
}
