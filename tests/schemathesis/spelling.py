"""Whether a request fits its operation as the protocol reads it (design §3).

JSON Schema knows one spelling of a value; the protocol knows several: a number may come as its digits in a text, a
boolean as 1, 0, "true" or "false", a list as `1,2` or as its only element, nothing as an empty text, a login with spaces
around it. A request that breaks its schema in no other way is right.
"""

import json
from io import BytesIO
from urllib.parse import parse_qsl, urlsplit

import jsonschema_rs
from werkzeug.formparser import parse_form_data

BOOLS = {"1": True, "0": False, "true": True, "false": False}


class Spelling:
    """Reads requests by the OpenAPI document."""

    def __init__(self, document):
        self.document = document

    def fits(self, request):
        """Whether a request, as it was sent, is right in the protocol's spellings."""
        address = urlsplit(request.url)
        operation, path_id = self._operation(request.method, address.path)
        if operation is None:
            return False
        query = parse_qsl(address.query, keep_blank_values=True)
        query = [(name, value) for name, value in query if name != "api_key"]
        content = operation.get("requestBody", {}).get("content", {})
        if request.method == "GET":
            properties = {p["name"]: p["schema"] for p in self._parameters(operation, "query")}
            required = [p["name"] for p in self._parameters(operation, "query") if p.get("required")]
            schema = {"type": "object", "properties": properties, "required": required, "additionalProperties": False}
            members = query
        elif query:
            return False
        else:
            members, schema = self._body(request, content)
            if members is None:
                return False
        path = {p["name"]: p["schema"] for p in self._parameters(operation, "path")}
        if path_id is not None and not self._is_valid(path["id"], self._value(path["id"], path_id)):
            return False
        read = self._object(schema, members)
        return read is not None and self._is_valid(schema, read)

    def _operation(self, method, path):
        parts = [part for part in path.split("/") if part]
        resource = "/" + "/".join(parts[:2])
        for template, path_id in (
            (resource if len(parts) == 2 else None, None),
            (resource + "/{id}" if len(parts) == 3 else None, parts[-1]),
            (resource + "/del/{id}" if len(parts) == 4 and parts[2] == "del" else None, parts[-1]),
        ):
            found = self.document["paths"].get(template, {}).get(method.lower())
            if found:
                return found, path_id
        return None, None

    def _parameters(self, operation, place):
        named = (self._resolved(parameter) for parameter in operation.get("parameters", []))
        return [parameter for parameter in named if parameter["in"] == place]

    def _body(self, request, content):
        kind = request.headers.get("Content-Type", "").split(";")[0]
        body = request.body or b""
        body = body.encode() if isinstance(body, str) else body
        schema = self._resolved(content.get("application/json", {}).get("schema", {"type": "object"}))
        if not body:
            return [], schema
        if kind == "application/x-www-form-urlencoded":
            return parse_qsl(body.decode(errors="replace"), keep_blank_values=True), schema
        if kind == "multipart/form-data":
            schema = self._resolved(content.get(kind, {}).get("schema", {"type": "object"}))
            environ = {"wsgi.input": BytesIO(body), "CONTENT_LENGTH": str(len(body)), "REQUEST_METHOD": "POST"}
            _, form, files = parse_form_data(environ | {"CONTENT_TYPE": request.headers["Content-Type"]})
            return [*form.items(multi=True), *((name, "") for name in files)], schema
        if kind == "application/json":
            try:
                value = json.loads(body)
            except ValueError:
                return None, schema
            return (list(value.items()), schema) if isinstance(value, dict) else (None, schema)
        return None, schema

    def _object(self, schema, members):
        read = {}
        for name, value in members:
            known = schema.get("properties", {}).get(name.removesuffix("[]"))
            if known is None:
                return None
            is_list = self._resolved(known).get("type") == "array"
            if name.removesuffix("[]") in read:
                if not is_list:
                    return None
                read[name.removesuffix("[]")] += self._value(known, value)
            else:
                read[name.removesuffix("[]")] = self._value(known, value)
        return read

    def _value(self, schema, value):
        """The value as it is meant."""
        schema = self._resolved(schema)
        if "anyOf" in schema:
            kinds = [self._resolved(kind) for kind in schema["anyOf"]]
            if value in ("", None) and {"type": "null"} in kinds:
                return None
            read = [self._value(kind, value) for kind in kinds]
            fitting = [one for kind, one in zip(kinds, read) if self._is_valid(kind, one)]
            return fitting[0] if fitting else value
        kind = schema.get("type")
        if kind == "array":
            if isinstance(value, str):
                value = [part.strip() for part in value.split(",")] if value else []
            elif not isinstance(value, list):
                value = [value]
            return [self._value(schema["items"], one) for one in value]
        if kind == "integer" and isinstance(value, str) and value.removeprefix("-").isascii():
            return int(value) if value.removeprefix("-").isdigit() else value
        if kind == "boolean" and isinstance(value, (str, int)) and not isinstance(value, bool):
            return BOOLS.get(str(value), value)
        if kind == "string" and isinstance(value, (int, float)) and not isinstance(value, bool):
            return json.dumps(value)
        if kind == "string" and isinstance(value, str) and not self._is_valid(schema, value):
            return value.strip()
        return value

    def _is_valid(self, schema, value):
        whole = {"$schema": "https://json-schema.org/draft/2020-12/schema", "allOf": [self._inlined(schema)]}
        return jsonschema_rs.is_valid(whole, value)

    def _resolved(self, schema):
        while "$ref" in schema:
            found = self.document
            for part in schema["$ref"].removeprefix("#/").split("/"):
                found = found[part]
            schema = found
        return schema

    def _inlined(self, schema):
        if isinstance(schema, dict):
            return {name: self._inlined(value) for name, value in self._resolved(schema).items()}
        return [self._inlined(one) for one in schema] if isinstance(schema, list) else schema
