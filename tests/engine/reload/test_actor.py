"""The reloader answers each person who asks, one after the other."""

from engine.reload.actor import Reload, Reloader
from engine.reload.report import Report
from engine.supervision.child import ChildSpec
from engine.supervision.tree import Tree
from engine.values import Instant
from tests.engine.grown import grow
from tests.simulation.runtime import World


def test_each_request_gets_the_report_of_its_own_reload() -> None:
    world = World(1)
    made = iter(Report(at=Instant(ms)) for ms in (1, 2))
    tree = Tree(clock=world, chance=world.chance, spawn=world.spawn)
    arguments = {"reload": lambda: next(made)}
    grow(tree, world, [ChildSpec(name="reloader", actor=Reloader, arguments=arguments)])
    got: list[Report] = []
    for _ in range(2):
        assert tree.names.tell("reloader", Reload(answered=got.append))
    world.run(1)
    assert [report.at.ms for report in got] == [1, 2]
