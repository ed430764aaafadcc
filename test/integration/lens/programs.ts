import * as fc from "fast-check";

/** Expressions that may be a GPU, a number, or neither. */
const simple = [
  '"T4"',
  '"H100"',
  '"A100-80GB"',
  "None",
  "G",
  "H",
  'C["gpu"]',
  'C.get("gpu")',
  'C.get("none", "L4")',
  "L[0]",
  "L[-1]",
  "M[0]",
  "K.gpu",
  "K().gpu",
  "pick()",
  "give()",
  "cfg.GPU",
  "cfg.TABLE['gpu']",
  'os.environ.get("MODAL_MODE")',
  'os.environ.get("X", "A10G")',
  'os.getenv("MODAL_MODE", "dev")',
  'f"H100:{W}"',
  'f"{G}"',
  'f"{G!r}"',
  'f"{W:>3}"',
  '{"dev": "T4", "demo": "L4"}[os.environ["MODAL_MODE"]]',
  '{"dev": "T4", **C}["dev"]',
  'getattr(K, "gpu")',
  'getattr(K, "gpu", "T4")',
  'globals()["G"]',
  "G.lower()",
  'G.replace("T", "L")',
  '"".join(L)',
  '"%s:%d" % ("H100", W)',
  "str(W)",
  "max(L)",
  "[x for x in L][0]",
  "next(iter(L))",
  "(lambda: G)()",
  '(lambda g="L4": g)()',
  "[*L, *M][0]",
  "(G, H)[W > 3]",
  'dict(gpu="T4")["gpu"]',
  'dict(C, gpu="T4")["gpu"]',
  "list(L)[0]",
  "tuple(L)[-1]",
  "sorted(L)[0]",
  "L.pop()",
  "L.copy()[0]",
  'C.setdefault("gpu", "B200")',
  'C.pop("gpu", "L4")',
  "[G, H]",
  "L",
  '["H100", G]',
  "Env.DEV.value",
  "Data().gpu",
  "Data.gpu",
  'os.environ["MODAL_MODE"][:3]',
  'G[0] + "4"',
  "G * 2",
  "'T' '4'",
  "r'T4'",
  "b'T4'.decode()",
  '"""T4"""',
  "~W",
  "-W",
  "W // 2",
  "W ** 2",
  "W << 1",
  "W & 3",
  "True + W",
  "W if W else G",
  "0x10",
  "1_000",
  "1e2",
  "int('7')",
  "int(3.9)",
  "int('0x10', 16)",
  "float('2')",
  "round(2.5)",
  "len(L)",
  "min(3, W)",
  "max(L, key=len)",
  "sum([1, W])",
  "abs(-3)",
  "bool(G)",
  'int(os.environ.get("SCALEDOWN_WINDOW", "300"))',
  'int(os.environ.get("NOT_SET", 60))',
  "W.real",
  "[*reversed(L)][0]",
  "[*C.values()][0]",
  "next(reversed(L))",
  "str(sorted([1, True], reverse=True)[0])",
  '"\\ufeffT4".strip()',
  "str(1e16)",
] as const;

const conditions = [
  "slow()",
  'os.environ["MODAL_MODE"] == "dev"',
  'os.environ.get("MODAL_MODE") != "prod"',
  '"MODAL_MODE" in os.environ',
  '"X" not in os.environ',
  "True",
  "False",
  'G == "T4"',
  "not G",
  "W > 3",
  "1 < W < 500",
  "G in L",
  '"gpu" in C',
  '__name__ == "__main__"',
  "TYPE_CHECKING",
  "L",
  "C",
  "isinstance(G, str)",
  '(G := "L4")',
  "G is None",
  "H is not None",
  "any(x for x in L)",
  "G == H",
  "G != H and W",
  "slow() or True",
  "slow() and False",
  "modal.is_local()",
  'os.environ["MODAL_MODE"] in ("dev", "demo")',
  'os.environ["MODAL_MODE"].startswith("d")',
  "W == 60.0",
  "L == M",
  "L is M",
  "hasattr(K, 'gpu')",
  "[y := 1, slow()][0]",
  "debug",
] as const;

const effects = [
  'G += ":2"',
  "W += 60",
  "L += ['B200']",
  "M = L",
  "D = C",
  "D = dict(C)",
  "L.append(G)",
  "L.insert(0, G)",
  "L.reverse()",
  "L.sort()",
  "L.clear()",
  "L[0] = G",
  "L[:] = ['L4']",
  "del L[0]",
  'C["gpu"] = H',
  'C.update(gpu="L40S")',
  'C.update({"gpu": G})',
  'C |= {"gpu": "B200"}',
  'del C["gpu"]',
  'K.gpu = "L4"',
  'setattr(K, "gpu", "L4")',
  "del K.gpu",
  'cfg.GPU = "L4"',
  'cfg.TABLE["gpu"] = "L4"',
  'globals()["G"] = "L4"',
  'globals().update(G="L4")',
  'vars()["G"] = "L4"',
  "exec('G = \"L4\"')",
  "change()",
  "fill(C)",
  "fill(L)",
  "pick(C, L)",
  "pick(K)",
  "pick(cfg)",
  "G, H = H, G",
  "G, *rest = L",
  "*rest, G = L",
  "(G, W), H = ('L4', 5), 'B200'",
  "[G, H] = L",
  "G = H = 'L4'",
  "G: str = 'L4'",
  "G: str",
  "del H",
  "[G := x for x in L]",
  "print(G := 'L4')",
  "import cfg",
  "from cfg import GPU as G",
  "from cfg import *",
  "from other import G",
  "from other import *",
  "import cfg as other",
  "assert slow()",
  "for G in L: pass",
  "for i, G in enumerate(L): pass",
  "while slow(): G = 'L4'; break",
  "with open_it() as G: pass",
  "with open_it() as (G, H): pass",
  "try: G = pick()\nexcept Exception: G = 'L4'",
  "try: import torch\nexcept ImportError: G = 'L4'",
  "try: G = 'T4'; pick()\nexcept Exception as H: pass",
  "try: pick()\nfinally: G = 'L4'",
  "match os.environ['MODAL_MODE']:\n  case 'dev': G = 'T4'\n  case 'demo' | 'prod': G = 'L4'\n  case _: G = None",
  "match G:\n  case 'T4': G = 'x'\n  case str(): G = 'y'\n  case other: G = other",
  "match C:\n  case {'gpu': G}: pass",
  "match L:\n  case [G, *rest]: pass",
  "def change():\n  global G\n  G = 'L4'",
  "def change():\n  C['gpu'] = 'L4'\n  L.append('L4')",
  "def change():\n  K.gpu = 'L4'",
  "def give(): return 'L4'",
  "give = lambda: 'B200'",
  "class K:\n  gpu = 'L4'\n  gpus = [gpu]",
  "class K(Other):\n  pass",
  "class K:\n  gpu = G\n  if slow(): gpu = 'B200'",
  "class K(metaclass=Meta):\n  gpu = 'L4'",
  "@dataclass\nclass K:\n  gpu: str = 'L4'",
  "@mystery\nclass K:\n  gpu = 'L4'",
  "os.environ['X'] = 'L4'",
  "os.environ['MODAL_MODE'] = 'prod'",
  "os.environ.setdefault('X', 'B200')",
  "os.environ.update(X='T4')",
  "os.environ.pop('MODAL_MODE', None)",
  "del os.environ['MODAL_MODE']",
  "os.environ |= {'X': 'T4'}",
  "os.putenv('X', 'T4')",
  "env = os.environ\nenv['X'] = 'L4'",
  "from os import environ, getenv\nG = getenv('X', 'T4')",
  "load_dotenv()",
  "print = pick\nprint(C)",
  "len = pick\nW = len(L)",
  "str = pick\nG = str(W)",
  "int = pick",
  "min = pick",
  "os = pick()",
  "f = app",
  "T = [L, C]\nT[0][0] = 'B200'",
  "T = {'l': L}\nT['l'].append('B200')",
  "(lambda: L.append('B200'))()",
  "[L.append(x) for x in ['B200']]",
  "list(map(L.append, ['B200']))",
  "L.extend([x for x in M])",
  "L.__setitem__(0, 'B200')",
  "K.gpu += ':2'",
  "C['n'] = C.get('n', 0) + 1",
  "H = G if slow() else H",
  "H = (G := 'B200') and 'L4'",
  "if slow(): raise SystemExit",
  "if slow(): import sys; sys.exit(1)",
  "raise_it = pick\nraise_it()",
  "type(K).gpu2 = 1",
  "K.__dict__",
  "for _ in range(2):\n  G += 'x'\n  if len(G) > 5: break\nelse:\n  H = G",
  "while False: G = 'never'",
  "for x in []: G = 'never'",
  "for x in (): G = 'never'\nelse: G = 'else'",
  "K.__init__ = lambda self: setattr(self, 'gpu', 'L4')",
  "K.gpu = property(lambda self: 'L4')",
  "Data.__init__ = lambda self: setattr(self, 'gpu', 'L4')",
  "V = C.values()\nC['gpu'] = 'L4'\nG = list(V)[0]",
  "z = zip(L, M)\nlist(z)\nG = [*z] or 'L4'",
  "for g in L:\n  L.reverse()\n  G = g",
  "for k, v in C.items():\n  C['memory'] = 'L4'\n  G = v",
  "class K:\n  L[0] = 'L4'\n  gpu = G",
  "class K:\n  gpu = 'L4'\n  locals()['gpu'] = H",
  "class K:\n  __gpu = 'L4'\n  gpu = property(lambda self: self.__gpu)",
  "class K:\n  def __init__(self): self.gpu = 'l4'\n  @property\n  def gpu(self): return self._g\n  @gpu.setter\n  def gpu(self, v): self._g = v.upper()",
  "k = K()\nk.gpu = 'L4'\nG = k.gpu",
  "k = K()\nk.__class__ = Data\nG = k.gpu",
  "Env.DEV._value_ = 'L4'",
  "give.__code__ = (lambda: 'B200').__code__",
  "give.__globals__['G'] = 'B200'",
  "x: L.append('B200') = 1",
] as const;

const registrations = [
  "@app.function(gpu=$G, scaledown_window=$W)\ndef f$N(): ...",
  "@app.function(gpu=$G)\ndef f(): ...",
  "@app.cls(gpu=$G, cpu=$W)\nclass M$N:\n  @modal.method()\n  def run(self): ...",
  "@app.function(**C)\ndef f$N(): ...",
  "@app.function(gpu=$G, **C)\ndef f$N(): ...",
  "@app.function(**{'gpu': $G, 'min_containers': $W})\ndef f$N(): ...",
  "app.function(gpu=$G)(give)",
  "f$N = app.function(gpu=$G, name='n$N')(lambda: 1)",
  "reg = app.function(gpu=$G)\n@reg\ndef f$N(): ...\n@reg\ndef g$N(): ...",
  "@partial(app.function, gpu=$G)(memory=$W)\ndef f$N(): ...",
  "@app.function(gpu=$G)\n@mystery\ndef f$N(): ...",
  "@mystery\n@app.function(gpu=$G)\ndef f$N(): ...",
  "@app.function(gpu=$G, name=H)\ndef f$N(): ...",
  "@app.function(gpu=$G, memory=($W, 9999))\nasync def f$N(): ...",
  "def make():\n  @app.function(gpu=$G, serialized=True)\n  def inner$N(): ...\nmake()",
  "class Holder$N:\n  @app.function(gpu=$G)\n  def h$N(): ...",
  "register = app.function\n@register(gpu=$G)\ndef f$N(): ...",
  "(lambda a: a.function(gpu=$G)(hidden))(app)",
  "for a in [app]:\n  a.function(gpu=$G, name='loop$N')(give)",
  "app = modal.App(f'again-{W}')\n@app.function(gpu=$G)\ndef f$N(): ...",
  "sub = modal.App('sub')\n@sub.function(gpu=$G)\ndef s$N(): ...\napp.include(sub)",
  "pick(app)",
  "getattr(app, 'function')(gpu=$G)(found)",
] as const;

const begin = `import os, modal
from functools import partial
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING
import cfg
debug = False
G = "T4"
H = "L40S"
W = 300
L = ["T4", "H100"]
M = L
C = {"gpu": "A100", "memory": 1024}
class K:
    gpu = "A10G"
class Env(Enum):
    DEV = "T4"
@dataclass
class Data:
    gpu: str = "T4"
def give(): return G
def change(): ...
def hidden(): ...
def found(): ...
def fill(x):
    if isinstance(x, dict): x["gpu"] = "filled"
    elif isinstance(x, list): x.append("filled")
app = modal.App("shop")
`;

const indented = (text: string): string => text.replaceAll(/^/gm, "  ");

const expression = fc.oneof(
  { weight: 8, arbitrary: fc.constantFrom<string>(...simple) },
  {
    weight: 1,
    arbitrary: fc
      .tuple(fc.constantFrom(...simple), fc.constantFrom(...conditions), fc.constantFrom(...simple))
      .map(([yes, condition, no]) => `(${yes} if ${condition} else ${no})`),
  },
  {
    weight: 1,
    arbitrary: fc
      .tuple(
        fc.constantFrom(...simple),
        fc.constantFrom("or", "and", "+"),
        fc.constantFrom(...simple),
      )
      .map(([left, operator, right]) => `(${left} ${operator} ${right})`),
  },
);

const registration = fc
  .tuple(fc.constantFrom(...registrations), expression, expression)
  .map(([text, gpu, window]) => text.replaceAll("$G", () => gpu).replaceAll("$W", () => window));

/** Each function its own name; `f` alone is made twice. */
function numbered(text: string): string {
  let count = 0;
  const blocks = text.split(
    /(?=^\s*@|^\s*sub =|^\s*reg =|^\s*app = |^\s*f\$N = |^\s*class Holder)/m,
  );
  return blocks.map((block) => block.replaceAll("$N", String((count += 1)))).join("");
}

const { statement } = fc.letrec<{ statement: string; block: string }>((tie) => ({
  statement: fc.oneof(
    { maxDepth: 3, depthIdentifier: "statement" },
    {
      weight: 6,
      arbitrary: fc.constantFrom<string>(...effects),
    },
    {
      weight: 3,
      arbitrary: fc
        .tuple(fc.constantFrom("G", "H", "W", "L[0]", "C['gpu']", "K.gpu", "cfg.GPU"), expression)
        .map(([target, value]) => `${target} = ${value}`),
    },
    { weight: 2, arbitrary: registration },
    {
      weight: 2,
      arbitrary: fc
        .tuple(fc.constantFrom(...conditions), tie("block"), fc.option(tie("block")))
        .map(
          ([condition, yes, no]) =>
            `if ${condition}:\n${yes}${no === null ? "" : `\nelse:\n${no}`}`,
        ),
    },
    {
      weight: 1,
      arbitrary: fc
        .tuple(
          fc.constantFrom(
            "for x in [*L]:",
            "for G in ['T4', H]:",
            "while slow():",
            "for i in range(2):",
          ),
          tie("block"),
        )
        .map(([head, body]) => `${head}\n${body}\n  if slow(): break`),
    },
    {
      weight: 1,
      arbitrary: fc
        .tuple(
          tie("block"),
          fc.constantFrom("except Exception:", "except (ValueError, KeyError):"),
          tie("block"),
        )
        .map(([body, head, handler]) => `try:\n${body}\n${head}\n${handler}`),
    },
    {
      weight: 1,
      arbitrary: fc
        .tuple(tie("block"), fc.boolean())
        .map(
          ([body, isCalled]) =>
            `def change():\n  global G, H, W\n${body}${isCalled ? "\nchange()" : ""}`,
        ),
    },
  ),
  block: fc
    .array(tie("statement"), { minLength: 1, maxLength: 2, depthIdentifier: "statement" })
    .map((statements) => indented(statements.join("\n"))),
}));

/** Files that do to a few names what people, and nobody, do to them before they hand them to Modal. */
export const programs: fc.Arbitrary<Readonly<Record<string, string>>> = fc
  .tuple(
    fc.array(statement, { minLength: 1, maxLength: 6 }),
    fc.array(registration, { minLength: 1, maxLength: 2 }),
    fc.constantFrom(
      'GPU = "L4"\nTABLE = {"gpu": "T4"}\n',
      'import os\nGPU = os.environ.get("X", "T4")\nTABLE = {"gpu": GPU}\nG = "B200"\n',
    ),
  )
  .map(([statements, last, cfg]) => ({
    "app.py": numbered(`${begin}${[...statements, ...last].join("\n")}\n`),
    "cfg.py": cfg,
  }));
