"""The `madatheory` command, also `python -m madatheory`: listens for Ctrl-C first, and imports the commands then."""

import sys

from madatheory import stopping


def main() -> None:
    """Entry point of the `madatheory` command."""
    stopping.run(_commands)


def _commands() -> None:
    from madatheory.errors import Missing, needs

    try:
        with needs("the command line"):
            from madatheory.cli import main as commands
    except Missing as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(2)
    commands()


if __name__ == "__main__":
    main()
