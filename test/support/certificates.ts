import { generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';

/*
 * Certificates for tests of TLS. Node can check certificates but not make any, and a test must need
 * nothing but Node, so this writes the few lines of DER itself.
 */

/** A certificate with its key, both as PEM. */
export interface Certificate {
  readonly cert: string;
  readonly key: string;
}

/** A certificate authority. */
export interface Authority extends Certificate {
  /** Issues a certificate for a host name or an IPv4 address. */
  issue(host: string, options?: { readonly expired?: boolean }): Certificate;
  /** Issues the certificate of another authority. */
  issueAuthority(name: string): Authority;
}

const DAY_MS = 86_400_000;

export function newAuthority(name = 'Test Authority'): Authority {
  const keys = newKeys();
  return authority(
    name,
    keys,
    certificate({ subject: name, keys, issuer: name, signer: keys.privateKey, isAuthority: true }),
  );
}

/** A certificate that nobody has issued. */
export function selfSigned(host: string): Certificate {
  const keys = newKeys();
  return pem(
    certificate({ subject: host, keys, issuer: host, signer: keys.privateKey, host }),
    keys,
  );
}

function authority(name: string, keys: Keys, der: Buffer): Authority {
  return {
    ...pem(der, keys),
    issue: (host, { expired = false } = {}) => {
      const own = newKeys();
      return pem(
        certificate({
          subject: host,
          keys: own,
          issuer: name,
          signer: keys.privateKey,
          host,
          expired,
        }),
        own,
      );
    },
    issueAuthority: (other) => {
      const own = newKeys();
      const signer = keys.privateKey;
      return authority(
        other,
        own,
        certificate({ subject: other, keys: own, issuer: name, signer, isAuthority: true }),
      );
    },
  };
}

interface Keys {
  readonly publicKey: KeyObject;
  readonly privateKey: KeyObject;
}

function newKeys(): Keys {
  return generateKeyPairSync('ec', { namedCurve: 'P-256' });
}

function pem(der: Buffer, keys: Keys): Certificate {
  const lines = der.toString('base64').replace(/.{64}/g, '$&\n');
  return {
    cert: `-----BEGIN CERTIFICATE-----\n${lines}\n-----END CERTIFICATE-----\n`,
    key: keys.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  };
}

interface Contents {
  readonly subject: string;
  readonly keys: Keys;
  readonly issuer: string;
  readonly signer: KeyObject;
  readonly isAuthority?: boolean;
  readonly host?: string;
  readonly expired?: boolean;
}

function certificate(contents: Contents): Buffer {
  const { subject, keys, issuer, signer, isAuthority = false, host, expired = false } = contents;
  const until = Date.now() + (expired ? -DAY_MS : DAY_MS);
  const extensions = [
    extension('551d13', true, isAuthority ? sequence(der(0x01, Buffer.from([0xff]))) : sequence()),
    ...(host === undefined ? [] : [extension('551d11', false, sequence(alternativeName(host)))]),
  ];
  const toSign = sequence(
    der(0xa0, der(0x02, Buffer.from([2]))),
    // Positive, and not 0.
    der(0x02, Buffer.concat([Buffer.from([0x01]), randomBytes(8)])),
    ECDSA_WITH_SHA256,
    nameOf(issuer),
    sequence(time(Date.now() - 2 * DAY_MS), time(until)),
    nameOf(subject),
    keys.publicKey.export({ type: 'spki', format: 'der' }),
    der(0xa3, sequence(...extensions)),
  );
  const signature = sign('sha256', toSign, signer);
  return sequence(
    toSign,
    ECDSA_WITH_SHA256,
    der(0x03, Buffer.concat([Buffer.from([0]), signature])),
  );
}

function der(tag: number, content: Buffer): Buffer {
  const { length } = content;
  const size =
    length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...size]), content]);
}

function sequence(...parts: readonly Buffer[]): Buffer {
  return der(0x30, Buffer.concat(parts));
}

function objectId(hex: string): Buffer {
  return der(0x06, Buffer.from(hex, 'hex'));
}

const ECDSA_WITH_SHA256 = sequence(objectId('2a8648ce3d040302'));

function nameOf(commonName: string): Buffer {
  return sequence(der(0x31, sequence(objectId('550403'), der(0x0c, Buffer.from(commonName)))));
}

function time(ms: number): Buffer {
  const text = new Date(ms).toISOString().replace(/[-:T]|\.\d+/g, '');
  return der(0x18, Buffer.from(text));
}

function extension(id: string, critical: boolean, value: Buffer): Buffer {
  const flag = critical ? [der(0x01, Buffer.from([0xff]))] : [];
  return sequence(objectId(id), ...flag, der(0x04, value));
}

function alternativeName(host: string): Buffer {
  const bytes = host.split('.').map(Number);
  return bytes.length === 4 && bytes.every((byte) => byte >= 0 && byte < 256)
    ? der(0x87, Buffer.from(bytes))
    : der(0x82, Buffer.from(host));
}
