import { describe, expect, it } from 'vitest';
import { namesImpossibleHost } from './host-name.ts';

const label = (length: number) => 'a'.repeat(length);
const name = (length: number) => `${`${label(49)}.`.repeat(5)}${label(length - 250)}`;

describe('the host of a URL', () => {
  it.each([
    'example.com',
    'example.com.',
    'localhost',
    '_dmarc.example.com',
    'my_host',
    '-odd-.example.com',
    'xn--bcher-kva.example',
    'bücher.example',
    '127.0.0.1',
    '2130706433',
    '[::1]',
    '[::ffff:10.0.0.1]',
    `${label(63)}.example`,
    name(253),
    `${name(253)}.`,
  ])('can be dialled: %s', (host) => {
    expect(namesImpossibleHost(`https://${host}:8443/path?query`)).toBe(false);
  });

  it.each([
    // biome-ignore lint/suspicious/noTemplateCurlyInString: a template that nobody filled in
    '${DOMAIN}',
    '$DOMAIN',
    '{{host}}',
    'a*b.example',
    '*.example.com',
    'a!b.example',
    "a'b.example",
    'a"b.example',
    'a`b.example',
    'a&b.example',
    'a=b.example',
    'a+b.example',
    'a,b.example',
    'a;b.example',
    'a~b.example',
    'a(b).example',
    '.',
    '..',
    '.example.com',
    'a..example',
    'example.com..',
    `${label(64)}.example`,
    `example.${label(64)}`,
    name(254),
    `${name(254)}.`,
    label(300),
  ])('can be no host: %s', (host) => {
    expect(namesImpossibleHost(`https://${host}/path`)).toBe(true);
  });
});
