//! The OpenAPI 3.1 document, derived from the declarations and the access table.

use serde_json::{Map, Value, json};
use whocpa_domain::{Level, Method, Resource};

use super::openapi_schema::{body_schema, object, query_param};
use super::resource::{Declaration, Declared};
use super::resources::Registry;
use super::{BODY_LIMIT, examples};

/// The whole document.
pub(super) fn document(registry: &Registry, base_url: &str) -> Value {
    let mut paths = Map::new();
    for declaration in registry.declarations() {
        for (method, declared) in declaration.methods() {
            add(&mut paths, declaration, method, declared);
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
                            `a=1,2`, `a[]=1&a[]=2` and `a=1&a=2`. Every path also works with a slash at its end.",
        },
        "servers": [{ "url": base_url }],
        "tags": tags,
        "paths": paths,
        "components": {
            "securitySchemes": {
                "query": { "type": "apiKey", "in": "query", "name": "api_key" },
                "header": { "type": "apiKey", "in": "header", "name": "X-Api-Key" },
                "bearer": { "type": "http", "scheme": "bearer" },
            },
            "schemas": { "Error": error_schema() },
            "responses": error_responses(),
        },
    })
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
        let mut operation = operation(resource, method, declared);
        operation["operationId"] = json!(format!("{}_{}{suffix}", resource.name(), method.name()));
        let place = paths.entry(path).or_insert_with(|| json!({}));
        place[http] = operation;
    }
}

fn operation(resource: Resource, method: Method, declared: &Declared) -> Value {
    let levels: Map<String, Value> = Level::ALL
        .iter()
        .filter_map(|level| {
            let reach = examples::reach(resource, method, *level)?;
            Some((level.name().to_owned(), json!(reach)))
        })
        .collect();
    let mut security = vec![json!({ "query": [] }), json!({ "header": [] }), json!({ "bearer": [] })];
    if levels.contains_key(Level::Guest.name()) {
        security.insert(0, json!({}));
    }
    let is_read = matches!(method, Method::List | Method::View);
    let mut parameters = Vec::new();
    if !matches!(method, Method::List | Method::Create) {
        parameters.push(json!({
            "name": "id", "in": "path", "required": true, "schema": { "type": "integer", "format": "int64" },
        }));
    }
    if is_read {
        parameters.extend(declared.params.iter().map(query_param));
    }
    let mut operation = json!({
        "tags": [resource.name()],
        "summary": declared.doc,
        "x-levels": levels,
        "security": security,
        "parameters": parameters,
        "responses": responses(method, declared),
    });
    if !is_read && !declared.params.is_empty() {
        let schema = json!({ "schema": body_schema(declared.params) });
        operation["requestBody"] = json!({
            "required": declared.params.iter().any(|param| param.required),
            "content": {
                "application/x-www-form-urlencoded": schema,
                "application/json": schema,
                "multipart/form-data": schema,
            },
        });
    }
    operation
}

fn responses(method: Method, declared: &Declared) -> Value {
    let number = json!({ "type": "integer", "format": "int64" });
    let mut properties = match method {
        Method::List => json!({ "objects": { "type": "array", "items": object(declared.fields) } }),
        Method::View => json!({ "object": object(declared.fields) }),
        Method::Update => json!({ "updated": number }),
        Method::Create => json!({ "created": number }),
        Method::Delete => json!({ "deleted": number }),
    };
    if declared.is_paged {
        for name in ["total_count", "per_page", "page"] {
            properties[name] = number.clone();
        }
    }
    if method == Method::Create {
        // What a creation tells besides the id, for example a new key.
        let told = object(declared.fields);
        for (name, schema) in told["properties"].as_object().into_iter().flatten() {
            if name != "id" {
                properties[name] = schema.clone();
            }
        }
    }
    let required: Vec<&String> = properties.as_object().map(|map| map.keys().collect()).unwrap_or_default();
    let schema = json!({ "type": "object", "properties": properties, "required": required });
    let (code, words) = if method == Method::Create { ("201", "Created") } else { ("200", "Done") };
    let content = json!({ "application/json": { "schema": schema } });
    let mut responses = json!({ code: { "description": words, "content": content } });
    let writes = !matches!(method, Method::List | Method::View);
    for (code, _, only_writes) in REFUSALS {
        if writes || !only_writes {
            responses[code] = json!({ "$ref": format!("#/components/responses/{code}") });
        }
    }
    responses
}

/// Code, meaning, and whether only methods that change something answer so.
pub(super) const REFUSALS: &[(&str, &str, bool)] = &[
    ("400", "A parameter is wrong, missing or unknown", false),
    ("401", "No key where one is needed, or a wrong one", false),
    ("403", "The key's level may not use this method", false),
    ("404", "No such object, or not yours", false),
    ("409", "The request contradicts the present state", true),
    ("413", "The body is too long", true),
    ("415", "The body's content type is not read", true),
    ("500", "Our fault", false),
    ("503", "Not ready; try again after the time in Retry-After", false),
];

fn error_responses() -> Value {
    let mut responses = Map::new();
    for (code, words, _) in REFUSALS {
        let words = match *code {
            "413" => format!("{words}: {BODY_LIMIT} bytes are accepted"),
            _ => (*words).to_owned(),
        };
        let content = json!({ "application/json": { "schema": { "$ref": "#/components/schemas/Error" } } });
        responses.insert((*code).to_owned(), json!({ "description": words, "content": content }));
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
        let document = document(&REGISTRY, "https://cpa.test");
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
        let document = document(&REGISTRY, "https://cpa.test");
        let create = &document["paths"]["/api/category"]["post"];
        assert_eq!(create["x-levels"], json!({ "operator": "all" }));
        let body = &create["requestBody"]["content"]["application/json"]["schema"];
        assert_eq!(body["required"], json!(["name_en", "name_ru"]));
        assert_eq!(body["properties"]["is_active"]["type"], "boolean");
        assert!(create["responses"]["201"].is_object() && create["responses"]["415"].is_object());
        let list = &document["paths"]["/api/user"]["get"]["parameters"];
        let level = list.as_array().and_then(|list| list.iter().find(|param| param["name"] == "level"));
        let level = level.expect("a parameter");
        assert_eq!((&level["style"], &level["explode"]), (&json!("form"), &json!(false)));
        assert_eq!(level["schema"]["items"]["enum"], json!([1, 2, 3]));
    }
}
