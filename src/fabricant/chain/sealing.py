"""Quotations that nobody but the buyer can read, so that no supplier sees another's price.

A request names an X25519 key (RFC 7748), and an answer is put into a sealed box to it (libsodium's: the key
of the sender is thrown away). The buyer's wallet derives the private key for each request anew: there is
nothing to store, and nothing else that the wallet protects can be learnt from it.
"""

import json
from base64 import b64decode, b64encode
from typing import Final

from nacl.exceptions import CryptoError
from nacl.public import PrivateKey, PublicKey, SealedBox

from fabricant.chain.wallet import Wallet
from fabricant.domain.capacity import Request, RequestId
from fabricant.domain.escrow import NO_HASH
from fabricant.domain.signed_files import LARGEST_FILE
from fabricant.domain.units import printable
from fabricant.errors import InvalidInput, VerificationFailed

FORMAT: Final = "fabricant-sealed/1"
LARGEST_SEALED: Final = 2 * LARGEST_FILE  # a box as text
_PURPOSE: Final = b"fabricant sealed quotations 1"


class NotOpened(VerificationFailed):
    """A sealed box is for another wallet, or was altered."""


def sealing_key(wallet: Wallet, salt: int) -> bytes:
    """The key to which a request with this salt asks for answers. 32 bytes; sends nothing."""
    return bytes(_key(wallet, salt).public_key)


def seal(raw: bytes, request: Request, *, to: RequestId) -> bytes:
    """A file, readable for who published the request. Raises InvalidInput if it asks for none."""
    if request.sealing_key == NO_HASH:
        raise InvalidInput("this request asks for open quotations; hand over the file as it is")
    try:
        box = SealedBox(PublicKey(request.sealing_key)).encrypt(raw)
    except CryptoError:  # a key that no secret can be shared with
        raise InvalidInput("the request's key is none; ask the buyer for another request") from None
    document = {"format": FORMAT, "request": f"0x{to.hex()}", "box": b64encode(box).decode()}
    return json.dumps(document, indent=1).encode() + b"\n"


def is_sealed(raw: bytes) -> bool:
    """Whether a file says that it is sealed."""
    return FORMAT.encode() in raw[:200]


def request_of(raw: bytes) -> RequestId:
    """For which request a sealed file is. Raises InvalidInput."""
    return RequestId(_read(raw)[0])


def unseal(raw: bytes, request: Request, wallet: Wallet) -> bytes:
    """The file in a sealed one. Raises InvalidInput, NotOpened."""
    _, box = _read(raw)
    try:
        return SealedBox(_key(wallet, request.salt)).decrypt(box)
    except CryptoError:
        raise NotOpened(
            "this was not sealed to your key, or altered since; use the wallet that published the request"
        ) from None


def _key(wallet: Wallet, salt: int) -> PrivateKey:
    return PrivateKey(wallet.derived(_PURPOSE + salt.to_bytes(32)).reveal())


def _read(raw: bytes) -> tuple[bytes, bytes]:
    wrong = InvalidInput("this is no sealed file; ask for it again")
    if raw.count(b"{") + raw.count(b"[") != 1:  # deep nesting could crash the whole process
        raise wrong
    try:
        document = json.loads(raw)
        if set(document) != {"format", "request", "box"} or document["format"] != FORMAT:
            raise wrong
        request, box = (
            bytes.fromhex(document["request"].removeprefix("0x")),
            b64decode(document["box"], validate=True),
        )
    except (ValueError, TypeError, AttributeError):
        raise wrong from None
    if len(request) != 32:
        raise InvalidInput(f"{printable(document['request'], 80)!r} is no request's id")
    return request, box
