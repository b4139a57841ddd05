import { createHash } from 'node:crypto';
import type { CryptoKey } from 'jose';
import { importServiceKey } from '#domain/wire/service-token.ts';
import { readSignature, type Signature, signMessage } from '#domain/wire/stream-message.ts';
import type { Keys } from '../platform/keys.ts';

/** The core's two keys as the stream needs them. */
export type StreamKeys = Pick<Keys, 'corePrivate' | 'edgePublic'>;

/** Signs the core's messages and verifies the messages of both sides. */
export class MessageSignatures {
  readonly #private: CryptoKey;
  readonly #public: { readonly 'blacktide-core': CryptoKey; readonly 'blacktide-edge': CryptoKey };

  private constructor(own: CryptoKey, core: CryptoKey, edge: CryptoKey) {
    this.#private = own;
    this.#public = { 'blacktide-core': core, 'blacktide-edge': edge };
  }

  static async of({ corePrivate, edgePublic }: StreamKeys): Promise<MessageSignatures> {
    const { d: _, ...corePublic } = corePrivate;
    return new MessageSignatures(
      await importServiceKey(corePrivate),
      await importServiceKey(corePublic),
      await importServiceKey(edgePublic),
    );
  }

  sign(message: { subject: string; shard: string; id: string; body: string }): Promise<string> {
    const bodyHash = hashOf(message.body);
    return signMessage(this.#private, { ...message, signer: 'blacktide-core', bodyHash });
  }

  check(signature: string, message: { subject: string; id: string; body: Uint8Array }): Promise<Signature> {
    return readSignature(signature, this.#public, { ...message, bodyHash: hashOf(message.body) });
  }
}

/** SHA-256, base64url. */
export function hashOf(body: string | Uint8Array): string {
  return createHash('sha256').update(body).digest('base64url');
}
