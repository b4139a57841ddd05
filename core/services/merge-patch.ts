import { isJsonObject } from '#domain/base/json-object.ts';

/** JSON Merge Patch (RFC 7396): null removes a member, objects are merged, any other value replaces. */
export function mergePatch(target: unknown, patch: unknown): unknown {
  if (!isJsonObject(patch)) return patch;
  const merged: Record<string, unknown> = isJsonObject(target) ? { ...target } : {};
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete merged[key];
    else if (key !== '__proto__') merged[key] = mergePatch(merged[key], value);
  }
  return merged;
}
