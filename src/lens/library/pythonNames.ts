// not shown: names of Python
export const modalNames = [
  "App",
  "Stub",
  "Image",
  "Secret",
  "Volume",
  "Mount",
  "gpu",
  "method",
  "enter",
  "exit",
  "concurrent",
  "batched",
  "asgi_app",
  "wsgi_app",
  "web_server",
  "fastapi_endpoint",
  "web_endpoint",
];

// not shown: names of Python
export const builtins = new Set(
  "int float str bool len dict list tuple max min round print repr sorted sum any all abs isinstance hasattr getattr setattr delattr globals locals vars exec eval range enumerate zip set type object open exit quit property staticmethod classmethod super next iter reversed".split(
    " ",
  ),
);

/** Modules that every Python has. */
export const standardModules = new Set(
  // not shown: names of Python
  "os sys json re typing pathlib dataclasses enum functools itertools collections contextlib logging time datetime math random string subprocess tempfile shutil uuid hashlib base64 io copy types asyncio threading urllib warnings".split(
    " ",
  ),
);
