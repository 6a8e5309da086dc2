"""The `madatheory` command, also `python -m madatheory`: listens for Ctrl-C first, and imports the commands then."""

from madatheory import stopping


def main() -> None:
    """Entry point of the `madatheory` command."""
    stopping.run(_commands)


def _commands() -> None:
    from madatheory.cli import main as commands

    commands()


if __name__ == "__main__":
    main()
