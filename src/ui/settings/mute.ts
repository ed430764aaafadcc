import type { Services } from "../services.ts";

/** Turns a kind of notices off for good, where the person can turn it on again: in the user's settings. */
export async function mute(settings: Services["settings"], kind: string): Promise<void> {
  const written = settings.writtenIn("user", "mutedReminders");
  const muted: readonly unknown[] = Array.isArray(written) ? written : [];
  await settings.update("mutedReminders", [...new Set([...muted, kind])]);
}
