"""Fabricant lets manufacturers who do not know each other do business on any Ethereum network.

`fabricant.domain` holds data and rules and does no I/O; `fabricant.chain` talks to the contracts;
`fabricant.cli` is a thin shell over both. Imports run one way: cli → chain → domain.
"""

from importlib.metadata import version

__version__ = version("fabricant")
