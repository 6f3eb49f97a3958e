"""A model: its card, its network, and where models are stored.

In the order of the data:

- `card`        everything about a model but its weights
- `onnx_check`  what an ONNX file holds, read without running or even loading any of it
- `onnx_writer` graphs written as ONNX files
- `session`     ONNX Runtime, which only this module imports: what runs a network, on which device
- `self_test`   A fixed signal whose scores are stored with each model
- `model`       A model: its card, and its network checked against it and ready to run
- `store`       A person's own models: imported, chosen, exported, deleted
"""
