"""What docs/records.md shows in Python is run as it stands there."""

import re
from pathlib import Path

DOCUMENT = Path(__file__).parents[2] / "docs" / "records.md"


def test_the_example_runs():
    blocks = re.findall(
        r"^```python\n(.*?)^```", DOCUMENT.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE
    )
    assert blocks
    for block in blocks:
        exec(compile(block, str(DOCUMENT), "exec"), {})  # noqa: S102 - the project's own document
