import { connect } from "node:net";

/**
 * True when a TCP connection to any of the URLs' hosts can be made. The CLI needs about 59 s to
 * find out that there is no network; this needs a moment.
 */
export async function isReachable(urls: readonly string[], timeoutMs: number): Promise<boolean> {
  const answers = await Promise.all(urls.map((url) => accepts(new URL(url), timeoutMs)));
  return answers.includes(true);
}

function accepts(url: URL, timeoutMs: number): Promise<boolean> {
  return new Promise((resolve) => {
    const port = url.port === "" ? (url.protocol === "http:" ? 80 : 443) : Number(url.port);
    const socket = connect({ host: url.hostname.replaceAll(/^\[|\]$/g, ""), port });
    const end = (answer: boolean): void => {
      socket.destroy();
      resolve(answer);
    };
    socket.setTimeout(timeoutMs, () => end(false));
    socket.once("connect", () => end(true));
    socket.once("error", () => end(false));
  });
}

/** The URLs to try for `serverUrls`: a proxy, where the process has one, stands for all of them. */
export function probeUrls(
  serverUrls: readonly string[],
  processEnv: Readonly<Record<string, string | undefined>>,
): readonly string[] {
  const proxy = ["HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"]
    .map((name) => processEnv[name])
    .find((value) => value !== undefined && value !== "");
  return proxy !== undefined && URL.canParse(proxy) ? [proxy] : serverUrls;
}
