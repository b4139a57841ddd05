import { MESSAGE_ID_HEADER, SIGNATURE_HEADER } from '#domain/wire/stream-message.ts';
import { uplinkBatchSchema } from '#domain/wire/wire.ts';
import type { MessageSignatures } from './message-signatures.ts';
import type { Refused } from './refusals.ts';

/** A message as a consumer receives it, or as the stream stores it. */
export interface SealedMessage {
  readonly subject: string;
  readonly headers: { get(name: string): string } | undefined;
  readonly data: Uint8Array;
}

/** The events of a message, or the refusal. */
export type Opened = { readonly events: readonly unknown[] } | { readonly refused: Refused };

/** Verifies the signature before anything is parsed. */
export async function openMessage(signatures: MessageSignatures, message: SealedMessage): Promise<Opened> {
  const { subject, data } = message;
  const id = message.headers?.get(MESSAGE_ID_HEADER) ?? '';
  const signature = await signatures.check(message.headers?.get(SIGNATURE_HEADER) ?? '', { subject, id, body: data });
  const body = Buffer.from(data).toString('utf8');
  const refused = (reason: string) => ({ refused: { subject: subject.replace(/^blacktide\./, ''), reason, body } });
  if ('refused' in signature) return refused(signature.refused);
  const batch = uplinkBatchSchema.safeParse(parsed(body));
  if (!batch.success) return refused('signed, but not a batch of events that this version understands');
  if (batch.data.shard !== signature.shard) return refused('the signature is for another shard');
  return { events: batch.data.events };
}

function parsed(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}
