"""A ComfyUI-style image app: Flux, Wan 2.1 and custom workflows behind one web function."""

import os

import modal

# Both are read when the app is deployed. Inside the container they are set only because `env`
# below passes them on, so the defaults have to be safe.
MODE = os.environ.get("MODAL_MODE", "dev")
SCALEDOWN_WINDOW = int(os.environ.get("SCALEDOWN_WINDOW", "120"))

app = modal.App("flux")

image = modal.Image.debian_slim(python_version="3.11").pip_install("fastapi[standard]==0.115.12")


@app.function(
    image=image,
    gpu="L40S",
    cpu=2.0,
    memory=8192,
    scaledown_window=SCALEDOWN_WINDOW,
    timeout=1800,
    env={"MODAL_MODE": MODE, "SCALEDOWN_WINDOW": str(SCALEDOWN_WINDOW)},
)
@modal.asgi_app()
def web():
    from fastapi import FastAPI, Response
    from pydantic import BaseModel

    api = FastAPI(title="Flux")

    class Picture(BaseModel):
        prompt: str
        negative_prompt: str = ""
        width: int = 1024
        height: int = 1024
        steps: int = 4
        cfg: float = 1.0
        seed: int | None = None

    @api.get("/health")
    def health():
        return {"status": "healthy", "mode": MODE}

    # A warm-up may be asked for by a plain GET, as health checks are.
    @api.get("/warmup")
    @api.post("/warmup")
    def warmup():
        return {"status": "warm", "models_loaded": True}

    @api.post("/flux")
    def flux(picture: Picture):
        return Response(content=draw(picture), media_type="image/jpeg")

    def draw(picture: "Picture") -> bytes:
        raise NotImplementedError("Load your model here.")

    return api
