"""What each version of an alarm's facts looks like: `python -m tools.event_shapes`.

A row is read by each engine after the one that wrote it, and perhaps by one before. So
one of each shape that a fact ever had is on record as the engine of its time wrote it,
with what it means that it leaves out what has come since. A fact whose shape changes
needs a version of its own; the tests say so, and this puts it on record then.
"""

import json
import sys
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from datetime import timedelta
from enum import Enum
from pathlib import Path
from types import UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

from msgspec import Struct

from engine.alarm.codec import CLASSES, VERSIONS, decode, encode
from engine.ports.journal import StoredEvent
from engine.values import CommandId, Instant

FOLDER = Path(__file__).parents[1] / "tests" / "engine" / "alarm" / "journals"
SHAPES, ROWS = FOLDER / "shapes.json", FOLDER / "every-version.jsonl"
Line = dict[str, Any]
Shape = dict[str, str]
_PLAIN: Mapping[type, object] = {
    str: "text",
    int: 7,
    float: 7.5,
    bool: True,
    timedelta: timedelta(minutes=7),
}


def shape_of(kind: object, path: str = "") -> Shape:
    """Return each path of a type with what stands there: an enumeration's values."""
    kind = getattr(kind, "__supertype__", kind)
    names = _fields_of(kind)
    if names:
        hints = get_type_hints(kind)
        parts = [shape_of(hints[name], f"{path}.{name}") for name in names]
        return {key.lstrip("."): said for part in parts for key, said in part.items()}
    if isinstance(kind, type) and issubclass(kind, Enum):
        return {path: "|".join(str(member.value) for member in kind)}
    origin, inner = get_origin(kind), get_args(kind)
    if origin in {Union, UnionType}:
        several = [one for one in inner if one is not type(None)]
        if len(several) > 1:  # each by its tag, as it stands in the row
            parts = [shape_of(one, f"{path}<{_tag(one)}>") for one in several]
            return {key: said for part in parts for key, said in part.items()}
        return {key: f"{said}?" for key, said in shape_of(several[0], path).items()}
    if origin is dict:
        return {f"{path}{{}}": "str"}
    if origin is tuple and inner[-1] is not Ellipsis:
        parts = [shape_of(one, f"{path}[{n}]") for n, one in enumerate(inner)]
        return {key: said for part in parts for key, said in part.items()}
    if origin in {tuple, frozenset}:
        return shape_of(inner[0], f"{path}[]")
    assert isinstance(kind, type), kind
    return {path: kind.__name__}


def _tag(kind: type[Struct]) -> str:
    return str(kind.__struct_config__.tag)


def full(kind: Any) -> Any:
    """Return a value of a type in which nothing is left out."""
    kind = getattr(kind, "__supertype__", kind)
    names = _fields_of(kind)
    if names:
        hints = get_type_hints(kind)
        return kind(**{name: full(hints[name]) for name in names})
    if isinstance(kind, type) and issubclass(kind, Enum):
        return list(kind)[-1]
    origin, inner = get_origin(kind), get_args(kind)
    if origin in {Union, UnionType}:
        return next(full(one) for one in inner if one is not type(None))
    if origin is dict:
        return {"text": "text"}
    if origin is tuple and inner[-1] is not Ellipsis:
        return tuple(map(full, inner))
    if origin in {tuple, frozenset}:
        return origin([full(inner[0])])
    return _PLAIN[kind]


def _fields_of(kind: object) -> tuple[str, ...]:
    """Return the names of the fields of a struct or a dataclass; of others none."""
    if isinstance(kind, type) and issubclass(kind, Struct):
        return kind.__struct_fields__
    return tuple(one.name for one in fields(kind)) if is_dataclass(kind) else ()


def rows_now() -> Iterator[Line]:
    """Yield of each kind of fact a row in which nothing is left out."""
    for name, kind in sorted(CLASSES.items()):
        row = encode(full(kind))
        body = json.loads(row.body)
        yield {"kind": name, "version": row.version, "body": body}


def leaves(body: object, path: str = "") -> dict[str, object]:
    """Return a body's values by their paths."""
    match body:
        case dict():
            parts = [leaves(one, f"{path}.{key}") for key, one in body.items()]
        case list():
            parts = [leaves(one, f"{path}[{n}]") for n, one in enumerate(body)]
        case _:
            return {path.lstrip("."): body}
    return {key: one for part in parts for key, one in part.items()}


def means(line: Line) -> dict[str, object]:
    """Return what a row leaves out, as it is read: by path."""
    row = StoredEvent(
        position=0,
        stream="",
        seq=1,
        epoch=1,
        command_id=CommandId(""),
        kind=line["kind"],
        version=line["version"],
        at=Instant(0),
        body=json.dumps(line["body"]).encode(),
        hash=b"",
    )
    read, said = leaves(json.loads(encode(decode(row)).body)), leaves(line["body"])
    assert said.keys() <= read.keys(), said.keys() - read.keys()
    return {path: one for path, one in read.items() if path not in said}


def on_record() -> tuple[dict[str, Shape], list[Line]]:
    """Return today's shapes by kind, and the rows of every shape there ever was."""
    rows = (json.loads(line) for line in ROWS.read_text("utf-8").splitlines())
    return json.loads(SHAPES.read_text("utf-8")), list(rows)


def faults() -> list[str]:
    """Return which facts need a version of their own, and why."""
    shapes, rows = on_record()
    numbers = {(one["kind"], one["version"]) for one in rows}
    found: list[str] = []
    for kind, version in sorted(VERSIONS.items()):
        changed = sorted(_changed(shapes.get(kind, {}), shape_of(CLASSES[kind])))
        if changed and (kind, version) in numbers:
            found.append(
                f"{kind}: {', '.join(changed)} is not as version {version} has it:"
                f" make that version {version + 1} in engine.alarm.codec"
            )
    return found


def _changed(before: Shape, now: Shape) -> Iterator[str]:
    """Yield the paths by which an older engine would go wrong without a word.

    A value more is no such: where it is used, an engine that has not got it refuses.
    """
    for path in before.keys() | now.keys():
        old, new = before.get(path, ""), now.get(path, "")
        if "|" in old and set(old.split("|")) <= set(new.split("|")):
            continue
        if old != new:
            yield path


def main(arguments: list[str]) -> int | str:
    """Put on record what has a version of its own; `--check` only says what is not."""
    wrong = faults()
    if wrong:
        return "\n".join(wrong)
    _, rows = on_record()
    numbers = {(one["kind"], one["version"]) for one in rows}
    rows += [one for one in rows_now() if (one["kind"], one["version"]) not in numbers]
    rows.sort(key=lambda one: (one["kind"], one["version"]))
    for row in rows:
        row["means"] = means(row) | row.get("means", {})
    shapes = {kind: shape_of(shape) for kind, shape in sorted(CLASSES.items())}
    texts = {
        SHAPES: json.dumps(shapes, indent=0) + "\n",
        ROWS: "".join(f"{json.dumps(row)}\n" for row in rows),
    }
    if arguments == ["--check"]:
        current = all(path.read_text("utf-8") == text for path, text in texts.items())
        return 0 if current else "facts: run python -m tools.event_shapes"
    for path, text in texts.items():
        path.write_text(text, "utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
