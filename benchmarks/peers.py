"""Other programs over the same files, each in an environment of its own.

`pip install "tensorflow-cpu==2.15.1" "numpy<2" librosa` and then `pip install --no-deps musicnn`;
`pip install --pre essentia-tensorflow`. Given the Python of such an environment, `speed.py`
measures it; without, the line is left out.
"""

from __future__ import annotations

# The MTT_musicnn tags of a file, as its own command makes them: the network is loaded once, the
# first file is heard twice so that what is only done once is not counted.
MUSICNN = """
import resource, sys, time, warnings, os
def peak_mb():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["CUDA_VISIBLE_DEVICES"] = ""
warnings.filterwarnings("ignore")
import tensorflow as tf
tf.config.threading.set_intra_op_parallelism_threads(1)
tf.config.threading.set_inter_op_parallelism_threads(1)
from musicnn.extractor import extractor
paths = sys.argv[1:]
extractor(paths[0], model="MTT_musicnn", extract_features=False)
start, wall = time.process_time(), time.perf_counter()
for path in paths:
    extractor(path, model="MTT_musicnn", extract_features=False)
print("TOOK", time.process_time() - start, time.perf_counter() - wall, peak_mb())
"""

# Essentia's decoder and the front end of its musicnn models; no network is run.
ESSENTIA = """
import resource, sys, time
def peak_mb():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
import essentia
essentia.log.infoActive = essentia.log.warningActive = False
import essentia.standard as es
def front(path):
    audio = es.MonoLoader(filename=path, sampleRate=16000, resampleQuality=4)()
    mel = es.TensorflowInputMusiCNN()
    for frame in es.FrameGenerator(audio, frameSize=512, hopSize=256, startFromZero=True):
        mel(frame)
paths = sys.argv[1:]
front(paths[0])
start, wall = time.process_time(), time.perf_counter()
for path in paths:
    front(path)
print("TOOK", time.process_time() - start, time.perf_counter() - wall, peak_mb())
"""
PEERS = {
    "musicnn 0.1.0, whole files": MUSICNN,
    "essentia, decoding and mel only, whole files": ESSENTIA,
}
