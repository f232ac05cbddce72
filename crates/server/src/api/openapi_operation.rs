//! One operation of the OpenAPI document: who may use it, what it takes, what it answers.

use serde_json::{Map, Value, json};
use whocpa_domain::input::upload_bytes;
use whocpa_domain::{Level, Method, Resource};

use super::openapi_schema::{body_schema, id_schema, object, query_param};
use super::resource::{Declaration, Declared};
use super::{Refusal, examples};
use crate::apidocs;

/// A method as an operation, without its id.
pub(super) fn operation(declaration: &Declaration, method: Method, declared: &Declared) -> Value {
    let resource = declaration.resource;
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
    let mut operation = json!({
        "tags": [resource.name()],
        "summary": declared.doc,
        "x-levels": levels,
        "security": security,
        "parameters": parameters(declaration, method, declared),
        "responses": responses(resource, method, declared),
    });
    if declared.is_soon() {
        operation["x-soon"] = json!(true);
    }
    if !is_read && !declared.params.is_empty() {
        // The same as a form is understood too. Only one of them stands here: generators make of several types that
        // hold the same a client that sends all at once.
        let mut content =
            json!({ "application/json": { "schema": { "$ref": reference(&body_name(resource, method)) } } });
        if upload_bytes(declared.params) > 0 {
            content["multipart/form-data"] =
                json!({ "schema": { "$ref": reference(&form_name(resource, method)) } });
        }
        let is_required = declared.params.iter().any(|param| param.required);
        operation["requestBody"] = json!({ "required": is_required, "content": content });
    }
    operation
}

/// The schemas that the operations of a method name: what it takes in a body, and what it answers.
pub(super) fn schemas(resource: Resource, method: Method, declared: &Declared) -> Vec<(String, Value)> {
    let mut schemas = vec![(answer_name(resource, method), answer_schema(method, declared))];
    if !matches!(method, Method::List | Method::View) && !declared.params.is_empty() {
        schemas.push((body_name(resource, method), body_schema(declared.params, false)));
        if upload_bytes(declared.params) > 0 {
            schemas.push((form_name(resource, method), body_schema(declared.params, true)));
        }
    }
    schemas
}

fn body_name(resource: Resource, method: Method) -> String {
    format!("{}_{}_body", resource.name(), method.name())
}

/// The body with files, which only `multipart/form-data` carries.
fn form_name(resource: Resource, method: Method) -> String {
    format!("{}_{}_form", resource.name(), method.name())
}

fn answer_name(resource: Resource, method: Method) -> String {
    format!("{}_{}_answer", resource.name(), method.name())
}

fn reference(name: &str) -> String {
    format!("#/components/schemas/{name}")
}

fn parameters(declaration: &Declaration, method: Method, declared: &Declared) -> Vec<Value> {
    let mut parameters = Vec::new();
    if !matches!(method, Method::List | Method::Create) {
        let schema = id_schema(declaration.id_kind);
        parameters.push(json!({ "name": "id", "in": "path", "required": true, "schema": schema }));
    }
    if matches!(method, Method::List | Method::View) {
        parameters.extend(declared.params.iter().map(query_param));
    } else {
        let is_required = declaration.resource.requires_idempotency_key(method);
        let name = if is_required { "IdempotencyKeyRequired" } else { "IdempotencyKey" };
        parameters.push(json!({ "$ref": format!("#/components/parameters/{name}") }));
    }
    parameters
}

fn answer_schema(method: Method, declared: &Declared) -> Value {
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
    for (name, schema) in object(declared.beside)["properties"].as_object().into_iter().flatten() {
        properties[name] = schema.clone();
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
    json!({ "type": "object", "properties": properties, "required": required })
}

fn responses(resource: Resource, method: Method, declared: &Declared) -> Value {
    let mut content = json!({ "schema": { "$ref": reference(&answer_name(resource, method)) } });
    let examples = examples_of(resource, method);
    if !examples.is_empty() {
        content["examples"] = json!(examples);
    }
    let (code, words) = if method == Method::Create { ("201", "Created") } else { ("200", "Done") };
    let header = |name: &str| json!({ "$ref": format!("#/components/headers/{name}") });
    let mut headers = json!({
        "X-Request-Id": header("RequestId"),
        "RateLimit-Limit": header("RateLimitLimit"),
        "RateLimit-Remaining": header("RateLimitRemaining"),
        "RateLimit-Reset": header("RateLimitReset"),
        "RateLimit-Policy": header("RateLimitPolicy"),
    });
    let is_read = matches!(method, Method::List | Method::View);
    if is_read {
        headers["ETag"] = header("ETag");
    } else {
        headers["Idempotent-Replayed"] = header("IdempotentReplayed");
    }
    let mut done =
        json!({ "description": words, "headers": headers, "content": { "application/json": content } });
    if declared.has_lines {
        // One such object a line; a schema of the whole says no more than that it is text.
        done["content"]["application/x-ndjson"] = json!({ "schema": { "type": "string" } });
    }
    let mut responses = json!({ code: done });
    if is_read {
        responses["304"] =
            json!({ "description": "Not changed since the answer whose ETag stands in If-None-Match" });
    }
    for refusal in Refusal::of(method, declared.is_soon()) {
        responses[refusal.code] = json!({ "$ref": format!("#/components/responses/{}", refusal.code) });
    }
    responses
}

/// What each level was really answered, where the examples have it. Answers that are alike stand there once.
fn examples_of(resource: Resource, method: Method) -> Map<String, Value> {
    let mut examples: Map<String, Value> = Map::new();
    for level in Level::ALL {
        let captured =
            apidocs::captured_example(level, resource, method).filter(|captured| captured.status < 300);
        let Some(value) = captured.and_then(|captured| serde_json::from_str::<Value>(captured.body).ok())
        else {
            continue;
        };
        if !examples.values().any(|other| other["value"] == value) {
            let summary = format!("As {} sees it", level.name());
            examples.insert(level.name().to_owned(), json!({ "summary": summary, "value": value }));
        }
    }
    examples
}
