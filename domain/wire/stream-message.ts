import { type CryptoKey, decodeJwt, jwtVerify, SignJWT } from 'jose';
import { z } from 'zod';
import { type ServiceParty, SIGNATURE_ALGORITHMS } from './service-token.ts';
import { UPLINK_EVENTS_MAX } from './wire.ts';

/**
 * A message of the stream: a batch of events of one kind and one shard, with the body of POST /edge/v1/events, on the
 * subject of its kind. The signature is a JWT (EdDSA, RFC 8037) over subject, shard, message id and body, so that the
 * right to publish on a subject is no right to publish for a shard. One signature covers a batch, because signing takes
 * 0.2 ms in workerd and checking 0.13 ms in Node: as much as storing several events.
 */
export const SIGNATURE_HEADER = 'Blacktide-Signature';
/** nats-server's own header for the id by which it drops duplicates. */
export const MESSAGE_ID_HEADER = 'Nats-Msg-Id';
/** Half of a nats-server's default max_payload (1 MiB). */
export const MESSAGE_BYTES_MAX = 512 * 1024;

/** The audience that distinguishes a message's signature from a service token, which the same keys sign. */
const AUDIENCE = 'blacktide-stream';

const claimsSchema = z.object({
  v: z.literal(1),
  iss: z.enum(['blacktide-core', 'blacktide-edge']),
  sub: z.string(),
  shard: z.string(),
  id: z.string(),
  bod: z.string(),
});

export function subjectOf(kind: string): string {
  return `blacktide.${kind}`;
}

/** Events as messages, one for each kind or more when they are large. The order of the events of a kind is kept. */
export function streamMessages(
  shard: string,
  events: readonly { readonly kind: string; readonly body: string }[],
): { readonly subject: string; readonly body: string }[] {
  return [...Map.groupBy(events, (event) => event.kind)].flatMap(([kind, ofKind]) =>
    inMessages(ofKind.map((event) => event.body)).map((bodies) => ({
      subject: subjectOf(kind),
      body: batchBody(shard, bodies),
    })),
  );
}

/** Splits events into messages. An event larger than a message's limit is sent alone. */
function inMessages(bodies: readonly string[]): string[][] {
  const messages: string[][] = [];
  let bytes = Number.POSITIVE_INFINITY;
  for (const body of bodies) {
    // A UTF-16 unit has at most three bytes in UTF-8. The upper bound is enough here, and cheaper than the exact size.
    const size = 3 * body.length + 1;
    const current = messages.at(-1);
    if (current === undefined || bytes + size > MESSAGE_BYTES_MAX || current.length === UPLINK_EVENTS_MAX) {
      messages.push([body]);
      bytes = size;
    } else {
      current.push(body);
      bytes += size;
    }
  }
  return messages;
}

/** The body of a batch of events that are JSON text already, without parsing them again. */
export function batchBody(shard: string, bodies: readonly string[]): string {
  return `{"v":1,"shard":${JSON.stringify(shard)},"events":[${bodies.join(',')}]}`;
}

interface SignedParts {
  readonly subject: string;
  /** The value of MESSAGE_ID_HEADER. */
  readonly id: string;
  /** SHA-256 of the body, base64url. */
  readonly bodyHash: string;
}

/** The value of SIGNATURE_HEADER. */
export function signMessage(
  key: CryptoKey,
  message: SignedParts & { readonly signer: ServiceParty; readonly shard: string },
): Promise<string> {
  return new SignJWT({ v: 1, shard: message.shard, id: message.id, bod: message.bodyHash })
    .setProtectedHeader({ alg: 'EdDSA' })
    .setIssuer(message.signer)
    .setAudience(AUDIENCE)
    .setSubject(message.subject)
    .sign(key);
}

/** The shard that signed the message, or the reason of the refusal, in words for operators. */
export type Signature = { readonly shard: string } | { readonly refused: string };

/**
 * Checks the signature of a received message. The signature does not expire, because a message waits in the stream
 * while the core is down. A message published a second time changes nothing, because the ids of its events are derived.
 */
export async function readSignature(
  signature: string,
  keys: Readonly<Record<ServiceParty, CryptoKey>>,
  message: SignedParts,
): Promise<Signature> {
  if (signature === '') return { refused: 'not signed' };
  const claims = await genuineClaims(signature, keys);
  if (claims === null) return { refused: 'the signature is not genuine' };
  const { sub, id, bod, shard } = claims;
  if (sub !== message.subject) return { refused: 'the signature is for another subject' };
  if (id !== message.id) return { refused: 'the signature is for another message' };
  if (bod !== message.bodyHash) return { refused: 'the signature is for another body' };
  return { shard };
}

async function genuineClaims(signature: string, keys: Readonly<Record<ServiceParty, CryptoKey>>) {
  try {
    const { iss } = claimsSchema.parse(decodeJwt(signature));
    const options = { algorithms: SIGNATURE_ALGORITHMS, issuer: iss, audience: AUDIENCE };
    return claimsSchema.parse((await jwtVerify(signature, keys[iss], options)).payload);
  } catch {
    return null;
  }
}
