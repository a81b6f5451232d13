"""``python -m beyne``."""

from beyne.cli import main

if __name__ == "__main__":
    main()
