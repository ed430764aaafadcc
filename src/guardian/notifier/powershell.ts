import { plainLine } from "./notifier.ts";
import type { Notice } from "./notifier.ts";
import type { ToolCall } from "./runTool.ts";
import { protocolPrefix } from "./windowsToast.ts";
import type { Toast, ToastPlace } from "./windowsToast.ts";

// nothing here is shown: programs, whose data arrives from elsewhere
/*
 * Fixed scripts for Windows PowerShell 5.1, which every Windows 10 and 11 has. All data arrives in
 * environment variables and is only ever used as text.
 *
 * Not run on Windows by the product's tests, which have none: see docs/guardian.md.
 */

/* PowerShell's own registered AppId lends a toast its name: without one, Windows shows none. */
const toastBasics = String.raw`
$ErrorActionPreference = 'Stop'
[void][Windows.UI.Notifications.ToastNotificationManager, Windows.UI.Notifications, ContentType = WindowsRuntime]
[void][Windows.Data.Xml.Dom.XmlDocument, Windows.Data.Xml.Dom, ContentType = WindowsRuntime]
$appId = '{1AC14E77-02E7-4E5D-B744-2EB1AE5198B7}\WindowsPowerShell\v1.0\powershell.exe'
$notifier = [Windows.UI.Notifications.ToastNotificationManager]::CreateToastNotifier($appId)
`;

/** The exit code that says: toasts are switched off here. */
const toastsOffCode = 3;

const removeProtocols = String.raw`
$classes = [Microsoft.Win32.Registry]::CurrentUser.CreateSubKey('Software\Classes')
foreach ($name in $classes.GetSubKeyNames()) {
  if ($name.StartsWith($env:MODAL_METER_PREFIX)) { $classes.DeleteSubKeyTree($name, $false) }
}
`;

const toastScript = String.raw`${toastBasics}
if ($notifier.Setting -ne [Windows.UI.Notifications.NotificationSetting]::Enabled) { exit ${String(toastsOffCode)} }
for ($i = 0; $i -lt [int]$env:MODAL_METER_ACTIONS; $i++) {
  $key = [Microsoft.Win32.Registry]::CurrentUser.CreateSubKey('Software\Classes\' + [Environment]::GetEnvironmentVariable("MODAL_METER_PROTOCOL_$i"))
  $key.SetValue('', 'URL:Modal Meter reminder')
  $key.SetValue('URL Protocol', '')
  $key.CreateSubKey('shell\open\command').SetValue('', [Environment]::GetEnvironmentVariable("MODAL_METER_COMMAND_$i"))
}
$xml = New-Object Windows.Data.Xml.Dom.XmlDocument
$xml.LoadXml($env:MODAL_METER_TOAST)
$toast = New-Object Windows.UI.Notifications.ToastNotification $xml
$toast.Tag = $env:MODAL_METER_TAG
$toast.Group = $env:MODAL_METER_GROUP
$toast.ExpirationTime = [DateTimeOffset]::Now.AddHours(24)
$notifier.Show($toast)
`;

const withdrawScript = String.raw`${removeProtocols}
${toastBasics}
[Windows.UI.Notifications.ToastNotificationManager]::History.Remove($env:MODAL_METER_TAG, $env:MODAL_METER_GROUP, $appId)
`;

const sweepScript = String.raw`${removeProtocols}
${toastBasics}
[Windows.UI.Notifications.ToastNotificationManager]::History.RemoveGroup($env:MODAL_METER_GROUP, $appId)
`;

const noticeScript = String.raw`${toastBasics}
$xml = [Windows.UI.Notifications.ToastNotificationManager]::GetTemplateContent([Windows.UI.Notifications.ToastTemplateType]::ToastText02)
$lines = $xml.GetElementsByTagName('text')
[void]$lines.Item(0).AppendChild($xml.CreateTextNode($env:MODAL_METER_TITLE))
[void]$lines.Item(1).AppendChild($xml.CreateTextNode($env:MODAL_METER_BODY))
$notifier.Show((New-Object Windows.UI.Notifications.ToastNotification $xml))
`;

/* Where toasts are off: a small window that stays on top. */
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

/** Removes the protocols and the toasts that an earlier guardian of the same ledger left. */
export function sweepCall(place: ToastPlace): ToolCall {
  return powershellCall(sweepScript, place.systemRoot, {
    MODAL_METER_PREFIX: protocolPrefix(place),
    MODAL_METER_GROUP: groupOf(place),
  });
}

/** Makes the protocols of a reminder's buttons, and shows its toast. */
export function showToastCall(toast: Toast, nonce: string, place: ToastPlace): ToolCall {
  return powershellCall(toastScript, place.systemRoot, {
    MODAL_METER_TOAST: toast.xml,
    MODAL_METER_TAG: nonce,
    MODAL_METER_GROUP: groupOf(place),
    ...numbered(
      "MODAL_METER_PROTOCOL",
      toast.buttons.map(({ protocol }) => protocol),
    ),
    ...numbered(
      "MODAL_METER_COMMAND",
      toast.buttons.map(({ command }) => command),
    ),
    MODAL_METER_ACTIONS: String(toast.buttons.length),
  });
}

/** Takes a reminder's toast from the screen, and its protocols out of the registry. */
export function withdrawToastCall(nonce: string, place: ToastPlace): ToolCall {
  return powershellCall(withdrawScript, place.systemRoot, {
    MODAL_METER_TAG: nonce,
    MODAL_METER_GROUP: groupOf(place),
    MODAL_METER_PREFIX: `${protocolPrefix(place)}${nonce}-`,
  });
}

/** The toasts of one ledger: another editor's guardian has its own. */
function groupOf({ product }: ToastPlace): string {
  return `modal-meter-${product}`;
}

/** A notice: a toast without buttons. */
export function noticeCall(notice: Notice, systemRoot: string): ToolCall {
  return powershellCall(noticeScript, systemRoot, textOf(notice));
}

/** A window with the reminder's buttons; prints the pressed one's number. */
export function dialogCall(reminder: Notice, systemRoot: string): ToolCall {
  const labels = reminder.actions.map(({ label }) => plainLine(label, 40));
  return powershellCall(dialogScript, systemRoot, {
    ...textOf(reminder),
    ...numbered("MODAL_METER_ACTION", labels),
    MODAL_METER_ACTIONS: String(labels.length),
  });
}

function textOf({ title, body }: Notice): Record<string, string> {
  return { MODAL_METER_TITLE: plainLine(title), MODAL_METER_BODY: plainLine(body, 1000) };
}

function numbered(name: string, values: readonly string[]): Record<string, string> {
  return Object.fromEntries(values.map((value, index) => [`${name}_${index}`, value]));
}

/** A fixed script, and the data in the environment. */
function powershellCall(
  script: string,
  systemRoot: string,
  env: Readonly<Record<string, string>>,
): ToolCall {
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
    env,
  };
}
