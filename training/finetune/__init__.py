"""A personal model: fine-tune the shipped network on a user's own labels.

In the order of the data:

- `options`           the options of `musictag train`
- `sources`           where the labels come from, and their export as a table
- `label_mapping`     names found in a library -> labels, by an editable table
- `onnx_graph`        read the embedding out of the shipped network, attach another head
- `embeddings`        path -> embeddings of its slices, cached on disk
- `examples`          tracks, targets and embeddings side by side
- `near_duplicates`   duplicate recordings share a group, so that no split separates them
- `heads`             a linear head, regularised toward the shipped model's predictions
- `cross_validation`  each track scored by a head trained on other artists
- `summary`           metrics before and after, learning curve, suspects, advice
- `suspects`          tracks that look mislabelled
- `report_plots`      precision-recall, calibration and learning curve as SVG
- `report_page`       the evaluation as an HTML page
- `torch_network`     the shipped network as a trainable torch module
- `full_training`     the training loop of `--full`
- `active_learning`   unlabelled tracks most worth labelling
- `fit`               train, evaluate and write a model
- `command`           `musictag train` and `musictag calibrate`
- `calibration`       thresholds tuned to the labels a user accepted and rejected
- `teach`             a new label from a handful of examples
- `run`               one `musictag train`, from its options to the lines of its report
"""
