"""`python -m training`."""

from training.cli.program import main

main()
