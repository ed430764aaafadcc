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
  "int float str bool len dict list tuple max min round print repr sorted sum any all abs isinstance hasattr getattr setattr delattr globals locals vars exec eval range enumerate zip set type object open exit quit".split(
    " ",
  ),
);
