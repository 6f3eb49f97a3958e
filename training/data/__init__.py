"""What there is to learn from, and how batches are drawn from it.

In the order of the data:

- `taxonomy`         the vocabulary, and how each source's own names map to it
- `split`            what is learned from and what is held out: no artist, song or instrument is on
                     both sides
- `mel_cache`        mel power of every file, computed once and kept on disk
- `teacher_outputs`  what other networks said of each clip, to be learned beside its labels
- `genre_opinions`   what a regression over both teachers says of the genres of every song
- `pseudo_labels`    instruments, and genres AllMusic has no name for, where the teachers leave
                     little doubt
- `clip_pools`       where a run draws its slices from: clips with their sound, by what they are
- `batch_sampler`    training slices: random crops, sums of clips, and what is known of a sum
- `label_counts`     `python -m training count`: how many clips of a data folder have each label
- `coded_copies`     `python -m training code`: a folder of songs coded once more, and its table
- `library`          a person's own labelled music: folders, tags, tables, beets
- `datasets`         what there is to learn from: one module per source, each returning clips
"""
