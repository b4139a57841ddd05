import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface KeyPair {
  readonly key: string;
  readonly cert: string;
}

/** A certification authority with a good and two bad leaf certificates, and a self-signed certificate. */
export interface Certificates {
  readonly ca: string;
  readonly good: KeyPair;
  readonly expired: KeyPair;
  readonly otherName: KeyPair;
  readonly selfSigned: KeyPair;
}

const HERE = 'subjectAltName=DNS:localhost,IP:127.0.0.1';

/** Makes the certificates with openssl at each run, so that the repository has no keys and nothing in it expires. */
export function makeCertificates(): Certificates {
  const dir = mkdtempSync(join(tmpdir(), 'blacktide-certificates-'));
  const path = (name: string) => join(dir, name);
  const openssl = (...args: string[]) => execFileSync('openssl', args, { stdio: ['ignore', 'ignore', 'pipe'] });
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  const pair = (name: string): KeyPair => ({
    key: readFileSync(path(`${name}.key`), 'utf8'),
    cert: readFileSync(path(`${name}.pem`), 'utf8'),
  });
  const leaf = (name: string, days: string, extension: string): KeyPair => {
    writeFileSync(path(`${name}.ext`), `${extension}\nbasicConstraints=CA:FALSE\n`);
    openssl('req', ...newKey, '-keyout', path(`${name}.key`), '-out', path(`${name}.csr`), '-subj', `/CN=${name}`);
    openssl(
      ...['x509', '-req', '-in', path(`${name}.csr`), '-out', path(`${name}.pem`), '-days', days],
      ...['-CA', path('ca.pem'), '-CAkey', path('ca.key'), '-CAcreateserial', '-extfile', path(`${name}.ext`)],
    );
    return pair(name);
  };
  try {
    const selfSigned = (name: string, subject: string) =>
      openssl(
        ...['req', '-x509', ...newKey, '-keyout', path(`${name}.key`), '-out', path(`${name}.pem`)],
        ...['-days', '2', '-subj', subject, '-addext', HERE],
      );
    selfSigned('ca', '/O=BlackTide/CN=Test CA');
    selfSigned('self', '/CN=self');
    return {
      ca: readFileSync(path('ca.pem'), 'utf8'),
      good: leaf('good', '2', HERE),
      expired: leaf('expired', '-1', HERE),
      otherName: leaf('other', '2', 'subjectAltName=DNS:other.example'),
      selfSigned: pair('self'),
    };
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}
