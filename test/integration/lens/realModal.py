"""Imports app files with the real `modal` client, as `modal deploy` does, and tells what they made.

One JSON request per line on stdin, one JSON answer per line on stdout. Each request is imported in a
process of its own, in a folder of its own; nothing is deployed, and no server is asked.
"""

import json
import os
import pathlib
import sys
import tempfile

import modal
from describedValue import described
from modal import _functions
from modal._resources import convert_fn_config_to_resources_config
from modal.cli.import_refs import import_file_or_module, parse_import_ref

from_local = _functions._Function._from_local


def noting(info, app, *args, **options):
    function = from_local(info, app, *args, **options)
    function._noted = options
    return function


_functions._Function._from_local = staticmethod(noting)

noted_options = "gpu cpu memory ephemeral_disk scaledown_window min_containers region nonpreemptible".split()


def options_of(function):
    """What the client asks for, its defaults left out; processors and memory as it sends them."""
    noted = getattr(function, "_noted", {})
    given = {key: noted.get(key) for key in noted_options}
    sent = convert_fn_config_to_resources_config(cpu=noted.get("cpu"), memory=noted.get("memory"), gpu=None)
    given["cpu"] = sent.milli_cpu / 1000 if sent.milli_cpu else None
    given["memory"] = sent.memory_mb or None
    given["gpu"] = noted.get("gpu") or None
    return {key: described(value) for key, value in given.items() if value is not None and value is not False}


def outcome(request, folder):
    deploy = request["deploy"]
    is_module = deploy.startswith("-m ")
    os.chdir(folder)
    sys.path[:] = [path for path in sys.path if path not in ("", os.path.dirname(os.path.abspath(__file__)))]
    os.environ.update(request["variables"])
    sys.stdout = sys.stderr = open(os.devnull, "w")
    try:
        module = import_file_or_module(parse_import_ref(deploy.removeprefix("-m "), is_module, "modal deploy"))
    except BaseException as error:
        cause = error.__cause__ or error
        return {"raised": f"{type(cause).__name__}: {cause}"}
    apps = {}
    for name, value in vars(module).items():
        if isinstance(value, modal.App):
            functions = value._local_state.functions
            apps[name] = {
                "name": value.name,
                "functions": {tag: options_of(function) for tag, function in functions.items()},
            }
    return {"apps": apps}


def in_own_process(request):
    with tempfile.TemporaryDirectory() as folder:
        for path, text in request["files"].items():
            file = pathlib.Path(folder, path)
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, newline="")
        reader, writer = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(reader)
            try:
                answer = json.dumps(outcome(request, folder))
            except BaseException as error:
                answer = json.dumps({"raised": f"{type(error).__name__}: {error}"})
            with os.fdopen(writer, "w") as pipe:
                pipe.write(answer)
            os._exit(0)
        os.close(writer)
        with os.fdopen(reader) as pipe:
            answer = pipe.read()
        os.waitpid(child, 0)
    return answer or json.dumps({"raised": "it ended its process"})


for line in sys.stdin:
    print("[" + in_own_process(json.loads(line)) + "]", flush=True)
