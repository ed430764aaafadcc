import type { Case } from "./render.ts";

/** A file or several, and what a person who knows Python and Modal reads in them. */
export interface ReadingCase extends Omit<Case, "files"> {
  readonly title: string;
  /** app.py, or several files by their paths. */
  readonly source: string | Readonly<Record<string, string>>;
  readonly expected: string;
}

const fn = "@app.function()\ndef f(): ...";

export const plainCases: readonly ReadingCase[] = [
  {
    title: "one app, one function, all defaults",
    source: `import modal\napp = modal.App("flux")\n${fn}`,
    expected: "app = flux\n  f",
  },
  {
    title: "App imported by name",
    source: `from modal import App\napp = App("flux")\n${fn}`,
    expected: "app = flux\n  f",
  },
  {
    title: "modal under another name",
    source: `import modal as m\napp = m.App(name="flux")\n@app.function(gpu="T4")\ndef f(): ...`,
    expected: "app = flux\n  f, gpu=T4",
  },
  {
    title: "App under another name, in an import over several lines",
    source: `from modal import (\n  App as Application,\n  Image,\n)\napp = Application("flux")\n${fn}`,
    expected: "app = flux\n  f",
  },
  {
    title: "from modal import *",
    source: `from modal import *\napp = App("flux")\n${fn}`,
    expected: "app = flux\n  f",
  },
  {
    title: "an app without a name",
    source: `import modal\napp = modal.App()\n${fn}`,
    expected: "app = -\n  f",
  },
  {
    title: "a name of None is none",
    source: `import modal\napp = modal.App(None)\n${fn}`,
    expected: "app = -\n  f",
  },
  {
    title: "the removed Stub",
    source: `import modal\nstub = modal.Stub("old")\n@stub.function(gpu="T4")\ndef f(): ...`,
    expected: "stub = old (Stub)\n  f, gpu=T4",
  },
  {
    title: "an app under another variable, and two of them",
    source: `import modal\nworker = modal.App("worker")\nweb = modal.App("web")\n@worker.function(gpu="L4")\ndef f(): ...\n@web.function()\ndef g(): ...`,
    expected: "worker = worker\n  f, gpu=L4\nweb = web\n  g",
  },
  {
    title: "one app under two variables",
    source: `import modal\napp = other = modal.App("flux")\n@other.function()\ndef f(): ...`,
    expected: "app = flux\n  f\nother = flux\n  f",
  },
  {
    title: "an annotated app",
    source: `import modal\napp: modal.App = modal.App("flux")\n${fn}`,
    expected: "app = flux\n  f",
  },
  {
    title: "a GPU class and a CPU function in one app",
    source: `import modal\napp = modal.App("chat")\n@app.cls(gpu="A100-80GB", scaledown_window=600)\nclass Model:\n  @modal.method()\n  def run(self): ...\n@app.function(cpu=2.0, memory=1024)\ndef health(): ...`,
    expected:
      "app = chat\n  Model.*, gpu=A100-80GB, scaledown_window=600\n  health, cpu=2.0, memory=1024",
  },
  {
    title: "gpu=None is said, no gpu is absent",
    source: `import modal\napp = modal.App("a")\n@app.function(gpu=None)\ndef f(): ...`,
    expected: "app = a\n  f, gpu=None",
  },
  {
    title: "a list of GPUs",
    source: `import modal\napp = modal.App("a")\n@app.function(gpu=["H100", "A100-80GB:2"])\ndef f(): ...`,
    expected: "app = a\n  f, gpu=[H100 A100-80GB:2]",
  },
  {
    title: "a request and its limit",
    source: `import modal\napp = modal.App("a")\n@app.function(cpu=(1.0, 4.0), memory=(1024, 8192))\ndef f(): ...`,
    expected: "app = a\n  f, cpu=[1.0 4.0], memory=[1024 8192]",
  },
  {
    title: "the names that Modal has given up",
    source: `import modal\napp = modal.App("a")\n@app.function(container_idle_timeout=240, keep_warm=1)\ndef f(): ...`,
    expected: "app = a\n  f, scaledown_window=240, min_containers=1",
  },
  {
    title: "a function with another name",
    source: `import modal\napp = modal.App("a")\n@app.function(name="renamed")\ndef f(): ...`,
    expected: "app = a\n  renamed",
  },
  {
    title: "a server",
    source: `import modal\napp = modal.App("a")\n@app.server(gpu="H100:8", port=8000)\nclass Llm:\n  ...`,
    expected: "app = a\n  Llm, gpu=H100:8",
  },
  {
    title: "web endpoints of functions",
    source: `import modal\napp = modal.App("a")\n@app.function()\n@modal.fastapi_endpoint(method="POST", requires_proxy_auth=True)\ndef f(): ...\n@app.function()\n@modal.web_endpoint()\ndef old(): ...\n@app.function()\n@modal.concurrent(max_inputs=10)\n@modal.web_server(8000)\ndef serve(): ...`,
    expected:
      "app = a\n  f, fastapi_endpoint f\n  old, fastapi_endpoint old\n  serve, web_server serve",
  },
  {
    title: "web endpoints of a class's methods",
    source: `import modal\nfrom modal import asgi_app as asgi\napp = modal.App("a")\n@app.cls(gpu="T4")\nclass Ui:\n  @modal.enter()\n  def load(self): ...\n  @asgi()\n  def web(self): ...`,
    expected: "app = a\n  Ui.*, gpu=T4, asgi_app Ui.web",
  },
  {
    title: "a local entrypoint is no function of a container",
    source: `import modal\napp = modal.App("a")\n${fn}\n@app.local_entrypoint()\ndef main(): ...`,
    expected: "app = a\n  f",
  },
  {
    title: "what runs as a script only",
    source: `import modal\napp = modal.App("a")\n${fn}\nif __name__ == "__main__":\n  app = modal.App("other")`,
    expected: "app = a\n  f",
  },
  {
    title: "types only",
    source: `import modal\nfrom typing import TYPE_CHECKING\napp = modal.App("a")\nif TYPE_CHECKING:\n  app = None\n${fn}`,
    expected: "app = a\n  f",
  },
  {
    title: "several statements on a line",
    source: `import modal; app = modal.App("a"); GPU = "T4"\n@app.function(gpu=GPU)\ndef f(): ...`,
    expected: "app = a\n  f, gpu=T4",
  },
  {
    title: "tabs, CRLF and a byte order mark",
    source: `\uFEFFimport modal\r\napp = modal.App("a")\r\nif True:\r\n\tGPU = "T4"\r\n@app.function(gpu=GPU)\r\ndef f():\r\n\tpass\r\n`,
    expected: "app = a\n  f, gpu=T4",
  },
  {
    title: "an async function",
    source: `import modal\napp = modal.App("a")\n@app.function(gpu="T4")\nasync def f(): ...`,
    expected: "app = a\n  f, gpu=T4",
  },
];

export const constantCases: readonly ReadingCase[] = [
  {
    title: "a constant, and one made of it",
    source: `import modal\nGPU = "H100"\nN = 2\napp = modal.App("a")\n@app.function(gpu=f"{GPU}:{N}", memory=16 * 1024)\ndef f(): ...`,
    expected: "app = a\n  f, gpu=H100:2, memory=16384",
  },
  {
    title: "assigned twice: the value at the decorator counts",
    source: `import modal\nGPU = "H100"\napp = modal.App("a")\n@app.function(gpu=GPU)\ndef f(): ...\nGPU = "T4"\n@app.function(gpu=GPU)\ndef g(): ...`,
    expected: "app = a\n  f, gpu=H100\n  g, gpu=T4",
  },
  {
    title: "changed in place",
    source: `import modal\nNAME = "flux"\nNAME += "-api"\nW = 60\nW *= 2\napp = modal.App(NAME)\n@app.function(scaledown_window=W)\ndef f(): ...`,
    expected: "app = flux-api\n  f, scaledown_window=120",
  },
  {
    title: "unpacked",
    source: `import modal\nNAME, GPU = "flux", "L4"\n(a, b), [c] = (1, 2), [3]\napp = modal.App(NAME)\n@app.function(gpu=GPU, memory=a + b + c)\ndef f(): ...`,
    expected: "app = flux\n  f, gpu=L4, memory=6",
  },
  {
    title: "unpacked from something unknown, or with a star",
    source: `import modal\nA, B = names()\nC, *D = "x", "y"\napp = modal.App(A)\n@app.function(gpu=C)\ndef f(): ...`,
    expected: "app = ?\n  f, gpu=x",
  },
  {
    title: "parts of a text",
    source: `import modal\napp = modal.App("flux" '-api' + "-%s" % "x" + "{}".format(1) + "-" + "A_B".lower().replace("_", "-"))\n${fn}`,
    expected: "app = flux-api-x1-a-b\n  f",
  },
  {
    title: "escapes and raw text",
    source: `import modal\napp = modal.App("a\\x62\\u0063")\n@app.function(gpu=r"T4")\ndef f(): ...`,
    expected: "app = abc\n  f, gpu=T4",
  },
  {
    title: "bytes are no name",
    source: `import modal\napp = modal.App(b"a")\n${fn}`,
    expected: "app = ?\n  f",
  },
  {
    title: "a format that changes how a value is written",
    source: `import modal\nN = 2\napp = modal.App(f"flux-{N:02d}")\n@app.function(gpu=f"H100:{N!s}")\ndef f(): ...`,
    expected: "app = ?\n  f, gpu=H100:2",
  },
  {
    title: "braces in a formatted text",
    source: `import modal\nM = "x"\napp = modal.App(f"{{a}}-{M}")\n${fn}`,
    expected: "app = {a}-x\n  f",
  },
  {
    title: "a dictionary by its key",
    source: `import modal\nGPUS = {"small": "T4", "large": "H100"}\napp = modal.App("a")\n@app.function(gpu=GPUS["large"], scaledown_window={"x": 2}.get("y", 90))\ndef f(): ...`,
    expected: "app = a\n  f, gpu=H100, scaledown_window=90",
  },
  {
    title: "a dictionary that is changed",
    source: `import modal\nC = {"gpu": "T4"}\nC["gpu"] = "H100"\nC.update(memory=512)\napp = modal.App("a")\n@app.function(**C)\ndef f(): ...`,
    expected: "app = a\n  f, gpu=H100, memory=512",
  },
  {
    title: "a dictionary under two names",
    source: `import modal\nA = {"gpu": "T4"}\nB = A\nB["gpu"] = "H100"\napp = modal.App("a")\n@app.function(gpu=A["gpu"])\ndef f(): ...`,
    expected: "app = a\n  f, gpu=H100",
  },
  {
    title: "a dictionary that somebody else may change",
    source: `import modal\nfrom tools import patch\nC = {"gpu": "T4"}\npatch(C)\napp = modal.App("a")\n@app.function(**C)\ndef f(): ...`,
    expected:
      "app = a\n  ?, gpu=?, cpu=?, memory=?, scaledown_window=?, min_containers=?, region=?",
  },
  {
    title: "a dictionary that a function of the file changes",
    source: `import modal\nC = {"gpu": "T4"}\ndef patch():\n  C["gpu"] = "H100"\npatch()\napp = modal.App("a")\n@app.function(gpu=C["gpu"])\ndef f(): ...`,
    expected: "app = a\n  f, gpu=H100",
  },
  {
    title: "a variable that a function changes through global",
    source: `import modal\nGPU = "T4"\ndef big():\n  global GPU\n  GPU = "H100"\nbig()\napp = modal.App("a")\n@app.function(gpu=GPU)\ndef f(): ...`,
    expected: "app = a\n  f, gpu=?",
  },
  {
    title: "a plain class of settings",
    source: `import modal\nclass Config:\n  GPU = "A100"\n  WINDOW = 5 * 60\n  NAME: str = "flux"\napp = modal.App(Config.NAME)\n@app.function(gpu=Config.GPU, scaledown_window=Config.WINDOW)\ndef f(): ...`,
    expected: "app = flux\n  f, gpu=A100, scaledown_window=300",
  },
  {
    title: "a class that is made by another one",
    source: `import modal\nfrom enum import Enum\nclass Gpu(Enum):\n  BIG = "H100"\nclass Settings(BaseSettings):\n  GPU = "T4"\napp = modal.App("a")\n@app.function(gpu=Gpu.BIG)\ndef f(): ...\n@app.function(gpu=Settings.GPU)\ndef g(): ...`,
    expected: "app = a\n  f, gpu=?\n  g, gpu=?",
  },
  {
    title: "conditional expressions",
    source: `import modal\nDEBUG = False\napp = modal.App("a")\n@app.function(gpu="T4" if DEBUG else "H100", min_containers=0 if not DEBUG else 1)\ndef f(): ...`,
    expected: "app = a\n  f, gpu=H100, min_containers=0",
  },
  {
    title: "or and and give an operand",
    source: `import modal\nA = "" or "T4"\nB = "x" and "L4"\napp = modal.App("a")\n@app.function(gpu=A)\ndef f(): ...\n@app.function(gpu=B)\ndef g(): ...`,
    expected: "app = a\n  f, gpu=T4\n  g, gpu=L4",
  },
  {
    title: "the classes of modal.gpu",
    source: `import modal\napp = modal.App("a")\n@app.function(gpu=modal.gpu.H100(count=2))\ndef f(): ...\n@app.function(gpu=modal.gpu.A100(size="80GB"))\ndef g(): ...`,
    expected: "app = a\n  f, gpu=H100:2\n  g, gpu=A100-80GB",
  },
  {
    title: "conversions and arithmetic",
    source: `import modal\napp = modal.App("a")\n@app.function(memory=int("1024") * 2, scaledown_window=10 * 60 // 4, cpu=float("0.5"), min_containers=len(["a", "b"]))\ndef f(): ...`,
    expected: "app = a\n  f, cpu=0.5, memory=2048, scaledown_window=150, min_containers=2",
  },
  {
    title: "a constant with a walrus",
    source: `import modal\nif (n := 3) > 2:\n  GPU = f"H100:{n}"\napp = modal.App("a")\n@app.function(gpu=GPU)\ndef f(): ...`,
    expected: "app = a\n  f, gpu=H100:3",
  },
  {
    title: "a comparison of three",
    source: `import modal\napp = modal.App("a")\n@app.function(gpu="T4" if 1 < 2 < 1 else "H100")\ndef f(): ...`,
    expected: "app = a\n  f, gpu=H100",
  },
  {
    title: "a match on a known value",
    source: `import modal\nSIZE = "l"\nmatch SIZE:\n  case "s":\n    GPU = "T4"\n  case "l" | "xl":\n    GPU = "H100"\n  case _:\n    GPU = "L4"\napp = modal.App("a")\n@app.function(gpu=GPU)\ndef f(): ...`,
    expected: "app = a\n  f, gpu=H100",
  },
];

const ladder = `import os
import modal
MODE = os.environ.get("MODAL_MODE", "dev")
if MODE == "prod":
  app = modal.App("shop")
  WINDOW = 300
elif MODE == "demo":
  app = modal.App("shop-demo")
  WINDOW = 600
else:
  app = modal.App("shop-dev")
  WINDOW = int(os.getenv("SCALEDOWN_WINDOW", "60"))
@app.function(gpu="A100", scaledown_window=WINDOW)
def f(): ...`;

export const modeCases: readonly ReadingCase[] = [
  {
    title: "a ladder on MODAL_MODE, in dev",
    source: ladder,
    variables: { MODAL_MODE: "dev", SCALEDOWN_WINDOW: "120" },
    expected: "app = shop-dev\n  f, gpu=A100, scaledown_window=120",
  },
  {
    title: "a ladder on MODAL_MODE, in demo",
    source: ladder,
    variables: { MODAL_MODE: "demo", SCALEDOWN_WINDOW: "600" },
    expected: "app = shop-demo\n  f, gpu=A100, scaledown_window=600",
  },
  {
    title: "a ladder on MODAL_MODE, in prod",
    source: ladder,
    variables: { MODAL_MODE: "prod" },
    expected: "app = shop\n  f, gpu=A100, scaledown_window=300",
  },
  {
    title: "a ladder on MODAL_MODE, not set",
    source: ladder,
    expected: "app = shop-dev\n  f, gpu=A100, scaledown_window=60",
  },
  {
    title: "a dictionary by the mode",
    source: `import os, modal\nWINDOWS = {"dev": 120, "demo": 600, "prod": 300}\napp = modal.App(f"chat-{os.environ['MODAL_MODE']}")\n@app.function(scaledown_window=WINDOWS[os.environ["MODAL_MODE"]])\ndef f(): ...`,
    variables: { MODAL_MODE: "demo" },
    expected: "app = chat-demo\n  f, scaledown_window=600",
  },
  {
    title: "a variable that is needed and not set",
    source: `import os, modal\napp = modal.App("chat")\n@app.function(gpu=os.environ["GPU"])\ndef f(): ...`,
    expected: "app = chat\n  f, gpu=?",
  },
  {
    title: "a variable with or",
    source: `from os import environ, getenv\nimport modal\napp = modal.App(environ.get("NAME") or "chat")\n@app.function(gpu=getenv("GPU", "T4").upper())\ndef f(): ...`,
    variables: { GPU: "l4" },
    expected: "app = chat\n  f, gpu=L4",
  },
  {
    title: "whether a variable is set",
    source: `import os, modal\napp = modal.App("a")\n@app.function(gpu="H100" if "BIG" in os.environ else "T4")\ndef f(): ...`,
    expected: "app = a\n  f, gpu=T4",
  },
  {
    title: "a variable that the file sets",
    source: `import os, modal\nos.environ["GPU"] = "H100"\nos.environ.setdefault("NAME", "x")\nos.environ.setdefault("MODE", "x")\napp = modal.App(os.environ["NAME"] + os.environ["MODE"])\n@app.function(gpu=os.environ.get("GPU"))\ndef f(): ...`,
    variables: { GPU: "T4", MODE: "dev" },
    expected: "app = xdev\n  f, gpu=H100",
  },
  {
    title: "a .env file may set what is not set",
    source: `import os, modal\nfrom dotenv import load_dotenv\nload_dotenv()\napp = modal.App(os.environ.get("NAME", "a"))\n@app.function(gpu=os.environ.get("GPU", "T4"))\ndef f(): ...`,
    variables: { GPU: "L4" },
    expected: "app = ?\n  f, gpu=L4",
  },
  {
    title: "a .env file that overrides",
    source: `import os, modal, dotenv\ndotenv.load_dotenv(override=True)\napp = modal.App("a")\n@app.function(gpu=os.environ.get("GPU", "T4"))\ndef f(): ...`,
    variables: { GPU: "L4" },
    expected: "app = a\n  f, gpu=?",
  },
  {
    title: "a truth value from a variable",
    source: `import os, modal\nWARM = os.environ.get("WARM", "0") == "1"\napp = modal.App("a")\n@app.function(min_containers=1 if WARM else 0)\ndef f(): ...`,
    variables: { WARM: "1" },
    expected: "app = a\n  f, min_containers=1",
  },
  {
    title: "is_local is true where a file is deployed",
    source: `import modal\napp = modal.App("a")\n@app.function(gpu="T4" if modal.is_local() else "H100")\ndef f(): ...`,
    expected: "app = a\n  f, gpu=T4",
  },
];

export const undecidedCases: readonly ReadingCase[] = [
  {
    title: "a branch on something unknown",
    source: `import modal, torch\nif torch.cuda.is_available():\n  GPU = "H100"\nelse:\n  GPU = "A10G"\napp = modal.App("a")\n@app.function(gpu=GPU, memory=512)\ndef f(): ...`,
    expected: "app = a\n  f, gpu=?, memory=512",
  },
  {
    title: "a branch that leaves the same",
    source: `import modal, sys\nif sys.platform == "darwin":\n  GPU = "H100"\n  X = 1\nelse:\n  GPU = "H100"\napp = modal.App("a")\n@app.function(gpu=GPU)\ndef f(): ...`,
    expected: "app = a\n  f, gpu=H100",
  },
  {
    title: "a branch without an else",
    source: `import modal, sys\nGPU = "T4"\nif len(sys.argv) > 3:\n  GPU = "H100"\napp = modal.App("a")\n@app.function(gpu=GPU)\ndef f(): ...`,
    expected: "app = a\n  f, gpu=?",
  },
  {
    title: "a branch that raises was not the one",
    source: `import modal, sys\nif sys.version_info < (3, 9):\n  raise RuntimeError("old")\nelse:\n  GPU = "T4"\napp = modal.App("a")\n@app.function(gpu=GPU)\ndef f(): ...`,
    expected: "app = a\n  f, gpu=T4",
  },
  {
    title: "the name by an unknown branch",
    source: `import modal\nimport socket\nif socket.gethostname() == "ci":\n  app = modal.App("shop")\nelse:\n  app = modal.App("shop-dev")\n@app.function(gpu="T4")\ndef f(): ...`,
    expected: "app = ?\n  f, gpu=T4",
  },
  {
    title: "a function in an unknown branch",
    source: `import modal, sys\napp = modal.App("a")\nif sys.platform == "linux":\n  @app.function(gpu="T4")\n  def f(): ...`,
    expected: "app = a\n  f (maybe), gpu=T4",
  },
  {
    title: "what depends on an import that may fail",
    source: `import modal\ntry:\n  import torch\n  GPU = "H100"\nexcept ImportError:\n  GPU = None\nfinally:\n  NAME = "a"\napp = modal.App(NAME)\n@app.function(gpu=GPU)\ndef f(): ...`,
    expected: "app = a\n  f, gpu=?",
  },
  {
    title: "a try without handlers",
    source: `import modal\ntry:\n  GPU = "H100"\nfinally:\n  pass\napp = modal.App("a")\n@app.function(gpu=GPU)\ndef f(): ...`,
    expected: "app = a\n  f, gpu=H100",
  },
  {
    title: "set in a loop",
    source: `import modal\nMEMORY = 0\nfor size in sizes():\n  MEMORY += size\nwhile MEMORY < 10:\n  MEMORY += 1\napp = modal.App("a")\n@app.function(memory=MEMORY)\ndef f(): ...`,
    expected: "app = a\n  f, memory=?",
  },
  {
    title: "a loop that never runs",
    source: `import modal\nN = 1\nwhile False:\n  N = 2\napp = modal.App("a")\n@app.function(min_containers=N)\ndef f(): ...`,
    expected: "app = a\n  f, min_containers=1",
  },
  {
    title: "functions made in a loop",
    source: `import modal\napp = modal.App("a")\nfor name in ["x", "y"]:\n  @app.function(gpu="T4", name=name)\n  def f(): ...`,
    expected: "app = a\n  x, gpu=T4\n  y, gpu=T4",
  },
  {
    title: "functions made by a call",
    source: `import modal\napp = modal.App("a")\ndef f(): ...\napp.function(gpu="T4")(f)\nremote = app.function(gpu="L4")(lambda: 1)`,
    expected: "app = a\n  f, gpu=T4\n  ?, gpu=L4",
  },
  {
    title: "a decorator that was made before",
    source: `import modal, functools\napp = modal.App("a")\non_gpu = app.function(gpu="A100")\n@on_gpu\ndef f(): ...\nsmall = functools.partial(app.function, gpu="T4", memory=512)\n@small(memory=1024)\ndef g(): ...`,
    expected: "app = a\n  f, gpu=A100\n  g, gpu=T4, memory=1024",
  },
  {
    title: "a decorator of the file that registers",
    source: `import modal\napp = modal.App("a")\ndef on_gpu(**options):\n  return app.function(gpu="A100", **options)\n@on_gpu()\ndef f(): ...\n@app.function()\ndef g(): ...`,
    expected: "app = a\n  f, gpu=A100\n  g",
  },
  {
    title: "a decorator of others beside Modal's",
    source: `import modal\nfrom tools import traced\napp = modal.App("a")\n@app.function(gpu="T4")\n@traced\ndef f(): ...`,
    expected:
      "app = a\n  ?, gpu=T4, cpu=?, memory=?, scaledown_window=?, min_containers=?, region=?",
  },
  {
    title: "options that cannot be told",
    source: `import modal\nfrom settings import options\napp = modal.App("a")\n@app.function(gpu="T4", **options())\ndef f(): ...`,
    expected:
      "app = a\n  ?, gpu=T4, cpu=?, memory=?, scaledown_window=?, min_containers=?, region=?",
  },
  {
    title: "options from a dictionary of the file",
    source: `import modal\nBASE = dict(memory=512, region="us")\nGPU = {**BASE, "gpu": "H100"}\napp = modal.App("a")\n@app.function(**GPU, min_containers=1)\ndef f(): ...`,
    expected: "app = a\n  f, gpu=H100, memory=512, min_containers=1, region=us",
  },
  {
    title: "from somewhere import * may bring anything",
    source: `import modal\nGPU = "T4"\nfrom tools import *\napp = modal.App("a")\n@app.function(gpu=GPU)\ndef f(): ...`,
    expected: "app = a\n  f, gpu=?",
  },
  {
    title: "functions made in a function",
    source: `import modal\napp = modal.App("a")\ndef build():\n  @app.function(gpu="T4")\n  def f(): ...\nbuild()\n@app.function()\ndef g(): ...`,
    expected: "app = a\n  build.<locals>.f, gpu=T4\n  g",
  },
  {
    title: "what a registered function makes runs in its container",
    source: `import modal\napp = modal.App("a")\n@app.function(gpu="T4")\ndef f():\n  other = modal.App("b")\n  @other.function()\n  def inner(): ...`,
    expected: "app = a\n  f, gpu=T4",
  },
  {
    title: "an app made in a function",
    source: `import modal\ndef make():\n  app = modal.App("a")\n  @app.function()\n  def f(): ...\n  return app\napp = make()`,
    expected: "app = a\n  make.<locals>.f",
  },
  {
    title: "an app that includes another one",
    source: `import modal\nother = modal.App("other")\n@other.function(gpu="T4")\ndef f(): ...\napp = modal.App("a").include(other)`,
    expected: "other = other\n  f, gpu=T4\napp = a\n  f, gpu=T4",
  },
  {
    title: "an app that includes what cannot be told",
    source: `import modal\nfrom elsewhere import more\napp = modal.App("a")\napp.include(more)\n${fn}`,
    expected: "app = a and more\n  f",
  },
  {
    title: "a file that always raises",
    source: `import modal\nraise SystemExit("moved")\napp = modal.App("a")\n${fn}`,
    expected: "raises",
  },
  {
    title: "a file that exits unless a variable is set",
    source: `import modal, os, sys\nif not os.environ.get("TOKEN"):\n  sys.exit("no token")\napp = modal.App("a")\n${fn}`,
    expected: "raises",
  },
  {
    title: "an error after the app",
    source: `import modal\napp = modal.App("a")\n@app.function(gpu="T4")\ndef f(): ...\nthis is no python (`,
    expected: "app = a and more\n  f, gpu=T4",
  },
  {
    title: "an app that is deleted",
    source: `import modal\napp = modal.App("a")\n${fn}\ndel app`,
    expected: "",
  },
  {
    title: "an import in a block whose errors are passed over",
    source: `import modal\nimage = modal.Image.debian_slim()\nGPU = "T4"\nwith image.imports():\n  import torch\n  GPU = "H100"\napp = modal.App("a")\n@app.function(gpu=GPU)\ndef f(): ...`,
    expected: "app = a\n  f, gpu=?",
  },
];

/** What people, and nobody, do to a name before it reaches a decorator: found by running random programs beside CPython. */
export const trickyCases: readonly ReadingCase[] = [
  {
    title: "an app that is handed to code that is not followed",
    source: `import modal\nfrom tools import add_jobs\napp = modal.App("a")\n${fn}\nadd_jobs(app)`,
    expected: "app = a and more\n  f",
  },
  {
    title: "an app that a loop goes through",
    source: `import modal\napp = modal.App("a")\n${fn}\nfor one in [app]:\n  @one.function(gpu="T4")\n  def g(): ...`,
    expected: "app = a\n  f\n  g, gpu=T4\none = a\n  f\n  g, gpu=T4",
  },
  {
    title: "app.run() and a local entrypoint make no functions",
    source: `import modal\napp = modal.App("a")\n${fn}\n@app.local_entrypoint()\ndef main(): ...\ndef start():\n  with app.run():\n    f.remote()\nstart()`,
    expected: "app = a\n  f",
  },
  {
    title: "a function of a class",
    source: `import modal\napp = modal.App("a")\n${fn}\nclass Jobs:\n  @app.function(gpu="T4")\n  def g(): ...`,
    expected: "app = a and more\n  f",
  },
  {
    title: "a decorator that the parser does not know",
    source: `import modal\nfrom functools import partial\napp = modal.App("a")\n${fn}\n@partial(app.function, gpu="T4")(memory=1024)\ndef g(): ...`,
    expected: "app = a and more\n  f",
  },
  {
    title: "a decorator of the file that keeps the name",
    source: `import modal, functools\napp = modal.App("a")\ndef timed(inner):\n  @functools.wraps(inner)\n  def outer(*a): return inner(*a)\n  return outer\n@app.function(gpu="T4")\n@timed\ndef f(): ...`,
    expected:
      "app = a\n  f, gpu=T4, cpu=?, memory=?, scaledown_window=?, min_containers=?, region=?",
  },
  {
    title: "what is assigned in an expression",
    source: `import modal\nfrom tools import slow\nG = H = I = "T4"\nif (G := "L4"):\n  print(H := "L4")\n[I := x for x in ["L4"]]\nJ = "T4"\nfor x in [1]:\n  print(J := "L4")\napp = modal.App("a")\n@app.function(gpu=G, cpu=H, memory=I, region=J)\ndef f(): ...`,
    expected: "app = a\n  f, gpu=L4, cpu=L4, memory=?, region=L4",
  },
  {
    title: "a conditional expression of which both ends are the same",
    source: `import modal\nfrom tools import slow\napp = modal.App("a")\n@app.function(gpu="T4" if slow() else "T4")\ndef f(): ...`,
    expected: "app = a\n  f, gpu=T4",
  },
  {
    title: "globals(), and a name that cannot be told",
    source: `import modal\nfrom tools import name\nG = H = "T4"\nglobals()["G"] = "L4"\nI = globals()["G"]\napp = modal.App("a")\n@app.function(gpu=G, cpu=I)\ndef f(): ...\nglobals()[name] = "L4"\n@app.function(gpu=H)\ndef g(): ...`,
    expected: "app = a and more\n  f, gpu=L4, cpu=L4\n  g, gpu=?",
  },
  {
    title: "exec",
    source: `import modal\nG = "T4"\nexec(open("config.py").read())\napp = modal.App("a")\n@app.function(gpu=G)\ndef f(): ...`,
    expected: "app = a\n  f, gpu=?",
  },
  {
    title: "getattr and setattr",
    source: `import modal\nclass Config:\n  gpu = "T4"\n  cpu = 2\nsetattr(Config, "gpu", "L4")\napp = modal.App("a")\n@app.function(gpu=getattr(Config, "gpu"), cpu=getattr(Config, "cpu", 1), memory=getattr(Config, "memory", 1024))\ndef f(): ...`,
    expected: "app = a\n  f, gpu=L4, cpu=2, memory=1024",
  },
  {
    title: "what is deleted",
    source: `import modal, os\nL = ["T4", "L4"]\nC = {"gpu": "T4"}\ndel L[0], C["gpu"]\ndel os.environ["MODAL_MODE"]\napp = modal.App("a")\n@app.function(gpu=L[0], cpu=C.get("gpu"), region=os.environ.get("MODAL_MODE", "eu"))\ndef f(): ...`,
    variables: { MODAL_MODE: "dev" },
    expected: "app = a\n  f, gpu=?, cpu=None, region=eu",
  },
  {
    title: "a list that a loop changes after it was read",
    source: `import modal\nL = ["T4"]\napp = modal.App("a")\nfor i in range(2):\n  @app.function(name="f", gpu=L[0])\n  def f(): ...\n  L.insert(0, "L4")`,
    expected: "app = a\n  f, gpu=T4\n  f, gpu=L4",
  },
  {
    title: "a variable that a loop sets",
    source: `import modal, os\nfor key in ["GPU"]:\n  os.environ[key] = "L4"\napp = modal.App("a")\n@app.function(gpu=os.environ.get("GPU", "T4"))\ndef f(): ...`,
    expected: "app = a\n  f, gpu=L4",
  },
  {
    title: "a list that is changed after the decorator",
    source: `import modal\nL = ["T4"]\napp = modal.App("a")\n@app.function(gpu=L)\ndef f(): ...\nL.append("L4")`,
    expected: "app = a\n  f, gpu=[T4]",
  },
  {
    title: "functions of an included app that are made after it was included",
    source: `import modal\nsub = modal.App("sub")\napp = modal.App("a")\napp.include(sub)\n@sub.function()\ndef f(): ...`,
    expected: "sub = sub\n  f\napp = a",
  },
  {
    title: "a function that may be called changes what it names",
    source: `import modal, atexit\nfrom tools import hook\nL = ["T4"]\nC = {"gpu": "T4"}\nM = ["T4"]\ndef change(): L[0] = "L4"\natexit.register(change)\n@hook\ndef alter(): C["gpu"] = "L4"\n(lambda: M.clear())()\napp = modal.App("a")\n@app.function(gpu=L[0], cpu=C["gpu"], memory=M[0])\ndef f(): ...`,
    expected: "app = a\n  f, gpu=?, cpu=?, memory=?",
  },
  {
    title: "a function that sets a variable, and one that reads it",
    source: `import modal, os\ndef read(): return os.environ.get("MODAL_MODE")\nread()\nA = os.environ["MODAL_MODE"]\ndef set(): os.environ["MODAL_MODE"] = "prod"\nset()\napp = modal.App(A)\n@app.function(region=os.environ["MODAL_MODE"])\ndef f(): ...`,
    variables: { MODAL_MODE: "dev" },
    expected: "app = dev\n  f, region=prod",
  },
  {
    title: "containers that are asked for with another GPU",
    source: `import modal\napp = modal.App("a")\n@app.cls(gpu="T4")\nclass Model: ...\n@app.local_entrypoint()\ndef main():\n  Model.with_options(\n    gpu="H100")().run.remote()`,
    expected: "app = a and more\n  Model.*, gpu=T4",
  },
  {
    title: "a name that a loop may give to an app, or not",
    source: `import modal\nfrom tools import slow\napp = modal.App("a")\nwhile slow():\n  other = app\n${fn}`,
    expected: "app = a and more\n  f",
  },
  {
    title: "a method that is handed on",
    source: `import modal\nL = ["T4"]\nlist(map(L.append, ["L4"]))\napp = modal.App("a")\n@app.function(gpu=L)\ndef f(): ...`,
    expected: "app = a\n  f, gpu=?",
  },
  {
    title: "a class that is less plain than its first line",
    source: `import modal\nclass Config:\n  gpu = "T4"\n  cpu, memory = 2, 1024\n  region: str = "eu"\n  gpu += ":2"\n  @property\n  def region(self): ...\napp = modal.App("a")\n@app.function(gpu=Config.gpu, cpu=Config.cpu, memory=Config.memory, region=Config.region)\ndef f(): ...`,
    expected: "app = a\n  f, gpu=?, cpu=?, memory=?, region=?",
  },
  {
    title: "patterns that bind",
    source: `import modal, os\nG = H = I = "T4"\nmatch os.environ:\n  case {"GPU": G}: ...\nmatch ["L4"]:\n  case [H, *rest]: ...\nmatch "L4":\n  case "T4": ...\n  case I: ...\napp = modal.App("a")\n@app.function(gpu=G, cpu=H, memory=I)\ndef f(): ...`,
    expected: "app = a\n  f, gpu=?, cpu=?, memory=L4",
  },
  {
    title: "a context that may pass over an error",
    source: `import modal\nfrom tools import risky\nG = "T4"\nwith risky():\n  G = "L4"\nH = "T4"\nwith open("x") as file:\n  H = "L4"\napp = modal.App("a")\n@app.function(gpu=G, cpu=H)\ndef f(): ...`,
    expected: "app = a\n  f, gpu=?, cpu=L4",
  },
  {
    title: "TYPE_CHECKING of one's own",
    source: `import modal\nTYPE_CHECKING = True\nG = "T4"\nif TYPE_CHECKING:\n  G = "L4"\napp = modal.App("a")\n@app.function(gpu=G)\ndef f(): ...`,
    expected: "app = a\n  f, gpu=L4",
  },
  {
    title: "numbers whose last digit the language decides",
    source: `import modal\napp = modal.App("a")\n@app.function(cpu=5.5 % 0.1, memory=7 // 2, scaledown_window=2 ** 0.5, region=7 % -3)\ndef f(): ...`,
    expected: "app = a\n  f, cpu=?, memory=3, scaledown_window=?, region=-2",
  },
  {
    title: "a text over several lines, with CRLF",
    source: 'import modal\r\napp = modal.App("""a\r\nb""")\r\n@app.function()\r\ndef f(): ...',
    expected: "app = a\nb\n  f",
  },
  {
    title: "apps of one name in two branches",
    source: `import modal\nfrom tools import slow\nif slow():\n  app = modal.App("a", tags={"x": "y"})\nelse:\n  app = modal.App("a")\n${fn}`,
    expected: "app = a\n  f",
  },
];

export const severalFiles: readonly ReadingCase[] = [
  {
    title: "the app in one file, functions in another",
    source: {
      "common.py": `import modal\napp = modal.App("shop")\nGPU = "L40S"`,
      "app.py": `from common import app, GPU\n@app.function(gpu=GPU)\ndef f(): ...`,
    },
    expected: "app = shop\n  f, gpu=L40S",
  },
  {
    title: "a module of constants",
    source: {
      "config.py": `GPU_TYPE = "A100"\nWINDOW = 300`,
      "app.py": `import modal\nimport config\nimport config as c\napp = modal.App("a")\n@app.function(gpu=config.GPU_TYPE, scaledown_window=c.WINDOW)\ndef f(): ...`,
    },
    expected: "app = a\n  f, gpu=A100, scaledown_window=300",
  },
  {
    title: "functions of several files in one app",
    source: {
      "common.py": `import modal\napp = modal.App("shop")`,
      "train.py": `from common import app\n@app.function(gpu="H100")\ndef train(): ...`,
      "serve.py": `from common import app\n@app.function(gpu="L4")\ndef serve(): ...`,
      "app.py": `from common import app\nimport train, serve`,
    },
    expected: "app = shop\n  train, gpu=H100\n  serve, gpu=L4",
  },
  {
    title: "a package, as a module",
    source: {
      "shop/__init__.py": "",
      "shop/common.py": `import modal\napp = modal.App("shop")`,
      "shop/main.py": `from .common import app\nfrom . import settings\n@app.function(gpu=settings.GPU)\ndef f(): ...`,
      "shop/settings.py": `GPU = "T4"`,
    },
    deploy: "-m shop.main",
    expected: "app = shop\n  f, gpu=T4",
  },
  {
    title: "a package, as a script",
    source: {
      "shop/__init__.py": "",
      "shop/main.py": `from .common import app\n${fn}`,
      "shop/common.py": `import modal\napp = modal.App("shop")`,
    },
    deploy: "shop/main.py",
    expected: "raises",
  },
  {
    title: "a package that imports itself by its name, as a script of the folder above",
    source: {
      "shop/__init__.py": "",
      "shop/common.py": `import modal\napp = modal.App("shop")`,
      "shop/main.py": `from shop.common import app\n${fn}`,
    },
    deploy: "shop/main.py",
    expected: "app = shop\n  f",
  },
  {
    title: "a sister of the script's own folder comes first",
    source: {
      "config.py": `GPU = "H100"`,
      "deploy/config.py": `GPU = "T4"`,
      "deploy/main.py": `import modal\nfrom config import GPU\napp = modal.App("a")\n@app.function(gpu=GPU)\ndef f(): ...`,
    },
    deploy: "deploy/main.py",
    expected: "app = a\n  f, gpu=T4",
  },
  {
    title: "two modules that import each other",
    source: {
      "app.py": `import modal\napp = modal.App("a")\nimport more\n${fn}`,
      "more.py": `import app as main\nGPU = "T4"`,
    },
    expected: "app = a\n  f",
  },
  {
    title: "from a module of the workspace import *",
    source: {
      "config.py": `GPU = "T4"\n_HIDDEN = "H100"`,
      "app.py": `import modal\nfrom config import *\napp = modal.App("a")\n@app.function(gpu=GPU)\ndef f(): ...\n@app.function(gpu=_HIDDEN)\ndef g(): ...`,
    },
    expected: "app = a\n  f, gpu=T4\n  g, gpu=?",
  },
  {
    title: "one import or another, of the same file",
    source: {
      "common.py": `import modal\napp = modal.App("a")`,
      "app.py": `try:\n  from common import app\nexcept ImportError:\n  from .common import app\n${fn}`,
    },
    expected: "app = a\n  f",
  },
  {
    title: "from a module that lists what it gives import *",
    source: {
      "config.py": '__all__ = ["GPU"]\nGPU = "L4"\nCPU = 4\n',
      "app.py": `import modal\nCPU = 1\nfrom config import *\napp = modal.App("a")\n@app.function(gpu=GPU, cpu=CPU)\ndef f(): ...`,
    },
    expected: "app = a\n  f, gpu=L4, cpu=1",
  },
  {
    title: "a module whose function changes its names",
    source: {
      "config.py": 'GPU = "L4"\ndef choose():\n  global GPU\n  GPU = "T4"\n',
      "app.py": `import modal, config\nconfig.choose()\napp = modal.App("a")\n@app.function(gpu=config.GPU)\ndef f(): ...`,
    },
    expected: "app = a\n  f, gpu=?",
  },
  {
    title: "a module that always raises",
    source: {
      "config.py": 'raise RuntimeError("moved")\n',
      "app.py": `import modal\nfrom config import GPU\napp = modal.App("a")\n@app.function(gpu=GPU)\ndef f(): ...`,
    },
    expected: "raises",
  },
  {
    title: "an app of a file that is not there",
    source: `from missing import app\n@app.function(gpu="T4")\ndef f(): ...`,
    expected: "",
  },
  {
    title: "a module that another one changes",
    source: {
      "config.py": `GPU = "T4"`,
      "app.py": `import modal, config\nconfig.GPU = "H100"\napp = modal.App("a")\n@app.function(gpu=config.GPU)\ndef f(): ...`,
    },
    expected: "app = a\n  f, gpu=H100",
  },
  {
    title: "a name that is imported again",
    source: {
      "a_config.py": `GPU = "T4"`,
      "b_config.py": `GPU = "H100"`,
      "app.py": `import modal\nfrom a_config import GPU\nfrom b_config import GPU\napp = modal.App("a")\n@app.function(gpu=GPU)\ndef f(): ...`,
    },
    expected: "app = a\n  f, gpu=H100",
  },
  {
    title: "an app that another file includes",
    source: {
      "worker.py": `import modal\napp = modal.App("worker")\n@app.function(gpu="H100")\ndef work(): ...`,
      "app.py": `import modal\nimport worker\napp = modal.App("all")\napp.include(worker.app)`,
    },
    expected: "app = all\n  work, gpu=H100",
  },
];

export const allCases: readonly ReadingCase[] = [
  ...plainCases,
  ...constantCases,
  ...modeCases,
  ...undecidedCases,
  ...trickyCases,
  ...severalFiles,
];
