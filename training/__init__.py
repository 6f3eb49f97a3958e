"""How the models of musictag are made; needs the `[train]` extra, never imported by the tagger.

In the order of use:

- `config`       the settings of a training run, read from one TOML file
- `data`         data sets, their labels, the split, and how batches are drawn
- `synth`        rendered MIDI with exact labels
- `remix`        songs mixed anew from their stems, with exact labels
- `augment`      changes to sound that leave its labels true
- `teachers`     networks of other people, rebuilt from arrays, that teach ours
- `networks`     what is trained: a mobile network, a residual one, a classic one
- `trainer`      one training run, from data to an exported model
- `evaluation`   calibration, figures with intervals, robustness, the model's page
- `experiments`  rotation over folds, baselines, comparison, ablations
- `finetune`     a person's own library teaches a model their own labels: `musictag train`
- `cli`          `python -m training`
"""
