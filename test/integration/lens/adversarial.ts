import type { Files } from "./realModal.ts";

export interface AdversarialCase {
  readonly title: string;
  /** app.py, or several files by their paths. */
  readonly source: string | Files;
  readonly deploy?: string;
}

const fn = "def f(): ...";
const head = `import os\nimport modal\nMODE = os.environ.get("MODAL_MODE", "dev")\n`;

/** An app with one function, whose decorator is given these arguments; `before` stands above it. */
function asks(title: string, before: string, given: string): AdversarialCase {
  return {
    title,
    source: `${head}app = modal.App("shop")\n${before}\n@app.function(${given})\n${fn}\n`,
  };
}

const withFiles = (title: string, source: Files, deploy?: string): AdversarialCase =>
  deploy === undefined ? { title, source } : { title, source, deploy };

/** Files that people write, and that are easily misread: what each makes, the real client tells. */
export const adversarialCases: readonly AdversarialCase[] = [
  asks(
    "a ladder by mode",
    `if MODE == "prod":\n  W = 300\nelif MODE == "demo":\n  W = 600\nelse:\n  W = 120`,
    `gpu="A100-80GB", scaledown_window=W`,
  ),
  asks(
    "a dictionary by mode",
    `GPU = {"dev": "T4", "demo": "L40S", "prod": "H100:2"}[MODE]`,
    `gpu=GPU`,
  ),
  asks(
    "a dictionary by mode with a fallback",
    `GPU = {"prod": "H100"}.get(MODE, "L4")`,
    `gpu=GPU, min_containers=1 if MODE == "prod" else 0`,
  ),
  asks(
    "a nested dictionary",
    `CFG = {"dev": {"gpu": "T4", "w": 60}, "demo": {"gpu": "L4", "w": 90}, "prod": {"gpu": "H100", "w": 2}}\nC = CFG[MODE]`,
    `gpu=C["gpu"], scaledown_window=C["w"]`,
  ),
  asks(
    "options spread by mode",
    `BASE = dict(cpu=2.0, memory=4096)\nEXTRA = {"prod": {"gpu": "H100"}}.get(MODE, {})`,
    `**BASE, **EXTRA`,
  ),
  asks(
    "options merged with |",
    `O = {"gpu": "T4", "memory": 512} | ({"gpu": "L4"} if MODE == "demo" else {})`,
    `**O`,
  ),
  asks(
    "options updated after",
    `O = {"gpu": "T4"}\nO.update(gpu="H100", cpu=4)\nO["memory"] = 2048`,
    `**O`,
  ),
  asks("options popped", `O = {"gpu": "T4", "cpu": 4}\ng = O.pop("gpu")`, `**O`),
  asks("options defaulted", `O = {"cpu": 4}\nO.setdefault("gpu", "L4")`, `**O`),
  asks(
    "a comprehension",
    `ALL = {"gpu": "L4", "memory": 1024, "junk": 1}\nO = {k: v for k, v in ALL.items() if k != "junk"}`,
    `**O`,
  ),
  asks("a walrus", `if (n := len(MODE)) > 3:\n  GPU = "H100"\nelse:\n  GPU = "T4"`, `gpu=GPU`),
  asks(
    "a walrus in an argument",
    ``,
    `gpu=(G := "L4" if MODE == "dev" else "H100"), memory=1024 if G == "L4" else 8192`,
  ),
  asks(
    "a match",
    `match MODE:\n  case "dev":\n    GPU = "T4"\n  case "demo" | "prod":\n    GPU = "H100"\n  case _:\n    GPU = None`,
    `gpu=GPU`,
  ),
  asks(
    "a match with a guard",
    `match MODE:\n  case m if m.startswith("d"):\n    GPU = "T4"\n  case _:\n    GPU = "H100"`,
    `gpu=GPU`,
  ),
  asks(
    "a match on a tuple",
    `match (MODE, 1):\n  case ("dev", _):\n    GPU = "T4"\n  case (_, n):\n    GPU = f"H100:{n}"`,
    `gpu=GPU`,
  ),
  asks(
    "try and except",
    `try:\n  W = int(os.environ["NOT_SET"])\nexcept KeyError:\n  W = 90`,
    `gpu="T4", scaledown_window=W`,
  ),
  asks(
    "try, else, finally",
    `try:\n  G = "T4"\nexcept Exception:\n  G = "L4"\nelse:\n  G = "H100"\nfinally:\n  W = 77`,
    `gpu=G, scaledown_window=W`,
  ),
  asks(
    "an import that fails",
    `try:\n  import surely_not_there\n  G = "T4"\nexcept ImportError:\n  G = "L4"`,
    `gpu=G`,
  ),
  asks("an f-string", `N = 4`, `gpu=f"H100:{N}"`),
  asks("an f-string with a format", `N = 4`, `gpu=f"H100:{N:d}"`),
  asks("an f-string with a conversion", `G = "T4"`, `gpu=f"{G!s}", name=f"{MODE}_f"`),
  asks(
    "percent and format",
    `N = 2`,
    `gpu="H100:%d" % N if MODE == "dev" else "{}:{n}".format("A100", n=N)`,
  ),
  asks("a list of GPUs", ``, `gpu=["H100", "A100-80GB:2"]`),
  asks(
    "a list that is changed after the decorator was made",
    `L = ["T4"]\ndec = app.function(gpu=L, name="d")\nL.append("H100")\ndec(lambda: 1) if False else None`,
    `gpu=L`,
  ),
  asks("a list of one", `L = ["L40S"]`, `gpu=L`),
  asks("a list by comprehension", `L = [g for g in ("H100", "A100")]`, `gpu=L`),
  asks("a tuple of GPUs is refused", ``, `gpu=("H100", "A100")`),
  asks("a star in a list", `L = ["H100"]`, `gpu=[*L, "A100"]`),
  asks("unpacking", `(G, W), *rest = ("T4", 60), 1, 2`, `gpu=G, scaledown_window=W`),
  asks(
    "starred unpacking",
    `first, *mid, last = ["T4", "L4", "H100"]`,
    `gpu=last if MODE == "prod" else first`,
  ),
  asks("swapped", `A, B = "T4", "H100"\nA, B = B, A`, `gpu=A`),
  asks("chained assignment", `A = B = "L4"\nB += ":2"`, `gpu=B if MODE == "demo" else A`),
  asks("a slice of the mode", ``, `gpu={"d": "T4", "p": "H100"}[MODE[0]]`),
  asks(
    "integers from the environment",
    `W = int(os.environ.get("SCALEDOWN_WINDOW", "60"))\nN = int(os.getenv("N_GPUS", 2))`,
    `gpu=f"A100:{N}", scaledown_window=min(W, 200)`,
  ),
  asks(
    "arithmetic",
    `GB = 1024\nW = 60 * 5 // 2 + 3 ** 2 - 7 % 4`,
    `gpu="T4", memory=16 * GB, scaledown_window=W, cpu=1 / 2`,
  ),
  asks("a power and a shift", ``, `memory=1 << 12, cpu=2.0 ** 1`),
  asks(
    "rounding",
    ``,
    `gpu="T4", scaledown_window=round(90.5), cpu=round(2.675, 2), memory=int(2048.9)`,
  ),
  asks("nothing is asked", ``, ``),
  asks("zeroes are Modal's defaults", ``, `cpu=0, memory=0`),
  asks("memory as a float", ``, `memory=1024.0`),
  asks("memory and cpu as lists", ``, `memory=[1024, 2048], cpu=[1, 2]`),
  asks("request and limit", ``, `cpu=(0.5, 4), memory=(512, 4096)`),
  asks("an empty GPU", ``, `gpu=""`),
  asks("a GPU in lower case", ``, `gpu="h100:2"`),
  asks("a GPU of no count", ``, `gpu="H100:"`),
  asks("a window that is too long", ``, `gpu="T4", scaledown_window=7200`),
  asks("a window of zero", ``, `gpu="T4", scaledown_window=0`),
  asks("the old names", ``, `gpu="T4", keep_warm=1`),
  asks("the old window", ``, `gpu="T4", container_idle_timeout=300`),
  asks("a parameter of nobody", ``, `gpu="T4", min_contaners=1`),
  asks("the removed GPU classes", ``, `gpu=modal.gpu.A100(size="80GB", count=2)`),
  asks("a removed mount", ``, `gpu="T4", mounts=[modal.Mount.from_local_dir(".")]`),
  asks(
    "None is no argument",
    `W = None`,
    `gpu=None, scaledown_window=W, cpu=None, min_containers=None`,
  ),
  asks("true and false as numbers", `N = True + True`, `gpu=f"H100:{N}"`),
  asks(
    "a conditional on nothing known",
    `import random\nG = "T4" if random.random() > 2 else "H100"`,
    `gpu=G`,
  ),
  asks(
    "or and and",
    `G = os.environ.get("NOT_SET") or "L4"\nW = MODE == "prod" and 300 or 60`,
    `gpu=G, scaledown_window=W`,
  ),
  asks(
    "a chained comparison",
    `W = int(os.environ.get("SCALEDOWN_WINDOW", "60"))`,
    `gpu="H100" if 100 < W < 200 else "T4"`,
  ),
  asks("text methods", `G = " h100 ".strip().upper() + ":" + "2,3".split(",")[0]`, `gpu=G`),
  asks(
    "partition and removeprefix",
    `G = "gpu=L4".partition("=")[2]\nH = "gpu-T4".removeprefix("gpu-")`,
    `gpu=G if MODE == "dev" else H`,
  ),
  asks(
    "a global that a function changes",
    `G = "T4"\ndef up():\n  global G\n  G = "H100"\nif MODE == "prod":\n  up()`,
    `gpu=G`,
  ),
  asks(
    "a global that nobody changes, for the function is not called",
    `G = "T4"\ndef up():\n  global G\n  G = "H100"`,
    `gpu=G`,
  ),
  asks(
    "a nonlocal",
    `def make():\n  g = "T4"\n  def up():\n    nonlocal g\n    g = "H100"\n  up()\n  return g`,
    `gpu=make()`,
  ),
  asks(
    "a function that gives the GPU",
    `def pick(mode):\n  return "H100" if mode == "prod" else "T4"`,
    `gpu=pick(MODE)`,
  ),
  asks(
    "a lambda",
    `pick = lambda mode, *, big=False: "H100" if big else "T4"`,
    `gpu=pick(MODE, big=MODE == "prod")`,
  ),
  asks("a generator and next", `G = next(g for g in ["L4", "T4"] if g != "L4")`, `gpu=G`),
  asks(
    "a loop with break and else",
    `for G in ["T4", "L4", "H100"]:\n  if G.startswith("L"):\n    break\nelse:\n  G = None`,
    `gpu=G`,
  ),
  asks("while", `n = 1\nwhile n < 4:\n  n *= 2`, `gpu=f"H100:{n}"`),
  asks(
    "a dataclass",
    `from dataclasses import dataclass, field\n@dataclass\nclass C:\n  gpu: str = "L4"\n  window: int = 90\nc = C(gpu="H100") if MODE == "prod" else C()`,
    `gpu=c.gpu, scaledown_window=c.window`,
  ),
  asks(
    "a class of constants, inherited",
    `class Base:\n  gpu = "T4"\n  window = 60\nclass Prod(Base):\n  gpu = "H100"\nC = Prod if MODE == "prod" else Base`,
    `gpu=C.gpu, scaledown_window=C.window`,
  ),
  asks(
    "a class whose init sets it",
    `class C:\n  def __init__(self, mode):\n    self.gpu = {"dev": "T4"}.get(mode, "L4")\nc = C(MODE)`,
    `gpu=c.gpu`,
  ),
  asks("a property", `class C:\n  @property\n  def gpu(self):\n    return "L4"`, `gpu=C().gpu`),
  asks(
    "an enum",
    `from enum import Enum\nclass G(str, Enum):\n  SMALL = "T4"\n  BIG = "H100"`,
    `gpu=G.BIG.value`,
  ),
  asks(
    "a member that is no text",
    `from enum import Enum\nclass G(Enum):\n  BIG = "H100"`,
    `gpu=G.BIG`,
  ),
  asks(
    "a member that is its text",
    `from enum import Enum\nclass G(str, Enum):\n  BIG = "H100"\n  SMALL = "T4"`,
    `gpu=G.BIG if MODE == "prod" else G("T4")`,
  ),
  asks(
    "a named tuple",
    `from collections import namedtuple\nC = namedtuple("C", "gpu window")("L4", 88)`,
    `gpu=C.gpu, scaledown_window=C.window`,
  ),
  asks(
    "a simple namespace",
    `from types import SimpleNamespace\nC = SimpleNamespace(gpu="L4")`,
    `gpu=C.gpu`,
  ),
  asks("json", `import json\nC = json.loads('{"gpu": "H100:2"}')`, `gpu=C["gpu"]`),
  asks("getattr with a default", `class C: ...`, `gpu=getattr(C, "gpu", "L4")`),
  asks("globals", `globals()["GPU"] = "H100"`, `gpu=GPU`),
  asks("exec", `G = "T4"\nexec("G = 'H100'")`, `gpu=G`),
  asks(
    "the mode is changed by the file",
    `os.environ["MODAL_MODE"] = "prod"\nMODE = os.environ["MODAL_MODE"]`,
    `gpu="H100" if MODE == "prod" else "T4"`,
  ),
  asks(
    "setdefault of the environment",
    `os.environ.setdefault("MODAL_MODE", "x")\nos.environ.setdefault("GPU", "L4")`,
    `gpu=os.environ["GPU"]`,
  ),
  asks("a list that another name changes", `A = ["T4"]\nB = A\nB.append("L4")`, `gpu=A`),
  asks(
    "a default that is changed",
    `def add(g, to=[]):\n  to.append(g)\n  return to\nadd("T4")`,
    `gpu=add("L4")`,
  ),
  asks(
    "a region that costs more",
    ``,
    `gpu="T4", region=["us-east", "eu-west"], nonpreemptible=True`,
  ),
  asks(
    "a decorator between",
    `import functools\ndef twice(f):\n  @functools.wraps(f)\n  def g(*a):\n    return f(*a)\n  return g\nOLD = "T4"\ndeco = twice`,
    `gpu=OLD`,
  ),
  {
    title: "a variable that is assigned again after the decorator",
    source: `${head}app = modal.App("shop")\nG = "T4"\n@app.function(gpu=G)\ndef f(): ...\nG = "H100"\n@app.function(gpu=G)\ndef g(): ...\n`,
  },
  {
    title: "decorators of others above and below",
    source: `${head}import functools\napp = modal.App("shop")\ndef keep(f): return f\ndef rename(f):\n  @functools.wraps(f)\n  def inner(*a): return f(*a)\n  return inner\n@keep\n@app.function(gpu="T4")\ndef f(): ...\n@app.function(gpu="L4")\n@rename\ndef g(): ...\n@app.function(gpu="H100")\n@keep\ndef h(): ...\n`,
  },
  {
    title: "a decorator that renames",
    source: `${head}app = modal.App("shop")\ndef other(x): ...\n@app.function(gpu="L4")\n@lambda f: other\ndef g(): ...\n`,
  },
  {
    title: "the same name twice",
    source: `${head}app = modal.App("shop")\n@app.function(gpu="T4")\ndef f(): ...\n@app.function(gpu="H100")\ndef f(): ...\n@app.function(gpu="L4", name="f")\ndef g(): ...\n`,
  },
  {
    title: "functions made in a loop",
    source: `${head}app = modal.App("shop")\ndef work(): ...\nfor name, gpu in {"a": "T4", "b": "L4"}.items():\n  app.function(gpu=gpu, name=name)(work)\n`,
  },
  {
    title: "a function made by call",
    source: `${head}app = modal.App("shop")\ndef work(): ...\nf = app.function(gpu="T4", scaledown_window=90)(work)\ng = app.function(gpu="H100", name="big")(work)\n`,
  },
  {
    title: "a partial",
    source: `${head}from functools import partial\napp = modal.App("shop")\non_gpu = partial(app.function, gpu="A100", scaledown_window=200)\n@on_gpu()\ndef f(): ...\n@on_gpu(gpu="H100")\ndef g(): ...\n@on_gpu(memory=2048)\ndef h(): ...\n`,
  },
  {
    title: "a decorator of one's own that registers",
    source: `${head}app = modal.App("shop")\ndef on_gpu(gpu="T4", **more):\n  return app.function(gpu=gpu, **more)\n@on_gpu(gpu="H100", cpu=2)\ndef f(): ...\n@on_gpu()\ndef g(): ...\n@app.function()\ndef h(): ...\n`,
  },
  {
    title: "a function in a function is refused",
    source: `${head}app = modal.App("shop")\ndef make():\n  @app.function(gpu="T4")\n  def inner(): ...\nmake()\n@app.function()\ndef f(): ...\n`,
  },
  {
    title: "a method is refused",
    source: `${head}app = modal.App("shop")\nclass K:\n  @app.function(gpu="T4")\n  def m(self): ...\n`,
  },
  {
    title: "a class where a function is asked for",
    source: `${head}app = modal.App("shop")\n@app.function(gpu="T4")\nclass K: ...\n`,
  },
  {
    title: "a function where a class is asked for",
    source: `${head}app = modal.App("shop")\n@app.cls(gpu="T4")\ndef f(): ...\n`,
  },
  {
    title: "a decorator that is not called",
    source: `${head}app = modal.App("shop")\n@app.function\ndef f(): ...\n`,
  },
  {
    title: "an app without a name",
    source: `${head}app = modal.App()\n@app.function(gpu="T4")\ndef f(): ...\n`,
  },
  {
    title: "an app with a name that Modal refuses",
    source: `${head}app = modal.App("my shop")\n@app.function(gpu="T4")\ndef f(): ...\n`,
  },
  {
    title: "a name by mode",
    source: `${head}app = modal.App("shop" if MODE == "prod" else f"shop-{MODE}")\n@app.function(gpu="T4")\ndef f(): ...\n`,
  },
  {
    title: "two apps by branch",
    source: `${head}if MODE == "prod":\n  app = modal.App("shop")\nelse:\n  app = modal.App("shop-dev")\n@app.function(gpu="T4")\ndef f(): ...\n`,
  },
  {
    title: "an app under another variable",
    source: `${head}worker = modal.App("worker")\n@worker.function(gpu="L4")\ndef f(): ...\n`,
  },
  {
    title: "a classes' app: methods, enter, parameters, inheritance",
    source: `${head}app = modal.App("shop")\nclass Base:\n  @modal.enter()\n  def load(self): ...\n  @modal.method()\n  def run(self): ...\n@app.cls(gpu="A100-80GB", scaledown_window=600, min_containers=1)\nclass Model(Base):\n  size: int = modal.parameter(default=1)\n@app.cls(gpu="T4")\n@modal.concurrent(max_inputs=4)\nclass Small(Base): ...\n@app.function()\n@modal.fastapi_endpoint()\ndef health(): ...\n`,
  },
  {
    title: "with_options makes containers of another kind",
    source: `${head}app = modal.App("shop")\n@app.cls(gpu="T4")\nclass Model:\n  @modal.method()\n  def run(self): ...\nBig = Model.with_options(gpu="H100")\n`,
  },
  {
    title: "a server",
    source: `${head}app = modal.App("shop")\n@app.server(port=8000, gpu="H100:2", scaledown_window=300, routing_region="us-east")\nclass Llm:\n  @modal.enter()\n  def start(self): ...\n`,
  },
  {
    title: "an async function, a generator and a batched one",
    source: `${head}app = modal.App("shop")\n@app.function(gpu="T4")\nasync def f(): ...\n@app.function(gpu="L4")\ndef g():\n  yield 1\n@app.function(gpu="A10")\n@modal.batched(max_batch_size=2, wait_ms=100)\ndef h(xs): return xs\n`,
  },
  {
    title: "modal under other names",
    source: `import modal as m\nfrom modal import App as A, fastapi_endpoint as web\nx = A(name="shop")\n@x.function(gpu="T4")\n@web()\ndef f(): ...\napp = x\n@app.function(gpu=None)\n@m.concurrent(max_inputs=2)\ndef g(): ...\n`,
  },
  {
    title: "from modal import *",
    source: `from modal import *\napp = App("shop")\nimage = Image.debian_slim().pip_install("x")\n@app.function(image=image, gpu="T4")\ndef f(): ...\n`,
  },
  {
    title: "many lines, comments and continuations",
    source: `${head}app = modal.App(\n  "shop",  # the name\n)\n@app.function(\n  gpu=(\n    "H100"\n    ":2"\n  ),\n  memory=8 \\\n    * 1024,\n)\ndef f(): ...\n`,
  },
  {
    title: "type hints and annotated constants",
    source: `${head}from typing import Final, Literal\nGPU: Final[str] = "L4"\nW: "int" = 90\nN: int\napp: modal.App = modal.App("shop")\n@app.function(gpu=GPU, scaledown_window=W)\ndef f(x: "Nope") -> None: ...\n`,
  },
  {
    title: "what runs as a script only",
    source: `${head}app = modal.App("shop")\nG = "T4"\nif __name__ == "__main__":\n  G = "H100"\n@app.function(gpu=G)\ndef f(): ...\n`,
  },
  {
    title: "deleted and made again",
    source: `${head}app = modal.App("old")\ndel app\napp = modal.App("shop")\n@app.function(gpu="T4")\ndef f(): ...\n`,
  },
  {
    title: "an app that is bound later",
    source: `${head}a = modal.App("shop")\n@a.function(gpu="T4")\ndef f(): ...\napp, b = a, None\n`,
  },
  {
    title: "a factory",
    source: `${head}def make():\n  a = modal.App("shop")\n  @a.function(gpu="T4", serialized=True)\n  def f(): ...\n  return a\napp = make()\n`,
  },
  {
    title: "a class in a function, with and without serialized",
    source: `${head}def make(app):\n  @app.cls(gpu="T4", serialized=True)\n  class K:\n    @modal.method()\n    def run(self): ...\napp = modal.App("shop")\nmake(app)\n`,
  },
  {
    title: "a class in a function",
    source: `${head}def make(app):\n  @app.cls(gpu="T4")\n  class K:\n    @modal.method()\n    def run(self): ...\napp = modal.App("shop")\nmake(app)\n@app.function()\ndef f(): ...\n`,
  },
  withFiles("an app of another file", {
    "common.py": `import modal\napp = modal.App("shop")\nGPU = "L4"\n`,
    "app.py": `from common import app, GPU\n@app.function(gpu=GPU)\ndef f(): ...\n`,
  }),
  withFiles("constants of a package", {
    "conf/__init__.py": `from .gpus import BIG\n`,
    "conf/gpus.py": `import os\nBIG = "H100:2" if os.environ.get("MODAL_MODE") == "prod" else "L4"\n`,
    "app.py": `import modal\nimport conf\nfrom conf import BIG as G\napp = modal.App("shop")\n@app.function(gpu=G)\ndef f(): ...\n@app.function(gpu=conf.gpus.BIG)\ndef g(): ...\n`,
  }),
  withFiles("includes", {
    "a.py": `import modal\napp = modal.App("a")\n@app.function(gpu="T4")\ndef f(): ...\n`,
    "b.py": `import modal\napp = modal.App("b")\n@app.function(gpu="L4")\ndef g(): ...\n`,
    "app.py": `import modal\nimport a, b\napp = modal.App("shop").include(a.app)\napp.include(b.app)\n@app.function()\ndef h(): ...\n`,
  }),
  withFiles(
    "a package by its module",
    {
      "pkg/__init__.py": ``,
      "pkg/common.py": `import modal\napp = modal.App("shop")\n`,
      "pkg/conf.py": `WINDOW = 222\n`,
      "pkg/main.py": `from .common import app\nfrom . import conf\n@app.function(gpu="T4", scaledown_window=conf.WINDOW)\ndef f(): ...\n`,
    },
    "-m pkg.main",
  ),
  withFiles("a star import with __all__", {
    "conf.py": `__all__ = ["GPU"]\nGPU = "L4"\nW = 99\n`,
    "app.py": `import modal\nW = 60\nfrom conf import *\napp = modal.App("shop")\n@app.function(gpu=GPU, scaledown_window=W)\ndef f(): ...\n`,
  }),
  withFiles("a circle of imports", {
    "common.py": `import modal\napp = modal.App("shop")\nimport more\n`,
    "more.py": `from common import app\n@app.function(gpu="T4")\ndef f(): ...\n`,
    "app.py": `from common import app\n`,
  }),
  withFiles("a module that is changed from outside", {
    "conf.py": `GPU = "T4"\n`,
    "app.py": `import modal, conf\nconf.GPU = "H100"\nfrom conf import GPU\napp = modal.App("shop")\n@app.function(gpu=GPU)\ndef f(): ...\n`,
  }),
];
