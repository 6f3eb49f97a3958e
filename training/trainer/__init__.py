"""One training run, from data to an exported model.

In the order of the data:

- `checkpoints`     written whole, and averaged as the weights that another run starts from
- `amp`             in which numbers a step is computed
- `distributed`     one run on several devices, as `torchrun` starts it: a process for each, one of
                    them the first
- `losses`          losses that pass over what is not known
- `distillation`    scores of an ensemble of other runs, learned beside the labels
- `early_stopping`  while it learns, a network is validated on artists it does not learn from
- `optimiser`       AdamW with a warm-up and a cosine, and the running average of weights
- `loop`            the training loop: batches in, averaged weights out; stops and goes on exactly
                    where it was
- `run_log`         losses and validations while a run learns: CSV files, and TensorBoard's scalars
                    where they are wanted
- `run_figures`     a run in pictures, on one page: learning curve, reliability, figures by label
- `git_commit`      which code made a model
- `provenance`      what a model learned from, in words, as its card tells it
- `shrunken_head`   the head for genres, fitted anew by shrunken regression
- `exported_weights` the checkpoint to go on from, of a model of which only the exported network is
                    there
- `drafts`          a card and its network on disk: a draft first, then published whole
- `export`          a trained network -> an ONNX file and its card, as `tagger` reads them
- `run`             from data to an exported, calibrated and measured model
"""
