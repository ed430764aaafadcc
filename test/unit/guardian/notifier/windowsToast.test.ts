import assert from "node:assert/strict";
import { assert as check, property, string } from "fast-check";
import type { Notice } from "../../../../src/guardian/notifier/notifier.ts";
import { showToastCall } from "../../../../src/guardian/notifier/powershell.ts";
import { protocolPrefix, reminderToast } from "../../../../src/guardian/notifier/windowsToast.ts";
import type { Toast, ToastPlace } from "../../../../src/guardian/notifier/windowsToast.ts";

const place: ToastPlace = {
  systemRoot: String.raw`C:\Windows`,
  answerFolder: String.raw`C:\Users\Jo & Co\AppData\Roaming\Code\User\globalStorage\x\guardian\answers`,
  product: "0123abcd",
  uriScheme: "vscode-insiders",
};
const nonce = "00112233445566778899aabbccddeeff";

function asking(title: string, body: string): Notice {
  return {
    title,
    body,
    actions: [
      { id: "stop", label: "Stop All" },
      { id: "keep", label: "Keep Running" },
    ],
  };
}

function toastOf(reminder: Notice, change: Partial<ToastPlace> = {}): Toast {
  const toast = reminderToast(reminder, nonce, { ...place, ...change });
  assert.ok(toast !== undefined);
  return toast;
}

/** Names and attributes of all elements, and the texts between them. Throws where the XML is not well formed. */
function shape(xml: string): {
  readonly tags: readonly string[];
  readonly texts: readonly string[];
} {
  const open: string[] = [];
  const tags: string[] = [];
  const texts: string[] = [];
  const rest = xml.replaceAll(
    /<(\/?)(\w+)((?: \w+="[^"<&]*(?:&(?:amp|lt|gt|quot|apos);[^"<&]*)*")*)(\/?)>|([^<>]+)/g,
    (_, end: string, name: string, attributes: string, closed: string, text?: string) => {
      if (text !== undefined) {
        assert.ok(!/&(?!(amp|lt|gt|quot|apos);)/.test(text), text);
        texts.push(text);
      } else if (end === "/") assert.equal(open.pop(), name);
      else {
        tags.push(`${name}${attributes}`);
        if (closed !== "/") open.push(name);
      }
      return "";
    },
  );
  assert.equal(rest, "");
  assert.deepEqual(open, []);
  return { tags, texts };
}

describe("reminderToast", () => {
  it("is a toast that stays, opens the editor by a click, and has a protocol for each button", () => {
    const { xml, buttons } = toastOf(asking("1 Modal app still runs", "flux-api."));
    assert.deepEqual(shape(xml), {
      tags: [
        'toast scenario="reminder" activationType="protocol" launch="vscode-insiders://modal-meter.modal-meter/running"',
        "visual",
        'binding template="ToastGeneric"',
        "text",
        "text",
        "actions",
        `action content="Stop All" activationType="protocol" arguments="modal-meter-0123abcd-${nonce}-stop:"`,
        `action content="Keep Running" activationType="protocol" arguments="modal-meter-0123abcd-${nonce}-keep:"`,
      ],
      texts: ["1 Modal app still runs", "flux-api."],
    });
    for (const { protocol } of buttons) {
      // A scheme of a URI (RFC 3986), and below the registry's limit for a key.
      assert.match(protocol, /^[a-z][a-z0-9+.-]{1,200}$/);
      assert.ok(protocol.startsWith(protocolPrefix(place)));
    }
  });

  it("keeps any text a text: no element, no attribute and no button comes of it", () => {
    const plain = shape(toastOf(asking("a", "b")).xml).tags;
    check(
      property(string({ unit: "binary" }), string({ unit: "grapheme" }), (title, body) => {
        const { xml, buttons } = toastOf(asking(`t${title}`, `b${body}"'<action/>&lt;`));
        assert.deepEqual(shape(xml).tags, plain);
        assert.equal(buttons.length, 2);
      }),
    );
  });

  it("gives a button a fixed command that takes nothing from the URI", () => {
    const [stop] = toastOf(asking("a", "b")).buttons;
    assert.equal(
      stop?.command,
      [
        String.raw`"C:\Windows\System32\cmd.exe" /d /v:off /s /c "type nul > "`,
        `${place.answerFolder}\\${nonce}-stop" & rem "`,
      ].join(""),
    );
    assert.ok(!stop.command.includes("%"));
    assert.equal(stop.answer, `${nonce}-stop`);
  });

  it("is refused where a folder's name would mean something in the command", () => {
    for (const answerFolder of ['C:\\a"b', "C:\\%TEMP%", "C:\\a\nb"])
      assert.equal(reminderToast(asking("a", "b"), nonce, { ...place, answerFolder }), undefined);
  });

  it("opens nothing by a click where the editor's scheme is unknown or odd", () => {
    for (const uriScheme of [null, 'vscode" x="', "Has Space", ""])
      assert.ok(!toastOf(asking("a", "b"), { uriScheme }).xml.includes("launch"));
  });
});

describe("showToastCall", () => {
  it("runs a fixed script; XML, protocols and commands are in the environment alone", () => {
    const hostile = asking("$(calc)", "'; Remove-Item C:\\ #");
    const [call, other] = [hostile, asking("a", "b")].map((reminder) =>
      showToastCall(toastOf(reminder), nonce, place),
    );
    assert.deepEqual(call?.args, other?.args);
    const script = Buffer.from(call?.args.at(-1) ?? "", "base64").toString("utf16le");
    assert.match(script, /LoadXml\(\$env:MODAL_METER_TOAST\)/);
    assert.ok(!/Invoke-Expression|iex |Remove-Item/.test(script));
    assert.equal(call?.env?.["MODAL_METER_ACTIONS"], "2");
    assert.match(call.env["MODAL_METER_COMMAND_1"] ?? "", /-keep" & rem "$/);
    // Longer command lines than 32,767 characters do not start on Windows.
    assert.ok(call.args.join(" ").length < 16_000);
  });
});
