"""The sentences that the source gives to errors, findings and warnings, read off its syntax.

Where a text is put together, names are followed to their assignments, parameters to the calls,
helpers to what they return. What only a run can tell is a `HOLE`.
"""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from itertools import product
from pathlib import Path

import beyne
from beyne.config import read_toml
from beyne.zoo import builtin, entry

ROOT = Path(beyne.__file__).parent
HOLE = "\N{OBJECT REPLACEMENT CHARACTER}"

#: What the window can't reach: other commands, what starts it, what only Python programs meet.
_ELSEWHERE = ("cli/", "augmentation/", "blend.py", "info.py", "app/server.py", "app/passwords.py")
_ELSEWHERE += ("languages/", "metrics/", "images/raster.py", "predict/arrays.py")
_ELSEWHERE += ("evaluation/recognition.py",)
#: Other calls than errors that take sentences, and at which places.
_TAKING = {
    "Finding": (3, 4),
    "Failure": (1, 2),
    "Scene": (1,),
    "_refused": (1, 2),
    "alike": (2, 3),
    "warnings.append": (0,),
}
#: Functions whose results are shown as they are.
_SHOWN = {
    "trust/summary.py": ("sentence", "_in_words"),
    "images/residual.py": ("sentence", "shortfall"),
    "predict/vegetation.py": ("sentences",),
    "text/reader.py": ("sentence",),
}
_DEEPEST = 8

Function = ast.FunctionDef | ast.AsyncFunctionDef
Texts = frozenset[str]
Inner = Callable[[ast.AST | None], Texts]
_UNKNOWN: Texts = frozenset({HOLE})


def sentences() -> dict[str, str]:
    """Sentence → where it was found; the descriptions of recipes and embedded models, too."""
    described = {read_toml(path)["description"]: path.name for path in ROOT.glob("presets/*.toml")}
    return _Source().found | described | {entry(n).card.description: n for n in builtin()}


class _Source:
    def __init__(self) -> None:
        self.found: dict[str, str] = {}
        self._parents: dict[ast.AST, ast.AST] = {}
        self._functions: dict[str, list[Function]] = defaultdict(list)
        self._calls: dict[str, list[ast.Call]] = defaultdict(list)
        self._paths: dict[ast.AST, str] = {}
        for path in sorted(ROOT.rglob("*.py")):
            tree = ast.parse(path.read_text(encoding="utf-8"))
            self._paths[tree] = path.relative_to(ROOT).as_posix()
            self._index(tree)
        self._errors = self._find_errors()
        for tree, path in self._paths.items():
            if not path.startswith(_ELSEWHERE):
                for node in ast.walk(tree):
                    for said in self._said_by(node, path):
                        self._keep(said, f"{path}:{said.lineno}")

    def _index(self, tree: ast.Module) -> None:
        for node in ast.walk(tree):
            self._parents.update(dict.fromkeys(ast.iter_child_nodes(node), node))
            if isinstance(node, Function):
                self._functions[node.name].append(node)
            elif isinstance(node, ast.Call):
                self._calls[_called(node)].append(node)

    def _find_errors(self) -> set[str]:
        classes = [n for t in self._paths for n in ast.walk(t) if isinstance(n, ast.ClassDef)]
        names, before = {"BeyneError"}, 0
        while len(names) > before:
            before = len(names)
            names |= {c.name for c in classes if names & {ast.unparse(base) for base in c.bases}}
        return names - {"MissingExtraError"}  # takes the names of a package and an extra

    def _keep(self, node: ast.expr, where: str) -> None:
        for text in self._texts(node, where):
            if text.strip(HOLE):
                self.found.setdefault(text, where)

    def _said_by(self, node: ast.AST, path: str) -> Iterator[ast.expr]:
        """Arguments of a call, results of a function, warnings: what are sentences of it."""
        if isinstance(node, ast.Call):
            name = _called(node)
            inside = next((a.name for a in self._above(node) if isinstance(a, ast.ClassDef)), "")
            of_error = name in self._errors or (name == "__init__" and inside.endswith("Error"))
            written = ast.unparse(node.func)
            places = (0, 1) if of_error else _TAKING.get(written, _TAKING.get(name, ()))
            given = (node.args[place] for place in places if place < len(node.args))
            yield from (each.value if isinstance(each, ast.Starred) else each for each in given)
        elif isinstance(node, Function) and node.name in _SHOWN.get(path, ()):
            yield from _results(node)
        elif isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "warnings":
            yield node.value

    # What an expression may be.

    def _texts(self, node: ast.AST | None, where: str, depth: int = 0) -> Texts:
        def inner(part: ast.AST | None) -> Texts:
            return self._texts(part, where, depth + 1) if depth < _DEEPEST else _UNKNOWN

        return self._possible(node, where, inner) or _UNKNOWN

    def _possible(self, node: ast.AST | None, where: str, inner: Inner) -> Texts:
        match node:
            case ast.Constant(value=str(text)):
                return frozenset({text})
            case ast.JoinedStr(values=parts):
                return _joined(map(inner, parts))
            case ast.FormattedValue(value=ast.Call() as call):
                self._keep(call, where)  # a sentence within a sentence
                return _UNKNOWN
            case ast.FormattedValue(value=value):
                return inner(value)
            case ast.BinOp(left=left, op=ast.Add(), right=right):
                return _joined([inner(left), inner(right)])
            case ast.IfExp(body=one, orelse=other):
                return inner(one) | inner(other)
            case (
                ast.BoolOp(values=parts)
                | ast.Dict(values=parts)
                | ast.List(elts=parts)
                | ast.Tuple(elts=parts)
            ):
                return frozenset().union(*map(inner, parts))
            case ast.DictComp(value=part) | ast.Subscript(value=part) | ast.ListComp(elt=part):
                return inner(part)
            case ast.Name(id=name):
                return self._named(node, name, inner)
            case ast.Call():
                found = self._only_function(node)
                results = _results(found) if found else []
                return frozenset().union(*map(inner, results))
        return frozenset()

    def _named(self, node: ast.AST, name: str, inner: Inner) -> Texts:
        for scope in self._above(node):
            if not isinstance(scope, Function | ast.Module):
                continue
            if values := self._before(node, name) or [*self._assigned(scope, name)]:
                found = frozenset().union(*map(inner, values))
                for added in _own(scope):
                    if isinstance(added, ast.AugAssign) and ast.unparse(added.target) == name:
                        found |= _joined([found, inner(added.value)])
                return found
            if isinstance(scope, Function) and name in _parameters(scope):
                return frozenset().union(*map(inner, self._passed(scope, name)))
        return frozenset()

    def _before(self, node: ast.AST, name: str) -> list[ast.AST]:
        """What the name was set to last in the block of statements that uses it."""
        inside = node
        for above in self._above(node):
            for block in (getattr(above, field, []) for field in ("body", "orelse")):
                if isinstance(block, list) and inside in block:
                    before = block[: block.index(inside)]
                    return [value for one in before for value in _set_by(one, name)][-1:]
            inside = above
        return []

    def _assigned(self, scope: ast.AST, name: str) -> Iterator[ast.AST | None]:
        """What a name is set to: alone, as part of a tuple, or row by row of a table."""
        for node in _own(scope):
            yield from _set_by(node, name)
            match node:
                case (
                    ast.For(target=ast.Tuple() as target, iter=rows)
                    | ast.comprehension(target=ast.Tuple() as target, iter=rows)
                ):
                    for place in _places(target, name):
                        yield from (_part(row, place) for row in self._rows(rows))
                case (
                    ast.For(target=ast.Name(id=target))
                    | ast.comprehension(target=ast.Name(id=target))
                ) if target == name:
                    yield None

    def _rows(self, rows: ast.expr) -> Iterable[ast.expr | None]:
        if isinstance(rows, ast.Name):
            scopes = [s for s in self._above(rows) if isinstance(s, Function | ast.Module)]
            found = [value for scope in scopes for value in self._assigned(scope, rows.id)]
            rows = next((value for value in found if isinstance(value, ast.Tuple)), rows)
        return rows.elts if isinstance(rows, ast.Tuple) else [None]

    def _passed(self, function: Function, name: str) -> Iterator[ast.expr]:
        place = _parameters(function).index(name)
        for call in self._calls[function.name]:
            if self._only_function(call) is function:
                method = isinstance(call.func, ast.Attribute)
                yield from call.args[place - method :][:1]
                yield from (word.value for word in call.keywords if word.arg == name)

    def _only_function(self, call: ast.Call) -> Function | None:
        """The one function of the called name, in the same module or else anywhere."""
        found = self._functions[_called(call)]
        near = [one for one in found if self._module(one) is self._module(call)] or found
        return near[0] if len(near) == 1 else None

    def _module(self, node: ast.AST) -> ast.AST:
        return [*self._above(node)][-1]

    def _above(self, node: ast.AST) -> Iterator[ast.AST]:
        while node in self._parents:
            node = self._parents[node]
            yield node


def _called(call: ast.Call) -> str:
    return ast.unparse(call.func).rpartition(".")[2]


def _parameters(function: Function) -> list[str]:
    taken = function.args
    return [each.arg for each in (*taken.posonlyargs, *taken.args, *taken.kwonlyargs)]


def _results(function: Function) -> list[ast.expr]:
    return [node.value for node in _own(function) if isinstance(node, ast.Return) and node.value]


def _set_by(node: ast.AST, name: str) -> Iterator[ast.expr | None]:
    """What an assignment sets a name to; nothing if it does not."""
    match node:
        case (
            ast.Assign(targets=[ast.Name(id=target)], value=value)
            | ast.AnnAssign(target=ast.Name(id=target), value=value)
        ) if target == name:
            yield value
        case ast.Assign(targets=[ast.Tuple() as target], value=value):
            both = [value.body, value.orelse] if isinstance(value, ast.IfExp) else [value]
            yield from (_part(one, place) for place in _places(target, name) for one in both)


def _places(target: ast.Tuple, name: str) -> list[int]:
    return [place for place, each in enumerate(target.elts) if ast.unparse(each) == name]


def _part(value: ast.expr | None, place: int) -> ast.expr | None:
    return value.elts[place] if isinstance(value, ast.Tuple) else None


def _own(scope: ast.AST) -> Iterator[ast.AST]:
    """The nodes of a scope, without those of functions inside."""
    for node in ast.iter_child_nodes(scope):
        yield node
        if not isinstance(node, Function | ast.ClassDef):
            yield from _own(node)


def _joined(parts: Iterable[Texts]) -> Texts:
    """Every way to put the parts together; holes that touch are one."""
    whole = ("".join(chosen) for chosen in product(*parts))
    return frozenset(text.replace(HOLE * 2, HOLE) for text in whole)
