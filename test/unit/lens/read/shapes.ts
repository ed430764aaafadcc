import type { ReadingCase } from "./cases.ts";

const head = `import os\nimport modal\nMODE = os.environ.get("MODAL_MODE", "dev")\napp = modal.App("shop")\n`;
const variables = { MODAL_MODE: "dev", SCALEDOWN_WINDOW: "120" };
const fn = (given: string, name = "f"): string => `@app.function(${given})\ndef ${name}(): ...\n`;

function file(title: string, body: string, functions: readonly string[]): ReadingCase {
  const expected = ["app = shop", ...functions].join("\n  ");
  return { title, source: head + body, variables, expected };
}

const nothing = "?, gpu=?, cpu=?, memory=?, scaledown_window=?, min_containers=?, region=?"; // not known at all

/** How people keep the configuration of their apps, the most frequent first (read in public repositories), and what makes it unknown. */
export const shapeCases: readonly ReadingCase[] = [
  file(
    "options in a dictionary, with more where a variable is set",
    `OPTIONS = dict(gpu="A10G", scaledown_window=300, min_containers=1)\nSECRET = os.environ.get("NOT_SET")\nif SECRET:\n  OPTIONS["secrets"] = [modal.Secret.from_dict({"S": SECRET})]\n@app.cls(**OPTIONS)\n@modal.concurrent(max_inputs=4)\nclass Model:\n  @modal.method()\n  def run(self): ...\n`,
    ["Model.*, gpu=A10G, scaledown_window=300, min_containers=1"],
  ),
  file(
    "options that variables add",
    `gpu, disk = os.environ.get("APP_GPU", "L4"), os.environ.get("DISK")\noptions = {"timeout": 600, "cpu": 2}\nif gpu: options["gpu"] = gpu\nif disk: options["ephemeral_disk"] = int(disk)\n${fn("**options")}`,
    ["f, gpu=L4, cpu=2"],
  ),
  file(
    "a function that makes the options",
    `def kwargs(image, *, gpu: str | None = None, cpu: float = 8, memory: int = 32768, timeout: int = 7200) -> dict:\n  """The options of every function."""\n  made: dict = {"image": image, "cpu": cpu, "memory": memory, "timeout": timeout}\n  if gpu is not None:\n    made["gpu"] = gpu\n  return made\ndef image():\n  return modal.Image.debian_slim().pip_install("numpy")\n${fn("**kwargs(image(), cpu=4)")}${fn('**kwargs(image(), gpu="H100:2")', "g")}`,
    ["f, cpu=4, memory=32768", "g, gpu=H100:2, cpu=8, memory=32768"],
  ),
  file(
    "a function that reads the GPU from the environment",
    `DEFAULT = "L40S"\ndef _gpu_type() -> str:\n  value = os.environ.get("APP_GPU", "").strip()\n  return value or DEFAULT\ndef _seconds(name, default):\n  raw = os.getenv(name)\n  if raw is None or not raw.strip():\n    return default\n  return max(60, int(raw))\n${fn('gpu=_gpu_type(), scaledown_window=_seconds("SCALEDOWN_WINDOW", 300)')}`,
    ["f, gpu=L40S, scaledown_window=120"],
  ),
  file(
    "a dataclass of settings with defaults from the environment",
    `from dataclasses import dataclass, field\n@dataclass(frozen=True)\nclass Settings:\n  app_name: str = "shop"\n  gpu: str = os.environ.get("APP_GPU", "A100-80GB")\n  window: int = field(default_factory=lambda: int(os.environ.get("SCALEDOWN_WINDOW", "60")))\n  extra: list = field(default_factory=list)\nSETTINGS = Settings()\n${fn("gpu=SETTINGS.gpu, scaledown_window=SETTINGS.window")}`,
    ["f, gpu=A100-80GB, scaledown_window=120"],
  ),
  file(
    "settings that are made once",
    `from functools import lru_cache\nclass Settings:\n  def __init__(self):\n    self.gpu = os.environ.get("APP_GPU", "L4")\n    self.window = 600 if MODE == "demo" else 120\n@lru_cache(maxsize=1)\ndef get_settings() -> Settings:\n  return Settings()\nsettings = get_settings()\n${fn("gpu=get_settings().gpu, scaledown_window=settings.window")}`,
    ["f, gpu=L4, scaledown_window=120"],
  ),
  file(
    "a table of models, one function for each",
    `MODELS = {"small": {"gpu": "L4", "window": 60}, "large": {"gpu": "H100", "count": 4, "window": 300}}\ndef work(): ...\ndef gpu_of(name):\n  model = MODELS[name]\n  count = model.get("count", 1)\n  return model["gpu"] if count == 1 else f"{model['gpu']}:{count}"\nfor name, model in MODELS.items():\n  app.function(gpu=gpu_of(name), scaledown_window=model["window"], name=f"run-{name}")(work)\n`,
    ["run-small, gpu=L4, scaledown_window=60", "run-large, gpu=H100:4, scaledown_window=300"],
  ),
  file(
    "an enumeration of GPUs and what each costs",
    `from enum import Enum\nclass Gpu(str, Enum):\n  T4 = "T4"\n  H100 = "H100"\nPRICES = {Gpu.T4: 0.59, Gpu.H100: 3.95}\nchosen = Gpu.H100 if MODE == "prod" else Gpu.T4\n${fn("gpu=chosen.value")}`,
    ["f, gpu=T4"],
  ),
  file(
    "modal where it is installed",
    `try:\n  import modal\nexcept ImportError:\n  modal = None\nif modal is not None:\n  app = modal.App("shop")\n  @app.function(gpu="T4")\n  def f(): ...\n`,
    ["f, gpu=T4"],
  ),
  {
    title: "what makes apps and functions, in another file",
    source: {
      "common.py": `import modal\nDEFAULTS = {"gpu": "L4", "scaledown_window": 120}\ndef make_app(name):\n  app = modal.App(name)\n  return app, dict(DEFAULTS)\ndef gpu_function(app, **more):\n  options = {**DEFAULTS, **more}\n  return app.function(**options)\n`,
      "app.py": `import modal\nfrom common import gpu_function, make_app\napp, options = make_app("shop")\noptions["cpu"] = 2.0\nif "gpu" in options:\n  del options["gpu"]\n@app.function(**options)\ndef health(): ...\n@gpu_function(app, gpu="A100", memory=1024)\ndef f(): ...\n@gpu_function(app)\ndef g(): ...\n`,
    },
    expected:
      "app = shop\n  health, cpu=2.0, scaledown_window=120\n  f, gpu=A100, memory=1024, scaledown_window=120\n  g, gpu=L4, scaledown_window=120",
  },
  file(
    "the first of several that is set",
    `def first(*names, default):\n  for name in names:\n    value = os.environ.get(name)\n    if value:\n      return value\n  return default\n${fn('gpu=first("APP_GPU", "GPU", default="A10G")')}`,
    ["f, gpu=A10G"],
  ),
  file(
    "a class whose methods make the options",
    `class Config:\n  GPUS = {"dev": "T4", "demo": "L4"}\n  def __init__(self, mode, window=60):\n    self.mode = mode\n    self.window = window\n  @property\n  def gpu(self): return self.GPUS.get(self.mode, "H100")\n  @classmethod\n  def load(cls): return cls(MODE, window=90)\n  def options(self, **more):\n    return {"gpu": self.gpu, "scaledown_window": self.window, **more}\nCONFIG = Config.load()\n${fn("**CONFIG.options(memory=1024)")}`,
    ["f, gpu=T4, memory=1024, scaledown_window=90"],
  ),
  file(
    "an object that somebody else was given",
    `import random\nclass Config:\n  gpu = "T4"\n  def __init__(self): self.window = 60\nCONFIG = Config()\nrandom.shuffle([CONFIG])\nOTHER = Config()\n${fn("gpu=CONFIG.gpu")}${fn("gpu=OTHER.gpu", "g")}`,
    ["f, gpu=?", "g, gpu=?"],
  ),
  file(
    "a function that may return early",
    `import random\nOPTIONS = {"gpu": "T4"}\ndef tune():\n  if random.random() > 2:\n    return None\n  OPTIONS["gpu"] = "H100"\ntune()\n${fn("**OPTIONS")}`,
    [nothing],
  ),
  file(
    "a dictionary that may be either of two",
    `import random\nA = {"gpu": "T4"}\nB = {"gpu": "L4"}\ndef to_h100(options): options["gpu"] = "H100"\nto_h100(A if random.random() > 2 else B)\n${fn("**A")}${fn("**B", "g")}`,
    [nothing, nothing],
  ),
  file(
    "a loop that may end early",
    `import random\nGPU = "T4"\nfor GPU in ["T4", "L4", "H100"]:\n  if random.random() > 2: break\n${fn("gpu=GPU")}`,
    ["f, gpu=?"],
  ),
  file(
    "a default of a dataclass that is changed after it was made",
    `from dataclasses import dataclass\n@dataclass\nclass C:\n  gpu: str = "T4"\nC.gpu = "H100"\n${fn("gpu=C().gpu")}${fn("gpu=C.gpu", "g")}`,
    ["f, gpu=T4", "g, gpu=H100"],
  ),
];
