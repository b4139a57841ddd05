import { probeHttp } from './http/probe.ts';
import type { ProbeTable } from './probe.ts';

/** How each type of check is made. A new type is a folder here and a line in this table. */
export const PROBES = { http: probeHttp } satisfies ProbeTable;
