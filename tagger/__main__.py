"""`python -m tagger`, the same as `musictag`."""

from tagger.cli import main

if __name__ == "__main__":
    main(prog_name="musictag")
