"""The one signature check that every contract uses: keys first, then code, nothing else."""

from collections.abc import Callable
from typing import Final

import pytest
from eth_keys.datatypes import Signature
from eth_utils.crypto import keccak
from web3.contract import Contract

from fabricant.domain.units import Address, parse_address
from tests.support.actors import Actor
from tests.support.chain import Chain

DIGEST: Final = keccak(text="what is signed")
ORDER: Final = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
(
    MAGIC,
    WRONG_MAGIC,
    TRUE,
    DIRTY,
    SHORT,
    NOTHING,
    REVERT,
    REVERT_MAGIC,
    MEGABYTE,
    MAGIC_MEGABYTE,
    WRITES,
    BURNS,
) = range(12)

IsValid = Callable[..., bool]


@pytest.fixture(scope="session")
def signatures(session_chain: Chain) -> Contract:
    return session_chain.deploy("MockSignatures")


@pytest.fixture
def is_valid(signatures: Contract) -> IsValid:
    def ask(signer: Actor | Contract | Address, signature: bytes, digest: bytes = DIGEST) -> bool:
        address = signer if isinstance(signer, str) else signer.address
        answer: bool = signatures.functions.isValid(address, digest, signature).call()
        return answer

    return ask


@pytest.fixture
def odd_wallet(chain: Chain) -> Callable[[int], Contract]:
    return lambda answer: chain.deploy("MockOddWallet", answer)


def parts(signature: bytes) -> tuple[int, int, int]:
    return int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:64], "big"), signature[64]


def joined(r: int, s: int, v: int) -> bytes:
    return r.to_bytes(32, "big") + s.to_bytes(32, "big") + bytes([v])


def test_a_keys_signature_is_accepted(is_valid: IsValid, supplier: Actor) -> None:
    assert is_valid(supplier, supplier.sign(DIGEST))


def test_another_keys_signature_is_refused(is_valid: IsValid, supplier: Actor, stranger: Actor) -> None:
    assert not is_valid(supplier, stranger.sign(DIGEST))


def test_a_signature_over_another_digest_is_refused(is_valid: IsValid, supplier: Actor) -> None:
    assert not is_valid(supplier, supplier.sign(DIGEST), keccak(text="what was not signed"))


def test_f029_a_high_s_is_refused(is_valid: IsValid, supplier: Actor) -> None:
    r, s, v = parts(supplier.sign(DIGEST))

    assert s <= ORDER // 2
    assert not is_valid(supplier, joined(r, ORDER - s, 55 - v))

    # Half the order is the highest s that counts: whoever it recovers, it is somebody's.
    signer = _recovered(r, ORDER // 2)
    assert is_valid(signer, joined(r, ORDER // 2, 27))
    assert not is_valid(signer, joined(r, ORDER - ORDER // 2, 28))


def _recovered(r: int, s: int) -> Address:
    return parse_address(
        Signature(vrs=(0, r, s)).recover_public_key_from_msg_hash(DIGEST).to_checksum_address()
    )


@pytest.mark.parametrize("v", [0, 1, 2, 26, 29, 35, 255])
def test_f029_only_v_27_and_28_are_a_keys(is_valid: IsValid, supplier: Actor, v: int) -> None:
    r, s, _ = parts(supplier.sign(DIGEST))
    assert not is_valid(supplier, joined(r, s, v))


def test_f029_another_length_is_refused(is_valid: IsValid, supplier: Actor) -> None:
    signature = supplier.sign(DIGEST)
    r, s, v = parts(signature)
    compact = joined(r, s | (v - 27) << 255, 0)[:64]

    for other in (compact, b"", signature[:64], signature + b"\0", signature[:32]):
        assert not is_valid(supplier, other)


def test_f030_the_zero_address_signs_nothing(is_valid: IsValid, supplier: Actor) -> None:
    r, s, _ = parts(supplier.sign(DIGEST))
    zero = parse_address("0x" + "00" * 20)

    for unrecoverable in (joined(r, s, 29), joined(0, s, 27), joined(r, 0, 27), joined(ORDER, s, 27), b""):
        assert not is_valid(zero, unrecoverable)


def test_f034_a_wallet_without_code_yet_is_refused(is_valid: IsValid, supplier: Actor) -> None:
    wallet = parse_address(f"0x{keccak(text='a wallet to come')[:20].hex()}")
    wrapped = supplier.sign(DIGEST) + b"\x64\x92" * 16

    assert not is_valid(wallet, wrapped)


@pytest.mark.parametrize("number", range(1, 18))
def test_f069_a_precompile_signs_nothing(is_valid: IsValid, supplier: Actor, number: int) -> None:
    assert not is_valid(parse_address(f"0x{number:040x}"), supplier.sign(DIGEST))


def test_f031_a_wallets_signature_is_accepted(chain: Chain, is_valid: IsValid, supplier: Actor) -> None:
    wallet = chain.deploy("MockWallet", supplier)

    assert is_valid(wallet, supplier.sign(DIGEST))


def test_f031_a_wallet_refuses_another_digest(chain: Chain, is_valid: IsValid, supplier: Actor) -> None:
    wallet = chain.deploy("MockWallet", supplier)

    assert not is_valid(wallet, supplier.sign(DIGEST), keccak(text="what was not signed"))


@pytest.mark.parametrize(
    "answer", [WRONG_MAGIC, TRUE, DIRTY, SHORT, NOTHING, REVERT, REVERT_MAGIC, MEGABYTE, BURNS]
)
def test_f031_only_the_exact_magic_word_counts(
    is_valid: IsValid, odd_wallet: Callable[[int], Contract], supplier: Actor, answer: int
) -> None:
    assert is_valid(odd_wallet(MAGIC), b"anything at all")
    assert not is_valid(odd_wallet(answer), supplier.sign(DIGEST))


def test_f031_a_wallet_cannot_write(
    chain: Chain,
    signatures: Contract,
    is_valid: IsValid,
    odd_wallet: Callable[[int], Contract],
    stranger: Actor,
) -> None:
    wallet = odd_wallet(WRITES)

    assert not is_valid(wallet, b"")
    chain.send(signatures.functions.isValid(wallet.address, DIGEST, b""), by=stranger)
    assert wallet.functions.written().call() == 0


def test_f031_a_megabyte_returned_is_not_copied(
    chain: Chain,
    signatures: Contract,
    is_valid: IsValid,
    odd_wallet: Callable[[int], Contract],
    stranger: Actor,
) -> None:
    wallet = odd_wallet(MAGIC_MEGABYTE)
    call = signatures.functions.isValid(wallet.address, DIGEST, b"")

    assert is_valid(wallet, b"")
    receipt = chain.send(call, by=stranger)
    trace = chain.local.rpc.call("debug_traceTransaction", receipt.transaction, {"tracer": "callTracer"})
    (inner,) = trace["calls"]
    assert receipt.gas_used - int(inner["gasUsed"], 16) < 40_000


def test_f033_a_key_with_code_signs_as_before(
    chain: Chain, is_valid: IsValid, odd_wallet: Callable[[int], Contract], supplier: Actor
) -> None:
    _lend_code(chain, supplier, odd_wallet(REVERT))
    assert is_valid(supplier, supplier.sign(DIGEST))


def test_f033_lent_code_can_sign(
    chain: Chain, is_valid: IsValid, odd_wallet: Callable[[int], Contract], supplier: Actor
) -> None:
    assert not is_valid(supplier, b"a session key's")
    _lend_code(chain, supplier, odd_wallet(MAGIC))
    assert is_valid(supplier, b"a session key's")


def test_f033_lent_code_can_refuse(
    chain: Chain, is_valid: IsValid, supplier: Actor, stranger: Actor, issuer: Actor
) -> None:
    _lend_code(chain, supplier, chain.deploy("MockWallet", issuer))
    assert is_valid(supplier, issuer.sign(DIGEST))
    assert not is_valid(supplier, stranger.sign(DIGEST))


def _lend_code(chain: Chain, signer: Actor, wallet: Contract) -> None:
    chain.local.set_code(signer.address, bytes.fromhex("ef0100" + wallet.address[2:]))
