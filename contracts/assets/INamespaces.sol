// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title Namespaces: who may name assets where
/// @notice Every address owns one namespace, `bytes32(uint160(address))`, with no permission and for ever. Others stand for
/// a public prefix that somebody outside the chain hands out (a GS1 company prefix URI, a DNS domain): `keccak256(prefix)`.
///
/// ROLES. The registrar assigns and reassigns prefixes, and hands its office on in two steps. It can't touch an address's
/// own namespace, nor any asset, nor take a prefix without 14 days' public notice. An issuer names assets in its namespace.
///
/// TIME. Unix seconds. A free prefix can be accepted at once; an assigned one from 14 days after the proposal.
interface INamespaces {
    /// @notice Emitted when a prefix is offered to an issuer; zero means that the offer is withdrawn.
    /// @param openFrom Unix seconds, inclusive: from then the issuer can accept.
    event NamespaceProposed(bytes32 indexed namespace, address indexed issuer, uint40 openFrom, string prefix);
    /// @notice Emitted when an issuer accepts a prefix; the one before it loses it.
    event NamespaceAssigned(bytes32 indexed namespace, address indexed issuer, address indexed previous);
    /// @notice Emitted when the registrar names its successor; zero means that it withdraws the name.
    event RegistrarProposed(address indexed registrar, address indexed successor);
    /// @notice Emitted when a successor takes the office.
    event RegistrarChanged(address indexed registrar, address indexed previous);

    /// @notice Thrown when the caller does not hold the registrar's office.
    error AssetRegistry_NotRegistrar(address caller, address registrar);
    /// @notice Thrown when the caller was not named as the registrar's successor.
    error AssetRegistry_NotSuccessor(address caller, address successor);
    /// @notice Thrown when a prefix is empty.
    error AssetRegistry_EmptyPrefix();
    /// @notice Thrown when the caller was not offered the namespace.
    error AssetRegistry_NotProposed(bytes32 namespace, address caller, address proposed);
    /// @notice Thrown when an assigned namespace is accepted during its public notice.
    error AssetRegistry_NoticeRunning(bytes32 namespace, uint256 nowAt, uint40 openFrom);

    /// @notice Offers a prefix to `issuer`, in place of an earlier offer; zero withdraws it. Registrar only.
    function proposeNamespace(string calldata prefix, address issuer) external returns (bytes32 namespace);

    /// @notice Takes a namespace that was offered to the caller.
    function acceptNamespace(bytes32 namespace) external;

    /// @notice Who names assets in a namespace; zero = nobody.
    function issuerOf(bytes32 namespace) external view returns (address);

    /// @notice To whom a prefix is offered (zero = nobody), and from when it can be accepted.
    function proposalOf(bytes32 namespace) external view returns (address issuer, uint40 openFrom);

    /// @notice Names a successor, who has to accept; zero withdraws. Registrar only.
    function proposeRegistrar(address successor) external;

    /// @notice Takes the office from the registrar. Its named successor only.
    function acceptRegistrar() external;

    /// @notice Who assigns prefixes.
    function registrar() external view returns (address);

    /// @notice Who may take the office; zero = nobody.
    function registrarSuccessor() external view returns (address);
}
