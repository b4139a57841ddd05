import { describe, expect, it } from 'vitest';
import { monitorCreateSchema } from '../api/monitor.ts';

function problems(config: Record<string, unknown>): string[] {
  const parsed = monitorCreateSchema.safeParse({ name: 'Shop', type: 'http', config });
  return parsed.success ? [] : parsed.error.issues.map((issue) => issue.path.join('.'));
}

describe('an HTTP monitor as a user writes it', () => {
  it.each(['https://example.com?mail=a@b.example', 'https://example.com/@user', 'https://example.com#a@b'])(
    'may have an @ behind the host: %s',
    (url) => {
      expect(problems({ url })).toEqual([]);
    },
  );

  it('needs no more than a URL', () => {
    const monitor = monitorCreateSchema.parse({ name: 'Shop', type: 'http', config: { url: 'https://example.com' } });
    expect(monitor).toMatchObject({
      intervalSeconds: 60,
      timeoutMs: 10_000,
      enabled: true,
      config: { method: 'GET', followRedirects: true, maxRedirects: 10, verifyTls: true, bodyBytesMax: 1_048_576 },
    });
    expect(monitor.locations).toHaveLength(6);
  });

  it.each([
    ['another scheme', { url: 'ftp://example.com' }, 'config.url'],
    ['no URL', { url: 'example' }, 'config.url'],
    ['credentials in the URL', { url: 'https://a:b@example.com' }, 'config.url'],
    ['credentials after a scheme in capitals', { url: 'HTTPS://a:b@example.com' }, 'config.url'],
    ['credentials after slashes that parsers skip', { url: 'https:////a:b@example.com' }, 'config.url'],
    ['credentials between line breaks', { url: 'https:/\n/a:b\n@example.com' }, 'config.url'],
    ['an unknown field', { url: 'https://example.com', retries: 3 }, 'config'],
    ['a header over two lines', { url: 'https://example.com', headers: { a: 'b\r\nc: d' } }, 'config.headers.a'],
    ['a header that no byte can carry', { url: 'https://example.com', headers: { a: '日' } }, 'config.headers.a'],
    [
      'a token over two lines',
      { url: 'https://example.com', auth: { type: 'bearer', token: 'a\nb' } },
      'config.auth.token',
    ],
    ['no header name', { url: 'https://example.com', headers: { 'a b': 'c' } }, 'config.headers.a b'],
    [
      'a header that frames the message',
      { url: 'https://example.com', headers: { 'Content-Length': '3' } },
      'config.headers.Content-Length',
    ],
    [
      'a host other than the one dialled',
      { url: 'https://example.com', headers: { host: 'a' } },
      'config.headers.host',
    ],
    ['a body on GET', { url: 'https://example.com', body: 'x' }, 'config.body'],
    ['an unknown sign-in', { url: 'https://example.com', auth: { type: 'digest' } }, 'config.auth.type'],
  ])('%s is refused with its path', (_reason, config, path) => {
    expect(problems(config)).toEqual([path]);
  });
});
