import type { CheckSpec } from '#domain/check/monitor.ts';
import { probeHttp } from './http/probe.ts';
import type { Probe, ProbeTable } from './probe.ts';

/** The probe of each check type. A new type is a folder here and a line in this table. */
const PROBES: ProbeTable = { http: probeHttp };

/** The probe of a check's type, for that check's configuration. */
export function probeOf({ type }: CheckSpec): Probe<CheckSpec['config']> {
  return PROBES[type] as Probe<CheckSpec['config']>;
}
