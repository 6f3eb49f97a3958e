"""Experiments: which recipe, and which system, is better, and how surely.

In the order of the data:

- `protocols`   protocols: which slices are learned from, which are chosen by, which are asked about
- `out_of_fold`  `python -m training folds`: runs that held folds out, on learned and other songs
- `rotation`    `python -m training rotate`: what two teachers with logistic regression reach, out
                of fold
- `runner`      a grid of cells, each run once and kept, and their means over seeds
- `ablate`      what each part of the recipe is worth: the same short run again and again, one thing
                changed
- `baselines`   systems that people know from courses and papers, on the same sound as ours
- `compare`     `python -m training compare`: systems by protocols, side by side on the same sound
"""
