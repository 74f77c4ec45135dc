// A certified OpenID provider on loopback, with three people: node oidc_provider.mjs PORT REDIRECT_URI…
import { Provider } from "oidc-provider";

const [port, ...redirects] = process.argv.slice(2);
const people = {
  clerk: { name: "Clerk" },
  child: { id_number: "690101201505050013", loa: "urn:loa:2" },
  anna: { id_number: "690101199001010018", loa: "urn:loa:2" },
};

const provider = new Provider(`http://127.0.0.1:${port}`, {
  clients: [{
    client_id: "onefile", client_secret: "s3cret-of-the-test-only", redirect_uris: redirects,
    grant_types: ["authorization_code"], response_types: ["code"],
  }],
  claims: { openid: ["sub"], profile: ["name", "id_number", "loa"] },
  conformIdTokenClaims: false,
  pkce: { required: () => true },
  features: { devInteractions: { enabled: true } },
  findAccount: (_ctx, id) => ({ accountId: id, claims: () => ({ sub: id, ...people[id] }) }),
  cookies: { keys: ["of the test only"] },
});
provider.listen(Number(port), "127.0.0.1", () => console.log("listening"));
