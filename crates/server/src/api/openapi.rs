//! The OpenAPI 3.1 document, derived from the declarations and the access table.

use serde_json::{Map, Value, json};
use whocpa_domain::{Method, Resource};

use super::openapi_operation as operation;
use super::resource::{Declaration, Declared};
use super::resources::Registry;
use super::{BODY_LIMIT, Refusal};
use crate::limits::RateConfig;

/// The whole document, for the network at `base_url` with these rates.
pub fn document(registry: &Registry, base_url: &str, rate: &RateConfig) -> Value {
    let mut paths = Map::new();
    let mut schemas = Map::new();
    schemas.insert("error".to_owned(), error_schema());
    for declaration in registry.declarations() {
        for (method, declared) in declaration.methods() {
            add(&mut paths, declaration, method, declared);
            schemas.extend(operation::schemas(declaration.resource, method, declared));
        }
    }
    let tags: Vec<Value> = registry
        .declarations()
        .iter()
        .map(|declaration| json!({ "name": declaration.resource.name(), "description": declaration.about }))
        .collect();
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "whocpa API",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "A CPA network for programs. Bodies of refusals hold only `error`. List parameters take \
                            `a=1,2`, `a[]=1&a[]=2` and `a=1&a=2`. Every path also works with a slash at its end. \
                            Bodies may also be forms, `application/x-www-form-urlencoded` or `multipart/form-data`. \
                            Operations with `x-soon` are announced and answer 501; `x-levels` tells who may use an \
                            operation, and whether he reaches all objects or only his own.",
            "x-rate-limits": rate_limits(rate),
            "license": { "name": "MIT OR Apache-2.0", "identifier": "MIT OR Apache-2.0" },
        },
        "externalDocs": { "description": "Reference pages", "url": format!("{}/apidocs", base_url.trim_end_matches('/')) },
        "servers": [{ "url": base_url }],
        "tags": tags,
        "paths": paths,
        "components": {
            "parameters": {
                "IdempotencyKey": idempotency_key(false),
                "IdempotencyKeyRequired": idempotency_key(true),
            },
            "headers": headers(),
            "securitySchemes": {
                "query": { "type": "apiKey", "in": "query", "name": "api_key" },
                "header": { "type": "apiKey", "in": "header", "name": "X-Api-Key" },
                "bearer": { "type": "http", "scheme": "bearer" },
            },
            "schemas": schemas,
            "responses": error_responses(),
        },
    })
}

/// The same as text with the rates that a network has unless it is told others, for people and for version control.
pub fn text(registry: &Registry, base_url: &str) -> String {
    format!("{:#}\n", document(registry, base_url, &RateConfig::default()))
}

/// Where a method answers: path, HTTP method, what sets apart its operation id from the first one's.
fn places(resource: Resource, method: Method) -> Vec<(String, &'static str, &'static str)> {
    let collection = format!("/api/{}", resource.name());
    let item = format!("{collection}/{{id}}");
    match method {
        Method::List => vec![(collection, "get", "")],
        Method::Create => vec![(collection, "post", "")],
        Method::View => vec![(item, "get", "")],
        Method::Update => vec![(item.clone(), "post", ""), (item, "put", "_put")],
        Method::Delete => vec![(item, "delete", ""), (format!("{collection}/del/{{id}}"), "post", "_post")],
    }
}

fn add(paths: &mut Map<String, Value>, declaration: &Declaration, method: Method, declared: &Declared) {
    let resource = declaration.resource;
    for (path, http, suffix) in places(resource, method) {
        let mut operation = operation::operation(declaration, method, declared);
        operation["operationId"] = json!(format!("{}_{}{suffix}", resource.name(), method.name()));
        let place = paths.entry(path).or_insert_with(|| json!({}));
        place[http] = operation;
    }
}

/// How much one caller may ask in a minute.
fn rate_limits(rate: &RateConfig) -> Vec<Value> {
    let told = rate.published().into_iter();
    told.map(|row| json!({ "who": row.who, "what": row.what, "per_minute": row.per_minute })).collect()
}

fn idempotency_key(is_required: bool) -> Value {
    json!({
        "name": "Idempotency-Key",
        "in": "header",
        "required": is_required,
        "description": "A word of your own for this request: when you repeat the request with it, it is done once and \
                        answered alike. It is kept for 72 hours.",
        "schema": { "type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[ -~]+$" },
    })
}

/// Headers of answers.
fn headers() -> Value {
    json!({
        "RequestId": {
            "description": "Names this request; tell it when you write to support",
            "schema": { "type": "string" },
        },
        "RetryAfter": {
            "description": "Seconds after which a repeat makes sense",
            "schema": { "type": "integer", "minimum": 0 },
        },
        "RateLimitLimit": {
            "description": "Requests of this kind that you may make in a minute",
            "schema": { "type": "integer", "minimum": 1 },
        },
        "RateLimitRemaining": {
            "description": "Requests of this kind that you may still make now",
            "schema": { "type": "integer", "minimum": 0 },
        },
        "RateLimitPolicy": {
            "description": "That limit and the seconds that it counts, for example 1200;w=60",
            "schema": { "type": "string" },
        },
        "ETag": {
            "description": "Tag of this content; sent back as If-None-Match it brings 304 while nothing has changed",
            "schema": { "type": "string" },
        },
        "IdempotentReplayed": {
            "description": "true when the request was done before and this is the answer of that time",
            "schema": { "type": "string", "enum": ["true"] },
        },
        "RateLimitReset": {
            "description": "Seconds until all of them are there again",
            "schema": { "type": "integer", "minimum": 0 },
        },
    })
}

fn error_responses() -> Value {
    let mut responses = Map::new();
    for Refusal { code, words, .. } in Refusal::all() {
        let words = match *code {
            "413" => format!(
                "{words}: {BODY_LIMIT} bytes are accepted, and files besides where a method takes them and the key \
                 stands in a header or in the query"
            ),
            _ => (*words).to_owned(),
        };
        let content = json!({ "application/json": { "schema": { "$ref": "#/components/schemas/error" } } });
        let mut headers = json!({ "X-Request-Id": { "$ref": "#/components/headers/RequestId" } });
        if matches!(*code, "429" | "503") {
            headers["Retry-After"] = json!({ "$ref": "#/components/headers/RetryAfter" });
        }
        responses.insert(
            (*code).to_owned(),
            json!({ "description": words, "headers": headers, "content": content }),
        );
    }
    Value::Object(responses)
}

fn error_schema() -> Value {
    json!({
        "type": "object",
        "required": ["error"],
        "additionalProperties": false,
        "properties": {
            "error": {
                "oneOf": [
                    { "type": "string" },
                    {
                        "type": "object",
                        "description": "Messages by parameter name",
                        "additionalProperties": { "type": "array", "items": { "type": "string" } },
                    },
                ],
            },
        },
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::api::REGISTRY;

    #[test]
    fn every_declared_method_is_an_operation_with_a_name_of_its_own() {
        let document = document(&REGISTRY, "https://cpa.test", &RateConfig::default());
        let paths = document["paths"].as_object().expect("paths");
        let operations = paths.values().flat_map(|place| place.as_object().into_iter().flat_map(Map::values));
        let ids: Vec<&str> = operations.filter_map(|operation| operation["operationId"].as_str()).collect();
        assert_eq!(ids.len(), ids.iter().collect::<BTreeSet<_>>().len(), "{ids:?}");
        for declaration in REGISTRY.declarations() {
            for (method, _) in declaration.methods() {
                let name = format!("{}_{}", declaration.resource.name(), method.name());
                assert!(ids.contains(&name.as_str()), "{name} in {ids:?}");
            }
        }
    }

    #[test]
    fn an_operation_tells_levels_parameters_and_refusals() {
        let document = document(&REGISTRY, "https://cpa.test", &RateConfig::default());
        let create = &document["paths"]["/api/category"]["post"];
        assert_eq!(create["x-levels"], json!({ "operator": "all" }));
        let named = &create["requestBody"]["content"]["application/json"]["schema"]["$ref"];
        assert_eq!(named, "#/components/schemas/category_create_body");
        let body = &document["components"]["schemas"]["category_create_body"];
        assert_eq!(body["required"], json!(["name_en", "name_ru"]));
        assert_eq!(body["properties"]["is_active"]["type"], "boolean");
        assert!(create["responses"]["201"].is_object() && create["responses"]["415"].is_object());
        let soon = &document["paths"]["/api/proof"]["get"];
        assert_eq!(soon["x-soon"], true);
        assert!(soon["responses"]["501"].is_object() && create["responses"]["501"].is_null());
        let list = &document["paths"]["/api/user"]["get"]["parameters"];
        let level = list.as_array().and_then(|list| list.iter().find(|param| param["name"] == "level"));
        let level = level.expect("a parameter");
        assert_eq!((&level["style"], &level["explode"]), (&json!("form"), &json!(false)));
        assert_eq!(level["schema"]["items"]["enum"], json!([1, 2, 3]));
    }
}
