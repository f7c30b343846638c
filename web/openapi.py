"""The OpenAPI document, made from the very models by which the API reads questions and gives answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import UnionType
from typing import Any

from pydantic import BaseModel, TypeAdapter

from db.records import TokenScope
from web.api_models import ID, Problem

REFERENCE = "#/components/schemas/{model}"
FAILURES: Mapping[int, str] = {
    400: "A parameter is unknown, or cannot be that.",
    401: "No token and no session, or one that is no good.",
    403: "The token lacks the scope, or whoever is signed in may not look.",
    429: "Too many requests.",
    500: "Something on our side failed.",
    503: "The database does not answer, or is not open yet.",
}
INTRODUCTION = "Reads the directory. The manual is docs/api.md of usersync."
HTTPS = "Of somebody who signed in, where USERSYNC_PUBLIC_URL begins with https."
PLAIN_HTTP = "Of somebody who signed in, where it does not, or is not set."
SCOPES = "Made by `usersync token create`. The scopes are the required roles."


@dataclass(frozen=True, slots=True)
class Operation:
    """One thing that can be asked by GET."""

    path: str
    name: str
    summary: str
    scope: TokenScope
    query: type[BaseModel]
    answer: type[BaseModel] | UnionType
    failures: Mapping[int, str] = field(default_factory=dict)


def document(operations: Sequence[Operation]) -> dict[str, Any]:
    """Write the document (https://spec.openapis.org/oas/v3.1.1)."""
    schemas: dict[str, Any] = {}
    problem = _schema(Problem, schemas)
    paths = {each.path: {"get": _described(each, problem, schemas)} for each in operations}
    return {
        "openapi": "3.1.0",
        "info": {"title": "usersync", "version": "1", "description": INTRODUCTION},
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": {
                "token": {"type": "http", "scheme": "bearer", "description": SCOPES},
                "session": {"type": "apiKey", "in": "cookie", "name": "__Host-usersync_session", "description": HTTPS},
                "session_over_http": {
                    "type": "apiKey",
                    "in": "cookie",
                    "name": "usersync_session",
                    "description": PLAIN_HTTP,
                },
            },
        },
    }


def _described(operation: Operation, problem: dict[str, Any], schemas: dict[str, Any]) -> dict[str, Any]:
    failures = {code: _answer(words, problem) for code, words in {**FAILURES, **operation.failures}.items()}
    answers = {200: _answer("The answer.", _schema(operation.answer, schemas)), **failures}
    return {
        "operationId": operation.name,
        "summary": operation.summary,
        "security": [{"token": [operation.scope.value]}, {"session": []}, {"session_over_http": []}],
        "parameters": [*_of_the_path(operation.path), *_of_the_query(operation.query)],
        "responses": {str(code): answers[code] for code in sorted(answers)},
    }


def _answer(words: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"description": words, "content": {"application/json": {"schema": schema}}}


def _of_the_path(path: str) -> list[dict[str, Any]]:
    names = [part[1:-1] for part in path.split("/") if part.startswith("{")]
    schema = {"type": "string", "pattern": ID}
    return [{"name": name, "in": "path", "required": True, "schema": schema} for name in names]


def _of_the_query(model: type[BaseModel]) -> list[dict[str, Any]]:
    found = []
    for name, schema in model.model_json_schema().get("properties", {}).items():
        told = {
            key: value for key, value in schema.items() if key not in ("title", "description") and value is not None
        }
        words = schema["description"]
        found.append({"name": name, "in": "query", "required": False, "description": words, "schema": told})
    return found


def _schema(model: Any, schemas: dict[str, Any]) -> dict[str, Any]:
    """Put the schemas of a model among the others, and refer to it."""
    schema = TypeAdapter(model).json_schema(mode="serialization", ref_template=REFERENCE)
    schemas.update(schema.pop("$defs", {}))
    if "title" not in schema:
        return schema
    schemas[schema["title"]] = schema
    return {"$ref": REFERENCE.format(model=schema["title"])}
