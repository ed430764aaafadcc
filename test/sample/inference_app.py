"""A language model behind one web function, and the same model as a class with a method."""

import os

import modal

MODE = os.environ.get("MODAL_MODE", "dev")
SCALEDOWN_WINDOW = int(os.environ.get("SCALEDOWN_WINDOW", "120"))

app = modal.App("inference")

image = modal.Image.debian_slim(python_version="3.11").pip_install("fastapi[standard]==0.115.12")


@app.cls(
    image=image,
    gpu="A100-80GB",
    scaledown_window=SCALEDOWN_WINDOW,
    timeout=600,
    env={"MODAL_MODE": MODE},
)
class Model:
    @modal.enter()
    def load(self):
        self.ready = True

    @modal.asgi_app()
    def api(self):
        from fastapi import FastAPI

        web = FastAPI(title="Inference")

        @web.get("/health")
        def health():
            return {"status": "healthy", "mode": MODE}

        # A warm-up may be asked for by a plain GET, as health checks are.
        @web.get("/warmup")
        @web.post("/warmup")
        def warmup():
            return {"status": "warm", "models_loaded": self.ready}

        @web.post("/generate")
        def generate(body: dict):
            return {"text": body["prompt"], "tokens": body.get("max_tokens", 128)}

        return web


@app.function(image=image)
def nightly_report() -> str:
    """A small job without a GPU."""
    return "ok"
