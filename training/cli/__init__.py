"""`python -m training`: the commands that make and measure models.

In the order of the data:

- `options`  options that several commands share: where labelled sound is, and what of it is held
             out
- `console`  what the commands that train and measure share on the terminal
- `program`  `python -m training`: making the models that ship; `evaluate` is a command of
             `musictag` too
"""
