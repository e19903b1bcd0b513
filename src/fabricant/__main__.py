"""Where the program begins, also as `python -m fabricant`: Ctrl-C ends it quietly even while it loads."""

import sys


def main() -> None:
    """Runs `fabricant`."""
    try:
        from fabricant.cli import main as program  # noqa: PLC0415 - loading takes a moment

        program(prog_name="fabricant")
    except KeyboardInterrupt:
        print("fabricant: stopped", file=sys.stderr)
        sys.exit(130)


if __name__ == "__main__":
    main()
