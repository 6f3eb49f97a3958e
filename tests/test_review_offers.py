"""What is offered for a file, what a choice makes of it, and what is kept of it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tagger.models.model import Model
from tagger.review.decisions import read_decisions, save_decisions
from tagger.review.items import make_item
from tagger.review.offers import Offer, Option, offer_for
from tagger.review.state import Review
from tagger.scanning.results import Result
from tagger.tags.reader import FileTags
from tagger.vocabulary import KINDS, Tag
from tagger.writing.genre_rules import Taste
from tagger.writing.journal_entries import Outcome
from tagger.writing.plan import Policy, classified_file, make_plan
from tests.heard_library import heard_library, plan_for


def policy(mode: str = "fill", **others: object) -> Policy:
    return Policy(dict.fromkeys(KINDS, mode), **others)  # type: ignore[arg-type]


def sample(genres: tuple[str, ...] = (), heard: tuple[str, ...] = ("Jazz",)) -> Result:
    """A file with these genres in which those were heard, and Blues and Folk perhaps."""
    (result,) = heard_library(1)
    assert result.track
    tags = tuple(Tag("genre", name, 0.9) for name in heard)
    candidates = (Tag("genre", "Blues", 0.4), Tag("genre", "Folk", 0.05))
    track = replace(result.track, tags=tags, candidates=candidates)
    return replace(result, existing=replace(result.existing, genres=genres), track=track)


def test_untouched_review_is_the_plan_of_a_scan(tiny: Model) -> None:
    results = list(heard_library(100))
    review = Review(tiny.card, Policy(), [Path("/music")])
    for result in results:
        review.add(result)
    assert review.plan().files == plan_for(results).files


@pytest.mark.parametrize("mode", ["fill", "merge", "replace"])
@pytest.mark.parametrize("join", ["", "; "])
def test_untouched_review_obeys_the_policy(mode: str, join: str, tiny: Model) -> None:
    given = policy(mode, join=join, provenance="small 2026", taste=Taste(aliases={"Jazz": "Swing"}))
    results = list(heard_library(60))
    review = Review(tiny.card, given, [])
    for result in results:
        review.add(result)
    heard = [one for result in results if (one := classified_file(result))]
    assert review.plan().files == make_plan(heard, given).files


def test_guess_is_offered_and_not_ticked() -> None:
    offer = offer_for(sample(heard=()), "genre", Policy())
    assert [(option.name, option.proposed) for option in offer.options] == [("Blues", False)]
    assert offer.after([]) == ()
    assert offer.after(["Blues"]) == ("Blues",)


def test_what_the_file_has_is_not_offered() -> None:
    offer = offer_for(sample(genres=("jazz",)), "genre", Policy())
    assert [option.name for option in offer.options] == ["Blues"]
    assert offer.after(["Blues"]) == ("jazz", "Blues")


def test_nothing_ticked_never_empties_a_field() -> None:
    offer = offer_for(sample(genres=("Rock",)), "genre", policy("replace"))
    assert offer.planned == ("Jazz",)
    assert offer.after(["Jazz"]) == ("Jazz",)
    assert offer.after([]) == ("Rock",)


def test_replacing_by_less_is_a_choice_too() -> None:
    offer = offer_for(sample(genres=("Rock", "Jazz")), "genre", policy("replace"))
    assert offer.after(offer.proposed) == ("Jazz",)
    assert offer.after([]) == ("Rock", "Jazz")


def test_file_whose_tags_cannot_be_read_is_offered_nothing() -> None:
    unread = replace(sample(), existing=FileTags())
    assert offer_for(unread, "genre", Policy()) == Offer()


def test_what_was_refused_is_not_ticked_again(tiny: Model) -> None:
    review = Review(tiny.card, policy("merge"), [])
    review.add(sample(heard=("Jazz", "Latin")))
    item = review.item(0)
    review.decide([(0, "genre", ("Jazz",))])
    written = replace(item.result.existing, genres=("Jazz",))
    review.note(Outcome(item.result.path.absolute(), "changed"), written)
    assert review.item(0).status == "changed"
    assert review.plan().files == ()
    assert Option("Latin", 0.9, True) in review.item(0).offers["genre"].options
    review.note(Outcome(item.result.path.absolute(), "changed"), item.result.existing, undone=True)
    assert review.item(0).status == "restored"
    assert review.item(0).ticked["genre"] == ("Jazz",)


def test_files_that_came_later_wait(tiny: Model) -> None:
    review = Review(tiny.card, Policy(), [])
    for result in heard_library(20):
        review.add(result)
    seen = {change.path for change in review.plan(5).files}
    assert seen == {change.path for change in review.plan().files[: len(seen)]}
    assert all(int(path.name[:2]) <= 5 for path in seen)


def test_changes_are_told_in_parts(tiny: Model, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tagger.review.state.MOST_ROWS", 8)
    monkeypatch.setattr("tagger.review.state.FIRST_ROWS", 3)
    review = Review(tiny.card, Policy(), [])
    for result in heard_library(20):
        review.add(result)
    seen, told = 0, list[int]()
    while seen < review.count():
        seen, rows = review.rows_since(seen)
        assert len(rows) <= (8 if told else 3)
        told += [row["id"] for row in rows]
    assert told == list(range(20))
    review.note(Outcome(review.item(3).result.path, "refused", "why"), None)
    _, (row,) = review.rows_since(seen)
    assert (row["id"], row["status"], row["reason"]) == (3, "refused", "why")


def test_decisions_say_what_was_offered_and_what_was_taken(tmp_path: Path) -> None:
    item = make_item(0, sample(heard=("Jazz", "Latin")), Policy())
    item = replace(item, ticked={"genre": ("Jazz", "Kora"), "instrument": ()}, edited=True)
    save_decisions(tmp_path, [item], run=7, time="2026-11-21T00:00:00+00:00")
    path = tmp_path / "decisions.jsonl"
    path.write_text(path.read_text() + '{"cut of')
    save_decisions(tmp_path, [item], run=8, time="2026-11-22T00:00:00+00:00")
    assert {row["run"] for row in read_decisions(path)} == {7, 8}
    rows = [row for row in read_decisions(path) if row["run"] == 7 and row["kind"] == "genre"]
    found = [
        (r["label"], r["probability"], r["offered"], r["proposed"], r["accepted"]) for r in rows
    ]
    assert found == [
        ("Jazz", 0.9, True, True, True),
        ("Latin", 0.9, True, True, False),
        ("Blues", 0.4, True, False, False),
        ("Kora", None, False, False, True),
    ]
    assert {(row["path"], row["audio"]) for row in rows} == {
        (str(item.result.path), item.result.existing.audio)
    }
