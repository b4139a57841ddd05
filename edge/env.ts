import type { LocationId } from '#domain/check/location.ts';
import type { MonitorShard } from './monitor-shard.ts';
import type { PageDirectory } from './page-directory.ts';
import type { StatusPage } from './status-page.ts';
import type { Uplink } from './uplink.ts';

/** Bindings of the coordinator Worker and its objects, from wrangler.toml or from standalone/edge.ts. */
export interface CoordinatorEnv extends ProbeBindings {
  readonly MONITOR_SHARD: DurableObjectNamespace<MonitorShard>;
  readonly UPLINK: DurableObjectNamespace<Uplink>;
  readonly STATUS_PAGES: DurableObjectNamespace<StatusPage>;
  readonly PAGE_DIRECTORY: DurableObjectNamespace<PageDirectory>;
  /** Where the core's API answers, e.g. https://core.example.com. */
  readonly CORE_URL: string;
  /** The binding for requests to the core on one machine, as in ProbeEnv. */
  readonly EGRESS?: Egress;
  /** Public key of the core, an Ed25519 JWK as JSON. Orders signed with its private half are carried out. */
  readonly CORE_PUBLIC_JWK: string;
  /** Secret. Private key of the edge, an Ed25519 JWK as JSON: signs events, and seals stored assignments. */
  readonly EDGE_PRIVATE_JWK: string;
  /** The operator's canaries, separated by commas (domain/watch/canary.ts). Absent or empty: there are none. */
  readonly CANARY_URLS?: string;
  /** Most checks under way in one process. Set where the process may open fewer files than usual. */
  readonly CHECKS_MAX?: string;
  /** NATS over WebSocket instead of signed HTTPS, e.g. wss://nats.example.com. */
  readonly UPLINK_NATS_WS_URL?: string;
}

interface ProbeBindings {
  readonly PROBE_US_EAST: Fetcher;
  readonly PROBE_US_WEST: Fetcher;
  readonly PROBE_EU_WEST: Fetcher;
  readonly PROBE_EU_CENTRAL: Fetcher;
  readonly PROBE_AP_SOUTHEAST: Fetcher;
  readonly PROBE_SA_EAST: Fetcher;
}

/** Which binding leads to which location's probe Worker. */
export const PROBE_BINDINGS = {
  'us-east': 'PROBE_US_EAST',
  'us-west': 'PROBE_US_WEST',
  'eu-west': 'PROBE_EU_WEST',
  'eu-central': 'PROBE_EU_CENTRAL',
  'ap-southeast': 'PROBE_AP_SOUTHEAST',
  'sa-east': 'PROBE_SA_EAST',
} as const satisfies Record<LocationId, keyof ProbeBindings>;

/** Bindings of a probe Worker. */
export interface ProbeEnv {
  readonly LOCATION: LocationId;
  /** "true" lets probes reach private addresses. Only the one-machine set-up sets it. */
  readonly ALLOW_PRIVATE_TARGETS: string;
  /** The binding to the network on one machine, faster than `fetch()` there. Absent on Cloudflare. */
  readonly EGRESS?: Egress;
}

/** What can make an HTTP request: a binding, or the runtime itself. */
export interface Egress {
  fetch(url: string | URL, init: RequestInit): Promise<Response>;
}
