"""DIR-1 over random histories: calls, signed grants (used again too), spent nonces and time, in any order."""

from dataclasses import dataclass, field
from random import Random
from typing import Any, Final

import pytest
from web3.contract import Contract

from tests.support.actors import Actor
from tests.support.chain import Chain
from tests.support.reverts import Reverted
from tests.support.typed_data import GRANT, typed_digest

HOUR: Final = 3_600
PRINCIPALS: Final = tuple(map(Actor, ("supplier", "buyer")))
OPERATORS: Final = tuple(map(Actor, ("operator", "gateway", "buyer")))
ROLES: Final = (0, 1, 16, 32, 48, 0xFFFF)
NAMES: Final = ("principal", "operator", "roles", "until", "version", "nonce", "deadline")

Pair = tuple[str, str]


@dataclass
class Model:
    """What a directory should know: roles, end and version of each pair, and the nonces that are spent."""

    lent: dict[Pair, tuple[int, int, int]] = field(default_factory=dict)
    spent: set[tuple[str, int]] = field(default_factory=set)

    def of(self, pair: Pair) -> tuple[int, int, int]:
        return self.lent.get(pair, (0, 0, 0))

    def lend(self, pair: Pair, roles: int, until: int, now: int) -> bool:
        if pair[0] == pair[1] or (roles and until <= now):
            return False
        self.lent[pair] = (roles, until if roles else 0, self.of(pair)[2] + 1)
        return True

    def lend_by(self, grant: dict[str, Any], now: int) -> bool:
        pair, nonce = (grant["principal"], grant["operator"]), (grant["principal"], grant["nonce"])
        if now >= grant["deadline"] or grant["version"] != self.of(pair)[2] or nonce in self.spent:
            return False
        done = self.lend(pair, grant["roles"], grant["until"], now)
        self.spent |= {nonce} if done else set()
        return done

    def may_act(self, pair: Pair, role: int, now: int) -> bool:
        roles, until, _ = self.of(pair)
        return pair[0] == pair[1] or (role != 0 and roles & role == role and now < until)


@pytest.mark.parametrize("seed", range(2))
def test_dir1_a_directory_is_its_model(chain: Chain, directory: Contract, seed: int) -> None:
    random, model, grants = Random(seed), Model(), []
    succeeded = 0
    for _ in range(120):
        now = chain.now + random.choice((1, 60, HOUR))
        principal, operator = random.choice(PRINCIPALS), random.choice(OPERATORS)
        pair = (principal.address, operator.address)
        roles, until = random.choice(ROLES), now + random.randrange(5) * HOUR
        match random.randrange(5):
            case 0:
                call = directory.functions.setOperator(operator.address, roles, until)
                expected, sender = model.lend(pair, roles, until, now), principal
            case 1:
                nonce = random.randrange(30)
                call = directory.functions.invalidateNonces(0, 1 << nonce)
                model.spent.add((principal.address, nonce))
                expected, sender = True, principal
            case _:
                if not grants or random.random() < 0.5:
                    version = model.of(pair)[2] + random.choice((0, 0, 0, 1))
                    values = (*pair, roles, until, version, random.randrange(30), now + 2 * HOUR)
                    grants.append(dict(zip(NAMES, values, strict=True)))
                grant = random.choice((*grants, grants[-1]))
                signer = next(each for each in PRINCIPALS if each.address == grant["principal"])
                signature = signer.sign(typed_digest(directory, GRANT, grant))
                call = directory.functions.setOperatorBySignature(tuple(grant.values()), signature)
                expected, sender = model.lend_by(grant, now), Actor("stranger")
        try:
            chain.send(call, by=sender, at=now)
            happened = True
        except Reverted:
            happened = False
        assert happened == expected
        succeeded += happened
    assert 20 < succeeded < 120

    for principal in PRINCIPALS:
        for operator in OPERATORS:
            pair = (principal.address, operator.address)
            assert tuple(directory.functions.operatorOf(*pair).call()) == model.of(pair)
            for role in ROLES:
                allowed = model.may_act(pair, role, chain.now + 1)
                assert directory.functions.mayAct(*pair, role).call() == allowed
