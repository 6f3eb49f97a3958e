"""How the models of musictag are made; needs the `[train]` extra, never imported by the tagger.

In the order of use:

- `labels`      the vocabulary, and one table per source that maps its names to ours
- `datasets`    one module per source: files, groups, folds, known and unknown labels; `sources`
                lists those that people download or make
- `frontend`    `tagger.inference.mel_spectrogram` in torch
- `features`    mel power of every clip, computed once, kept on disk
- `teachers`    soft labels and embeddings of other networks, taught through heads dropped later
- `teacher_networks`  those that are asked here, rebuilt from arrays
- `weak`        instruments in songs, where the teachers leave little doubt
- `mixing`      random crops, mixes of clips and their three-valued labels
- `noises`      hiss, hum and crackle, which are of no label
- `augment`     draws of parameters, then changes to mel power that follow them
- `blending`    a stretch of one song in another
- `networks`    what is trained: a mobile network, a residual one, a classic one
- `losses`      masked losses
- `precision`   in which numbers a step is computed
- `parallel`    one run on several devices
- `watch`       hearing on artists apart, to stop early
- `start`       the weights a run begins with when it goes on from others
- `loop`        optimiser, averages of weights, checkpoints
- `log`         what a run tells while it learns
- `metrics`     ROC-AUC, average precision and F1 by track over what is known
- `calibrate`   votes -> probabilities and thresholds
- `export`      network + card, as `tagger` reads them
- `evaluate`    an exported model over labelled files, through the tagger itself
- `pack`        its figures with intervals, in words and pictures, and through changed sound
- `pipeline`    all of it in one command
- `synth`       rendered MIDI with exact labels
- `remix`       songs mixed anew from their stems, with exact labels
- `coding`      songs coded once more; `coded`: a folder of them
- `counting`    how many clips have which label
- `rotation`    what teachers with logistic regression reach, each fold in turn held out
- `personal`    a person's own library teaches a model their own labels: `musictag train`
- `protocols`   which slices are learned from and which asked about, with what that leaks
- `baselines`   systems that people know from courses and papers
- `compare`     those and ours, under every protocol, side by side
- `page`        a model's card as a page for people
- `options`     options that several commands share; `console`: what they do on the terminal
- `commit`      which code made a model
"""
