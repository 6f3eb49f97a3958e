"""`python -m training`: the commands that make and measure models.

In the order of the data:

- `options`   options that several commands share: where labelled sound is, and what of it is held
              out
- `console`   what the commands that train and measure share on the terminal
- `checkpoint` an exported model as a checkpoint to go on from
- `evaluate`  `musictag evaluate`, which is `python -m training evaluate` too
- `program`   `python -m training`: the command group that makes the models that ship
"""
