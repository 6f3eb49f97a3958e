"""`musictag evaluate`, which is `python -m training evaluate` too: figures on held-out sound.

A module of its own, with light imports: `musictag --help` loads it.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Unpack

import click

from tagger.cli.options import MODEL
from training.cli.console import progress, quiet_threads
from training.cli.options import NEW_FOLDER, Places, count_option, places, read_split

if TYPE_CHECKING:
    from tagger.models.model import Model
    from training.evaluation.predict import ClipScores


@click.command()
@places
@MODEL
@click.option("--pictures", type=click.Path(path_type=Path), help="Also draw them, as .html.")
@click.option(
    "--out",
    type=NEW_FOLDER,
    help="Also write the evaluation pack there: Markdown, JSON and pictures.",
)
@count_option("--draws", 1000, "Of artists, for the intervals of the pack.")
@click.option(
    "--robustness/--no-robustness",
    default=True,
    show_default=True,
    help="With --out: measure it all again after MP3, changes of pitch and tempo, noise...",
)
def evaluate(
    model: str,
    pictures: Path | None,
    out: Path | None,
    draws: int,
    robustness: bool,
    **where: Unpack[Places],
) -> None:
    """Measure a model on held-out sound.

    Genres by track on one fold of songs; instruments on clips and mixes that are never trained on.
    """
    quiet_threads()
    import json
    from dataclasses import replace

    from tagger.errors import DataError
    from tagger.models.model import find_card, load_model
    from training.data.taxonomy import VOCABULARY
    from training.evaluation.card_figures import OF_OTHERS, as_given, measure_all, predict_parts
    from training.evaluation.predict import stack_votes
    from training.trainer.run_figures import write_pictures
    from training.trainer.run_log import LOSSES

    split, loaded = read_split(**where), load_model(model)
    if loaded.card.vocabulary != VOCABULARY:
        raise DataError(f"the labels of {loaded.card.id} are not those that data are read with")
    if loaded.card.metrics.get(OF_OTHERS):
        click.echo(
            f"note: {loaded.card.id} learned from every fold of its data; on these the figures "
            "flatter it. Measure a run that held one out instead",
            err=True,
        )
    clips = predict_parts(loaded, split, progress)
    held_out = {
        name: stack_votes(part, len(loaded.card.vocabulary)) for name, part in clips.items()
    }
    figures = measure_all(held_out, loaded.card)
    if pictures:
        log = find_card(model).with_name(LOSSES)
        write_pictures(pictures, log, held_out, replace(loaded.card, metrics=figures))
    click.echo(json.dumps(figures, indent=1))
    if out:
        given = as_given(clips)
        click.echo(f"wrote {_pack(out, loaded, given, draws, robustness=robustness)}", err=True)


def _pack(
    folder: Path,
    model: Model,
    clips: dict[str, list[ClipScores]],
    draws: int,
    *,
    robustness: bool,
) -> Path:
    from training.evaluation.report_files import write_pack
    from training.evaluation.results import Results, measure_parts, measure_robustness

    changed = measure_robustness(clips, model, progress, draws=draws) if robustness else ()
    parts = measure_parts(clips, model.card, draws=draws)
    return write_pack(folder, Results(model.card.id, draws, parts, changed), clips, model.card)
