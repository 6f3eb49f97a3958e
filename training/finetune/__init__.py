"""A model of a person's own: their library teaches it their labels.

In the order of use:

- `label_mapping`     the names found -> labels, by a table that can be edited
- `onnx_graph`        the shipped network: its embedding read out, another head put on
- `embeddings`        path -> embeddings of its slices, kept on disk
- `examples`          tracks, labels and embeddings side by side
- `near_duplicates`   the same recording twice, kept on one side of every split
- `heads`             a linear head, pulled toward what the shipped model says
- `cross_validation`  every track judged by a head that has not heard its artist
- `summary`           before against after, learning curve, suspects, advice
- `suspects`          tracks that look mislabelled
- `report_page`       the findings as a page
- `torch_network`     the shipped network in torch, to be trained on
- `full_training`     the loop of `--full`
- `active_learning`   unlabelled tracks whose labels would teach most
- `fit`               all of it in one piece
- `command`           `musictag train` and `musictag calibrate`
- `calibration`       thresholds that follow what a person accepted and refused
- `run`               one `musictag train`, from the wishes of a person to lines that tell what came
                      of it
"""
