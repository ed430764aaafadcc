import { defineConfig } from "oxlint";

// Which room may import which. A rule that no machine checks does not hold.

const roots = ["ui", "app", "extension"];
const layers = [
  "cost",
  "session",
  "lens",
  "agent",
  "modal",
  "endpoints",
  "ledger",
  "guardian",
  "cli",
  "mcp",
];

interface RoomRules {
  /** Layers (folders of src) that it may import, besides `base` and itself. */
  readonly imports: readonly string[];
  /** Takes Node, processes and the network as arguments. */
  readonly pure: boolean;
  /** Rooms of the layer, and which of their sisters each may import. The layer's root is open to all. */
  readonly rooms?: Readonly<Record<string, readonly string[]>>;
}

const house: Readonly<Record<string, RoomRules>> = {
  base: { imports: [], pure: true },
  // Builders of a window's parts, each testable without an editor.
  app: { imports: ["cost", "session"], pure: true },
  cost: {
    imports: [],
    pure: true,
    rooms: {
      rates: [],
      reported: ["rates"],
      metered: ["reported", "rates"],
      billed: ["metered", "reported", "rates"],
      learned: ["billed", "metered", "reported", "rates"],
      spending: ["learned", "billed", "metered", "reported", "rates"],
    },
  },
  lens: {
    imports: ["cost"],
    pure: true,
    rooms: {
      value: [],
      library: ["value"],
      run: ["library", "value"],
      read: ["run", "library", "value"],
    },
  },
  session: {
    imports: ["cost"],
    pure: true,
    rooms: {
      settings: [],
      watch: [],
      stop: [],
      windows: [],
      mode: ["windows"],
      logs: ["watch"],
      meter: ["watch", "logs", "settings", "windows"],
      remind: ["mode", "settings"],
      start: ["stop", "mode", "windows"],
    },
  },
  modal: {
    imports: ["cost", "session", "lens"],
    pure: false,
    rooms: { process: [], cli: ["process"], sdk: [], deploy: ["cli", "process"] },
  },
  endpoints: {
    imports: ["cost", "session", "lens"],
    pure: false,
    rooms: { catalogue: [], result: ["catalogue"], call: ["catalogue", "result"] },
  },
  ledger: {
    imports: ["cost", "session", "lens"],
    pure: false,
    rooms: { tables: [], patient: ["tables"] },
  },
  guardian: {
    imports: ["cost", "session", "lens"],
    pure: false,
    rooms: { notifier: [], incident: ["notifier"] },
  },
};

const pattern = (group: readonly string[], message: string) => ({ group: [...group], message });

/** What no file of the layer imports; `up` leads from the file's folder to src. */
function layerPatterns(layer: string, { imports, pure }: RoomRules, up: "../" | "../../") {
  const closed = layers.filter((other) => other !== layer && !imports.includes(other));
  return [
    pattern(["vscode"], "Only src/ui, src/extension.ts and src/app.ts may import vscode."),
    pattern(
      roots.flatMap((root) => [`${up}${root}/**`, `${up}${root}.ts`]),
      "Lower folders never import the UI or the roots.",
    ),
    pattern(
      closed.map((other) => `${up}${other}/**`),
      "Layers import downwards only, and meet only through port types that the pure side owns.",
    ),
    ...(pure
      ? [
          pattern(
            ["node:*", "execa", "modal", "smol-toml", "@grpc/*"],
            "Pure folders take Node, processes and the network as arguments.",
          ),
        ]
      : []),
  ];
}

function restrict(files: string, patterns: ReturnType<typeof layerPatterns>) {
  return {
    files: [files],
    rules: { "no-restricted-imports": ["error" as const, { patterns }] },
  };
}

const overrides = Object.entries(house).flatMap(([layer, rules]) => {
  const rooms = Object.entries(rules.rooms ?? {});
  return [
    restrict(`src/${layer}/*.ts`, layerPatterns(layer, rules, "../")),
    // A room that is not in the table is closed to the other layers all the same.
    restrict(`src/${layer}/*/**`, layerPatterns(layer, rules, "../../")),
    ...rooms.map(([room, open]) => {
      const closed = rooms.flatMap(([other]) =>
        other === room || open.includes(other) ? [] : `../${other}/**`,
      );
      return restrict(`src/${layer}/${room}/**`, [
        ...layerPatterns(layer, rules, "../../"),
        ...(closed.length === 0
          ? []
          : [
              pattern(
                closed,
                `Which rooms of ${layer} this one may import is in oxlint.config.ts.`,
              ),
            ]),
      ]);
    }),
  ];
});

// VS Code makes links of text in all of these, also in words of others. Only src/ui/doors.ts has them,
// and takes nothing but a `Shown` (src/ui/shown.ts), in which there is none.
const ownDoors = Object.entries({
  showInformationMessage: "say.ts",
  showWarningMessage: "say.ts or ask.ts",
  showErrorMessage: "say.ts",
  showInputBox: "ask.ts",
  showQuickPick: "ask.ts",
  createInputBox: "ask.ts",
  createQuickPick: "ask.ts",
  withProgress: "progress.ts",
  setStatusBarMessage: "progress.ts",
  MarkdownString: "doors.ts",
  createOutputChannel: "doors.ts",
  createTerminal: "doors.ts",
  createWebviewPanel: "pages/pages.ts",
  registerWebviewViewProvider: "pages/pages.ts",
  registerHoverProvider: "doors.ts",
}).map(([property, door]) => ({
  property,
  message: `Use src/ui/${door}: words of others must not become links.`,
}));

// oxlint-disable-next-line import/no-default-export -- oxlint reads the default export
export default defineConfig({
  plugins: ["typescript", "unicorn", "oxc", "import", "promise", "node"],
  options: {
    typeAware: true,
  },
  categories: {
    correctness: "error",
    suspicious: "error",
  },
  env: {
    node: true,
    es2024: true,
  },
  ignorePatterns: [
    "dist",
    "out",
    "test/out",
    ".vscode-test",
    ".venv",
    "test/host/server/node_modules",
    "test/sample",
  ],
  rules: {
    "import/no-cycle": [
      "error",
      {
        ignoreTypes: false,
      },
    ],
    "import/no-default-export": "error",
    "import/no-unassigned-import": "off",
    "typescript/no-explicit-any": "error",
    "typescript/no-non-null-assertion": "error",
    "typescript/no-floating-promises": "error",
    "typescript/no-misused-promises": [
      "error",
      {
        checksVoidReturn: {
          arguments: false,
        },
      },
    ],
    "typescript/no-unsafe-type-assertion": "error",
    "typescript/no-unsafe-argument": "error",
    "typescript/no-unsafe-assignment": "error",
    "typescript/no-unsafe-call": "error",
    "typescript/no-unsafe-member-access": "error",
    "typescript/no-unsafe-return": "error",
    "typescript/only-throw-error": "error",
    "typescript/switch-exhaustiveness-check": [
      "error",
      {
        considerDefaultExhaustiveForUnions: true,
      },
    ],
    "typescript/consistent-type-imports": "error",
    "typescript/ban-ts-comment": "error",
    "typescript/no-unnecessary-type-assertion": "error",
    "typescript/return-await": "off",
    "promise/always-return": "off",
    "no-await-in-loop": "off",
    "no-shadow": "off",
    "no-underscore-dangle": "off",
    "unicorn/no-array-sort": "off",
    "unicorn/no-array-reverse": "off",
    "unicorn/consistent-function-scoping": "off",
    eqeqeq: "error",
    "no-console": "error",
    "prefer-const": "error",
  },
  overrides: [
    ...overrides,
    // The guardian's program connects the adapters, as app.ts does for the window.
    restrict(
      "src/guardian/main.ts",
      layerPatterns(
        "guardian",
        {
          imports: ["cost", "session", "lens", "modal", "ledger"],
          pure: false,
        },
        "../",
      ),
    ),
    {
      files: ["src/ui/**", "src/extension.ts", "src/app.ts"],
      rules: { "no-restricted-properties": ["error", ...ownDoors] },
    },
    {
      files: ["src/ui/doors.ts", "src/ui/say.ts", "src/ui/ask.ts", "src/ui/progress.ts"],
      rules: { "no-restricted-properties": "off" },
    },
    {
      files: ["src/**"],
      rules: {
        "max-lines": ["error", { max: 380 }],
        "max-lines-per-function": ["error", { max: 59 }],
      },
    },
    {
      files: ["test/sim/**"],
      rules: {
        "no-restricted-imports": [
          "error",
          {
            patterns: [
              {
                group: ["**/src/**"],
                message:
                  "Local Modal shares no code with the product: a bill computed by the code under test proves nothing.",
              },
            ],
          },
        ],
        "no-console": "off",
      },
    },
    restrict("test/oracle/**", [
      pattern(
        ["**/src/**", "**/sim/**"],
        "The oracle knows what is written of Modal, nothing of the product or of Local Modal: else it would share their mistakes.",
      ),
    ]),
    {
      files: ["test/**", "scripts/**", "*.mjs"],
      rules: {
        // In the product, circles of types count too.
        "import/no-cycle": "error",
        "no-console": "off",
      },
    },
    {
      files: ["scripts/**", "*.mjs", "*.config.*", "test/resultReporter.ts"],
      rules: {
        "import/no-default-export": "off",
      },
    },
    {
      files: ["**/*.mjs"],
      rules: {
        "typescript/no-unsafe-argument": "off",
        "typescript/no-unsafe-assignment": "off",
        "typescript/no-unsafe-call": "off",
        "typescript/no-unsafe-member-access": "off",
        "typescript/no-unsafe-return": "off",
        "typescript/no-floating-promises": "off",
      },
    },
  ],
});
