"""Files that commands read and write: logs, drafts, signed files, and what is only hashed."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, TypeVar

import click
from eth_utils.crypto import keccak

from fabricant.cli import _naming as naming
from fabricant.domain import drafts, signed_files
from fabricant.domain.batches import Run
from fabricant.domain.drafts import Draft
from fabricant.domain.signed_files import FileKind, SignedFile, parse_any
from fabricant.domain.units import printable
from fabricant.errors import InvalidInput

D = TypeVar("D", bound=Draft)
F = TypeVar("F", bound=Callable[..., Any])
T = TypeVar("T")

FILE: Final = click.Path(exists=True, dir_okay=False, path_type=Path)
NEW_FILE: Final = click.Path(dir_okay=False, path_type=Path)
LARGEST_FILE: Final = 2**29  # bytes


def commitment(text: str | None) -> bytes:
    """The hash that a text means: 0x and 64 digits, or that of the file of this name; zero for None."""
    if text is None:
        return bytes(32)
    if text.startswith("0x") and len(text) == 66:
        try:
            return bytes.fromhex(text[2:])
        except ValueError:
            raise InvalidInput(f"{printable(text, 80)!r} is no hash; write 0x and 64 hex digits") from None
    return keccak(read(Path(text)))


def commitment_text(hashed: bytes) -> str:
    """A commitment in words: its digits, or that there is none."""
    return f"0x{hashed.hex()}" if any(hashed) else "none"


def read(file: Path, *, most: int = LARGEST_FILE) -> bytes:
    """A file's bytes. Raises InvalidInput for one that is not there or larger than `most`."""
    try:
        with file.open("rb") as source:
            raw = source.read(most + 1)
    except OSError as problem:
        raise InvalidInput(f"{file} can't be read: {problem.strerror}") from None
    if len(raw) > most:
        raise InvalidInput(f"{file} has more than {most} bytes; is it the right file?")
    return raw


@contextmanager
def named(file: Path) -> Iterator[None]:
    """What is wrong with a file's contents begins with the file's name."""
    try:
        yield
    except InvalidInput as wrong:
        wrong.args = (f"{file}: {wrong}",)
        raise


def write(file: Path, raw: bytes) -> None:
    """Writes a new file. Raises InvalidInput if there is one already."""
    try:
        with file.open("xb") as target:
            target.write(raw)
    except FileExistsError:
        raise InvalidInput(f"{file} is there already; name another file, or move it away") from None


def read_signed(file: Path, kind: FileKind[T]) -> SignedFile[T]:
    """A signed file of this kind. Raises InvalidInput, VerificationFailed."""
    with named(file):
        return SignedFile.parse(kind, read(file, most=signed_files.LARGEST_FILE))


def read_any(file: Path, kinds: Iterable[FileKind[Any]]) -> SignedFile[Any]:
    """A signed file of one of these kinds. Raises InvalidInput, VerificationFailed."""
    with named(file):
        return parse_any(kinds, read(file, most=signed_files.LARGEST_FILE))


def read_run(file: Path) -> Run:
    """The run that a file keeps. Raises InvalidInput, VerificationFailed."""
    with named(file), file.open("rb") as lines:
        return Run.parse(lines)


def read_draft(file: Path, form: type[D]) -> D:
    """A draft of this form. Raises InvalidInput."""
    with named(file):
        return form.parse(read(file, most=drafts.LARGEST_FILE))


def draft_options(form: type[Draft]) -> Callable[[F], F]:
    """An option for each field of a draft."""

    def decorate(command: F) -> F:
        for name, field in reversed([*form.model_fields.items()]):
            said = str(field.description)
            command = click.option(
                f"--{name.replace('_', '-')}",
                name,
                type=click.INT if field.annotation is int else _TYPES.get(name, click.STRING),
                metavar=_METAVARS.get(name),
                multiple=name == "goods",
                required=field.is_required(),
                help=f"{said[0].upper()}{said[1:]}.",
            )(command)
        return command

    return decorate


def draft(ctx: click.Context, form: type[D], given: Mapping[str, Any]) -> D:
    """The draft that the options of `draft_options` say: names become addresses, files their hashes."""
    values = {name: value for name, value in given.items() if value not in (None, ())}
    for name in _PARTIES & values.keys():
        values[name] = naming.who(ctx, values[name])
    if "documents" in values:
        values["documents"] = f"0x{commitment(values['documents']).hex()}"
    return form.of(values)


_PARTIES: Final = frozenset({"buyer", "supplier", "inspector", "arbiter", "broker", "pledger", "lender"})
_TYPES: Final = dict.fromkeys(_PARTIES, naming.WHO) | {"conditions": naming.CONDITIONS}
_METAVARS: Final = dict.fromkeys(_PARTIES, "WHO") | {"documents": "FILE|HASH", "machine": "ASSET"}
