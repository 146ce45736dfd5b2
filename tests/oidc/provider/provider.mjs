// An OpenID Connect issuer for the tests. Each line on its standard input is a JSON object {"keys": […], "redirect_uris":
// […]}: the private keys that it has from then on, the first of which signs, and where the client "pages", with which
// people sign in, may send them back to. Whatever name somebody enters there is their subject. It answers each line with one that begins with "told: ",
// and goes on with "ready" or what went wrong; the library writes lines of its own.
import { createServer } from "node:http";
import { createInterface } from "node:readline";

const [folder, port, audience] = process.argv.slice(2); // the first holds node_modules
const { default: Provider } = await import(`${folder}/node_modules/oidc-provider/lib/index.js`);
const issuer = `http://127.0.0.1:${port}`;

function provider({ keys, redirect_uris }) {
  return new Provider(issuer, {
    jwks: { keys },
    clients: [{
      client_id: "pages",
      client_secret: "secret & of pages",
      id_token_signed_response_alg: keys[0].alg,
      redirect_uris,
    }].filter(() => redirect_uris.length).concat(Array.from({ length: 20 }, (_, number) => ({
      client_id: `buyer-${number}`,
      client_secret: "secret",
      id_token_signed_response_alg: keys[0].alg,
      grant_types: ["client_credentials"],
      redirect_uris: [],
      response_types: [],
      token_endpoint_auth_method: "client_secret_post",
    }))),
    claims: { openid: ["sub", "realm"] },
    conformIdTokenClaims: false,
    findAccount: (_, id) => ({
      accountId: id,
      claims: () => ({ sub: id, realm: { roles: id === "boss" ? ["ticket-admins"] : [] } }),
    }),
    extraTokenClaims: (_, token) => ({ realm: { roles: token.clientId === "buyer-0" ? ["ticket-admins"] : [] } }),
    features: {
      clientCredentials: { enabled: true },
      devInteractions: { enabled: true },
      resourceIndicators: {
        enabled: true,
        defaultResource: () => audience,
        getResourceServerInfo: () => ({
          audience,
          scope: "",
          accessTokenFormat: "jwt",
          accessTokenTTL: 3600,
          jwt: { sign: { alg: keys[0].alg } },
        }),
      },
    },
  }).callback();
}

let answer = (_, response) => response.writeHead(503).end();
const server = createServer((request, response) => answer(request, response));
server.listen(Number(port), "127.0.0.1");
for await (const line of createInterface({ input: process.stdin })) {
  try {
    answer = provider(JSON.parse(line));
    console.log("told: ready");
  } catch (error) {
    console.log(`told: ${error}`);
  }
}
process.exit();
