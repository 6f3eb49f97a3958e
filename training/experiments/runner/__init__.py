"""What every experiment is run with: a grid of cells, each run once, whatever is killed between.

In the order of the data:

- `ledger`   finished cells on disk, a line of JSON each, so that a killed experiment goes on
- `grid`     the cells that the ledger does not have, one after the other or several at a time
- `summary`  the same cell from several seeds: means and spreads
"""
