"""`python -m opencode_auth`."""

from opencode_auth.cli import main

if __name__ == "__main__":
    main()
