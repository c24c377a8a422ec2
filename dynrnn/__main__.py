"""``python -m dynrnn`` is the command `dynrnn`."""

from dynrnn.cli import main

if __name__ == "__main__":
    main()
