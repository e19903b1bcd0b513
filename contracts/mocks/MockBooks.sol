// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IERC721} from "@openzeppelin/contracts/token/ERC721/IERC721.sol";

import {ISupplierEscrow} from "../escrow/ISupplierEscrow.sol";
import {Line, LineId} from "../escrow/SupplierEscrowTypes.sol";

/// @notice Reads many accounts and lines at once, so that a test can compare everybody's money before and after.
contract MockBooks {
    ISupplierEscrow private escrow;
    address private token;
    address[] private accounts;
    LineId[] private ids;
    uint256[] private goods;

    /// @notice What `seen`, `look` and `withdrawAll` are about.
    function watch(
        ISupplierEscrow escrow_,
        address token_,
        address[] calldata accounts_,
        LineId[] calldata ids_,
        uint256[] calldata goods_
    ) external {
        (escrow, token, accounts, ids, goods) = (escrow_, token_, accounts_, ids_, goods_);
    }

    /// @notice Everybody's free balance is paid out, by an operator (FINANCE) of each.
    function withdrawAll() external {
        for (uint256 i = 0; i < accounts.length; ++i) {
            escrow.withdraw(accounts[i], token, escrow.freeBalanceOf(accounts[i], token));
        }
    }

    /// @notice Everybody's money, the escrow's last; who has the goods; and all that the escrow's views say: free balances, lines,
    /// goods that are owed, payees.
    function look()
        external
        view
        returns (
            uint256[] memory money,
            address[] memory owners,
            uint256[] memory free,
            Line[] memory found,
            uint64[] memory owed,
            address[] memory payees
        )
    {
        money = new uint256[](accounts.length + 1);
        for (uint256 i = 0; i < accounts.length; ++i) {
            money[i] = _balance(token, accounts[i]);
        }
        money[accounts.length] = _balance(token, address(escrow));
        owners = new address[](goods.length);
        for (uint256 i = 0; i < goods.length; ++i) {
            owners[i] = IERC721(address(escrow.registry())).ownerOf(goods[i]);
        }
        (free, found, owed, payees) = _kept();
    }

    /// @notice The hash of all that the escrow's views say.
    function seen() external view returns (bytes32) {
        (uint256[] memory free, Line[] memory found, uint64[] memory owed, address[] memory payees) = _kept();
        return keccak256(abi.encode(free, found, owed, payees));
    }

    function balances(address money, address[] calldata owners) external view returns (uint256[] memory found) {
        found = new uint256[](owners.length);
        for (uint256 i = 0; i < owners.length; ++i) {
            found[i] = _balance(money, owners[i]);
        }
    }

    function freeBalances(ISupplierEscrow where, address money, address[] memory owners)
        public
        view
        returns (uint256[] memory found)
    {
        found = new uint256[](owners.length);
        for (uint256 i = 0; i < owners.length; ++i) {
            found[i] = where.freeBalanceOf(owners[i], money);
        }
    }

    function lines(ISupplierEscrow where, LineId[] memory those) public view returns (Line[] memory found) {
        found = new Line[](those.length);
        for (uint256 i = 0; i < those.length; ++i) {
            found[i] = where.lineOf(those[i]);
        }
    }

    function _kept()
        private
        view
        returns (uint256[] memory free, Line[] memory found, uint64[] memory owed, address[] memory payees)
    {
        (free, found) = (freeBalances(escrow, token, accounts), lines(escrow, ids));
        (owed, payees) = (new uint64[](ids.length), new address[](ids.length));
        for (uint256 i = 0; i < ids.length; ++i) {
            (, owed[i]) = escrow.custodyOf(ids[i]);
            payees[i] = escrow.payeeOf(ids[i]);
        }
    }

    function _balance(address money, address owner) private view returns (uint256) {
        return money == address(0) ? owner.balance : IERC20(money).balanceOf(owner);
    }
}
