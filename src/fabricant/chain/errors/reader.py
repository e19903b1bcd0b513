"""What the EscrowReader refuses beside the escrow's own errors."""

from fabricant.chain.reverts import ContractError


class EscrowReader_NoAnswer(
    ContractError,
    types="",
    says="the reader's check ended without a reason; give the call more gas",
):
    pass
