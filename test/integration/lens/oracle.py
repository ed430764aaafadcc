"""Runs app files with CPython and a `modal` that only writes down, and tells what they made.

One JSON request per line on stdin, one JSON answer per line on stdout. What a file does not define
itself and no library gives is a mystery: true or false, empty or not, failing or not, as the seed says.
So whatever the reader claims to know has to hold for every seed.
"""

import builtins
import importlib.abc
import importlib.machinery
import json
import os
import random
import sys
import types

from describedValue import described

real_import = builtins.__import__
dice = random.Random(0)



class Mystery:
    """Something that nobody knows before the file runs."""

    def __init__(self, *args, **kwargs):
        pass

    def __call__(self, *args, **kwargs):
        if dice.random() < 0.15:
            raise RuntimeError("a mystery failed")
        for value in [*args, *kwargs.values()]:
            meddle(value)
        # As a decorator it gives back what it is given, most of the time.
        if len(args) == 1 and not kwargs and isinstance(args[0], (types.FunctionType, type)):
            return args[0] if dice.random() < 0.8 else Mystery()
        return Mystery()

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return Mystery()

    def __getitem__(self, key):
        return Mystery()

    def __setitem__(self, key, value):
        pass

    def __bool__(self):
        return dice.random() < 0.5

    def __eq__(self, other):
        return dice.random() < 0.5

    __ne__ = __lt__ = __le__ = __gt__ = __ge__ = __contains__ = __eq__

    def __hash__(self):
        return 7

    def __iter__(self):
        return iter([Mystery() for _ in range(dice.randrange(3))])

    def __len__(self):
        return dice.randrange(3)

    def __int__(self):
        return dice.randrange(100, 200)

    __index__ = __int__

    def __float__(self):
        return dice.random() + 100

    def __str__(self):
        return f"mystery{dice.randrange(1000)}"

    def __format__(self, spec):
        return str(self)

    def __enter__(self):
        return Mystery()

    def __exit__(self, *args):
        return dice.random() < 0.5

    def __mro_entries__(self, bases):
        return (Base,)


class Base:
    """What a class of a library may bring."""

    gpu = Mystery()
    GPU = Mystery()


for operator in "add radd sub rsub mul rmul truediv rtruediv floordiv mod rmod pow or ror and neg".split():
    setattr(Mystery, f"__{operator}__", lambda self, *others: Mystery())


def meddle(value):
    """What is handed out may come back changed."""
    if dice.random() < 0.5:
        return
    if isinstance(value, list):
        value.append("meddled")
    elif isinstance(value, dict):
        for key in [*value]:
            value[key] = "meddled"
        value["gpu"] = "meddled"
    elif isinstance(value, type):
        for name in [name for name in vars(value) if not name.startswith("__")]:
            setattr(value, name, "meddled")


class Names(dict):
    """The builtins, and a mystery for every other name."""

    def __missing__(self, name):
        if name.startswith("__") or name == "reveal":
            raise KeyError(name)
        return Mystery()


class Chain:
    """An image, a secret, a volume: all of their methods give one again."""

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return lambda *args, **kwargs: Chain()

    def __enter__(self):
        return self

    def __exit__(self, kind, *args):
        # As `image.imports()`.
        return kind is not None and issubclass(kind, ImportError)


def keep(function):
    return function


class App:
    made = []

    def __init__(self, name=None, **options):
        if name is not None and not isinstance(name, (str, Mystery)):
            raise TypeError("a name is a text")
        self.name = name
        self.functions = {}
        App.made.append(self)

    def _register(self, how, options, args):
        if args:
            raise TypeError("only keywords")

        def decorate(target):
            name = getattr(target, "__qualname__" if how == "function" else "__name__", None)
            if how == "cls" and name is not None:
                name += ".*"
            name = options.get("name") or name
            # Read when it decorates: what is changed later is not seen.
            self.functions[name] = {key: described(value) for key, value in options.items()}
            return target

        return decorate

    def function(self, *args, **options):
        return self._register("function", options, args)

    def cls(self, *args, **options):
        return self._register("cls", options, args)

    def server(self, *args, **options):
        return self._register("server", options, args)

    def include(self, other):
        if isinstance(other, App):
            self.functions.update(other.functions)
        elif isinstance(other, Mystery):
            self.functions["mystery"] = {"gpu": described(other)}
        else:
            raise TypeError("no app")
        return self

    def local_entrypoint(self, *args, **options):
        return keep

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return lambda *args, **kwargs: Chain()


def gpu_class(kind):
    def make(count=1, size=None):
        name = kind if size is None else f"{kind}-{size}"
        return name if count == 1 else f"{name}:{count}"

    return make


def fake_modal():
    modal = types.ModuleType("modal")
    modal.App = modal.Stub = App
    modal.is_local = lambda: True
    modal.__path__ = []
    gpu = types.ModuleType("modal.gpu")
    for kind in ["T4", "L4", "A10G", "A100", "H100", "L40S"]:
        setattr(gpu, kind, gpu_class(kind))
    modal.gpu = gpu
    for name in ["Image", "Secret", "Volume", "Mount", "Dict", "Queue", "Function", "Cls"]:
        setattr(modal, name, Chain())
    decorators = ["method", "enter", "exit", "concurrent", "batched", "asgi_app", "wsgi_app"]
    for name in [*decorators, "web_server", "fastapi_endpoint", "web_endpoint"]:
        setattr(modal, name, lambda *args, **kwargs: keep)
    modal.parameter = lambda *args, **kwargs: None
    modal.__all__ = [name for name in vars(modal) if not name.startswith("_")]
    return {"modal": modal, "modal.gpu": gpu}


class Finder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Imports the request's files; what neither they nor Python have is a mystery, or is missing."""

    def __init__(self, files, roots):
        self.files = files
        self.roots = roots

    def find_spec(self, name, path=None, target=None):
        tail = name.rpartition(".")[2]
        places = [f"{folder}/{tail}" for folder in path] if path else [f"{root}/{tail}" for root in self.roots]
        for place in places:
            for file in (f"{place}/__init__.py", f"{place}.py"):
                if file in self.files:
                    spec = importlib.machinery.ModuleSpec(name, self, origin=file, is_package=file.endswith("__init__.py"))
                    if spec.submodule_search_locations is not None:
                        spec.submodule_search_locations.append(file.rpartition("/")[0])
                    return spec
            if any(file.startswith(f"{place}/") for file in self.files):
                spec = importlib.machinery.ModuleSpec(name, None, is_package=True)
                spec.submodule_search_locations.append(place)
                return spec
        return None

    def create_module(self, spec):
        return None

    def exec_module(self, module):
        run(self.files[module.__spec__.origin], module.__dict__, module.__spec__.origin)


class Last(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Asked when nobody else knows the module."""

    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in self.own or dice.random() < 0.4:
            return None
        return importlib.machinery.ModuleSpec(name, self, is_package=True)

    def __init__(self, own):
        self.own = own

    def create_module(self, spec):
        return None

    def exec_module(self, module):
        module.__dict__["__getattr__"] = lambda name: mystery_attribute(name)
        module.__dict__["__all__"] = ["GPU", "app", "gpu"] if dice.random() < 0.5 else []


def mystery_attribute(name):
    if name.startswith("__"):
        raise AttributeError(name)
    return Mystery()


def run(text, names, file):
    names["__builtins__"] = Names(vars(builtins))
    names["__file__"] = file
    exec(compile(text, file, "exec", dont_inherit=True), names)


def outcome(request, seed):
    global dice
    dice = random.Random(seed)
    App.made = []
    files = {f"/w/{path}": text for path, text in request["files"].items()}
    deploy = request["deploy"]
    module = deploy[3:] if deploy.startswith("-m ") else None
    file = f"/w/{module.replace('.', '/')}.py" if module else f"/w/{deploy}"
    folder = file.rpartition("/")[0]
    roots = ["/w"] if module else list(dict.fromkeys([folder, "/w"]))
    own = {path.split("/")[0].removesuffix(".py") for path in request["files"]}
    before = dict(sys.modules)
    environ = dict(os.environ)
    meta_path = list(sys.meta_path)
    os.environ.clear()
    os.environ.update(request["variables"])
    sys.modules.update(fake_modal())
    sys.meta_path[:] = [Finder(files, roots), *meta_path, Last(own)]
    output, sys.stdout = sys.stdout, open(os.devnull, "w")
    try:
        if module:
            names = vars(importlib.import_module(module))
        else:
            script = types.ModuleType(file.rpartition("/")[2].removesuffix(".py"))
            names = vars(script)
            run(files[file], names, file)
    except BaseException as error:
        return {"raised": f"{type(error).__name__}: {error}"}
    finally:
        sys.stdout.close()
        sys.stdout = output
        sys.meta_path[:] = meta_path
        for name in [name for name in sys.modules if name not in before]:
            del sys.modules[name]
        sys.modules.update(before)
        os.environ.clear()
        os.environ.update(environ)
    apps = {name: value for name, value in names.items() if isinstance(value, App)}
    return {
        "apps": {
            name: {
                "name": app.name if isinstance(app.name, (str, type(None))) else {"kind": "other"},
                "functions": {key if isinstance(key, str) else "?": options for key, options in app.functions.items()},
            }
            for name, app in apps.items()
        }
    }


for line in sys.stdin:
    request = json.loads(line)
    print(json.dumps([outcome(request, seed) for seed in request["seeds"]]), flush=True)
