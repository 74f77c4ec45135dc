// Another's implementation of SD-JWT VC, called by tests/integration/test_sd_jwt_interop.py.
// Standard input: {"do": "verify", token, jwk, alg, at, nonce?} or {"do": "issue", claims, fields, jwk, alg, header}
//   or {"do": "bind", token, jwk, alg, payload, holder}. Standard output: JSON.
import { SDJwtVcInstance } from '@sd-jwt/sd-jwt-vc';
import { createHash, createPrivateKey, createPublicKey, randomBytes, sign, verify } from 'node:crypto';

const asked = JSON.parse(await new Response(process.stdin).text());

const options = (alg, key) => (alg === 'EdDSA' ? [null, key] : ['sha256', { key, dsaEncoding: 'ieee-p1363' }]);
const signerOf = (alg, jwk) => async (data) => {
  const [hash, key] = options(alg, createPrivateKey({ key: jwk, format: 'jwk' }));
  return sign(hash, Buffer.from(data), key).toString('base64url');
};
const verifierOf = (alg, jwk) => async (data, signature) => {
  const [hash, key] = options(alg, createPublicKey({ key: jwk, format: 'jwk' }));
  return verify(hash, Buffer.from(data), key, Buffer.from(signature, 'base64url'));
};
const hasher = (data, alg) => createHash(alg.replace('-', '')).update(Buffer.from(data)).digest();
const common = { hasher, hashAlg: 'sha-256', saltGenerator: (n) => randomBytes(n).toString('base64url'), signAlg: asked.alg };

const work = {
  async verify() {
    const instance = new SDJwtVcInstance({
      ...common,
      verifier: verifierOf(asked.alg, asked.jwk),
      kbVerifier: async (data, signature, payload) => {
        const jwk = payload.cnf.jwk;
        return verifierOf(jwk.kty === 'OKP' ? 'EdDSA' : 'ES256', jwk)(data, signature);
      },
      statusListFetcher: async () => asked.list,
      statusVerifier: async () => true,
    });
    const found = await instance.verify(asked.token, {
      currentDate: asked.at, ...(asked.nonce ? { keyBindingNonce: asked.nonce } : {}),
    });
    return { payload: found.payload, header: found.header, kb: found.kb?.payload };
  },
  async issue() {
    const instance = new SDJwtVcInstance({ ...common, signer: signerOf(asked.alg, asked.jwk) });
    const frame = { _sd: Object.keys(asked.fields) };
    return { token: await instance.issue({ ...asked.claims, ...asked.fields }, frame, { header: asked.header }) };
  },
  async bind() {
    const instance = new SDJwtVcInstance({
      ...common, kbSigner: signerOf(asked.alg, asked.holder), kbSignAlg: asked.alg,
    });
    const frame = Object.fromEntries(asked.fields.map((name) => [name, true]));
    return { token: await instance.present(asked.token, frame, { kb: { payload: asked.payload } }) };
  },
};
process.stdout.write(JSON.stringify(await work[asked.do]().catch((error) => ({ error: String(error.message ?? error) }))));
