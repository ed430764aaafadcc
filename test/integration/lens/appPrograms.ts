import * as fc from "fast-check";
import type { Files } from "./realModal.ts";

/** Expressions of one type each, so that most files are taken by the real client. */
const gpus = [
  '"T4"',
  '"H100:2"',
  '"A100-80GB"',
  "None",
  "G",
  "H",
  'f"H100:{N}"',
  'f"{G}"',
  'f"{G!s}"',
  '"A100:%d" % N',
  '"L4:{}".format(N)',
  "TABLE[MODE]",
  'TABLE.get(MODE, "L4")',
  'TABLE.get("none")',
  'CONF["gpu"]',
  'CONF.get("gpu")',
  'C["gpu"]',
  "L[0]",
  "L[-1]",
  "L",
  "[G, H]",
  '[*L, "A10"]',
  "K.gpu",
  "K2.gpu",
  "K().gpu",
  "D().gpu",
  "D.gpu",
  "pick()",
  "pick(big=True)",
  "(lambda g: g)(G)",
  "cfg.GPU",
  "cfg.pick()",
  "CFG_GPU",
  'os.environ.get("GPU_TYPE", "L40S")',
  'os.environ.get("GPU_TYPE") or G',
  'G if MODE == "prod" else H',
  '"T4" if MODE in ("dev", "demo") else "H100"',
  "next(iter(L))",
  "sorted(L)[0]",
  "max(L)",
  '"T4 L4".split()[1]',
  'G.replace("T", "L")',
  "(G, H)[N > 1]",
  'getattr(K, "gpu")',
  'getattr(K, "none", "T4")',
  "E.BIG.value",
  '{**TABLE, "dev": "B200"}[MODE]',
  'dict(TABLE, dev="B200")[MODE]',
  "[g for g in L][0]",
  "NS.gpu",
  '(W2 := "L4")',
  "str(G)",
  'globals()["G"]',
  "two(G, N)",
  "two(H, count=1)",
  "ladder(MODE)",
  "ladder(G)",
  "maybe()",
  "deep()",
  "Box().gpu",
  "Box('L4').gpu",
  "Box('L4').big",
  "Box.of(MODE).gpu",
  "BOX.gpu",
  "BOX.both()",
  "D(gpu='A10').gpu",
  "DD().gpu",
  "DD(count=2).spec",
  "DD().names[0]",
  "cached().gpu",
  "add('L4')[0]",
  "counter()",
  "E('H100').value",
  "E['BIG'].value",
  "E.BIG.name",
  "TE.BIG",
  "next(g for g in L if g != 'T4')",
  "[g for g in L if 'H' in g]",
  "{k: v for k, v in TABLE.items()}[MODE]",
  "kw(gpu=G)['gpu']",
  "kw(**C)['gpu']",
  "kw(**C).get('none', H)",
  "(lambda *a, **k: k.get('g', G))(g=H)",
  "first(L)",
  "first(x for x in L)",
  "f'H100:{N:d}'",
  "list(TABLE.values())[-1]",
  "dict(zip(['a', 'b'], L))['b']",
  "cfg.Conf().gpu",
  "cfg.Conf.pick()",
  "cfg.make(MODE)['gpu']",
] as const;

const seconds = [
  "60",
  "W",
  "W + 30",
  "W * 2",
  "max(W, 100)",
  "min(W, 200)",
  'int(os.environ["SCALEDOWN_WINDOW"])',
  'int(os.environ.get("SCALEDOWN_WINDOW", 60))',
  'int(os.getenv("NOT_SET", "75"))',
  "WINDOWS[MODE]",
  '{"prod": 300}.get(MODE, W)',
  "K.window",
  "K2.window",
  "D().window",
  "cfg.WINDOW",
  "None",
  '600 if MODE == "demo" else W',
  "W if W > 100 else 100",
  "len(L) + 60",
  "round(90.4)",
  "abs(-120)",
  "60 * N",
  "2 ** 7",
  "1 << 8",
  "sum([W, 10])",
  "W // 1",
  "600 % 350",
  "int(90.9)",
] as const;

const memories = [
  "1024",
  "2 * 1024",
  "(512, 4096)",
  "M",
  "M * N",
  "None",
  "0",
  "1024.0",
  "[1024, 2048]",
] as const;
const cpus = ["2", "0.5", "(1, 4)", "(0.25, 2.0)", "N", "1 / N", "None", "0", "N / 2"] as const;
const counts = [
  "0",
  "1",
  "None",
  '1 if MODE == "prod" else 0',
  "N",
  "int(MODE == 'prod')",
] as const;

const conditions = [
  'MODE == "prod"',
  'MODE != "dev"',
  'MODE in {"dev", "demo"}',
  'MODE.startswith("d")',
  '"GPU_TYPE" in os.environ',
  "N > 2",
  "1 < N < 5",
  "not L",
  "G == H",
  "G is None",
  "isinstance(G, str)",
  "random.random() > 2",
  "len(L) == 2",
  "hasattr(K, 'gpu')",
  "TYPE_CHECKING",
  '__name__ == "__main__"',
  'os.environ.get("DEBUG")',
  'any(g == "T4" for g in L)',
  "(n := N) > 1",
  "W >= 120 and MODE == 'demo'",
  "G or H",
  "modal.is_local()",
  "C",
  "True",
] as const;

const effects = [
  'G = $G if isinstance($G, str) else "T4"',
  "H = G",
  "G, H = (H, G)",
  "W = 100",
  "W += 30",
  "W *= 2",
  "N += 1",
  "M = 4096",
  'TABLE[MODE] = "B200"',
  'TABLE["dev"] = "L40S"',
  'TABLE.update(prod="H200")',
  'TABLE |= {"demo": "A10"}',
  'C["gpu"] = "A10"',
  'C = {"gpu": "T4"}',
  'C.setdefault("gpu", "B200")',
  'ALIAS = C\nALIAS["gpu"] = "H200"',
  'L.append("A10")',
  'ALIAS = L\nALIAS.insert(0, "H200")',
  'L = L + ["B200"]',
  'L += ["B200"]',
  'L[0] = "H200"',
  "L = L[:]",
  "L.reverse()",
  'K.gpu = "B200"',
  'setattr(K, "gpu", "A10")',
  "class K(K): window = 130",
  'cfg.GPU = "H200"',
  "cfg.WINDOW += 1",
  "cfg.change()",
  "from cfg import GPU as G",
  "from cfg import *",
  "change()",
  'def change():\n  global G\n  G = "H200"',
  'def change():\n  TABLE["prod"] = "T4"',
  'def pick(big=False): return "A10"',
  'globals()["H"] = "A10"',
  'os.environ["MODAL_MODE"] = "prod"\nMODE = os.environ["MODAL_MODE"]',
  'os.environ.setdefault("GPU_TYPE", "A10")',
  "NS.gpu = 'A10'",
  "first, *others = L\nG = first",
  "(G, W), N = ('L4', 99), 3",
  "for g in L:\n  H = g",
  'for g in L:\n  if g == "H100":\n    G = g\n    break\nelse:\n  G = "B200"',
  "while N < 4: N *= 2",
  'try:\n  import surely_missing\nexcept ImportError:\n  G = "L4"',
  'try:\n  G = TABLE["nope"]\nexcept KeyError:\n  W = 77',
  "try:\n  pick()\nfinally:\n  W = 88",
  'match MODE:\n  case "dev": G = "T4"\n  case "demo" | "prod": G = "L4"\n  case _: G = None',
  "match N:\n  case 1: W = 61\n  case int(): W = 62",
  'with open(os.devnull) as file:\n  G = "L40S"',
  "with contextlib.suppress(KeyError):\n  W = 91\n  TABLE['nope']\n  W = 92",
  "[G := g for g in L]",
  'del C["gpu"]\nC["gpu"] = "L40S"',
  'if "gpu" in C: del C["gpu"]',
  'C.pop("gpu", None)',
  "BOX.gpu = 'B200'",
  "BOX.set('A10')",
  "cached().gpu = 'B200'",
  "setattr(BOX, 'gpu', 'H200')",
  "random.shuffle([BOX])",
  "def set_g():\n  global G\n  G = 'H200'\nrandom.choice([set_g])()",
  "def set_l():\n  L.insert(0, 'H200')\nrandom.choice([set_l])()",
  "sorted(L, key=lambda g: TABLE.update(dev='H200') or g)",
  "Box.big = property(lambda self: 'B200')",
  "Box.default = 'A10'",
  "def two(g, count=1): return g",
  "def first(items): return 'B200'",
  "counter()",
  "fill(C)",
  "fill(CONF, gpu='L4')",
  "fill(TABLE if random.random() > 2 else C)",
  "def late():\n  return G\nG = late()",
  "for k, v in TABLE.items():\n  if k == MODE:\n    G = v",
  "for i, g in enumerate(L):\n  if random.random() > 2: continue\n  H = g",
  "for g in L:\n  if random.random() > 2: break\n  W = 93",
  "for g in L:\n  if g == 'T4': continue\n  G = g",
  "for g in list(L): L.append(g)",
  "for i in range(3):\n  N = i + 1\nelse:\n  W = 94",
  "i = 0\nwhile True:\n  i += 1\n  if i > 2: break\nW = 60 + i",
  "while random.random() > 2: G = 'H200'",
  "def early():\n  if random.random() > 2: return\n  C['gpu'] = 'H200'\nearly()",
  "def early(x):\n  for g in x:\n    if g == 'H100': return g\n  return 'T4'\nG = early(L)",
  "def tries():\n  try:\n    return TABLE['nope']\n  except KeyError:\n    return 'L4'\n  finally:\n    C['cpu'] = 2\nG = tries()",
  "def outer():\n  g = 'T4'\n  def inner():\n    nonlocal g\n    g = 'L4'\n  inner()\n  return g\nG = outer()",
  "def outer():\n  gs = []\n  def inner(): gs.append('L4')\n  inner()\n  return gs\nG = outer()[0]",
  "make_set = lambda: TABLE.update(dev='H200')\nmake_set()",
  "class Box(Box):\n  default = 'B200'",
  "class Box(Box):\n  def __init__(self, gpu=None):\n    super().__init__('H200')",
  "def gen():\n  C['gpu'] = 'H200'\n  yield 1\ngen()",
  "def gen():\n  C['gpu'] = 'H200'\n  yield 1\nlist(gen())",
  "@wrap\ndef pick(big=False): return 'B200'",
  "@keep\ndef two(g, count=2): return f'{g}:{count}'",
  "def boom():\n  raise ValueError\ntry:\n  boom()\n  W = 96\nexcept ValueError:\n  W = 97",
  "try:\n  import os as system\n  W = 98\nexcept ImportError:\n  W = 99",
  "try:\n  from cfg import GPU as G\nexcept ImportError:\n  G = 'B200'",
  "try:\n  from cfg import NOPE as G\nexcept ImportError:\n  G = 'B200'",
  "def swap(a, b): return b, a\nG, H = swap(G, H)",
  "def local():\n  G = 'B200'\n  return locals()['G']\nH = local()",
  "vars(BOX)['gpu'] = 'H200'",
  "BOX.__dict__.update(gpu='H200')",
  "type(BOX).default = 'H200'",
  "BOX.__class__.default = 'H200'",
  "D.gpu = 'H200'",
  "fill([C, CONF][random.random() > 2])",
  "fill({'a': C}.get(os.environ.get('NOT') or 'a'))",
  "fill(C or CONF)",
  "(C if random.random() > 2 else CONF)['gpu'] = 'L40S'",
  "for d in [C, CONF]: d['gpu'] = 'L4'",
  "[d for d in [C, CONF] if random.random() > -1][0]['gpu'] = 'L40S'",
  "import copy\nBOX2 = copy.copy(BOX)\nBOX2.gpu = 'H200'",
  'exec("W = 95")',
  "G: str = 'A10'",
  "H: str",
  'if G: G = str(G).split(":")[0]',
  "lst = [L]\nlst[0].append('T4')",
  "sorted(L, key=lambda g: L.append('B200') or g) if N > 9 else None",
  "K2 = type('K2', (K,), {})",
  "import functools\nfunctools.reduce(lambda a, b: a, L)",
] as const;

const registrations = [
  "@app.function(gpu=$G, scaledown_window=$W)\ndef f$N(): ...",
  "@app.function(gpu=$G, memory=$M, cpu=$C, min_containers=$K)\ndef f$N(): ...",
  "@app.function(gpu=$G)\ndef twice(): ...",
  "@app.cls(gpu=$G, scaledown_window=$W)\nclass M$N:\n  @modal.method()\n  def run(self): ...",
  "@app.cls(gpu=$G, min_containers=$K)\n@modal.concurrent(max_inputs=4)\nclass M$N:\n  @modal.fastapi_endpoint()\n  def run(self): ...",
  "@app.server(port=8000, gpu=$G, scaledown_window=$W, routing_region='us-east')\nclass S$N:\n  @modal.enter()\n  def go(self): ...",
  "@app.function(**C)\ndef f$N(): ...",
  "@app.function(memory=$M, **C)\ndef f$N(): ...",
  "@app.function(**{**C, 'scaledown_window': $W})\ndef f$N(): ...",
  "@app.function(gpu=$G, name=f'named-$N')\n@modal.fastapi_endpoint()\ndef f$N(): ...",
  "f$N = app.function(gpu=$G, name='made$N')(work)",
  "@functools.partial(app.function, gpu=$G)(memory=$M)\ndef f$N(): ...",
  "registered = app.function(gpu=$G)\n@registered\ndef f$N(): ...",
  "@keep\n@app.function(gpu=$G)\ndef f$N(): ...",
  "@app.function(gpu=$G)\n@keep\ndef f$N(): ...",
  "@app.function(gpu=$G)\n@wrap\ndef f$N(): ...",
  "@app.function(gpu=$G)\nasync def f$N(): ...",
  "for i in range(2):\n  app.function(gpu=$G, name=f'loop$N-{i}')(work)",
  "def on$N(**more): return app.function(gpu=$G, **more)\n@on$N(memory=$M)\ndef f$N(): ...",
  "other$N = modal.App('other')\n@other$N.function(gpu=$G)\ndef o$N(): ...\napp.include(other$N)",
  "@app.function(region=['us-east'], gpu=$G, nonpreemptible=True)\ndef f$N(): ...",
  "@app.cls(gpu=$G)\nclass M$N(Base): ...",
  "@app.local_entrypoint()\ndef main$N(): ...",
  "@app.function(gpu=(late$N := $G), memory=1024 if late$N else 512)\ndef f$N(): ...",
  "def reg$N(app, **more):\n  @app.function(gpu=$G, serialized=True, **more)\n  def f(): ...\n  return f\nreg$N(app, memory=$M)",
  "def reg$N(target):\n  for i in range(2):\n    target.function(gpu=$G, name=f'reg$N-{i}')(work)\nreg$N(app)",
  "for name$N, gpu$N in [('a', $G), ('b', 'L4')]:\n  app.function(gpu=gpu$N, name=f'{name$N}-$N')(work)",
  "for i in range(3):\n  if random.random() > 2: break\n  app.function(gpu=$G, name=f'may$N-{i}')(work)",
  "def opts$N(gpu=None, **more):\n  o = {'memory': $M, **more}\n  if gpu is not None:\n    o['gpu'] = gpu\n  return o\n@app.function(**opts$N($G, cpu=$C))\ndef f$N(): ...",
  "@app.function(**opts(gpu=$G))\ndef f$N(): ...",
  "@app.cls(**OPTS, scaledown_window=$W)\nclass M$N: ...",
  "@app.function(gpu=$G)\n@functools.cache\ndef f$N(): ...",
  "class Reg$N:\n  def __init__(self, app): self.app = app\n  def add(self, f): return self.app.function(gpu=$G, name='reg$N')(f)\nReg$N(app).add(work)",
] as const;

const begin = `import contextlib, functools, os, random
from dataclasses import dataclass, field
from enum import Enum
from types import SimpleNamespace
from typing import TYPE_CHECKING
import modal
import cfg
from cfg import GPU as CFG_GPU
MODE = os.environ.get("MODAL_MODE", "dev")
G = "T4"
H = "L40S"
W = 90
N = 2
M = 2048
L = ["T4", "H100"]
TABLE = {"dev": "T4", "demo": "L4", "prod": "H100:2"}
WINDOWS = dict(dev=61, demo=62, prod=63)
C = {"gpu": "A100"}
CONF = {"gpu": {"prod": "H100"}.get(MODE, "A10"), "memory": 1024}
NS = SimpleNamespace(gpu="L4")
class K:
  gpu = "A10"
  window = 120
class K2(K):
  gpu = "B200"
@dataclass
class D:
  gpu: str = "T4"
  window: int = 140
class E(Enum):
  BIG = "H100"
class Base:
  @modal.method()
  def run(self): ...
class TE(str, Enum):
  BIG = "H100"
class Box:
  default = "T4"
  def __init__(self, gpu=None):
    self.gpu = gpu or self.default
  @property
  def big(self): return f"{self.gpu}:2"
  @classmethod
  def of(cls, mode): return cls({"prod": "H100"}.get(mode))
  @staticmethod
  def other(): return "L4"
  def set(self, gpu): self.gpu = gpu
  def both(self): return [self.gpu, self.other()]
BOX = Box("L40S")
@dataclass
class DD(D):
  count: int = 1
  names: list = field(default_factory=lambda: ["L4"])
  spec: str = field(default="")
  def __post_init__(self):
    if self.count > 1: self.spec = f"{self.gpu}:{self.count}"
    else: self.spec = "H100"
@functools.lru_cache
def cached(): return Box("A100")
def two(g, count=2): return f"{g}:{count}" if isinstance(g, str) and ":" not in g else g
def ladder(mode):
  if mode == "prod":
    return "H100"
  elif mode in ("demo", "T4"):
    g = "L4"
  else:
    return "T4"
  return g
def maybe():
  if random.random() > 2:
    return "H100"
  return "T4"
def deep():
  result = []
  for g in L:
    if not g: continue
    result.append(g)
  while len(result) > 1: result.pop()
  return result[0]
def add(g, to=[]):
  to.append(g)
  return to
COUNT = [0]
def counter():
  COUNT[0] += 1
  return f"L4:{COUNT[0]}"
def kw(**options): return options
def first(items):
  for item in items: return item
def fill(options, gpu="B200"):
  options["gpu"] = gpu
def opts(gpu=None, memory=512):
  options = dict(memory=memory)
  if gpu: options["gpu"] = gpu
  return options
OPTS = opts("A10", memory=1024)
class Base:
  @modal.method()
  def run(self): ...
def pick(big=False): return "H100" if big else G
def change(): ...
def work(): ...
def keep(f): return f
def wrap(f):
  @functools.wraps(f)
  def inner(*a): return f(*a)
  return inner
`;

const indented = (text: string): string => text.replaceAll(/^/gm, "  ");
const one = (choices: readonly string[]): fc.Arbitrary<string> => fc.constantFrom(...choices);

const filled = (text: fc.Arbitrary<string>): fc.Arbitrary<string> =>
  fc
    .tuple(text, one(gpus), one(seconds), one(memories), one(cpus), one(counts))
    .map(([into, gpu, window, memory, cpu, count]) =>
      into
        .replaceAll("$G", () => gpu)
        .replaceAll("$W", () => window)
        .replaceAll("$M", () => memory)
        .replaceAll("$C", () => cpu)
        .replaceAll("$K", () => count),
    );

/** Where a registration begins. */
const mark = "\u0001";
const registration = filled(one(registrations).map((text) => mark + text));

const { statement } = fc.letrec<{ statement: string; block: string }>((tie) => ({
  statement: fc.oneof(
    { maxDepth: 2, depthIdentifier: "app statement" },
    { weight: 6, arbitrary: filled(one(effects)) },
    { weight: 3, arbitrary: registration },
    {
      weight: 3,
      arbitrary: fc
        .tuple(one(conditions), tie("block"), fc.option(tie("block")))
        .map(
          ([condition, yes, no]) =>
            `if ${condition}:\n${yes}${no === null ? "" : `\nelse:\n${no}`}`,
        ),
    },
  ),
  block: fc
    .array(tie("statement"), { minLength: 1, maxLength: 2, depthIdentifier: "app statement" })
    .map((statements) => indented(statements.join("\n"))),
}));

const names = [
  'modal.App("shop")',
  'modal.App(name=f"shop-{MODE}")',
  'modal.App("shop" if MODE == "prod" else "shop-dev")',
  'modal.App(name="-".join(["shop", MODE]))',
] as const;

const configs = [
  'import os\nGPU = os.environ.get("GPU_TYPE", "L4")\nWINDOW = 150\ndef pick(): return GPU\ndef change(): global GPU; GPU = "T4"\nclass Conf:\n  gpu = os.environ.get("NOT_SET", "L4")\n  @staticmethod\n  def pick(): return GPU\ndef make(mode):\n  c = {"gpu": GPU}\n  if mode == "prod": c.update(gpu="H200")\n  return c\n',
  '__all__ = ["GPU", "H"]\nfrom more import GPU\nH = "A10"\nW = 5\nWINDOW = 2 * 75\npick = lambda: "T4"\ndef change(): ...\nclass Conf:\n  def __init__(self): self.gpu = pick()\n  pick = lambda: "B200"\ndef make(mode):\n  with open("/dev/null"):\n    return {"gpu": pick()}\n',
] as const;

/** App files with what people do to their configuration; the real client takes most of them. */
export const appPrograms: fc.Arbitrary<Files> = fc
  .tuple(
    one(names),
    fc.array(statement, { minLength: 1, maxLength: 5 }),
    fc.array(registration, { minLength: 1, maxLength: 3 }),
    one(configs),
  )
  .map(([app, statements, last, cfg]) => ({
    "app.py": numbered(`${begin}app = ${app}\n${[...statements, ...last].join("\n")}\n`),
    "cfg.py": cfg,
    "more.py": 'GPU = "H100"\n',
  }));

/** Each registration has names of its own. */
function numbered(text: string): string {
  let count = 0;
  return text
    .split(mark)
    .map((block) => block.replaceAll("$N", String((count += 1))))
    .join("");
}
