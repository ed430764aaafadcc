import type { ReadingCase } from "./cases.ts";

/** A function that asks for `G`, which the body makes; "?": it cannot be told. `more`: of the app. */
function asks(title: string, body: string, gpu: string, more = ""): ReadingCase {
  return {
    title,
    source: `import modal, os\napp = modal.App("a")\n${body}\n@app.function(gpu=G)\ndef f_(): ...\n`,
    expected: `app = a${more}\n  f_, gpu=${gpu}`,
  };
}

/** The same for several files: app.py makes `X`. */
function files(title: string, source: Readonly<Record<string, string>>, gpu: string): ReadingCase {
  const { "app.py": body = "", ...others } = source;
  const app = `import modal\n${body}\napp = modal.App("a")\n@app.function(gpu=X)\ndef f_(): ...\n`;
  return { title, source: { ...others, "app.py": app }, expected: `app = a\n  f_, gpu=${gpu}` };
}

const enumeration = `from enum import Enum, IntEnum\n`;
const dataclass = `from dataclasses import dataclass, field\n`;

/** Where an object, a class or a text does something else than it looks like. */
export const objectCases: readonly ReadingCase[] = [
  asks(
    "a property that is set",
    `class C:\n  def __init__(self, g): self.g = g\n  @property\n  def g(self): return self._g\n  @g.setter\n  def g(self, v): self._g = v.upper()\nG = C("h100").g`,
    "?",
  ),
  asks(
    "what the setter of a property sets",
    `class C:\n  _g = "T4"\n  @property\n  def g(self): return self._g\n  @g.setter\n  def g(self, v): self._g = v\na = C()\na.g = "H100"\nG = a._g`,
    "?",
  ),
  asks(
    "a property that a class gets later",
    `class C:\n  def __init__(self): self.g = "T4"\nc = C()\nC.g = property(lambda self: "H100")\nG = c.g`,
    "?",
  ),
  asks(
    "an attribute beside a method of the class",
    `class C:\n  @staticmethod\n  def g(): return "T4"\nc = C()\nc.g = "H100"\nG = c.g`,
    "H100",
  ),
  asks(
    "the constructor of a dataclass is replaced",
    `${dataclass}@dataclass\nclass C:\n  g: str = "T4"\ndef init(self): self.g = "H100"\nC.__init__ = init\nG = C().g`,
    "?",
  ),
  asks(
    "how attributes are read is replaced",
    `class C:\n  g = "T4"\nsetattr(C, "__getattribute__", lambda self, name: "H100")\nG = C().g`,
    "?",
  ),
  asks(
    "the truth of objects is replaced",
    `class C: ...\nC.__bool__ = lambda self: False\nG = "T4" if C() else "H100"`,
    "?",
  ),
  asks(
    "an object that becomes one of another class",
    `class A:\n  g = "T4"\nclass B:\n  g = "H100"\na = A()\na.__class__ = B\nG = a.g`,
    "?",
  ),
  asks(
    "the defaults of a function are replaced",
    `def f(a="T4"): return a\nf.__defaults__ = ("H100",)\nG = f()`,
    "?",
  ),
  asks(
    "a class that says what it is equal to",
    `class C:\n  def __eq__(self, other): return False\nc = C()\nG = "T4" if c == c else "H100"`,
    "?",
  ),
  asks(
    "private names of a class and of one below it",
    `class A:\n  __g = "T4"\n  def get(self): return self.__g\nclass B(A):\n  __g = "H100"\nG = B().get()`,
    "T4",
  ),
  asks("a private name from outside", `class A:\n  __g = "T4"\nG = A._A__g`, "T4"),
  asks("a class in a class", `class A:\n  class B:\n    g = "H100"\nG = A.B.g`, "H100"),
  asks(
    "statements in a class that change what is outside",
    `L = ["T4"]\nclass A:\n  L[0] = "H100"\nG = L[0]`,
    "?",
  ),
  asks(
    "statements in a class in a class that change what is outside",
    `L = ["T4"]\nclass A:\n  class B:\n    L[0] = "H100"\nG = L[0]`,
    "?",
  ),
  asks(
    "statements in a class that set variables",
    `class A:\n  os.environ["Z"] = "H100"\nG = os.environ.get("Z", "T4")`,
    "?",
  ),
  asks(
    "names of a class that are set by their texts",
    `class A:\n  g = "T4"\n  locals()["g"] = "H100"\nG = A.g`,
    "?",
    " and more",
  ),
  asks(
    "a decorator of a method that changes what is outside",
    `L = ["T4"]\ndef change(f):\n  L[0] = "H100"\n  return f\nclass A:\n  @change\n  def m(self): ...\nG = L[0]`,
    "?",
  ),
  asks(
    "an expression that is not followed and reaches every name",
    `G = "T4"\nx = {exec("G = 'H100'")}`,
    "?",
    " and more",
  ),
  asks(
    "a default beside parameters that are not plain",
    `L = ["T4"]\ndef f(a, /, b=L.append("H100")): ...\nG = L[-1]`,
    "H100",
  ),
  asks("types that run", `L = ["T4"]\ndef f(x: L.append("H100")): ...\nG = L[-1]`, "?"),
  asks("a type beside a value that runs", `L = ["T4"]\nx: L.append("H100") = 3\nG = L[-1]`, "?"),
  asks(
    "the variables are replaced as a whole",
    `os.environ = {"Z": "H100"}\nG = os.environ.get("Z", "T4")`,
    "?",
  ),
  asks(
    "an enumeration with a value of its own",
    `${enumeration}class E(Enum):\n  A = "T4"\n  @property\n  def value(self): return "H100"\nG = E.A.value`,
    "H100",
  ),
  asks(
    "a member with one underscore",
    `${enumeration}class E(Enum):\n  _A = "T4"\nG = E._A.value`,
    "T4",
  ),
  asks(
    "a member of which the value is replaced",
    `${enumeration}class E(Enum):\n  A = "T4"\nE.A._value_ = "H100"\nG = E.A.value`,
    "?",
  ),
  asks(
    "a number in an enumeration of texts",
    `${enumeration}class E(str, Enum):\n  A = 1\nG = E.A.value`,
    "?",
  ),
  asks(
    "a list that is turned around while it is gone through",
    `L = ["T4", "L4", "H100"]\nfor g in L:\n  L.reverse()\n  G = g\n  if g == "L4": break`,
    "?",
  ),
  asks(
    "a dictionary that is changed while it is gone through",
    `D = {"a": "T4", "b": "L4"}\nfor k, v in D.items():\n  D["b"] = "H100"\n  G = v`,
    "?",
  ),
  asks(
    "an item of a list that is changed in place while it is gone through",
    `L = [["T4"], ["L4"]]\nfor inner in L:\n  inner.append("H100")\nG = L[1][1]`,
    "H100",
  ),
  asks(
    "values of a dictionary that is changed later",
    `D = {"a": "T4"}\nv = D.values()\nD["a"] = "H100"\nG = list(v)[0]`,
    "?",
  ),
  asks(
    "what can be gone through once, gone through twice",
    `z = zip(["T4"], [1])\nlist(z)\nG = "T4" if list(z) else "H100"`,
    "?",
  ),
  asks(
    "what is gone through where it stands",
    `D = {"a": "T4", "b": "H100"}\n(_, g), *_ = sorted(D.items())\nG = [*reversed([g, *D.values()])][0]`,
    "H100",
  ),
  asks(
    "blanks that only one of two languages knows",
    `G = "T4" if "\\ufeffT4".strip() == "T4" else "H100"`,
    "?",
  ),
  asks("digits beyond ASCII", `G = "T4" if "\\u0663".isdigit() else "H100"`, "?"),
  asks("a character beyond 16 bits", `G = "T4" if "\\U0001F600x"[1] == "x" else "H100"`, "T4"),
  asks("a float with many digits", `G = str(1e16)`, "?"),
  asks("what is equal keeps its order", `G = str(sorted([1, True], reverse=True)[0])`, "1"),
  asks(
    "a list that holds itself",
    `L = []\nL.append(L)\nM = []\nM.append(M)\nG = "T4" if L == M else "H100"`,
    "?",
  ),
  asks(
    "an append that is handed to a decorator",
    `L = ["T4"]\n@L.append\ndef f(): ...\nG = "T4" if len(L) == 1 else "H100"`,
    "?",
  ),
  asks(
    "what is kept of a call is forgotten",
    `import functools\n@functools.cache\ndef f(): return L[0]\nL = ["T4"]\nf()\nf.cache_clear()\nL[0] = "H100"\nG = f()`,
    "?",
  ),
  asks(
    "nothing is kept of a call",
    `import functools\n@functools.lru_cache(maxsize=0)\ndef f(): return L[0]\nL = ["T4"]\nf()\nL[0] = "H100"\nG = f()`,
    "?",
  ),
  asks(
    "a class in a function sees the names of the module before it binds them",
    `x = "T4"\ndef f():\n  x = "L4"\n  class A:\n    x = x\n  return A.x\nG = f()`,
    "?",
  ),
  asks(
    "a field that is given by its name alone",
    `${dataclass}@dataclass\nclass C:\n  a: str = field(kw_only=True, default="T4")\n  b: str = "L4"\nG = C("H100").b`,
    "?",
  ),
  asks(
    "a field without a default",
    `${dataclass}@dataclass\nclass C:\n  a: str = field(repr=False)\n  b: str = "L4"\nG = C("H100").a`,
    "H100",
  ),
  asks(
    "a field in a branch",
    `${dataclass}@dataclass\nclass C:\n  if True:\n    z: str = "T4"\n  a: str = "L4"\nG = C("H100").a`,
    "?",
  ),
  asks(
    "slots in the place of defaults",
    `${dataclass}@dataclass(slots=True)\nclass C:\n  a: str = "T4"\nG = "T4" if C.a == "T4" else "H100"`,
    "?",
  ),
  asks(
    "what a class does with those below it",
    `L = ["T4"]\nclass A:\n  def __init_subclass__(cls): L[0] = "H100"\nclass B(A): ...\nG = L[0]`,
    "?",
  ),
  asks(
    "a list that is changed by a comprehension over it",
    `L = ["T4", "L4", "H100"]\nM = [L.pop() for g in L]\nG = M[-1]`,
    "?",
  ),
  asks(
    "a property that runs when it is asked for",
    `L = ["T4"]\nclass C:\n  @property\n  def p(self): L.append("H100")\nhasattr(C(), "p")\nG = L[-1]`,
    "H100",
  ),
  asks(
    "the names of a module, by way of a function",
    `GPU = "T4"\nf = lambda: 0\nf.__globals__["GPU"] = "H100"\nG = GPU`,
    "?",
    " and more",
  ),
  files(
    "what a package does before its module is imported",
    {
      "app.py": "from p.q import X",
      "p/__init__.py": `import os\nos.environ["Z"] = "H100"`,
      "p/q.py": `import os\nX = os.environ.get("Z", "T4")`,
    },
    "H100",
  ),
  files(
    "a module takes the place of a name of its package",
    {
      "app.py": "import p.q\nfrom p import q\nX = q if isinstance(q, str) else q.Y",
      "p/__init__.py": `q = "T4"`,
      "p/q.py": `Y = "H100"`,
    },
    "?",
  ),
  files(
    "a module that another one changes without its name",
    {
      "app.py": "import a, b\nX = a.Y",
      "a.py": `Y = "T4"`,
      "b.py": `import sys\nsys.modules["a"].Y = "H100"`,
    },
    "?",
  ),
];
