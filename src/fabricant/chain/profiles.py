"""Which networks there are, by name.

A profile names a node, the chain it must serve and how careful to be there. Profiles come from
`fabricant.toml` in the working directory and from `config.toml` in the user's folder, the nearer file
first; URLs with tokens belong into the environment, and `url_env` names the variable. Anything that looks
like a URL works without a profile, and `local` always means an Anvil of one's own.
"""

import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Final

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from fabricant.chain.rpc import RpcUrl
from fabricant.domain.outside import first_problem
from fabricant.domain.units import BaseUnits, printable, to_base_units
from fabricant.errors import InvalidInput

LOCAL: Final = "local"
URL_VARIABLE: Final = "FABRICANT_RPC_URL"
PROJECT_FILE: Final = "fabricant.toml"
GWEI_DECIMALS: Final = 9
LARGEST_FILE: Final = 2**20


@dataclass(frozen=True, slots=True)
class Profile:
    """One network. `url` None: start Anvil. `max_fee` caps the fee per gas, in wei; None: the default cap."""

    name: str
    url: RpcUrl | None = None
    chain_id: int | None = None
    confirmations: int = 1
    max_fee: BaseUnits | None = None


def choose(target: str | None = None, *, environment: Mapping[str, str] = os.environ) -> Profile:
    """The profile that `target` means: `local`, an http(s) URL, or a name from the configuration files.

    Without a target: FABRICANT_RPC_URL, else the configured default, else `local`. Raises InvalidInput.
    """
    if target is None and (from_environment := environment.get(URL_VARIABLE)):
        return Profile("environment", RpcUrl(from_environment))
    config = _configured(environment)
    name = target or config.default or LOCAL
    if name == LOCAL:
        return Profile(LOCAL)
    if re.match(r"[A-Za-z][A-Za-z0-9+.-]*://", name):
        return Profile("url", RpcUrl(name))
    if name not in config.networks:
        known = ", ".join(names(environment=environment))
        raise InvalidInput(
            f"no network is called {printable(name, 40)!r}; known are {known}. Describe it in "
            f"{PROJECT_FILE}, or give an RPC URL"
        )
    return _profile(name, config.networks[name], environment)


def names(*, environment: Mapping[str, str] = os.environ) -> list[str]:
    """The networks that `choose` knows by name."""
    return [LOCAL, *sorted(_configured(environment).networks)]


def user_folder(environment: Mapping[str, str] = os.environ) -> Path:
    """The user's own folder: FABRICANT_HOME, else the platform's place for configuration."""
    if own := environment.get("FABRICANT_HOME"):
        return Path(own)
    base = environment.get("XDG_CONFIG_HOME") or environment.get("APPDATA")
    return (Path(base) if base else Path.home() / ".config") / "fabricant"


class _NetworkEntry(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    url: str | None = None
    url_env: Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")] | None = None
    chain_id: Annotated[int, Field(gt=0, lt=2**63, strict=True)] | None = None
    confirmations: Annotated[int, Field(ge=1, le=1000, strict=True)] = 1
    max_fee_gwei: Annotated[Decimal, Field(gt=0, le=1_000_000, decimal_places=GWEI_DECIMALS)] | None = None

    @model_validator(mode="after")
    def _one_url(self) -> "_NetworkEntry":
        if (self.url is None) == (self.url_env is None):
            raise ValueError("give either url or url_env")
        return self


class _Config(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    default: str | None = None
    networks: dict[Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,31}$")], _NetworkEntry] = {}

    @model_validator(mode="after")
    def _local_is_taken(self) -> "_Config":
        if LOCAL in self.networks:
            raise ValueError(f"{LOCAL} always means an Anvil of your own; choose another name")
        return self


def _read(path: Path) -> _Config:
    if path.stat().st_size > LARGEST_FILE:
        raise InvalidInput(f"{path} is larger than any configuration; is it the right file?")
    try:
        return _Config.model_validate(tomllib.loads(path.read_text("utf-8")))
    except ValidationError as wrong:
        problem = first_problem(wrong)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as wrong:
        problem = str(wrong) if isinstance(wrong, tomllib.TOMLDecodeError) else type(wrong).__name__
    raise InvalidInput(f"{path} can't be used: {printable(problem)}")


def _configured(environment: Mapping[str, str]) -> _Config:
    """The user's file with the project's over it, network by network."""
    user, project = (
        _read(path) if path.is_file() else _Config()
        for path in (user_folder(environment) / "config.toml", Path(PROJECT_FILE))
    )
    return _Config(default=project.default or user.default, networks=user.networks | project.networks)


def _profile(name: str, entry: _NetworkEntry, environment: Mapping[str, str]) -> Profile:
    text = entry.url or environment.get(entry.url_env or "")
    if not text:
        raise InvalidInput(
            f"network {name} takes its URL from {entry.url_env}, which is not set; export it first"
        )
    fee = entry.max_fee_gwei
    return Profile(
        name=name,
        url=RpcUrl(text),
        chain_id=entry.chain_id,
        confirmations=entry.confirmations,
        max_fee=None if fee is None else to_base_units(fee, GWEI_DECIMALS),
    )
