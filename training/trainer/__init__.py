"""One training run, from data to an exported model.

In the order of the data:

- `checkpoints`     written whole; the weights a run begins with when it goes on from others
- `amp`             in which numbers a step is computed
- `distributed`     one run on several devices, as `torchrun` starts it: a process for each, one of
                    them the first
- `losses`          losses that pass over what is not known
- `distillation`    what other runs of the same kind of network say of a slice, to be learned beside
                    its labels
- `early_stopping`  early stop: while it learns, a network is heard on artists it does not learn
                    from
- `optimiser`       AdamW with a warm-up and a cosine, and the running average of weights
- `loop`            the training loop: batches in, averaged weights out; stops and goes on exactly
                    where it was
- `run_log`         what a run tells while it learns: CSV files, and scalars for TensorBoard where
                    it is wanted
- `run_figures`     A run in pictures, on one page: how it learned, how surely and how well the
                    model hears
- `git_commit`      which code made a model
- `provenance`      what a model learned from, in words, as its card tells it
- `shrunken_head`   the head for genres, fitted anew by shrunken logistic regression
- `export`          a trained network -> an ONNX file and its card, as `tagger` reads them
- `run`             from data to an exported, calibrated and measured model
"""
