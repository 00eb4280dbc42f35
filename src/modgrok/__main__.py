"""`python -m modgrok` is the command `modgrok`."""

from .cli import main

if __name__ == "__main__":
    main()
