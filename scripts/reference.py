"""Writes docs/reference: every function, event and error of the contracts, and every command.

The words are those of the interfaces' NatSpec and of the commands' help: there is one place to change them.
`--check` writes nothing and fails when a page is not current.
"""

import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import click
from eth_typing import ABIElement
from eth_utils.abi import abi_to_signature

from fabricant import artifacts
from fabricant.artifacts import Artifact
from fabricant.chain.build import find_project
from fabricant.cli import main as command_line

_WIDTH = 100
_SECTIONS = {"Functions": "function", "Events": "event", "Errors": "error"}
_PLACES = {"function": "methods", "event": "events", "error": "errors"}


def main() -> None:
    """Write the pages, or check them."""
    folder = find_project() / "docs" / "reference"
    pages = {f"{name}.md": contract_page(artifacts.load(name)) for name in artifacts.names()}
    pages["commands.md"] = commands_page()
    wrong = stale(folder, pages)
    if "--check" in sys.argv[1:]:
        if wrong:
            sys.exit(f"docs/reference is not current ({', '.join(wrong)}): run `make docs`")
        return
    folder.mkdir(parents=True, exist_ok=True)
    for name in wrong:
        write(folder / name, pages.get(name))


def stale(folder: Path, pages: Mapping[str, str]) -> list[str]:
    """The pages that differ from what they should be, are missing, or are not wanted any more."""
    found = {file.name: file.read_text(encoding="utf-8") for file in folder.glob("*.md")}
    return sorted(name for name in pages.keys() | found.keys() if pages.get(name) != found.get(name))


def write(file: Path, text: str | None) -> None:
    """Write the page, or remove it."""
    if text is None:
        file.unlink()
    else:
        file.write_text(text, encoding="utf-8")


def contract_page(artifact: Artifact) -> str:
    """One contract's interface in words."""
    notice = artifact.docs["user"].get("notice", "")
    lines = [f"# {artifact.name}", "", f"Generated from `{artifact.source}`; do not edit.", "", notice, ""]
    for title, kind in _SECTIONS.items():
        entries = [entry for entry in artifact.abi if entry["type"] == kind]
        lines += [f"## {title}", ""] if entries else []
        for entry in sorted(entries, key=lambda entry: str(entry.get("name"))):
            lines += _describe(artifact, entry)
    return "\n".join(lines).rstrip() + "\n"


def _describe(artifact: Artifact, entry: Any) -> Iterator[str]:
    user, dev = (_doc(artifact.docs[side], entry) for side in ("user", "dev"))
    arguments = ", ".join(_parameter(parameter) for parameter in entry["inputs"])
    yield f"### `{entry['name']}({arguments})`"
    yield ""
    if entry.get("stateMutability") in ("view", "pure"):
        returned = ", ".join(_parameter(parameter) for parameter in entry["outputs"])
        yield f"Reads; returns `{returned}`."
        yield ""
    for text in (user.get("notice"), dev.get("details")):
        if text:
            yield text
            yield ""
    params = {one["name"]: dev.get("params", {}).get(one["name"]) for one in entry["inputs"]}
    told = params | {_return(name): text for name, text in dev.get("returns", {}).items()}
    yield from (f"- `{name}`: {text}" for name, text in told.items() if text)
    if any(told.values()):
        yield ""


def _return(name: str) -> str:
    return "returns" if name.startswith("_") else f"returns {name}"


def _doc(docs: Mapping[str, Any], entry: ABIElement) -> Mapping[str, Any]:
    found = docs.get(_PLACES[entry["type"]], {}).get(abi_to_signature(entry), {})
    doc: Mapping[str, Any] = found[0] if isinstance(found, list) else found
    return doc


def _parameter(parameter: Mapping[str, Any]) -> str:
    kind = parameter.get("internalType", parameter["type"]).split(" ")[-1].split(".")[-1]
    return f"{kind} {parameter['name']}".strip()


def commands_page() -> str:
    """The help of every command, with those of its subcommands below it."""
    lines = ["# Commands", "", "Generated from the commands' own help; do not edit.", ""]
    for context in _walk(None, "fabricant", command_line):
        lines += [f"## `{context.command_path}`", "", "```text", context.get_help(), "```", ""]
    return "\n".join(lines).rstrip() + "\n"


def _walk(parent: click.Context | None, name: str, command: click.Command) -> Iterator[click.Context]:
    options = {"terminal_width": _WIDTH, "max_content_width": _WIDTH, "resilient_parsing": True}
    context = command.make_context(name, [], parent=parent, **options)
    yield context
    if isinstance(command, click.Group):
        for child in command.list_commands(context):
            found = command.get_command(context, child)
            assert found
            yield from _walk(context, child, found)


if __name__ == "__main__":
    main()
