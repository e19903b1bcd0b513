// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Proposal} from "./AssetRegistryTypes.sol";
import {INamespaces} from "./INamespaces.sol";

/// @title Namespaces
/// @notice See {INamespaces}. An address's own namespace needs no storage; a prefix has a slot for its issuer.
abstract contract Namespaces is INamespaces {
    uint40 private constant NOTICE = 14 days;

    address public registrar;
    address public registrarSuccessor;

    mapping(bytes32 namespace => address) private _issuers;
    mapping(bytes32 namespace => Proposal) public proposalOf;

    constructor(address registrar_) {
        registrar = registrar_;
        emit RegistrarChanged(registrar_, address(0));
    }

    modifier onlyRegistrar() {
        if (msg.sender != registrar) revert AssetRegistry_NotRegistrar(msg.sender, registrar);
        _;
    }

    /* PREFIXES */

    /// @inheritdoc INamespaces
    function proposeNamespace(string calldata prefix, address issuer)
        external
        onlyRegistrar
        returns (bytes32 namespace)
    {
        if (bytes(prefix).length == 0) revert AssetRegistry_EmptyPrefix();
        namespace = keccak256(bytes(prefix));
        uint40 openFrom = uint40(block.timestamp) + (_issuers[namespace] == address(0) ? 0 : NOTICE);
        proposalOf[namespace] = Proposal({issuer: issuer, openFrom: openFrom});
        emit NamespaceProposed(namespace, issuer, openFrom, prefix);
    }

    /// @inheritdoc INamespaces
    function acceptNamespace(bytes32 namespace) external {
        Proposal memory proposal = proposalOf[namespace];
        if (msg.sender != proposal.issuer) {
            revert AssetRegistry_NotProposed(namespace, msg.sender, proposal.issuer);
        }
        if (block.timestamp < proposal.openFrom) {
            revert AssetRegistry_NoticeRunning(namespace, block.timestamp, proposal.openFrom);
        }
        address previous = _issuers[namespace];
        _issuers[namespace] = msg.sender;
        delete proposalOf[namespace];
        emit NamespaceAssigned(namespace, msg.sender, previous);
    }

    /// @inheritdoc INamespaces
    function issuerOf(bytes32 namespace) public view returns (address) {
        // 160 bits or fewer are an address's own namespace; a hash of a prefix is never that short.
        bool isAddress = uint256(namespace) <= type(uint160).max;
        return isAddress ? address(uint160(uint256(namespace))) : _issuers[namespace];
    }

    /* THE REGISTRAR'S OFFICE */

    /// @inheritdoc INamespaces
    function proposeRegistrar(address successor) external onlyRegistrar {
        registrarSuccessor = successor;
        emit RegistrarProposed(msg.sender, successor);
    }

    /// @inheritdoc INamespaces
    function acceptRegistrar() external {
        if (msg.sender != registrarSuccessor) {
            revert AssetRegistry_NotSuccessor(msg.sender, registrarSuccessor);
        }
        emit RegistrarChanged(msg.sender, registrar);
        registrar = msg.sender;
        delete registrarSuccessor;
    }
}
