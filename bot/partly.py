"""Packages of which a few names are used: their modules are loaded, and the rest once somebody asks for it."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib import import_module
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from threading import get_ident
from types import ModuleType

Parts = Mapping[str, Sequence[str]]
"""Names of a package, by the module of it that has them."""


@contextmanager
def partly(packages: Mapping[str, Parts]) -> Iterator[None]:
    """Let these packages be loaded partly if they are first imported within this block."""
    finder = _Finder(packages)
    sys.meta_path.insert(0, finder)
    try:
        yield
    finally:
        sys.meta_path.remove(finder)


class _Finder(MetaPathFinder):
    """Finds these packages as anybody would, and lets them be loaded partly."""

    def __init__(self, packages: Mapping[str, Parts]) -> None:
        self._packages = packages

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        parts = self._packages.get(fullname)
        spec = PathFinder.find_spec(fullname, path, target) if parts else None
        if spec is None or spec.loader is None or not parts:
            return None
        spec.loader = _Partly(spec.loader, parts)
        return spec


class _Partly(Loader):
    """Gives a package its few names; what else it has comes by its own `__init__`, at the first question for it."""

    def __init__(self, loader: Loader, parts: Parts) -> None:
        self._loader = loader
        self._parts = parts

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        return self._loader.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        """Load the parts; all of it, where they are no longer what they were."""
        module.__loader__ = self._loader
        if module.__spec__:
            module.__spec__.loader = self._loader
        try:
            found = {name: value for part, names in self._parts.items() for name, value in _of(module, part, names)}
        except (ImportError, AttributeError):
            self._loader.exec_module(module)
        else:
            vars(module).update(found, __getattr__=_rest(module, self._loader))


def _of(package: ModuleType, part: str, names: Sequence[str]) -> Iterator[tuple[str, object]]:
    module = import_module(f"{package.__name__}.{part}")
    for name in names:
        yield name, getattr(module, name)


def _rest(package: ModuleType, loader: Loader) -> Callable[[str], object]:
    """Answer what a package is asked for that is not there: it is loaded whole, in its place, and asked again."""
    loading: set[int] = set()

    def find(name: str) -> object:
        me = get_ident()
        if me in loading:  # its own modules look for each other there, and go on by themselves
            raise AttributeError(f"module {package.__name__!r} has no attribute {name!r}", name=name, obj=package)
        loading.add(me)
        try:
            loader.exec_module(package)
        finally:
            loading.discard(me)
        if vars(package).get("__getattr__") is find:  # it may have one of its own
            del vars(package)["__getattr__"]
        return getattr(package, name)

    return find
