/**
 * What we do not know about Modal, and what varies between those who use it: one switch per
 * question. A world is one answer to all of them; `worlds.ts` names those that are tried.
 *
 * Sources in short: "proto" is a comment in `modal_proto` of the `modal` 1.6.4 package; "types" are
 * the type declarations of npm `modal` 0.11.1; "pricing" is Modal's pricing page and its questions
 * and answers as read on 2026-10-07; "docs" is Modal's guide. Nothing was tried on the real service.
 * docs/engineering/worlds.md tells of each question at length.
 */
export interface World {
  // When a container costs

  /** `TaskInfo.started_at`: the "ready" time, after the startup phase (proto, types), or the boot, as everybody read it before. */
  readonly startedAt: "ready" | "boot";
  /** Billed are application load time, work and the idle window (pricing); whether image pull and waiting for a GPU are, nobody says. */
  readonly billedFrom: "boot" | "enqueue" | "ready";
  /** With no GPU free a container waits (docs): not at all, or up to five minutes. */
  readonly gpuQueue: "none" | "minutes";
  /** "Per second" (pricing): told to the millisecond, or each container's life rounded up to whole seconds. */
  readonly rounding: "milliseconds" | "seconds";
  /** Exit handlers run after a stop, and what hangs holds the container "for up to 30 seconds" (the client's `_container_entrypoint.py`); whether it costs until then is not said. */
  readonly stopGrace: "none" | "seconds";
  /** Prices change with notice (the broad region's factor did in September 2026): not in our time, or within it. */
  readonly prices: "steady" | "changing";

  // What Modal tells of a container

  /** `TaskInfo.gpu_type` and `gpu_config` are read by no public client and left empty by Modal's own mock; `AppGetInfoResponse.function_info_summaries` has it (proto). */
  readonly gpuTold: "function" | "container" | "nowhere";
  /** How long `TaskGetInfo` knows a container that has ended; not documented. */
  readonly finishedAtTold: "hours" | "minutes" | "never";
  /** `FunctionCallInputInfo.startup_time_seconds` and the startup time of the stats (proto, CLI): the load alone, all the time since the container was asked for, or empty. */
  readonly startupTimeTold: "load" | "from-enqueue" | "nowhere";
  /** `container_percentile_stats` has "cpu_usage, memory_usage, gpu_utilization subject to change as requirements evolve" (proto). */
  readonly useTold: "stats" | "nowhere";
  /** Who deployed it: in the listing's metadata (1.6), only on asking for the lifecycle (before), or empty. */
  readonly authorTold: "listing" | "lifecycle" | "nowhere";

  // What the bill tells

  /** "Within minutes, although there may be collection delays" (docs). How the row of an hour comes about is not said; plans without a report are told of. */
  readonly report: "grows" | "late" | "in-parts" | "corrected" | "withdrawn" | "refused" | "none";
  /** How far the report is behind: minutes (docs), or nothing. */
  readonly reportLag: "minutes" | "none";
  /** More than about two reports in ten seconds are refused (public notes of 2026-10). */
  readonly reportLimit: "two-in-ten-seconds" | "none";
  /** `WorkspaceBillingReportItem.cost_by_resource` (proto): keys as in Modal's own mock, in snake case, or none. */
  readonly costByResource: "names" | "snake-case" | "missing";

  // What people run

  /** Billed is the larger of request and use (pricing). Real apps request nothing and hold 24-100 GiB and 1-16 cores: never, while busy, or always. */
  readonly use: "within-request" | "above-while-busy" | "above-always";
  /** `region=`: broad 1.15, narrow 1.75 times the price since September 2026 (public notes of pricing). */
  readonly regions: "unset" | "pinned";
  /** `ephemeral_disk=` raises the memory request at 20 to 1, "if it is not already set higher" (docs, guide/resources). */
  readonly disks: "usual" | "large";
  /** `nonpreemptible=` costs CPU functions three times the CPU and memory (pricing). */
  readonly preemption: "usual" | "never";
  /** `modal run` jobs of 10-90 s, windows of 2 s, crash loops of 8-12 s, bursts of `.map`. */
  readonly shortLives: "few" | "many";
  /** Sandboxes cost three times the CPU and memory (`billing rates`); since 1.6 a CPU sandbox may be of a kind without task times (proto). */
  readonly sandboxes: "none" | "with-times" | "both-kinds";
  /** One function per app, or several that ask for different resources. */
  readonly functionsPerApp: "one" | "several";
  /** The app's file says what is deployed, or was edited since and says other resources. */
  readonly appFile: "as-deployed" | "edited";
  /** `min_containers` and the window as in the file, or changed live (`modal function autoscaler update`, 1.6.2). */
  readonly autoscaler: "as-in-file" | "set-live";
  /** One person, or teammates who deploy, stop and call, also in another environment. */
  readonly people: "alone" | "team";

  // The laptop

  /** The laptop's clock against Modal's: in step, ten minutes ahead, ten minutes behind. */
  readonly clock: "in-step" | "laptop-ahead" | "laptop-behind";
  /** The lid: closed for some minutes on some days, or each night and over the weekend as well. */
  readonly lid: "naps" | "nights";
}
