// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";

import {Rates} from "../escrow/Conditions.sol";
import {ISupplierEscrow} from "../escrow/ISupplierEscrow.sol";
import {Payoff, Payoffs} from "../escrow/Payoffs.sol";
import {
    FLAG_RETENTION_DISPUTED,
    FLAG_SUPPLIER_DISPUTES,
    Line,
    LineId,
    Outcome,
    Status,
    Terms
} from "../escrow/SupplierEscrowTypes.sol";
import {IArbiterERC792, RULINGS, RULING_BUYER, RULING_REFUSED, RULING_SUPPLIER} from "./IArbiterERC792.sol";
import {IArbitrable, IArbitrator} from "./IERC792.sol";

/// @dev One dispute of a line that was brought to the court.
struct Case {
    uint256 disputeId; // the court's number
    address payer; // paid the court and gets the arbiter's fee; zero: not asked
}

/// @dev What the court said to one of its disputes.
struct Answer {
    bool asked; // the dispute began here
    bool ruled;
    uint8 ruling; // RULING_*
}

contract ArbiterERC792 is IArbiterERC792, ReentrancyGuardTransient {
    using SafeERC20 for IERC20;

    address private constant NATIVE = address(0);
    uint256 private constant META_EVIDENCE = 0;

    /// @inheritdoc IArbiterERC792
    ISupplierEscrow public immutable escrow;
    /// @inheritdoc IArbiterERC792
    IArbitrator public immutable arbitrator;
    /// @inheritdoc IArbiterERC792
    bytes public extraData;

    mapping(LineId => mapping(bool overRetention => Case)) private cases;
    mapping(uint256 disputeId => Answer) private answers;
    /// @inheritdoc IArbiterERC792
    mapping(address owner => mapping(address token => uint256)) public owedTo;

    constructor(ISupplierEscrow escrow_, IArbitrator arbitrator_, bytes memory extraData_, string memory metaEvidence) {
        escrow = escrow_;
        arbitrator = arbitrator_;
        extraData = extraData_;
        emit MetaEvidence(META_EVIDENCE, metaEvidence);
    }

    /// @notice Takes the arbiter's fee of a line in coin.
    receive() external payable {
        if (msg.sender != address(escrow)) revert ArbiterERC792_UnexpectedCoin(msg.sender, msg.value);
    }

    /* ASKING */

    /// @inheritdoc IArbiterERC792
    function ask(Terms calldata terms) external payable nonReentrant returns (uint256 disputeId) {
        (LineId id, Line memory line, Case storage asked) = _find(terms);
        if (terms.arbiter != address(this)) revert ArbiterERC792_NotArbiter(id, terms.arbiter);
        if (line.status != Status.Disputed) revert ArbiterERC792_NotDisputed(id, line.status);
        if (asked.payer != address(0)) revert ArbiterERC792_AlreadyAsked(id, asked.disputeId);
        uint256 end = line.since + _rates(terms).arbitration();
        if (block.timestamp >= end) revert ArbiterERC792_TooLate(id, block.timestamp, end);

        // The number comes from the court; whoever is called now enters nothing but `rule`, where the number is still unknown.
        uint256 price = cost();
        _requireCoin(price);
        disputeId = arbitrator.createDispute{value: price}(RULINGS, extraData);
        if (answers[disputeId].asked) revert ArbiterERC792_DisputeExists(id, disputeId);
        answers[disputeId].asked = true;
        (asked.disputeId, asked.payer) = (disputeId, msg.sender);
        emit CourtAsked(id, disputeId, msg.sender, price);
        emit Dispute(arbitrator, disputeId, META_EVIDENCE, uint256(LineId.unwrap(id)));
        _giveBack(msg.value - price);
    }

    /// @inheritdoc IArbiterERC792
    function appeal(uint256 disputeId) external payable nonReentrant {
        _requirePending(disputeId);
        uint256 price = appealCost(disputeId);
        _requireCoin(price);
        emit RulingAppealed(disputeId, msg.sender, price);
        arbitrator.appeal{value: price}(disputeId, extraData);
        _giveBack(msg.value - price);
    }

    /// @inheritdoc IArbiterERC792
    function submitEvidence(uint256 evidenceGroupId, string calldata evidence) external {
        emit Evidence(arbitrator, evidenceGroupId, msg.sender, evidence);
    }

    /* RULING */

    /// @inheritdoc IArbitrable
    function rule(uint256 disputeId, uint256 ruling) external {
        if (msg.sender != address(arbitrator)) revert ArbiterERC792_NotArbitrator(msg.sender, arbitrator);
        _requirePending(disputeId);
        uint8 recorded = uint8(ruling > RULINGS ? RULING_REFUSED : ruling);
        answers[disputeId] = Answer({asked: true, ruled: true, ruling: recorded});
        emit Ruling(arbitrator, disputeId, ruling);
    }

    /// @inheritdoc IArbiterERC792
    function execute(Terms calldata terms) external nonReentrant {
        (LineId id, Line memory line, Case storage asked) = _find(terms);
        if (asked.payer == address(0)) revert ArbiterERC792_NotAsked(id);
        uint256 disputeId = asked.disputeId;
        Answer memory answer = answers[disputeId];
        if (!answer.ruled) revert ArbiterERC792_NotRuled(id, disputeId);

        // The escrow pays exactly this fee with the ruling, or credits it to this contract, or reverts all of this.
        Rates rates = _rates(terms);
        _credit(asked.payer, terms.token, Payoffs.arbiterFee(terms.amount, rates));
        emit RulingExecuted(id, disputeId, answer.ruling);
        escrow.rule(terms, _outcome(answer.ruling, line, terms.amount, rates));
    }

    /// @inheritdoc IArbiterERC792
    function withdraw(address owner, address token) external nonReentrant {
        uint256 amount = owedTo[owner][token];
        if (amount == 0) revert ArbiterERC792_NothingOwed(owner, token);
        _setOwed(owner, token, 0);
        // Fees that could not be paid to this contract are its free balance in the escrow.
        uint256 here = token == NATIVE ? address(this).balance : IERC20(token).balanceOf(address(this));
        if (here < amount) escrow.withdraw(address(this), token, amount - here);
        if (token != NATIVE) IERC20(token).safeTransfer(owner, amount);
        else if (!_send(owner, amount)) revert ArbiterERC792_PayoutFailed(owner, amount);
    }

    /* VIEWS */

    /// @inheritdoc IArbiterERC792
    function cost() public view returns (uint256) {
        return arbitrator.arbitrationCost(extraData);
    }

    /// @inheritdoc IArbiterERC792
    function appealCost(uint256 disputeId) public view returns (uint256) {
        return arbitrator.appealCost(disputeId, extraData);
    }

    /// @inheritdoc IArbiterERC792
    function caseOf(LineId id, bool overRetention)
        external
        view
        returns (uint256 disputeId, address payer, bool ruled, uint8 ruling)
    {
        Case memory asked = cases[id][overRetention];
        if (asked.payer == address(0)) return (0, address(0), false, 0);
        Answer memory answer = answers[asked.disputeId];
        return (asked.disputeId, asked.payer, answer.ruled, answer.ruling);
    }

    /* INSIDE */

    /// @dev The line that the terms prove, and what was asked in its present or last dispute.
    function _find(Terms calldata terms) private view returns (LineId id, Line memory line, Case storage asked) {
        id = escrow.lineId(terms);
        line = escrow.lineOf(id);
        asked = cases[id][line.flags & FLAG_RETENTION_DISPUTED != 0];
    }

    function _rates(Terms calldata terms) private view returns (Rates) {
        return escrow.conditionsOf(terms.conditions).rates;
    }

    /// @dev What each ruling means; see RULINGS in the interface.
    function _outcome(uint256 ruling, Line memory line, uint256 amount, Rates rates)
        private
        pure
        returns (Outcome memory)
    {
        if (ruling == RULING_SUPPLIER) {
            uint256 damages = Payoffs.accepted(line, amount, rates).toBuyer;
            return Outcome({toSupplier: uint128(line.held - damages), bondToBuyer: 0, goodsToBuyer: true});
        }
        if (ruling == RULING_BUYER) {
            uint256 bond = _losesBond(line, rates) ? Payoffs.bond(amount, rates) : 0;
            return Outcome({toSupplier: 0, bondToBuyer: uint128(bond), goodsToBuyer: false});
        }
        Payoff memory p = Payoffs.defaulted(line, rates);
        return Outcome({toSupplier: uint128(p.toSupplierSide), bondToBuyer: 0, goodsToBuyer: p.goodsToBuyer});
    }

    /// @dev Whether a supplier that lost has no cure left; goods that were accepted needed none.
    function _losesBond(Line memory line, Rates rates) private pure returns (bool) {
        if (line.flags & FLAG_RETENTION_DISPUTED != 0) return false;
        return line.flags & FLAG_SUPPLIER_DISPUTES != 0 || line.rejections >= rates.maxRejections();
    }

    function _requirePending(uint256 disputeId) private view {
        Answer memory answer = answers[disputeId];
        if (!answer.asked) revert ArbiterERC792_UnknownDispute(disputeId);
        if (answer.ruled) revert ArbiterERC792_AlreadyRuled(disputeId, answer.ruling);
    }

    /// @dev The court is paid from the value sent alone, never from what is owed to others.
    function _requireCoin(uint256 price) private view {
        if (msg.value < price) revert ArbiterERC792_TooLittleCoin(msg.value, price);
    }

    function _giveBack(uint256 rest) private {
        if (rest != 0 && !_send(msg.sender, rest)) _credit(msg.sender, NATIVE, rest);
    }

    function _credit(address owner, address token, uint256 amount) private {
        if (amount != 0) _setOwed(owner, token, owedTo[owner][token] + amount);
    }

    function _setOwed(address owner, address token, uint256 amount) private {
        owedTo[owner][token] = amount;
        emit OwedChanged(owner, token, amount);
    }

    function _send(address to, uint256 amount) private returns (bool sent) {
        (sent,) = to.call{value: amount}("");
    }
}
