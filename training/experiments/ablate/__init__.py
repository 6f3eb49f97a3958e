"""What each part of the recipe is worth: the same short run again and again, one thing changed.

- `variants`     what is changed, by name
- `predict`      held-out slices, scored by a network as it was trained
- `aggregation`  ways to make one score of a track's slices, and how well each ranks
- `cells`        one run: a variant, a fold held out, a seed; all that are asked for, in order
- `summary`      differences from the recipe, pair by pair, as Markdown
- `command`      the command line of the ablations
"""
