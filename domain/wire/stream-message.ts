import { type CryptoKey, decodeJwt, jwtVerify, SignJWT } from 'jose';
import { z } from 'zod';
import { type ServiceParty, SIGNATURE_ALGORITHMS } from './service-token.ts';
import { UPLINK_EVENTS_MAX } from './wire.ts';

/**
 * A message of the stream: a batch of events of one kind and one shard, shaped like the body of POST
 * /edge/v1/events, on the subject of its kind. Its signature is a JWT (EdDSA, RFC 8037) over subject, shard, message
 * id and body, so that who may publish on a subject cannot speak for a shard. One signature a batch, because making
 * one takes 0.2 ms in workerd and checking one 0.13 ms in Node: as much as storing several events.
 */
export const SIGNATURE_HEADER = 'Blacktide-Signature';
/** The name by which the server drops what it has just seen; nats-server's own header. */
export const MESSAGE_ID_HEADER = 'Nats-Msg-Id';
/** Half of what a nats-server takes unless told otherwise (max_payload, 1 MiB). */
export const MESSAGE_BYTES_MAX = 512 * 1024;

/** Tells a message's signature from a service token: the same keys make both. */
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

/** Events as messages: one for each kind, more when they are large; the events of a kind keep their order. */
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

/** An event that is larger than a message should be goes alone. */
function inMessages(bodies: readonly string[]): string[][] {
  const messages: string[][] = [];
  let bytes = Number.POSITIVE_INFINITY;
  for (const body of bodies) {
    // A UTF-16 unit has at most three bytes in UTF-8: a bound is enough here, and counting costs more.
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

/** The JSON of a batch whose events are JSON already: they need not be parsed once more. */
export function batchBody(shard: string, bodies: readonly string[]): string {
  return `{"v":1,"shard":${JSON.stringify(shard)},"events":[${bodies.join(',')}]}`;
}

interface SignedParts {
  readonly subject: string;
  /** The content of MESSAGE_ID_HEADER. */
  readonly id: string;
  /** SHA-256 of the body, base64url. */
  readonly bodyHash: string;
}

/** The content of SIGNATURE_HEADER. */
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

/** For whom the message speaks, or why it is refused, in words for operators. */
export type Signature = { readonly shard: string } | { readonly refused: string };

/**
 * Checks the signature of a message as it was received. It has no end: a message waits in the stream as long as the
 * core is away. One that is published a second time changes nothing, because events name what they write.
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
