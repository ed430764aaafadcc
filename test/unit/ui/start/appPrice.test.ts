import assert from "node:assert/strict";
import { ratesInForce } from "../../../../src/cost/rates/rates.ts";
import { factsOf } from "../../../../src/lens/read/facts.ts";
import { offerMode } from "../../../../src/session/mode/modeAdvice.ts";
import { deployVariables, modesOf } from "../../../../src/session/mode.ts";
import {
  figuresOf,
  fixedInFiles,
  gpuText,
  hourlyText,
  type PricedApp,
} from "../../../../src/ui/start/appPrice.ts";
import { read } from "../../lens/read/render.ts";

const overrides = { T4: 1, "A100-80GB": 3, H100: 4, cpu: 1e-9, memory: 1e-9 };
const rates = ratesInForce({ overrides });
const modes = modesOf({});

function appIn(mode: string, decorators: readonly string[], otherGpu?: string): PricedApp {
  const functions = decorators.map((given, at) => `@app.function(${given})\ndef f${at}(): ...`);
  const begin = ["import modal, os", 'app = modal.App("shop")', 'E = os.environ["MODAL_MODE"]'];
  const source = [...begin, ...functions].join("\n");
  const variables = deployVariables(modes.named(mode));
  const app = read({ files: { "app.py": source }, variables }).variables.get("app");
  assert.ok(app);
  return { name: "shop", facts: factsOf(app), otherGpu };
}

/** As the picker offers it. */
function offered(apps: readonly PricedApp[], mode = "dev"): string {
  const { scaledownSeconds } = modes.named(mode);
  const figures = figuresOf(apps, scaledownSeconds, rates);
  const { facts, costs } = offerMode(
    modes.named(mode),
    figures,
    fixedInFiles(apps, scaledownSeconds),
  );
  return [gpuText(apps) ?? "?", facts.join(", "), costs.join(" · ")].join(" | ");
}

describe("what an app costs in a mode", () => {
  const window = 'scaledown_window=int(os.environ["SCALEDOWN_WINDOW"])';

  it("is that of its GPU function, whatever small job stands beside", () => {
    assert.equal(
      offered([appIn("dev", [`gpu="A100-80GB", ${window}`, "cpu=0.5"])]),
      "A100-80GB | scaledown 2 min | ≈ $0.15 per request · ≈ $0.10 of it idle tail · up to ≈ $36.00 a forgotten night",
    );
  });

  it("is another in another mode, where the file says so", () => {
    const gpu = `gpu="T4" if E == "dev" else "H100:2", ${window}`;
    assert.match(
      offered([appIn("dev", [gpu])]),
      /^T4 \| scaledown 2 min \| .*\$12\.00 a forgotten/,
    );
    assert.match(
      offered([appIn("demo", [gpu])], "demo"),
      /^H100:2 \| warmed up, scaledown 10 min, .*\$96\.00 a forgotten/,
    );
  });

  it("is a range where two classes differ, and the night has both", () => {
    const app = appIn("dev", [
      'gpu="H100:2", scaledown_window=600',
      'gpu="H100:8", scaledown_window=600',
    ]);
    assert.equal(
      offered([app]),
      "H100:2, H100:8 | scaledown 10 min by its file | ≈ $1.47–$5.87 per request · up to ≈ $480.00 a forgotten night",
    );
    assert.equal(hourlyText([app], rates), "≈ $8.00–$32.00/h");
  });

  it("is a range for a list of GPUs, of which a container gets one", () => {
    const app = appIn("dev", [`gpu=["H100", "A100-80GB"], ${window}`]);
    assert.equal(
      offered([app]),
      "H100 or A100-80GB | scaledown 2 min | ≈ $0.15–$0.20 per request · up to ≈ $48.00 a forgotten night",
    );
    assert.equal(hourlyText([app], rates), "≈ $3.00–$4.00/h");
  });

  it("has Modal's own window where the file names none", () => {
    assert.match(
      offered([appIn("dev", ['gpu="H100"'])]),
      /scaledown 1 min by its file .* ≈ \$0\.07 of it/,
    );
  });

  it("is unknown with the reason, never the price of a part", () => {
    assert.equal(
      offered([appIn("dev", ['gpu="T4"', "gpu=pick()"])]),
      "? | scaledown 1 min by its file | costs unknown: its GPU is not known: what pick() gives is not known",
    );
    assert.match(
      offered([appIn("dev", ['gpu="X99"'])]),
      /costs unknown: No price is known for the GPU X99/,
    );
    assert.match(
      offered([appIn("dev", ['gpu="T4", scaledown_window=w()'])]),
      /costs unknown: the scaledown window of shop/,
    );
    assert.equal(hourlyText([appIn("dev", ["gpu=pick()"])], rates), undefined);
    assert.match(
      offered([{ name: "shop", facts: undefined, otherGpu: undefined }]),
      /costs unknown: which GPU shop asks for is not known/,
    );
  });

  it("takes what the settings name where the file does not tell", () => {
    assert.match(
      offered([appIn("dev", [`gpu=pick(), ${window}`], "H100")]),
      /^H100 \| .*\$48\.00 a forgotten/,
    );
    assert.match(
      offered([{ name: "shop", facts: undefined, otherGpu: "T4" }]),
      /^T4 \| scaledown 2 min \| ≈ \$0\.05 per request/,
    );
  });

  it("says which containers never stop, and adds several apps up", () => {
    const warm = appIn("dev", [`gpu="T4", min_containers=2, ${window}`]);
    assert.match(offered([warm]), /^T4 \| 2 containers never stop, scaledown 2 min/);
    const apps = [warm, appIn("dev", [`gpu="H100", ${window}`])];
    assert.match(offered(apps), /^T4, H100 \| .*≈ \$0\.05–\$0\.20 per request · up to ≈ \$60\.00/);
    assert.equal(hourlyText(apps, rates), "≈ $5.00/h");
  });
});
