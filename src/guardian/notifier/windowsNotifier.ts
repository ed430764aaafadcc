import { plainLine } from "./notifier.ts";
import type { Notifier, Reminder, ReminderAnswer } from "./notifier.ts";
import type { RunTool, ToolCall, ToolResult } from "./runTool.ts";

/*
 * Two fixed scripts for Windows PowerShell 5.1, which every Windows 10 and 11 has. All data arrives
 * in environment variables and is only ever used as text.
 *
 * A reminder with buttons is a small window that stays on top: a toast's buttons can only start a
 * registered protocol, which would have to open the editor, and "Stop all" must not need it.
 */
const dialogScript = `
$ErrorActionPreference = 'Stop'
Add-Type -AssemblyName System.Windows.Forms
Add-Type -AssemblyName System.Drawing
[System.Windows.Forms.Application]::EnableVisualStyles()
$form = New-Object System.Windows.Forms.Form
$form.Text = $env:MODAL_METER_TITLE
$form.TopMost = $true
$form.StartPosition = 'CenterScreen'
$form.FormBorderStyle = 'FixedDialog'
$form.MaximizeBox = $false
$form.MinimizeBox = $false
$form.AutoSize = $true
$form.AutoSizeMode = 'GrowAndShrink'
$form.Padding = New-Object System.Windows.Forms.Padding 12
$rows = New-Object System.Windows.Forms.FlowLayoutPanel
$rows.FlowDirection = 'TopDown'
$rows.WrapContents = $false
$rows.AutoSize = $true
$text = New-Object System.Windows.Forms.Label
$text.AutoSize = $true
$text.MaximumSize = New-Object System.Drawing.Size(420, 0)
$text.UseMnemonic = $false
$text.Text = $env:MODAL_METER_BODY
$rows.Controls.Add($text)
$buttons = New-Object System.Windows.Forms.FlowLayoutPanel
$buttons.AutoSize = $true
$script:pressed = ''
for ($i = 0; $i -lt [int]$env:MODAL_METER_ACTIONS; $i++) {
  $button = New-Object System.Windows.Forms.Button
  $button.AutoSize = $true
  $button.UseMnemonic = $false
  $button.Text = [Environment]::GetEnvironmentVariable("MODAL_METER_ACTION_$i")
  $button.Tag = $i
  $button.Add_Click({ param($sender) $script:pressed = [string]$sender.Tag; $form.Close() })
  $buttons.Controls.Add($button)
}
$rows.Controls.Add($buttons)
$form.Controls.Add($rows)
[void]$form.ShowDialog()
[Console]::Out.Write($script:pressed)
`;

/* PowerShell's own registered AppId lends the toast its name: without one, Windows shows none. */
const toastScript = `
$ErrorActionPreference = 'Stop'
[void][Windows.UI.Notifications.ToastNotificationManager, Windows.UI.Notifications, ContentType = WindowsRuntime]
$xml = [Windows.UI.Notifications.ToastNotificationManager]::GetTemplateContent([Windows.UI.Notifications.ToastTemplateType]::ToastText02)
$lines = $xml.GetElementsByTagName('text')
[void]$lines.Item(0).AppendChild($xml.CreateTextNode($env:MODAL_METER_TITLE))
[void]$lines.Item(1).AppendChild($xml.CreateTextNode($env:MODAL_METER_BODY))
$appId = '{1AC14E77-02E7-4E5D-B744-2EB1AE5198B7}\\WindowsPowerShell\\v1.0\\powershell.exe'
[Windows.UI.Notifications.ToastNotificationManager]::CreateToastNotifier($appId).Show([Windows.UI.Notifications.ToastNotification]::new($xml))
`;

/**
 * `powershell.exe`'s arguments: a fixed script, and the data in the environment. `systemRoot` is
 * Windows' own folder, so that no other program of that name is started.
 */
export function powershellCall(reminder: Reminder, systemRoot: string): ToolCall {
  const asks = reminder.actions.length > 0;
  const script = asks ? dialogScript : toastScript;
  return {
    file: `${systemRoot}\\System32\\WindowsPowerShell\\v1.0\\powershell.exe`,
    args: [
      "-NoProfile",
      "-NonInteractive",
      "-STA",
      "-WindowStyle",
      "Hidden",
      "-EncodedCommand",
      Buffer.from(script, "utf16le").toString("base64"),
    ],
    env: {
      MODAL_METER_TITLE: plainLine(reminder.title),
      MODAL_METER_BODY: plainLine(reminder.body, 1000),
      MODAL_METER_ACTIONS: String(reminder.actions.length),
      ...Object.fromEntries(
        reminder.actions.map(({ label }, index) => [
          `MODAL_METER_ACTION_${index}`,
          plainLine(label, 40),
        ]),
      ),
    },
  };
}

/** What the script said: the pressed button's index. */
export function powershellAnswer(reminder: Reminder, result: ToolResult): ReminderAnswer {
  if (result.startError !== undefined)
    return { kind: "not-shown", reason: `powershell.exe: ${result.startError}` };
  if (result.exitCode !== 0)
    return {
      kind: "not-shown",
      reason: `powershell.exe ended with code ${result.exitCode ?? "none"}`,
    };
  if (reminder.actions.length === 0) return { kind: "shown" };
  const pressed = /^\d+$/.exec(result.stdout.trim())?.[0];
  const action = pressed === undefined ? undefined : reminder.actions[Number(pressed)];
  return action === undefined ? { kind: "dismissed" } : { kind: "pressed", actionId: action.id };
}

/** Reminders by a window of PowerShell's, notices by a toast. */
export class WindowsNotifier implements Notifier {
  readonly #run: RunTool;
  readonly #systemRoot: string;

  constructor(run: RunTool, systemRoot: string) {
    this.#run = run;
    this.#systemRoot = systemRoot;
  }

  async show(reminder: Reminder, signal: AbortSignal): Promise<ReminderAnswer> {
    const result = await this.#run(powershellCall(reminder, this.#systemRoot), signal);
    return signal.aborted ? { kind: "withdrawn" } : powershellAnswer(reminder, result);
  }
}
