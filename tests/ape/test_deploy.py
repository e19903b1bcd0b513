"""`ape run deploy` is `fabricant deploy` on ape's node."""

import json
import subprocess
import sys
from pathlib import Path

from fabricant.chain.plan import CONTRACTS

ROOT = Path(__file__).resolve().parents[2]


def test_ape_runs_the_deployment(tmp_path: Path) -> None:
    ape = Path(sys.executable).parent / "ape"
    command = [ape, "run", "deploy", "--network", "ethereum:local:foundry", "--"]

    told = subprocess.check_output([*command, "--json", "--deployments", tmp_path], cwd=ROOT, text=True)

    assert list(json.loads(told[told.index("{") : told.rindex("}") + 1])["contracts"]) == list(CONTRACTS)
    assert (tmp_path / "31337.json").exists()
