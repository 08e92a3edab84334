"""``python -m npnets``: the command line, where its script is not on the path."""

from npnets.commands import main

if __name__ == "__main__":
    main(prog_name="npnets")
