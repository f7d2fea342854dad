"""Small mistakes that somebody could make in a function, one at a time. Pure."""

import ast
import copy
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeVar

T = TypeVar("T")
SWAPS: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
}
ARITHMETIC: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.BitOr: ast.BitAnd,
    ast.BitAnd: ast.BitOr,
}
CALLS = {"min": "max", "max": "min", "any": "all", "all": "any"}
COPIES = frozenset({"replace"})


@dataclass(frozen=True, slots=True)
class Mutant:
    """One mistake: in which function, on which line, what instead of what."""

    function: str
    line: int
    what: str
    before: str
    after: str
    tree: ast.Module

    @property
    def key(self) -> str:
        """Return what it is known by in the record, whatever its line."""
        return f"{self.function}: {self.what}: {self.before} -> {self.after}"


def mutants(source: str) -> Iterator[Mutant]:
    """Yield every mutant of a module's functions and methods."""
    tree = ast.parse(source)
    for name, function in _functions(tree):
        for node in (one for part in function.body for one in _walked(part)):
            for change in _changes(node):
                mutant = _made(tree, name, node, change)
                if mutant is not None:
                    yield mutant


def _walked(node: ast.AST) -> Iterator[ast.AST]:
    """Yield a node and all that runs in it: a local annotation does not."""
    yield node
    for child in ast.iter_child_nodes(node):
        if not (isinstance(node, ast.AnnAssign) and child is node.annotation):
            yield from _walked(child)


def _functions(tree: ast.Module) -> Iterator[tuple[str, ast.FunctionDef]]:
    for node in tree.body:
        if isinstance(node, ast.FunctionDef):
            yield node.name, node
        if isinstance(node, ast.ClassDef):
            for inner in node.body:
                if isinstance(inner, ast.FunctionDef):
                    yield f"{node.name}.{inner.name}", inner


def _changes(node: ast.AST) -> Iterator[tuple[str, ast.AST]]:
    """Yield what may stand instead of a node, and what kind of mistake that is."""
    yield from _truths(node)
    match node:
        case ast.BinOp(op=op) if type(op) in ARITHMETIC:
            yield "operator", _with(node, op=ARITHMETIC[type(op)]())
        case ast.Constant(value=bool() as value):
            yield "constant", ast.Constant(value=not value)
        case ast.Constant(value=int() as value):
            yield "constant", ast.Constant(value=value + 1)
        case ast.Call(func=ast.Name(id=name)) if name in CALLS:
            yield "call", _with(node, func=ast.Name(id=CALLS[name], ctx=ast.Load()))
        case ast.Call(func=ast.Name(id=name), keywords=words) if name in COPIES:
            for fewer in _each_less(words):
                yield "field not set", _with(node, keywords=fewer)
        case ast.comprehension(ifs=ifs) if ifs:
            for fewer_ifs in _each_less(ifs):
                yield "filter dropped", _with(node, ifs=fewer_ifs)
        case _:
            pass


def _truths(node: ast.AST) -> Iterator[tuple[str, ast.AST]]:
    """Yield mistakes about what holds and which way it goes."""
    match node:
        case ast.Compare(ops=[op]) if type(op) in SWAPS:
            yield "comparison", _with(node, ops=[SWAPS[type(op)]()])
        case ast.BoolOp(op=op, values=values):
            other = ast.Or() if isinstance(op, ast.And) else ast.And()
            yield "and, or", _with(node, op=other)
            for kept in _each_less(values):
                rest = kept[0] if len(kept) == 1 else _with(node, values=kept)
                yield "part dropped", rest
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            yield "not dropped", operand
        case ast.IfExp(body=body, orelse=orelse):
            yield "other branch", orelse
            yield "one branch", body
        case ast.If(test=test):
            yield "condition", _with(node, test=_negated(test))
        case _:
            pass


def _each_less(items: list[T]) -> Iterator[list[T]]:
    """Yield the items with one of them left out, for each of them."""
    for number in range(len(items)):
        yield items[:number] + items[number + 1 :]


def _negated(test: ast.expr) -> ast.expr:
    return ast.UnaryOp(op=ast.Not(), operand=test)


def _with(node: ast.AST, **changes: object) -> ast.AST:
    made = copy.copy(node)
    for name, value in changes.items():
        setattr(made, name, value)
    return made


def _made(
    tree: ast.Module, function: str, node: ast.AST, change: tuple[str, ast.AST]
) -> Mutant | None:
    what, instead = change
    changed = _Put(node, instead).visit(copy.deepcopy(tree, {id(node): node}))
    before, after = _shown(node), _shown(instead)
    line = getattr(node, "lineno", 0)
    if not isinstance(changed, ast.Module) or before == after:
        return None
    ast.fix_missing_locations(changed)
    return Mutant(function, line, what, before, after, changed)


def _shown(node: ast.AST) -> str:
    shown = node.test if isinstance(node, ast.If) else node
    return " ".join(ast.unparse(shown).split())


class _Put(ast.NodeTransformer):
    """Puts one node in the place of another."""

    def __init__(self, node: ast.AST, instead: ast.AST) -> None:
        self._node, self._instead = node, instead

    def visit(self, node: ast.AST) -> ast.AST:
        """Visit; the replaced node's own children are left alone."""
        if node is self._node:
            return ast.copy_location(self._instead, node)
        visited: ast.AST = super().visit(node)
        return visited
