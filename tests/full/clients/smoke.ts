// Speaks with a running demo through types generated from the OpenAPI document.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import createClient from "openapi-fetch";
import type { paths } from "./api.js";

interface Account { api_key: string }
interface Demo { base_url: string; webmasters: Account[]; advertisers: Account[] }
const demo: Demo = JSON.parse(readFileSync(process.env["WHOCPA_DEMO"] ?? "", "utf8"));
const webmaster = demo.webmasters[0];
assert(webmaster);

const guest = createClient<paths>({ baseUrl: demo.base_url });
const offers = await guest.GET("/api/offer", { params: { query: { per_page: 10 } } });
assert.equal(offers.response.status, 200);
const offer = offers.data?.objects[0];
assert(offer?.id, "an offer");
assert.equal(typeof offers.data?.total_count, "number");

const view = await guest.GET("/api/offer/{id}", { params: { path: { id: offer.id } } });
assert.equal(view.data?.object.name, offer.name);

const missing = await guest.GET("/api/offer/{id}", { params: { path: { id: 999_999_999 } } });
assert.equal(missing.response.status, 404);
assert.equal(typeof missing.error?.error, "string");

const own = createClient<paths>({ baseUrl: demo.base_url, headers: { "X-Api-Key": webmaster.api_key } });
const made = await own.POST("/api/area", { body: { kind: 99, name: "Made by the TypeScript client" } });
assert.equal(made.response.status, 201);
const id = made.data?.created;
assert(id);
const changed = await own.POST("/api/area/{id}", { params: { path: { id } }, body: { comment: "Changed" } });
assert.equal(changed.data?.updated, id);
const removed = await own.DELETE("/api/area/{id}", { params: { path: { id } } });
assert.equal(removed.data?.deleted, id);

console.log(`TypeScript client: ${offers.data?.total_count} offers, an area made, changed and removed`);
