"""Contract wallets in tests: every odd answer to the question whether a signature is right (ERC-1271)."""

from enum import IntEnum


class Answer(IntEnum):
    """The answers of MockOddWallet, as it numbers them."""

    MAGIC = 0
    WRONG_MAGIC = 1
    TRUE = 2
    DIRTY_MAGIC = 3
    SHORT_MAGIC = 4
    NOTHING = 5
    REVERT = 6
    REVERT_WITH_MAGIC = 7
    MEGABYTE = 8
    MEGABYTE_OF_MAGIC = 9
    WRITE_STATE = 10
    BURN_GAS = 11
    LATE_MAGIC = 12


RIGHT = (Answer.MAGIC, Answer.MEGABYTE_OF_MAGIC)
WRONG = tuple(answer for answer in Answer if answer not in RIGHT)
