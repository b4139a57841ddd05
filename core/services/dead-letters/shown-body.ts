import { isJsonObject } from '#domain/base/json-object.ts';

const HIDDEN = '••••••••';
/** Members whose name suggests a secret. */
const SECRET_NAME = /authorization|cookie|password|secret|token|signature|credential|api-?_?key|^auth$/i;
/** Secrets inside other texts: the product's own keys, and sign-ins in headers and URLs. */
const SECRET_TEXT = /\b(?:btk|whsec)_[\w+/=-]+|(?<=\b(?:Bearer|Basic) +)[^\s"']+|(?<=:\/\/)[^/\s@"']+(?=@)/gi;

/** The body of a message of unknown content, parsed if it is JSON, with whatever looks like a secret hidden. */
export function shownBody(payload: string): ReturnType<typeof JSON.parse> {
  try {
    return withoutSecrets(JSON.parse(payload));
  } catch {
    return withoutSecrets(payload);
  }
}

function withoutSecrets(value: unknown): unknown {
  if (typeof value === 'string') return value.replace(SECRET_TEXT, HIDDEN);
  if (Array.isArray(value)) return value.map(withoutSecrets);
  if (!isJsonObject(value)) return value;
  const members = Object.entries(value);
  return Object.fromEntries(
    members.map(([name, one]) => [name, SECRET_NAME.test(name) ? HIDDEN : withoutSecrets(one)]),
  );
}
