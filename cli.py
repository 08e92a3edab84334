"""Run the command line from a clone: ``python cli.py enumerate``."""

import sys
from pathlib import Path

sys.path.insert(1, str(Path(__file__).parent / "kernels"))

from npnets.commands import main

if __name__ == "__main__":
    main(prog_name="npnets")
