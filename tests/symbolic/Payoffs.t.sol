// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Rates} from "../../contracts/escrow/Conditions.sol";
import {Payoff} from "../../contracts/escrow/Payoffs.sol";
import {
    Ending,
    FLAG_AMENDED,
    FLAG_GOODS_TO_BUYER,
    FLAG_RETENTION_DISPUTED,
    Line,
    Outcome
} from "../../contracts/escrow/SupplierEscrowTypes.sol";
import {VM} from "../invariants/Vm.sol";
import {Deployed} from "./Deployed.sol";

/// @dev What halmos can beside Forge.
interface Prover {
    function createUint(uint256 bits, string calldata name) external view returns (uint256);
}

Prover constant PROVER = Prover(address(uint160(uint256(keccak256("svm cheat code")))));

/// @dev contracts/mocks/PayoffsHarness.sol, from outside.
interface IPayoffs {
    function payoff(
        Ending ending,
        bool withPenalty,
        Line calldata line,
        uint256 amount,
        Rates rates,
        Outcome calldata outcome
    ) external view returns (Payoff memory);
    function bond(uint256 amount, Rates rates) external view returns (uint256);
    function advance(Line calldata line, uint256 amount, Rates rates) external view returns (uint256);
    function brokerage(uint256 amount, Rates rates) external view returns (uint256);
}

/// @notice The payoff table, for every line, amount and rate that can be.
/// @custom:halmos --solver-command ".venv-symbolic/bin/python tests/symbolic/integers.py"
contract PayoffChecks is Deployed {
    uint256 private constant FULL = 10_000; // bps
    uint256 private constant MOST_FEE = 500; // bps
    uint256 private constant SHARES = 9; // fields of Rates that are bps

    IPayoffs private payoffs;

    function setUp() external {
        payoffs = IPayoffs(_deploy("PayoffsHarness", ""));
    }

    /// @notice Damages, retention and the supplier side's part are what the line held.
    function check_acceptance_adds_up(Line memory line) external view {
        (uint256 amount, Rates rates) = _anyMoney(line);
        uint256 rest = _anyWhole(rates.retentionBps());
        Payoff memory p = _payoff(Ending.Accepted, line, amount, rates);

        assert(p.toBuyer <= line.held && p.goodsToBuyer && p.bondToBuyer == 0);
        unchecked {
            VM.assume(rest == line.held - p.toBuyer);
            if (line.flags & FLAG_RETENTION_DISPUTED == 0) _assertUp(p.retained, rest, rates.retentionBps(), FULL);
            else assert(p.retained == 0);
            assert(p.toSupplierSide + p.retained == rest);
        }
    }

    /// @notice Damages are the agreed share of the price, rounded up, and end where agreed or when nothing is held any more.
    function check_damages_are_exact(Line memory line) external view {
        (uint256 amount, Rates rates) = _anyMoney(line);
        VM.assume(line.flags & FLAG_RETENTION_DISPUTED == 0);
        uint256 bps = _any(16);
        _assertBelow(amount, bps, FULL);
        uint256 damages = _payoff(Ending.Accepted, line, amount, rates).toBuyer;

        unchecked {
            uint256 due = uint256(line.lateIntervals) * rates.lateBps();
            VM.assume(bps == (due < rates.maxLateBps() ? due : rates.maxLateBps()));
            assert(damages == line.held || damages * FULL >= amount * bps);
            assert(damages * FULL < amount * bps + FULL);
        }
    }

    /// @notice A cancellation divides what is held; with the advance, the supplier side gets no more than its compensation.
    function check_cancellation_adds_up(Line memory line) external view {
        (uint256 amount, Rates rates) = _anyMoney(line);
        _assertBelow(amount, rates.cancelBps(), FULL);
        _assertBelow(amount, rates.advanceBps(), FULL);
        Payoff memory p = _payoff(Ending.Cancelled, line, amount, rates);

        uint256 paid = payoffs.advance(line, amount, rates);
        unchecked {
            if (line.flags & FLAG_AMENDED == 0) _assertDown(paid, amount, rates.advanceBps(), FULL);
            else assert(paid == 0);
            assert(p.toSupplierSide <= line.held);
            assert(p.toSupplierSide + p.toBuyer == line.held && p.bondToBuyer == 0);
            assert(p.toSupplierSide == 0 || (p.toSupplierSide + paid) * FULL <= amount * rates.cancelBps());
        }
    }

    /// @notice A decision divides what is held, and takes no more than the bond.
    function check_decision_adds_up(Line memory line, Outcome calldata outcome) external view {
        (uint256 amount, Rates rates) = _anyMoney(line);
        Payoff memory p = payoffs.payoff(Ending.Ruled, true, line, amount, rates, outcome);

        assert(p.toSupplierSide <= outcome.toSupplier && p.toSupplierSide <= line.held);
        assert(p.toSupplierSide == outcome.toSupplier || p.toBuyer == 0);
        assert(p.toSupplierSide + p.toBuyer == line.held);
        assert(p.bondToBuyer <= outcome.bondToBuyer && p.bondToBuyer <= payoffs.bond(amount, rates));
        assert(p.goodsToBuyer == outcome.goodsToBuyer || line.flags & FLAG_GOODS_TO_BUYER != 0);
    }

    /// @notice A default divides what is held as agreed, the odd unit to the buyer.
    function check_default_adds_up(Line memory line) external view {
        (, Rates rates) = _anyMoney(line);
        VM.assume(rates.defaultSupplierBps() <= FULL);
        Payoff memory p = _payoff(Ending.Defaulted, line, 0, rates);

        _assertDown(p.toSupplierSide, line.held, rates.defaultSupplierBps(), FULL);
        assert(p.toSupplierSide + p.toBuyer == line.held && p.bondToBuyer == 0);
    }

    /// @notice Who fails loses what is held and the bond; who declines returns the advance; a retention goes whole.
    function check_other_endings_add_up(Line memory line) external view {
        (uint256 amount, Rates rates) = _anyMoney(line);
        Payoff memory failed = _payoff(Ending.Terminated, line, amount, rates);
        Payoff memory retained = _payoff(Ending.RetentionPaid, line, amount, rates);
        Payoff memory declined = payoffs.payoff(Ending.Resigned, false, line, amount, rates, Outcome(0, 0, false));

        assert(failed.toBuyer == line.held && failed.toSupplierSide == 0);
        assert(failed.bondToBuyer == payoffs.bond(amount, rates));
        assert(retained.toSupplierSide == line.held && retained.toBuyer == 0 && retained.bondToBuyer == 0);
        assert(declined.toBuyer == line.held + payoffs.advance(line, amount, rates));
        assert(declined.toSupplierSide == 0 && declined.bondToBuyer == 0);
    }

    /// @notice A bond is rounded up, and never above the price.
    function check_bond_is_exact() external view {
        (uint256 amount, Rates rates) = (_any(128), _anyRates());
        VM.assume(rates.bondBps() <= FULL);
        _assertUp(payoffs.bond(amount, rates), amount, rates.bondBps(), FULL);
    }

    /// @notice The broker's part is rounded down, and at most a twentieth.
    function check_brokerage_is_exact() external view {
        (uint256 amount, Rates rates) = (_any(128), _anyRates());
        VM.assume(rates.brokerBps() <= MOST_FEE);
        _assertDown(payoffs.brokerage(amount, rates), amount, rates.brokerBps(), MOST_FEE);
    }

    /// @dev Any amount, and a lemma about it: a share is not above the whole. It comes first, because it is easy while nothing else is
    /// known of the two.
    function _anyWhole(uint256 bps) private view returns (uint256 whole) {
        whole = _any(128);
        _assertBelow(whole, bps, FULL);
    }

    function _assertBelow(uint256 whole, uint256 bps, uint256 most) private pure {
        VM.assume(bps <= most);
        unchecked {
            assert(whole * bps <= whole * most);
        }
    }

    /// @dev The share in `bps`, at most `most`, of the whole, rounded up. The first assertion helps the solver with the rest.
    function _assertUp(uint256 share, uint256 whole, uint256 bps, uint256 most) private pure {
        unchecked {
            assert(whole * bps <= whole * most);
            assert(share * FULL >= whole * bps);
            assert(share * FULL < whole * bps + FULL);
            assert(share * FULL < whole * most + FULL);
        }
    }

    /// @dev The same, rounded down.
    function _assertDown(uint256 share, uint256 whole, uint256 bps, uint256 most) private pure {
        unchecked {
            assert(whole * bps <= whole * most);
            assert(share * FULL <= whole * bps);
            assert(share * FULL + FULL > whole * bps);
            assert(share * FULL <= whole * most);
        }
    }

    function _payoff(Ending ending, Line memory line, uint256 amount, Rates rates)
        private
        view
        returns (Payoff memory)
    {
        return payoffs.payoff(ending, true, line, amount, rates, Outcome(0, 0, false));
    }

    /// @dev Any price and rates, and any money in the line. Parameters of a check would be words of which a part is read, and that
    /// is what makes products hard.
    function _anyMoney(Line memory line) private view returns (uint256 amount, Rates rates) {
        line.held = uint128(_any(128));
        line.lateIntervals = uint16(_any(16));
        return (_any(128), _anyRates());
    }

    function _anyRates() private view returns (Rates) {
        uint256 word;
        for (uint256 field = 0; field < SHARES; ++field) {
            word |= _any(16) << 16 * field;
        }
        return Rates.wrap(word);
    }

    function _any(uint256 bits) private view returns (uint256) {
        return PROVER.createUint(bits, "any");
    }
}
