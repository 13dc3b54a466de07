"""`python -m bot`: the same as `rarewatch`, where only the requirements are installed."""

from bot.cli import main

if __name__ == "__main__":
    main()
