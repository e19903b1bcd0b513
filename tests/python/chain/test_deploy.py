"""Whatever interrupts a deployment, it ends with the same addresses and one contract each."""

import json
import os
import signal
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from eth_account import Account
from eth_utils.crypto import keccak

from fabricant import artifacts
from fabricant.chain import anvil, deployment, waiting
from fabricant.chain import deploy as deploying
from fabricant.chain.anvil import LocalChain
from fabricant.chain.connect import connect
from fabricant.chain.create2 import (
    FACTORY,
    FACTORY_CODE,
    FACTORY_COST,
    FACTORY_SIGNER,
    FACTORY_TRANSACTION,
    creation,
)
from fabricant.chain.deploy import Step, deploy
from fabricant.chain.deployment import Deployment, find, read, record_file, write
from fabricant.chain.network import Network
from fabricant.chain.plan import CONTRACTS, CREATORS, Planned, plan
from fabricant.chain.profiles import Profile
from fabricant.chain.rpc import Rpc, RpcUrl
from fabricant.chain.secret import Secret
from fabricant.chain.survey import choose_registrar, survey
from fabricant.chain.transactions import Sender
from fabricant.chain.wallet import Wallet, dev_wallets
from fabricant.domain.units import ZERO_ADDRESS, BaseUnits, parse_address
from fabricant.errors import (
    FeeCapExceeded,
    InvalidInput,
    NotFound,
    OutcomeUnknown,
    RpcRefused,
    UnfundedWallet,
    UnsupportedChain,
    VerificationFailed,
    WrongChain,
)
from tests.support.faulty_node import FaultyNode, pass_on, refuse

COIN = BaseUnits(10**18)
REGISTRAR = parse_address("0x" + "5e" * 20)
STRANGERS_CODE = b"\x60\x00"
SENT = [name for name in CONTRACTS if name not in CREATORS]  # with a transaction of their own
STEPS = 2 + 2 * len(SENT) + len(CREATORS)  # the factory and each contract: sending, done; or found


class Interrupted(Exception):
    """What stops a deployment in these tests."""


class Steps:
    """Notes every step, and raises at one of them."""

    def __init__(self, fatal: int | None = None, error: type[BaseException] = Interrupted) -> None:
        self.seen: list[Step] = []
        self._fatal = fatal
        self._error = error

    def __call__(self, step: Step) -> None:
        self.seen.append(step)
        if len(self.seen) - 1 == self._fatal:
            raise self._error

    @property
    def told(self) -> list[tuple[str, str]]:
        """Name and state of each step."""
        return [(step.name, step.state) for step in self.seen]


@pytest.fixture(scope="module")
def empty_chain() -> Iterator[LocalChain]:
    """An Anvil that lacks even the factory."""
    with LocalChain.start(options=["--disable-default-create2-deployer"]) as chain:
        yield chain


@pytest.fixture
def bare(empty_chain: LocalChain) -> Iterator[LocalChain]:
    """The same for one test."""
    snapshot = empty_chain.snapshot()
    yield empty_chain
    empty_chain.automine(on=True)
    empty_chain.revert(snapshot)


@pytest.fixture
def deployer(local: LocalChain) -> Sender:
    return Sender(local, dev_wallets(local)[0])


@pytest.fixture
def bare_deployer(bare: LocalChain) -> Sender:
    return Sender(bare, dev_wallets(bare)[0])


@pytest.fixture
def poor(local: LocalChain) -> Sender:
    wallet = Wallet(Secret(b"\x07" * 32))
    local.set_balance(wallet.address, BaseUnits(0))
    return Sender(local, wallet)


def created(chain: Network) -> list[str]:
    """The contracts that successful transactions to the factory put on a chain, in order, by name."""
    known = {creation(contract.initcode): contract.name for contract in plan(dev_wallets(chain)[0].address)}
    found = []
    for number in range(chain.head().number + 1):
        for transaction, data in deploying._factory_calls(chain, number):
            receipt = chain.receipt(transaction)
            if receipt is not None and receipt.succeeded:
                found.append(known[data])
    return found


def assert_complete(chain: Network, folder: Path) -> None:
    """Each contract once, with its code, and recorded with the transaction that created it."""
    registrar = dev_wallets(chain)[0].address
    recorded = read(folder, chain.chain_id)
    assert recorded is not None
    assert created(chain) == SENT
    assert list(recorded.contracts) == list(CONTRACTS)
    for contract in plan(registrar):
        entry = recorded.contracts[contract.name]
        assert chain.code(contract.address) == contract.code(chain.chain_id)
        assert (entry.address, entry.arguments) == (contract.address, contract.arguments)
        assert entry.transaction is not None
        receipt = chain.receipt(entry.transaction)
        assert receipt is not None
        assert (receipt.to, receipt.block) == (FACTORY, entry.block)
    assets, genealogy = (recorded.contracts[name] for name in ("AssetRegistry", "Genealogy"))
    assert (genealogy.transaction, genealogy.block) == (assets.transaction, assets.block)
    assert recorded.first_block == recorded.contracts["Directory"].block
    assert [file.name for file in folder.iterdir()] == [f"{chain.chain_id}.json"]


# What everybody can check


def test_the_factorys_transaction_is_the_one_that_everybody_uses() -> None:
    assert Account.recover_transaction(FACTORY_TRANSACTION) == FACTORY_SIGNER
    transaction_hash = "eddf9e61fb9d8f5111840daef55e5fde0041f5702856532cdbb5a02998033d26"
    assert keccak(FACTORY_TRANSACTION).hex() == transaction_hash
    code_hash = "2fa86add0aed31f33a762c9d88e807c475bd51d0f52bd0955754b2608f7e4989"
    assert keccak(FACTORY_CODE).hex() == code_hash


def test_the_factory_is_the_one_that_anvil_brings(local: LocalChain) -> None:
    assert local.code(FACTORY) == FACTORY_CODE


# A whole deployment


def test_all_contracts_stand_with_their_code_and_record(
    local: LocalChain, deployer: Sender, tmp_path: Path
) -> None:
    steps = Steps()

    result = deploy(deployer, folder=tmp_path, progress=steps)

    assert_complete(local, tmp_path)
    assert result == read(tmp_path, local.chain_id) == find(local, tmp_path)
    assert steps.told == [
        (name, state) for name in CONTRACTS for state in (("sending", "done") if name in SENT else ("found",))
    ]
    assert all(step.gas and step.block and step.transaction for step in steps.seen if step.state == "done")
    packaged = artifacts.load("SupplierEscrow")
    entry = result.contracts["SupplierEscrow"]
    assert (entry.compiler, entry.source) == (packaged.compiler, packaged.source)
    assert entry.settings == {"evmVersion": "cancun", "optimizer": {"enabled": True, "runs": 200}}
    assert entry.runtime_hash == f"0x{keccak(local.code(result.escrow)).hex()}"


def test_constructors_said_what_the_plan_says(local: LocalChain, deployer: Sender, tmp_path: Path) -> None:
    result = deploy(deployer, registrar=REGISTRAR, folder=tmp_path)

    def answer(contract: str, function: str) -> str:
        abi = artifacts.load(contract).abi
        deployed = local.w3.eth.contract(address=result.address(contract), abi=abi)  # type: ignore[call-overload]
        return str(deployed.functions[function]().call())

    assert answer("AssetRegistry", "registrar") == REGISTRAR == result.registrar
    assert answer("AssetRegistry", "genealogy") == result.genealogy
    assert answer("Genealogy", "registry") == result.assets
    assert answer("Genealogy", "directory") == result.directory
    for contract in plan(REGISTRAR):
        domain = contract.immutables(local.chain_id).get("DOMAIN_SEPARATOR")
        if domain is not None:
            fields = local.w3.eth.contract(address=contract.address, abi=contract.artifact.abi).functions
            assert fields["eip712Domain"]().call()[1:5] == [
                f"Fabricant {contract.name}",
                "1",
                local.chain_id,
                contract.address,
            ]


def test_second_run_sends_nothing(local: LocalChain, deployer: Sender, tmp_path: Path) -> None:
    first = deploy(deployer, folder=tmp_path)
    sent, steps = local.nonce(deployer.wallet.address), Steps()

    again = deploy(deployer, folder=tmp_path, progress=steps)

    assert again == first
    assert steps.told == [(name, "found") for name in CONTRACTS]
    assert local.nonce(deployer.wallet.address) == sent


def test_addresses_are_the_same_for_every_deployer_and_chain(local: LocalChain, tmp_path: Path) -> None:
    here = deploy(Sender(local, dev_wallets(local)[3]), registrar=REGISTRAR, folder=tmp_path)
    wallet = Wallet(Secret(b"\x05" * 32))
    with LocalChain.start(options=["--chain-id", "1337"]) as elsewhere:
        elsewhere.set_balance(wallet.address, COIN)
        there = deploy(Sender(elsewhere, wallet), registrar=REGISTRAR, folder=tmp_path)

    assert (here.chain_id, there.chain_id) == (31337, 1337)
    assert [entry.address for entry in here.contracts.values()] == [
        entry.address for entry in there.contracts.values()
    ]
    assert (
        here.contracts["Directory"].runtime_hash != there.contracts["Directory"].runtime_hash
    )  # the chain id


def test_another_registrar_moves_only_what_depends_on_it() -> None:
    ours, theirs = plan(REGISTRAR), plan(parse_address("0x" + "77" * 20))

    same = [mine.name for mine, other in zip(ours, theirs, strict=True) if mine.address == other.address]

    assert same == ["Directory", "RecordAnchor"]


# Interruptions


@pytest.mark.parametrize("step", range(STEPS))
def test_f113_interrupted_at_any_step_it_goes_on(
    bare: LocalChain, bare_deployer: Sender, tmp_path: Path, step: int
) -> None:
    with pytest.raises(Interrupted):
        deploy(bare_deployer, folder=tmp_path, progress=Steps(fatal=step))

    deploy(bare_deployer, folder=tmp_path)

    assert_complete(bare, tmp_path)


def test_f113_interrupted_at_every_step_in_turn(
    bare: LocalChain, bare_deployer: Sender, tmp_path: Path
) -> None:
    def progress(step: Step) -> None:
        if step.state == "done":
            raise Interrupted

    for _ in range(1 + len(SENT)):
        with pytest.raises(Interrupted):
            deploy(bare_deployer, folder=tmp_path, progress=progress)
    deploy(bare_deployer, folder=tmp_path, progress=progress)

    assert_complete(bare, tmp_path)


def test_nothing_that_is_done_is_lost_on_ctrl_c(local: LocalChain, deployer: Sender, tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        deploy(deployer, folder=tmp_path, progress=Steps(fatal=5, error=KeyboardInterrupt))

    recorded = read(tmp_path, local.chain_id)
    assert recorded is not None
    assert list(recorded.contracts) == ["Directory", "RecordAnchor", "AssetRegistry"]
    with pytest.raises(NotFound, match="has no Genealogy yet"):
        find(local, tmp_path)


def killed(chain: Network, folder: Path, trap: str) -> None:
    """Runs a deployment in a process of its own, which a trap kills with SIGKILL."""
    source = f"""
        import os, signal, sys
        from pathlib import Path
        from fabricant.chain import deploy as deploying, deployment
        from fabricant.chain.connect import connect
        from fabricant.chain.network import Network
        from fabricant.chain.transactions import Sender
        from fabricant.chain.wallet import dev_wallets

        def die(*_, **__):
            os.kill(os.getpid(), signal.SIGKILL)

        def after(count, call):
            def counted(*arguments, **named):
                nonlocal count
                count -= 1
                return die() if count < 0 else call(*arguments, **named)
            return counted

        progress = print
        {trap}
        network = connect({chain.rpc.url.reveal()!r})
        sender = Sender(network, dev_wallets(network)[0])
        deploying.deploy(sender, folder=Path({str(folder)!r}), progress=progress)
    """
    ended = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(source)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        check=False,
    )
    assert ended.returncode == -signal.SIGKILL, ended.stderr.decode()


@pytest.mark.parametrize(
    "trap",
    [
        "Network.receipt = after(2, Network.receipt)",  # sent, not recorded
        "progress = after(3, progress)",  # recorded, not told
        "os.fsync = after(1, os.fsync)",  # mined, the record half written
        "Path.replace = after(2, Path.replace)",  # the record written, not in its place
    ],
)
def test_f113_killed_it_goes_on(bare: LocalChain, bare_deployer: Sender, tmp_path: Path, trap: str) -> None:
    killed(bare, tmp_path, trap)

    deploy(bare_deployer, folder=tmp_path)

    for draft in tmp_path.glob(".*"):  # a killed program can't clean up
        draft.unlink()
    assert_complete(bare, tmp_path)


def test_f113_killed_before_the_transaction_is_mined_it_waits(
    local: LocalChain, deployer: Sender, tmp_path: Path
) -> None:
    local.automine(on=False)
    killed(local, tmp_path, "Network.receipt = die")
    steps: list[tuple[str, str]] = []

    def progress(step: Step) -> None:
        steps.append((step.name, step.state))
        if step.state == "waiting":
            local.mine()
            local.automine(on=True)

    deploy(deployer, folder=tmp_path, progress=progress)

    assert steps[:2] == [("earlier transactions", "waiting"), ("Directory", "found")]
    assert_complete(local, tmp_path)


def test_it_does_not_wait_for_ever(
    local: LocalChain, deployer: Sender, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(waiting, "PATIENCE", 0.05)
    local.automine(on=False)
    killed(local, tmp_path, "Network.receipt = die")

    with pytest.raises(OutcomeUnknown, match="still wait to be mined"):
        deploy(deployer, folder=tmp_path)


def test_what_comes_with_another_contract_is_awaited_and_never_sent(
    local: LocalChain, deployer: Sender, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    deploy(deployer, folder=tmp_path)
    sent, seen = local.nonce(deployer.wallet.address), deploying.stands
    behind = iter([False, False])  # a node that has not caught up

    def stands(network: Network, contract: Planned) -> bool:
        return seen(network, contract) and (contract.name != "Genealogy" or next(behind, True))

    monkeypatch.setattr(deploying, "stands", stands)
    deploy(deployer, folder=tmp_path)

    assert next(behind, None) is None
    assert local.nonce(deployer.wallet.address) == sent


def test_who_is_quicker_with_the_same_contract_does_no_harm(
    local: LocalChain, deployer: Sender, tmp_path: Path
) -> None:
    rival = Sender(local, dev_wallets(local)[1])
    (escrow,) = (each for each in plan(deployer.wallet.address) if each.name == "SupplierEscrow")

    def progress(step: Step) -> None:
        if (step.name, step.state) == ("SupplierEscrow", "sending"):
            rival.send(FACTORY, creation(escrow.initcode))

    deploy(deployer, folder=tmp_path, progress=progress)

    assert_complete(local, tmp_path)


# The record


def test_lost_record_is_found_again_on_the_chain(local: LocalChain, deployer: Sender, tmp_path: Path) -> None:
    before = deploy(deployer, folder=tmp_path)
    record_file(tmp_path, local.chain_id).unlink()
    local.mine(7)

    assert deploy(deployer, folder=tmp_path) == before


def test_node_that_forgot_leaves_the_origin_open(
    local: LocalChain, deployer: Sender, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    deploy(deployer, folder=tmp_path)
    record_file(tmp_path, local.chain_id).unlink()

    def forget(*_: object, **__: object) -> object:
        raise RpcRefused("missing trie node")

    monkeypatch.setattr(deploying, "bisect_left", forget)
    again = deploy(deployer, folder=tmp_path)

    assert again.first_block == 0
    assert {(entry.block, entry.transaction) for entry in again.contracts.values()} == {(None, None)}


def test_record_of_a_former_development_chain_is_replaced(
    local: LocalChain, deployer: Sender, tmp_path: Path
) -> None:
    fresh = local.snapshot()
    local.mine(3)
    deploy(deployer, registrar=REGISTRAR, folder=tmp_path)
    local.revert(fresh)
    with pytest.raises(NotFound, match="not on this development chain"):
        find(local, tmp_path)

    deploy(deployer, registrar=deployer.wallet.address, folder=tmp_path)

    assert_complete(local, tmp_path)


def test_record_of_other_contracts_that_are_alive_is_not_overwritten(
    local: LocalChain, deployer: Sender, tmp_path: Path
) -> None:
    before = deploy(deployer, registrar=REGISTRAR, folder=tmp_path)
    sent = local.nonce(deployer.wallet.address)

    with pytest.raises(InvalidInput, match=rf"records AssetRegistry at {before.assets}.*another folder"):
        deploy(deployer, registrar=deployer.wallet.address, folder=tmp_path)

    assert read(tmp_path, local.chain_id) == before
    assert local.nonce(deployer.wallet.address) == sent


def test_registrar_of_the_record_is_kept_for_whoever_goes_on(
    local: LocalChain, deployer: Sender, tmp_path: Path
) -> None:
    with pytest.raises(Interrupted):
        deploy(deployer, registrar=REGISTRAR, folder=tmp_path, progress=Steps(fatal=3))

    other = Sender(local, dev_wallets(local)[2])

    assert deploy(other, folder=tmp_path).registrar == REGISTRAR


def test_registrar_must_be_named_on_a_chain_that_lasts(tmp_path: Path) -> None:
    wallet = Wallet(Secret(b"\x05" * 32))
    with LocalChain.start(options=["--chain-id", "11155111"]) as lasting:
        lasting.set_balance(wallet.address, COIN)
        with pytest.raises(InvalidInput, match="--registrar ADDRESS"):
            deploy(Sender(lasting, wallet), folder=tmp_path)

        assert lasting.head().number == 0
        assert choose_registrar(lasting, REGISTRAR, deployer=wallet.address, folder=tmp_path) == REGISTRAR
        deploy(Sender(lasting, wallet), registrar=REGISTRAR, folder=tmp_path)
        assert choose_registrar(lasting, None, deployer=wallet.address, folder=tmp_path) == REGISTRAR


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (lambda _: "", "Invalid JSON"),
        (lambda text: text[:-20], "Invalid JSON"),
        (lambda text: text.replace('"format": 1', '"format": 2'), "format: Input should be 1"),
        (lambda text: text.replace('"registrar"', '"registrars"'), "registrar is missing"),
        (lambda text: text.replace('"salt": "0x', '"salt": "'), "salt is not written as it has to be"),
        (
            lambda text: text.replace(f'"registrar": "{REGISTRAR}"', '"registrar": "0x5e"'),
            "is not an address",
        ),
        (lambda text: text.replace('"block": 1,', '"block": "1",'), "contracts.Directory.block"),
        (lambda text: text.replace('"chainId": 31337', '"chainId": 1'), "records chain 1"),
        (lambda text: text + " " * deployment.LARGEST_FILE, "larger than any deployment"),
    ],
)
def test_broken_record_is_refused_with_its_place(
    local: LocalChain, deployer: Sender, tmp_path: Path, change: Callable[[str], str], problem: str
) -> None:
    deploy(deployer, registrar=REGISTRAR, folder=tmp_path)
    file = record_file(tmp_path, local.chain_id)
    text = file.read_text().replace(f'"block": {local.head().number - len(SENT) + 1},', '"block": 1,')
    file.write_text(change(text))

    with pytest.raises(InvalidInput, match=problem):
        read(tmp_path, local.chain_id)


def test_record_is_whole_or_the_old_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    old = Deployment(chain_id=5, registrar=REGISTRAR, factory=FACTORY, salt="0x" + "00" * 32)
    write(tmp_path, old)

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        write(tmp_path, old.model_copy(update={"registrar": FACTORY}))

    assert read(tmp_path, 5) == old
    assert [file.name for file in tmp_path.iterdir()] == ["5.json"]


def test_record_without_a_contract_says_what_to_do(tmp_path: Path, local: LocalChain) -> None:
    with pytest.raises(NotFound, match=r"31337.json does not exist: run `fabricant deploy`"):
        find(local, tmp_path)


def test_record_reads_like_its_description(local: LocalChain, deployer: Sender, tmp_path: Path) -> None:
    deploy(deployer, folder=tmp_path)
    described = (Path(__file__).parents[3] / "deployments" / "README.md").read_text()
    record = json.loads(record_file(tmp_path, local.chain_id).read_text())

    for name in (*record, *record["contracts"]["Directory"]):
        assert f'"{name}":' in described


# Refused before the first transaction


def test_f114_wrong_chain_is_refused(local: LocalChain) -> None:
    with pytest.raises(WrongChain, match="serves chain 31337, not 1"):
        connect(local.rpc.url.reveal(), chain_id=1)


def test_f114_empty_wallet_is_refused_with_what_it_needs(
    local: LocalChain, poor: Sender, tmp_path: Path
) -> None:
    head = local.head()
    needed = survey(local, registrar=REGISTRAR, folder=tmp_path).cost
    local.set_balance(poor.wallet.address, BaseUnits(needed - 1))

    with pytest.raises(UnfundedWallet, match=rf"{poor.wallet.address} has .* may take 0\.\d+; fund it"):
        deploy(poor, registrar=REGISTRAR, folder=tmp_path)

    assert local.head() == head
    assert list(tmp_path.iterdir()) == []


def test_f114_what_a_survey_asks_for_is_enough(local: LocalChain, poor: Sender, tmp_path: Path) -> None:
    needed = survey(local, registrar=REGISTRAR, folder=tmp_path).cost
    local.set_balance(poor.wallet.address, needed)

    deploy(poor, registrar=REGISTRAR, folder=tmp_path)

    assert needed / 4 < needed - local.balance(poor.wallet.address)  # and not absurdly much


def test_complete_deployment_needs_no_money(
    local: LocalChain, deployer: Sender, poor: Sender, tmp_path: Path
) -> None:
    deploy(deployer, registrar=REGISTRAR, folder=tmp_path)

    assert survey(local, registrar=REGISTRAR, folder=tmp_path).cost == 0
    assert deploy(poor, registrar=REGISTRAR, folder=tmp_path).registrar == REGISTRAR


def test_f114_missing_factory_is_created_and_only_what_it_lacks_is_paid(
    bare: LocalChain, bare_deployer: Sender, tmp_path: Path
) -> None:
    bare.set_balance(FACTORY_SIGNER, BaseUnits(FACTORY_COST - 5))
    steps = Steps()

    deploy(bare_deployer, folder=tmp_path, progress=steps)

    assert bare.code(FACTORY) == FACTORY_CODE
    assert steps.told[:2] == [("factory", "sending"), ("factory", "done")]
    funding = bare.rpc.call("eth_getBlockByNumber", "0x1", True)["transactions"][0]
    assert (funding["to"], int(funding["value"], 16)) == (FACTORY_SIGNER.lower(), 5)


def test_f114_survey_counts_the_factory(bare: LocalChain, tmp_path: Path) -> None:
    with_factory = survey(bare, registrar=REGISTRAR, folder=tmp_path)
    bare.set_code(FACTORY, FACTORY_CODE)
    without = survey(bare, registrar=REGISTRAR, folder=tmp_path)

    assert (with_factory.needs_factory, without.needs_factory) == (True, False)
    assert with_factory.cost > without.cost + FACTORY_COST


def test_factory_that_cannot_be_made_is_said_at_once(
    bare: LocalChain, bare_deployer: Sender, tmp_path: Path
) -> None:
    bare.rpc.call("anvil_setNonce", FACTORY_SIGNER, "0x1")

    with pytest.raises(UnsupportedChain, match="the one transaction that can make the factory"):
        deploy(bare_deployer, folder=tmp_path)
    assert bare.head().number == 0


def test_network_that_refuses_the_factorys_transaction(bare: LocalChain, tmp_path: Path) -> None:
    bare.set_balance(FACTORY_SIGNER, FACTORY_COST)
    with FaultyNode(upstream=bare.rpc.url.reveal()) as node:
        network = Network(Rpc(RpcUrl(node.url)), Profile("faulty"))
        node.fail("eth_sendRawTransaction", refuse(-32000, "only replay-protected transactions allowed"))
        with pytest.raises(UnsupportedChain, match=r"only replay-protected .*ask its operators"):
            deploy(Sender(network, dev_wallets(bare)[0]), folder=tmp_path)


def test_factorys_transaction_that_somebody_else_handed_in(bare: LocalChain, tmp_path: Path) -> None:
    bare.set_balance(FACTORY_SIGNER, FACTORY_COST)

    def quicker(handler: object, body: bytes) -> None:
        bare.send_raw(FACTORY_TRANSACTION)
        refuse(-32000, "nonce too low")(handler, body)  # type: ignore[arg-type]

    with FaultyNode(upstream=bare.rpc.url.reveal()) as node:
        network = Network(Rpc(RpcUrl(node.url)), Profile("faulty"))
        node.fail("eth_sendRawTransaction", quicker, pass_on)
        deploy(Sender(network, dev_wallets(bare)[0]), folder=tmp_path)

    assert_complete(bare, tmp_path)


def test_factorys_transaction_waits_for_a_base_fee_that_it_can_pay(
    bare: LocalChain, bare_deployer: Sender, tmp_path: Path
) -> None:
    bare.set_base_fee(BaseUnits(150 * 10**9))
    bare.mine()

    with pytest.raises(FeeCapExceeded, match="factory's transaction"):
        deploy(bare_deployer, folder=tmp_path)
    assert bare.nonce(bare_deployer.wallet.address) == 0


def test_foreign_factory_is_refused(local: LocalChain, deployer: Sender, tmp_path: Path) -> None:
    local.set_code(FACTORY, STRANGERS_CODE)

    with pytest.raises(UnsupportedChain, match="other code than the standard factory"):
        deploy(deployer, folder=tmp_path)


@pytest.mark.parametrize("name", CONTRACTS)
def test_foreign_code_at_an_address_is_refused(
    local: LocalChain, deployer: Sender, tmp_path: Path, name: str
) -> None:
    head = local.head()
    (contract,) = (each for each in plan(deployer.wallet.address) if each.name == name)
    local.set_code(contract.address, STRANGERS_CODE)

    with pytest.raises(VerificationFailed, match=f"other code than {name} at {contract.address}"):
        deploy(deployer, folder=tmp_path)
    assert local.head() == head


def test_f085_chain_without_cancun_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(anvil, "HARDFORK", "shanghai")
    with LocalChain.start() as old:
        with pytest.raises(UnsupportedChain, match="Cancun"):
            deploy(Sender(old, dev_wallets(old)[0]), folder=tmp_path)
        assert old.head().number == 0


def test_code_that_is_not_what_was_packaged_is_noticed(
    local: LocalChain, deployer: Sender, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    directory = artifacts.load("Directory")
    tampered = replace(directory, deployed=directory.deployed[:-1] + b"\0")
    original = artifacts.load
    monkeypatch.setattr(artifacts, "load", lambda name: tampered if name == "Directory" else original(name))

    with pytest.raises(VerificationFailed, match="other code than Directory"):
        deploy(deployer, folder=tmp_path)
    assert local.nonce(deployer.wallet.address) == 1


def test_drafts_of_programs_that_were_killed_are_removed(tmp_path: Path) -> None:
    old, young, other = (tmp_path / name for name in (".1.json.old", ".1.json.young", ".10.json.old"))
    for draft in (old, young, other):
        draft.touch()
    for draft in (old, other):
        os.utime(draft, (0, 0))

    salt = f"0x{bytes(32).hex()}"
    record = Deployment(chain_id=1, registrar=ZERO_ADDRESS, factory=ZERO_ADDRESS, salt=salt)
    deployment.write(tmp_path, record)

    assert sorted(tmp_path.iterdir()) == sorted([tmp_path / "1.json", young, other])
