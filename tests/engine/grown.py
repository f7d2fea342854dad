"""A supervision tree in a simulated world, for the tests of an actor or two."""

from collections.abc import Sequence

from engine.supervision.child import ChildSpec, Strategy
from engine.supervision.supervisor import supervisor
from engine.supervision.tree import Root, Tree
from tests.simulation.runtime import World


def tree_in(world: World) -> Tree:
    """Return a tree whose actors, clock and chance are the world's."""
    return Tree(clock=world, chance=world.chance, spawn=world.spawn)


def grow(
    tree: Tree, world: World, children: Sequence[ChildSpec], *, run_s: float = 0.5
) -> Root:
    """Start children in their order, and let the world run until they are ready."""
    root = Root(
        supervisor("root", Strategy.REST_FOR_ONE, children),
        tree,
        on_ready=lambda: None,
        on_failure=lambda _: None,
    )
    world.run(run_s)
    return root
