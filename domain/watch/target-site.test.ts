import { describe, expect, it } from 'vitest';
import { httpConfigSchema } from '../check/monitor.ts';
import { targetOf } from './target-site.ts';

const target = (url: string) => targetOf({ type: 'http', config: httpConfigSchema.parse({ url }) });

describe('the target of a monitor', () => {
  it.each([
    ['https://shop.example.com/', 'shop.example.com', 'example.com'],
    ['https://SHOP.Example.com:8443/path?q=a@b', 'shop.example.com', 'example.com'],
    ['https://example.com./', 'example.com', 'example.com'],
    ['http://localhost:3000/', 'localhost', 'localhost'],
    ['https://a.b.c.evil.example/', 'a.b.c.evil.example', 'evil.example'],
    // Too few sites rather than too many: without a list of public suffixes these two are one.
    ['https://shop.co.uk/', 'shop.co.uk', 'co.uk'],
    ['https://bücher.example/', 'xn--bcher-kva.example', 'xn--bcher-kva.example'],
    ['http://192.0.2.77:8080/', '192.0.2.77', '192.0.2/24'],
    ['http://0xC0000201/', '192.0.2.1', '192.0.2/24'],
    ['http://192.0.513/', '192.0.2.1', '192.0.2/24'],
    ['http://[2001:db8:1:2::3]/', '2001:db8:1:2::3', '32.1.13.184.0.1/48'],
    ['http://[::ffff:192.0.2.1]/', '::ffff:c000:201', '192.0.2/24'],
  ])('%s is at host %s, of site %s', (url, host, site) => {
    expect(target(url)).toEqual({ host, site });
  });

  it('is the configured one: a path, a port and a scheme do not make another', () => {
    expect(target('http://shop.example.com:81/a')).toEqual(target('https://shop.example.com/b#c'));
  });
});
