import { describe, expect, it } from 'vitest';
import { monitorCreateSchema } from '../api/monitor.ts';

function problems(config: Record<string, unknown>): string[] {
  const parsed = monitorCreateSchema.safeParse({ name: 'Shop', type: 'http', config });
  return parsed.success ? [] : parsed.error.issues.map((issue) => issue.path.join('.'));
}

const url = 'https://example.com';

describe('an HTTP monitor as a user writes it', () => {
  it.each(['https://example.com?mail=a@b.example', 'https://example.com/@user', 'https://example.com#a@b'])(
    'may have an @ behind the host: %s',
    (url) => {
      expect(problems({ url })).toEqual([]);
    },
  );

  it.each([
    ['international hosts', { url: 'https://b\u00fccher.example' }],
    ['underscores, and the dot of the root', { url: 'https://my_host.example.' }],
    ['addresses', { url: 'http://[2001:db8::1]:8080/' }],
    [
      'a colon in the password, and letters of every kind',
      { auth: { type: 'basic', username: 'j\u00f6rg', password: ':\u65e5' } },
    ],
    ["Cloudflare Access' own headers", { headers: { 'CF-Access-Client-Id': 'a', 'CF-Access-Client-Secret': 'b' } }],
    ['what it accepts', { headers: { 'Accept-Encoding': 'identity' } }],
  ])('may have %s', (_what, config) => {
    expect(problems({ url, ...config })).toEqual([]);
  });

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

  it.each<readonly [string, Record<string, unknown>, string]>([
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
    // biome-ignore lint/suspicious/noTemplateCurlyInString: a template that nobody filled in
    ['a host of odd characters', { url: 'https://${DOMAIN}/login' }, 'config.url'],
    ['a host with an empty label', { url: 'https://a..example' }, 'config.url'],
    ['a host with a long label', { url: `https://${'a'.repeat(64)}.example` }, 'config.url'],
    ['a long host', { url: `https://${'a.'.repeat(127)}example` }, 'config.url'],
    ...['CF-Worker', 'cf-connecting-ip', 'CF-Ray', 'CDN-Loop'].map(
      (name) => [`${name}, which the edge sets`, { url, headers: { [name]: 'x' } }, `config.headers.${name}`] as const,
    ),
    ['no coding at all', { url, headers: { 'Accept-Encoding': ' ' } }, 'config.headers.Accept-Encoding'],
    ...['a:b', 'a\nb', 'a\u0000', '\u007f', '\u0085', '\ud800'].map(
      (username) =>
        [
          `the user name ${JSON.stringify(username)}`,
          { url, auth: { type: 'basic', username, password: 'p' } },
          'config.auth.username',
        ] as const,
    ),
    ...['a\nb', 'a\u0000', '\u007f', '\udc00'].map(
      (password) =>
        [
          `the password ${JSON.stringify(password)}`,
          { url, auth: { type: 'basic', username: 'u', password } },
          'config.auth.password',
        ] as const,
    ),
    ...['a b', 'a\u007f', '\u00e9'].map(
      (token) =>
        [`the token ${JSON.stringify(token)}`, { url, auth: { type: 'bearer', token } }, 'config.auth.token'] as const,
    ),
  ])('%s is refused with its path', (_reason, config, path) => {
    expect(problems(config)).toEqual([path]);
  });
});
