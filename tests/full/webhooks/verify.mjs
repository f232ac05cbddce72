// The published JavaScript verifier takes our message as it is, and refuses every altered one.
import { readFileSync } from "node:fs";
import { Webhook } from "standardwebhooks";

const { secret, headers, body } = JSON.parse(readFileSync(process.argv[2], "utf8"));
const hook = new Webhook(secret);
if (hook.verify(body, headers).type !== "lead.created") throw new Error("not our message");

const stamp = Number(headers["webhook-timestamp"]);
const altered = [
  [body.replace("8.00", "9.00") + "", headers],
  [body + " ", headers],
  [body, { ...headers, "webhook-id": headers["webhook-id"] + "1" }],
  [body, { ...headers, "webhook-timestamp": String(stamp + 1) }],
  [body, { ...headers, "webhook-timestamp": String(stamp - 3600) }],
  [body, { ...headers, "webhook-signature": "v1,AAAA" + headers["webhook-signature"].slice(7) }],
];
let refused = 0;
for (const [text, heads] of altered) {
  try {
    hook.verify(text, heads);
  } catch {
    refused += 1;
  }
}
if (refused !== altered.length) throw new Error(`${refused} of ${altered.length} refused`);
console.log(`JavaScript verifier: 1 of 1 accepted, ${refused} of ${altered.length} altered ones refused`);
