"""What decoders have withstood adds up, and the page says no more than that."""

from pathlib import Path

from tests.adapters.devices import withstood
from tests.adapters.devices.mutation import protocols
from tests.adapters.devices.withstood import Tally

ONE = Tally(source="a", frames=5, frames_now=5, batches=1, cpu_s_now=1, slowest_ms=3)
TWO = Tally(source="a", frames=7, frames_now=7, batches=1, cpu_s_now=2, slowest_ms=2)


def test_tallies_add_up_over_runs() -> None:
    both = ONE.plus(TWO)
    assert (both.frames, both.frames_now, both.batches) == (12, 12, 2)
    assert (both.cpu_s_now, both.slowest_ms) == (3, 3)


def test_a_changed_decoder_does_not_take_credit_for_what_the_old_one_withstood() -> (
    None
):
    changed = Tally(source="b", frames=7, frames_now=7, batches=1)
    both = ONE.plus(changed)
    assert (both.source, both.frames, both.frames_now) == ("b", 12, 7)
    assert both.cpu_s_now == 0


def test_tallies_are_kept_and_found_again(tmp_path: Path) -> None:
    path = tmp_path / "there" / "withstood.json"
    assert withstood.load(path) == {}
    withstood.save({"gt06": ONE}, path)
    assert withstood.load(path) == {"gt06": ONE}


def test_two_decoders_that_share_code_have_sources_of_their_own() -> None:
    modules = {type(p).__module__ for p in protocols().values()}
    assert len({withstood.source_of(module) for module in modules}) == len(modules)


def test_the_page_has_the_table_of_the_tallies() -> None:
    assert withstood.published() == withstood.table(withstood.load())
