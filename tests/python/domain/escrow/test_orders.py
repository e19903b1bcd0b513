"""Purchase orders: what their lines come to."""

from hypothesis import given
from hypothesis import strategies as st

from fabricant.domain.escrow import Line, Terms
from fabricant.domain.escrow.orders import Total, totals
from fabricant.domain.units import Token, parse_address
from tests.python.domain import strategies

EURO, DOLLAR = (Token(parse_address("0x" + digit * 40), "T", 6) for digit in "12")


@given(st.lists(st.tuples(st.sampled_from((EURO, DOLLAR)), strategies.terms, strategies.lines)))
def test_totals_are_sums_for_each_token(lines: list[tuple[Token, Terms, Line]]) -> None:
    found = totals(lines)

    assert found.keys() == {token for token, _, _ in lines}
    for token, total in found.items():
        ours = [(terms.amount, line.held) for each, terms, line in lines if each == token]
        price, held = map(sum, zip(*ours, strict=True))
        assert (total.price, total.held) == (price, held)


def test_no_lines_come_to_nothing() -> None:
    assert totals([]) == {}
    assert (Total().price, Total().held) == (0, 0)
