"""Networks are found by name, URL or environment; what is wrong with a configuration is said without its
secrets.
"""

from pathlib import Path

import pytest

from fabricant.chain.profiles import Profile, choose, names, user_folder
from fabricant.chain.rpc import RpcUrl
from fabricant.errors import InvalidInput

TOKEN = "canary-7f3a9c"

PROJECT = """
default = "sepolia"

[networks.sepolia]
url_env = "SEPOLIA_RPC"
chain_id = 11155111
confirmations = 3
max_fee_gwei = "2.5"

[networks.office]
url = "http://10.0.0.7:8545"
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path / "fabricant.toml"


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    return {"FABRICANT_HOME": str(tmp_path / "home"), "SEPOLIA_RPC": f"https://sepolia.example/{TOKEN}"}


def test_without_any_configuration_the_network_is_local(project: Path, environment: dict[str, str]) -> None:
    assert choose(environment=environment) == choose("local", environment=environment) == Profile("local")
    assert names(environment=environment) == ["local"]


def test_a_url_needs_no_profile(project: Path, environment: dict[str, str]) -> None:
    assert choose("http://127.0.0.1:8545", environment=environment).url == RpcUrl("http://127.0.0.1:8545")


def test_a_profile_says_all_there_is_to_know(project: Path, environment: dict[str, str]) -> None:
    project.write_text(PROJECT)
    expected = Profile(
        "sepolia",
        url=RpcUrl(environment["SEPOLIA_RPC"]),
        chain_id=11155111,
        confirmations=3,
        max_fee=2_500_000_000,  # type: ignore[arg-type]
    )
    assert choose("sepolia", environment=environment) == choose(environment=environment) == expected
    assert names(environment=environment) == ["local", "office", "sepolia"]


def test_the_environment_comes_before_the_default_but_after_the_argument(
    project: Path, environment: dict[str, str]
) -> None:
    project.write_text(PROJECT)
    environment |= {"FABRICANT_RPC_URL": "http://127.0.0.1:1"}
    assert choose(environment=environment).url == RpcUrl("http://127.0.0.1:1")
    assert choose("office", environment=environment).name == "office"


def test_the_nearer_file_wins_network_by_network(project: Path, environment: dict[str, str]) -> None:
    home = user_folder(environment)
    home.mkdir()
    (home / "config.toml").write_text(
        'default = "mine"\n[networks.mine]\nurl = "http://mine:1"\n[networks.office]\nurl = "http://far:2"\n'
    )
    project.write_text('[networks.office]\nurl = "http://near:3"\n')
    assert choose(environment=environment).name == "mine"
    assert choose("office", environment=environment).url == RpcUrl("http://near:3")


def test_a_url_that_the_environment_lacks_matters_only_when_it_is_wanted(
    project: Path, environment: dict[str, str]
) -> None:
    project.write_text(PROJECT)
    del environment["SEPOLIA_RPC"]
    assert choose("office", environment=environment).name == "office"
    with pytest.raises(InvalidInput, match="SEPOLIA_RPC, which is not set"):
        choose("sepolia", environment=environment)


@pytest.mark.parametrize("unknown", ["mainnet", "", "file:///etc/passwd", "ws://node", "x\x1b[2J"])
def test_an_unknown_network_is_named_safely(project: Path, environment: dict[str, str], unknown: str) -> None:
    project.write_text(PROJECT.replace('default = "sepolia"', ""))
    if unknown:
        with pytest.raises(InvalidInput) as refused:
            choose(unknown, environment=environment)
        assert str(refused.value).isprintable()
    else:
        assert choose(unknown, environment=environment).name == "local"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (f'[networks.a]\nurl = "https://h/{TOKEN}"\nurl_env = "X"', "either url or url_env"),
        (f'[networks.a]\nurl = "https://h/{TOKEN}"\nchain = 1', "networks.a.chain"),
        (f'[networks.a]\nurl = "https://h/{TOKEN}"\nchain_id = "1"', "networks.a.chain_id"),
        (f'[networks.a]\nurl = "https://h/{TOKEN}"\nconfirmations = 0', "networks.a.confirmations"),
        (f'[networks.a]\nurl = "https://h/{TOKEN}"\nmax_fee_gwei = -1', "networks.a.max_fee_gwei"),
        (f'[networks.a]\nurl = ["{TOKEN}"]', "networks.a.url"),
        (f'[networks.local]\nurl = "https://h/{TOKEN}"', "choose another name"),
        (f'[networks."A b"]\nurl = "https://h/{TOKEN}"', "networks"),
        (f'[networks.a]\nurl = "https://h/{TOKEN}', "Unterminated string"),
        ("[networks]\na = 1", "networks.a"),
    ],
)
def test_f115_a_wrong_file_is_explained_without_its_secrets(
    project: Path, environment: dict[str, str], text: str, said: str
) -> None:
    project.write_text(text)
    with pytest.raises(InvalidInput, match=said) as refused:
        choose("a", environment=environment)
    assert TOKEN not in str(refused.value)
    assert refused.value.__context__ is None
    assert "fabricant.toml" in str(refused.value)


def test_a_file_that_is_no_text_is_refused(project: Path, environment: dict[str, str]) -> None:
    project.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InvalidInput, match="can't be used"):
        choose(environment=environment)
    project.write_bytes(b"#" * (2**20 + 1))
    with pytest.raises(InvalidInput, match="larger than any configuration"):
        choose(environment=environment)
