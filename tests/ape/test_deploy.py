"""`ape run deploy` is `fabricant deploy` on ape's node."""

import json
import os
import subprocess
import sys
from pathlib import Path

from fabricant.chain.plan import CONTRACTS
from scripts.run_tests import free_port

ROOT = Path(__file__).resolve().parents[2]


def test_ape_runs_the_deployment(tmp_path: Path) -> None:
    ape = Path(sys.executable).parent / "ape"
    command = [ape, "run", "deploy", "--network", "ethereum:local:foundry", "--", "--json"]
    host = {"APE_FOUNDRY_HOST": f"http://127.0.0.1:{free_port()}"}

    ran = subprocess.run(
        [*command, "--deployments", tmp_path],
        cwd=ROOT,
        env=os.environ | host,
        capture_output=True,
        text=True,
        check=False,
    )

    assert ran.returncode == 0, ran.stdout + ran.stderr
    told = ran.stdout
    assert list(json.loads(told[told.index("{") : told.rindex("}") + 1])["contracts"]) == list(CONTRACTS)
    assert (tmp_path / "31337.json").exists()
