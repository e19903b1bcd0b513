"""Where the compiler puts the members of a struct, for comparison with what the sources say."""

from tests.support.chain import artifact


def members_of(contract: str, struct: str) -> list[tuple[str, int, int, int]]:
    """Each member of a struct that a contract stores: its name, slot, offset and size in bytes."""
    types = artifact(contract).layout["types"]
    (found,) = (each for each in types.values() if each["label"] == f"struct {struct}")
    return [
        (each["label"], int(each["slot"]), each["offset"], int(types[each["type"]]["numberOfBytes"]))
        for each in found["members"]
    ]
