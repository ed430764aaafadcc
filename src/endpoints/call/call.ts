import type { IncomingMessage } from "node:http";
import { t } from "../../base/text.ts";
import { delay } from "../../base/clock.ts";
import type { Disposable } from "../../base/disposable.ts";
import { removeQuietly } from "../result/atomicFile.ts";
import { cancelledCall, endlessCall, overdueCall } from "./givenUp.ts";
import { plainHeaders, requestHeaders } from "./headers.ts";
import {
  CallFailure,
  defaultLimits,
  type CallLimits,
  type CallOptions,
  type CallOutcome,
  type CallPhase,
  type CallRequest,
  type CallTarget,
  type ResumeRequest,
} from "../callTypes.ts";
import { connectionFailure } from "./connectionFailure.ts";
import { BrokenBody } from "../result/download.ts";
import { safeUrl } from "../catalogue/endpointUrl.ts";
import { errorBody } from "./errorBody.ts";
import { exchange, ExchangeError, type Hop } from "./exchange.ts";
import { isRedirect, nextHop } from "./redirect.ts";
import { responseFailure } from "./responseFailure.ts";
import { prepareFolder, saveResult } from "../result/resultFile.ts";
import { waitAfterAnswer, waitAfterError } from "./retry.ts";
import { sizeText } from "../result/sizeText.ts";
import { Redactor } from "../redactor.ts";

/** A POST that the app itself sends elsewhere on its own origin (a missing slash). */
const mostPostRedirects = 2;
const mostBodyTries = 3;
const progressEveryMs = 200;

/**
 * Calls a web endpoint and saves its result. Waits up to `limits.answerMs` for the answer, over any
 * number of 303 hand-overs. A POST that may have reached the app is never sent again.
 *
 * Rejects with a `CallFailure` that says what is known about the money.
 */
export function callEndpoint(request: CallRequest, options: CallOptions): Promise<CallOutcome> {
  const body = request.body === null ? null : Buffer.from(JSON.stringify(request.body), "utf8");
  const url = safeUrl(request.url.href, t("the call"));
  return new Call(request, url, options, null).run({ method: request.method, url, body });
}

/**
 * Picks up a call that Modal already works on, after a reload, a crash or a lost network. Only ever
 * sends GET, so it never pays twice.
 */
export function resumeCall(request: ResumeRequest, options: CallOptions): Promise<CallOutcome> {
  const url = safeUrl(request.handoverUrl, t("the hand-over"));
  return new Call(request, url, options, url.href).run({ method: "GET", url, body: null });
}

type NextHop = Omit<Hop, "headers">;

/** How often it was sent elsewhere, and again, on the way to one result. */
interface Round {
  hops: number;
  postRedirects: number;
  waits: number;
}

class Call {
  readonly #target: CallTarget;
  /** Where it is sent at first: an address of the person's own, shown as it is. */
  readonly #place: string;
  readonly #redactor: Redactor;
  readonly #options: CallOptions;
  readonly #limits: CallLimits;
  readonly #startedAtMs: number;
  readonly #answerLimit = new AbortController();
  readonly #signal: AbortSignal;
  #answerTimer: Disposable | undefined;
  #handoverUrl: string | null;
  #handovers = 0;
  #reached = false;
  #phase: CallPhase = "connecting";
  #received = 0;
  #total: number | null = null;
  #progressAtMs = Number.NEGATIVE_INFINITY;

  constructor(target: CallTarget, url: URL, options: CallOptions, handoverUrl: string | null) {
    this.#target = target;
    this.#place = place(url);
    const query = [...url.searchParams.values(), url.search.slice(1)];
    const prompt = target.prompt === null ? [] : [target.prompt];
    this.#redactor = new Redactor(
      [...prompt, ...(target.secrets ?? []), ...query],
      handoverUrl === null ? url : undefined,
    );
    this.#options = options;
    this.#limits = { ...defaultLimits, ...options.limits };
    this.#startedAtMs = options.clock.nowMs();
    this.#handoverUrl = handoverUrl;
    const signals = [this.#answerLimit.signal];
    if (options.signal !== undefined) signals.push(options.signal);
    this.#signal = AbortSignal.any(signals);
  }

  /** Sends, follows and waits until there is a result, and saves it. */
  async run(first: NextHop): Promise<CallOutcome> {
    let hop = first;
    try {
      await prepareFolder(this.#target);
      for (let tries = 1; ; tries++) {
        const round: Round = { hops: 0, postRedirects: 0, waits: 0 };
        this.#limitAnswer();
        let message = await this.#send(hop);
        while (!isResult(message)) {
          hop = await this.#next(hop, message, round);
          message = await this.#send(hop);
        }
        this.#answerTimer?.dispose();
        try {
          return await this.#save(message);
        } catch (caught) {
          const error = answered(caught, message);
          if (!this.#mayFetchAgain(error, hop, tries)) throw error;
          await this.#dropPart(error);
        }
      }
    } catch (error) {
      throw this.#failure(error, hop.url);
    } finally {
      this.#answerTimer?.dispose();
    }
  }

  #limitAnswer(): void {
    const { clock } = this.#options;
    this.#answerTimer = clock.after(this.#limits.answerMs, () => this.#answerLimit.abort());
  }

  /** What to ask next after an answer that is no result: where it redirects to, or the same after a wait. */
  async #next(hop: NextHop, message: IncomingMessage, round: Round): Promise<NextHop> {
    const status = message.statusCode ?? 0;
    const { location } = message.headers;
    if (isRedirect(status) && location !== undefined) {
      message.destroy();
      const next = nextHop(hop, status, location, this.#redactor);
      if (next.method === "POST" && ++round.postRedirects > mostPostRedirects)
        throw endlessCall(this.#redactor.address(hop.url));
      if (++round.hops > this.#limits.maxHops) throw endlessCall(this.#redactor.address(hop.url));
      if (status === 303) this.#handOver(next.url);
      return { ...next, body: next.method === "POST" ? hop.body : null };
    }
    const waitMs = waitAfterAnswer(message, this.#isFollowing(hop), round.waits);
    if (waitMs === null) throw await this.#refused(message, hop);
    round.waits += 1;
    message.destroy();
    this.#tell("retrying", true);
    await delay(this.#options.clock, waitMs, this.#signal);
    return hop;
  }

  /** One request; tries again only where that cannot be billed twice. */
  async #send(hop: NextHop): Promise<IncomingMessage> {
    for (let tries = 0; ; tries++) {
      try {
        const token = await this.#options.proxyToken?.(hop.url.origin);
        if (token !== undefined) this.#redactor.add(token.key, token.secret);
        const headers = requestHeaders(hop, token);
        this.#tell(this.#handoverUrl === null ? "connecting" : "handed-over", true);
        const message = await exchange(
          { ...hop, headers },
          {
            clock: this.#options.clock,
            signal: this.#signal,
            connectMs: this.#limits.connectMs,
            onConnected: () => {
              this.#reached = true;
              if (this.#handoverUrl === null) this.#tell("waiting", true);
            },
          },
        );
        this.#log(`${hop.method} ${this.#placeOf(hop.url)} → ${message.statusCode ?? 0}`);
        return message;
      } catch (error) {
        if (!(error instanceof ExchangeError)) throw error;
        if (error.code === "ABORTED") throw error;
        this.#log(`${hop.method} ${this.#placeOf(hop.url)} failed: ${error.message}`);
        const waitMs = waitAfterError(error, this.#isFollowing(hop), tries);
        if (waitMs === null)
          throw connectionFailure(error, this.#redactor.address(hop.url), this.#handoverUrl);
        this.#tell("retrying", true);
        await delay(this.#options.clock, waitMs, this.#signal);
      }
    }
  }

  /** Asks after a call that Modal has, which costs nothing more. */
  #isFollowing({ method }: NextHop): boolean {
    return method === "GET" && this.#handoverUrl !== null;
  }

  async #save(message: IncomingMessage): Promise<CallOutcome> {
    const { clock, signal } = this.#options;
    const answeredAtMs = clock.nowMs();
    this.#received = 0;
    const saved = await saveResult(message, this.#target, {
      clock,
      signal: signal ?? new AbortController().signal,
      limits: this.#limits,
      atMs: this.#startedAtMs,
      redactor: this.#redactor,
      onBytes: (received, total) => {
        this.#received = received;
        this.#total = total;
        this.#tell("receiving", false);
      },
    });
    const mediaType = this.#redactor.redact(saved.mediaType);
    this.#log(`saved ${sizeText(saved.bytes)} of ${mediaType}`);
    return {
      ...saved,
      mediaType,
      status: message.statusCode ?? 0,
      headers: plainHeaders(message),
      startedAtMs: this.#startedAtMs,
      answeredAtMs,
      endedAtMs: clock.nowMs(),
    };
  }

  #handOver(url: URL): void {
    this.#handovers += 1;
    this.#handoverUrl = url.href;
    this.#options.onHandover?.(url.href);
  }

  async #refused(message: IncomingMessage, hop: NextHop): Promise<CallFailure> {
    const body = await errorBody(message, this.#options.clock, this.#signal);
    return responseFailure({
      endpoint: this.#target.endpoint,
      url: hop.url,
      status: message.statusCode ?? 0,
      headers: plainHeaders(message),
      body,
      redactor: this.#redactor,
    });
  }

  #mayFetchAgain(error: unknown, last: NextHop, tries: number): boolean {
    return error instanceof BrokenBody && this.#isFollowing(last) && tries < mostBodyTries;
  }

  async #dropPart(error: unknown): Promise<void> {
    if (error instanceof CallFailure && error.facts.keptPath !== null) {
      await removeQuietly(error.facts.keptPath);
    }
  }

  /** Whatever went wrong, with what is known about the money. */
  #failure(error: unknown, url: URL): unknown {
    const reached = this.#handoverUrl !== null ? "yes" : this.#reached ? "maybe" : "no";
    const facts = { reached, handoverUrl: this.#handoverUrl } as const;
    if (this.#options.signal?.aborted === true) return cancelledCall(facts);
    if (this.#answerLimit.signal.aborted) {
      return overdueCall(this.#redactor.address(url), this.#limits.answerMs, facts);
    }
    if (error instanceof CallFailure) {
      // An answer settles the matter, unless it broke off or could not be kept here: what is over cannot be picked up again.
      const isUnkept = error.reason === "disk" || error instanceof BrokenBody;
      const over = error.facts.status !== null && !isUnkept;
      return error.with({ handoverUrl: over ? null : this.#handoverUrl });
    }
    return error;
  }

  #tell(phase: CallPhase, now: boolean): void {
    const nowMs = this.#options.clock.nowMs();
    if (!now && phase === this.#phase && nowMs - this.#progressAtMs < progressEveryMs) return;
    this.#phase = phase;
    this.#progressAtMs = nowMs;
    this.#options.onProgress?.({
      phase,
      elapsedMs: nowMs - this.#startedAtMs,
      hops: this.#handovers,
      receivedBytes: this.#received,
      totalBytes: this.#total,
    });
  }

  /** `text` has no words of others. */
  #log(text: string): void {
    const { callId, endpoint } = this.#target;
    this.#options.log.debug(`Call ${callId} (${endpoint}): ${text}`);
  }

  /** An address for the log. One that an answer gave may hold what was sent, or the key to a result. */
  #placeOf(url: URL): string {
    return place(url) === this.#place ? this.#place : `${url.origin}/…`;
  }
}

function isResult({ statusCode = 0 }: IncomingMessage): boolean {
  return statusCode >= 200 && statusCode < 300;
}

/** The app did answer, and may have said what it cost: that stays known when saving fails. */
function answered(error: unknown, message: IncomingMessage): unknown {
  return error instanceof CallFailure
    ? error.with({
        reached: "yes",
        status: message.statusCode ?? null,
        headers: plainHeaders(message),
      })
    : error;
}

/** A URL for the log: a query can hold a prompt, or the id by which a result is fetched. */
function place(url: URL): string {
  return `${url.origin}${url.pathname}`;
}
