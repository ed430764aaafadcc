import type { SessionApp, SessionRecord } from "../../../src/session/session.ts";

/** An open dev session of this project, with what a test changes in it. */
export function sessionSample(some: Partial<SessionRecord> = {}): SessionRecord {
  return {
    sessionId: "s1",
    scope: "acme/main",
    folder: "/project",
    username: "you",
    mode: "dev",
    scaledownSeconds: 120,
    startedAtMs: 0,
    endedAtMs: null,
    end: null,
    expiresAtMs: null,
    apps: [],
    ...some,
  };
}

export function sessionApp(app: { readonly appId: string; readonly name: string }): SessionApp {
  return { appId: app.appId, appName: app.name, file: "/project/app.py", urls: [] };
}
