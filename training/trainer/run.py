"""From data to an exported, calibrated and measured model."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from tagger.models.model import load_model
from training.config import Config
from training.data.batch_sampler import Pools
from training.data.clip_pools import make_pools
from training.data.coded_copies import load_copies
from training.data.datasets import Clip
from training.data.datasets.instruments import is_rendered
from training.data.mel_cache import load_features
from training.data.pseudo_labels import TAGS, tag_names
from training.data.split import Split
from training.data.taxonomy import Targets
from training.data.teacher_outputs import COMPUTED, Outputs
from training.evaluation.card_figures import (
    MIXES,
    OF_OTHERS,
    Progress,
    judge,
    predict_votes_of_parts,
)
from training.evaluation.held_out_votes import load_votes, save_votes
from training.evaluation.teacher_agreement import agreed_about
from training.networks import PooledNetwork
from training.teachers.audioset_outputs import AudioSetTeacher
from training.teachers.musicnn_outputs import ARRAYS as MUSICNN
from training.teachers.musicnn_outputs import MusicnnTeacher
from training.trainer.distributed import Team, joined
from training.trainer.drafts import publish
from training.trainer.export import export
from training.trainer.loop import train
from training.trainer.provenance import NOTHING, Origin, describe_data
from training.trainer.run_figures import write_pictures
from training.trainer.run_log import LOSSES, Log, open_writer
from training.trainer.shrunken_head import shrink_head

PICTURES, VOTES = "pictures.html", "heard.npz"  # in the folder of a run

Report = Callable[[int, float], object]


def run(
    config: Config,
    split: Split,
    folder: Path,
    cache: Path,
    device: str,
    progress: Progress,
    *,
    data: Path | None = None,
    coded: Path | None = None,
    origin: Origin = NOTHING,
    scalars: bool = False,
) -> Path | None:
    """Train, export, calibrate and measure; returns the path of the model's card.

    Of several processes that `torchrun` started only the first does more than train, and returns
    a path. `data`: the folder with the arrays of the AudioSet teacher, where the config names it.
    `coded`: a folder of songs coded once more.
    With `scalars`, TensorBoard can show how it goes.
    """
    with joined(device) as (team, own_device):
        with team.first_alone():
            pools = read_pools(
                config, split, cache, data, coded, progress if team.is_first else silent
            )
        folder.mkdir(parents=True, exist_ok=True)
        with _reporting(config, folder, progress, team, scalars=scalars) as (report, on_validation):
            network = train(
                config, pools, folder, own_device, report,
                start=origin.start, ensemble=origin.ensemble, team=team,
                on_validation=on_validation,
            )  # fmt: skip
    if not team.is_first:
        return None
    if config.loop.head_strength:
        network = shrink_head(network, pools.songs, config.loop.head_strength)
    agreed = _agreed(config, split, cache, data)
    told = describe_data(split, config, origin, computed=bool(data))
    return _finish(network, config, split, folder, progress, origin, agreed, told)


def _agreed(config: Config, split: Split, cache: Path, data: Path | None) -> dict[str, Targets]:
    """What two teachers agree on about the songs that are held out."""
    if not data or not _names_computed(config):
        return {}
    teacher = AudioSetTeacher(data, cache)
    return agreed_about(split.held_out_songs, teacher.outputs, tag_names(data / TAGS))


def _names_computed(config: Config) -> bool:
    return bool({teacher.name for teacher in COMPUTED} & set(config.loop.teachers))


def _finish(
    network: PooledNetwork,
    config: Config,
    split: Split,
    folder: Path,
    progress: Progress,
    origin: Origin,
    agreed: Mapping[str, Targets],
    told: str,
) -> Path:
    # A card is there only once it is finished: until then all is in a folder that goes again.
    with TemporaryDirectory(prefix="draft-", dir=folder) as drafts:
        path = export(network, config, Path(drafts), told)
        model = load_model(str(path))
        held_out = predict_votes_of_parts(model, split, progress, agreed)
        save_votes(held_out, folder / VOTES)
        runs = [load_votes(other / VOTES) for other in origin.runs] or [held_out]
        card = judge(model.card, runs, held_out[MIXES], config.decision.precision)
        write_pictures(
            folder / PICTURES, folder / LOSSES, {**runs[0], MIXES: held_out[MIXES]}, card
        )
        if origin.runs:
            card = replace(card, metrics={OF_OTHERS: True, **card.metrics})
        return publish(card, Path(drafts), folder)


@contextmanager
def silent(label: str, length: int) -> Iterator[Callable[[], object]]:
    """No progress shown."""
    yield lambda: None


@contextmanager
def _reporting(
    config: Config, folder: Path, progress: Progress, team: Team, *, scalars: bool
) -> Iterator[tuple[Report, Report]]:
    """Write each loss and each validation to a file, by step, and move the progress on.

    Only the first process of a team writes; steps done before count.
    """
    if not team.is_first:
        yield (lambda step, loss: None), (lambda step, value: None)
        return
    writer = open_writer(folder) if scalars else None
    steps = config.loop.steps
    with progress("training", steps) as advance, closing(Log(folder, writer, config)) as log:
        done = 0

        def report(step: int, loss: float) -> None:
            nonlocal done
            log.loss(step, loss)
            for _ in range(step - done):
                advance()
            done = step

        yield report, log.validation


def read_pools(
    config: Config,
    split: Split,
    cache: Path,
    data: Path | None,
    coded: Path | None,
    progress: Progress,
) -> Pools:
    """What a run draws its slices from; `data` and `coded` as in `run`."""
    clips = split.songs + split.solos + split.rendered
    with progress("reading sound", len(clips)) as advance:
        features = load_features(clips, config.mel, cache, advance)
    copies = _copies(split, coded) if coded else []
    with progress("reading copies", len(copies)) as advance:
        again = load_features(copies, config.mel, cache, advance)
    if not data or not _names_computed(config):
        return make_pools(config, split, features, coded=again)
    audioset = AudioSetTeacher(data, cache)
    musicnn = MusicnnTeacher(data, cache) if (data / MUSICNN).exists() else None
    to_ask = [clip for clip in split.songs + split.rendered if not is_rendered(clip)]
    stored = {clip.path for clip in to_ask if clip.soft or clip in split.rendered}
    with progress("asking the teachers", len(to_ask)) as advance:

        def asked(path: Path) -> dict[str, Outputs]:
            advance()
            other = musicnn.outputs(path) if musicnn and path not in stored else {}
            return audioset.outputs(path) | other

        return make_pools(config, split, features, asked, again)


def _copies(split: Split, folder: Path) -> list[Clip]:
    copies = load_copies(folder)
    return [replace(clip, path=copies[clip.id]) for clip in split.songs if clip.id in copies]
