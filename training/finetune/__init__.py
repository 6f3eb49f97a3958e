"""A model of a person's own: their library teaches it their labels.

In the order of use:

- `sources`     folders, a table, tags, or a beets library -> tracks and what they are called
- `naming`      the names found -> labels, by a table that can be edited
- `graph`       the shipped network: its embedding read out, another head put on
- `embeddings`  path -> embeddings of its slices, kept on disk
- `examples`    tracks, labels and embeddings side by side
- `heads`       a linear head, pulled toward what the shipped model says
- `validation`  every track judged by a head that has not heard its artist
- `findings`    before against after, learning curve, suspects, advice
- `page`        the findings as a page
- `body`        the shipped network in torch, to be trained on
- `tuning`      the loop of `--full`
- `suggestion`  unlabelled tracks whose labels would teach most
- `making`      all of it in one piece
- `command`     `musictag train` and `musictag calibrate`
"""
