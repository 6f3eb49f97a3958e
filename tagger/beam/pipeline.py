"""The pipeline put together, and run."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import apache_beam as beam
from apache_beam.io.filesystems import FileSystems
from apache_beam.io.parquetio import ReadAllFromParquet, WriteToParquet
from apache_beam.metrics import Metrics, MetricsFilter
from apache_beam.ml.inference.base import KeyedModelHandler, RunInference
from apache_beam.options.pipeline_options import PipelineOptions, StandardOptions, TypeOptions

from tagger.beam.checkpoints import Choose, WritePart, clear, finished_parts, prepare
from tagger.beam.classify import FAILED, NAMESPACE, NetworkHandler, Read, Score
from tagger.beam.files import Failure, File, find
from tagger.beam.parquet_rows import schema
from tagger.errors import MusicTagError
from tagger.models.card import ModelCard
from tagger.models.model import read_card
from tagger.scanning.limits import try_model

SUFFIX = ".parquet"


@dataclass(frozen=True, slots=True)
class Job:
    """What is classified, and where the rows go."""

    inputs: tuple[str, ...]  # files, folders, globs of any Beam filesystem
    output: str  # ends in .parquet
    model: str
    windows: int | None
    resume: bool = False

    @property
    def stem(self) -> str:
        """The output without its suffix."""
        return self.output.removesuffix(SUFFIX)

    @property
    def failures(self) -> str:
        """Where the dead letters go, a JSON object a line."""
        return f"{self.stem}.failed.jsonl"

    @property
    def parts(self) -> str:
        """The folder of checkpoints."""
        return f"{self.output}.parts/"


@dataclass(frozen=True, slots=True)
class Outcome:
    """The counters of a run, by their names: files classified, reused (`kept`), failed."""

    tracks: int
    kept: int
    failed: int
    seconds_of_audio: int


def run(job: Job, options: Sequence[str]) -> Outcome:
    """Run the pipeline with any options of Beam and its runners, to its end."""
    try_model(job.model)  # what is wrong with a model is said here, not on a worker
    for place in (*job.inputs, job.output):
        _check_reachable(place)
    earlier = prepare(job.output, job.parts) if job.resume else _nothing(job)
    try:
        pipeline = beam.Pipeline(options=_options(options))
        build(pipeline, job, earlier)
        result = pipeline.run()
        result.wait_until_finish()
    except Exception as error:  # those of Beam and its runners share no narrower base
        raise MusicTagError(f"Beam failed: {_last_line(error)} (musictag -v shows all)") from error
    if result.state != "DONE":
        raise MusicTagError(f"the pipeline ended as {result.state}; --resume goes on with it")
    clear(job.parts)
    return _outcome(result)


def build(pipeline: beam.Pipeline, job: Job, earlier: list[str]) -> None:
    """Put the transforms together."""
    model = read_card(job.model)
    card, network = model.card, NetworkHandler(model.read_weights())
    found = pipeline | "Patterns" >> beam.Create(job.inputs) | "Find" >> beam.FlatMap(find)
    chosen = _chosen(pipeline, found, earlier, card, job.windows)
    read = chosen.files | "Read" >> beam.ParDo(Read(card.mel, job.windows)).with_outputs(
        FAILED, main="sounds"
    )
    rows = (
        read.sounds
        | "Predict" >> RunInference(KeyedModelHandler(network))
        | "Score" >> beam.ParDo(Score(card, job.windows))
    )
    columns = schema(card.vocabulary)
    rows | "Checkpoint" >> beam.ParDo(WritePart(job.parts, columns))
    (rows, chosen[Choose.FINISHED]) | "All rows" >> beam.Flatten() | "Write" >> WriteToParquet(
        job.stem, columns, codec="zstd", file_name_suffix=SUFFIX, num_shards=1,
        shard_name_template="",
    )  # fmt: skip
    _write_failures(found, read[FAILED], job)


def _chosen(
    pipeline: beam.Pipeline,
    found: beam.PCollection,
    earlier: list[str],
    card: ModelCard,
    windows: int | None,
) -> Any:
    """The files to classify, each once, and the rows that are finished."""
    files = found | "Files" >> beam.FlatMap(_files)
    finished = pipeline | "Earlier" >> beam.Create(earlier, reshuffle=False)
    rows = (
        finished | "Read rows" >> ReadAllFromParquet() | "Rows by path" >> beam.WithKeys(_row_path)
        if earlier
        else finished | "No rows" >> beam.WithKeys(str)
    )
    together = {"files": files, "rows": rows} | "By path together" >> beam.CoGroupByKey()
    return together | "Choose" >> beam.ParDo(Choose(card, windows)).with_outputs(
        Choose.FINISHED, main="files"
    )


def _write_failures(found: beam.PCollection, unread: beam.PCollection, job: Job) -> None:
    missing = found | "Not found" >> beam.FlatMap(_failures)
    letters = (missing, unread) | "Failures" >> beam.Flatten() | "As JSON" >> beam.Map(_letter)
    once = letters | "One of each" >> beam.Distinct() | "Count failures" >> beam.Map(_counted)
    once | "Write failures" >> beam.io.WriteToText(
        job.failures, num_shards=1, shard_name_template=""
    )


def _check_reachable(place: str) -> None:
    try:
        FileSystems.get_filesystem(place)
    except ValueError as error:
        raise MusicTagError(
            f"{place}: Beam needs a package for this kind of storage, such as apache-beam[gcp]"
        ) from error


def _nothing(job: Job) -> list[str]:
    """No rows to go on from; refuses to write over those of another run."""
    if FileSystems.exists(job.output):
        raise MusicTagError(f"{job.output} exists; --resume classifies what is new, or delete it")
    if finished_parts(job.parts):
        raise MusicTagError(f"{job.output} is unfinished; --resume, or delete {job.parts}")
    return []


def _options(given: Sequence[str]) -> PipelineOptions:
    quiet = "--default_sdk_harness_log_level=ERROR"  # else each local worker tells of its start
    options = PipelineOptions([quiet, *given])
    runner = options.view_as(StandardOptions).runner
    if runner is None or runner.lower().startswith("direct"):
        # Beam's local runner would first fetch another one, Prism, from GitHub. It does not where
        # triggers may be unsafe, and here there are none.
        options.view_as(TypeOptions).allow_unsafe_triggers = True
    return options


def _outcome(result: Any) -> Outcome:
    found = result.metrics().query(MetricsFilter().with_namespace(NAMESPACE))["counters"]
    counts = dict.fromkeys(Outcome.__dataclass_fields__, 0)
    for counter in found:
        counts[counter.key.metric.name] += counter.result or 0
    return Outcome(**counts)


def _letter(failure: Failure) -> str:
    return json.dumps(asdict(failure), ensure_ascii=False)


def _counted(letter: str) -> str:
    Metrics.counter(NAMESPACE, "failed").inc()
    return letter


def _files(item: File | Failure) -> Iterator[tuple[str, File]]:
    if isinstance(item, File):
        yield item.path, item


def _failures(item: File | Failure) -> Iterator[Failure]:
    if isinstance(item, Failure):
        yield item


def _last_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[-1]


def _row_path(row: dict[str, Any]) -> str:
    return str(row["path"])
