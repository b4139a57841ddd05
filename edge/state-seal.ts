import { base64url } from 'jose';

/** NIST SP 800-38D: 96-bit nonces are the size GCM is made for. */
const NONCE_BYTES = 12;
const VERSION = 'v1';
/** Tells this key from others that may be derived of the same secret (RFC 5869, section 3.2). */
const INFO = new TextEncoder().encode('blacktide edge state v1');

/** Named by what makes it: Workers and Node call the type by different names. */
type Key = Awaited<ReturnType<typeof crypto.subtle.importKey>>;

const keys = new Map<string, Promise<Key>>();

/**
 * Seals texts in an object's storage: AES-256-GCM, `v1.<nonce>.<ciphertext and tag>`, bound to `context`. The key is
 * derived from the edge's private key (HKDF-SHA-256), so the edge needs no further secret. What was sealed under
 * another private key cannot be opened.
 */
export class StateSeal {
  readonly #secret: string;

  /** `privateJwk` is the binding EDGE_PRIVATE_JWK. */
  constructor(privateJwk: string) {
    this.#secret = privateJwk;
  }

  async seal(text: string, context: string): Promise<string> {
    const nonce = crypto.getRandomValues(new Uint8Array(NONCE_BYTES));
    const bytes = await crypto.subtle.encrypt(gcm(nonce, context), await this.#key(), new TextEncoder().encode(text));
    return `${VERSION}.${base64url.encode(nonce)}.${base64url.encode(new Uint8Array(bytes))}`;
  }

  /** null for a text that was changed, or sealed under another key or for another context. */
  async open(sealed: string, context: string): Promise<string | null> {
    const [version, nonce = '', body = ''] = sealed.split('.');
    if (version !== VERSION) return null;
    try {
      const key = await this.#key();
      const bytes = await crypto.subtle.decrypt(
        gcm(base64url.decode(nonce), context),
        key,
        base64url.decode(body) as Uint8Array<ArrayBuffer>,
      );
      return new TextDecoder().decode(bytes);
    } catch {
      return null;
    }
  }

  #key(): Promise<Key> {
    const known = keys.get(this.#secret);
    if (known !== undefined) return known;
    const key = deriveKey(this.#secret);
    keys.set(this.#secret, key);
    return key;
  }
}

/** The private half of an Ed25519 JWK is `d`; its other members may change without changing the key. */
async function deriveKey(privateJwk: string): Promise<Key> {
  const { d } = JSON.parse(privateJwk) as { d: string };
  const secret = base64url.decode(d) as Uint8Array<ArrayBuffer>;
  const from = await crypto.subtle.importKey('raw', secret, 'HKDF', false, ['deriveKey']);
  const hkdf = { name: 'HKDF', hash: 'SHA-256', salt: new Uint8Array(), info: INFO };
  return crypto.subtle.deriveKey(hkdf, from, { name: 'AES-GCM', length: 256 }, false, ['encrypt', 'decrypt']);
}

function gcm(nonce: Uint8Array, context: string) {
  return { name: 'AES-GCM', iv: nonce as Uint8Array<ArrayBuffer>, additionalData: new TextEncoder().encode(context) };
}

/** Whether a stored text was written before texts were sealed: those are JSON, and a sealed one begins with its version. */
export function isClearText(stored: string): boolean {
  return stored.startsWith('{');
}

/** What the assignment of a monitor is sealed for: one monitor's cannot be put in the place of another's. */
export function assignmentContext(monitorId: string): string {
  return `monitor:${monitorId}`;
}
