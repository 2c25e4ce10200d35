// The public internet as a set of addresses.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isPublicAddress } from '../../src/tools/public-address.ts';

const dotted = fc.ipV4();
const hextets = fc.array(fc.integer({ min: 0, max: 0xffff }), { minLength: 7, maxLength: 7 });
const after = (first: number, rest: readonly number[]) => [first, ...rest].map((part) => part.toString(16)).join(':');

describe('isPublicAddress', () => {
  it.each([
    '8.8.8.8',
    '1.1.1.1',
    '172.15.255.255',
    '172.32.0.0',
    '100.128.0.0',
    '2606:4700::1111',
    '2001:4860:4860::8888',
  ])('takes %s', (address) => {
    expect(isPublicAddress(address)).toBe(true);
  });

  it.each(
    `
      0.0.0.0 10.1.2.3 100.64.0.1 100.100.100.200 127.0.0.1 127.255.255.254 169.254.169.254 172.16.0.1
      172.31.255.255 192.0.0.192 192.0.2.1 192.168.1.1 198.18.0.1 203.0.113.9 224.0.0.1 239.255.255.255
      240.0.0.1 255.255.255.255 168.63.129.16 :: ::1 ::127.0.0.1 fe80::1 fc00::1 fd00:ec2::254 fec0::1
      ff02::1 100::1 64:ff9b::7f00:1 64:ff9b:1::1 2001::1 2001:db8::1 2002:7f00:1:: 3fff::1 5f00::1
    `
      .trim()
      .split(/\s+/),
  )('refuses %s', (address) => {
    expect(isPublicAddress(address)).toBe(false);
  });

  it.each(['', 'localhost', '127.1', '2130706433', '[::1]', '8.8.8.8:80'])(
    'refuses "%s", which is no address',
    (text) => {
      expect(isPublicAddress(text)).toBe(false);
    },
  );

  it('refuses every IPv4 address inside an IPv6 one', () => {
    fc.assert(
      fc.property(dotted, fc.constantFrom('::ffff:', '::', '64:ff9b::', '::ffff:0:'), (address, prefix) => {
        expect(isPublicAddress(prefix + address)).toBe(false);
      }),
    );
  });

  it('takes no IPv6 address outside 2000::/3', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 0xffff }), hextets, (first, rest) => {
        const global = first >= 0x2000 && first <= 0x3fff;
        if (!global) expect(isPublicAddress(after(first, rest))).toBe(false);
      }),
    );
  });

  it('takes the rest of 2000::/3', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0x2003, max: 0x3ffe }), hextets, (first, rest) => {
        expect(isPublicAddress(after(first, rest))).toBe(true);
      }),
    );
  });
});
