/**
 * The environment of an editor in a test: PATH, the locale and a HOME of its own. Nothing else of the
 * caller's environment gets in, so that no token of yours reaches a test.
 */
export function bareEnvironment(home: string): Record<string, string> {
  return {
    HOME: home,
    USERPROFILE: home,
    LANG: "C.UTF-8",
    PATH: process.env["PATH"] ?? "",
    // A login shell could bring back what was left out.
    SHELL: "/bin/sh",
  };
}
